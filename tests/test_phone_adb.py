"""Phones are found by the real adb, and each that cannot be used comes with its remedy."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_phone import FakePhone, connect, own_server, wait_until

from analyzer.errors import UserError
from analyzer.phone import Adb, PhoneGoneError, find_adb
from analyzer.phone.adb import shown
from analyzer.phone.process import TimedOutError, run_bounded


@pytest.fixture(autouse=True)
def server(tmp_path: Path) -> Iterator[Path]:
    with own_server(tmp_path / "home") as state:
        yield state


def test_a_phone_is_found_and_chosen_without_being_named() -> None:
    with FakePhone() as phone:
        connect(phone)
        found = find_adb().choose()
        assert (found.serial, found.model, found.state) == (phone.serial, "Pixel 7", "device")
        assert found.remedy == ""


def test_without_a_phone_one_is_told_how_to_connect_one() -> None:
    with pytest.raises(UserError, match=r"no phone is connected: plug it in.*USB debugging"):
        find_adb().choose()


def test_a_phone_that_has_not_allowed_this_computer_says_so() -> None:
    with FakePhone(authorised=False) as phone:
        connect(phone)
        adb = find_adb()
        wait_until(lambda: adb.devices()[0].state == "unauthorized", "the key to be refused")
        with pytest.raises(UserError, match=r"is unauthorized: unlock the phone and accept"):
            adb.choose(phone.serial)


def test_of_several_phones_one_has_to_be_named() -> None:
    with FakePhone() as one, FakePhone("PHONE2") as other:
        connect(one)
        connect(other)
        adb = find_adb()
        with pytest.raises(UserError, match="choose with --serial: ") as refused:
            adb.choose()
        assert one.serial in str(refused.value)
        assert other.serial in str(refused.value)
        assert adb.choose(other.serial).serial == other.serial
        with pytest.raises(UserError, match=r"no phone x\\x1b is connected: there are 127"):
            adb.choose("x\x1b")


def test_a_phone_that_is_not_ready_does_not_stand_in_the_way_of_one_that_is() -> None:
    with FakePhone() as one, FakePhone("PHONE2", authorised=False) as other:
        connect(one)
        connect(other)
        assert find_adb().choose().serial == one.serial


def test_a_machine_without_adb_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match="adb is not installed: install it: `apt-get install adb`"):
        find_adb()


def test_a_phone_whose_cable_is_out_is_gone_and_no_answer_is_made_up() -> None:
    with FakePhone() as phone:
        connect(phone)
        adb = find_adb()
        phone.adbd.unplug()
        with pytest.raises(PhoneGoneError, match="plug it in again"):
            adb.line(phone.serial, "getprop", "ro.product.model")
        with pytest.raises(PhoneGoneError):
            adb.reversed_ports(phone.serial)


def test_words_reach_the_phone_as_words_whatever_they_hold() -> None:
    with FakePhone() as phone:
        connect(phone)
        strange = "a b; reboot $(reboot) 'x' \"y\""
        find_adb().shell(phone.serial, "rm", "-f", strange)
        assert phone.ran[-1].startswith("rm -f '")
        assert "reboot" not in [line.split()[0] for line in phone.ran]


def test_an_old_phone_without_exit_codes_is_read_too() -> None:
    with FakePhone() as phone:
        phone.features = "cmd"
        connect(phone)
        assert find_adb().line(phone.serial, "getprop", "ro.product.model") == "Pixel 7"


def test_a_file_arrives_on_the_phone_and_comes_back_as_it_was(tmp_path: Path) -> None:
    body = bytes(range(256)) * 1000
    (tmp_path / "sent").write_bytes(body)
    with FakePhone() as phone:
        connect(phone)
        adb = find_adb()
        adb.push(phone.serial, tmp_path / "sent", "/sdcard/Download/x")
        assert phone.files["/sdcard/Download/x"] == body
        back = tmp_path / "back"
        more = {"timeout_s": 20.0}
        assert adb.pull(phone.serial, "/sdcard/Download/x", back, limit=len(body), **more)
        assert back.read_bytes() == body
        assert not adb.pull(phone.serial, "/sdcard/Download/x", back, limit=len(body) - 1, **more)
        assert not adb.pull(phone.serial, "/none", tmp_path / "none", limit=10, **more)


def test_endless_output_of_a_phone_is_cut() -> None:
    with FakePhone() as phone:
        connect(phone)
        phone.answers["getprop x"] = b"y" * 5_000_000
        adb = find_adb()
        answer = adb.shell(phone.serial, "getprop", "x")
        assert answer.cut
        assert len(answer.out) == 256 * 1024
        assert adb.line(phone.serial, "getprop", "x") == ""


def test_the_fingerprint_of_a_phone_outlives_its_address_and_hides_its_number() -> None:
    with FakePhone("SECRETNUMBER") as phone:
        connect(phone)
        adb = find_adb()
        before = adb.fingerprint(phone.serial)
        phone.adbd.unplug()
        phone.adbd.port = 0
        phone.adbd.plug()
        connect(phone)
        assert adb.fingerprint(phone.serial) == before
        assert "SECRET" not in before
    with FakePhone("ANOTHER") as phone:
        connect(phone)
        assert adb.fingerprint(phone.serial) != before


def test_what_a_phone_says_is_shown_without_its_control_characters() -> None:
    assert shown("a\x1b[31m\nb\u202e") == r"a\x1b[31m\nb\u202e"
    assert shown("Ünï 7") == "Ünï 7"
    assert shown("x" * 500) == "x" * 120 + "..."


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_has_its_time_and_no_more() -> None:
    began = time.monotonic()
    with pytest.raises(TimedOutError):
        run_bounded(python("import time; time.sleep(60)"), timeout_s=0.5, limit=10)
    assert time.monotonic() - began < 10
    answer = run_bounded(python("import sys; print('x'); sys.exit(3)"), timeout_s=20, limit=10)
    assert (answer.code, answer.out, answer.err, answer.cut) == (3, b"x\n", b"", False)


def test_a_program_is_ended_when_it_says_too_much_or_somebody_says_so() -> None:
    flood = python("while True: print('x' * 1000)")
    answer = run_bounded(flood, timeout_s=20, limit=5000)
    assert answer.cut
    assert len(answer.out) == 5000
    quiet = python("import time; time.sleep(60)")
    assert run_bounded(quiet, timeout_s=20, limit=10, unless=lambda: True).cut


def test_a_child_that_keeps_the_pipes_open_is_not_waited_for() -> None:
    leaves = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(8)']).pid)"
    )
    began = time.monotonic()
    answer = run_bounded(python(leaves), timeout_s=20, limit=100)
    assert time.monotonic() - began < 6
    assert answer.code == 0
    assert int(answer.out) > 0


def test_an_adb_that_cannot_be_run_is_the_users_to_put_right() -> None:
    with pytest.raises(UserError, match="adb cannot be run"):
        Adb("/nowhere/adb").devices()
