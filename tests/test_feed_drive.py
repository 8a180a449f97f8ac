"""The driver on a phone over the real adb: the app's feed behind the real proxy follows it."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cli_rig import mistake, program, run
from fake_phone import connect, own_server, wait_until
from fake_phone_feed import PACKAGE, FeedPhone
from feed_app_rig import FeedRecording, recording

from analyzer.bundle import add_step, list_bundles
from analyzer.custody.log import read
from analyzer.extract.shapes import digest
from analyzer.feed.driven import DriveLog, drive_log, read_drive, read_lines
from analyzer.feed.driving.drive import Driver
from analyzer.feed.driving.dwelling import Dweller
from analyzer.feed.driving.phone import FeedPhone as Hand
from analyzer.feed.driving.preparing import prepare
from analyzer.feed.driving.stopping import Stopped
from analyzer.feed.measures import FeedAccount, columns_of_batches, measure
from analyzer.feed.protocol import Dwell, load_protocol
from analyzer.feed.records import Role
from analyzer.feed.store import load_items, load_showings, summaries, update
from analyzer.phone import find_adb
from analyzer.readers.bundle import read_steps
from analyzer.simulation.feed_accounts import FeedDeclaration
from analyzer.simulation.feed_client import FeedApp
from analyzer.simulation.feed_declaration import ADAPTER, DeclaredFeed, load_feed
from analyzer.simulation.feed_items import HARMFUL, category_of
from analyzer.simulation.feed_server import FeedServer, Truth
from analyzer.simulation.feed_study import prepare_feed_study
from analyzer.study import PAUSE, Study

pytestmark = pytest.mark.capture

ROLES: dict[str, Role] = {"ke-1": "seeded", "ke-2": "control"}
# A feed that gives in after one item, so that the test is short: an account that shows no interest
# is served one harmful item in five, else nine in ten. All times are a 40th of those of people.
QUICK = Dwell(rounds=3, skip_s=0.15, control_s=0.15, jitter=0.1, pause_every_s=0.0)
MOST = 80  # items, if nothing comes of it


def quick_feed() -> DeclaredFeed:
    feed = load_feed().at_speed(40)
    eager = replace(
        feed.recommender, base_share=0.2, amplification={"KE": 4.5}, learning=0.7, base_spread=0.0,
        spread=0.0, length_spread=0.1,
    )  # fmt: skip
    return DeclaredFeed(eager)


@dataclass
class Scene:
    """A study, the app's server, and adb's own."""

    study: Study
    server: FeedServer
    confdir: Path

    @contextmanager
    def on_phone(self, account: str, **app: Any) -> Iterator[tuple[FeedRecording, FeedPhone]]:
        """Record `account`, whose app is open on a phone."""
        with (
            recording(self.study, account, self.server, self.confdir) as made,
            FeedApp(made.proxy, made.authority, **app) as feed,
            FeedPhone(feed) as phone,
        ):
            phone.install(PACKAGE, "34.2.1", {"base.apk": b"apk"})
            connect(phone)
            yield made, phone


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    study = prepare_feed_study(
        tmp_path / "study",
        {name: ("KE", role) for name, role in ROLES.items()},
        FeedDeclaration(skip_s=0.5, control_s=0.5),
    )
    with (
        own_server(tmp_path / "home"),
        FeedServer(
            tmp_path / "servers", quick_feed(), dict.fromkeys(ROLES, "KE"), seed=4
        ) as server,
    ):
        yield Scene(study, server, tmp_path / "confdir")


def at_onset(truth: Truth) -> bool:
    """Whether half of the last 20 items that the app has begun are harmful."""
    last = truth.begun[-20:]
    return len(last) == 20 and sum(category_of(each) in HARMFUL for each in last) >= 10


def quickly(
    scene: Scene, account: str, phone: FeedPhone, enough: Any, settle_s: float = 1.5
) -> tuple[Stopped, list[dict[str, Any]]]:
    """Drive with the quick rule until `enough` of the server's truth."""
    ready = prepare(scene.study, account, seed="test")
    assert ready.feed is not None
    truth = scene.server.truth(account)
    lines: list[dict[str, Any]] = []
    bundle = ready.feed.path

    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return bool(enough(truth)) or len(truth.begun) > MOST

    chance = random.Random(1)
    driver = Driver(
        ready.orders, ready.feed, Hand(find_adb(), phone.serial, PACKAGE), ready.matcher,
        Dweller(QUICK, ready.account.role, chance), chance,
        tell=lambda event, t_s, **told: lines.append({"event": event, "t_s": t_s, **told}),
        mark=lambda name: add_step(bundle, name), wait=wait, settle_s=settle_s,
    )  # fmt: skip
    return driver.run(), lines


