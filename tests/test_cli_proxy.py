"""`proxy` for real: a session is recorded, marked from another process, and ended by a signal."""

from __future__ import annotations

import contextlib
import datetime
import errno
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cli_rig import done, mistake, program, told
from ports import free_port
from recording import study

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.bundle.seals import seal_facts
from analyzer.cli.recording_plan import possible_mode
from analyzer.custody.keys import shown
from analyzer.readers.bundle import read_exchanges, read_steps
from analyzer.study import Study

pytestmark = pytest.mark.capture


class Echo(BaseHTTPRequestHandler):
    """Answers a POST with its body."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture
def free_ports() -> int:
    """The first of two ports that are free, for TCP and UDP."""
    return free_port(several=2)


@pytest.fixture
def found(tmp_path: Path) -> Study:
    return study(tmp_path / "study")


@contextlib.contextmanager
def recording(
    found: Study, confdir: Path, *words: object, arm: str = "KE-13"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A session of `arm` being recorded: its process, and the proxy's address."""
    port = free_port()
    where = ("--host", "127.0.0.1", "--port", port, "--confdir", confdir, "--study", found.root)
    way = ("--mode", "regular", "--no-page")
    process = program("proxy", "--arm", arm, *way, *where, *words)
    assert process.stdout
    first = ""
    try:
        first = process.stdout.readline()
        if first:
            head = [process.stdout.readline() for _ in range(3)]
            assert re.fullmatch(rf"Recording {arm}-r\d\d-\d{{8}}T\d{{6}}Z-[0-9a-f]{{6}}\n", first)
            assert head[0] == f"  proxy for the phone: 127.0.0.1 port {port}\n"
            assert "http://phone.check" in head[1]
            assert head[2] == "  phase: first launch; next: evenhand step NAME; end: Ctrl-C\n"
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: int = signal.SIGINT) -> str:
    """End a recording, and return the rest of what it says."""
    process.send_signal(number)
    said, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, ""), complaints
    return said


def send(proxy: str, url: str, body: str) -> None:
    with httpx.Client(proxy=proxy, trust_env=False) as phone:
        assert phone.post(f"{url}/session", content=body).text == body


def test_a_session_is_recorded_marked_from_outside_and_closed_by_ctrl_c(
    found: Study, confdir: Path, echo: str
) -> None:
    with recording(found, confdir, "--device", "Pixel", "--block", "monday") as (process, proxy):
        send(proxy, echo, "first")
        assert "1 intact, 1 being recorded" in done("verify", root=found.root)
        marked = program("step", "use", "--study", found.root)
        said, complaints = marked.communicate(timeout=30)
        assert (marked.returncode, complaints) == (0, ""), complaints
        [path] = list_bundles(found.captures)
        assert said == f"{path.name}: use\n"
        send(proxy, echo, "second")
        said = end(process)
    seal = seal_facts(path)
    assert seal
    assert said == (
        f"\nClosed {path} (stopped)\n  2 requests, 0 messages, 0 events, 2 steps\n"
        f"  seal {seal.digest[:16]}, signed by {shown(seal.signer)}\n"
        "  connections to 1 of 1 host were decrypted or without encryption\n"
        "  connections: 2 without encryption\n"
    )
    said = done("verify", root=found.root)
    assert said.startswith(f"intact  {path.name}\nintact  custody.jsonl\n")
    assert said.endswith("\n2 intact\n")
    assert [name for _, name in read_steps(path)] == ["first launch", "use"]
    sent = [(each.request_body, each.phase) for each in read_exchanges(path)]
    assert sent == [(b"first", "first launch"), (b"second", "use")]
    session = read_session(path)
    assert (session.device, session.block, session.repeat) == ("Pixel", "monday", 1)
    assert session.complete
    assert len(session.planted) == 1
    assert told("analyze", root=found.root)["done"] == [path.name]


