from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign_files import (
    PHONE,
    SERVER,
    dump,
    har,
    har_entry,
    http_flow,
    make_study,
    pcap,
    udp,
    websocket_flow,
    written,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.errors import UserError
from analyzer.models import Exchange
from analyzer.readers import har as har_reader
from analyzer.readers import unpacking
from analyzer.readers.bundle import read_events, read_exchanges, read_steps
from analyzer.readers.importing import Imported, import_files
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return written(tmp_path / "first.har", har(har_entry(), har_entry("https://b.example/x?y=1")))


def take(study: Study, path: Path, arm: str = "KE-13", **place: object) -> Imported:
    (imported,) = import_files(study, arm, [path], **place)  # type: ignore[arg-type]
    return imported


def exchanges(study: Study, imported: Imported) -> list[Exchange]:
    return list(read_exchanges(study.captures / imported.session.id))


def outcome(study: Study, path: Path) -> Imported | str:
    """What was imported, or the line with which it was refused."""
    try:
        return take(study, path)
    except UserError as error:
        return str(error)


def refusal(study: Study, path: Path, arm: str = "KE-13") -> str:
    """The line with which a file is refused; nothing of it is left behind."""
    before = list_bundles(study.captures)
    with pytest.raises(UserError) as refused:
        take(study, path, arm)
    assert "\n" not in str(refused.value)
    assert list_bundles(study.captures) == before
    assert sorted(study.captures.glob("*")) == before
    return str(refused.value)


def test_a_har_becomes_a_sealed_session_of_its_arm(study: Study, capture: Path) -> None:
    imported = take(study, capture, phase="use", block="spring", device="Pixel 7")
    session = read_session(study.captures / imported.session.id)
    assert verify(study.captures / session.id) == []
    assert session == imported.session
    assert session.id.startswith("KE-13-r01-20261122T100000Z-")
    assert session.arm == study.arms["KE-13"]
    assert (session.origin, session.block, session.device) == ("har", "spring", "Pixel 7")
    assert session.started == session.ended == "2026-11-22T10:00:00.000Z"
    assert session.end_reason == "imported"
    assert session.complete
    assert [(e.url, e.phase) for e in exchanges(study, imported)] == [
        ("https://api.pebblo.example/start", "use"),
        ("https://b.example/x?y=1", "use"),
    ]
    assert read_steps(study.captures / session.id) == ((0.0, "use"),)


def test_the_name_and_sha256_of_the_source_stay_with_the_session(
    study: Study, capture: Path
) -> None:
    tools = dict(take(study, capture).session.tools)
    assert tools["source-name"] == "first.har"
    assert tools["source-format"] == "har"
    assert tools["source:WebInspector"] == "1"
    assert len(tools["source-sha256"]) == 64


def test_each_file_is_a_session_of_its_own_with_the_next_repeat(
    study: Study, capture: Path, tmp_path: Path
) -> None:
    second = written(tmp_path / "a.mitm", dump(websocket_flow()))
    third = written(tmp_path / "b.pcap", pcap(udp(PHONE, 1, SERVER, 2, b"xy")))
    imported = import_files(study, "KE-13", [capture, second, third])
    assert [one.session.repeat for one in imported] == [1, 2, 3]
    assert [one.session.origin for one in imported] == ["har", "mitm", "pcap"]
    assert [e.id for e in exchanges(study, imported[1])] == ["1", "1.w1", "1.w2"]
    (event,) = read_events(study.captures / imported[2].session.id)
    assert (event.host, event.bytes_up) == (SERVER, 2)


def test_the_digests_of_the_personas_values_are_written_down(study: Study, capture: Path) -> None:
    assert take(study, capture, planted=("aa", "bb")).session.planted == ("aa", "bb")


def test_the_kind_is_told_from_the_content_and_not_from_the_name(
    study: Study, tmp_path: Path
) -> None:
    disguised = written(tmp_path / "really.pcap", har(har_entry()))
    assert take(study, disguised).session.origin == "har"
    as_dump = written(
        tmp_path / "flows.mitm", b"\xef\xbb\xbf" + har(har_entry("https://c.example/"))
    )
    assert take(study, as_dump).session.origin == "har"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_compressed_files_are_unpacked(study: Study, tmp_path: Path, pack: object) -> None:
    content = har(har_entry())
    packed = gzip.compress(content) if pack is gzip.compress else zlib.compress(content, 9)
    path = written(tmp_path / "x.zhar", packed)
    assert take(study, path).extent == "1 of 1 entries"


def test_gzip_in_several_members_is_one_file(study: Study, tmp_path: Path) -> None:
    content = har(har_entry())
    path = written(tmp_path / "x.gz", gzip.compress(content[:50]) + gzip.compress(content[50:]))
    assert take(study, path).extent == "1 of 1 entries"


def test_a_torn_compressed_file_gives_what_came_before(study: Study, tmp_path: Path) -> None:
    content = har(*(har_entry(f"https://a.example/{os.urandom(40).hex()}") for _ in range(40)))
    path = written(tmp_path / "x.har.gz", gzip.compress(content)[:-400])
    imported = take(study, path)
    assert 0 < imported.read < 40
    assert imported.total is None
    assert "the compressed file ends too early or is damaged" in imported.session.partial


def test_a_bomb_is_refused(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_UNPACKED", 1 << 20)
    path = written(tmp_path / "x.har.gz", gzip.compress(b"{" + b" " * (3 << 20)))
    assert "unpacks to more than 1 MiB" in refusal(study, path)


def test_a_partial_file_says_how_many_of_how_many(study: Study, tmp_path: Path) -> None:
    path = written(tmp_path / "x.har", har(har_entry(), {"bad": 1}, [], har_entry()))
    imported = take(study, path)
    assert (imported.read, imported.total, imported.extent) == (2, 4, "2 of 4 entries")
    assert imported.session.partial == ("read 2 of 4 entries",)
    assert not imported.session.complete
    assert {(problem.code, problem.detail) for problem in imported.problems} == {
        ("bad_entry", "not a HAR entry (2 times)"),
        ("damaged", "read 2 of 4 entries"),
    }
    assert dict(imported.session.counts)["problem:bad_entry"] == 2


def test_a_torn_dump_says_where_the_damage_begins(study: Study, tmp_path: Path) -> None:
    raw = dump(*(http_flow(number) for number in range(20)))
    imported = take(study, written(tmp_path / "x.mitm", raw + raw[:200]))
    assert imported.extent == "20 flows, then the file is damaged"
    assert len(exchanges(study, imported)) == 20
    assert imported.session.partial == ("read 20 flows, then the file is damaged",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "is empty"),
        (b"hello", "no capture that evenhand knows"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "no capture"),
        (b"\x1f\x8b" + b"\x00" * 30, "nothing in it can be unpacked"),
        (b"PK\x03\x04" + b"\x00" * 30, "damaged or locked zip"),
        (har({"bad": 1}), "0 of 1 entries"),
        (pcap(b"wifi", link=105), "0 of 1 packets"),
        (dump(http_flow()).replace(b"7:request;", b"7:reqXest;"), "0 of 1 flows"),
    ],
)
def test_what_holds_nothing_readable_is_refused_in_one_line(
    study: Study, tmp_path: Path, content: bytes, line: str
) -> None:
    assert line in refusal(study, written(tmp_path / "x", content))


