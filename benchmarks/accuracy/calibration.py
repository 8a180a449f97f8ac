"""Fits the points of `confidence.yaml` to the labelled set.

A find's chance to be right is taken as the logistic of a sum of points, one for each piece of
evidence (logistic regression). With few examples of a kind its points stay near a first estimate
that was set by hand: the fit is the most likely one under a normal prior around these (MAP).
Deterministic: Newton's steps from the prior, no random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analyzer.extract.confidence import per_cent
from analyzer.knowledge import DATA
from analyzer.knowledge.vocabulary_records import EVIDENCE
from benchmarks.accuracy.scoring import Answer

PRIOR: Final[Mapping[str, int]] = {
    "base": -10, "name:exact": 34, "name:sure": 28, "name:likely": 12, "name:weak": 0,
    "fit:whole": 0, "fit:joined": 0, "fit:tail": -4, "fit:word": -14,
    "value:typical": 8, "value:possible": 0,
    "shape:app": 12, "shape:connection": 12, "shape:country": 12, "shape:email": 36,
    "shape:geo": 28, "shape:imei": 20, "shape:ip": 24, "shape:language": 22, "shape:mac": 26,
    "shape:model": 16, "shape:os": 26, "shape:phone": 30, "shape:screen": 18,
    "shape:timezone": 36, "shape:user_agent": 36, "shape:uuid": -10,
    "host:tracker": 2, "siblings:some": 1, "siblings:many": 3, "container": 3,
}  # fmt: skip
"""Points before anything was counted, in tenths of log-odds."""

_SPREAD: Final = 0.8  # standard deviation of the prior, in log-odds
_STEPS: Final = 50
_CLOSE: Final = 1e-9
_LINE: Final = "points:\n"


@dataclass(frozen=True, slots=True)
class Bin:
    """Finds of like confidence: how many, the mean of what was said, and the share right."""

    low: int
    finds: int
    said: float
    right: float


def fit(answers: Sequence[Answer]) -> dict[str, int]:
    """Return the points under which the answers with evidence are as right as they say."""
    names = ("base", *EVIDENCE)
    told = [answer for answer in answers if answer.evidence]
    rows = np.zeros((len(told), len(names)))
    rows[:, 0] = 1
    at = {name: index for index, name in enumerate(names)}
    for row, answer in enumerate(told):
        for name in answer.evidence:
            rows[row, at[name]] = 1
    right = np.array([float(answer.right) for answer in told])
    prior = np.array([PRIOR[name] / 10 for name in names])
    weights = _newton(rows, right, prior)
    return {name: round(10 * weight) for name, weight in zip(names, weights, strict=True)}


def _newton(
    rows: NDArray[np.float64], right: NDArray[np.float64], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    strength = 1 / _SPREAD**2
    weights = prior.copy()
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-(rows @ weights)))
        gradient = rows.T @ (said - right) + strength * (weights - prior)
        curvature = (rows * (said * (1 - said))[:, None]).T @ rows + strength * np.eye(len(prior))
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < _CLOSE:
            break
    return weights


def leave_one_out(answers: Sequence[Answer]) -> list[Answer]:
    """Return `answers` with the confidence that a fit without the vendor of each one gives."""
    found: list[Answer] = []
    origins = sorted({answer.labelled.origin for answer in answers})
    for origin in origins:
        points = fit([answer for answer in answers if answer.labelled.origin != origin])
        found += rejudged([each for each in answers if each.labelled.origin == origin], points)
    return found


def rejudged(answers: Sequence[Answer], points: Mapping[str, int]) -> list[Answer]:
    """Return `answers` with the confidence that `points` give."""
    return [
        Answer(
            each.labelled,
            each.data_type,
            each.method,
            per_cent(points, each.evidence) if each.evidence else 0,
            each.evidence,
        )
        for each in answers
    ]


def reliability(answers: Sequence[Answer], width: int = 10) -> list[Bin]:
    """Return how right the finds of each ten per cent of confidence are."""
    bins = []
    for low in range(0, 100, width):
        inside = [
            each for each in answers if each.data_type and low <= each.confidence < low + width
        ]
        if inside:
            said = sum(each.confidence for each in inside) / len(inside) / 100
            right = sum(each.right for each in inside) / len(inside)
            bins.append(Bin(low, len(inside), said, right))
    return bins


def write(points: Mapping[str, int], path: Path = DATA / "confidence.yaml") -> None:
    """Put `points` into the file at `path`, whose comment stays."""
    text = path.read_text(encoding="utf-8")
    head = text[: text.index(_LINE) + len(_LINE)]
    lines = [f'  "{name}": {points[name]}\n' for name in ("base", *EVIDENCE)]
    path.write_text(head + "".join(lines), encoding="utf-8")
