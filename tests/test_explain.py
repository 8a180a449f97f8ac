"""The way from bytes to verdict, on captures that are read again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import recording
from recording import EMAIL, GAID, post, record

from analyzer.compare import compare, matrix
from analyzer.errors import UserError
from analyzer.explain import explain
from analyzer.explanation import DeltaTrail, Trail
from analyzer.frames import Frames, analyse, load_frames
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Delta
from analyzer.study import Study


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Six sessions for each side; only in Kenya the advertising ID is sent."""
    found = recording.study(tmp_path_factory.mktemp("study"))
    secret = f"gps_adid={GAID}&environment=production"
    for repeat in range(1, 7):
        record(found, "DE-13", repeat, [post("environment=production")])
        record(found, "KE-13", repeat, [post(secret, path="/session"), post(f"x={EMAIL}")])
    analyse(found, jobs=1)
    return found


@pytest.fixture(scope="module")
def frames(study: Study) -> Frames:
    return load_frames(study)


def finding(frames: Frames, data_type: str) -> str:
    return str(frames.findings.query(f"data_type == '{data_type}'")["id"].iloc[0])


def trail(study: Study, knowledge: Knowledge, identifier: str) -> Trail:
    found = explain(study, knowledge, identifier)
    assert found.delta is None
    assert found.trail is not None
    return found.trail


def delta(study: Study, knowledge: Knowledge, frames: Frames, a: str, b: str) -> Delta:
    found = compare(frames, study, knowledge, a, b).deltas
    return next(each for each in found if each.subject == "id.advertising")


