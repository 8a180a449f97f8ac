"""Krippendorff's alpha and its interval beside another library's, irrCAC 0.4.4 (Gwet's method).

Its interval is the value and 1.96 errors to each side, which goes beyond 1 for good coders; ours is
that of the logarithm of what is lacking to 1, so the two are compared on that scale. What irrCAC
gave for these codes stands below, since it is needed for nothing else here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from analyzer.feed.coding.agreement import agreement

CATEGORIES = ("a", "b", "c", "d")


def coded(items: int) -> dict[str, dict[str, str]]:
    """Codes of three coders, of which each is right of most items and leaves some out."""
    rng = np.random.default_rng(1)
    codes: dict[str, dict[str, str]] = {}
    for number in (60, 200):
        true = rng.choice(list(CATEGORIES), number, p=[0.5, 0.25, 0.15, 0.1])
        codes = {}
        for coder in "xyz":
            right = rng.random(number) < 0.85
            given = np.where(right, true, rng.choice(list(CATEGORIES), number))
            kept = rng.random(number) < 0.9
            codes[coder] = {
                str(at): str(code)
                for at, (code, is_kept) in enumerate(zip(given, kept, strict=True))
                if is_kept
            }
        if number == items:
            break
    return codes


def table(counts: tuple[tuple[int, ...], ...]) -> dict[str, dict[str, str]]:
    """Codes of two coders, of whom the first gave the row's category, the second the column's."""
    codes: dict[str, dict[str, str]] = {"x": {}, "y": {}}
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            for number in range(count):
                codes["x"][f"{i}-{j}-{number}"] = CATEGORIES[i]
                codes["y"][f"{i}-{j}-{number}"] = CATEGORIES[j]
    return codes


@pytest.mark.parametrize(
    ("codes", "value", "error"),
    [
        (coded(60), 0.72370, 0.06310),
        (coded(200), 0.68715, 0.03520),
        (table(((106, 10, 4), (22, 28, 10), (2, 12, 6))), 0.42864, 0.05429),
    ],
    ids=["60 items", "200 items", "two coders"],
)
def test_alpha_and_its_interval_are_those_of_another_library(
    codes: dict[str, dict[str, str]], value: float, error: float
) -> None:
    found = agreement(codes, CATEGORIES, frozenset("a")).alpha
    lacking = 1 - value
    factor = math.exp(1.96 * error / lacking)
    assert found.value == pytest.approx(value, abs=1e-5)
    assert found.low == pytest.approx(1 - lacking * factor, abs=0.003)
    assert found.high == pytest.approx(1 - lacking / factor, abs=0.003)
