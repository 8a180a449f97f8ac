"""A drive does what the protocol says, knows what is on the screen, and ends when it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from feed_drive_rig import App, driven, item, mixed

from analyzer.feed.driving.stopping import FAULTS, MEANING, Stopped
from analyzer.feed.feed_time import FeedClock
from analyzer.feed.protocol import Dwell, StopRules
from analyzer.study import PAUSE

STEADY = Dwell(jitter=0.0, pause_every_s=0.0)
LONG = StopRules(session_s=600.0)


def truth(app: App) -> dict[str, float]:
    """How long each item was on the screen, by key."""
    return {key: lasted for key, _, lasted in app.seen if key}


def test_what_matches_is_watched_twice_and_the_rest_is_left_after_a_moment() -> None:
    app = App(mixed(400))
    done = driven(app, dwell=STEADY, stop=LONG)
    watched = truth(app)
    assert done.stopped == "session_time"
    assert done.certain("log") == len(done.items) > 60
    for key, seconds in watched.items():
        matches = int(key.removeprefix("key")) % 3 == 0
        assert (20.0 <= seconds < 22.0) if matches else (3.0 <= seconds < 4.0), key
    for line in done.items[:-1]:  # what the log says is what happened
        assert line["dwell_s"] == pytest.approx(watched[line["key"]], abs=0.5)
        assert (line["decision"] == "match") == (line["why"] == ["hashtag"])


def test_a_control_watches_everything_alike() -> None:
    app = App(mixed(400))
    done = driven(app, "control", dwell=STEADY, stop=LONG)
    assert {line["decision"] for line in done.items} == {"control"}
    assert all(10.0 <= seconds < 11.0 for seconds in truth(app).values())


def test_times_vary_as_the_protocol_says_and_are_made_again_from_the_seed() -> None:
    def times(seed: str) -> list[float]:
        done = driven(App(mixed(400)), stop=LONG, seed=seed)
        return [line["dwell_s"] for line in done.items]

    assert times("a") == times("a")
    assert times("a") != times("b")
    skipped = [seconds for seconds in times("a") if seconds < 10]
    assert len(set(skipped)) > len(skipped) / 2
    assert min(skipped) < 2.7
    assert max(skipped) > 3.3


def test_a_match_is_never_left_before_its_last_round_has_ended() -> None:
    app = App(mixed(400))
    driven(app, dwell=Dwell(jitter=0.5, pause_every_s=0.0), stop=LONG)
    for key, seconds in truth(app).items():
        assert int(key.removeprefix("key")) % 3 or 20.0 <= seconds <= 61.0


def test_a_long_match_is_left_after_the_longest_time_of_the_protocol() -> None:
    app = App([item(n, "#sad", duration_s=600.0) for n in range(50)])
    driven(app, dwell=STEADY, stop=LONG)
    assert all(60.0 <= seconds < 61.5 for seconds in truth(app).values())


def test_a_swipe_that_was_lost_makes_one_unknown_item_and_no_error_after_it() -> None:
    app = App(mixed(400), lost=frozenset((12, 25)))
    done = driven(app, dwell=STEADY, stop=LONG)
    unknown = [line for line in done.items if line["decision"] == "unknown"]
    assert len(unknown) == 2
    assert all(line["key"] == "" for line in unknown)
    named = [line["key"] for line in done.items[:-1] if line["certainty"] == "log"]
    assert named == [key for key, _, _ in app.seen][: len(named)]


def test_what_is_no_item_is_left_and_takes_no_place() -> None:
    app = App(mixed(400), rooms=frozenset((10, 11, 30)))
    done = driven(app, dwell=STEADY, stop=LONG)
    keys = [line["key"] for line in done.items[:-1]]
    assert keys == [key for key, _, _ in app.seen][: len(keys)]
    assert [line["decision"] for line in done.items if not line["key"]] == ["unknown"] * 2


@pytest.mark.parametrize("lag_s", [0.0, 1.0, 2.5])
def test_a_log_that_comes_late_names_the_right_item(lag_s: float) -> None:
    app = App(mixed(400), lag_s=lag_s)
    done = driven(app, dwell=STEADY, stop=LONG)
    keys = [line["key"] for line in done.items[:-1]]
    assert keys == [key for key, _, _ in app.seen][: len(keys)]


def test_without_a_log_the_order_of_the_answers_says_what_is_there() -> None:
    app = App(mixed(400), log=False)
    done = driven(app, dwell=STEADY, stop=LONG)
    assert done.certain("order") == len(done.items)
    assert all(
        (20.0 <= seconds < 24.5) == (int(key.removeprefix("key")) % 3 == 0)
        for key, seconds in truth(app).items()
    )


def test_who_comes_late_to_a_feed_without_a_log_knows_that_nothing_is_known() -> None:
    app = App(mixed(400), log=False)
    for _ in range(30):
        app.move()
    done = driven(app, dwell=STEADY, stop=LONG)
    assert done.stopped == "lost"
    assert done.certain("unknown") == len(done.items) == 20


def test_an_item_that_leaves_by_itself_is_not_swiped_away_twice() -> None:
    app = App([item(n, "#sad") for n in range(100)])

    def sometimes(now: App) -> None:
        if int(now.t_s) % 50 == 0:
            now.move()

    app.each_second = sometimes
    done = driven(app, dwell=STEADY, stop=LONG)
    keys = [line["key"] for line in done.items]
    assert keys == [f"key{n}" for n in range(len(keys))]
    assert done.certain("unknown") == 0


def test_pauses_are_spent_on_the_home_screen_and_are_no_feed_time() -> None:
    app = App(mixed(2000))
    dwell = replace(STEADY, pause_every_s=120.0, pause_s=60.0)
    done = driven(app, dwell=dwell, stop=LONG)
    pauses = [line["t_s"] for line in done.lines if line["event"] == "pause"]
    resumed = [line["t_s"] for line in done.lines if line["event"] == "resume"]
    assert len(pauses) == len(resumed) == 4
    for begin, end in zip(pauses, resumed, strict=True):
        assert 60.0 <= end - begin < 62.0
        assert not any(begin < came < end for _, came, _ in app.seen)
    assert FeedClock(app.steps, app.t_s).total == pytest.approx(600.0, abs=3.0)
    assert app.t_s > 840.0


def test_the_step_of_the_feed_begins_where_the_session_is_in_another() -> None:
    app = App(mixed(400), steps=[(0.0, "set-up")])
    driven(app, phases=("feed",), stop=LONG)
    assert [name for _, name in app.steps] == ["set-up", "feed", PAUSE]
    app = App(mixed(400), steps=[(0.0, "feed")])
    driven(app, phases=("feed",), stop=LONG)
    assert [name for _, name in app.steps] == ["feed", PAUSE]


def test_the_app_is_left_at_the_end_so_that_its_feed_stands_still() -> None:
    app = App(mixed(400))
    driven(app, stop=LONG)
    assert app.did[-1] == "home"


def test_the_home_key_is_not_pressed_while_something_else_is_in_front() -> None:
    app = App(mixed(400), screen="locked")
    assert driven(app).stopped == "locked"
    assert app.did == []


def test_an_app_that_was_left_is_brought_back_before_anything_is_swiped() -> None:
    app = App(mixed(400))

    def once(now: App) -> None:
        if int(now.t_s) == 60:
            now.screen = "elsewhere"

    app.each_second = once
    done = driven(app, stop=LONG)
    assert app.did.count("app") == 1
    assert done.stopped == "session_time"


def never_back(app: App) -> None:
    app.to_app = lambda: app.did.append("app")  # type: ignore[method-assign]
    app.screen = "elsewhere"


def later(change: Callable[[App], None]) -> Callable[[App], None]:
    """Do it at second 40."""

    def at_forty(app: App) -> None:
        if int(app.t_s) == 40:
            change(app)

    return at_forty


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ("locked", lambda app: setattr(app, "screen", "locked")),
        ("not_in_front", never_back),
        ("recording_ended", lambda app: setattr(app, "running", False)),
        ("phone_gone", lambda app: setattr(app, "gone", True)),
        ("told", lambda app: setattr(app, "told_at", app.t_s)),
    ],
)
def test_a_mishap_ends_the_drive_at_once(expected: Stopped, change: Callable[[App], None]) -> None:
    app = App(mixed(400))
    app.each_second = later(change)
    done = driven(app)
    assert done.stopped == expected
    assert done.lines[-1]["reason"] == expected
    assert app.t_s < 80.0
    assert expected in MEANING


def test_each_rule_of_the_protocol_ends_the_drive() -> None:
    def ended(app: App, *, before_s: float = 0.0, minutes: float = 120.0, **stop: float) -> Stopped:
        rules = StopRules(**stop)  # type: ignore[arg-type]
        return driven(app, stop=rules, before_s=before_s, minutes=minutes).stopped

    app = App(mixed(400))
    assert ended(app, session_s=100.0) == "session_time"
    assert 100.0 <= app.t_s < 101.0
    app = App(mixed(400))
    assert ended(app, feed_s=1000.0, before_s=900.0) == "feed_time"
    assert 100.0 <= app.t_s < 101.0
    app = App(mixed(400))
    assert ended(app, minutes=2.0) == "minutes"
    assert 125.0 <= app.t_s < 126.0
    many = [item(n, "#sad") for n in range(100)]
    app = App(many)
    assert ended(app, positive_in_a_row=5) == "positive_in_a_row"
    assert app.at == 4  # the fifth is not watched
    assert ended(App(mixed(400)), positive_in_a_row=5, session_s=600.0) == "session_time"


def test_a_feed_that_has_nothing_more_ends_the_drive() -> None:
    app = App(mixed(30))
    done = driven(app, dwell=STEADY)
    assert done.stopped == "lost"
    assert done.stopped in FAULTS
    assert [line["decision"] for line in done.items[-20:]] == ["unknown"] * 20


def test_a_feed_that_goes_round_without_anything_new_ends_the_drive() -> None:
    app = App(mixed(6))
    app.move = lambda: rounds(app)  # type: ignore[method-assign]
    assert driven(app, dwell=STEADY).stopped == "no_new_items"


def rounds(app: App) -> None:
    """Go on by one item, and after the last to the first."""
    app.at = (app.at + 1) % len(app.items)
    app.begin()


def test_nothing_matches_where_nothing_is_known() -> None:
    done = driven(App([], log=False), dwell=STEADY)
    assert done.stopped == "lost"
    assert {line["decision"] for line in done.items} == {"unknown"}
