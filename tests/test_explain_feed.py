"""The way back from an example of a feed to the recorded answer, the logs and the codes."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from cli_rig import done, mistake
from test_feed_audit import ACCOUNT, FEED, KNOWN, PLAYED, SHOWN, TURNS, account, declared, key
from test_feed_audit import code as coded

from analyzer.errors import UserError
from analyzer.explain import explain
from analyzer.explanation import AccountTrail, ShownTrail
from analyzer.feed.audit import audit
from analyzer.feed.audit_records import Audit, Example
from analyzer.feed.driven import DriveLog
from analyzer.readers.bundle import read_exchanges
from analyzer.study import Study
from reports.feed.publishing import account_numbers, published
from reports.feed.record import feed_record, feed_record_json

POSITIVE = {1, 2, 3, 5}
NEVER = ACCOUNT.format(name="ke-never", arm="KE-13", role="observed")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Eight accounts with one session each, of which one was driven; not analysed."""
    found = declared(tmp_path_factory.mktemp("study"), FEED + NEVER)
    for repeat, name in enumerate(TURNS, 1):
        bundle = account(found, name, repeat, SHOWN[name])
        if name == "ke-s1":
            log = DriveLog(found.root, bundle.name)
            log.add("begin", 0.0, account=name, seed="7")
            log.add(
                "item", 2.0, key=key(1, found), decision="match", why=["term"], dwell_s=10.0,
                duration_s=10.0, certainty="log",
            )  # fmt: skip
            log.add("stop", 60.0, reason="feed_time")
            log.close()
    for coder in ("ada", "ben"):
        coded(found, coder, POSITIVE, "depressive")
        coded(found, coder, set(range(1, 17)) - POSITIVE, "neutral")
    return found


@pytest.fixture(scope="module")
def made(whole: Study) -> Audit:
    return audit(whole, "KE", "DE", KNOWN)


def example(made: Audit, whole: Study, number: int) -> Example:
    return next(each for each in made.examples if each.key == key(number, whole))


def shown(whole: Study, identifier: str) -> ShownTrail:
    found = explain(whole, KNOWN, identifier)
    assert found.kind == "shown"
    assert found.shown is not None
    return found.shown


def account_trail(whole: Study, name: str) -> AccountTrail:
    found = explain(whole, KNOWN, name)
    assert found.kind == "account"
    assert found.account is not None
    return found.account


def test_every_example_leads_to_the_answer_that_served_it(whole: Study, made: Audit) -> None:
    assert len({each.id for each in made.examples}) == len(made.examples) > 3
    for each in made.examples:
        found = shown(whole, each.id)
        assert (found.id, found.account, found.item) == (each.id, each.account, each.key)
        assert (found.feed_s, found.watch_s, found.by) == (each.feed_s, each.watch_s, each.by)
        assert (found.category, found.how) == (each.category, each.how)
        assert found.codes == (("ada", "depressive"), ("ben", "depressive"))
        assert found.measured
        assert found.check.ok, found.check.text
        exchanges = {one.id: one for one in read_exchanges(whole.captures / found.session)}
        answer = json.loads(exchanges[found.exchange].response_body)
        served = answer["aweme_list"][found.position]
        number = int(served["aweme_id"]) - 7_300_000_000_000_000_000
        assert key(number, whole) == each.key


def test_the_lines_of_both_logs_are_told(whole: Study, made: Audit) -> None:
    for each in made.examples:
        found = shown(whole, each.id)
        of_app = [line for line in found.log if line.by == "app"]
        assert [line.watch_s for line in of_app if line.watch_s] == [PLAYED]
        assert all(line.exchange for line in of_app)
        driven = [line.told for line in found.log if line.by == "driver"]
        of_driver = each.account == "ke-s1" and each.key == key(1, whole)
        assert driven == ([("match", "term")] if of_driver else [])


def test_a_beginning_of_an_id_will_do_and_an_unknown_one_is_said_to_be(
    whole: Study, made: Audit
) -> None:
    whole_id = made.examples[0].id
    assert shown(whole, whole_id[:9].upper()).id == whole_id
    with pytest.raises(UserError, match="i0000000001"):
        explain(whole, KNOWN, "i0000000001")


