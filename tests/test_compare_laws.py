"""Laws that a comparison obeys, whatever the study."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import blind, finding, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.frames import Frames
from analyzer.models import Delta

Row = dict[str, object]
MIRROR = {
    "only_a": "only_b", "more_a": "more_b", "same": "same",
    "more_b": "more_a", "only_b": "only_a", "insufficient": "insufficient",
}  # fmt: skip
OWNERS = ("Waymark", "Glint")
TYPES = ("id.advertising", "dev.model", "ad.interest")


def diff(found: Frames, a: str = "DE", b: str = "KE") -> Comparison:
    return compare(found, synthetic.study(), synthetic.knowledge(), a, b)


@st.composite
def studies(draw: st.DrawFn) -> tuple[list[Row], list[Row], list[Row]]:
    """Sessions, findings and coverage of a study of up to eight sessions for each side."""
    rows = [
        session(arm, repeat, block=draw(st.sampled_from(["", "x"])))
        for arm in ("DE-13", "KE-13", "DE-30", "KE-30")
        for repeat in range(1, draw(st.integers(1, 8)) + 1)
    ]
    ids = [str(each["id"]) for each in rows]
    found = [
        finding(of, owner, data_type)
        for owner in OWNERS
        for data_type in TYPES
        for of in draw(st.lists(st.sampled_from(ids), unique=True))
    ]
    coverage = [
        blind(of, owner, refused=1)
        for owner in OWNERS
        for of in draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))
    ]
    return rows, found, coverage


def numbers(deltas: Sequence[Delta]) -> dict[tuple[str, str], Delta]:
    return {
        (each.owner, each.subject): replace(each, id="", examples=(), hosts=()) for each in deltas
    }


@settings(max_examples=20, deadline=None)
@given(studies())
def test_swapping_the_sides_mirrors_every_row(
    study: tuple[list[Row], list[Row], list[Row]],
) -> None:
    rows, found, coverage = study
    made = frames(rows, found, coverage=coverage)
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


@settings(max_examples=20, deadline=None)
@given(studies(), st.randoms(use_true_random=False))
def test_order_and_names_of_sessions_do_not_matter(
    study: tuple[list[Row], list[Row], list[Row]], chance: random.Random
) -> None:
    rows, found, coverage = study
    ids = [str(each["id"]) for each in rows]
    names = dict(
        zip(ids, chance.sample([f"session-{place}" for place in range(99)], len(ids)), strict=True)
    )

    def shuffled(table: list[Row], column: str) -> list[Row]:
        renamed = [each | {column: names[str(each[column])]} for each in table]
        return chance.sample(renamed, len(renamed))

    other = frames(
        shuffled(rows, "id"), shuffled(found, "session"), coverage=shuffled(coverage, "session")
    )
    before = numbers(diff(frames(rows, found, coverage=coverage)).deltas)
    assert numbers(diff(other).deltas) == before


@settings(max_examples=20, deadline=None)
@given(studies())
def test_another_owners_findings_do_not_change_what_was_counted(
    study: tuple[list[Row], list[Row], list[Row]],
) -> None:
    rows, found, coverage = study
    more = found + [finding(str(each["id"]), "Newcomer") for each in rows]
    before = numbers(diff(frames(rows, found, coverage=coverage)).deltas)
    after = numbers(diff(frames(rows, more, coverage=coverage)).deltas)
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
    verdicts = {each.verdict for each in diff(frames(sessions(n, "DE-13", "KE-13"), found)).deltas}
    assert verdicts <= {"same", "insufficient"}
