"""A UDP conversation that has rested is not deaf."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys

import mitmproxy_rs
import pytest
from mitmproxy.options import Options
from mitmproxy.proxy import server
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context
from mitmproxy.test.tflow import tclient_conn

from addons.datagrams import REMEMBERED_S, wait_for_datagrams


class Conversation(server.ConnectionHandler):
    """One over UDP; how long it may rest is settled when it begins."""

    def __init__(self) -> None:
        client = tclient_conn()
        client.transport_protocol = "udp"
        super().__init__(Context(client, Options()))

    async def handle_hook(self, hook: StartHook) -> None:
        """Nobody is asked."""


def own_timeout() -> int:
    """What mitmproxy itself says, whatever was set in this process."""
    code = "from mitmproxy.proxy.server import UDP_TIMEOUT; print(UDP_TIMEOUT)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return int(said.stdout)


@pytest.fixture
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UDP_TIMEOUT", own_timeout())


async def heard(port_is_new: bool) -> list[bytes]:
    """What mitmproxy_rs gives out of two datagrams; the first one's conversation is closed."""
    found: list[bytes] = []
    closed = asyncio.Event()

    async def converse(stream: mitmproxy_rs.Stream) -> None:
        found.append(await stream.read(100))
        stream.close()  # type: ignore[no-untyped-call]
        await stream.wait_closed()
        closed.set()

    listening = await mitmproxy_rs.udp.start_udp_server("127.0.0.1", 0, converse)
    try:
        with contextlib.ExitStack() as phones:
            phone = phones.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            phone.sendto(b"first", listening.getsockname())
            await asyncio.wait_for(closed.wait(), 10)
            closed.clear()
            await asyncio.sleep(0.1)
            if port_is_new:
                phone = phones.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            phone.sendto(b"second", listening.getsockname())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), 10 if port_is_new else 1)
    finally:
        listening.close()
        await listening.wait_closed()
    return found


def test_mitmproxy_still_goes_deaf_without_us() -> None:
    """Once this fails, addons/datagrams.py can go."""
    assert asyncio.run(heard(port_is_new=True)) == [b"first", b"second"]
    assert asyncio.run(heard(port_is_new=False)) == [b"first"]
    assert own_timeout() < REMEMBERED_S


@pytest.mark.usefixtures("_as_before")
def test_datagrams_are_waited_for_longer_than_they_are_remembered() -> None:
    assert Conversation().timeout_watchdog.timeout < REMEMBERED_S
    wait_for_datagrams()
    assert Conversation().timeout_watchdog.timeout > REMEMBERED_S + 5
