"""`evenhand phone` over the real adb: what it says, stores and leaves behind."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_rig import done, mistake, program, run, told
from fake_phone import FakePhone, connect, own_server, wait_until
from recording import study

from analyzer.bundle import BundleWriter, new_session
from analyzer.joining.wireguard import Keys, android_config, make_key
from analyzer.phone import find_adb, journal
from analyzer.phone.journal import Change
from analyzer.readers.bundle import read_measured

APP = "com.example.app"


@pytest.fixture(autouse=True)
def state(tmp_path: Path) -> Iterator[Path]:
    with own_server(tmp_path / "home") as folder:
        yield folder


@pytest.fixture
def phone() -> Iterator[FakePhone]:
    with FakePhone("SECRETNUMBER") as made:
        made.install(APP, "1.4.2", {"base.apk": b"x"})
        connect(made)
        yield made


def recording(root: Path, arm: str = "KE-13") -> BundleWriter:
    found = study(root)
    session = new_session(found, found.arm(arm), origin="proxy")
    return BundleWriter.create(found.captures, session, phase="use")


def test_the_list_says_what_to_do_with_each_phone(phone: FakePhone) -> None:
    with FakePhone("OTHER", authorised=False) as other:
        connect(other)
        adb = find_adb()
        wait_until(
            lambda: "unauthorized" in [device.state for device in adb.devices()], "the refusal"
        )
        lines = done("phone", "list").splitlines()
        assert f"{phone.serial} (Pixel 7)  device" in lines
        at = lines.index(f"{other.serial}  unauthorized")
        assert lines[at + 1] == "  unlock the phone and accept `Allow USB debugging`"
        states = {each["serial"]: each["state"] for each in told("phone", "list")}
        assert states == {phone.serial: "device", other.serial: "unauthorized"}


def test_without_a_phone_or_adb_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistake("phone", "list").startswith("no phone is connected: plug it in")
    assert run("phone", "list", "--json").exit_code == 1
    monkeypatch.setenv("PATH", "/nowhere")
    for words in (["list"], ["facts"], ["undo"], ["proxy", "on"], ["tunnel", "x.conf"]):
        assert mistake("phone", *words).startswith("adb is not installed: install it")


def test_a_phone_that_cannot_be_used_makes_the_list_fail() -> None:
    with FakePhone(authorised=False) as other:
        connect(other)
        result = run("phone", "list")
        assert result.exit_code == 1
        assert "accept `Allow USB debugging`" in result.stdout


def test_the_facts_are_shown_without_a_study(phone: FakePhone) -> None:
    text = done("phone", "facts", "--app", APP)
    assert "     sim country  KE\n" in text
    assert f"     app version  {APP} 1.4.2 (1402)\n" in text
    assert "contradiction" not in text
    assert "SECRETNUMBER" not in text


def test_facts_that_contradict_the_arm_are_named_and_stored_all_the_same(
    phone: FakePhone, tmp_path: Path
) -> None:
    phone.properties["gsm.sim.operator.iso-country"] = "de"
    writer = recording(tmp_path / "study")
    text = done("phone", "facts", "--arm", "KE-13", "--app", APP, root=tmp_path / "study")
    assert "contradiction: the SIM is of DE, the arm of KE\n" in text
    assert "contradiction: the app is 1.4.2, the study says 1.0" in text
    assert text.endswith(f"Stored in {writer.path.name}\n")
    stored = {row.topic: row.value for row in read_measured(writer.path)}
    assert stored["sim_country"] == "DE"
    assert stored["time_zone"] == "Africa/Nairobi"
    assert stored["app_version"] == f"{APP} 1.4.2 (1402)"
    assert {row.source for row in read_measured(writer.path)} == {"adb"}
    assert "SECRETNUMBER" not in str(stored)
    writer.close("stopped")


def test_facts_are_for_the_session_that_is_named(phone: FakePhone, tmp_path: Path) -> None:
    root = tmp_path / "study"
    kenya, germany = recording(root), recording(root, "DE-13")
    found = told("phone", "facts", "--session", germany.path.name[:12], "--study", root)
    assert found["stored"] == germany.path.name
    assert "the SIM is of KE, the arm of DE" in found["contradictions"]
    assert {"topic": "sim_country", "value": "KE"} in found["measured"]
    assert not list(read_measured(kenya.path))
    assert list(read_measured(germany.path))
    for writer in (kenya, germany):
        writer.close("stopped")
    line = mistake("phone", "facts", "--session", germany.path.name, root=root)
    assert line == f"{germany.path.name} is not being recorded: start `evenhand proxy` first"


def test_an_arm_without_a_session_is_compared_and_nothing_stored(
    phone: FakePhone, tmp_path: Path
) -> None:
    study(tmp_path / "study")
    result = run("phone", "facts", "--arm", "DE-13", root=tmp_path / "study")
    assert result.exit_code == 0
    assert "the time zone is Africa/Nairobi, the arm expects Europe/Berlin" in result.stdout
    assert "not stored, as no session of DE-13 is being recorded" in result.stderr
    assert "no arm 'XX'" in mistake("phone", "facts", "--arm", "XX", root=tmp_path / "study")


def test_hostile_answers_reach_no_terminal(phone: FakePhone) -> None:
    phone.properties["persist.sys.timezone"] = "\x1b[2J\x07evil"
    phone.properties["ro.product.manufacturer"] = "A\u202eB"
    result = run("phone", "facts")
    assert "note: no usable answer to persist.sys.timezone" in result.stderr
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


def test_two_phones_want_a_name(phone: FakePhone) -> None:
    with FakePhone("OTHER") as other:
        connect(other)
        line = mistake("phone", "facts")
        assert line.startswith("several phones are connected: choose with --serial: ")
        assert "sim country" in done("phone", "facts", "--serial", other.serial)
        assert mistake("phone", "facts", "--serial", "X").startswith("no phone X is connected")


def test_a_tunnel_waits_for_enter_and_removes_the_key(phone: FakePhone, tmp_path: Path) -> None:
    phone.install("com.wireguard.android", "1.0", {"base.apk": b"x"})
    config = tmp_path / "KE-13.conf"
    config.write_text(android_config(Keys(make_key(), make_key()), "192.0.2.7", 51820).text)
    with program("phone", "tunnel", config, stdin=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdin
        said = "".join(running.stdout.readline() for _ in range(3))
        assert "tap +, Import from file or archive, Downloads, KE-13.conf" in said
        assert phone.files["/sdcard/Download/KE-13.conf"] == config.read_bytes()
        running.stdin.write("\n")
        running.stdin.flush()
        assert running.wait(20) == 0
        assert running.stdout.read() == "KE-13.conf is removed from the phone.\n"
    assert "/sdcard/Download/KE-13.conf" not in phone.files


def test_a_tunnel_does_not_wait_for_ever(phone: FakePhone, tmp_path: Path) -> None:
    phone.install("com.wireguard.android", "1.0", {"base.apk": b"x"})
    config = tmp_path / "KE-13.conf"
    config.write_text(android_config(Keys(make_key(), make_key()), "192.0.2.7", 51820).text)
    assert "is removed from the phone" in done("phone", "tunnel", config, "--wait", 0.2)
    assert "name the configuration" in mistake("phone", "tunnel")


def test_what_was_left_is_undone_by_the_next_command_and_said(
    phone: FakePhone, state: Path
) -> None:
    phone.settings["global", "http_proxy"] = "127.0.0.1:8080"
    phone.files["/sdcard/Download/x.conf"] = b"key"
    known = find_adb().fingerprint(phone.serial)
    for change in (
        Change("proxy", known, "Pixel 7", "2026-11-22T10:00:00Z", 8080, "10.1.1.1:3128"),
        Change("file", known, "Pixel 7", "2026-11-22T10:00:00Z", path="/sdcard/Download/x.conf"),
    ):
        journal.write(change).close()  # as a machine leaves it that lost its power
    result = run("phone", "list")
    assert result.exit_code == 0
    since = "since 2026-11-22T10:00:00Z"
    said = "evenhand: note: undone: Pixel 7 has had a"
    assert set(result.stderr.splitlines()) == {
        f"{said} USB proxy (port 8080) {since}",
        f"{said} tunnel's private key in /sdcard/Download/x.conf {since}",
    }
    assert phone.proxy == "10.1.1.1:3128"
    assert "/sdcard/Download/x.conf" not in phone.files
    assert list(state.glob("*")) == []
    assert done("phone", "undo") == "Nothing is left to undo.\n"


def test_a_phone_that_is_not_there_stays_on_the_list_of_what_is_to_undo(state: Path) -> None:
    journal.write(Change("proxy", "0" * 32, "Pixel 7", "2026-11-22T10:00:00Z", 8080)).close()
    for words in (["undo"], ["tunnel", "--clean"]):
        assert mistake("phone", *words) == (
            "not undone yet: Pixel 7 has had a USB proxy (port 8080) since 2026-11-22T10:00:00Z: "
            "connect that phone, then run `evenhand phone undo`"
        )
    assert len(list(state.glob("*.json"))) == 1
    assert done("phone", "undo", "--forget") == (
        "Forgotten: Pixel 7 has had a USB proxy (port 8080) since 2026-11-22T10:00:00Z\n"
        "Nothing is left to undo.\n"
    )
    assert list(state.glob("*")) == []


def test_a_damaged_journal_sends_a_person_to_the_phone(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "x.json").write_text("torn")
    result = run("phone", "undo")
    assert "x.json is damaged: look whether a phone has a proxy set" in result.stderr
    assert not run("phone", "undo", "--forget").stderr
    assert list(state.glob("*")) == []


def test_a_proxy_is_taken_away_by_off(phone: FakePhone) -> None:
    assert done("phone", "proxy", "off") == "The phone has no USB proxy.\n"
    phone.settings["global", "http_proxy"] = "127.0.0.1:8080"
    assert done("phone", "proxy", "off") == "The USB proxy is taken away.\n"
    assert phone.proxy == ":0"


def test_unpinning_is_prepared_and_says_how_to_record_it(
    phone: FakePhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trustme

    clone = tmp_path / "clone"
    (clone / "android").mkdir(parents=True)
    (clone / "android/android-certificate-unpinning.js").touch()
    (clone / "config.js").write_text(
        "const CERT_PEM = `x`;\nconst PROXY_HOST = '127.0.0.1';\nconst PROXY_PORT = 8000;\n"
    )
    confdir = tmp_path / "confdir"
    words = ["phone", "unpin", "--app", APP, "--scripts", clone, "--confdir", confdir]
    words += ["--session-dir", tmp_path / "out"]
    assert "start the proxy once" in mistake(*words)
    confdir.mkdir()
    trustme.CA().cert_pem.write_to_path(confdir / "mitmproxy-ca-cert.pem")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "adb").symlink_to(shutil.which("adb") or "")
    monkeypatch.setenv("PATH", str(tools))
    assert mistake(*words).startswith("frida is not installed")
    (tools / "frida").write_text("#!/bin/sh\n")
    (tools / "frida").chmod(0o755)
    result = run(*words)
    assert result.exit_code == 0
    assert "frida-server does not run on the phone" in result.stderr
    assert "  evenhand proxy --instrumented frida --arm ARM\n" in result.stdout
    assert f"  frida -U -f {APP} -l {tmp_path}/out/config.js -l {clone}/android/" in result.stdout
    assert "BEGIN CERTIFICATE" in (tmp_path / "out/config.js").read_text()
    phone.running.add("frida-server")
    assert not run(*words).stderr
