"""Judges the labelled set, and counts what was right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.generic import NAMED_PARTS, Judged
from analyzer.extract.judging import Judging
from analyzer.extract.places import REQUEST_PARTS, place_of
from analyzer.knowledge import Knowledge
from analyzer.models import Exchange, Match
from benchmarks.accuracy.vectors import Labelled

_KEY: Final = b"accuracy".ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program says of a labelled leaf: nothing, or a data type at a confidence."""

    labelled: Labelled
    data_type: str  # "" for nothing
    method: str
    confidence: int
    evidence: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the data type is one of those that are right."""
        return self.data_type in self.labelled.types


@dataclass(frozen=True, slots=True)
class Score:
    """Counts at one confidence. `found`: answers given, `right`: of these the right ones.

    `labelled`: leaves that are personal data, `decided`: of these the ones with some answer.
    """

    found: int
    right: int
    labelled: int
    decided: int

    @property
    def precision(self) -> float:
        """Of the answers given the share that is right; 1 where none is given."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of the personal data the share that is found as what it is; 1 where there is none."""
        return self.right / self.labelled if self.labelled else 1.0

    @property
    def accuracy(self) -> float:
        """Of the personal data that got an answer the share that got the right one."""
        return self.right / self.decided if self.decided else 1.0

    @property
    def coverage(self) -> float:
        """Of the personal data the share that got an answer."""
        return self.decided / self.labelled if self.labelled else 1.0


def score(answers: Iterable[Answer], least: int, same: Callable[[str], str] = str) -> Score:
    """Count `answers` of at least the confidence `least`; types are equal if `same` says so."""
    found = right = labelled = decided = 0
    for answer in answers:
        said = bool(answer.data_type) and answer.confidence >= least
        personal = bool(answer.labelled.types)
        hit = said and same(answer.data_type) in set(map(same, answer.labelled.types))
        found += said
        right += hit
        labelled += personal
        decided += said and personal
    return Score(found, right, labelled, decided)


def by_generic(knowledge: Knowledge, labelled: Sequence[Labelled]) -> list[Answer]:
    """Return what names and shapes say, no rule asked."""
    judging = Judging(knowledge)
    told: dict[str, dict[tuple[str, str, str], Judged]] = {}
    answers = []
    for each in labelled:
        exchange = each.exchange
        if exchange.id not in told:
            told[exchange.id] = _guessed(judging, exchange)
        found = told[exchange.id].get((each.leaf.part, each.leaf.path, each.leaf.value))
        if found is None:
            answers.append(Answer(each, "", "", 0))
        else:
            answers.append(
                Answer(each, found.data_type, found.method, found.confidence, found.evidence)
            )
    return answers


def _guessed(judging: Judging, exchange: Exchange) -> dict[tuple[str, str, str], Judged]:
    tracker = judging.tracks(place_of(exchange.url)[0])
    found: dict[tuple[str, str, str], Judged] = {}
    for part in sorted(NAMED_PARTS):
        leaves = [leaf for leaf in decode(exchange).leaves if leaf.part == part]
        decisions = judging.decisions(tracker, part, [leaf.path for leaf in leaves])
        for leaf, decision in zip(leaves, decisions, strict=True):
            judged = judging.judge(decision, leaf.value) if decision else None
            if judged:
                found[leaf.part, leaf.path, leaf.value] = judged
    return found


def by_everything(knowledge: Knowledge, labelled: Sequence[Labelled]) -> list[Answer]:
    """Return what the whole program says, with every labelled value of `PLANTED` planted."""
    told: dict[str, dict[tuple[str, str], list[Match]]] = {}
    answers = []
    for each in labelled:
        exchange = each.exchange
        if exchange.id not in told:
            values = tuple(
                (next(iter(other.types)), other.leaf.value)
                for other in labelled
                if other.exchange.id == exchange.id and other.types & PLANTED
            )
            told[exchange.id] = _matched(Extractor(knowledge, values, _KEY), exchange)
        answers += _best(each, told[exchange.id].get((each.leaf.part, each.leaf.path), []))
    return answers


PLANTED: Final = frozenset(
    ("person.email", "person.phone", "id.advertising", "person.name", "demo.birthdate")
)
"""Data types whose values a persona is given, so that they are planted in the labelled set too."""


def _matched(extractor: Extractor, exchange: Exchange) -> dict[tuple[str, str], list[Match]]:
    found: dict[tuple[str, str], list[Match]] = {}
    for match in extractor.extract(exchange, decode(exchange)).matches:
        if match.part in REQUEST_PARTS:
            found.setdefault((match.part, match.path), []).append(match)
    return found


def _best(each: Labelled, matches: list[Match]) -> list[Answer]:
    """Return the surest find; of several as sure, one that is right."""
    if not matches:
        return [Answer(each, "", "", 0)]
    best = max(matches, key=lambda match: (match.confidence, match.data_type in each.types))
    return [Answer(each, best.data_type, best.method, best.confidence)]


def leaves_of(answers: Iterable[Answer], types: Mapping[str, object]) -> dict[str, list[Answer]]:
    """Return the answers by data type: of each type those labelled so, and those found as it."""
    found: dict[str, list[Answer]] = {own: [] for own in types}
    for answer in answers:
        for own in answer.labelled.types | {answer.data_type}:
            if own in found:
                found[own].append(answer)
    return found
