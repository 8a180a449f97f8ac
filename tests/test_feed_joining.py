"""What became of each serving: by the app's log, and where there is none by its place."""

from __future__ import annotations

import dataclasses

from feed_rig import aweme, logged, read, served
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.feed.feed_time import FeedClock
from analyzer.feed.joining import Fate, Served, join, known_until
from analyzer.feed.records import Serving, Watch
from analyzer.models import Exchange

CLOCK = FeedClock([(0.0, "use")], 10_000.0)


def slim(serving: Serving) -> Served:
    item = serving.item
    return Served(
        item.key, serving.exchange, serving.t_s, serving.surface, serving.batch,
        item.duration_s, item.ad, item.author,
    )  # fmt: skip


def fates(*exchanges: Exchange, clock: FeedClock = CLOCK) -> list[Fate]:
    found, _ = read(exchanges)
    those = [slim(each) for each in found if isinstance(each, Serving)]
    got, unserved = join(those, [each for each in found if isinstance(each, Watch)], clock)
    assert unserved == 0
    return got


def states(*exchanges: Exchange) -> list[str]:
    return [fate.state for fate in fates(*exchanges)]


def test_the_log_tells_what_was_shown_passed_over_and_never_came_to_its_turn() -> None:
    got = fates(
        served(map(aweme, range(1, 5))),
        logged(1, t_s=1.0),
        logged(3, 1, 4_000, t_s=5.0),
        logged(3, 3, 12_000, t_s=17.0),
    )
    assert [fate.state for fate in got] == ["shown", "skipped_over", "shown", "prefetched"]
    assert [fate.by for fate in got] == ["watch_log", "", "watch_log", ""]
    assert [fate.watch_s for fate in got] == [4.0, None, 12.0, None]
    assert [fate.feed_s for fate in got] == [1.0, None, 5.0, None]
    assert [fate.place for fate in got] == [0, 1, 2, 3]


def test_who_watched_whole_or_again_or_liked_was_engaged() -> None:
    got = fates(
        served(map(aweme, range(1, 5))),
        logged(1, t_s=1.0),
        logged(2, 1, 9_600, t_s=11.0),
        logged(3, 2, 30_100, t_s=41.0),
        logged(4, 3, 4_000, t_s=45.0),
    )
    assert [fate.rounds for fate in got] == [1, 3, 0, None]
    assert [fate.engaged for fate in got] == [True, True, False, False]


def test_an_item_told_again_before_its_turn_is_a_duplicate_and_after_it_a_new_chance() -> None:
    waiting = (
        served([aweme(1), aweme(2), aweme(3)]),
        logged(1, t_s=1.0),
        served([aweme(3), aweme(4)], 2.0, "2"),
    )
    assert states(*waiting) == ["shown", "prefetched", "prefetched", "duplicate", "prefetched"]
    shown = (*waiting, logged(3, 1, 900, t_s=3.0), served([aweme(3)], 9.0, "3"))
    assert states(*shown)[-1] == "prefetched"
    passed = (*waiting, logged(4, 1, 900, t_s=3.0), served([aweme(3)], 9.0, "3"))
    assert states(*passed)[-1] == "prefetched"


def test_a_second_showing_is_of_the_second_serving() -> None:
    got = fates(
        served([aweme(1), aweme(2)]),
        logged(1, t_s=1.0),
        logged(2, 1, 2_000, t_s=3.0),
        served([aweme(1)], 10.0, "2"),
        logged(1, 2, 5_000, t_s=11.0),
        logged(0, 1, 7_000, t_s=18.0),
    )
    assert [fate.watch_s for fate in got] == [2.0, 5.0, 7.0]
    assert [fate.feed_s for fate in got] == [1.0, 3.0, 11.0]


def test_without_a_log_only_the_place_speaks_and_says_so() -> None:
    got = fates(
        served([aweme(1), aweme(2)]), served([aweme(3), aweme(4)], 20.0, "2"),
        served([aweme(5)], 60.0, "3"),
    )  # fmt: skip
    assert [fate.state for fate in got] == ["shown"] * 4 + ["unknown"]
    assert [fate.by for fate in got] == ["order"] * 4 + [""]
    assert [fate.feed_s for fate in got] == [0.0, 10.0, 20.0, 40.0, None]
    assert not any(fate.engaged for fate in got)


def test_an_answer_that_comes_twice_is_told_once() -> None:
    again = (served([aweme(1), aweme(2)]), served([aweme(1), aweme(2)], 1.0, "2"))
    assert states(*again) == ["shown", "shown", "duplicate", "duplicate"]
    other = (served([aweme(1), aweme(2)]), served([aweme(1), aweme(3)], 1.0, "2"))
    assert states(*other) == ["shown", "shown", "unknown", "unknown"]