def test_a_rewatching_account_reaches_onset_and_a_control_does_not(scene: Scene) -> None:
    with scene.on_phone("ke-1") as (_, phone):
        stopped, lines = quickly(scene, "ke-1", phone, at_onset)
        assert stopped == "told"
        assert phone.touched == []
        assert phone.front != PACKAGE
    seeded = scene.server.truth("ke-1")
    items = len(seeded.begun)
    assert items < MOST, "the feed of the seeded account never turned"
    _decided_rightly(lines, scene.study, seeded.begun)
    with scene.on_phone("ke-2") as (_, phone):
        quickly(scene, "ke-2", phone, lambda truth: len(truth.begun) >= items + 5)
    figures = measured(scene.study)
    assert figures["ke-1"].onset_s is not None
    assert figures["ke-2"].onset_s is None
    assert figures["ke-2"].coded >= 20
    assert scene.server.engagements("ke-2") == 0


def _decided_rightly(lines: list[dict[str, Any]], study: Study, begun: list[str]) -> None:
    """The log of the drive names what was on the screen, and matches what is of the interest."""
    items = [line for line in lines if line["event"] == "item"]
    keys = {keyed(study, native): native for native in begun}
    named = [line for line in items if line["certainty"] == "log"]
    assert len(named) >= 0.8 * len(items)
    order = iter(begun)
    for line in named:
        native = keys[line["key"]]
        assert native in order, "it was on the screen in this order"
        matches = line["decision"] == "match"
        assert matches <= (category_of(native) in HARMFUL)
    harmful = [line for line in named if category_of(keys[line["key"]]) in HARMFUL]
    assert sum(line["decision"] == "match" for line in harmful) >= 0.6 * len(harmful)
    assert all(line["dwell_s"] > 3 * line["duration_s"] for line in harmful if line["why"])


def keyed(study: Study, native: str) -> str:
    return digest(f"{ADAPTER}/item/{native}", study.key)


def measured(study: Study) -> dict[str, Any]:
    """What the measures say of each account, from the capture; codes as the items' makers say."""
    phases = load_protocol(study).phases
    update(study, phases=phases)
    codes = {
        row["item_key"]: category_of(row["native"])
        for batch in load_items(study)
        for row in batch.to_pylist()
    }
    lived = {each.account: each.feed_s for each in summaries(study)}
    accounts = [
        FeedAccount(name, "KE-13", "KE", role, (), "1", lived[name]) for name, role in ROLES.items()
    ]
    categories = sorted(set(codes.values()))
    chunks = columns_of_batches(load_showings(study, phases), list(ROLES), codes, categories)
    found = measure(chunks, accounts, categories, HARMFUL, ("KE", "US"))
    return {each.name: each for each in found.accounts}


ALLOWED = (
    "dumpsys window",
    "dumpsys power",
    "dumpsys input_method",
    "wm size",
    "input swipe ",
    "pm path ",
    "cmd package ",
)
KEYS = {"input keyevent KEYCODE_HOME", "input keyevent KEYCODE_WAKEUP"}


def only_what_a_driver_may(phone: FeedPhone) -> None:
    """Nothing was done to the phone but what the driver may do, away from edges and buttons."""
    assert phone.touched == []
    others = [line for line in phone.ran if not line.startswith(ALLOWED) and line not in KEYS]
    assert all(line.startswith("am start ") and line.endswith(f" -p {PACKAGE}") for line in others)
    width, height = phone.size
    for swipe in phone.swipes:
        assert swipe.upwards
        assert 0.3 * width < min(swipe.x1, swipe.x2) <= max(swipe.x1, swipe.x2) < 0.6 * width
        assert 0.2 * height < swipe.y2 < swipe.y1 < 0.8 * height
        assert 100 < swipe.ms < 400


def test_the_command_drives_until_ctrl_c_and_leaves_the_phone_at_home(scene: Scene) -> None:
    with scene.on_phone("ke-1") as (made, phone):
        words = ("--app", PACKAGE, "--json", "--study", scene.study.root)
        running = program("feed", "drive", "ke-1", *words)
        truth = scene.server.truth("ke-1")
        wait_until(lambda: len(truth.begun) > 3 or running.poll() is not None, "four items", 30)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=20)
        assert running.returncode == 0, err
        assert phone.front != PACKAGE
        only_what_a_driver_may(phone)
        assert "Nobody has to look" in err
        assert "ended: you ended it" in err
        shown = [json.loads(line) for line in out.splitlines()]
    path = drive_log(scene.study.root, made.bundle.name)
    lines = list(read_lines(path))
    assert [line["event"] for line in lines] == ["begin", *(line["event"] for line in shown)]
    assert lines[0]["seed"]
    assert read_drive(path).stopped == "told"
    assert read_drive(path).items >= 3
    [noted] = [each for each in read(scene.study.root).entries if each.what == "driven"]
    assert (noted.details["session"], noted.details["stopped"]) == (path.stem, "told")
    steps = [name for _, name in read_steps(made.bundle)]
    assert steps == ["set-up", "feed", PAUSE]


