"""What a phone's apps say over HTTP/2 and gRPC, and the log of it; `who` is in everything.

Run as a script (in a namespace), the arguments are a function's name, the authority's file and
`who`; standard output has the log as JSON, or "ready" where something is held open until the
input ends.
"""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import httpx
from app_server import Served, patterned
from capture_rig import trusting
from grpc_rig import HOST, PATH, framed
from netns_rig import Namespace

API = "https://api.app.example"
CDN = "https://cdn.app.example"
_CALL_S = 20


def http2(authority: Path, who: str, proxy: str = "") -> str:
    """Requests of all sizes over HTTP/2."""
    log = []
    with httpx.Client(
        verify=trusting(authority), http2=True, proxy=proxy or None, timeout=_CALL_S
    ) as client:
        for number, size in enumerate((0, 1, 900, 70_000, 1_500_000)):
            for method, url, body in (
                ("POST", f"{API}/echo?who={who}&n={number}", who.encode() + patterned(size)),
                ("PUT", f"{CDN}/echo?who={who}&n={number}", patterned(size)),
                ("GET", f"{API}/bytes?who={who}&n={size}", b""),
                ("GET", f"{CDN}/chunks?who={who}&n={number * 20}", b""),
            ):
                got = client.request(method, url, content=body or None)
                assert got.http_version == "HTTP/2"
                log.append(Served(method, url, (), body, got.status_code, got.content))
    return packed(log)


def rpc(authority: Path, who: str, proxy: str = "") -> str:
    """Calls of all three kinds: one answer, a stream of them, streams in both directions."""
    log = []
    said = [f"{who} {number}".encode() + patterned(number * 30_000) for number in range(4)]
    with channel(authority, proxy) as to:
        for message in said:
            answer = to.unary_unary(f"{PATH}/Ask")(message, timeout=_CALL_S)
            log.append(called("Ask", [message], [answer]))
            answers = list(to.unary_stream(f"{PATH}/Feed")(message, timeout=_CALL_S))
            log.append(called("Feed", [message], answers))
        # One message at a time, each after the answer to the one before: nothing may be held back.
        give: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        call = to.stream_stream(f"{PATH}/Both")(iter(give.get, None), timeout=_CALL_S)
        echoed = []
        for message in said:
            give.put(message)
            echoed.append(next(call))
        give.put(None)
        assert list(call) == []
        log.append(called("Both", said, echoed))
    return packed(log)


@contextlib.contextmanager
def held(authority: Path, proxy: str = "") -> Iterator[None]:
    """A stream in both directions, in the middle of which the block runs."""
    give: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    with channel(authority, proxy) as to:
        call = to.stream_stream(f"{PATH}/Both")(iter(give.get, None), timeout=60)
        give.put(b"held")
        assert next(call) == b"held"
        yield
        call.cancel()
        give.put(None)


def channel(authority: Path, proxy: str) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(authority.read_bytes())
    options = [("grpc.http_proxy", proxy)] if proxy else [("grpc.enable_http_proxy", 0)]
    return grpc.secure_channel(f"{HOST}:443", credentials, options)


def called(name: str, sent: list[bytes], got: list[bytes]) -> Served:
    return Served("POST", f"https://{HOST}{PATH}/{name}", (), framed(sent), 200, framed(got))


def packed(log: list[Served]) -> str:
    """A log as JSON."""
    text = base64.b64encode
    return json.dumps([
        [line.method, line.url, line.status, text(line.body).decode(), text(line.answer).decode()]
        for line in log
    ])  # fmt: skip


def unpacked(said: str) -> list[Served]:
    """The log that `packed` made JSON of."""
    return [
        Served(method, url, (), base64.b64decode(body), status, base64.b64decode(answer))
        for method, url, status, body, answer in json.loads(said)
    ]


def start(phone: Namespace, name: str, authority: Path, who: str) -> subprocess.Popen[str]:
    """Begin to talk in a namespace."""
    return phone.popen(sys.executable, __file__, name, authority, who)


def main() -> None:
    name, authority, who = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    if name == "held":
        with held(authority):
            print("ready", flush=True)  # noqa: T201
            sys.stdin.read()
        return
    print({"http2": http2, "rpc": rpc}[name](authority, who))  # noqa: T201


if __name__ == "__main__":
    main()
