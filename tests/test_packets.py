"""Packets recorded beside the proxy: on the loopback interface, of real connections."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from capture_rig import Recording, Server, a_study

from addons.packets import KEYS, record_packets
from analyzer.bundle import verify
from analyzer.errors import UserError
from analyzer.findings import Coverage
from analyzer.knowledge import load_knowledge
from analyzer.models import Event, Exchange
from analyzer.packets import PACKETS, PacketRecorder, check_interface
from analyzer.pipeline import analyse_bundle
from analyzer.readers import Asked
from analyzer.readers.bundle import read_measured
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_files import PacketFile

PHONE, DIRECT = "127.0.0.2", "127.0.0.9"


@pytest.fixture(scope="module", autouse=True)
def _may_see_packets() -> None:
    try:
        check_interface("lo")
    except UserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("confdir")


def said_to(path: Path, phone: str = "") -> dict[str, Event]:
    """The hosts in a capture, by name."""
    reader = PcapReader()
    reader.asked = Asked(phones=(phone,) if phone else ())
    return {each.host: each for each in reader.read(path) if isinstance(each, Event)}


@contextlib.contextmanager
def listening(address: str = DIRECT) -> Iterator[int]:
    """A server that hangs up on everyone."""
    with socket.create_server((address, 0)) as server:
        yield server.getsockname()[1]


def hello(name: str, port: int, phone: str = PHONE) -> None:
    """Say a TLS hello for `name` from the address `phone`, past any proxy."""
    outgoing = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    with socket.create_connection((DIRECT, port), 5, source_address=(phone, 0)) as plain:
        plain.sendall(outgoing.read())


def test_packets_are_in_a_private_file_when_the_recorder_ends(tmp_path: Path) -> None:
    with listening() as port, PacketRecorder(tmp_path, "lo") as recorder:
        hello("seen.example", port)
        recorded = recorder.finish()
    assert recorded.packets >= 4
    assert recorded.faults == ()
    assert (tmp_path / PACKETS).stat().st_mode & 0o777 == 0o600
    found = said_to(tmp_path / PACKETS, PHONE)
    assert found["seen.example"].reason == "tls sni"
    assert "127.0.0.1" in recorder.addresses


def test_each_packet_of_the_loopback_interface_is_there_once(tmp_path: Path) -> None:
    size = 50_000
    with socket.create_server((DIRECT, 0)) as server, PacketRecorder(tmp_path, "lo"):
        address = server.getsockname()
        with socket.create_connection(address, 5, source_address=("127.0.0.3", 0)) as client:
            client.sendall(bytes(size))
    [event] = said_to(tmp_path / PACKETS, "127.0.0.3").values()
    assert (event.bytes_up, event.bytes_down) == (size, 0)


def test_a_recording_has_a_largest_size_and_says_so(tmp_path: Path) -> None:
    with listening() as port, PacketRecorder(tmp_path, "lo", most=5000) as recorder:
        for number in range(20):
            hello(f"host{number}.example", port)
        recorded = recorder.finish()
    assert (tmp_path / PACKETS).stat().st_size <= 5000 + 100
    [fault] = recorded.faults
    assert fault.startswith(f"{PACKETS} ends at its largest size, ")
    with (tmp_path / PACKETS).open("rb") as file:  # others use the interface, too
        assert len(list(PacketFile(file))) == recorded.packets > 0


def test_what_cannot_be_recorded_is_said_and_stops_nobody(tmp_path: Path) -> None:
    with PacketRecorder(tmp_path, "no-such-interface") as recorder:
        [fault] = recorder.finish().faults
    assert fault.startswith("no packets: ")
    with PacketRecorder(tmp_path / "nowhere", "lo") as recorder:
        assert recorder.finish().faults == ("no packets: No such file or directory",)


def test_an_interface_that_is_not_there_is_refused_before_anything_starts() -> None:
    with pytest.raises(UserError, match=r"no network interface 'no-such-interface': it has .*lo"):
        check_interface("no-such-interface")


def test_without_the_right_to_see_packets_one_line_says_what_to_do() -> None:
    code = (
        "import os; os.setgid(65534); os.setuid(65534)\n"
        "from analyzer.errors import UserError\n"
        "try: check_interface('lo')\n"
        "except UserError as error: print(error)"
    )
    start = f"from analyzer.packets import check_interface\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", start], capture_output=True, text=True, timeout=30, check=True
    )
    said = "recording the packets of lo is not allowed: run as root, or give Python CAP_NET_RAW\n"
    assert (done.stdout, done.stderr) == (said, "")


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from analyzer.packets import PacketRecorder
from test_packets import hello
recorder = PacketRecorder(Path(sys.argv[1]), "lo")
print(recorder._child.pid, flush=True)
for number in range(50):
    hello(f"host{number}.example", int(sys.argv[2]))
print("said", flush=True)
signal.pause()
"""


