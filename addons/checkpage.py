"""http://phone.check/: the page that a phone opens to see whether it is ready, answered by us.

It measures and does not ask. Its probes have names that exist for one visit only: a lookup of such
a name is proof that lookups come to us, a TLS connection to one that our certificate is trusted (no
browser can have made an exception for it), a connection to the address of one that IPv6 comes
through the tunnel. Nothing that has to do with the page reaches a server.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from pathlib import Path

from mitmproxy.connection import Client
from mitmproxy.dns import DNSFlow, ResourceRecord
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.net.dns import types
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from addons.capture import OWN
from addons.checkpage_device import read_user_agent
from addons.checkpage_logic import Evidence, examine
from addons.checkpage_report import LONGEST, Query, accepted_languages, read_query
from addons.checkpage_store import CheckupStore
from addons.checkpage_view import HTML, PIXEL, View
from addons.checkpage_visits import REPORTS, Visit, Visits
from addons.checkpage_words import choose_language
from addons.guard import Guard, hook
from addons.names import destination_of, phone_of, plain
from addons.policy import CANARIES, resolvers
from analyzer.bundle import BundleWriter
from analyzer.expectation import Expectation
from analyzer.joining.authority import load_authority
from analyzer.trust import CHECK_HOST, PAGE_IPV4, is_page

OURS = "answered by the recorder itself"
AUTHORITY_FILE = "evenhand-ca"
_RECENT_S = 60.0  # a resolver that was spoken to this long ago is one in use
_CERTIFICATE = "application/x-x509-ca-cert"
_PLAIN_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class CheckPage:
    """Answers the page, its probes and the certificate, and stores what is found.

    `authority_pem` is the proxy's certificate, `mode` how the phone comes in ("wireguard",
    "regular", ...), `exit_country` tells what is known of the way out: a country, "disputed", or
    None. To be asked before the addons that record: its flows have `OWN` in their metadata.
    """

    def __init__(
        self,
        writer: BundleWriter,
        guard: Guard,
        *,
        expectation: Expectation,
        authority_pem: Path,
        mode: str,
        exit_country: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.guard = guard
        self._store = CheckupStore(writer)
        self._expectation = expectation
        self._authority = load_authority(authority_pem)
        self._mode = mode
        self._exit_country = exit_country
        self._visits = Visits()
        self._view = View(self._authority.name)
        self._fetched = False
        self._doh: tuple[str, float] = ("", 0.0)
        self._relay: tuple[str, float] = ("", 0.0)
        self._resolvers = resolvers()

    @hook
    def client_connected(self, client: Client) -> None:
        """Notice a connection to an IPv6 address that only one visit knows.

        That it came is the proof: a browser may refuse to speak over it (Local Network Access).
        """
        destination = destination_of(client)
        if destination and ":" in destination[0]:
            visit = self._visits.of_address(ipaddress.IPv6Address(destination[0].partition("%")[0]))
            if visit:
                visit.ipv6 = True

    @hook
    def dns_request(self, flow: DNSFlow) -> None:
        """Answer lookups of our names, whichever resolver they were for; notice the canaries."""
        question = flow.request.question
        if question is None:
            return
        name = plain(question.name)
        if CANARIES.get(name) == "private_relay":
            self._relay = ("asked", time.monotonic())
        if name != CHECK_HOST and not name.endswith(f".{CHECK_HOST}"):
            return
        visit, probe = self._visits.of_host(name)
        if visit and probe == "dns":
            visit.looked_up = True
        answers = []
        if probe == "six":
            if visit and question.type == types.AAAA:
                answers = [ResourceRecord.AAAA(question.name, visit.address)]
        elif question.type == types.A:
            answers = [ResourceRecord.A(question.name, PAGE_IPV4)]
        flow.response = flow.request.succeed(answers)

    @hook
    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Notice who is asked for names in a way that we cannot answer."""
        self._look(data.context.client.sni)

    @hook
    def http_connect(self, flow: HTTPFlow) -> None:
        """Notice the same where the app asks a proxy; and keep our own out of the recording."""
        host = plain(flow.request.host)
        self._look(host)
        if is_page(host):
            flow.metadata[OWN] = True

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Claim what is for us. Nothing of ours has a body: none is waited for, or kept."""
        if not _is_ours(flow):
            return
        flow.metadata[OWN] = True
        headers = flow.request.headers
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            flow.kill()
        else:
            flow.request.stream = _drop  # one that is not announced

    @hook
    def request(self, flow: HTTPFlow) -> None:
        """Answer."""
        if OWN in flow.metadata and flow.response is None:
            flow.response = self._answer(flow)

    @hook
    def server_connect(self, data: ServerConnectionHookData) -> None:
        """See to it that nothing of it, whatever it speaks, is sent to a server."""
        address = data.server.address
        if address and is_page(plain(address[0])):
            data.server.error = OURS

    def _look(self, host: str | None) -> None:
        name = plain(host or "")
        if CANARIES.get(name) == "private_relay":
            self._relay = ("used", time.monotonic())
        elif name in self._resolvers:
            self._doh = (name, time.monotonic())

    def _answer(self, flow: HTTPFlow) -> Response:
        request = flow.request
        if request.method not in ("GET", "HEAD"):
            return _plain(405, {"Allow": "GET, HEAD"})
        if len(request.path) > LONGEST:
            return _plain(414)
        path, _, query = request.path.partition("?")
        phone = phone_of(flow.client_conn)
        visit, probe = self._visits.of_host(plain(request.pretty_host))
        if probe:
            return self._probed(flow, visit, probe)
        if path in ("/", "/report"):
            return self._page(flow, phone, read_query(query), report=path == "/report")
        if path in ("/ca.pem", "/ca.cer"):
            self._fetched = True
            pem = path == "/ca.pem"
            name = f"{AUTHORITY_FILE}.{'pem' if pem else 'crt'}"
            headers = {
                "Content-Type": _CERTIFICATE,
                "Content-Disposition": f'attachment; filename="{name}"',
            }
            content = self._authority.pem if pem else self._authority.der
            return Response.make(200, content, _PLAIN_HEADERS | headers)
        return _plain(404)

    def _probed(self, flow: HTTPFlow, visit: Visit | None, probe: str) -> Response:
        if visit and probe == "tls" and flow.client_conn.tls_established:
            visit.trusted = True
        return Response.make(200, PIXEL, _PLAIN_HEADERS | {"Content-Type": "image/gif"})

    def _page(self, flow: HTTPFlow, phone: str, query: Query, *, report: bool) -> Response:
        headers = flow.request.headers
        visit = self._visits.get(query.visit, phone)
        if report and visit is None:
            return _plain(404)
        if report and visit and visit.reports >= REPORTS:
            return _plain(429)
        if visit is None:
            visit = self._visits.begin(
                phone,
                read_user_agent(headers.get("user-agent", "")),
                accepted_languages(headers.get("accept-language", "")),
            )
        if report:
            visit.take(query, time.time())
        checks = examine(self._evidence(visit), self._expectation)
        self._store.keep(visit, checks)
        language = choose_language(query.lang, visit.languages or visit.accepted)
        secure = flow.request.scheme == "https"
        text = self._view.render(
            visit, checks, language, lang=query.lang, secure=secure, whole=not report
        )
        return Response.make(
            200,
            text,
            _PLAIN_HEADERS
            | {"Content-Type": HTML, "Content-Security-Policy": self._view.policy}
            | {"Content-Language": language, "Vary": "Accept-Language"},
        )

    def _evidence(self, visit: Visit) -> Evidence:
        now = time.monotonic()
        doh, relay = (
            what if what and now - when < _RECENT_S else ""
            for what, when in (self._doh, self._relay)
        )
        return Evidence(
            age_s=visit.age_s,
            mode=self._mode,
            phone=visit.phone,
            device=visit.device,
            languages=visit.languages or visit.accepted,
            time_zone=visit.time_zone,
            clock_ahead_s=visit.clock_s,
            looked_up=visit.looked_up,
            trusted=visit.trusted,
            probed=visit.probed,
            fetched_authority=self._fetched,
            ipv6=visit.ipv6,
            doh=doh,
            relay=relay,
            exit=self._exit_country(),
        )


def _is_ours(flow: HTTPFlow) -> bool:
    destination = destination_of(flow.client_conn)
    hosts = (flow.request.host, flow.request.pretty_host, destination[0] if destination else "")
    return any(is_page(plain(host)) for host in hosts)


def _drop(_data: bytes) -> list[bytes]:
    return []


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    text = {404: "not here", 405: "only GET", 414: "too long", 429: "too often"}[status]
    more = {"Content-Type": "text/plain; charset=utf-8", **(headers or {})}
    return Response.make(status, text, _PLAIN_HEADERS | more)
