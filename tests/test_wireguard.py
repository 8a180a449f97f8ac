"""A phone behind WireGuard: all it says reaches the recorder, and nothing leaves this machine."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.outcomes import Failed, Skipped
from app_server import Served, Server
from netns_recorder import Recorder, recorder
from netns_rig import Namespace, machine_namespace, phone_namespace, require_namespaces

from analyzer.bundle import verify
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = pytest.mark.capture
Line = tuple[str, str, bytes, bytes]
ASK = """
import socket, struct, sys

def ask(resolver, name, kind, tcp=False):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question = struct.pack("!6H", 7, 256, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)
    with socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.connect((resolver, 53))
        asking.sendall(struct.pack("!H", len(question)) * tcp + question)
        answer = asking.recv(512)[2 * tcp:]
    code, count = answer[3] & 15, struct.unpack("!H", answer[6:8])[0]
    return f"{code} {answer[len(question) + 12:].hex() if count else ''}".strip()

for line in sys.argv[1:]:
    resolver, name, kind, way = line.split()
    print(ask(resolver, name, int(kind), way == "tcp"))
"""
NXDOMAIN = "3"


@pytest.fixture
def running(tmp_path: Path, server: Server) -> Iterator[Recorder]:
    with recorder(tmp_path, server) as running:
        yield running


@pytest.fixture
def phone(running: Recorder) -> Iterator[Namespace]:
    with phone_namespace(running.config()) as phone:
        yield phone


def served(log: list[Served]) -> Counter[Line]:
    return Counter((line.method, line.url, line.body, line.answer) for line in log)


def stored(path: Path) -> Counter[Line]:
    """What is in the store, less the openings of WebSockets: the servers log their messages."""
    return Counter(
        (each.method, each.url, each.request_body, each.response_body)
        for each in read_exchanges(path)
        if each.status != 101 or each.method == "WS"
    )


@pytest.mark.parametrize("version", ["-4", "-6"])
def test_both_versions_of_ip_go_through_the_tunnel(
    running: Recorder, phone: Namespace, server: Server, version: str
) -> None:
    got = phone.run(
        "curl", version, "--silent", "--show-error", "--cacert", running.authority,
        "--write-out", "%{remote_ip}", "--data", "said", "https://ads.other.example/echo",
    )  # fmt: skip
    address = {"-4": "198.18.0.3", "-6": "fd00:198:18::3"}[version]
    assert (got.stdout, got.stderr) == (f"said{address}", "")
    assert running.end() == "terminated"
    assert verify(running.path) == []
    assert stored(running.path) == served(server.log) != Counter()


def test_a_phone_that_joined_without_ipv6_has_none(running: Recorder) -> None:
    config = running.config().replace(", fd00:10::1/128", "").replace(", ::/0", "")
    with phone_namespace(config) as phone:
        got = phone.run("curl", "-6", "--silent", "--insecure", "https://api.app.example/echo")
        assert got.returncode != 0
        got = phone.run("curl", "-4", "--silent", "--insecure", "https://api.app.example/echo")
        assert got.returncode == 0


def test_questions_are_answered_here_whichever_resolver_is_asked(phone: Namespace) -> None:
    answers = phone.python(
        ASK,
        "10.0.0.53 api.app.example 1 udp",
        "10.0.0.53 CDN.app.example 28 udp",
        "198.51.100.53 api.app.example 1 udp",
        "10.0.0.53 api.app.example 1 tcp",
        "10.0.0.53 api.app.example 65 udp",
        "10.0.0.53 unknown.example 1 udp",
        "10.0.0.53 unknown.example 65 udp",
    ).splitlines()
    ipv4, ipv6, elsewhere, by_tcp, https, unknown, unknown_https = answers
    assert ipv4.startswith("0 ")
    assert ipv4.endswith("c6120001")  # 198.18.0.1
    assert ipv6.endswith("fd000198001800000000000000000002")
    assert elsewhere == by_tcp == ipv4
    assert https == "0"
    assert unknown == unknown_https == NXDOMAIN


def test_websockets_and_event_streams_pass_through_the_tunnel(
    running: Recorder, phone: Namespace, server: Server
) -> None:
    said = phone.python(
        """
import asyncio, ssl, sys, time
import httpx, websockets.asyncio.client  # not .sync: see test_wireguard_ends.py
trusting = ssl.create_default_context(cafile=sys.argv[1])
async def messages():
    url = "wss://api.app.example/talk"
    async with websockets.asyncio.client.connect(url, ssl=trusting) as talk:
        for message in ("hello", b"\\x00\\xff"):
            await talk.send(message)
            assert await talk.recv() == message
asyncio.run(messages())
began = time.monotonic()
url = "https://cdn.app.example/events?n=5&every=0.2"
with httpx.Client(verify=trusting).stream("GET", url) as events:
    for number, piece in enumerate(events.iter_raw()):
        print(piece.decode().strip(), round(time.monotonic() - began - 0.2 * number, 1) < 0.5)
