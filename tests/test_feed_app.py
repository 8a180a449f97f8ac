"""The simulated app through the real proxy: what was recorded is what its server knows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_phone import adb, connect, own_server
from fake_phone_feed import FeedPhone
from feed_app_rig import recording

from analyzer.bundle import add_step
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import load_items, load_showings, update
from analyzer.simulation.feed_client import FeedApp
from analyzer.simulation.feed_declaration import DeclaredFeed, Form, load_feed
from analyzer.simulation.feed_items import HARMFUL, category_of
from analyzer.simulation.feed_server import FeedServer, Truth
from analyzer.simulation.feed_study import prepare_feed_study
from analyzer.study import Study

pytestmark = pytest.mark.capture


def _study(root: Path) -> Study:
    return prepare_feed_study(root, {"ke-1": ("KE", "seeded"), "ke-2": ("KE", "control")})


def _server(folder: Path, declared: DeclaredFeed) -> FeedServer:
    return FeedServer(folder, declared, {"ke-1": "KE", "ke-2": "KE"})


def _looked(app: FeedApp, items: int, seconds: Callable[[str], float]) -> None:
    """Look at so many items, at each for as long as `seconds` says, and swipe on."""
    for number in range(1, items + 1):
        time.sleep(seconds(app.current or ""))
        app.swipe_up()
        app.wait(number)


def _rows(study: Study) -> list[dict[str, object]]:
    return [row for batch in load_items(study) for row in batch.to_pylist()]


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_what_is_recorded_of_a_feed_is_what_its_server_served(tmp_path: Path, form: Form) -> None:
    study = _study(tmp_path / "study")
    quick = load_feed().at_speed(40)
    declared = DeclaredFeed(quick.recommender, masks=0.5, form=form)
    chance = random.Random(1)
    with (
        _server(tmp_path / "servers", declared) as server,
        recording(study, "ke-1", server, tmp_path / "confdir") as made,
    ):
        add_step(made.bundle, "feed")
        with FeedApp(made.proxy, made.authority, form) as app:
            _looked(app, 30, lambda _: chance.uniform(0.0, 0.08))
        truth = server.truth("ke-1")
    _equal(study, app, truth)
    assert made.sealed is not None
    assert (made.sealed.account, made.sealed.complete) == ("ke-1", True)


def _equal(study: Study, app: FeedApp, truth: Truth) -> None:
    summary = update(study, phases=load_protocol(study).phases)
    [session] = summary.sessions
    [health] = session.health
    assert (health.answers, health.understood) == (len(truth.served) // 8,) * 2
    assert (health.servings, session.problems) == (len(truth.served), ())
    assert health.lacking == ()
    rows = _rows(study)
    told = [
        (
            each.native, each.item.text, each.item.language, each.duration_s, each.ad,
            [name for name, _, _ in each.item.tags], ["mask:1"] if each.item.masked else [],
        )
        for each in truth.served
    ]  # fmt: skip
    assert told == [
        (
            row["native"], row["text"], row["language"], row["duration_s"], row["ad"],
            row["hashtags"], row["warnings"],
        )
        for row in rows
    ]  # fmt: skip
    # The app's log, the server's, and the recording tell the same of what was watched.
    watched = [(each.native, each.watch_s) for each in truth.watched]
    assert watched == [(each.native, each.watch_s) for each in app.log]
    shown = [row for row in rows if row["state"] == "shown"]
    assert watched == [(row["native"], row["watch_s"]) for row in shown]
    assert [each.native for each in truth.served[: len(shown)]] == truth.begun
    assert {row["state"] for row in rows[len(shown) :]} == {"prefetched"}
    # And when it began, but for the time that a line of the log takes to the proxy.
    begun = [_number(row["feed_s"]) for row in shown]
    for place, each in enumerate(app.log):
        apart = (begun[place] - begun[0]) - (each.began - app.log[0].began)
        assert abs(apart) < 0.5


def _number(value: object) -> float:
    assert isinstance(value, float)
    return value


def test_an_app_without_a_log_is_read_by_the_order_of_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.feed.joining._QUICKEST", 0.5 / 40)  # all goes 40 times as fast
    study = _study(tmp_path / "study")
    with (
        _server(tmp_path / "servers", load_feed().at_speed(40)) as server,
        recording(study, "ke-2", server, tmp_path / "confdir") as made,
        FeedApp(made.proxy, made.authority, watch_log=False) as app,
    ):
        _looked(app, 20, lambda _: 0.02)
        truth = server.truth("ke-2")
    assert (truth.watched, truth.begun) == ([], [])
    update(study)
    rows = _rows(study)
    assert [row["native"] for row in rows] == [each.native for each in truth.served]
    # All but those of the last answer were followed by another one.
    last = truth.served[-1].batch
    assert [row["by"] for row in rows] == [
        "" if each.batch == last else "order" for each in truth.served
    ]


def test_a_feed_learns_from_who_watches_twice_and_not_from_who_watches_all_alike(
    tmp_path: Path,
) -> None:
    study = _study(tmp_path / "study")
    quick = load_feed().at_speed(300)
    own = replace(quick.recommender, base_share=0.1, amplification={"KE": 8.0}, learning=3.0)
    with _server(tmp_path / "servers", DeclaredFeed(own)) as server:
        seconds = {"ke-1": (0.01, 0.2), "ke-2": (0.05, 0.05)}  # for what does not harm, what does
        for account, looks in seconds.items():

            def looked(native: str, looks: tuple[float, float] = looks) -> float:
                return looks[_harmful(native)]

            with (
                recording(study, account, server, tmp_path / "confdir") as made,
                FeedApp(made.proxy, made.authority) as app,
            ):
                _looked(app, 80, looked)
        seeded, control = (server.truth(name).served[-40:] for name in ("ke-1", "ke-2"))
        assert server.engagements("ke-1") > 5 * max(1, server.engagements("ke-2"))
        assert server.share("ke-1") > 5 * server.share("ke-2")
    assert sum(_harmful(each.native) for each in seeded) >= 12
    assert sum(_harmful(each.native) for each in control) <= 8
    update(study)
    rows = (row for batch in load_showings(study) for row in batch.to_pylist())
    assert {row["account"] for row in rows} == {"ke-1", "ke-2"}


def _harmful(native: str) -> bool:
    return category_of(native) in HARMFUL


def test_adb_moves_the_feed_of_the_phone(tmp_path: Path) -> None:
    study = _study(tmp_path / "study")
    with (
        own_server(tmp_path / "home"),
        _server(tmp_path / "servers", load_feed().at_speed(40)) as server,
        recording(study, "ke-1", server, tmp_path / "confdir") as made,
        FeedApp(made.proxy, made.authority) as app,
        FeedPhone(app) as phone,
    ):
        connect(phone)

        def shell(line: str) -> str:
            return adb("-s", phone.serial, "shell", line)

        first = app.current
        assert "1080x2400" in shell("wm size")
        assert f" {phone.package}/" in shell("dumpsys window")
        shell("input swipe 500 1700 500 1600 200")  # too short
        shell("input swipe 500 700 500 1700 200")  # downwards
        assert app.current == first
        began = time.monotonic()
        shell("input swipe 500 1700 500 700 200")
        app.wait(1)
        second = app.current
        assert second != first
        shell("input keyevent KEYCODE_HOME")
        assert f" {phone.package}/" not in shell("dumpsys window")
        time.sleep(0.5)
        shell("input swipe 500 1700 500 700 200")  # over another app
        shell(
            "am start -a android.intent.action.MAIN -c android.intent.category.LAUNCHER"
            f" -p {phone.package}"
        )
        shell("input keyevent KEYCODE_SLEEP")
        assert "mWakefulness=Asleep" in shell("dumpsys power")
        time.sleep(0.3)
        shell("input keyevent KEYCODE_WAKEUP")
        shell("input swipe 500 1700 500 700 200")
        app.wait(2)
        assert [each.native for each in app.log] == [first, second]
        # For 0.8 seconds it stood still.
        assert 0 < app.log[1].watch_s < time.monotonic() - began - 0.8
        assert phone.touched == []
        shell("input tap 500 500")
        assert phone.touched == ["tap 500 500"]