def test_a_killed_recorder_leaves_what_came_and_no_process(tmp_path: Path) -> None:
    tests = str(Path(__file__).parent)
    with listening() as port:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(port), tests],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        child = int(process.stdout.readline())
        assert process.stdout.readline() == "said\n"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    for _ in range(100):
        if not Path(f"/proc/{child}").exists():
            break
        time.sleep(0.05)
    else:
        pytest.fail("the process that records outlives the one that started it")
    found = said_to(tmp_path / PACKETS, PHONE)
    assert {f"host{number}.example" for number in range(50)} <= set(found)


@pytest.mark.capture
def test_what_passes_by_the_proxy_is_a_blind_spot_of_its_session(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with (
        listening() as port,
        Recording(tmp_path, server, confdir, extra=(record_packets("lo"),)) as recorder,
    ):
        client = HTTPSConnection(
            "127.0.0.1", recorder.port, context=recorder.trusting(), source_address=(PHONE, 0)
        )
        client.set_tunnel("api.app.example", 443)
        client.request("POST", "/echo", b"hello")
        assert client.getresponse().read() == b"hello"
        client.close()
        hello("hidden.other.example", port)
        hello("bystander.example", port, phone="127.0.0.4")
        hello("machine.example", port, phone="127.0.0.1")
    bundle = recorder.path
    assert verify(bundle) == []
    assert {PACKETS, KEYS} <= {each.name for each in bundle.iterdir()}
    assert (bundle / KEYS).stat().st_mode & 0o777 == 0o600
    assert b"CLIENT_TRAFFIC_SECRET_0 " in (bundle / KEYS).read_bytes()
    assert recorder.sealed
    assert (recorder.sealed.complete, recorder.sealed.partial) == (True, ())
    addresses = {each.value for each in read_measured(bundle) if each.topic == "recorder_address"}
    assert "127.0.0.1" in addresses

    reader = PcapReader()
    reader.asked = Asked(phones=(PHONE,), keys=bundle / KEYS)
    [exchange] = [each for each in reader.read(bundle / PACKETS) if isinstance(each, Exchange)]
    assert (exchange.url, exchange.request_body) == ("https://api.app.example/echo", b"hello")
    assert (exchange.status, exchange.response_body) == (200, b"hello")

    analysed = analyse_bundle(bundle, a_study(tmp_path), load_knowledge())
    found: dict[str, Coverage] = {each.host: each for each in analysed.coverage}
    assert set(found) == {"api.app.example", "hidden.other.example"}
    assert (found["api.app.example"].unseen, found["api.app.example"].decrypted) == (0, 1)
    assert found["hidden.other.example"].unseen == 1
    assert found["hidden.other.example"].unread_up > 100
    assert analysed.problems == ()


@pytest.mark.capture
def test_two_lanes_have_each_their_packets_and_keys(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    extra = (record_packets("lo"),)
    lanes = [{"extra": extra}, {"extra": extra}]
    with Recording(tmp_path, server, confdir, lanes=lanes) as recorder:
        for lane in (0, 1):
            with recorder.client(lane=lane) as client:
                assert client.get("https://api.app.example/echo").is_success
    for path in recorder.paths:
        assert verify(path) == []
        assert b"CLIENT_TRAFFIC_SECRET_0 " in (path / KEYS).read_bytes()
        assert (path / KEYS).stat().st_nlink == 1


@pytest.mark.capture
def test_a_full_packet_file_is_told_and_the_session_is_complete_all_the_same(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    extra = (record_packets("lo", most=5000),)
    with Recording(tmp_path, server, confdir, extra=extra) as recorder, recorder.client() as client:
        assert client.post("https://api.app.example/echo", content=bytes(50_000)).is_success
    assert recorder.sealed
    assert recorder.sealed.complete
    assert [each.partition(",")[0] for each in recorder.sealed.partial] == [
        f"{PACKETS} ends at its largest size"
    ]
