"""From counts to verdicts: the rules, and the laws that hold for any counts."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.compare.groups import Group, Observed
from analyzer.compare.turning import turning_point
from analyzer.compare.verdicts import Judged, judge
from analyzer.models import Verdict
from analyzer.study import CompareSettings

SETTINGS = CompareSettings()
MIRROR: dict[Verdict, Verdict] = {
    "only_a": "only_b", "more_a": "more_b", "same": "same",
    "more_b": "more_a", "only_b": "only_a", "insufficient": "insufficient",
}  # fmt: skip


class Counts(NamedTuple):
    """A row by its numbers: seen, and blind where it was not seen."""

    k_a: int
    k_b: int
    blind_a: int = 0
    blind_b: int = 0


def group(name: str, n: int) -> Group:
    return Group(name, {f"{name}{number}": "" for number in range(n)})


def observed(n_a: int, n_b: int, row: Counts) -> Observed:
    def some(name: str, start: int, number: int, n: int) -> frozenset[str]:
        return frozenset(f"{name}{place}" for place in range(start, min(n, start + number)))

    return Observed(
        some("a", 0, row.k_a, n_a),
        some("b", 0, row.k_b, n_b),
        some("a", row.k_a, row.blind_a, n_a),
        some("b", row.k_b, row.blind_b, n_b),
    )


def judged(n_a: int, n_b: int, *rows: Counts) -> list[Judged]:
    found = judge(
        group("a", n_a), group("b", n_b), [observed(n_a, n_b, row) for row in rows], SETTINGS
    )
    return list(found.rows)


@st.composite
def studies(draw: st.DrawFn, least: int = 1, most: int = 9) -> tuple[int, int, list[Counts]]:
    n_a, n_b = draw(st.integers(least, most)), draw(st.integers(least, most))
    row = st.builds(
        Counts,
        st.integers(0, n_a),
        st.integers(0, n_b),
        st.sampled_from([0, 0, 1, 3]),
        st.sampled_from([0, 0, 1, 3]),
    ).filter(lambda row: row.k_a or row.k_b)
    return n_a, n_b, draw(st.lists(row, min_size=1, max_size=6))


@pytest.mark.parametrize(
    ("n", "row", "verdict"),
    [
        (6, Counts(6, 0), "only_a"),
        (6, Counts(0, 6), "only_b"),
        (6, Counts(6, 1), "more_a"),
        (6, Counts(1, 6), "more_b"),
        (6, Counts(6, 6), "same"),
        (6, Counts(4, 2), "insufficient"),
        (4, Counts(4, 0), "insufficient"),
        (1, Counts(1, 1), "insufficient"),
    ],
)
def test_a_row_gets_the_verdict_that_its_counts_bear(n: int, row: Counts, verdict: Verdict) -> None:
    assert judged(n, n, row)[0].verdict == verdict


def test_too_few_sessions_say_how_many_there_are_and_would_be_enough() -> None:
    found = judged(1, 1, Counts(1, 0), Counts(1, 1))
    assert found[0].reason == "too few sessions: a has 1, b has 1, and each side needs 5"
    assert [each.enough for each in found] == [5, 6]
    assert "b has" not in judged(4, 9, Counts(1, 0))[0].reason


def test_what_cannot_be_decided_names_more_sessions_than_there_are() -> None:
    found = judged(6, 6, Counts(4, 2))[0]
    assert "it could be chance" in found.reason
    assert found.enough is not None
    assert found.enough > 6


def test_a_difference_does_not_survive_blind_spots_that_could_hide_it() -> None:
    found = judged(6, 6, Counts(6, 0, blind_b=3))[0]
    assert found.verdict == "insufficient"
    assert (
        "in 3 of 6 sessions of b it may have been sent where it could not be read" in found.reason
    )


def test_one_blind_session_takes_only_away_but_leaves_more() -> None:
    assert judged(6, 6, Counts(6, 0, blind_b=1))[0].verdict == "more_a"
    assert judged(6, 6, Counts(0, 6, blind_a=1))[0].verdict == "more_b"


def test_blind_sessions_on_the_side_that_has_more_change_nothing() -> None:
    assert judged(8, 8, Counts(7, 0, blind_a=1))[0].verdict == "only_a"


def test_same_does_not_survive_blind_spots_that_could_hide_a_difference() -> None:
    assert judged(8, 8, Counts(8, 7))[0].verdict == "insufficient"
    assert judged(20, 20, Counts(16, 16))[0].verdict == "same"
    assert judged(20, 20, Counts(16, 16, blind_a=4, blind_b=4))[0].verdict == "insufficient"


def test_many_rows_without_a_difference_raise_the_bar_for_one() -> None:
    alone = judged(5, 5, Counts(5, 0))
    among = judged(5, 5, Counts(5, 0), *[Counts(3, 2)] * 20)
    assert alone[0].verdict == "only_a"
    assert among[0].verdict == "insufficient"
    assert among[0].q == pytest.approx(21 * 2 / 252 / (1 - 2 / 252))


def test_rows_that_could_not_have_differed_cost_nothing() -> None:
    alone = judged(5, 5, Counts(5, 0))
    among = judged(5, 5, Counts(5, 0), *[Counts(5, 5)] * 20)
    assert (among[0].verdict, among[0].q) == ("only_a", alone[0].q)


def test_sides_recorded_on_different_days_cannot_show_a_difference() -> None:
    a = Group("a", {f"a{number}": "monday" for number in range(6)})
    b = Group("b", {f"b{number}": "tuesday" for number in range(6)})
    [found] = judge(a, b, [observed(6, 6, Counts(6, 0))], SETTINGS).rows
    assert (found.verdict, found.p) == ("insufficient", 1.0)
    assert found.reason == "no time block has sessions of both sides"


@given(studies())
def test_swapping_the_sides_mirrors_everything(study: tuple[int, int, list[Counts]]) -> None:
    n_a, n_b, rows = study
    there = judged(n_a, n_b, *rows)
    back = judged(n_b, n_a, *[Counts(r.k_b, r.k_a, r.blind_b, r.blind_a) for r in rows])
    for left, right in zip(there, back, strict=True):
        assert right.verdict == MIRROR[left.verdict]
        assert (right.a, right.b) == (left.b, left.a)
        assert right.effect == pytest.approx(-left.effect)
        assert (right.low, right.high) == pytest.approx((-left.high, -left.low))
        assert (right.p, right.q) == pytest.approx((left.p, left.q))
        assert right.enough == left.enough


@given(st.integers(1, 12), st.data())
def test_identical_sides_never_differ(n: int, data: st.DataObject) -> None:
    ks = data.draw(st.lists(st.integers(1, n), min_size=1, max_size=6))
    for found in judged(n, n, *[Counts(k, k) for k in ks]):
        assert found.verdict in {"same", "insufficient"}
        assert found.p == 1.0


@given(studies(), st.integers(2, 4))
def test_dropping_sessions_never_makes_a_claim(
    study: tuple[int, int, list[Counts]], times: int
) -> None:
    """With the same shares in fewer sessions no row says what it did not say before."""
    n_a, n_b, rows = study
    few = judged(n_a, n_b, *rows)
    more = [Counts(*(number * times for number in row)) for row in rows]
    many = judged(n_a * times, n_b * times, *more)
    for before, after in zip(many, few, strict=True):
        if before.verdict == "insufficient":
            assert after.verdict == "insufficient"
        elif after.verdict == "same":
            # A very large study can show a difference that is smaller than the margin.
            assert -SETTINGS.margin <= before.low <= before.high <= SETTINGS.margin
        else:
            assert after.verdict in {before.verdict, "insufficient"}


@given(studies(least=5), st.data())
def test_becoming_blind_never_makes_a_claim(
    study: tuple[int, int, list[Counts]], data: st.DataObject
) -> None:
    n_a, n_b, rows = study
    seeing = judged(n_a, n_b, *[row._replace(blind_a=0, blind_b=0) for row in rows])
    weaker = {"only_a": {"more_a"}, "only_b": {"more_b"}}
    for before, after in zip(seeing, judged(n_a, n_b, *rows), strict=True):
        allowed = {before.verdict, "insufficient"} | weaker.get(before.verdict, set())
        assert after.verdict in allowed


@given(studies())
def test_no_claim_is_made_without_enough_sessions_and_every_refusal_says_why(
    study: tuple[int, int, list[Counts]],
) -> None:
    n_a, n_b, rows = study
    for found in judged(n_a, n_b, *rows):
        assert (found.verdict == "insufficient") == bool(found.reason)
        assert found.verdict == "insufficient" or min(n_a, n_b) >= SETTINGS.min_sessions
        if found.verdict in {"only_a", "more_a"}:
            assert found.effect > 0
            assert found.q <= SETTINGS.alpha


def turning(n: int, *rows: Counts) -> int | None:
    a, b = group("a", n), group("b", n)
    return turning_point(a, b, [observed(n, n, row) for row in rows], 0, SETTINGS)


@pytest.mark.parametrize(
    ("n", "row", "sessions"),
    [
        (6, Counts(6, 0), 2),  # 6 of 6 against 2 of 6 has p = 0.06
        (6, Counts(0, 6), 2),
        (6, Counts(6, 6), 1),  # 6 of 6 against 5 of 6 may be more than the margin apart
        (6, Counts(4, 2), None),
    ],
)
def test_the_turning_point_is_the_fewest_sessions_that_change_the_verdict(
    n: int, row: Counts, sessions: int | None
) -> None:
    assert turning(n, row) == sessions


def test_the_turning_point_respects_the_other_rows() -> None:
    assert turning(8, Counts(8, 0)) == 4
    assert turning(8, Counts(8, 0), *[Counts(8, 8)] * 10) == 4
    assert turning(8, Counts(8, 0), *[Counts(4, 4)] * 10) == 3


def blocked(name: str, sizes: tuple[int, ...]) -> Group:
    of = {f"{name}{block}-{at}": f"b{block}" for block, n in enumerate(sizes) for at in range(n)}
    return Group(name, of)


def in_blocks(name: str, seen: tuple[int, ...]) -> frozenset[str]:
    return frozenset(f"{name}{block}-{at}" for block, k in enumerate(seen) for at in range(k))


def judged_in_blocks(
    n_a: tuple[int, ...], n_b: tuple[int, ...], k_a: tuple[int, ...], k_b: tuple[int, ...]
) -> Judged:
    row = Observed(in_blocks("a", k_a), in_blocks("b", k_b), frozenset(), frozenset())
    [found] = judge(blocked("a", n_a), blocked("b", n_b), [row], SETTINGS).rows
    return found


def test_direction_effect_and_interval_are_those_within_the_time_blocks() -> None:
    """Over all sessions b has more; in the only block that tells anything, a has."""
    found = judged_in_blocks((20, 5), (5, 20), (0, 5), (0, 7))
    assert found.a.k / found.a.n < found.b.k / found.b.n
    assert found.verdict == "insufficient"
    assert found.effect == pytest.approx(0.325)
    assert found.low < 0.325 < found.high


def test_a_drift_from_block_to_block_is_no_difference_between_the_sides() -> None:
    found = judged_in_blocks((12, 6), (6, 12), (12, 0), (6, 0))
    assert (found.verdict, found.effect) == ("same", 0.0)
    counts_apart = judged_in_blocks((20, 5), (5, 20), (20, 0), (5, 0))  # 20 of 25 and 5 of 25
    assert counts_apart.verdict == "insufficient"


def test_blocks_that_contradict_each_other_are_not_called_the_same() -> None:
    found = judged_in_blocks((10, 10), (10, 10), (10, 0), (0, 10))
    assert found.verdict == "insufficient"
    assert "the other way round" in found.reason


def test_blocks_that_both_sides_share_alike_change_neither_effect_nor_interval() -> None:
    for k_a, k_b in (((3, 3, 3), (0, 0, 0)), ((3, 1, 2), (0, 2, 1))):
        with_blocks = judged_in_blocks((3, 3, 3), (3, 3, 3), k_a, k_b)
        without = judged_in_blocks((9,), (9,), (sum(k_a),), (sum(k_b),))
        assert with_blocks.effect == without.effect
        assert (with_blocks.low, with_blocks.high) == (without.low, without.high)