def test_a_dry_run_says_what_would_be_done_and_touches_nothing(scene: Scene) -> None:
    alone = run("feed", "drive", "ke-1", "--dry-run", root=scene.study.root)
    assert alone.exit_code == 0
    assert "watches what matches 2 times" in alone.stdout
    with scene.on_phone("ke-1") as (_, phone):
        before = list(phone.ran)
        running = program("feed", "drive", "ke-1", "--dry-run", "--study", scene.study.root)
        assert running.stdout
        lines: list[str] = []
        while not any(line.startswith(("match", "other")) for line in lines):
            lines.append(running.stdout.readline())
            assert lines[-1], running.communicate()
        assert phone.app
        phone.app.swipe_up()  # a person's hand
        assert running.stdout.readline().split()[0] in {"match", "other"}
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=20)
        assert running.returncode == 0
        assert phone.ran == before
    assert not drive_log(scene.study.root, "x").parent.exists()


def test_nothing_is_swiped_while_something_else_is_in_front(scene: Scene) -> None:
    with scene.on_phone("ke-2") as (_, phone):
        called = 0

        def enough(truth: Truth) -> bool:
            nonlocal called
            if len(truth.begun) == 4 and not called:
                called = len(phone.swipes)
                phone.show("com.android.dialer")
            return len(truth.begun) >= 7

        stopped, lines = quickly(scene, "ke-2", phone, enough)
        assert stopped == "told"
        assert [line["event"] for line in lines].count("return") == 1
        # Each swipe reached the feed, so that none went to the call.
        assert len(phone.swipes) <= len(scene.server.truth("ke-2").begun)
        phone.locked = True
        assert quickly(scene, "ke-2", phone, lambda _: False)[0] == "locked"


def test_a_phone_that_is_unplugged_ends_the_drive(scene: Scene) -> None:
    with scene.on_phone("ke-2") as (_, phone):

        def enough(truth: Truth) -> bool:
            if len(truth.begun) == 3:
                phone.adbd.unplug()
            return False

        stopped, lines = quickly(scene, "ke-2", phone, enough)
        assert stopped == "phone_gone"
        assert lines[-1]["reason"] == "phone_gone"
        assert read_steps_of(scene)[-1] == PAUSE


def read_steps_of(scene: Scene) -> list[str]:
    [bundle] = list_bundles(scene.study.captures)
    return [name for _, name in read_steps(bundle)]


def test_where_the_app_keeps_no_log_the_driver_s_says_what_was_shown(scene: Scene) -> None:
    with scene.on_phone("ke-1", watch_log=False) as (made, phone):
        app = phone.app
        assert app
        log = DriveLog(scene.study.root, made.bundle.name)
        stopped, lines = quickly(scene, "ke-1", phone, lambda _: len(app.log) >= 10, settle_s=0.2)
        for line in lines:
            told = dict(line)
            log.add(told.pop("event"), told.pop("t_s"), **told)
        log.close()
        assert stopped == "told"
    update(scene.study)
    rows = [row for batch in load_items(scene.study) for row in batch.to_pylist()]
    shown = [row for row in rows if row["state"] == "shown"]
    assert {row["by"] for row in shown} == {"driver"}
    natives = [each.native for each in app.log]
    assert [row["native"] for row in shown][:10] == natives[:10]
    # The first was on the screen before there was a driver.
    for row, each in zip(shown[1:10], app.log[1:], strict=False):
        assert row["watch_s"] == pytest.approx(each.watch_s, abs=1.5)


def test_a_drive_needs_a_recording_an_account_and_a_protocol(tmp_path: Path) -> None:
    study = prepare_feed_study(tmp_path, {"ke-1": ("KE", "seeded"), "ke-9": ("KE", "observed")})
    said = mistake("feed", "drive", "ke-1", root=study.root)
    assert "no session of ke-1 is being recorded" in said
    assert "evenhand proxy --account ke-1" in said
    assert "use one of ke-1, ke-9" in mistake("feed", "drive", "ke-2", root=study.root)
    assert "a person scrolls" in mistake("feed", "drive", "ke-9", root=study.root)
