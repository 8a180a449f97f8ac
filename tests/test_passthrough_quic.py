"""QUIC passes unread where TLS over TCP does, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from bundle_rig import a_study, a_writer
from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import DataReceived
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers import UDPLayer
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons

from addons.guard import Guard
from addons.passthrough import Passthrough
from addons.trust import Trust

pytestmark = pytest.mark.capture
PINNED = "pinned.other.example"


def quic_hello(host: str, *protocols: str) -> list[bytes]:
    """The first datagrams of a QUIC client."""
    configuration = QuicConfiguration(
        is_client=True, server_name=host, alpn_protocols=["h3", *protocols]
    )
    client = QuicConnection(configuration=configuration)
    client.connect(("198.51.100.7", 443), now=0.0)
    return [data for data, _ in client.datagrams_to_send(now=0.0)]


def asked(addon: Passthrough, client: Client, datagrams: list[bytes]) -> NextLayer:
    """Ask which layer comes next once `datagrams` have come."""
    with taddons.context() as context:
        layer = NextLayer(Context(client, context.options))
    layer.context.server.address = ("198.51.100.7", 443)
    layer.events = [DataReceived(client, data) for data in datagrams]
    addon.next_layer(layer)
    return layer


@pytest.mark.parametrize("protocols", [(), tuple(f"{number:0200}" for number in range(8))])
def test_quic_is_passed_on_only_where_tls_over_tcp_is(
    tmp_path: Path, protocols: tuple[str, ...]
) -> None:
    writer = a_writer(a_study(tmp_path))
    guard = Guard(writer, lambda _: None)
    trust = Trust(writer, guard)
    addon = Passthrough(guard, trust)
    client = Client(peername=("10.0.0.1", 1), sockname=("198.51.100.7", 443))
    client.transport_protocol, client.proxy_mode = "udp", ProxyMode.parse("wireguard")
    trust.client_connected(client)
    datagrams = quic_hello(PINNED, *protocols)
    assert len(datagrams) == (2 if protocols else 1)
    trust.refusals.refused("10.0.0.1", "other.example")
    assert asked(addon, client, datagrams).layer is None
    trust.refusals.refused("10.0.0.1", PINNED)
    assert asked(addon, client, [b"\x00" * 1200]).layer is None
    if protocols:
        waiting = asked(addon, client, datagrams[:1]).layer
        assert isinstance(waiting, NextLayer)
    assert isinstance(asked(addon, client, datagrams).layer, UDPLayer)
    assert client.sni == PINNED
    assert guard.counts == {}
    writer.close("stopped")
