"""Laws that a comparison obeys, whatever the study."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import blind, finding, frames, session, sessions, signal

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.frames import Frames
from analyzer.magnitudes import Magnitude
from analyzer.models import Delta

Row = dict[str, object]
Study = tuple[list[Row], dict[str, list[Row]]]
"""Sessions, and the other tables by name."""
MIRROR = {
    "only_a": "only_b", "more_a": "more_b", "same": "same",
    "more_b": "more_a", "only_b": "only_a", "insufficient": "insufficient",
}  # fmt: skip
OWNERS = ("Waymark", "Glint")
TYPES = ("id.advertising", "dev.model", "ad.interest")


def diff(found: Frames, a: str = "DE", b: str = "KE") -> Comparison:
    return compare(found, synthetic.study(), synthetic.knowledge(), a, b)


def made_of(study: Study) -> Frames:
    rows, tables = study
    return frames(rows, tables["findings"], signals=tables["signals"], coverage=tables["coverage"])


def with_sessions(study: Study, kept: set[str]) -> Frames:
    rows, tables = study
    fewer = {
        name: [each for each in table if each["session"] in kept] for name, table in tables.items()
    }
    return made_of(([each for each in rows if each["id"] in kept], fewer))


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """A study of up to eight sessions for each side, with adults, signals and blind spots."""
    rows = [
        session(arm, repeat, block=draw(st.sampled_from(["", "x"])))
        for arm in ("DE-13", "KE-13", "DE-30", "KE-30")
        for repeat in range(1, draw(st.integers(1, 8)) + 1)
    ]
    ids = [str(each["id"]) for each in rows]
    found = [
        finding(of, owner, data_type, t_s=draw(st.sampled_from([1.0, 2.5, 40.0])))
        for owner in OWNERS
        for data_type in TYPES
        for of in draw(st.lists(st.sampled_from(ids), unique=True))
    ]
    found += [
        finding(of, OWNERS[0], "loc.precise", shape=f"geo:{draw(st.integers(1, 5))}-decimals")
        for of in draw(st.lists(st.sampled_from(ids), unique=True))
    ]
    coverage = [
        blind(of, owner, refused=1)
        for owner in OWNERS
        for of in draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))
    ]
    coverage += [
        blind(of, OWNERS[0], exchanges=draw(st.integers(0, 9)), bytes_up=1000) for of in ids
    ]
    signals = [
        signal(of, verdict)
        for verdict in ("protective", "missing")
        for of in draw(st.lists(st.sampled_from(ids), unique=True))
    ]
    return rows, {"findings": found, "signals": signals, "coverage": coverage}


def numbers(deltas: Sequence[Delta]) -> dict[tuple[str, str, str], Delta]:
    return {
        (each.owner, each.subject, each.state): replace(each, id="", examples=(), hosts=())
        for each in deltas
    }


@settings(max_examples=20, deadline=None)
@given(studies())
def test_swapping_the_sides_mirrors_every_row(
    study: Study,
) -> None:
    made = made_of(study)
    there, back = numbers(diff(made).deltas), numbers(diff(made, "KE", "DE").deltas)
    assert there.keys() == back.keys()
    for key, left in there.items():
        right = back[key]
        assert right.verdict == MIRROR[left.verdict]
        assert (right.a, right.b, right.p, right.q) == (left.b, left.a, left.p, left.q)
        assert (right.effect, right.low, right.high) == pytest.approx(
            (-left.effect, -left.high, -left.low)
        )
        assert left.contrast is not None
        assert right.contrast is not None
        assert right.contrast.effect == pytest.approx(-left.contrast.effect)
        assert (right.contrast.low, right.contrast.high) == pytest.approx(
            (-left.contrast.high, -left.contrast.low)
        )
        assert right.contrast.verdict == MIRROR[left.contrast.verdict]
        assert (right.contrast.p, right.contrast.q) == (left.contrast.p, left.contrast.q)


def verdicts_of(found: Comparison) -> set[str]:
    contrasts = [each.contrast for each in found.deltas if each.contrast]
    return {
        *(str(each.verdict) for each in found.deltas),
        *(str(each.verdict) for each in found.magnitudes),
        *(str(each.verdict) for each in contrasts),
    }


def amounts(found: Comparison) -> dict[tuple[str, str, str], Magnitude]:
    return {
        (each.measure, each.owner, each.subject): replace(each, id="", examples=())
        for each in found.magnitudes
    }


def opposite(row: Magnitude) -> tuple[float | None, ...]:
    """The effect and its interval as the other side sees it; 0 and infinite bounds are None."""
    if row.ratio:
        return tuple(1 / each if each else None for each in (row.effect, row.high, row.low))
    return tuple(None if each is None else -each for each in (row.effect, row.high, row.low))


@settings(max_examples=20, deadline=None)
@given(studies())
def test_swapping_the_sides_mirrors_magnitudes_gates_noise_and_sensitivity(
    study: Study,
) -> None:
    made = made_of(study)
    there, back = diff(made), diff(made, "KE", "DE")
    left, right = amounts(there), amounts(back)
    assert left.keys() == right.keys()
    for key, one in left.items():
        other = right[key]
        assert other.verdict == MIRROR[one.verdict]
        assert (other.a, other.b, other.p, other.q) == (one.b, one.a, one.p, one.q)
        seen = tuple(each or None for each in opposite(one)) if one.ratio else opposite(one)
        told: tuple[float | None, ...] = (other.effect, other.low, other.high)
        told = tuple(each or None for each in told) if one.ratio else told
        assert [each is None for each in seen] == [each is None for each in told]
        assert [each for each in told if each is not None] == pytest.approx(
            [each for each in seen if each is not None]
        )
    for one_gate, other_gate in zip(there.gates, back.gates, strict=True):
        assert (one_gate.name, one_gate.passed, one_gate.sessions, one_gate.rows) == (
            *(other_gate.name, other_gate.passed, other_gate.sessions, other_gate.rows),
        )
    assert sorted(there.noise.arms, key=repr) == sorted(back.noise.arms, key=repr)
    assert (there.noise.called, there.noise.found) == (back.noise.called, back.noise.found)
    assert [(each.kind, each.name) for each in there.sensitivities] == [
        (each.kind, each.name) for each in back.sensitivities
    ]


@settings(max_examples=20, deadline=None)
@given(studies(), st.randoms(use_true_random=False))
def test_order_and_names_of_sessions_do_not_matter(study: Study, chance: random.Random) -> None:
    rows, tables = study
    ids = [str(each["id"]) for each in rows]
    names = dict(
        zip(ids, chance.sample([f"session-{place}" for place in range(99)], len(ids)), strict=True)
    )

    def shuffled(table: list[Row], column: str) -> list[Row]:
        renamed = [each | {column: names[str(each[column])]} for each in table]
        return chance.sample(renamed, len(renamed))

    other = made_of(
        (
            shuffled(rows, "id"),
            {name: shuffled(each, "session") for name, each in tables.items()},
        )
    )
    before, after = diff(made_of(study)), diff(other)
    assert numbers(after.deltas) == numbers(before.deltas)
    assert amounts(after) == amounts(before)
    assert after.noise == before.noise
    assert [(each.name, each.passed, each.rows) for each in after.gates] == [
        (each.name, each.passed, each.rows) for each in before.gates
    ]


@settings(max_examples=15, deadline=None)
@given(studies())
def test_names_of_owners_do_not_matter(study: Study) -> None:
    rows, tables = study
    names = {"Waymark": "Zeta", "Glint": "Alpha"}  # in the other order

    def renamed(table: list[Row]) -> list[Row]:
        return [each | {"owner": names[str(each["owner"])]} for each in table]

    before = diff(made_of(study))
    after = diff(made_of((rows, {name: renamed(each) for name, each in tables.items()})))
    told = {
        (names[owner], subject, state): replace(each, owner=names[owner])
        for (owner, subject, state), each in numbers(before.deltas).items()
    }
    assert numbers(after.deltas) == told
    weighed = {
        (measure, names.get(owner, ""), subject): replace(each, owner=names.get(owner, ""))
        for (measure, owner, subject), each in amounts(before).items()
    }
    assert amounts(after) == weighed


@settings(max_examples=20, deadline=None)
@given(studies(), st.data())
def test_sessions_that_are_dropped_never_turn_a_claim_around(
    study: Study, data: st.DataObject
) -> None:
    """A claim may be lost with the sessions that bear it; the opposite is never claimed."""
    ids = [str(each["id"]) for each in study[0]]
    kept = set(ids) - set(data.draw(st.lists(st.sampled_from(ids), unique=True, max_size=3)))
    if not all(any(each.startswith(arm) for each in kept) for arm in ("DE-13", "KE-13")):
        return
    before, after = diff(made_of(study)), diff(with_sessions(study, kept))
    rows = numbers(before.deltas)
    for key, row in numbers(after.deltas).items():
        assert {rows[key].verdict[-1], row.verdict[-1]} != {"a", "b"}
        then, now = rows[key].contrast, row.contrast
        assert not then or not now or {then.verdict[-1], now.verdict[-1]} != {"a", "b"}
    measured = amounts(before)
    for measure, each in amounts(after).items():
        if measure in measured:
            assert {measured[measure].verdict[-1], each.verdict[-1]} != {"a", "b"}


@settings(max_examples=20, deadline=None)
@given(studies(), st.integers(1, 8))
def test_with_ever_fewer_sessions_everything_becomes_insufficient(study: Study, left: int) -> None:
    kept = {str(each["id"]) for each in study[0] if int(str(each["repeat"])) <= left}
    fewer = diff(with_sessions(study, kept))
    if left < 5:
        assert verdicts_of(fewer) <= {"insufficient"}


@settings(max_examples=20, deadline=None)
@given(st.integers(5, 9), st.integers(1, 4), st.booleans())
def test_dropping_sessions_of_which_each_says_the_same_only_moves_towards_insufficient(
    n: int, gone: int, everywhere: bool
) -> None:
    def verdicts(left: int) -> set[str]:
        arms = ("DE-13", "KE-13") if everywhere else ("KE-13",)
        found = [
            finding(f"{arm}-r{number:02d}", "Waymark", data_type, t_s=1.0 if arm < "F" else 90.0)
            for arm in arms
            for number in range(1, left + 1)
            for data_type in TYPES
        ]
        return verdicts_of(diff(frames(sessions(left, "DE-13", "KE-13"), found)))

    assert verdicts(n - gone) <= verdicts(n) | {"insufficient"}


@settings(max_examples=20, deadline=None)
@given(studies())
def test_another_owners_findings_do_not_change_what_was_counted(
    study: Study,
) -> None:
    rows, tables = study
    more = tables["findings"] + [finding(str(each["id"]), "Newcomer") for each in rows]
    before = numbers(diff(made_of(study)).deltas)
    after = numbers(diff(made_of((rows, tables | {"findings": more}))).deltas)
    assert {key for key in after if key[0] != "Newcomer"} == before.keys()
    for key, delta in before.items():
        assert (after[key].a, after[key].b, after[key].p) == (delta.a, delta.b, delta.p)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.data())
def test_two_sides_that_do_the_same_never_differ(n: int, data: st.DataObject) -> None:
    chosen = [
        data.draw(st.lists(st.integers(1, n), unique=True)) for _ in range(len(OWNERS) * len(TYPES))
    ]
    what = [(owner, data_type) for owner in OWNERS for data_type in TYPES]
    found = [
        finding(f"{arm}-r{repeat:02d}", owner, data_type)
        for (owner, data_type), repeats in zip(what, chosen, strict=True)
        for arm in ("DE-13", "KE-13")
        for repeat in repeats
    ]
    made = diff(frames(sessions(n, "DE-13", "KE-13"), found))
    assert verdicts_of(made) <= {"same", "insufficient"}
