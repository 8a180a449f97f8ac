"""Judges studies made up by the project's own comparison, and counts what it got right."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from analyzer.compare import Bases
from analyzer.compare.judging import Verdicts, bases_of, judge_pair
from analyzer.compare.material import material
from analyzer.knowledge import Knowledge
from analyzer.statistics import (
    Block,
    Support,
    attainable,
    benjamini_hochberg,
    discoveries,
    permutation,
)
from benchmarks.statistics.studies import Design, Truth, simulate, study

_DIFFERENT = {"only_a", "more_a", "more_b", "only_b"}
_MORE_A = {"only_a", "more_a"}


@dataclass(frozen=True, slots=True)
class Score:
    """What one comparison of a study made up said. All are numbers of rows.

    `false`: called different, where nothing differs. `declared`: rows that differ; of these `found`
    were called different in the right direction, `missed` were called the same. `rows`: all.
    """

    rows: int
    called: int
    false: int
    declared: int
    found: int
    missed: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The scores of many studies."""

    scores: tuple[Score, ...]

    @property
    def studies(self) -> int:
        """How many there were."""
        return len(self.scores)

    @property
    def rows(self) -> float:
        """Rows of a report, on average."""
        return float(np.mean([each.rows for each in self.scores]))

    @property
    def false_rate(self) -> float:
        """The false discovery rate: the mean share of false rows among those called different."""
        return float(np.mean(self._shares()))

    @property
    def false_error(self) -> float:
        """The standard error of the false discovery rate.

        Not below that of one false study in all: none in 200 is no proof of none.
        """
        spread = float(np.std(self._shares(), ddof=1)) / math.sqrt(self.studies)
        return max(spread, 1 / self.studies)

    @property
    def false_studies(self) -> int:
        """In how many studies anything was called different that is not."""
        return sum(each.false > 0 for each in self.scores)

    @property
    def power(self) -> float:
        """The share of the declared rows that were found."""
        return self._of_declared(each.found for each in self.scores)

    @property
    def missed(self) -> float:
        """The share of the declared rows that were called the same."""
        return self._of_declared(each.missed for each in self.scores)

    def _shares(self) -> list[float]:
        return [each.false / each.called if each.called else 0.0 for each in self.scores]

    def _of_declared(self, rows: Iterable[int]) -> float:
        return sum(rows) / max(1, sum(each.declared for each in self.scores))


RULES = ("report", "Benjamini-Hochberg", "discrete")
"""By which a row is called different: as the report does it, and what it might do instead."""
CONTRASTS = "contrasts"
"""Of these only the differences of differences are counted, as the report judges them."""


def judge(
    design: Design, truth: Truth, knowledge: Knowledge, studies: int, seed: int
) -> Mapping[str, Rates]:
    """Make up `studies` studies, compare their sides, and return the rates of each of `RULES`.

    Of a comparison all that makes its verdicts is done, and not what stands beside them.

    Those of `CONTRASTS` beside them.
    """
    generator = np.random.default_rng(seed)
    made = study(design)
    scores: dict[str, list[Score]] = {rule: [] for rule in (*RULES, CONTRASTS)}
    for _ in range(studies):
        frames = simulate(design, truth, generator)
        whole = material(frames, made, knowledge)
        a, b = (whole.side(name) for name in design.sides)
        report, contrasts = _report(judge_pair(whole, a, b), truth)
        scores["report"].append(report)
        scores[CONTRASTS].append(contrasts)
        found = bases_of(whole, a, b)
        ps, supports = _tests(found)
        qs = {
            "Benjamini-Hochberg": benjamini_hochberg(ps),
            "discrete": discoveries(ps, supports, made.compare.alpha).qs,
        }
        for rule, each in qs.items():
            scores[rule].append(_rule(found, each, made.compare.alpha, truth))
    return {rule: Rates(tuple(each)) for rule, each in scores.items()}


def _tests(found: Bases) -> tuple[list[float], list[Support]]:
    """Return p and its possible values for each row, from the sessions in which it was seen."""
    n_a, n_b = Counter(found.a.blocks.values()), Counter(found.b.blocks.values())
    ps, supports = [], []
    for row in found.rows:
        k_a = Counter(found.a.blocks[each] for each in row.seen_a)
        k_b = Counter(found.b.blocks[each] for each in row.seen_b)
        counts = [Block(k_a[at], n_a[at], k_b[at], n_b[at]) for at in {*n_a, *n_b}]
        ps.append(permutation(counts))
        supports.append(attainable(counts))
    return ps, supports


def _rule(found: Bases, qs: Sequence[float], alpha: float, truth: Truth) -> Score:
    counted: Counter[str] = Counter()
    for key, row, q in zip(found.keys, found.rows, qs, strict=True):
        more_in_a = len(row.seen_a) / found.a.n > len(row.seen_b) / found.b.n
        verdict = "insufficient" if q > alpha else "more_a" if more_in_a else "more_b"
        _count(counted, verdict, _right(truth.rows.get((key.owner, key.subject))))
    return _scored(counted)


def _report(found: Verdicts, truth: Truth) -> tuple[Score, Score]:
    """Score the whole report, and the differences of differences in it.

    What is called there counts in both; what is declared and found is that of rows and contrasts.
    """
    counted: Counter[str] = Counter()
    contrasts: Counter[str] = Counter()
    for delta in found.deltas:
        declared = _right(truth.rows.get((delta.owner, delta.subject)))
        _count(counted, delta.verdict, declared)
        if delta.contrast:
            _count(contrasts, delta.contrast.verdict, 0 if truth.adults else declared)
    for name in ("rows", "called", "false"):
        counted[name] += contrasts[name]
    for each in found.magnitudes:
        direction = _magnitude(each.measure, truth)
        if direction is not None:
            _count(counted, each.verdict, direction)
    return _scored(counted), _scored(contrasts)


def _scored(counted: Counter[str]) -> Score:
    return Score(**{field.name: counted[field.name] for field in fields(Score)})


def _count(counted: Counter[str], verdict: str, direction: int) -> None:
    called = verdict in _DIFFERENT
    right = called and direction == (1 if verdict in _MORE_A else -1)
    counted["rows"] += 1
    counted["called"] += called
    counted["false"] += called and not right
    counted["declared"] += direction != 0
    counted["found"] += right
    counted["missed"] += direction != 0 and verdict == "same"


def _right(shares: tuple[float, float] | None) -> int:
    return 0 if shares is None else int(np.sign(shares[0] - shares[1]))


def _magnitude(measure: str, truth: Truth) -> int | None:
    """Return the direction in which a magnitude differs; None where other rows make it differ."""
    if measure == "precision":
        return int(np.sign(truth.decimals))
    if measure == "delay":
        return int(np.sign(truth.delay - 1))
    # What counts recipients, or requests, differs as far as the rows do that it counts.
    return None if truth.rows else 0
