"""An audit: from captures and codes to what the accounts of two sides were shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from feed_rig import ADAPTERS, aweme, exchange, logged, served
from recording import STUDY, prove_region, record, study

from analyzer.bundle import BundleWriter, list_bundles, new_session, read_session
from analyzer.errors import UserError
from analyzer.feed.audit import audit
from analyzer.feed.audit_records import Audit, Caution
from analyzer.feed.codebook import study_codebook
from analyzer.feed.coding.codes import decide
from analyzer.feed.coding.codes import record as coded
from analyzer.feed.custody import log_drive
from analyzer.feed.driven import DriveLog
from analyzer.feed.items import item_key
from analyzer.feed.measures import measure
from analyzer.feed.store import update
from analyzer.instants import instant
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.simulation.feed_accounts import CATEGORIES
from analyzer.simulation.feed_accounts import POSITIVE as POSITIVE_ONE
from analyzer.simulation.feed_bundles import write_study
from analyzer.simulation.feed_codes import simulate_codes
from analyzer.study import Study

KNOWN = load_knowledge()
PLAYED = 10.0  # seconds of each item
ACCOUNT = '\n[feed.accounts.{name}]\narm = "{arm}"\nrole = "{role}"\n'
FEED = """
[arms.DE-30]
country = "DE"
age = 30
[feed]
adapters = ["tiktok_app"]
[feed.interests.sad]
categories = ["depressive", "hopeless"]
""" + "".join(
    ACCOUNT.format(name=f"{country.lower()}-{role[0]}{number}", arm=f"{country}-13", role=role)
    + ('interest = "sad"\n' if role == "seeded" else "")
    for country in ("KE", "DE")
    for role in ("seeded", "control")
    for number in (1, 2)
)


def hour(numbers: Sequence[int]) -> list[Exchange]:
    """A session in which the items `numbers` were served and watched, each to its end."""
    lines = [
        logged(now, before, int(PLAYED * 1000) if before else "", t_s=2.0 + PLAYED * place)
        for place, (before, now) in enumerate(zip([0, *numbers], [*numbers, 0], strict=True))
    ]
    return [served([aweme(number) for number in numbers], 1.0), *lines]


def key(number: int, found: Study) -> str:
    return item_key(ADAPTERS["tiktok_app"], aweme(number)["aweme_id"], found.key)


def code(found: Study, coder: str, numbers: Iterable[int], category: str) -> None:
    codebook = study_codebook(found.root)
    coded(found.root, coder, {key(each, found): category for each in numbers}, codebook)


SHOWN = {
    "ke-s1": [1, 2, 3, 4],
    "ke-s2": [1, 2, 5, 6],
    "ke-c1": [7, 8, 9, 10],
    "ke-c2": [7, 8, 11, 1],
    "de-s1": [1, 12, 13, 14],
    "de-s2": [2, 12, 13, 15],
    "de-c1": [7, 8, 9, 10],
    "de-c2": [7, 8, 9, 16],
}
POSITIVE = {1, 2, 3, 5}


def declared(root: Path, feed: str = FEED) -> Study:
    return study(root, STUDY + feed)


def account(found: Study, name: str, repeat: int, shown: Sequence[int]) -> Path:
    return record(found, f"{name[:2].upper()}-13", repeat, hour(shown), account=name)


# Of each arm the first account and the last, so that all arms were recorded in turns.
TURNS = ("ke-s1", "ke-c1", "de-s1", "de-c1", "de-c2", "de-s2", "ke-c2", "ke-s2")


def recorded(found: Study, leave_out: Iterable[str] = ()) -> None:
    for repeat, name in enumerate(TURNS, 1):
        if name not in set(leave_out):
            account(found, name, repeat, SHOWN[name])


@pytest.fixture
def whole(tmp_path: Path) -> Study:
    """Every account with one session, and every item coded alike by two."""
    found = declared(tmp_path)
    recorded(found)
    for coder in ("ada", "ben"):
        code(found, coder, POSITIVE, "depressive")
        code(found, coder, set(range(1, 17)) - POSITIVE, "neutral")
    return found


def made(found: Study, a: str = "KE", b: str = "DE") -> Audit:
    return audit(found, a, b, KNOWN)


def codes_of(found: Iterable[Caution]) -> set[str]:
    return {each.code for each in found}


def test_an_audit_says_how_far_it_is(whole: Study) -> None:
    told: list[tuple[int, int, str]] = []
    audit(whole, "KE", "DE", KNOWN, progress=lambda *step: told.append(step))
    assert [done for done, _, _ in told] == [*range(1, 9), 8]
    assert {total for _, total, _ in told} == {8}
    assert told[-1][2] == "comparing accounts"


def test_each_account_has_what_was_on_its_screen(whole: Study) -> None:
    found = made(whole)
    assert [side.name for side in found.sides] == ["KE", "DE"]
    assert found.comparison.sides == ("KE", "DE")
    got = {each.name: (each.shown, each.coded, each.positive) for each in found.comparison.accounts}
    assert got == {
        name: (4, 4, sum(number in POSITIVE for number in shown)) for name, shown in SHOWN.items()
    }
    assert {each.name: each.role for each in found.accounts} == {
        name: "seeded" if "-s" in name else "control" for name in SHOWN
    }
    assert all(
        (each.sessions, each.answers, each.understood) == (1, 1, 1) for each in found.accounts
    )
    assert found.comparison.positive == tuple(sorted(study_codebook(whole.root).harmful))
    assert (found.coding.shown, found.coding.settled, found.coding.uncoded) == (16, 16, 0)
    assert found.coding.how == (("agreed", 16),)
    assert found.agreement is not None
    assert found.agreement.both == 16
    assert codes_of(found.cautions) == set()
    assert {each.rule for each in found.comparison.coders} == {"all", "any"}
    assert found.labels["depressive"]["en"]


def test_examples_are_measured_items_and_say_nothing_that_anybody_wrote(whole: Study) -> None:
    found = made(whole)
    assert {each.category for each in found.examples} == {"depressive"}
    of_ke = [each for each in found.examples if (each.side, each.role) == ("KE", "seeded")]
    assert {each.key for each in of_ke} == {key(number, whole) for number in POSITIVE}
    assert len({each.key for each in of_ke}) == len(of_ke)
    assert {each.account for each in of_ke} == {"ke-s1", "ke-s2"}
    assert [each.number for each in found.examples] == list(range(1, len(found.examples) + 1))
    assert {(each.watch_s, each.by, each.coders) for each in of_ke} == {(PLAYED, "watch_log", 2)}
    told = repr(found)
    assert "#tag" not in told
    assert "video 1" not in told
    assert aweme(1)["aweme_id"] not in told
    assert found == made(whole)


def test_sessions_of_an_account_follow_one_another(whole: Study) -> None:
    before = {each.name: each for each in made(whole).accounts}
    account(whole, "ke-s1", 20, [2, 3])
    found = made(whole)
    state = {each.name: each for each in found.accounts}["ke-s1"]
    assert state.sessions == 2
    assert state.started == before["ke-s1"].started
    assert state.feed_s > before["ke-s1"].feed_s
    [figures] = [each for each in found.comparison.accounts if each.name == "ke-s1"]
    assert (figures.shown, figures.positive, figures.late) == (6, 5, 0)
    assert figures.feed_s == state.feed_s


def test_an_account_ends_with_its_last_session_and_the_audit_with_the_last_of_all(
    whole: Study,
) -> None:
    sessions = [read_session(path) for path in list_bundles(whole.captures)]
    found = made(whole)
    ended = {each.account: each.ended for each in sessions}
    for each in found.accounts:
        assert instant(each.ended) == instant(ended[each.name] or "")
        assert instant(each.ended) - instant(each.started) == 300
    assert found.started == min(each.started for each in sessions)
    assert found.ended == max(each.ended or "" for each in sessions)


def test_a_session_whose_recorder_died_ends_with_its_last_sign(tmp_path: Path) -> None:
    found = declared(tmp_path)
    recorded(found, leave_out=["ke-s2"])
    bundle = record(found, "KE-13", 8, hour([1, 2]), account="ke-s2", close=False)
    assert read_session(bundle).ended is None
    state = {each.name: each for each in made(found).accounts}["ke-s2"]
    last = max(each.t_s for each in hour([1, 2]))
    assert last > 2 * PLAYED
    assert instant(state.ended) - instant(state.started) == pytest.approx(last, abs=1)


def test_an_arm_is_a_side_by_itself_and_adults_are_told(whole: Study) -> None:
    assert [side.name for side in made(whole, "KE-13", "DE-13").sides] == ["KE-13", "DE-13"]
    root = whole.root
    old = '[feed.accounts.de-c2]\narm = "DE-13"'
    text = (root / "study.toml").read_text(encoding="utf-8")
    assert old in text
    adult = ACCOUNT.format(name="de-a", arm="DE-30", role="control")
    found = study(root, text.replace(old, '[feed.accounts.de-c2]\narm = "DE-30"') + adult)
    record(found, "DE-30", 30, hour([1]), account="de-a")
    got = made(found)
    assert {"adults", "wrong_arm"} <= codes_of(got.cautions)
    assert got.elsewhere == ("de-c2", "de-a")
    assert "de-c2" not in {each.name for each in got.comparison.accounts}


def test_what_is_left_out_is_told(whole: Study) -> None:
    record(whole, "KE-13", 40, hour([1]))
    record(whole, "KE-13", 41, hour([1]), account="stranger")
    record(whole, "DE-13", 42, hour([1]), account="ke-s1")
    found = made(whole)
    assert codes_of(found.cautions) == {"no_account", "undeclared_account", "wrong_arm"}
    [told] = [each.text for each in found.cautions if each.code == "undeclared_account"]
    assert "stranger" in told
    [figures] = [each for each in found.comparison.accounts if each.name == "ke-s1"]
    assert figures.shown == 4


def test_an_account_that_was_never_recorded_is_told(tmp_path: Path) -> None:
    found = declared(tmp_path)
    recorded(found, ["ke-c2"])
    got = made(found)
    assert {"never_recorded", "no_codes"} <= codes_of(got.cautions)
    assert {each.name: each.sessions for each in got.accounts}["ke-c2"] == 0
    assert "ke-c2" not in {each.name for each in got.comparison.accounts}
    assert got.agreement is None
    assert got.examples == ()


def test_only_the_surface_and_the_feed_that_are_measured_count(whole: Study) -> None:
    first = hour([1, 2])[0]
    following = first.url.replace("/aweme/v1/feed/", "/aweme/v1/follow/feed/")
    friends = replace(first, url=following, t_s=60.0)
    record(whole, "KE-13", 50, [*hour([3]), friends], account="ke-s2")
    found = made(whole)
    [figures] = [each for each in found.comparison.accounts if each.name == "ke-s2"]
    assert figures.shown == 5
    told = [str(each.text) for each in found.cautions if each.code == "other_surfaces"]
    assert len(told) == 2
    assert "counts as feed time" in told[1]


def test_items_of_another_feed_are_no_time_in_another_part_of_the_app(whole: Study) -> None:
    web = "https://www.tiktok.com/api/recommend/item_list/?aid=1988&count=9"
    listed = {"id": "7300000000000000099", "desc": "a cat", "createTime": 1751328000}
    answer = {"statusCode": 0, "hasMore": True, "itemList": [listed]}
    other = exchange({"request": {"url": web}, "response": {"json": answer}})
    record(whole, "KE-13", 50, [*hour([3]), replace(other, t_s=5.0)], account="ke-s2")
    told = [str(each.text) for each in made(whole).cautions if each.code == "other_surfaces"]
    assert len(told) == 1
    assert "counts as feed time" not in told[0]


def test_unclear_items_count_as_not_coded_and_disagreements_wait(whole: Study) -> None:
    code(whole, "ada", [3], "neutral")
    code(whole, "ada", [4], "unclear")
    code(whole, "ben", [4], "unclear")
    codebook = study_codebook(whole.root)
    code(whole, "ada", [5], "eating")
    decide(whole.root, "cam", key(5, whole), "self_harm", codebook)
    found = made(whole)
    assert (found.coding.settled, found.coding.unclear, found.coding.disagreed) == (14, 1, 1)
    assert dict(found.coding.how) == {"agreed": 14, "adjudicated": 1}
    [figures] = [each for each in found.comparison.accounts if each.name == "ke-s1"]
    assert (figures.shown, figures.coded, figures.positive) == (4, 2, 2)
    assert codes_of(found.cautions) == {"disagreed"}


def test_codes_of_one_person_or_of_another_codebook_do_not_count(tmp_path: Path) -> None:
    found = declared(tmp_path)
    recorded(found)
    code(found, "ada", [1, 2], "depressive")
    got = made(found)
    assert (got.coding.settled, got.coding.single, got.coding.uncoded) == (0, 2, 14)
    assert codes_of(got.cautions) == {"no_codes", "single_coded"}
    ours = Path(str(study_codebook.__code__.co_filename)).parent.parent / "data" / "codebook.yaml"
    text = ours.read_text(encoding="utf-8").replace("definition: ", "definition: As told. ", 1)
    (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
    assert {"old_codes", "no_codes"} == codes_of(made(found).cautions)


def test_blocks_times_regions_and_breaks_are_told(tmp_path: Path) -> None:
    feed = FEED.replace('role = "control"\n', 'role = "control"\nblock = "2"\n', 1)
    found = declared(tmp_path, feed)
    for repeat, (name, shown) in enumerate(SHOWN.items(), 1):
        later = repeat if name.startswith("ke") else repeat + 100
        arm = f"{name[:2].upper()}-13"
        record(found, arm, later, hour(shown), account=name, proven=name != "ke-s1")
    record(found, "KE-13", 9, hour([1]), account="ke-s2", close=False)
    got = codes_of(made(found).cautions)
    assert {"one_sided_block", "apart_in_time", "region", "incomplete"} <= got


def test_a_driver_that_stopped_is_told_and_so_is_one_that_moved_only_some(whole: Study) -> None:
    made(whole)
    path = sorted(whole.captures.glob("KE-13-r01*"))[0]
    log = DriveLog(whole.root, path.name)
    log.add("begin", 0.0, account="ke-s1", role="seeded", seed=7)
    log.add("item", 1.0, key=key(1, whole), decision="match", why=["hashtag"], dwell_s=20.0)
    log.add("stop", 9.0, reason="positive_in_a_row")
    log.close()
    log_drive(whole.root, path.name)
    found = made(whole)
    assert codes_of(found.cautions) == {"driven_and_not"}
    [drive] = found.drives
    assert (drive.account, drive.items, drive.matched, drive.seed) == ("ke-s1", 1, 1, "7")
    [figures] = [each for each in found.comparison.accounts if each.name == "ke-s1"]
    assert figures.stopped == "positive_in_a_row"
    log = DriveLog(whole.root, path.name)
    log.add("begin", 10.0, account="ke-s1", role="seeded", seed=8)
    log.add("stop", 11.0, reason="locked")
    log.close()
    log_drive(whole.root, path.name)
    found = made(whole)
    assert codes_of(found.cautions) == {"driven_and_not", "driver_stopped"}
    assert not any(each.stopped for each in found.comparison.accounts)


def test_a_side_without_an_account_or_a_study_without_one_is_a_mistake(tmp_path: Path) -> None:
    found = declared(tmp_path)
    with pytest.raises(UserError, match="no session of an account"):
        made(found)
    account(found, "ke-s1", 1, [1])
    with pytest.raises(UserError, match="DE has no sessions of minors"):
        made(found)
    with pytest.raises(UserError, match="no arm, country or bloc"):
        made(found, "KE", "mars")
    with pytest.raises(UserError, match="both sides"):
        made(found, "KE", "KE-13")


def test_a_session_that_is_not_over_is_told(whole: Study) -> None:
    session = new_session(whole, whole.arm("KE-13"), origin="proxy", account="ke-s1")
    writer = BundleWriter.create(whole.captures, session, phase="use")
    try:
        assert codes_of(made(whole).cautions) == {"being_recorded"}
    finally:
        writer.close("done")


def test_sessions_of_one_account_at_the_same_time_are_told(whole: Study) -> None:
    account(whole, "de-c1", 60, [1])
    session = new_session(
        whole, whole.arm("DE-13"), origin="proxy", account="de-c1", started=1.8e9 + 3600 * 59 + 60
    )
    writer = BundleWriter.create(whole.captures, session, phase="use")
    prove_region(writer, "DE")
    writer.close("done", ended=1.8e9 + 3600 * 59 + 90)
    [told] = [each.text for each in made(whole).cautions if each.code == "overlap"]
    assert told.endswith("counted twice: de-c1.")


def test_why_a_study_does_without_proof_of_the_region_is_told(tmp_path: Path) -> None:
    waiver = '\n[compare.waive]\nregion = "a partner in Kenya held the phone"\n'
    found = declared(tmp_path, FEED + waiver)
    for repeat, name in enumerate(TURNS, 1):
        arm = f"{name[:2].upper()}-13"
        record(found, arm, repeat, hour(SHOWN[name]), account=name, proven=name != "ke-s1")
    [told] = [each.text for each in made(found).cautions if each.code == "region"]
    assert told.startswith("For 1 of 8 sessions")
    assert told.endswith("The study says: a partner in Kenya held the phone")


def test_from_bundles_comes_what_is_true_of_a_simulated_study(tmp_path: Path) -> None:
    truth = write_study(tmp_path / "study", seed=3, each=1, hours=0.4)
    update(truth.study)
    simulate_codes(truth.study.root, 1, error=0.0)
    found = audit(truth.study, "KE", "US", KNOWN)
    direct = measure([truth.columns], truth.accounts, CATEGORIES, {POSITIVE_ONE}, ("KE", "US"))
    for ours, theirs in zip(
        sorted(found.comparison.accounts, key=lambda each: each.name),
        sorted(direct.accounts, key=lambda each: each.name),
        strict=True,
    ):
        assert (ours.name, ours.shown, ours.coded) == (theirs.name, theirs.shown, theirs.coded)
        assert (ours.positive, ours.share) == (theirs.positive, theirs.share)
        # Times are kept to the millisecond.
        times = (ours.first_exposure_s, ours.onset_s, ours.doubling_s)
        for time, true in zip(
            times, (theirs.first_exposure_s, theirs.onset_s, theirs.doubling_s), strict=True
        ):
            assert time == (true if true is None else pytest.approx(true, abs=0.002))
    assert sum(each.positive for each in found.comparison.accounts) > 20
