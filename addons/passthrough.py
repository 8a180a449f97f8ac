"""Lets apps that pin their certificate work on: what nobody may read is passed on and counted.

Once an app has refused our certificate for a host (see `addons.refusals`), its later connections
to that host go through untouched, as raw bytes. QUIC goes through only where TLS over TCP does, for
an app whose QUIC fails comes back over TCP, and that can be read more often. Now and then one
connection is tried again, for nothing is refused for ever. The recorder's own pages are never
passed on: by them a phone shows that it has come to trust our certificate.
"""

from __future__ import annotations

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.layer import CommandGenerator, NextLayer
from mitmproxy.proxy.layers import TCPLayer, UDPLayer
from mitmproxy.proxy.layers.quic import quic_parse_client_hello_from_datagrams
from mitmproxy.proxy.layers.tls import parse_client_hello
from mitmproxy.tls import ClientHello

from addons.guard import Guard, hook
from addons.trust import Trust
from analyzer.trust import is_own

_LONGEST = 64 * 1024  # bytes of a ClientHello that are waited for
_LONG_HEADER = 0xC0  # in the first byte of a QUIC packet that opens a connection


class Passthrough:
    """Passes on what `trust` has learned to be refused; with `learn` False, nothing."""

    def __init__(self, guard: Guard, trust: Trust, *, learn: bool = True) -> None:
        self.guard = guard
        self._trust = trust
        self._learn = learn

    @hook
    def next_layer(self, data: NextLayer) -> None:
        """Answer in mitmproxy's place where a handshake begins that would be refused."""
        context = data.context
        client = context.client
        if data.layer is not None or client.tls or context.server.address is None:
            return
        if not (self._learn and self._trust.refusals) and not _barely_begun(data):
            return
        try:
            hello = _hello(data)
        except _NotWholeError:
            if not isinstance(data, _WholeHello):
                data.layer = _WholeHello(context)
            return
        sni = (hello.sni if hello else None) or ""
        if not hello or not self._learn or is_own(sni):
            return
        if self._trust.refuses(client, context.server, sni):
            client.sni = hello.sni  # whoever allows or leads server connections goes by it
            self._trust.passes(client)
            tcp = client.transport_protocol == "tcp"
            data.layer = (TCPLayer if tcp else UDPLayer)(context, ignore=False)


class _NotWholeError(Exception):
    """More of a ClientHello is to come."""


class _WholeHello(NextLayer):
    """Waits for the rest of a ClientHello before it asks again which layer shall be next."""

    def _ask(self) -> CommandGenerator[None]:
        try:
            _hello(self)
        except _NotWholeError:
            if len(_received(self)) <= _LONGEST:
                return
        yield from super()._ask()  # type: ignore[no-untyped-call]


def _hello(data: NextLayer) -> ClientHello | None:
    """Read the ClientHello, of TLS or of QUIC, with which a connection begins; None for others.

    `_NotWholeError` where it is not all there.
    """
    received = _received(data)
    try:
        if data.context.client.transport_protocol == "tcp":
            if _barely_begun(data):
                raise _NotWholeError
            if not starts_like_tls_record(received):
                return None
            hello = parse_client_hello(received)
        else:
            if not received or received[0] & _LONG_HEADER != _LONG_HEADER:
                return None
            hello = quic_parse_client_hello_from_datagrams(_pieces(data))
    except ValueError:
        return None
    if hello is None:
        raise _NotWholeError
    return hello


def _barely_begun(data: NextLayer) -> bool:
    """Whether this may become TLS: mitmproxy would call one or two bytes raw TCP."""
    tcp = data.context.client.transport_protocol == "tcp"
    return tcp and _received(data) in (b"\x16", b"\x16\x03")


def _received(data: NextLayer) -> bytes:
    return b"".join(_pieces(data))


def _pieces(data: NextLayer) -> list[bytes]:
    client = data.context.client
    return [
        event.data
        for event in data.events
        if isinstance(event, DataReceived) and event.connection == client
    ]
