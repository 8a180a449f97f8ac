"""Logs that are thin, lie, or do not say where in the app an item was; time without a feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from feed_rig import ADAPTERS, APP, FEED, aweme, exchange, logged, read, served
from recording import record, study

from analyzer.feed import store
from analyzer.feed.driven import DriveLog
from analyzer.feed.feed_time import FeedClock, awake
from analyzer.feed.items import item_key
from analyzer.feed.joining import Fate, Served, join
from analyzer.feed.kept import SessionItems
from analyzer.feed.log_lines import Lines, lines_of
from analyzer.feed.records import Serving, Watch
from analyzer.models import Exchange
from analyzer.study import PAUSE

ANSWERS = [
    served([aweme(n) for n in range(8 * b + 1, 8 * b + 9)], 1.0 + 80 * b, number=str(b + 1))
    for b in range(4)
]
FOLLOW = FEED.replace("/aweme/v1/feed/", "/aweme/v1/follow/feed/")


def following(items: Sequence[int], t_s: float, number: str) -> Exchange:
    return replace(served(map(aweme, items), t_s, number), url=FOLLOW)


def began(number: int, t_s: float, enter_from: str) -> Exchange:
    """A line of the log that says where in the app an item began."""
    form = {"item_id": aweme(number)["aweme_id"], "enter_from": enter_from}
    url = f"{APP}/aweme/v1/aweme/stats/?aid=1233"
    line = exchange({"request": {"method": "POST", "url": url, "form": form}}, number=f"b{number}")
    return replace(line, t_s=t_s)


def played(number: int, played_ms: int, t_s: float) -> Exchange:
    return logged(0, number, played_ms, t_s=t_s, number=f"p{number}")


def session(
    root: Path, exchanges: Sequence[Exchange], driven: int = 0, **more: Any
) -> tuple[SessionItems, list[dict[str, Any]]]:
    """What is found in a recording; `driven`: so many items are in the driver's log."""
    found = study(root)
    made = record(found, "KE-13", 1, exchanges, **more)
    if driven:
        log = DriveLog(found.root, made.name)
        log.add("begin", 0.0, account="", role="seeded", interest="sad", seed="1")
        for n in range(1, driven + 1):
            key = item_key(ADAPTERS["tiktok_app"], str(aweme(n)["aweme_id"]), found.key)
            told = {"decision": "other", "why": [], "dwell_s": 9.8, "certainty": "log"}
            log.add("item", 2.0 + 10 * (n - 1), key=key, **told)
        log.close()
    [about] = store.update(found).sessions
    return about, [row for batch in store.load_items(found) for row in batch.to_pylist()]


def fates(*exchanges: Exchange) -> dict[tuple[str, int], Fate]:
    """What became of each item, by surface and number."""
    found, _ = read(exchanges)
    some = [each for each in found if isinstance(each, Serving)]
    slim = [
        Served(
            s.item.key, s.exchange, s.t_s, s.surface, s.batch, s.item.duration_s, s.item.ad,
            s.item.author,
        )
        for s in some
    ]  # fmt: skip
    lines = [each for each in found if isinstance(each, Watch)]
    got, _ = join(slim, lines, FeedClock([(0.0, "use")], 10_000.0))
    return {(s.surface, int(s.item.native) % 1000): fate for s, fate in zip(some, got, strict=True)}


def counted(exchanges: Sequence[Exchange], driver: Sequence[Watch] = ()) -> Lines:
    found, _ = read(exchanges)
    app = [each for each in found if isinstance(each, Watch)]
    first = [(each.item.key, each.t_s) for each in found if isinstance(each, Serving)]
    return lines_of(app, driver, first)


def test_one_line_of_the_app_does_not_silence_the_driver(tmp_path: Path) -> None:
    about, rows = session(tmp_path, [*ANSWERS, logged(3, t_s=25.0)], driven=30)
    assert dict(about.states) == {"shown": 30, "prefetched": 2}
    assert dict(about.problems)["feed_log_thin"] == 1
    assert [row["by"] for row in rows[:4]] == ["driver", "driver", "watch_log", "driver"]
    assert {row["watch_s"] for row in rows[:30]} == {9.8}
    assert about.watch_s == 294.0


def test_an_app_that_names_what_it_showed_has_the_only_word(tmp_path: Path) -> None:
    lines = [logged(n, t_s=2.0 + 10 * (n - 1), number=f"l{n}") for n in range(1, 31)]
    about, rows = session(tmp_path, [*ANSWERS, *lines], driven=30)
    assert {row["by"] for row in rows[:30]} == {"watch_log"}
    assert about.watch_s == 0.0
    assert "feed_log_thin" not in dict(about.problems)


