"""What a lane does to the traffic: it refuses QUIC where asked to, and keeps lookups in sight.

Apple's Private Relay and Firefox's DNS over HTTPS stand down when certain names do not exist. They
are answered so, and that they were asked is a fact about the phone. Known resolvers that are talked
to over HTTPS or TLS are noted.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources

from mitmproxy import dns
from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.net.dns import response_codes
from mitmproxy.tcp import TCPFlow
from mitmproxy.tls import ClientHelloData

from addons.guard import Guard, hook
from addons.names import destination_of, plain
from analyzer.bundle import BundleWriter

QUIC_REFUSED = "QUIC was refused"
ASKED = "asked and refused"
CANARIES = {
    "mask.icloud.com": "private_relay",
    "mask-h2.icloud.com": "private_relay",
    "use-application-dns.net": "doh",
}
_QUIC_PORT = 443
_TLS_LOOKUP_PORT = 853  # DNS over TLS: Android's Private DNS


@functools.cache
def resolvers() -> dict[str, str]:
    """Return the host names of known resolvers over HTTPS, with who runs them."""
    file = importlib.resources.files("analyzer") / "data" / "doh_resolvers.csv"
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return {row["host"]: row["operator"] for row in rows}


class Policy:
    """Refuses QUIC if `refuse_quic`, and answers the canaries. Its findings are measurements."""

    def __init__(self, writer: BundleWriter, guard: Guard, *, refuse_quic: bool = False) -> None:
        self.guard = guard
        self._writer = writer
        self._refuse_quic = refuse_quic
        self._resolvers = resolvers()
        self._told: set[tuple[str, str]] = set()

    @hook
    def client_connected(self, client: Client) -> None:
        """Refuse QUIC: the app then takes TCP."""
        port = (destination_of(client) or client.sockname)[1]
        if client.transport_protocol == "udp" and port == _QUIC_PORT and self._refuse_quic:
            client.error = QUIC_REFUSED
        elif port == _TLS_LOOKUP_PORT:
            self._tell("private_dns", "DNS over TLS was tried", "connection")

    @hook
    def dns_request(self, flow: dns.DNSFlow) -> None:
        """Say that a canary does not exist."""
        question = flow.request.question
        topic = CANARIES.get(plain(question.name)) if question else None
        if topic:
            flow.response = flow.request.fail(response_codes.NXDOMAIN)
            self._tell(topic, ASKED, "dns")

    @hook
    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Look whom the app talks to."""
        self._look(data.context.client.sni)

    @hook
    def http_connect(self, flow: HTTPFlow) -> None:
        """Look whom the app talks to."""
        self._look(flow.request.host)

    @hook
    def tcp_start(self, flow: TCPFlow) -> None:
        """Look whom the app talks to: of what is passed on unread, nothing else tells."""
        self._look(flow.client_conn.sni)

    def _look(self, host: str | None) -> None:
        name = plain(host or "")
        if name in self._resolvers:
            self._tell("doh", name, "connection")

    def _tell(self, topic: str, value: str, source: str) -> None:
        """Write a measurement, once."""
        if (topic, value) not in self._told:
            self._told.add((topic, value))
            self._writer.add_measured(topic, value, source)