def test_what_is_not_there_is_refused_in_one_line(study: Study, tmp_path: Path) -> None:
    assert "does not exist" in refusal(study, tmp_path / "none.har")
    assert "not a closed session bundle" in refusal(study, tmp_path)


def test_arms_and_phases_must_exist(study: Study, capture: Path) -> None:
    with pytest.raises(UserError, match="no arm 'FR-13'"):
        take(study, capture, "FR-13")
    with pytest.raises(UserError, match=r"no phase 'used'.*use one of first launch, use"):
        take(study, capture, phase="used")
    with pytest.raises(UserError, match="one file at a time"):
        import_files(study, "KE-13", [capture, capture], repeat=2)


def test_a_failure_says_how_many_files_were_imported_before(
    study: Study, capture: Path, tmp_path: Path
) -> None:
    bad = written(tmp_path / "bad.har", b"nothing")
    with pytest.raises(UserError, match="1 files before it were imported"):
        import_files(study, "KE-13", [capture, bad])
    assert len(list_bundles(study.captures)) == 1


def test_an_import_that_is_interrupted_leaves_nothing(
    study: Study, capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> Iterator[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(har_reader, "_messages", interrupted)
    with pytest.raises(KeyboardInterrupt):
        take(study, capture)
    assert list(study.captures.iterdir()) == []


def test_markup_and_control_characters_in_what_made_the_file_are_tamed(
    study: Study, tmp_path: Path
) -> None:
    path = written(tmp_path / "x.har", har(har_entry(), creator="Evil\n\u202e\x00"))
    names = [name for name, _ in take(study, path).session.tools]
    assert "source:Evil???" in names


# Whatever it is given


@pytest.mark.parametrize("seed", ["har", "mitm", "pcap", "gz"])
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(noise=st.binary(max_size=60), place=st.integers(0, 10**6), cut=st.booleans())
def test_any_bytes_are_imported_or_refused(
    study: Study, seed: str, noise: bytes, place: int, cut: bool
) -> None:
    whole = {
        "har": har(har_entry(), har_entry(_webSocketMessages=[{"type": "send", "data": "x"}])),
        "mitm": dump(websocket_flow(), http_flow(1)),
        "pcap": pcap(udp(PHONE, 1, SERVER, 2, b"xy")),
        "gz": gzip.compress(har(har_entry())),
    }[seed]
    at = place % len(whole)
    content = whole[:at] + noise + (b"" if cut else whole[at + len(noise) :])
    with tempfile.TemporaryDirectory() as folder:
        try:
            imported = take(study, written(Path(folder) / "x", content))
        except UserError:
            return
    bundle = study.captures / imported.session.id
    assert imported.total is None or imported.read <= imported.total
    assert verify(bundle) == []
    counts = dict(imported.session.counts)
    assert len(list(read_events(bundle))) == counts["events"]
    stored = [exchange.method == "WS" for exchange in read_exchanges(bundle)]
    assert (stored.count(False), stored.count(True)) == (counts["exchanges"], counts["messages"])
    shutil.rmtree(bundle)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_random_bytes_are_refused(study: Study, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.raises(UserError):
        take(study, written(Path(folder) / "x", content))


REFUSED = {
    "LICENSE": "no capture",
    "dumpfile-010.mitm": "mitmproxy cannot read flow format version (0, 10)",
    "har_extractor.har": "JSON but not a HAR",
    "broken_headers.json": "JSON but not a HAR",
    "brokenfile.har": "JSON but not a HAR",
    "charles.json": "no capture",
    "chrome.json": "no capture",
    "firefox.json": "no capture",
    "insomnia.json": "no capture",
    "postdata.json": "no capture",
    "safari.json": "no capture",
    "with-bom.json": "no capture",
}
READ = {
    "dumpfile-011.mitm": 1, "dumpfile-018.mitm": 1, "dumpfile-019.mitm": 1, "dumpfile-10.mitm": 1,
    "dumpfile-19.mitm": 1, "dumpfile-7-websocket.mitm": 6, "dumpfile-7.mitm": 2,
    "compressed.zhar": 2, "corrupted_gzip_body.har": 1, "corrupted_gzip_body.mitm": 1,
    "diff_data.har": 5, "diff_data.mitm": 7, "error_log.har": 2, "error_log.mitm": 2,
    "event_stream.har": 2, "event_stream.mitm": 2, "incomplete_log.har": 4,
    "incomplete_log.mitm": 4, "successful_log.har": 2, "successful_log.mitm": 2,
    "websocket.har": 3, "websocket.mitm": 3, "charles.har": 1, "chrome.har": 3, "firefox.har": 14,
    "insomnia.har": 1, "postdata.har": 1, "safari.har": 19, "with-bom.har": 1,
}  # fmt: skip


def test_every_kept_dump_and_har_is_imported_or_refused_in_one_line(
    tmp_path: Path, shared_data: Path
) -> None:
    read: dict[str, int] = {}
    refused: dict[str, str] = {}
    for number, path in enumerate(sorted((shared_data / "mitmproxy-dumps").rglob("*"))):
        if path.is_dir():
            continue
        done = outcome(make_study(tmp_path / str(number)), path)  # some are one recording twice
        if isinstance(done, str):
            refused[path.name] = done
        else:
            assert done.total == done.read
            read[path.name] = done.read
    assert read == READ
    assert refused.keys() == REFUSED.keys()
    assert all(words in refused[name] for name, words in REFUSED.items())
    assert not any("\n" in line for line in refused.values())


def test_every_kept_file_cut_anywhere_is_imported_or_refused(
    study: Study, shared_data: Path, tmp_path: Path
) -> None:
    for number, name in enumerate(sorted(READ)):
        (path,) = (shared_data / "mitmproxy-dumps").rglob(name)
        raw = path.read_bytes()
        for part in (len(raw) // 3, len(raw) * 2 // 3, len(raw) - 2):
            cut = written(tmp_path / f"{number}-{part}", raw[:part])
            done = outcome(study, cut)
            if isinstance(done, str):
                assert "\n" not in done
            else:
                fewer = done.total is not None and done.total < READ[name]
                assert fewer or done.session.partial


def test_a_large_har_is_imported_in_little_memory(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study")
    body = json.dumps({"text": "x" * 60_000})
    with (tmp_path / "big.har").open("wb") as file:
        file.write(b'{"log":{"entries":[')
        for number in range(1_500):
            entry = har_entry(f"https://a.example/{number}")
            entry["request"]["postData"] = {"text": body}
            file.write((b"," if number else b"") + json.dumps(entry).encode())
        file.write(b"]}}")
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from analyzer.readers import READERS; READERS.entries()\n"
        "from analyzer.readers.importing import import_files\n"
        "from analyzer.study import load_study\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "(done,) = import_files(load_study(Path(sys.argv[1])), 'KE-13', [Path(sys.argv[2])])\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(done.read, (after - before) // 1024)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, str(study.root), str(tmp_path / "big.har")],
        capture_output=True,
        text=True,
        check=True,
    )
    read, mebibytes = map(int, told.stdout.split())
    assert read == 1_500
    # The file of 90 MB is mapped: its pages count, but they are the system's to take back.
    assert mebibytes < 140
