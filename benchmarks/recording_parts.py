"""The processes of `benchmarks.recording`: ``server``, ``client`` and ``proxy``."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import ssl
import sys
from pathlib import Path

from addons.lanes import Lane
from addons.runner import record_lanes
from analyzer.bundle import new_session
from analyzer.models import Arm
from analyzer.study import CompareSettings, Study
from benchmarks import recording_h2

_CONNECTIONS = 8
_SENT_BYTES = 1536
_ANSWER_BYTES = 10_000
# Half a megabyte that shrinks to about one half, to take pieces from.
_TEXT = random.Random(0).randbytes(2**18).hex().encode()
_numbers = itertools.count()


def _piece(length: int) -> bytes:
    """Return so many bytes that were not there before: nothing is saved by storing once."""
    number = next(_numbers)
    start = 997 * number % (len(_TEXT) - length)
    return b"%08d" % number + _TEXT[start : start + length - 8]


class _Answers(asyncio.Protocol):
    """Answers each request that has come whole: 10 kB, of a known length or in chunks."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._got = b""
        self._h2: recording_h2.Answers | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            self._h2 = recording_h2.Answers(transport)

    def data_received(self, data: bytes) -> None:
        if self._h2:
            self._h2.received(data, _piece(_ANSWER_BYTES))
            return
        self._got += data
        while True:
            head, found, rest = self._got.partition(b"\r\n\r\n")
            if not found or len(rest) < _SENT_BYTES:
                return
            self._got = rest[_SENT_BYTES:]
            self._answer(chunked=b" /chunked " in head)

    def _answer(self, *, chunked: bool) -> None:
        assert self._transport
        body = _piece(_ANSWER_BYTES)
        kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        if chunked:
            pieces = [body[start : start + 2500] for start in range(0, len(body), 2500)]
            framed = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
            self._transport.write(
                kind + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
            )
        else:
            self._transport.write(kind + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def _serve(certificate: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answers, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _ask(proxy: int, trust: str, server: int, way: str, requests: int) -> None:
    context = ssl.create_default_context(cafile=trust)
    context.set_alpn_protocols(["h2" if way == "h2" else "http/1.1"])
    shares = [requests // _CONNECTIONS] * _CONNECTIONS
    shares[0] += requests - sum(shares)
    counts = await asyncio.gather(*(_one(proxy, context, server, way, each) for each in shares))
    print(sum(counts), flush=True)


async def _one(proxy: int, context: ssl.SSLContext, server: int, way: str, requests: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy)
    writer.write(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % server)
    await reader.readuntil(b"\r\n\r\n")
    await writer.start_tls(context, server_hostname="localhost")
    bodies = [_piece(_SENT_BYTES) for _ in range(requests)]
    if way == "h2":
        return await recording_h2.ask(reader, writer, f"localhost:{server}", bodies)
    path = b"/chunked" if way == "chunked" else b"/"
    for body in bodies:
        writer.write(
            b"POST %b HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n\r\n"
            % (path, server, len(body))
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b"chunked" in head:
            await reader.readuntil(b"0\r\n\r\n")
        else:
            await reader.readexactly(_ANSWER_BYTES)
    writer.close()
    return requests


def _record(given: str) -> None:
    work, confdir, authority, port = json.loads(given)
    arm = Arm("KE-13", "KE", 13, "none")
    study = Study(
        root=Path(work),
        name="benchmark",
        app="app",
        app_version="",
        first_party=(),
        key=b"k" * 32,
        phases=("use",),
        arms={arm.label: arm},
        personas={},
        persona_of={},
        compare=CompareSettings(),
    )
    session = new_session(study, arm, origin="proxy")
    lane = Lane(session=session, phase="use", host="127.0.0.1", port=port)
    record_lanes(study.captures, [lane], confdir=Path(confdir), upstream_ca=Path(authority))


def main() -> None:
    """Be the part that the first argument names, until it is done or ended."""
    part, *words = sys.argv[1:]
    if part == "server":
        asyncio.run(_serve(words[0]))
    elif part == "client":
        proxy, trust, server, way, requests = words
        asyncio.run(_ask(int(proxy), trust, int(server), way, int(requests)))
    else:
        _record(words[0])


if __name__ == "__main__":
    main()