def test_two_phones_are_recorded_at_once_and_their_steps_are_aligned(
    found: Study, confdir: Path, echo: str, free_ports: int
) -> None:
    words = ("--arm", "KE-13", "--arm", "DE-13", "--mode", "regular", "--host", "127.0.0.1")
    more = ("--port", free_ports, "--confdir", confdir, "--study", found.root)
    process = program("proxy", *words, *more)
    assert process.stdout
    try:
        said = iter(process.stdout.readline, "")
        lines = [next(said)]
        while "Set-up: join a phone" not in lines[-1]:
            lines.append(next(said))
        lines.append(next(said))
        text = "".join(lines)
        assert max(len(line.rstrip("\n")) for line in lines if "http" in line) < 80
        for number, country in enumerate(("KE", "DE")):
            assert f"Recording {country}-13-r01" in text
            assert f"proxy for the phone: 127.0.0.1 port {free_ports + number}" in text
            send(f"http://127.0.0.1:{free_ports + number}", echo, country)
        done("step", "use", root=found.root)
        here = lines[-1].strip()
        token = here.split("/")[-2]
        with httpx.Client(trust_env=False) as browser:
            for address in (here, f"{here.rpartition(token)[0]}setup/{token}/"):
                assert browser.get(address).status_code == 200
            files = re.findall(r"for the phone of (\S+):\n +(http\S+)\n", text)
            assert [arm for arm, _ in files] == ["KE-13", "DE-13"]
            for _, address in files:
                assert browser.get(address).status_code == 200
            assert browser.get(files[0][1].rsplit("/", 2)[0] + "/guessed/").status_code == 404
        said_last = end(process)
    finally:
        if process.poll() is None:
            process.kill()
    assert said_last.count("connections to 1 of 1 host were decrypted or without encryption") == 2
    by_arm = {read_session(path).arm.label: path for path in list_bundles(found.captures)}
    for arm, path in by_arm.items():
        assert [each.request_body for each in read_exchanges(path)] == [arm[:2].encode()]
        assert verify(path) == []
        assert read_session(path).mode == "regular"
    moments = {
        datetime.datetime.fromisoformat(read_session(path).started).timestamp() + t_s
        for path in by_arm.values()
        for t_s, name in read_steps(path)
        if name == "use"
    }
    assert max(moments) - min(moments) < 0.002  # of the start, only milliseconds are written


def test_wireguard_is_the_way_and_never_quietly_another(
    found: Study, confdir: Path, free_ports: int
) -> None:
    where = ("--host", "127.0.0.1", "--port", free_ports, "--confdir", confdir)
    words = ("proxy", "--arm", "KE-13", "--no-page", *where)
    process = program(*words, "--study", found.root)
    assert process.stdout
    assert process.stdout.readline().startswith("Recording KE-13")
    assert f"WireGuard at 127.0.0.1:{free_ports} (UDP)" in process.stdout.readline()
    end(process)
    [path] = list_bundles(found.captures)
    assert read_session(path).mode == "wireguard"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", free_ports))
        line = mistake(*words, root=found.root)
    assert line.startswith(f"UDP port {free_ports} is in use, perhaps by another recording: name")
    assert list_bundles(found.captures) == [path]


def test_where_no_tunnel_can_be_the_phone_joins_by_its_proxy_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refused)
    assert possible_mode("127.0.0.1", None) == (
        "regular",
        "UDP port 51820 cannot be used (Permission denied)",
    )


def test_what_changes_the_app_or_its_traffic_is_in_the_session(found: Study, confdir: Path) -> None:
    words = (
        "--instrumented",
        "frida",
        "--refuse-quic",
        "--upstream",
        "http://me:secret@127.0.0.1:9",
    )
    with recording(found, confdir, *words) as (process, _):
        end(process)
    [path] = list_bundles(found.captures)
    session = read_session(path)
    assert session.instrumented == "frida"
    assert session.policy == ("QUIC refused", "upstream http://127.0.0.1:9")
    assert b"secret" not in (path / "session.json").read_bytes()


def test_a_second_ctrl_c_does_not_break_the_seal(found: Study, confdir: Path, echo: str) -> None:
    with recording(found, confdir) as (process, proxy):
        with httpx.Client(proxy=proxy, trust_env=False) as phone:
            phone.post(f"{echo}/x", content="kept open")
            for _ in range(5):
                process.send_signal(signal.SIGINT)
                time.sleep(0.02)
        _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) in ((0, ""), (-signal.SIGINT, "")), complaints
    [path] = list_bundles(found.captures)
    assert verify(path) == []
    assert read_session(path).complete


@pytest.mark.parametrize(
    ("number", "reason"), [(signal.SIGTERM, "terminated"), (signal.SIGHUP, "terminal closed")]
)
def test_a_shutdown_or_a_closed_terminal_ends_a_session_properly(
    found: Study, confdir: Path, number: int, reason: str
) -> None:
    with recording(found, confdir) as (process, _):
        said = end(process, number)
    [path] = list_bundles(found.captures)
    assert f"Closed {path} ({reason})\n" in said
    assert "nothing was read: does http://phone.check on the phone" in said
    assert verify(path) == []


