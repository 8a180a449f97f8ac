"""`doctor`: each thing a capture needs is looked at, and what is bad comes with its remedy."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest
from cli_rig import done, mistake, run, told
from ports import free_port
from recording import STUDY, study

from analyzer.cli import health
from analyzer.cli.health import Check, examine, lan_addresses
from reports import chromium

NAMES = (
    "Python",
    "mitmproxy",
    "port",
    "address for the phone",
    "study",
    "rights",
    "disk",
    "clock",
    "Chromium",
    "WireGuard, UDP port 51820",
    "IPv6",
    "certificate authority",
    "adb",
    "country databases",
    "packets",
)


@pytest.fixture
def port() -> int:
    return free_port("")


def check(name: str, folder: Path, port: int = 8080) -> Check:
    [found] = [each for each in examine(folder, port) if each.what.startswith(name)]
    return found


def test_every_check_has_a_state_and_what_is_not_well_a_remedy(tmp_path: Path, port: int) -> None:
    words = ("--port", port, "--confdir", tmp_path / "conf")
    checks = told("doctor", *words, root=study(tmp_path).root)
    assert [each["what"].partition(" 1")[0].partition(f" {port}")[0] for each in checks] == [*NAMES]
    for each in checks:
        assert each["state"] in ("ok", "note")
        assert bool(each["fix"]) == (each["state"] != "ok")


def test_people_get_a_line_for_each_and_the_remedy_under_it(tmp_path: Path, port: int) -> None:
    said = done("doctor", "--port", port, root=tmp_path).splitlines()
    assert f"  ok  port {port}: free" in said
    note = said.index(f"note  study: no study.toml in {tmp_path}")
    assert said[note + 1] == "      evenhand init DIR"


def test_a_port_that_is_taken_is_bad(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = done("doctor", "--port", port, root=tmp_path, code=1)
    assert f" bad  port {port}: Address already in use\n      end what uses it, or " in said
    assert "evenhand proxy --port" in said
    assert "65536 is not in the range" in mistake("doctor", "--port", 65536)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("age = 13", "age = 999"), "arms.DE-13.age is 999"),
        (("person.email", "person.emial"), "study.toml names person.emial, which nobody knows"),
        (('"KE", age', '"QQ", age'), "study.toml names QQ, which nobody knows"),
    ],
)
def test_a_study_that_cannot_be_right_is_bad(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    (tmp_path / "study.toml").write_text(STUDY.replace(*change), encoding="utf-8")
    found = check("study", tmp_path)
    assert found.state == "bad"
    assert complaint in found.found
    assert found.fix


def test_a_study_that_nobody_has_edited_is_a_note(tmp_path: Path) -> None:
    done("init", tmp_path / "study")
    found = check("study", tmp_path / "study")
    assert found.state == "note"
    assert found.fix == "write the app's own name and domains into study.toml"


def test_a_folder_that_is_not_there_yet_is_judged_by_what_there_is(tmp_path: Path) -> None:
    for folder in (tmp_path / "a" / "b" / "c", Path("gone/away")):
        assert check("rights", folder).state == check("disk", folder).state == "ok"
        assert check("study", folder).state == "note"
    assert check("rights", tmp_path / "a").found == f"{tmp_path} can be written"


def test_a_disk_that_is_almost_full_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil._ntuple_diskusage(10, 9, health.GB - 1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert check("disk", tmp_path) == Check(
        "disk", "bad", "999.0 MB free", "make room: a session may take a gigabyte"
    )


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ("yes\n", "ok", ", synchronised"),
        ("no\n", "note", ", not synchronised"),
        ("", "note", "UTC"),
    ],
)
def test_the_clock_is_as_good_as_the_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, state: str, words: str
) -> None:
    completed = subprocess.CompletedProcess([], 0, answer, "")
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: completed)
    found = check("clock", tmp_path)
    assert found.state == state
    assert found.found.endswith(words)


def test_a_clock_before_this_program_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert check("clock", tmp_path).state == "bad"


def test_a_clock_that_nobody_can_vouch_for_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "nothing here says whether it is synchronised" in check("clock", tmp_path).fix


@pytest.mark.parametrize(
    ("version", "state"), [("11.0.2", "note"), ("12.1.0", "ok"), (None, "bad")]
)
def test_mitmproxy_is_judged_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, state: str
) -> None:
    def answer(name: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", answer)
    assert check("mitmproxy", tmp_path).state == state


def test_a_python_that_is_too_new_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert check("Python", tmp_path) == Check(
        "Python", "bad", "3.14.0", "use Python 3.11, 3.12 or 3.13"
    )
    assert run("doctor", root=tmp_path).exit_code == 1


def test_without_chromium_only_the_tests_suffer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(chromium, "_APPS", ())
    monkeypatch.setenv("HOME", str(tmp_path))  # Playwright keeps one there
    assert chromium.find_chromium() is None
    assert check("Chromium", tmp_path).state == "note"


def test_a_machine_without_a_network_has_no_address_for_a_phone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    assert lan_addresses() == []
    found = check("address for the phone", tmp_path)
    assert (found.state, found.found) == ("note", "none but this machine itself")
