"""A recording in WireGuard mode that ends, or is killed, while its phone is talking."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from app_server import Server
from netns_recorder import recorder
from netns_rig import Namespace, phone_namespace

from analyzer.bundle import read_session, recover, verify
from analyzer.readers.bundle import read_exchanges

pytestmark = pytest.mark.capture
# Talks until its input ends; notes what was completed: method, URL, digests of the two bodies.
# Each client has a context of its own (httpx sets the ALPN of the one it is given), and none uses a
# TLS connection from two threads: that of `websockets` which does loses its request now and then to
# a session ticket that is being read, and then waits for ever, open_timeout or not.
TALK = """
import asyncio, hashlib, os, random, ssl, sys, threading
import httpx, websockets.asyncio.client

trusting = lambda: ssl.create_default_context(cafile=sys.argv[1])
digest = lambda data: hashlib.sha256(data).hexdigest()
log = open(sys.argv[2], "w", buffering=1)
say = lambda *words: log.write(" ".join(words) + "\\n")  # at once: print() lets threads between

# A thread that fails takes everything with it: silence would look like a phone at rest.
def failed(args):
    sys.excepthook(args.exc_type, args.exc_value, args.exc_traceback)
    sys.stderr.flush()
    os._exit(1)

threading.excepthook = failed

def requests(http2):
    with httpx.Client(verify=trusting(), http2=http2, timeout=60) as client:
        for number in range(10**6):
            url = f"https://api.app.example/echo?http2={http2}&number={number}"
            body = random.randbytes(random.randrange(30_000))
            answer = client.post(url, content=body)
            say("POST", url, digest(body), digest(answer.content))

async def messages():
    url = "wss://cdn.app.example/talk"
    connecting = websockets.asyncio.client.connect(url, ssl=trusting(), open_timeout=40)
    async with connecting as talk:
        for number in range(10**6):
            await talk.send(b"%d" % number)
            answer = await asyncio.wait_for(talk.recv(), 40)
            say("WS", url.replace("wss", "https"), digest(b"%d" % number), digest(b""))
            say("WS", url.replace("wss", "https"), digest(b""), digest(answer))

def events():
    url = "https://ads.other.example/events?n=1000&every=0.05"
    with httpx.Client(verify=trusting(), timeout=60).stream("GET", url) as stream:
        for piece in stream.iter_raw():
            say("EVENT", url, piece.hex(), "-")

talking = lambda: asyncio.run(messages())
for target, given in (requests, [True]), (requests, [False]), (talking, []), (events, []):
    threading.Thread(target=target, args=given, daemon=True).start()
sys.stdin.read()
os._exit(0)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


class Talk:
    """A phone that talks, of which all kinds of talk have begun; a context manager."""

    def __init__(self, phone: Namespace, authority: Path, log: Path) -> None:
        self._log = log
        self._process = phone.popen(sys.executable, "-c", TALK, authority, log)
        deadline = time.monotonic() + 90
        while missing := {"POST", "WS", "EVENT"} - {line[0] for line in self.seen()}:
            assert self._process.poll() is None, self._process.communicate()[1]
            assert time.monotonic() < deadline, f"not begun: {missing}"
            time.sleep(0.05)

    def seen(self) -> list[list[str]]:
        """What was completed up to now."""
        lines = self._log.read_text().splitlines(keepends=True) if self._log.exists() else []
        return [line.split() for line in lines if line.endswith("\n")]

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)


def assert_all_is_stored(seen: list[list[str]], path: Path) -> None:
    """What the phone saw completed is in the bundle."""
    found = list(read_exchanges(path))
    completed = Counter(tuple(line) for line in seen if line[0] != "EVENT")
    stored: Counter[tuple[str, ...]] = Counter(
        (each.method, each.url, digest(each.request_body), digest(each.response_body))
        for each in found
        if each.complete
    )
    assert completed
    assert completed - stored == Counter()
    events = b"".join(bytes.fromhex(line[2]) for line in seen if line[0] == "EVENT")
    [stream] = [each.response_body for each in found if "/events" in each.url]
    assert events
    assert stream.startswith(events)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_at_once_and_properly_while_the_phone_talks(
    tmp_path: Path, server: Server, how: signal.Signals
) -> None:
    with (
        recorder(tmp_path, server) as running,
        phone_namespace(running.config()) as phone,
        Talk(phone, running.authority, tmp_path / "log") as talk,
    ):
        began = time.monotonic()
        reason = running.end(how)
        took = time.monotonic() - began
    assert running.process.returncode == 0
    assert took < 3
    assert verify(running.path) == []
    session = read_session(running.path)
    assert session.end_reason == reason != ""
    assert session.ended
    assert_all_is_stored(talk.seen(), running.path)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_recording_has_all_that_the_phone_saw_completed(
    tmp_path: Path, server: Server, seed: int
) -> None:
    with (
        recorder(tmp_path, server) as running,
        phone_namespace(running.config()) as phone,
        Talk(phone, running.authority, tmp_path / "log") as talk,
    ):
        time.sleep(random.Random(seed).random())
        assert running.end(signal.SIGKILL) == ""
    session = recover(running.path)
    assert not session.complete
    assert verify(running.path) == []
    assert_all_is_stored(talk.seen(), running.path)


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()