def test_sessions_are_numbered_and_a_number_can_be_given(found: Study, confdir: Path) -> None:
    for words in (("--repeat", 7), ()):
        with recording(found, confdir, *words) as (process, _):
            end(process)
    numbers = [read_session(path).repeat for path in list_bundles(found.captures)]
    assert numbers == [7, 8]


def test_a_port_that_is_taken_is_a_mistake_and_leaves_no_session(
    found: Study, confdir: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ("proxy", "--arm", "KE-13", "--confdir", confdir, "--host", "127.0.0.1")
        way = ("--mode", "regular", "--no-page")
        line = mistake(*words, *way, "--port", port, root=found.root)
    assert line == (
        f"the proxy cannot listen on 127.0.0.1 port {port} (Address already in use):"
        " choose another port with --port, or another address with --host"
    )
    assert list_bundles(found.captures) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--arm", "XX"), "no arm 'XX' in study.toml: use one of DE-13, KE-13"),
        ((), "nobody is named whose phone it is: use --arm ARM, or --account NAME"),
        (("--account", "ke-1"), "study.toml has no [feed] that says of which arm an account is"),
        (("--arm", "KE-13", "--account", "ke 1"), "'ke 1' is no name of an account"),
        (
            ("--arm", "KE-13", "--account", "a", "--arm", "DE-13", "--account", "a"),
            "an account is named twice",
        ),
        (("--arm", "KE-13", "--port", "0"), "Invalid value for '--port': 0 is not in the range"),
        (("--arm", "KE-13", "--repeat", "0"), "Invalid value for '--repeat': 0 is not in the"),
        (
            ("--arm", "KE-13", "--arm", "KE-13"),
            "an arm is named twice: record one session of an arm at a time",
        ),
        (
            ("--arm", "KE-13", "--upstream", "DE-13=http://127.0.0.1:9"),
            "--upstream names the arm 'DE-13', which is not recorded",
        ),
        (("--arm", "KE-13", "--upstream", "socks5://127.0.0.1:9"), "mitmproxy cannot use a SOCKS"),
        (("--arm", "KE-13", "--geo-db", "junk.mmdb"), "--geo-db alone says nothing"),
        (("--arm", "KE-13", "--check-url", "ftp://x"), "the check url cannot be asked"),
        (("--arm", "KE-13", "--packets", "no-such"), "this machine has no network interface"),
        (("--arm", "KE-13", "--app", "no package"), "'no package' is not an Android package"),
        (
            ("--arm", "KE-13", "--usb", "--arm", "DE-13"),
            "--usb leads one phone to the regular proxy",
        ),
        (("--arm", "KE-13", "--host", "no.such.invalid"), "the proxy cannot listen on no.such.inv"),
        (("--arm", "KE-13", "--confdir", "file"), "Invalid value for '--confdir': Directory 'file"),
        (
            ("--arm", "KE-13", "--confdir", "file/x"),
            "the certificate authority in file/x cannot be",
        ),
        (("--arm", "KE-13", "--confdir", "junk"), "the certificate authority in junk cannot be us"),
    ],
)
def test_a_recording_that_could_not_work_does_not_begin(
    found: Study,
    confdir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("junk").mkdir()
    Path("junk.mmdb").touch()
    Path("junk/mitmproxy-ca.pem").write_text("junk", encoding="utf-8")
    if "--confdir" not in words:
        words = (*words, "--confdir", str(confdir))
    line = mistake("proxy", *words, root=found.root)
    assert line.startswith(complaint)
    assert list_bundles(found.captures) == []


def test_captures_that_cannot_be_written_are_a_mistake(found: Study, confdir: Path) -> None:
    found.captures.touch()
    line = mistake("proxy", "--arm", "KE-13", "--confdir", confdir, root=found.root)
    assert line == f"{found.captures} cannot be read: Not a directory"


def test_a_recording_whose_reader_has_gone_is_still_closed(
    found: Study, confdir: Path, echo: str
) -> None:
    with recording(found, confdir) as (process, proxy):
        assert process.stdout
        send(proxy, echo, "first")
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 141
        assert process.stderr
        assert process.stderr.read() == ""
        process.stdout = None
    [path] = list_bundles(found.captures)
    assert verify(path) == []
    assert len(list(read_exchanges(path))) == 1
