"""What becomes of each connection, as one row of the bundle.

A connection has one outcome, the last of these that happened to it: it opened; it spoke HTTP
(``plain``) or HTTP over TLS with our certificate (``read``); the app refused that certificate
(``refused``), or hung up before it saw one or after the handshake, without a word (``silent``); it
is not HTTP (``tcp``, ``udp``); it is one of a host that lets nobody read (``passed``). Where none
of its requests ever reached a server, that is its outcome: ``blocked`` by the recorder, or
``failed``. What happens to later requests of a connection, or to those for other hosts that a
client of the plain proxy sends over the same one, is in their exchanges; a refusal is an event
besides.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from mitmproxy import dns
from mitmproxy.connection import Client, Server
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layers import ClientQuicLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tcp import TCPFlow
from mitmproxy.tls import ClientHelloData, TlsData
from mitmproxy.udp import UDPFlow

from addons.guard import Guard, hook
from addons.names import Names, destination_of, is_address, phone_of, plain
from addons.policy import QUIC_REFUSED
from addons.quiet import Quiet
from addons.refusals import Refusals
from addons.rows import Row, Rows
from analyzer.bundle import BundleWriter
from analyzer.models import Event, EventKind, Outcome
from analyzer.trust import CUT_SHORT, HANDSHAKE, HUNG_UP, HUNG_UP_EARLY, QUIET, REFUSED

NOTHING_SAID = "the app said nothing"
BAD_SERVER = "the server's certificate was not accepted"
SERVER_HANDSHAKE = "the TLS handshake with the server failed"
UNREACHED = "the server could not be reached"
TO_ITSELF = "refused: it leads back to the recorder"
NOT_LOOKUP = "not DNS"
ENDED = "refused by the recorder"
_MOST_PAIRS = 1024  # of addresses, between which QUIC was refused
_MOST_NAMES = 10_000  # distinct names of lookups that are told of in a session
_GONE = ("disconnected", "connection closed", "eof")
_TOO_SOON = "closed early"  # as mitmproxy says it: before it had answered the ClientHello
_ALERTS = (
    "unknown ca", "bad certificate", "certificate unknown", "certificate_unknown",
    "unsupported certificate", "certificate expired", "certificate revoked", "access denied",
)  # fmt: skip


class Trust:
    """Writes the connections of a session. `guard` watches over its hooks.

    `refusals` is what was learned of hosts that nobody may read. `upstream` is the address of the
    proxy that all connections leave through, if they do.
    """

    def __init__(
        self, writer: BundleWriter, guard: Guard, *, upstream: tuple[str, int] | None = None
    ) -> None:
        self.guard = guard
        self._upstream = upstream
        self.refusals = Refusals()
        self._writer = writer
        self._rows = Rows(writer)
        self._names = Names()
        self._asked: set[str] = set()
        self._refused: OrderedDict[tuple[object, object], None] = OrderedDict()  # over QUIC
        self._quiet = Quiet(guard, hung_up=self._hung_up, quiet=self._was_quiet)

    def number_of(self, client_id: str) -> int | None:
        """Return the number of a connection's row, None where it has none."""
        return self._rows.number_of(client_id)

    def host_of(self, client: Client) -> str:
        """Return the name that a connection asked for, "" where nobody learned it."""
        row = self._rows.get(client)
        return row.host if row else ""

    def refuses(self, client: Client, server: Server, sni: str) -> bool:
        """Whether what `client` has to say to the host `sni` is better passed on unread.

        Without a name, it is about the host that `server` stands for. To be asked once for each
        connection; some are tried all the same (see `Refusals.tries_again`), but never over QUIC,
        whose success or failure says less.
        """
        row = self._rows.get(client)
        if row is None:
            return False
        if sni:
            who = row.phone, plain(sni)
        else:
            _name(row, client, server)
            who = row.who
        if not self.refusals.refuses(*who):
            return False
        return client.transport_protocol != "tcp" or not self.refusals.tries_again(*who)

    def passes(self, client: Client) -> None:
        """Note that a connection is passed on unread, from here to its end."""
        if row := self._rows.get(client):
            row.note(outcome="passed", reason="")

    @hook
    def client_connected(self, client: Client) -> None:
        """Begin a row."""
        refused = client.error == QUIC_REFUSED
        if refused and not self._first((client.peername, client.sockname)):
            return  # the app sends its first datagram again and again
        where = destination_of(client)
        row = self._rows.open(client, self._names.of(phone_of(client), where[0]) if where else "")
        if refused:
            self._rows.write(row, outcome="quic_refused", transport="quic", reason=QUIC_REFUSED)
        elif client.error:
            self._rows.write(row, outcome="blocked", reason=ENDED)

    @hook
    def client_disconnected(self, client: Client) -> None:
        """End it; was it silent to the end?"""
        if row := self._rows.get(client):
            if self._quiet.end(client):
                self._silent(row)
            elif row.outcome == "silent" and row.reason == QUIET:
                self.refusals.was_quiet(*row.who, row.began, time.time())
            elif row.outcome == "open" and row.number:
                row.note(outcome="silent", reason=NOTHING_SAID)
            elif row.outcome == "open":
                row.note(outcome=row.transport, reason=NOT_LOOKUP)
        self._rows.forget(client)

    @hook
    def http_connect(self, flow: HTTPFlow) -> None:
        """The app says to a plain proxy where it wants to go."""
        if row := self._rows.get(flow.client_conn):
            where = flow.request
            row.note(host=plain(where.host), address=f"{where.host}:{where.port}")

    @hook
    def tls_clienthello(self, data: ClientHelloData) -> None:
        """The app begins a handshake."""
        if row := self._rows.get(data.context.client):
            _name(row, data.context.client, data.context.server)
            if any(isinstance(each, ClientQuicLayer) for each in data.context.layers):
                row.note(transport="quic")

    @hook
    def tls_failed_client(self, data: TlsData) -> None:
        """The app did not finish the handshake with us."""
        row = self._rows.get(data.context.client)
        if row is None:
            return
        _name(row, data.context.client, data.context.server)
        said = (data.conn.error or "").lower()
        gone = any(word in said for word in _GONE)
        shown = row.transport != "tcp" or (data.ssl_conn is not None and _TOO_SOON not in said)
        if gone and not shown:
            self._rows.write(row, outcome="silent", reason=CUT_SHORT)
            return
        refused = any(alert in said for alert in _ALERTS)
        if row.transport == "tcp":  # over QUIC that is normal: the app comes back over TCP
            if refused:
                self.refusals.refused(*row.who)
            elif shown:
                self.refusals.hung_up(*row.who, row.began, time.time())
        reason = REFUSED if refused else HUNG_UP_EARLY if gone else HANDSHAKE
        self._rows.write(row, outcome="refused", reason=reason)

    @hook
    def tls_established_client(self, data: TlsData) -> None:
        """The handshake is done; it remains to be seen whether the app says anything."""
        if row := self._rows.get(data.context.client):
            client = data.context.client
            alpn = (client.alpn or b"").decode("ascii", "backslashreplace")
            row.note(tls=client.tls_version or "", alpn=alpn)
            self._quiet.watch(client)

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """The app speaks HTTP: this connection can be read."""
        client = flow.client_conn
        row = self._rows.get(client)
        if row is None or row.outcome in {"blocked", "failed"}:
            return
        if row.outcome == "read":
            self.refusals.read(*row.who)
            return
        if client.tls_established:
            _name(row, client, flow.server_conn)
            self._spoke(client, row)
            self._rows.write(row, outcome="read", reason="")
        elif row.outcome != "plain":
            request = flow.request
            address = row.address or f"{request.host}:{request.port}"
            self._rows.write(
                row, outcome="plain", host=plain(request.pretty_host), address=address, reason=""
            )

    @hook
    def responseheaders(self, flow: HTTPFlow) -> None:
        """A server answers: whatever failed before, something came of this connection."""
        row = self._rows.get(flow.client_conn)
        if row and not row.answered:
            row.answered = True
            if row.outcome in {"blocked", "failed"}:
                readable: Outcome = "read" if flow.client_conn.tls_established else "plain"
                self._rows.write(row, outcome=readable, reason="")

    @hook
    def tls_failed_server(self, data: TlsData) -> None:
        """We did not finish the handshake with the server."""
        said = (data.conn.error or "").lower()
        reason = BAD_SERVER if "certificate verify failed" in said else SERVER_HANDSHAKE
        self._lost(data.context.client, data.context.server, "failed", reason)

    @hook
    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """There was no connection to the server."""
        if data.server.timestamp_start is not None:
            self._lost(data.client, data.server, "failed", UNREACHED)
        else:  # an addon forbade it: ours do so in fixed words
            own = "destination unknown" not in (data.server.error or "")
            reason = data.server.error if own else TO_ITSELF
            self._lost(data.client, data.server, "blocked", reason or "")

    @hook
    def tcp_start(self, flow: TCPFlow) -> None:
        """Something that is not HTTP, or that nobody may read."""
        self._raw(flow)

    @hook
    def tcp_message(self, flow: TCPFlow) -> None:
        """Count the bytes and let the content go."""
        self._count(flow)

    @hook
    def tcp_end(self, flow: TCPFlow) -> None:
        """It ended."""
        flow.messages.clear()

    @hook
    def udp_start(self, flow: UDPFlow) -> None:
        """Datagrams that are neither QUIC nor a lookup, or that nobody may read."""
        self._raw(flow)

    @hook
    def udp_message(self, flow: UDPFlow) -> None:
        """Count the bytes and let the content go."""
        self._count(flow)

    @hook
    def udp_end(self, flow: UDPFlow) -> None:
        """They ended."""
        flow.messages.clear()

    @hook
    def dns_request(self, flow: dns.DNSFlow) -> None:
        """The phone looks a name up: each distinct one is told once."""
        if row := self._rows.get(flow.client_conn):
            row.lookup = not row.number
        for question in flow.request.questions:
            name = plain(question.name)
            if name not in self._asked and len(self._asked) < _MOST_NAMES:
                self._asked.add(name)
                self._writer.add_event(Event(self._writer.seconds(), "dns", name, "", 0, 0))

    @hook
    def dns_response(self, flow: dns.DNSFlow) -> None:
        """Remember which name led to which address."""
        if flow.response:
            self._names.learn(phone_of(flow.client_conn), flow.response)

    def finish(self) -> None:
        """Write what is still undecided at the end of the session."""
        if self.guard.stopped:
            return
        with self.guard.watch("finish"):
            self._quiet.finish()
            self._rows.finish()

    def _first(self, pair: tuple[object, object]) -> bool:
        """Whether a pair of addresses is new."""
        new = pair not in self._refused
        self._refused[pair] = None
        while len(self._refused) > _MOST_PAIRS:
            self._refused.popitem(last=False)
        return new

    def _silent(self, row: Row) -> None:
        if row.transport == "tcp":
            self.refusals.hung_up(*row.who, row.began, time.time())
        row.note(outcome="silent", reason=HUNG_UP)

    def _hung_up(self, client: Client) -> None:
        if row := self._rows.get(client):
            self._silent(row)
            self._rows.end(row)

    def _was_quiet(self, client: Client) -> None:
        if row := self._rows.get(client):
            self._rows.write(row, outcome="silent", reason=QUIET)

    def _spoke(self, client: Client, row: Row) -> None:
        if client.tls_established:
            self._quiet.end(client)
            self.refusals.read(*row.who)

    def _raw(self, flow: TCPFlow | UDPFlow) -> None:
        client = flow.client_conn
        if row := self._rows.get(client):
            _name(row, client, flow.server_conn)
            self._spoke(client, row)
            if row.outcome != "passed":
                row.note(outcome=client.transport_protocol, reason="")
            self._rows.write(row)

    def _count(self, flow: TCPFlow | UDPFlow) -> None:
        message = flow.messages[-1]
        if row := self._rows.get(flow.client_conn):
            self._rows.count(row, len(message.content), from_client=message.from_client)
        del flow.messages[:-1]

    def _lost(self, client: Client, server: Server, outcome: Outcome, reason: str) -> None:
        """Note that a server was not to be had."""
        row = self._rows.get(client)
        host = plain(server.sni or (server.address[0] if server.address else ""))
        if server.address == self._upstream and row:
            host = row.host  # it is the way to that
        # A client of the plain proxy may ask for several hosts over one connection.
        other = row and row.outcome == "plain" and row.host != host
        if row and not row.answered and not other:
            if (row.outcome, row.reason) != (outcome, reason):
                self._rows.write(row, outcome=outcome, reason=reason)
        elif row is None or (host, reason) not in row.told:
            if row:
                row.told.add((host, reason))
            kind: EventKind = "blocked" if outcome == "blocked" else "error"
            self._writer.add_event(Event(self._writer.seconds(), kind, host, reason, 0, 0))


def _name(row: Row, client: Client, server: Server) -> None:
    """Note where a connection leads, as far as it is known by now."""
    if not row.address and server.address:
        row.note(address=f"{server.address[0]}:{server.address[1]}")
    if client.sni:
        row.note(host=plain(client.sni))
    elif not row.host and server.address and not is_address(server.address[0]):
        row.note(host=plain(server.address[0]))