def test_where_the_log_of_the_app_ends_the_driver_goes_on(tmp_path: Path) -> None:
    lines = [logged(n, t_s=2.0 + 10 * (n - 1), number=f"l{n}") for n in range(1, 21)]
    about, rows = session(tmp_path, [*ANSWERS, *lines], driven=30)
    assert dict(about.states)["shown"] == 30
    assert [row["by"] for row in rows[18:22]] == ["watch_log", "watch_log", "driver", "driver"]
    assert dict(about.problems)["feed_log_thin"] == 1


def test_no_time_played_is_no_showing_unless_the_item_began() -> None:
    beacons = [played(n, 0, 3.0 + 0.01 * n) for n in range(1, 9)]
    assert counted([ANSWERS[0], *beacons]) == Lines((), 0, thin=False)
    both = counted([ANSWERS[0], logged(1, t_s=2.0), logged(2, 1, 0, t_s=2.1)])
    assert [line.watch_s for line in both.lines] == [None, None, 0.0]


def test_a_time_that_cannot_be_is_dropped_and_told(tmp_path: Path) -> None:
    lies = [played(n, 86_000_000, 300 + 0.01 * n) for n in range(1, 33)]
    about, rows = session(tmp_path, [*ANSWERS, *lies])
    assert dict(about.problems)["feed_log_impossible"] == 32
    assert about.watch_s == 0.0
    assert not any(row["engaged"] for row in rows)
    assert not any(row["by"] == "watch_log" for row in rows)
    # Each could be by itself, but not all of them in one session.
    sum_of = counted([ANSWERS[0], *[played(n, 250_000, 300.0 + n) for n in range(1, 9)]])
    assert (len(sum_of.lines), sum_of.impossible) == (2, 6)
    true = counted([ANSWERS[0], *[played(n, 9_900, 1.0 + 10 * n) for n in range(1, 9)]])
    assert (len(true.lines), true.impossible) == (8, 0)


def test_lines_of_one_request_were_not_all_on_the_screen_at_once() -> None:
    events = [
        {"event": "play_time", "params": {"group_id": aweme(n)["aweme_id"], "duration": "10000"}}
        for n in range(1, 9)
    ]
    url = "https://log16-normal-useast5.tiktokv.us/service/2/app_log/"
    sent = exchange({"request": {"method": "POST", "url": url, "json": {"event_v3": events}}})
    told = counted([ANSWERS[0], replace(sent, t_s=90.0, id="9")])
    assert [line.t_s for line in told.lines] == [20.0 + 10 * n for n in range(8)]


def also_told(t_s: float, *played_ms: tuple[int, int]) -> Exchange:
    """Another log of the app, that tells (item, milliseconds) now and then, several at once."""
    events = [
        {
            "event": "play_time",
            "params": {"group_id": aweme(n)["aweme_id"], "duration": str(milliseconds)},
        }
        for n, milliseconds in played_ms
    ]
    url = "https://log16-normal-useast5.tiktokv.us/service/2/app_log/"
    sent = exchange({"request": {"method": "POST", "url": url, "json": {"event_v3": events}}})
    return replace(sent, t_s=t_s, id=f"a{t_s}")


def watched(*exchanges: Exchange) -> dict[int, list[float]]:
    """How long the lines that count say that each item was watched."""
    found, _ = read([ANSWERS[0]])
    number = {s.item.key: int(s.item.native) % 1000 for s in found if isinstance(s, Serving)}
    told: dict[int, list[float]] = {}
    for line in counted([ANSWERS[0], *exchanges]).lines:
        told.setdefault(number[line.key], []).append(line.watch_s or 0.0)
    return told


def test_two_logs_of_one_showing_are_one_time(tmp_path: Path) -> None:
    own = [played(n, 9_000, 10.0 * n + 1) for n in (1, 2, 3)]
    assert watched(*own, also_told(11.3, (1, 9_600)), also_told(60.0, (2, 9_100), (3, 8_900))) == {
        1: [9.6], 2: [9.1], 3: [9.0],
    }  # fmt: skip
    about, rows = session(
        tmp_path, [ANSWERS[0], *own, also_told(60.0, *[(n, 9_000) for n in (1, 2, 3)])]
    )
    assert about.watch_s == 27.0
    assert [row["watch_s"] for row in rows[:3]] == [9.0] * 3