def test_another_showing_of_an_item_and_another_study_have_another_id(
    whole: Study, made: Audit, tmp_path: Path
) -> None:
    both = account_trail(whole, "ke-s1").measured, account_trail(whole, "ke-s2").measured
    assert [len(each) for each in both] == [3, 3]
    assert not set(both[0]) & set(both[1])
    items = {shown(whole, each).item for each in both[0]} & {
        shown(whole, each).item for each in both[1]
    }
    assert items == {key(1, whole), key(2, whole)}
    other = declared(tmp_path, FEED)
    other = replace(other, key=b"q" * 16)
    account(other, "ke-s1", TURNS.index("ke-s1") + 1, SHOWN["ke-s1"])
    coded(other, "ada", POSITIVE, "depressive")
    coded(other, "ben", POSITIVE, "depressive")
    assert not set(account_trail(other, "ke-s1").measured) & set(both[0])


def test_an_account_by_its_name(whole: Study, made: Audit) -> None:
    for one in made.comparison.accounts:
        found = account_trail(whole, one.name)
        assert (found.shown, found.coded, found.positive) == (one.shown, one.coded, one.positive)
        assert found.first_exposure_s == one.first_exposure_s
        assert found.onset_s == one.onset_s
        assert found.share == one.positive / one.coded
        assert found.feed_s == one.feed_s
        assert len(found.measured) == one.positive
    [session] = account_trail(whole, "ke-s1").sessions
    assert session.driven == f"feed/drives/{session.session}.jsonl"
    assert (session.items, session.matched, session.stopped) == (1, 1, "feed_time")
    never = account_trail(whole, "ke-never")
    assert (never.sessions, never.share, never.onset_s, never.measured) == ((), None, None, ())


def test_nothing_that_anybody_wrote_is_told(whole: Study, made: Audit) -> None:
    private: set[str] = set()
    for path in (whole.root / "feed" / "items").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            private |= {row["native"], row["text"], row["author_key"], *row["hashtags"]} - {""}
    assert len(private) > 16
    told = [explain(whole, KNOWN, each) for each in (*(e.id for e in made.examples), *SHOWN)]
    text = json.dumps([asdict(each) for each in told])
    assert not [each for each in private if each in text]


def test_what_is_published_has_the_ids_and_not_the_keys(whole: Study, made: Audit) -> None:
    numbers = account_numbers(made.protocol.accounts, whole.key)
    text = feed_record_json(feed_record(published(made, numbers)))
    for each in made.examples:
        assert each.id in text
        assert each.key not in text


def test_the_terminal_prints_ids_and_takes_them(whole: Study) -> None:
    text = done("feed", "diff", "KE", "DE", "--all", root=whole.root, code=0)
    ids = [word for line in text.splitlines() for word in line.split() if _is_id(word)]
    record: dict[str, Any] = json.loads(
        done("feed", "diff", "KE", "DE", "--json", root=whole.root, code=0)
    )
    assert sorted(ids) == sorted(each["id"] for each in record["examples"])
    told = done("explain", ids[0], root=whole.root)
    assert "counted as measured: the coders agree" in told
    assert "Checked against the capture just now" in told
    assert "ada: depressive" in told
    assert "75.0% measured: 3 of 4 coded items" in done("explain", "ke-s1", root=whole.root)
    assert "none was recorded" in done("explain", "ke-never", root=whole.root)
    assert json.loads(done("explain", ids[0], "--json", root=whole.root))["shown"]["id"] == ids[0]
    assert "nothing has the id" in mistake("explain", "i0000000001", root=whole.root)


def test_the_page_has_the_id_of_each_example(whole: Study, made: Audit) -> None:
    done("feed", "report", "KE", "DE", root=whole.root)
    page = (whole.root / "out" / "feed-KE-DE.html").read_text(encoding="utf-8")
    for each in made.examples:
        assert f"<code>{each.id}</code>" in page
        assert each.key not in page


def _is_id(word: str) -> bool:
    return len(word) == 11 and word[0] == "i" and set(word[1:]) <= set("0123456789abcdef")


def test_what_was_changed_since_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    study = declared(tmp_path, FEED)
    bundle = account(study, "ke-s1", 1, SHOWN["ke-s1"])
    account(study, "ke-s2", 2, SHOWN["ke-s2"])
    for coder in ("ada", "ben"):
        coded(study, coder, POSITIVE, "depressive")
    [first, *_] = account_trail(study, "ke-s1").measured
    assert shown(study, first).check.ok
    told = bundle / "session.json"
    told.chmod(0o600)
    told.write_bytes(told.read_bytes().replace(b'"complete": true', b'"complete": false') + b" ")
    with pytest.raises(UserError) as caught:
        explain(study, KNOWN, first)
    assert f"{bundle.name} is left out because" in caught.value.fix
    [session] = account_trail(study, "ke-s1").sessions
    assert session.left_out
