"""What could not be read, as events: refused certificates, silent closes, lost servers, raw TCP.

An app that pins a certificate refuses ours in the handshake, or (OkHttp) finishes the handshake and
hangs up without a word. One such silence may be a browser's precaution, so the first of a host is
only noted (``host_seen``); the second is a refusal, unless the host has ever been read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tcp import TCPFlow
from mitmproxy.tls import TlsData

from addons.guard import Guard, hook
from addons.loopback import ELSEWHERE
from analyzer.bundle import BundleWriter
from analyzer.models import Event, EventKind

REFUSED = "the app refused the certificate"
HUNG_UP = "the app hung up during the handshake"
HANDSHAKE = "the TLS handshake failed"
SILENT_ONCE = "the app hung up after the handshake without a request, once"
SILENT = "the app hung up after the handshake without a request, again"
BAD_SERVER = "the server's certificate was not accepted"
SERVER_HANDSHAKE = "the TLS handshake with the server failed"
UNREACHED = "the server could not be reached"
NOT_HTTP = "not HTTP"
_QUIET_S = 1.5  # a handshake this long ago with no request by the end of the session is a silence
_ALERTS = ("unknown ca", "bad certificate", "certificate unknown", "certificate_unknown")


@dataclass(slots=True)
class _Quiet:
    """A connection whose handshake is done and which has said nothing yet."""

    host: str
    since: float


@dataclass(slots=True)
class _Raw:
    """A connection that does not speak HTTP: its bytes are counted, not kept."""

    host: str
    began: float
    up: int = 0
    down: int = 0


class Trust:
    """Turns unread connections into events. `guard` watches over its hooks."""

    def __init__(self, writer: BundleWriter, guard: Guard) -> None:
        self.guard = guard
        self._writer = writer
        self._quiet: dict[str, _Quiet] = {}
        self._raw: dict[str, _Raw] = {}
        self._silences: dict[str, int] = {}
        self._read: set[str] = set()

    @hook
    def tls_failed_client(self, data: TlsData) -> None:
        """The app did not finish the handshake with us."""
        said = (data.conn.error or "").lower()
        if any(alert in said for alert in _ALERTS):
            reason = REFUSED
        elif "connection closed" in said or "eof" in said:
            reason = HUNG_UP
        else:
            reason = HANDSHAKE
        self._event("tls_refused", _host(data), reason)

    @hook
    def tls_established_client(self, data: TlsData) -> None:
        """The handshake is done; it remains to be seen whether the app says anything."""
        self._quiet[data.conn.id] = _Quiet(_host(data), time.time())

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """The app speaks: this connection and this host can be read."""
        self._spoke(flow.client_conn)

    @hook
    def client_disconnected(self, client: Client) -> None:
        """A connection ended: was it silent?"""
        if quiet := self._quiet.pop(client.id, None):
            self._silence(quiet)

    @hook
    def tls_failed_server(self, data: TlsData) -> None:
        """We did not finish the handshake with the server."""
        said = (data.conn.error or "").lower()
        reason = BAD_SERVER if "certificate verify failed" in said else SERVER_HANDSHAKE
        self._event("error", _host(data), reason)

    @hook
    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """There was no connection to the server."""
        host = data.server.address[0] if data.server.address else ""
        reason = ELSEWHERE if data.server.error == ELSEWHERE else UNREACHED
        self._event("error", data.server.sni or host, reason)

    @hook
    def tcp_start(self, flow: TCPFlow) -> None:
        """Something that is not HTTP."""
        self._spoke(flow.client_conn)
        address = flow.server_conn.address
        host = flow.client_conn.sni or (address[0] if address else "")
        self._raw[flow.id] = _Raw(host, self._writer.seconds())

    @hook
    def tcp_message(self, flow: TCPFlow) -> None:
        """Count the bytes and let the content go."""
        raw = self._raw.get(flow.id)
        message = flow.messages[-1]
        if raw and message.from_client:
            raw.up += len(message.content)
        elif raw:
            raw.down += len(message.content)
        del flow.messages[:-1]

    @hook
    def tcp_end(self, flow: TCPFlow) -> None:
        """It ended."""
        self._end_raw(flow.id)

    @hook
    def tcp_error(self, flow: TCPFlow) -> None:
        """It broke off."""
        self._end_raw(flow.id)

    def finish(self) -> None:
        """Write what is still undecided at the end of the session.

        A Java client that closes a TLS 1.3 connection is never reported as disconnected.
        """
        if self.guard.stopped:
            return
        with self.guard.watch("finish"):
            for flow_id in list(self._raw):
                self._end_raw(flow_id)
            long_ago = time.time() - _QUIET_S
            for quiet in self._quiet.values():
                if quiet.since < long_ago:
                    self._silence(quiet)
            self._quiet.clear()

    def _spoke(self, client: Client) -> None:
        if quiet := self._quiet.pop(client.id, None):
            self._read.add(quiet.host)

    def _silence(self, quiet: _Quiet) -> None:
        if quiet.host in self._read:
            return
        number = self._silences[quiet.host] = self._silences.get(quiet.host, 0) + 1
        if number == 1:
            self._event("host_seen", quiet.host, SILENT_ONCE)
        else:
            self._event("tls_refused", quiet.host, SILENT)

    def _end_raw(self, flow_id: str) -> None:
        if raw := self._raw.pop(flow_id, None):
            self._writer.add_event(
                Event(raw.began, "non_http", raw.host, NOT_HTTP, raw.up, raw.down)
            )

    def _event(self, kind: EventKind, host: str, reason: str) -> None:
        self._writer.add_event(Event(self._writer.seconds(), kind, host, reason, 0, 0))


def _host(data: TlsData) -> str:
    address = data.context.server.address
    return data.conn.sni or data.context.client.sni or (address[0] if address else "")
