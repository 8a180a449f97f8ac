"""Ports that a test names before somebody listens on them."""

from __future__ import annotations

import itertools
import os
import random
import socket

# Below what Linux (32768) and macOS (49152) hand out by themselves: no other socket, of this test,
# its clients or another worker, is given one of these between the choice and the use.
_LOW, _HIGH = 20_000, 32_000
_WORKERS = 8


def _mine() -> list[int]:
    """The ports of this pytest worker, so that two of them never choose the same."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    size = (_HIGH - _LOW) // _WORKERS
    first = _LOW + int(name.removeprefix("gw")) % _WORKERS * size
    turn = random.randrange(size)  # another run at the same time begins elsewhere
    return [first + (turn + step) % size for step in range(size)]


_ports = itertools.cycle(_mine())


def free_port(host: str = "127.0.0.1", *, several: int = 1) -> int:
    """Return a port where nobody listens, neither TCP nor UDP: the first of `several` in a row."""
    row: list[int] = []
    for port in itertools.islice(_ports, (_HIGH - _LOW) // _WORKERS):
        if (row and port != row[-1] + 1) or not _is_free(host, port):
            row.clear()
            continue
        row.append(port)
        if len(row) == several:
            return row[0]
    raise RuntimeError("all ports between 20000 and 32000 are taken")


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
