"""Agreement of coders: published examples, another library, and what is missing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask  # type: ignore[import-untyped]
from statsmodels.stats.inter_rater import cohens_kappa  # type: ignore[import-untyped]

from analyzer.feed.coding.agreement import Pattern, _alpha, agreement, alpha, kappa

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers,
# twelve units, values missing; nominal alpha 0.743. The data are those of irr's `kripp.alpha`.
EXAMPLE_C = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
# The same paper, example B: two observers, twelve units, nominal alpha 0.692.
EXAMPLE_B = ("a a b b d c c c e d d a", "b a b b b c c c e d d d")
# Example A: two observers, ten units, binary; alpha 0.095.
EXAMPLE_A = ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")


def patterns(rows: Sequence[str]) -> Counter[Pattern]:
    columns = zip(*(row.split() for row in rows), strict=True)
    return Counter(
        tuple((f"c{who}", value) for who, value in enumerate(column) if value != ".")
        for column in columns
    )


def table(counts: Sequence[Sequence[int]]) -> dict[Pattern, int]:
    return {
        (("a", str(i)), ("b", str(j))): count
        for i, row in enumerate(counts)
        for j, count in enumerate(row)
        if count
    }


@pytest.mark.parametrize(
    ("rows", "published"), [(EXAMPLE_A, 0.095), (EXAMPLE_B, 0.692), (EXAMPLE_C, 0.743)]
)
def test_alpha_is_that_of_krippendorffs_own_examples(rows: Sequence[str], published: float) -> None:
    assert alpha(patterns(rows)) == pytest.approx(published, abs=5e-4)


# Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72:323: 200 subjects, kappa 0.429.
FLEISS = ((106, 10, 4), (22, 28, 10), (2, 12, 6))


@pytest.mark.parametrize(
    ("counts", "published"),
    [(FLEISS, 0.429), (((20, 5), (10, 15)), 0.4), (((45, 15), (25, 15)), 0.130)],
)
def test_kappa_is_that_of_published_examples(
    counts: Sequence[Sequence[int]], published: float
) -> None:
    assert kappa(table(counts)) == pytest.approx(published, abs=5e-4)


_TABLES = st.lists(
    st.lists(st.sampled_from(["1", "2", "3", ""]), min_size=3, max_size=3), min_size=3, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(_TABLES)
def test_both_are_those_of_nltk(rows: list[list[str]]) -> None:
    """Three coders, of whom any may have left any item out."""
    codes = {
        coder: {str(item): row[place] for item, row in enumerate(rows) if row[place]}
        for place, coder in enumerate("abc")
    }
    found = agreement(codes, ("1", "2", "3"), frozenset("1"))
    told = [(coder, item, code) for coder in "abc" for item, code in codes[coder].items()]
    shared = {item for item, n in Counter(item for _, item, _ in told).items() if n > 1}
    task = AnnotationTask([each for each in told if each[1] in shared])
    if len(task.K) > 1:
        assert found.alpha.value == pytest.approx(task.alpha(), abs=1e-12)
    else:
        assert found.alpha.value is None
    for pair in found.pairs:
        both = codes[pair.a].keys() & codes[pair.b].keys()
        task = AnnotationTask(
            [each for each in told if each[1] in both and each[0] in (pair.a, pair.b)]
        )
        if len(task.K) > 1:
            assert pair.kappa.value == pytest.approx(task.kappa_pairwise(pair.a, pair.b), abs=1e-12)
        else:
            assert pair.kappa.value is None


@settings(max_examples=30, deadline=None)
@given(_TABLES)
def test_each_item_is_left_out_once(rows: list[list[str]]) -> None:
    patterns_ = patterns([" ".join(code or "." for code in row) for row in zip(*rows, strict=True)])
    shared = {each: count for each, count in patterns_.items() if len(each) > 1}
    for left, without in zip(shared, _alpha(shared).without, strict=True):
        fewer = {each: count - (each == left) for each, count in shared.items()}
        one = alpha({each: count for each, count in fewer.items() if count})
        assert one == pytest.approx(without) if one is not None else not np.isfinite(without)


def test_a_hundred_thousand_items_take_no_longer_than_a_hundred() -> None:
    few = agreement(coded(FLEISS), ("0", "1", "2"), frozenset("1"))
    many = agreement(
        coded([[500 * n for n in row] for row in FLEISS]), ("0", "1", "2"), frozenset("1")
    )
    assert many.items == 100_000
    assert many.alpha.value == pytest.approx(few.alpha.value, abs=2e-3)
    assert many.pairs[0].kappa.value == pytest.approx(few.pairs[0].kappa.value, abs=1e-12)


def coded(counts: Sequence[Sequence[int]]) -> dict[str, dict[str, str]]:
    codes: dict[str, dict[str, str]] = {"a": {}, "b": {}}
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            for number in range(count):
                codes["a"][f"{i}-{j}-{number}"] = str(i)
                codes["b"][f"{i}-{j}-{number}"] = str(j)
    return codes


@pytest.mark.parametrize("counts", [FLEISS, ((45, 15), (25, 15)), ((80, 3), (4, 13))])
def test_the_interval_of_kappa_is_statsmodels_error_on_the_scale_of_what_is_lacking(
    counts: Sequence[Sequence[int]],
) -> None:
    [pair] = agreement(coded(counts), ("0", "1", "2"), frozenset("1")).pairs
    other = cohens_kappa(counts)
    lacking = 1 - other.kappa
    factor = math.exp(1.96 * other.std_kappa / lacking)
    assert pair.kappa.value == pytest.approx(other.kappa, abs=1e-12)
    assert pair.kappa.low == pytest.approx(1 - lacking * factor, abs=0.02)
    assert pair.kappa.high == pytest.approx(1 - lacking / factor, abs=0.02)


def test_coders_who_never_disagree_could_still() -> None:
    """None of 60 items: the exact bound on the share of disagreements is 1 - 0.025 ** (1 / 60)."""
    [pair] = agreement(coded(((30, 0), (0, 30))), ("0", "1"), frozenset("1")).pairs
    assert (pair.kappa.value, pair.kappa.high) == (1, 1)
    assert pair.kappa.low == pytest.approx(1 - 0.0596 / 0.5, abs=1e-3)
    [fewer] = agreement(coded(((5, 0), (0, 5))), ("0", "1"), frozenset("1")).pairs
    assert (fewer.kappa.low or 0) < 0.5


@pytest.mark.parametrize(
    ("positive", "right", "items"), [(0.25, 0.97, 30), (0.5, 0.99, 30), (0.25, 0.9, 100)]
)
def test_intervals_hold_the_true_coefficient(positive: float, right: float, items: int) -> None:
    """Two coders who err alike and apart from each other; 19 of 20 intervals are to hold."""
    cells = np.zeros((2, 2))
    for share, says in ((positive, right), (1 - positive, 1 - right)):
        cells += share * np.outer([1 - says, says], [1 - says, says])
    given = cells.sum(axis=1)
    true = 1 - (cells[0, 1] + cells[1, 0]) / (2 * given[0] * given[1])
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(200):
        drawn = rng.multinomial(items, cells.ravel()).reshape(2, 2).tolist()
        [pair] = agreement(coded(drawn), ("0", "1"), frozenset("1")).pairs
        held += pair.kappa.low is not None and pair.kappa.low <= true <= (pair.kappa.high or 0)
    assert held >= 182  # 190 are expected


def test_items_that_only_one_has_coded_count_for_nobody() -> None:
    codes = coded(FLEISS)
    alone = agreement(codes, ("0", "1", "2"), frozenset("1"))
    codes["a"] |= {f"more-{number}": "1" for number in range(50)}
    codes["c"] = {"by c only": "2"}
    more = agreement(codes, ("0", "1", "2"), frozenset("1"))
    assert (more.items, more.both) == (251, 200)
    assert (more.alpha, more.share, more.pairs[0]) == (alone.alpha, alone.share, alone.pairs[0])
    assert more.pairs[1].items == 0
    assert more.pairs[1].kappa.value is None


def test_what_is_not_defined_is_not_a_number() -> None:
    same = {"a": dict.fromkeys("xyz", "neutral"), "b": dict.fromkeys("xyz", "neutral")}
    found = agreement(same, ("neutral", "eating"), frozenset({"eating"}))
    assert found.share == 1
    assert found.alpha.value is None
    assert found.pairs[0].kappa.value is None
    nothing = agreement({}, ("neutral", "eating"), frozenset({"eating"}))
    assert (nothing.items, nothing.both, nothing.share, nothing.pairs) == (0, 0, None, ())


def test_harmful_or_not_is_measured_apart_from_which_harm() -> None:
    """Coders who mix up two harmful categories agree on what is counted."""
    a = {f"i{n}": "depressive" if n % 2 else "hopeless" for n in range(20)}
    b = {f"i{n}": "hopeless" if n % 2 else "depressive" for n in range(20)}
    neutral = {f"n{n}": "neutral" for n in range(20)}
    keys = ("depressive", "hopeless", "neutral")
    found = agreement(
        {"a": a | neutral, "b": b | neutral}, keys, frozenset({"depressive", "hopeless"})
    )
    assert found.alpha_harmful.value == 1
    assert found.alpha.value is not None
    assert found.alpha.value < 0.5
    by_category = {each.category: each.alpha.value for each in found.categories}
    assert by_category["neutral"] == 1
    assert (by_category["depressive"] or 0) < 0.3
