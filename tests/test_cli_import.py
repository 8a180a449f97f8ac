"""`import`: files of other programs become sessions; what is refused is refused in one line."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from cli_rig import done, har_file, mistake, run, the_line, told
from foreign_files import har, har_entry, make_study

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.readers.bundle import read_exchanges


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_study(tmp_path / "study").root


def sessions(root: Path) -> list[Path]:
    return list_bundles(root / "captures")


def test_each_file_becomes_a_sealed_session_of_the_arm(root: Path, tmp_path: Path) -> None:
    files = [har_file(tmp_path / f"{name}.har", f"a={name}") for name in ("one", "two")]
    said = done("import", *files, "--arm", "KE-13", "--block", "monday", root=root).splitlines()
    first, second = sessions(root)
    assert said == [
        f"one.har: 1 of 1 entries -> {first.name}",
        f"two.har: 1 of 1 entries -> {second.name}",
    ]
    assert first.name.startswith("KE-13-r01-")
    assert second.name.startswith("KE-13-r02-")
    assert verify(first) == verify(second) == []
    assert read_session(first).block == "monday"


def test_the_phase_is_the_first_or_the_one_that_is_named(root: Path, tmp_path: Path) -> None:
    for number, words in enumerate([[], ["--phase", "use"]]):
        file = har_file(tmp_path / f"{number}.har", f"a={number}")
        done("import", file, "--arm", "KE-13", *words, root=root)
    phases = [next(read_exchanges(path)).phase for path in sessions(root)]
    assert phases == ["first launch", "use"]


def test_json_says_what_became_of_each_file(root: Path, tmp_path: Path) -> None:
    file = har_file(tmp_path / "x.har", "a=1")
    assert told("import", file, "--arm", "KE-13", root=root) == [
        {
            "file": str(file),
            "session": sessions(root)[0].name,
            "read": 1,
            "total": 1,
            "problems": [],
        }
    ]


def test_a_damaged_file_says_how_much_of_it_was_read(root: Path, tmp_path: Path) -> None:
    whole = har(*(har_entry(f"https://api.pebblo.example/{n}") for n in range(3)))
    (tmp_path / "torn.har").write_bytes(whole[:-200])
    said = done("import", tmp_path / "torn.har", "--arm", "KE-13", root=root)
    assert "torn.har: 2 entries, then the file is damaged -> " in said
    assert not read_session(sessions(root)[0]).complete


def test_what_cannot_be_imported_is_named_and_the_others_are_imported(
    root: Path, tmp_path: Path
) -> None:
    good = [har_file(tmp_path / f"{name}.har", f"a={name}") for name in ("a", "c")]
    (tmp_path / "b.txt").write_text("not a capture", encoding="utf-8")
    files = [good[0], tmp_path / "b.txt", good[1]]
    result = run("import", *files, "--arm", "KE-13", root=root)
    assert result.exit_code == 1
    assert len(sessions(root)) == len(result.stdout.splitlines()) == 2
    assert the_line(result.stderr).startswith(f"{tmp_path / 'b.txt'} is no capture that evenhand")

    again = run("import", *files, "--arm", "KE-13", "--json", root=root)
    assert again.exit_code == 1
    assert len(again.stderr.splitlines()) == 3
    assert '"refused": ' in again.stdout
    assert len(sessions(root)) == 2


def test_a_file_that_the_study_has_is_refused(root: Path, tmp_path: Path) -> None:
    file = har_file(tmp_path / "x.har", "a=1")
    done("import", file, "--arm", "KE-13", root=root)
    [session] = sessions(root)
    line = mistake("import", file, "--arm", "KE-13", root=root)
    assert line == f"{file} is in the arm already, as {session.name}: leave it out"


def test_a_session_of_another_study_is_taken_over(root: Path, tmp_path: Path) -> None:
    file = har_file(tmp_path / "x.har", "a=1")
    other = make_study(tmp_path / "other").root
    done("import", file, "--arm", "KE-13", root=other)
    line = mistake("import", sessions(other)[0], "--arm", "DE-13", root=root)
    assert "was recorded as KE, 13 years, consent none, which is not the arm 'DE-13'" in line
    done("import", sessions(other)[0], "--arm", "KE-13", root=root)
    assert read_session(sessions(root)[0]).origin == "bundle"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty: export it again"),
        (b"GIF89a", "is no capture that evenhand knows: use HAR, a mitmproxy flow dump, pcap, "),
        (b"{}", "is JSON but not a HAR: a HAR has a list log.entries"),
        (b"\x1f\x8b\x08garbage", "is broken: nothing in it can be unpacked: copy it again"),
        (b"PK\x03\x04garbage", "is a damaged or locked zip file: zip it again"),
        (b'{"log": {"entries": []}}', "is a HAR without entries: export it again"),
        (b'{"log": {"entries": [{"a":' + b"[" * 9000, "export it again"),
        (b"\xd4\xc3\xb2\xa1" + bytes(20), ""),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(
    root: Path, tmp_path: Path, content: bytes, complaint: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert complaint in mistake("import", tmp_path / "file", "--arm", "KE-13", root=root)
    assert sessions(root) == []


def test_mistakes_in_the_words_are_found_before_anything_is_read(
    root: Path, tmp_path: Path
) -> None:
    file = har_file(tmp_path / "x.har", "a=1")
    kinds = "use HAR, a mitmproxy flow dump, pcap, pcapng or a session bundle"
    for words, complaint in (
        ((file, "--arm", "XX"), "no arm 'XX' in study.toml: use one of KE-13, DE-13"),
        (
            (file, file, "--arm", "KE-13", "--phase", "x"),
            "no phase 'x' in study.toml: use one of first launch, use",
        ),
        (
            (tmp_path / "gone", "--arm", "KE-13"),
            f"{tmp_path / 'gone'} does not exist: check the name",
        ),
        ((file,), "whose recordings are they?: say --arm ARM, or --beside SESSION"),
        (
            (tmp_path, "--arm", "KE-13"),
            f"{tmp_path} is a folder but not a closed session bundle: {kinds}",
        ),
    ):
        assert mistake("import", *words, root=root) == complaint
    assert sessions(root) == []


def test_a_pipe_is_refused_rather_than_waited_for(root: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    line = mistake("import", tmp_path / "pipe", "--arm", "KE-13", root=root)
    assert line == f"{tmp_path / 'pipe'} is not a file: save what it gives to a file first"


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="macOS refuses such names itself")
def test_a_name_that_is_no_text_is_shown_as_well_as_it_can_be(root: Path, tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.har"))
    har_file(file, "a=1")
    assert "1 of 1 entries" in done("import", file, "--arm", "KE-13", root=root)
    shutil.rmtree(root / "captures")
    file.write_bytes(b"no")
    mistake("import", file, "--arm", "KE-13", root=root)


def dumps(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_every_dump_of_others_is_imported_or_refused_in_one_line(
    shared_data: Path, root: Path
) -> None:
    found = dumps(shared_data / "mitmproxy-dumps")
    assert len(found) > 30
    imported = 0
    for path in found:
        result = run("import", path, "--arm", "KE-13", root=root)
        if result.exit_code == 0:
            imported += 1
            assert result.stdout.startswith(f"{path.name}: ")
            assert not result.stderr
        else:
            assert result.exit_code == 1
            assert not result.stdout
            the_line(result.stderr)
    assert imported == len(sessions(root)) > 15
    assert all(verify(path) == [] for path in sessions(root))
