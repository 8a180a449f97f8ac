"""A phone's proxy setting is always put back: at the end, after kill -9, when the cable was out."""

from __future__ import annotations

import http.server
import json
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cli_rig import program, the_line
from fake_phone import FakePhone, connect, own_server, wait_until

from analyzer.errors import UserError
from analyzer.phone import Adb, find_adb, journal, pending_undo, undo_pending, usb_proxy
from analyzer.phone.usb_proxy import renew, take_away

PORT = 18080
OURS = f"127.0.0.1:{PORT}"
BEFORE = "10.1.1.1:3128"


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Iterator[Path]:
    with own_server(tmp_path / "home") as folder:
        yield folder


@pytest.fixture
def phone() -> Iterator[FakePhone]:
    with FakePhone("SECRETNUMBER") as made:
        connect(made)
        yield made


@pytest.fixture
def adb() -> Adb:
    return find_adb()


def files(state: Path) -> list[Path]:
    return sorted(state.glob("*.json"))


@contextmanager
def started(phone: FakePhone, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Run `evenhand phone proxy on` until the phone has its proxy."""
    running = program("phone", "proxy", "on", "--port", PORT, "--serial", phone.serial, *words)
    try:
        assert running.stdout
        assert "Ctrl-C puts it back" in running.stdout.readline(), running.communicate()
        assert phone.proxy == OURS
        yield running
    finally:
        running.kill()
        running.communicate()


def move(phone: FakePhone) -> None:
    """Put the phone in again, at another address."""
    phone.adbd.port = 0
    phone.adbd.plug()
    connect(phone)


@pytest.mark.parametrize(
    ("before", "after"),
    [(BEFORE, BEFORE), ("null", ":0"), (":0", ":0"), ("proxy.example:80", "proxy.example:80")],
)
def test_the_setting_is_what_it_was_when_the_block_ends(
    phone: FakePhone, adb: Adb, state: Path, before: str, after: str
) -> None:
    phone.settings["global", "http_proxy"] = before
    with usb_proxy(adb, phone.serial, PORT) as lasting:
        assert phone.proxy == OURS
        assert phone.reversed == {f"tcp:{PORT}": f"tcp:{PORT}"}
        assert pending_undo() == []  # it is in our hands
    assert phone.proxy == after
    assert phone.reversed == {}
    assert lasting.left == ""
    assert files(state) == []


def test_what_the_phone_sends_arrives_here_through_the_cable(phone: FakePhone, adb: Adb) -> None:
    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with usb_proxy(adb, phone.serial, port):
            got = phone.adbd.ask_host(port, b"GET http://app.example/x HTTP/1.0\r\n\r\n")
        server.shutdown()
    assert got.endswith(b"http://app.example/x")


def test_a_block_that_fails_is_undone_and_its_error_is_its_own(phone: FakePhone, adb: Adb) -> None:
    with pytest.raises(ZeroDivisionError), usb_proxy(adb, phone.serial, PORT):
        raise ZeroDivisionError
    assert (phone.proxy, phone.reversed) == (":0", {})


def test_the_setting_is_never_deleted_because_android_would_go_on_using_it(
    phone: FakePhone, adb: Adb
) -> None:
    with usb_proxy(adb, phone.serial, PORT):
        pass
    assert not any(line.startswith("settings delete") for line in phone.ran)


def test_what_somebody_sets_meanwhile_is_left_alone(phone: FakePhone, adb: Adb) -> None:
    with usb_proxy(adb, phone.serial, PORT) as lasting:
        phone.settings["global", "http_proxy"] = "other.example:9"
        phone.reversed["tcp:9"] = "tcp:9"
    assert phone.proxy == "other.example:9"
    assert phone.reversed == {"tcp:9": "tcp:9"}
    assert lasting.left == ""


def test_a_proxy_that_was_left_by_nobody_known_is_not_put_back(phone: FakePhone, adb: Adb) -> None:
    phone.settings["global", "http_proxy"] = OURS
    with usb_proxy(adb, phone.serial, PORT):
        pass
    assert phone.proxy == ":0"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("global_proxy_pac_url", "http://x/y.pac", "with a script or exceptions"),
        ("global_http_proxy_exclusion_list", "*.local", "with a script or exceptions"),
        ("http_proxy", "x\x1b[31m", "nothing that could be put back"),
        ("http_proxy", "$(reboot):1", "nothing that could be put back"),
    ],
)
def test_a_setting_that_could_not_be_put_back_is_not_touched(
    phone: FakePhone, adb: Adb, state: Path, name: str, value: str, complaint: str
) -> None:
    phone.settings["global", name] = value
    before = dict(phone.settings)
    with pytest.raises(UserError, match=complaint), usb_proxy(adb, phone.serial, PORT):
        raise AssertionError("it must not begin")
    assert phone.settings == before
    assert phone.reversed == {}
    assert files(state) == []


def test_a_port_that_the_phone_uses_already_stays_where_it_leads(
    phone: FakePhone, adb: Adb, state: Path
) -> None:
    phone.reversed[f"tcp:{PORT}"] = "tcp:1"
    with (
        pytest.raises(UserError, match=r"cannot be led here .*cannot rebind.*choose another"),
        usb_proxy(adb, phone.serial, PORT),
    ):
        raise AssertionError("it must not begin")
    assert phone.reversed == {f"tcp:{PORT}": "tcp:1"}
    assert phone.proxy == "null"
    assert files(state) == []


def test_a_phone_that_ignores_the_setting_is_named(phone: FakePhone, adb: Adb) -> None:
    phone.answers[f"settings put global http_proxy {OURS}"] = b""
    with (
        pytest.raises(UserError, match=r"does not take a proxy setting: .*Security settings"),
        usb_proxy(adb, phone.serial, PORT),
    ):
        raise AssertionError("it must not begin")
    assert phone.reversed == {}


def test_one_phone_has_one_usb_proxy_at_a_time(phone: FakePhone, adb: Adb) -> None:
    with usb_proxy(adb, phone.serial, PORT):
        with (
            pytest.raises(UserError, match="has a USB proxy already"),
            usb_proxy(adb, phone.serial, PORT + 1),
        ):
            raise AssertionError("it must not begin")
        with pytest.raises(UserError, match="a running program holds"):
            take_away(adb, phone.serial, PORT)
        assert phone.proxy == OURS
    with usb_proxy(adb, phone.serial, PORT + 1):
        assert phone.proxy == f"127.0.0.1:{PORT + 1}"


def test_the_journal_is_the_owners_and_does_not_name_the_phone(
    phone: FakePhone, adb: Adb, state: Path
) -> None:
    phone.settings["global", "http_proxy"] = BEFORE
    with usb_proxy(adb, phone.serial, PORT):
        [path] = files(state)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        text = path.read_text()
        assert json.loads(text)["before"] == BEFORE
        assert "SECRETNUMBER" not in text
        assert phone.serial not in text


def test_without_a_place_to_remember_nothing_is_changed(
    phone: FakePhone, adb: Adb, state: Path
) -> None:
    state.parent.mkdir(parents=True)
    state.touch()
    with (
        pytest.raises(UserError, match="what has to be undone on the phone cannot be written"),
        usb_proxy(adb, phone.serial, PORT),
    ):
        raise AssertionError("it must not begin")
    assert (phone.proxy, phone.reversed) == ("null", {})


def test_kill_9_leaves_no_proxy_on_the_phone(phone: FakePhone, state: Path) -> None:
    phone.settings["global", "http_proxy"] = BEFORE
    with started(phone) as running:
        running.send_signal(signal.SIGKILL)
        wait_until(lambda: phone.proxy == BEFORE, "the watchdog")
        wait_until(lambda: not files(state), "the journal to be cleared")
    assert phone.reversed == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_that_ends_the_program_undoes(
    phone: FakePhone, state: Path, number: signal.Signals
) -> None:
    phone.settings["global", "http_proxy"] = BEFORE
    with started(phone) as running:
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
    assert running.returncode == 0, err
    assert out == "The phone's proxy setting is as it was.\n"
    assert "nothing listens on port 18080" in the_line(err)
    assert (phone.proxy, phone.reversed, files(state)) == (BEFORE, {}, [])


def test_a_second_ctrl_c_does_not_stop_the_undoing(phone: FakePhone) -> None:
    slow = threading.Event()

    def answer() -> bytes:
        slow.wait(1)
        return OURS.encode()

    with started(phone) as running:
        phone.answers["settings get global http_proxy"] = answer
        running.send_signal(signal.SIGINT)
        wait_until(lambda: phone.ran[-1] == "settings get global http_proxy", "the undoing")
        running.send_signal(signal.SIGINT)
        phone.answers.clear()
        slow.set()
        running.communicate(timeout=20)
    assert running.returncode == 0
    assert phone.proxy == ":0"


def test_a_phone_that_was_unplugged_is_undone_when_it_is_back_at_whatever_address(
    phone: FakePhone, adb: Adb, state: Path
) -> None:
    phone.settings["global", "http_proxy"] = BEFORE
    with started(phone) as running:
        phone.adbd.unplug()
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "then run `evenhand phone undo`: the phone is not as it was" in err
    assert phone.proxy == OURS
    [change] = pending_undo()
    assert (change.kind, change.port, change.before, change.model) == (
        "proxy", PORT, BEFORE, "Pixel 7",
    )  # fmt: skip
    assert str(change).startswith("Pixel 7 has had a USB proxy (port 18080) since 20")
    with FakePhone("ANOTHER") as other:
        connect(other)
        assert undo_pending(adb) == ([], [change])
        assert not any(line.startswith("settings put") for line in other.ran)
    move(phone)
    assert undo_pending(adb) == ([change], [])
    assert (phone.proxy, files(state), pending_undo()) == (BEFORE, [], [])


def test_a_failure_while_the_cable_is_out_says_both(phone: FakePhone, adb: Adb) -> None:
    def fail() -> None:
        with usb_proxy(adb, phone.serial, PORT):
            phone.adbd.unplug()
            raise UserError("it failed")

    with pytest.raises(
        UserError, match=r"^it failed: then run `evenhand phone undo`: the phone is"
    ):
        fail()
    assert [change.port for change in pending_undo()] == [PORT]


def test_a_watchdog_undoes_a_phone_that_comes_back_soon(phone: FakePhone, state: Path) -> None:
    with started(phone) as running:
        phone.adbd.unplug()
        running.send_signal(signal.SIGKILL)
        running.wait(10)
        phone.adbd.plug()
        connect(phone)
        wait_until(lambda: phone.proxy == ":0", "the watchdog", 25)
        wait_until(lambda: not files(state), "the journal to be cleared")


def test_a_cable_that_was_out_is_led_here_again(phone: FakePhone, adb: Adb) -> None:
    with usb_proxy(adb, phone.serial, PORT):
        phone.adbd.unplug()
        assert not renew(adb, phone.serial, PORT)
        phone.adbd.plug()
        connect(phone)
        assert phone.reversed == {}
        assert renew(adb, phone.serial, PORT)
        assert phone.reversed == {f"tcp:{PORT}": f"tcp:{PORT}"}
    assert phone.proxy == ":0"


def test_a_journal_that_was_tampered_with_puts_nothing_on_a_phone(
    phone: FakePhone, adb: Adb, state: Path
) -> None:
    good = {
        "kind": "proxy", "phone": adb.fingerprint(phone.serial), "model": "x", "made": "y",
        "port": PORT, "before": BEFORE, "path": "",
    }  # fmt: skip
    state.mkdir(parents=True)
    wrong: list[object] = [
        {**good, "before": "; reboot"},
        {**good, "before": 7},
        {**good, "port": 70000},
        {**good, "kind": "other"},
        {**good, "kind": "file", "path": "/data/data/x"},
        {**good, "kind": "file", "path": "/sdcard/Download/../x.conf"},
        {**good, "model": "\x1b[31m"},
        {**good, "phone": "x"},
        {**good, "more": 1},
        [good],
        "x",
    ]
    for number, each in enumerate(wrong):
        (state / f"{number}.json").write_text(json.dumps(each))
    (state / "torn.json").write_bytes(b'{"kind": "pro\xff')
    (state / "deep.json").write_text("[" * 4000)
    phone.settings["global", "http_proxy"] = OURS
    assert undo_pending(adb) == ([], [])
    assert phone.proxy == OURS
    assert len(journal.damaged()) == len(wrong) + 2
    (state / "good.json").write_text(json.dumps(good))
    assert [change.before for change in undo_pending(adb)[0]] == [BEFORE]
    assert phone.proxy == BEFORE


def test_a_proxy_that_no_journal_knows_can_be_taken_away(phone: FakePhone, adb: Adb) -> None:
    assert not take_away(adb, phone.serial, PORT)
    phone.settings["global", "http_proxy"] = OURS
    phone.reversed[f"tcp:{PORT}"] = f"tcp:{PORT}"
    assert take_away(adb, phone.serial, PORT)
    assert (phone.proxy, phone.reversed) == (":0", {})