""",
        running.authority,
    )
    assert said.splitlines() == [f"data: {number} True" for number in range(5)]
    assert running.end() == "terminated"
    assert stored(running.path) == served(server.log)
    assert len(server.log) == 5


class RawServer(Server):
    """Knows one more host, which sends everything back, over TCP and UDP."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._udp = socket.socket(type=socket.SOCK_DGRAM)
        self._udp.bind(self._tcp.getsockname())
        for echo in (self._echo_stream, self._echo_datagrams):
            threading.Thread(target=echo, daemon=True).start()

    @property
    def remap(self) -> dict[str, tuple[str, int]]:
        return {**super().remap, "raw.app.example": self._tcp.getsockname()}

    def _echo_stream(self) -> None:
        stream, _ = self._tcp.accept()
        with stream:
            while data := stream.recv(65536):
                stream.sendall(data)

    def _echo_datagrams(self) -> None:
        while True:
            data, peer = self._udp.recvfrom(65536)
            self._udp.sendto(data, peer)


def test_what_is_not_http_is_passed_on_and_counted(tmp_path: Path) -> None:
    with (
        recorder(tmp_path, RawServer(tmp_path)) as running,
        phone_namespace(running.config()) as phone,
    ):
        phone.python(
            """
import os, socket
for kind, port in (socket.SOCK_STREAM, 1883), (socket.SOCK_DGRAM, 9999):
    with socket.socket(type=kind) as raw:
        raw.settimeout(5)
        raw.connect(("raw.app.example", port))
        for size in (700, 301):
            sent, got = os.urandom(size), b""
            raw.sendall(b"\\x10" + sent)
            while len(got) < size + 1:
                got += raw.recv(65536)
            assert got == b"\\x10" + sent
"""
        )
        assert running.end() == "terminated"
    assert list(read_exchanges(running.path)) == []
    found = {each.address.rpartition(":")[2]: each for each in read_connections(running.path)}
    assert sorted(found) == ["1883", "9999"]
    for port, transport in ("1883", "tcp"), ("9999", "udp"):
        row = found[port]
        assert (row.transport, row.outcome) == (transport, transport)
        assert (row.bytes_up, row.bytes_down) == (1003, 1003)


def test_nothing_leaves_the_machine_whatever_the_phone_asks_for(tmp_path: Path) -> None:
    server = Server(tmp_path)  # known by name, but not running
    with (
        machine_namespace() as (machine, out),
        recorder(tmp_path, server, machine=machine) as running,
        phone_namespace(running.config(), machine=machine) as phone,
    ):
        phone.python(ASK, *(f"10.0.0.53 {name}.example 1 udp" for name in ("api.app", "unknown")))
        phone.python(ASK, "10.0.0.53 unknown.example 16 udp", "198.51.100.53 a.example 65 udp")
        for url in (
            "https://198.51.100.7/",
            "http://198.51.100.7/",
            "https://[2001:db8::7]/",
            "https://api.app.example/echo",
        ):
            answer = phone.run("curl", "--silent", "--insecure", "--max-time", "5", url)
            assert "Bad Gateway" in answer.stdout
        phone.python(
            """
import socket
for kind, port in (socket.SOCK_STREAM, 1883), (socket.SOCK_DGRAM, 9999), (socket.SOCK_DGRAM, 443):
    with socket.socket(type=kind) as away:
        away.settimeout(0.3)
        away.connect(("198.51.100.8", port))
        try:
            away.sendall(bytes(range(60)))
            assert away.recv(1) == b""
        except (TimeoutError, ConnectionError):
            pass
"""
        )
        assert running.end() == "terminated"
        assert out.packets() == []
        # What does leave is seen: the recorder's machine has a way out.
        send = "import socket; socket.socket(type=2).sendto(b'x', ('198.51.100.9', 9))"
        machine.python(send)
        deadline = time.monotonic() + 5
        while not (left := out.packets()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [packet[-1:] for packet in left] == [b"x"]


def test_nothing_is_left_of_a_phone_whose_test_failed(running: Recorder) -> None:
    with contextlib.suppress(ZeroDivisionError), phone_namespace(running.config()) as phone:
        asleep = phone.popen("sleep", "60")
        raise ZeroDivisionError
    asleep.communicate(timeout=5)
    assert asleep.returncode != 0
    listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert phone.name not in listed
    assert not Path("/etc/netns", phone.name).exists()


@pytest.mark.parametrize(("ci", "outcome"), [("true", Failed), ("", Skipped)])
def test_where_there_can_be_no_namespaces_it_is_said(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(outcome, match=r"ip, wg, wireguard-go"):
        require_namespaces()