def test_a_log_that_leaves_a_surface_out_leaves_it_unknown() -> None:
    follow = dataclasses.replace(
        served([aweme(8)], 2.0, "2"),
        url="https://api16-normal-c-useast1a.tiktokv.com/aweme/v1/follow/feed/",
    )
    later = dataclasses.replace(follow, t_s=3.0, id="3")
    assert states(served([aweme(1)]), logged(1, t_s=1.0), follow, later) == [
        "shown", "unknown", "duplicate",
    ]  # fmt: skip


def test_a_line_on_an_item_that_nobody_served_is_counted() -> None:
    found, _ = read([logged(5, t_s=1.0), served([aweme(5)], 9.0)])
    those = [slim(each) for each in found if isinstance(each, Serving)]
    lines = [each for each in found if isinstance(each, Watch)]
    got, unserved = join(those, lines, CLOCK)
    assert unserved == 1
    assert got[0].state == "unknown"


def test_feed_time_runs_only_in_the_phases_of_the_feed() -> None:
    steps = [(0.0, "set-up"), (100.0, "use"), (160.0, "pause"), (200.0, "use")]
    clock = FeedClock(steps, 260.0, ["use"])
    assert [clock.at(t_s) for t_s in (0, 99, 100, 130, 160, 180, 200, 250, 999)] == [
        0.0, 0.0, 0.0, 30.0, 60.0, 60.0, 60.0, 110.0, 120.0,
    ]  # fmt: skip
    assert clock.total == 120.0
    assert FeedClock(steps, 260.0).total == 160.0
    assert FeedClock([], 5.0).at(3.0) == 3.0
    got = fates(served([aweme(1)], 1.0), logged(1, t_s=130.0), clock=clock)
    assert [fate.feed_s for fate in got] == [30.0]


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.floats(0, 50), st.booleans(), st.integers(0, 20_000)),
        max_size=25,
    )
)
@settings(max_examples=100, deadline=None)
def test_every_serving_has_one_fate_and_every_line_is_used_or_counted(
    events: list[tuple[int, float, bool, int]],
) -> None:
    made = [
        logged(number, t_s=t_s, number=str(at)) if log
        else served([aweme(number), aweme(number % 6 + 1)], t_s, str(at))
        for at, (number, t_s, log, _) in enumerate(sorted(events, key=lambda e: e[1]))
    ]  # fmt: skip
    found, _ = read(made)
    those = [slim(each) for each in found if isinstance(each, Serving)]
    lines = [each for each in found if isinstance(each, Watch)]
    got, unserved = join(those, lines, CLOCK)
    assert len(got) == len(those)
    assert sum(len(fate.lines) for fate in got) + unserved == len(lines)
    for fate in got:
        assert (fate.state == "shown") == (fate.feed_s is not None)
        assert (fate.by != "") == (fate.state == "shown")


def _hour_of(lines: range) -> list[Exchange]:
    """Answers of four items every 40 s, and a line of the log on each of some items."""
    answers = [
        served([aweme(4 * n + each) for each in range(1, 5)], 40.0 * n, f"a{n}") for n in range(20)
    ]
    log = [logged(n, t_s=10.0 * (n - 1) + 1, number=f"l{n}") for n in lines]
    return sorted([*answers, *log], key=lambda each: each.t_s)


def test_what_is_served_while_the_log_is_silent_is_unknown() -> None:
    got = states(*_hour_of(range(1, 21)))
    assert got == ["shown"] * 20 + ["unknown"] * 56 + ["prefetched"] * 4
    late = states(*_hour_of(range(61, 81)))
    assert late == ["unknown"] * 60 + ["shown"] * 20
    both = fates(*_hour_of(range(1, 21)), *_hour_of(range(71, 81))[-10:])
    assert sum(fate.silent for fate in both) > 40
    # A log that ends with the feed, or is silent while nothing is asked for, says what it says.
    assert states(*_hour_of(range(1, 78))) == ["shown"] * 77 + ["prefetched"] * 3
    idle = [served([aweme(1), aweme(2)]), logged(1, t_s=1.0), logged(2, 1, 9_000, t_s=3_000.0)]
    assert states(*idle) == ["shown", "shown"]


def test_feed_time_ends_where_the_log_ends_and_not_where_a_phone_is_laid_down() -> None:
    def until(*exchanges: Exchange) -> float:
        found, _ = read(exchanges)
        those = [slim(each) for each in found if isinstance(each, Serving)]
        return known_until(those, [each for each in found if isinstance(each, Watch)])

    assert until(*_hour_of(range(1, 21))) == 191.0 + 60
    assert until(*_hour_of(range(1, 81))) == 791.0 + 60
    assert until(*_hour_of(range(0))) == 760.0 + 60


def test_what_was_fetched_faster_than_anybody_looks_is_not_taken_as_shown() -> None:
    quick = [served([aweme(n), aweme(100 + n)], 0.3 * n, str(n)) for n in range(1, 9)]
    assert set(states(*quick)) == {"unknown"}