def test_what_was_watched_again_is_added_whoever_tells_it() -> None:
    twice = [played(1, 9_000, 11.0), played(2, 9_000, 21.0), played(1, 9_000, 31.0)]
    assert watched(*twice) == {1: [9.0, 9.0], 2: [9.0]}
    # Each showing told by both logs, at once or later.
    assert watched(*twice, also_told(11.5, (1, 9_000)), also_told(31.5, (1, 9_000))) == {
        1: [9.0, 9.0], 2: [9.0],
    }  # fmt: skip
    assert watched(*twice, also_told(60.0, (1, 9_000), (1, 9_000))) == {1: [9.0, 9.0], 2: [9.0]}
    # Told by one log only, later and otherwise: a showing of its own.
    assert watched(played(1, 9_000, 11.0), also_told(40.0, (1, 4_000))) == {1: [9.0, 4.0]}
    assert watched(played(1, 9_000, 11.0), also_told(200.0, (1, 9_000))) == {1: [9.0, 9.0]}


def test_what_was_watched_elsewhere_in_the_app_is_not_of_the_feed() -> None:
    own, chosen = served(map(aweme, range(1, 9)), 1.0), following([5, 6, 7, 8], 0.5, "2")
    said = [began(n, 20.0 + 10 * n, "homepage_follow") for n in (5, 6, 7, 8)]
    got = fates(chosen, own, *said, *[played(n, 9_000, 29.0 + 10 * n) for n in (5, 6, 7, 8)])
    assert {got["following", n].watch_s for n in (5, 6, 7, 8)} == {9.0}
    assert not any(fate.state == "shown" for (name, _), fate in got.items() if name == "for_you")
    # On a profile: in no feed at all.
    assert fates(own, began(5, 20.0, "others_homepage"))["for_you", 5].state != "shown"


def test_lines_beside_it_tell_where_an_item_of_two_feeds_was() -> None:
    own, chosen = served(map(aweme, range(1, 9)), 1.0), following([5, 6, 9, 10], 0.5, "2")
    lines = [played(n, 9_000, 20.0 + 10 * at) for at, n in enumerate((9, 5, 6, 10))]
    got = fates(chosen, own, *lines)
    assert got["following", 5].state == got["following", 6].state == "shown"
    assert got["for_you", 5].state != "shown"


def test_where_nothing_tells_in_which_feed_an_item_was_it_is_unknown(tmp_path: Path) -> None:
    own, chosen = served(map(aweme, range(1, 9)), 1.0), following([5, 6, 7, 8], 0.5, "2")
    lines = [played(n, 9_000, 20.0 + 10 * n) for n in (5, 6, 7, 8)]
    about, rows = session(tmp_path, [chosen, own, *lines])
    assert {row["state"] for row in rows} == {"unknown"}
    assert dict(about.problems)["feed_surface_open"] == 8


def test_hours_without_a_sign_of_the_feed_are_no_feed_time(tmp_path: Path) -> None:
    lines = [logged(n, t_s=2.0 + 10 * (n - 1), number=f"l{n}") for n in range(1, 17)]
    late = [replace(each, t_s=each.t_s + 36_000.0) for each in (ANSWERS[2], ANSWERS[3])]
    later = [logged(n, t_s=36_002.0 + 10 * (n - 1), number=f"l{n}") for n in range(17, 33)]
    about, rows = session(tmp_path, [*ANSWERS[:2], *lines, *late, *later])
    assert dict(about.states) == {"shown": 32}
    assert about.feed_s < 600.0
    assert rows[-1]["feed_s"] < 600.0
    assert dict(about.problems)["feed_idle"] == 1


def test_steps_are_taken_up_again_with_the_next_sign() -> None:
    steps = [(0.0, "set-up"), (10.0, "use"), (3_000.0, "look"), (8_000.0, PAUSE)]
    signs = [(20.0, 30.0), (5_000.0, 5_010.0), (5_020.0, 5_020.0)]
    got, idle = awake(steps, signs, 20_000.0, 60.0, logged=True)
    assert got == [
        (0.0, "set-up"), (10.0, "use"), (90.0, PAUSE), (5_000.0, "look"), (5_080.0, PAUSE),
        (20_000.0, PAUSE),
    ]  # fmt: skip
    assert idle == 4_910.0 + 14_920.0
    assert awake(steps, signs, 20_000.0, 60.0, logged=False)[1] == 4_910.0 + 14_920.0
    assert awake(steps, [], 20_000.0, 60.0, logged=False) == (steps, 0.0)
    assert awake(steps, [(20.0, 20.0)], 600.0, 60.0, logged=True) == (steps, 0.0)
