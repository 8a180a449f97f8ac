"""The private files of items: what is in them, who may read them, when they are made anew."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_rig import done, mistake, run, told
from feed_rig import ADAPTERS, aweme, exchange, logged, served
from recording import record, study

from analyzer.bundle import list_bundles
from analyzer.feed import adapters, store
from analyzer.feed.adapters import load_adapters
from analyzer.feed.coding.material import study_pieces
from analyzer.feed.kept import folder
from analyzer.models import Exchange
from analyzer.study import Study
from analyzer.sums import SUMS

HOUR: tuple[Exchange, ...] = (
    served([aweme(1, desc="SECRET caption #sad"), aweme(2), aweme(3)], 1.0),
    logged(1, t_s=2.0),
    logged(3, 1, 10_000, t_s=12.0),
    logged(0, 3, 4_000, t_s=16.0),
)


@pytest.fixture
def recorded(tmp_path: Path) -> Study:
    found = study(tmp_path)
    record(found, "KE-13", 1, HOUR)
    record(found, "DE-13", 1, HOUR[:1])
    return found


def rows(found: Study) -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = store.load_showings(found).read_all().to_pylist()
    return table


def test_showings_say_whose_feed_what_and_when_and_nothing_that_anybody_wrote(
    recorded: Study,
) -> None:
    got = [row for row in rows(recorded) if row["arm"] == "KE-13"]
    assert [row["state"] for row in got] == ["shown", "skipped_over", "shown"]
    assert [row["watch_s"] for row in got] == [10.0, None, 4.0]
    assert [row["order"] for row in got] == [0, 1, 2]
    assert {row["account"] for row in got} == {"KE-13/amina"}
    assert got[0]["engaged"] is True
    said = json.dumps(got)
    assert "SECRET" not in said
    assert "7300000000000000001" not in said
    keys = {row["item_key"] for row in rows(recorded) if row["arm"] == "DE-13"}
    assert keys == {row["item_key"] for row in got}


def test_the_feed_time_of_an_account_runs_on_from_session_to_session(recorded: Study) -> None:
    before = [row["feed_s"] for row in rows(recorded) if row["arm"] == "KE-13"]
    record(recorded, "KE-13", 2, HOUR)
    got = [row for row in rows(recorded) if row["arm"] == "KE-13"]
    sessions = sorted({str(row["session"]) for row in got})
    first, second = ([r["feed_s"] for r in got if r["session"] == name] for name in sessions)
    length = store.summaries(recorded)[1].feed_s
    assert first == before
    assert length > 0
    moved = [None if each is None else each + length + 0.01 for each in first]
    assert second == [each if each is None else pytest.approx(each) for each in moved]


def test_the_private_file_holds_what_a_coder_needs_and_nobody_else_reads_it(
    recorded: Study,
) -> None:
    store.update(recorded)
    items = [row for batch in store.load_items(recorded) for row in batch.to_pylist()]
    [one] = [row for row in items if row["text"].startswith("SECRET") and row["watch_s"]]
    assert one["native"] == "7300000000000000001"
    assert one["hashtags"] == ["sad"]
    assert one["hashtag_at"] == [{"start": 15, "end": 19}]
    assert one["author_key"]
    place = folder(recorded)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    assert all(path.suffix in (".json", ".parquet") for path in place.iterdir())
    about = "".join(path.read_text() for path in place.glob("*.json"))
    assert "SECRET" not in about
    assert "7300000000000000001" not in about


def test_only_what_changed_is_read_again(recorded: Study, tmp_path: Path) -> None:
    first = store.update(recorded)
    assert (len(first.done), first.unchanged) == (2, ())
    again = store.update(recorded)
    assert (again.done, len(again.unchanged)) == ((), 2)
    assert again.sessions == first.sessions
    assert len(store.update(recorded, phases=["use"]).done) == 2
    store.update(recorded)
    damaged = next(folder(recorded).glob("DE*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert [name[:2] for name in store.update(recorded).done] == ["DE"]
    other = study(tmp_path, (tmp_path / "study.toml").read_text().replace("00112233", "10112233"))
    assert len(store.update(other).done) == 2


def test_what_a_killed_process_left_half_written_is_removed_by_the_next(recorded: Study) -> None:
    store.update(recorded)
    place = folder(recorded)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    for name in ("KE-13-r01.4711.draft", "KE-13-r01.4711.part", "KE-13-r01.json.part"):
        (place / name).write_bytes(b"texts of strangers")
    store.update(recorded)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_the_same_capture_gives_the_same_files(recorded: Study) -> None:
    store.update(recorded)
    before = {path.name: path.read_bytes() for path in folder(recorded).iterdir()}
    store.update(recorded, force=True)
    assert {path.name: path.read_bytes() for path in folder(recorded).iterdir()} == before


def test_many_servings_are_written_in_pieces(tmp_path: Path) -> None:
    found = study(tmp_path)
    answers = [served([aweme(100 * at + n) for n in range(100)], float(at + 1)) for at in range(45)]
    record(found, "KE-13", 1, [*answers, logged(4, t_s=50.0)])
    table = store.load_showings(found).read_all()
    assert table.num_rows == 4_500
    assert table["state"].to_pylist().count("shown") == 1


def test_what_a_single_video_tells_completes_its_serving(tmp_path: Path) -> None:
    found = study(tmp_path)
    hits = [exchange(hit) for hit in ADAPTERS["youtube_shorts"].hits]
    record(found, "KE-13", 1, [replace(hit, t_s=30.0 * at) for at, hit in enumerate(hits)])
    store.update(found)
    items = {row["native"]: row for b in store.load_items(found) for row in b.to_pylist()}
    assert items["inventedA01"]["duration_s"] == 41.0
    assert items["inventedA01"]["ad"] == "disclosed"
    assert items["inventedA01"]["watch_s"] == 21.0
    assert items["inventedA02"]["text"] == "Steam Frame"
    assert items["inventedA02"]["ad"] == "formal"
    # What the answer of a sequence brings along, and the first Short, that no request names.
    assert items["inventedA08"]["text"] == "Steam #sad\nmore of it"
    assert items["inventedA08"]["likes"] == 11234
    assert items["inventedA09"]["text"] == ""
    assert items["inventedA11"]["text"] == "Steam Frame\nmore of it"
    # Two of the protobuf answer, one of the page and two of a sequence, of which no other answer
    # tells more.
    assert dict(store.summaries(found)[0].problems) == {"feed_bare": 5}


def test_a_text_that_goes_on_takes_the_place_of_its_beginning(tmp_path: Path) -> None:
    found = study(tmp_path)
    watch = "https://www.youtube.com/youtubei/v1/"
    title = {"shortsVideoTitleViewModel": {"text": {"content": "Steam #sad"}}}
    whole = {"videoId": "inventedB01", "title": "Steam #sad", "shortDescription": "more #dark"}
    other = {**whole, "title": "Another one"}
    for number, player, text, names in (
        (1, whole, "Steam #sad\nmore #dark", ["sad", "dark"]),
        (2, other, "Steam #sad", ["sad"]),
    ):
        asked = {"method": "POST", "json": {"videoId": "inventedB01"}}
        answers = [
            exchange(
                {
                    "request": {**asked, "url": watch + address},
                    "response": {"json": answer},
                }
            )
            for address, answer in (
                (
                    "reel/reel_watch_sequence",
                    {"entries": [{"command": {"reelWatchEndpoint": {"videoId": "inventedB01"}}}]},
                ),
                ("reel/reel_item_watch", title),
                ("player", {"videoDetails": player}),
            )
        ]
        record(found, "KE-13", number, [replace(e, t_s=9.0 * at) for at, e in enumerate(answers)])
        store.update(found)
        rows = [row for batch in store.load_items(found) for row in batch.to_pylist()]
        assert rows[-1]["text"] == text
        assert list(rows[-1]["hashtags"]) == names


def told_of(found: Study, answers: Sequence[Exchange]) -> str:
    record(found, "KE-13", 9, answers)
    result = run("feed", "items", root=found.root)
    assert result.exit_code == 0, result.output
    return result.stderr


def test_the_command_shows_a_table_and_says_what_was_not_understood(recorded: Study) -> None:
    shown = done("feed", "items", root=recorded.root)
    assert "tiktok_app" in shown
    assert "2 read, 0 unchanged" in shown
    assert "2 shown (0 of them marked ads), 1 passed, 0 waiting, 0 twice, 0 unknown" in shown
    assert shown.splitlines()[-1].startswith("passed: later ones were shown and it was not; ")
    assert "SECRET" not in shown
    changed = exchange({"request": {"url": HOUR[0].url}, "response": {"json": {"awemes": [{}]}}})
    said = told_of(recorded, [changed])
    assert "1 x feed_format: answers of a feed without known items" in said


def test_the_command_speaks_json_and_takes_names_of_sessions(recorded: Study) -> None:
    about = told("feed", "items", root=recorded.root)
    assert [each["arm"] for each in about["sessions"]] == ["DE-13", "KE-13"]
    [only] = told("feed", "items", "KE-13-r01", root=recorded.root)["sessions"]
    assert dict(only["states"]) == {"shown": 2, "skipped_over": 1}
    assert only["health"][0]["answers"] == 1
    assert "no session" in mistake("feed", "items", "XX", root=recorded.root)


def _copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def test_a_study_may_bring_an_adapter_of_its_own(
    recorded: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = recorded.root / "feeds"
    own.mkdir()
    # It overrules the program's, whichever path comes first.
    monkeypatch.setattr(adapters, "FOLDER", _copied(adapters.FOLDER, tmp_path / "zz"))
    text = (Path(store.__file__).parent.parent / "data/feeds/tiktok_app.yaml").read_text()
    (own / "mine.yaml").write_text(text.replace("aweme_list/*", "posts/*"))
    load_adapters.cache_clear()
    assert dict(store.update(recorded).sessions[0].problems) == {"feed_format": 1}
    (own / "mine.yaml").write_text(text.replace("id: [aweme_id", "idd: [aweme_id"))
    load_adapters.cache_clear()
    assert "mine.yaml:" in mistake("feed", "items", root=recorded.root)


def _nothing(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 25)


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(
    "spoil",
    [
        _nothing,
        _folder,
        _loop,
        _pipe,
        _endless,
        _huge,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x00\xff\xfe{" * 50),
        lambda path: path.write_bytes(b"[" * 100_000),
        lambda path: path.write_bytes(b'{"schema": 1}'),
        lambda path: path.write_bytes(b'{"schema": 99}'),
    ],
)
def test_a_session_that_cannot_be_read_is_told_and_the_others_are_read(
    recorded: Study, spoil: Callable[[Path], None], sealed: bool
) -> None:
    first, *others = list_bundles(recorded.captures)
    store.update(recorded)
    if not sealed:
        (first / SUMS).unlink()
    spoil(first / "session.json")
    found = store.update(recorded)
    assert [name for name, _ in found.broken] == [first.name]
    assert [each.session for each in found.sessions] == [each.name for each in others]
    assert not list((recorded.root / "feed" / "items").glob(f"{first.name}.*"))


@pytest.mark.parametrize("sealed", [True, False])
def test_a_database_that_is_a_pipe_is_not_waited_for(recorded: Study, sealed: bool) -> None:
    first, *_ = list_bundles(recorded.captures)
    if not sealed:
        (first / SUMS).unlink()
    _pipe(first / "capture.sqlite")
    assert [name for name, _ in store.update(recorded).broken] == [first.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["session.json", "capture.sqlite", "SHA256SUMS"])
def test_a_session_that_may_not_be_read_is_told(recorded: Study, name: str) -> None:
    first, *others = list_bundles(recorded.captures)
    (first / name).chmod(0)
    found = store.update(recorded)
    assert [session for session, _ in found.broken] == [first.name]
    assert [each.session for each in found.sessions] == [each.name for each in others]


def test_what_was_found_in_a_capture_that_is_gone_is_gone_too(recorded: Study) -> None:
    store.update(recorded)
    *others, first = list_bundles(recorded.captures)
    everything, pieces = rows(recorded), study_pieces(recorded.root)
    shutil.rmtree(first)
    left = [row for row in everything if row["session"] != first.name]
    assert 0 < len(left) < len(everything)
    assert list(store.load_showings(recorded, refresh=False).read_all().to_pylist()) == left
    assert pieces
    assert not study_pieces(recorded.root)
    assert [each.session for each in store.summaries(recorded)] == [each.name for each in others]
    store.update(recorded)
    assert not list((recorded.root / "feed" / "items").glob(f"{first.name}.*"))
    assert rows(recorded) == left
