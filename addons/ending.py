"""Hangs up on everyone who is connected to the proxy."""

from __future__ import annotations

import asyncio
from typing import Any

from mitmproxy.addons.proxyserver import Proxyserver

_TICK_S = 0.05
_PATIENCE_S = 0.8  # for connections to close by themselves


async def hang_up(server: Proxyserver) -> None:
    """Close all connections, of both sides: nothing is read from them any more.

    What is still on its way out may go, but not hold us up.
    """
    for writer in _writers(server):
        writer.close()
    for _ in range(int(_PATIENCE_S / _TICK_S)):
        if server.connections:
            await asyncio.sleep(_TICK_S)
    for writer in _writers(server):
        if isinstance(writer, asyncio.StreamWriter):
            writer.transport.abort()
    await asyncio.sleep(0)  # for the aborted ones to be closed


def _writers(server: Proxyserver) -> list[Any]:
    return [
        transport.writer
        for connection in server.connections.values()
        for transport in connection.transports.values()
        if transport.writer is not None
    ]