def test_a_finding_is_followed_to_its_bytes(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    found = trail(study, knowledge, finding(frames, "id.advertising"))
    assert found.request == "POST https://app.waymark.example/session"
    assert (found.part, found.path, found.steps) == ("body", "gps_adid", ("form",))
    assert (found.rule_id, found.method) == ("waymark/session#advertising_id", "rule")
    assert (found.owner, found.party, found.arm) == ("Waymark", "third", "KE-13")
    assert "waymark.yaml" in found.owner_reason
    assert found.party_reason == "study.toml does not list it as the app's own"
    assert found.request_bytes == len(f"gps_adid={GAID}&environment=production")
    assert found.check.ok
    assert "the same digest" in found.check.text


def test_no_captured_value_is_told(study: Study, knowledge: Knowledge, frames: Frames) -> None:
    for data_type in ("id.advertising", "person.email"):
        told = repr(asdict(trail(study, knowledge, finding(frames, data_type))))
        assert GAID not in told
        assert EMAIL not in told


def test_the_beginning_of_an_id_is_enough_while_it_is_the_only_one(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    whole = finding(frames, "id.advertising")
    others = [each for each in frames.findings["id"] if each != whole]
    short = next(
        whole[:length]
        for length in range(2, 12)
        if not any(each.startswith(whole[:length]) for each in others)
    )
    assert trail(study, knowledge, short.upper()).id == whole
    with pytest.raises(UserError, match="f could be f") as caught:
        explain(study, knowledge, "f")
    assert "and others" in caught.value.message


@pytest.mark.parametrize("wrong", ["f0000000000", "s0000000000", "d0000000000"])
def test_an_unknown_id_is_refused(study: Study, knowledge: Knowledge, wrong: str) -> None:
    with pytest.raises(UserError, match=f"nothing has the id {wrong}"):
        explain(study, knowledge, wrong)


@pytest.mark.parametrize("wrong", ["", "x12", "f12/..", "f12345678901", "KE-13"])
def test_what_is_no_id_is_refused(study: Study, knowledge: Knowledge, wrong: str) -> None:
    with pytest.raises(UserError, match="is no id"):
        explain(study, knowledge, wrong)


@pytest.mark.parametrize(("a", "b"), [("DE", "KE"), ("KE-13", "DE-13"), ("eea", "global_majority")])
def test_a_difference_is_found_by_its_id_whatever_the_sides(
    study: Study, knowledge: Knowledge, frames: Frames, a: str, b: str
) -> None:
    wanted = delta(study, knowledge, frames, a, b)
    found = explain(study, knowledge, wanted.id)
    assert found.kind == "delta"
    assert found.trail is None
    assert found.delta is not None
    assert (found.delta.a.name, found.delta.b.name) == (a, b)
    assert found.delta.delta == wanted
    assert [each.id for each in found.delta.examples] == list(wanted.examples)
    assert all(each.check.ok for each in found.delta.examples)


def explained(study: Study, knowledge: Knowledge, identifier: str) -> DeltaTrail:
    found = explain(study, knowledge, identifier).delta
    assert found is not None
    return found


def test_a_difference_says_what_would_turn_it(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    found = explained(study, knowledge, delta(study, knowledge, frames, "DE", "KE").id)
    assert found.delta.verdict == "only_b"
    assert len(found.seen_b) == len(found.unseen_a) == 6
    assert found.seen_a == found.blind_a == ()
    assert found.turning == 2  # 1 of 6 against 6 of 6 has p = 0.015, 2 of 6 has 0.06
    assert found.change == (
        "Had it been seen in 2 more sessions of Germany, it would no longer count as a difference."
    )


def test_a_finding_is_not_confirmed_by_a_capture_that_was_changed(
    tmp_path: Path, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = recording.study(tmp_path)
    bundle = record(own, "KE-13", 1, [post()])
    analyse(own)
    frames = load_frames(own)
    identifier = finding(frames, "id.advertising")
    database = bundle / "capture.sqlite"
    content = bytearray(database.read_bytes())
    content[24] ^= 1  # the change counter of SQLite: still a good database of the same size
    database.write_bytes(content)
    with pytest.raises(UserError, match="not up to date"):
        explain(own, knowledge, identifier)
    # Even if it is changed in the moment between the two.
    monkeypatch.setattr("analyzer.explain.load_frames", lambda *_: frames)
    check = trail(own, knowledge, identifier).check
    assert not check.ok
    assert "capture.sqlite was changed" in check.text


def test_too_few_sessions_are_told_with_what_would_be_enough(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    own = recording.study(tmp_path)
    for arm in ("DE-13", "KE-13"):
        record(own, arm, 1, [post()])
    analyse(own)
    found = delta(own, knowledge, load_frames(own), "DE", "KE")
    told = explained(own, knowledge, found.id)
    assert told.turning is None
    assert told.change.startswith("With 6 sessions for each side it could be decided")


def test_a_signal_is_followed_to_its_bytes(tmp_path: Path, knowledge: Knowledge) -> None:
    own = recording.study(tmp_path)
    bid = '{"id": "1", "imp": [{"id": "1"}], "regs": {"coppa": 0}, "device": {"os": "android"}}'
    json = (("content-type", "application/json"),)
    record(own, "KE-13", 1, [post(bid, "ads.pebblo.example", "/bid", request_headers=json)])
    analyse(own)
    [row] = load_frames(own).signals.query("path == 'regs.coppa'").to_dict("records")
    found = trail(own, knowledge, str(row["id"]))
    assert (found.kind, found.verdict, found.path) == ("signal", "non_protective", "regs.coppa")
    assert found.subject == row["signal"]
    assert found.source
    assert (found.party, found.party_reason) == (
        "first",
        "study.toml lists pebblo.example as the app's own",
    )
    assert found.check.ok
    assert "the same signal" in found.check.text


def test_a_measured_row_is_followed_to_the_value_of_each_session(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    for row in compare(frames, study, knowledge, "DE", "KE").magnitudes:
        found = explain(study, knowledge, row.id)
        assert found.kind == "magnitude"
        assert found.magnitude is not None
        assert found.magnitude.magnitude == row
        assert (found.magnitude.side_a, found.magnitude.side_b) == ("Germany", "Kenya")
        assert [each.side for each in found.magnitude.values] == ["a"] * 6 + ["b"] * 6
        for side, summary in (("a", row.a), ("b", row.b)):
            values = [
                each.value
                for each in found.magnitude.values
                if each.side == side and each.value is not None
            ]
            assert len(values) == summary.n
            assert min(values) == pytest.approx(summary.low)
        assert [each.id for each in found.examples] == list(row.examples)


def test_a_row_of_the_matrix_is_followed_to_the_sessions_of_each_country(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    rows = matrix(frames, study, knowledge).rows
    [row] = [each for each in rows if each.subject == "id.advertising"]
    found = explain(study, knowledge, row.id).country
    assert found is not None
    assert found.row == row
    assert [each.country for each in found.columns] == ["DE", "KE"]
    assert [len(each.seen) for each in found.cells] == [each.k for each in row.cells] == [0, 6]
    assert [len(each.unseen) for each in found.cells] == [6, 0]


def test_a_gate_a_recipient_and_an_identifier_are_known_by_their_names(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    gate = explain(study, knowledge, "sessions", ("DE", "KE")).gate
    assert gate is not None
    assert gate.gate.passed
    for name in ("waymark", "app.waymark.example"):
        found = explain(study, knowledge, name, ("DE", "KE")).recipient
        assert found is not None
        assert found.name == "Waymark"
        assert {row.side for row in found.coverage} == {"a", "b"}
        assert {row.subject for row in found.rows} >= {"id.advertising", "person.email"}
    [digest] = set(frames.identifiers.query("data_type == 'id.advertising'")["digest"])
    sent = explain(study, knowledge, digest[:12]).identifier
    assert sent is not None
    assert (sent.digest, sent.owners) == (digest, ("Waymark",))
    assert len({each.session for each in sent.seen}) == 6


def test_what_is_mistyped_gets_what_is_near(
    study: Study, knowledge: Knowledge, frames: Frames
) -> None:
    whole = finding(frames, "id.advertising")
    other = "0" if whole[5] != "0" else "1"
    for wrong, near in ((whole[:5] + other + whole[6:], whole), ("Waymrk", "Waymark")):
        with pytest.raises(UserError) as caught:
            explain(study, knowledge, wrong)
        assert near in caught.value.fix


@pytest.mark.parametrize("wrong", ["m0000000000", "c0000000000"])
def test_an_unknown_row_is_refused(study: Study, knowledge: Knowledge, wrong: str) -> None:
    with pytest.raises(UserError, match=f"nothing has the id {wrong}"):
        explain(study, knowledge, wrong)
