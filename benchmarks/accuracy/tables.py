"""Makes the figures, as a record and as tables to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from analyzer.comparison import DEFAULT_CONFIDENCE
from analyzer.knowledge import Knowledge
from benchmarks.accuracy.calibration import Bin, leave_one_out, reliability
from benchmarks.accuracy.scoring import (
    Answer,
    Score,
    by_everything,
    by_generic,
    leaves_of,
    score,
)
from benchmarks.accuracy.unheard import without_own_names
from benchmarks.accuracy.vectors import distinct, held_out, read_rules, read_vectors

THRESHOLDS: Final = tuple(sorted({1, 50, 60, 70, DEFAULT_CONFIDENCE, 80, 85, 90, 95}))
# Figueira et al., arXiv:2406.06473: GPT-4's labels of keys, in classes of the third level.
DIFFAUDIT: Final = {"accuracy": 0.87, "coverage": 0.70}
METHODS: Final = ("rule", "planted", "name", "shape")


@dataclass(frozen=True, slots=True)
class Set:
    """A part of the labelled set judged in one way, with its score at each threshold."""

    title: str
    answers: Sequence[Answer]
    scores: Mapping[int, Score]
    classes: Mapping[int, Score]  # types that fall into one class of DiffAudit's are one
    bins: Sequence[Bin]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "set": self.title,
            "leaves": len(self.answers),
            "personal": sum(bool(each.labelled.types) for each in self.answers),
            "at": {str(least): _figures(self.scores[least]) for least in THRESHOLDS},
            "at_in_classes": {str(least): _figures(self.classes[least]) for least in THRESHOLDS},
            "reliability": [
                {
                    "from": b.low,
                    "finds": b.finds,
                    "said": round(b.said, 3),
                    "right": round(b.right, 3),
                }
                for b in self.bins
            ],
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """All that is measured. `everything`: the whole program, on what was labelled by hand."""

    sources: Mapping[str, int]  # leaves by vendor
    held_out: tuple[str, ...]
    everything: Sequence[Answer]
    sets: tuple[Set, ...]

    @property
    def left_out(self) -> Set:
        """Names and shapes where the fit knew nothing of the vendor."""
        return self.sets[1]

    @property
    def held(self) -> Set:
        """What nobody looked at while the words were chosen."""
        return self.sets[-1]

    def as_json(self, knowledge: Knowledge) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "default_confidence": DEFAULT_CONFIDENCE,
            "knowledge": knowledge.version,
            "sources": dict(self.sources),
            "held_out": list(self.held_out),
            "diffaudit": DIFFAUDIT,
            "methods": {name: _figures(found) for name, found in self.methods().items()},
            "types": {own: _figures(found) for own, found in self.types(knowledge).items()},
            "sets": [each.as_json() for each in self.sets],
        }

    def methods(self) -> dict[str, Score]:
        """Return the score of each method within the whole program, at the default threshold.

        Its recall is its share of all that is labelled: the methods' recalls add up.
        """
        labelled = sum(bool(each.labelled.types) for each in self.everything)
        found = {}
        for name in METHODS:
            own = [each for each in self.everything if each.method == name]
            counted = score(own, DEFAULT_CONFIDENCE)
            found[name] = Score(counted.found, counted.right, labelled, counted.decided)
        found["all"] = score(self.everything, DEFAULT_CONFIDENCE)
        return found

    def types(self, knowledge: Knowledge) -> dict[str, Score]:
        """Return the score of names and shapes alone by data type, at the default threshold.

        A leaf that was found as another type that is right as well is no miss.
        """
        answers = [*self.left_out.answers, *self.held.answers]
        found = {}
        for own, of_type in leaves_of(answers, knowledge.types).items():
            said = [
                each
                for each in of_type
                if each.data_type == own and each.confidence >= DEFAULT_CONFIDENCE
            ]
            right = sum(each.right for each in said)
            labelled = sum(
                own in each.labelled.types and (each.data_type == own or not each.right)
                for each in of_type
            )
            if labelled or said:
                found[own] = Score(len(said), right, labelled, right)
        return found


def measure(knowledge: Knowledge) -> Figures:
    """Judge the labelled set in each way; takes some seconds."""
    by_hand = read_vectors()
    labelled = distinct([*by_hand, *read_rules(knowledge)])
    answers = by_generic(knowledge, labelled)
    known = [each for each in answers if not held_out(each.labelled.origin)]
    unseen = [each for each in answers if held_out(each.labelled.origin)]
    without = leave_one_out(known)
    strict = leave_one_out(without_own_names(knowledge, [each.labelled for each in known]))
    same = _classes(knowledge)
    return Figures(
        sources=Counter(each.origin for each in labelled),
        held_out=tuple(sorted({each.labelled.origin for each in unseen})),
        everything=by_everything(knowledge, by_hand),
        sets=(
            _set("names and shapes, as fitted", known, same),
            _set("names and shapes, each vendor left out of the fit", without, same),
            _set("the same, without the names that only this vendor has", strict, same),
            _set("held out", unseen, same),
        ),
    )


def _classes(knowledge: Knowledge) -> Callable[[str], str]:
    classes = {own: each.diffaudit for own, each in knowledge.types.items()}
    return lambda own: classes.get(own, own)


def _set(title: str, answers: Sequence[Answer], same: Callable[[str], str]) -> Set:
    return Set(
        title,
        answers,
        {least: score(answers, least) for least in THRESHOLDS},
        {least: score(answers, least, same) for least in THRESHOLDS},
        reliability(answers),
    )


def _figures(found: Score) -> dict[str, float | int]:
    return {
        "found": found.found,
        "right": found.right,
        "labelled": found.labelled,
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
        "accuracy": round(found.accuracy, 4),
        "coverage": round(found.coverage, 4),
    }


def text(figures: Figures, knowledge: Knowledge) -> str:
    """Return the tables as text."""
    total = sum(figures.sources.values())
    lines = [
        f"{total} labelled leaves of {len(figures.sources)} vendors",
        f"Held out: {', '.join(figures.held_out)}",
        "",
        f"The whole program on what was labelled by hand, from {DEFAULT_CONFIDENCE} per cent:",
        *_rows("method", figures.methods()),
        "",
        f"Names and shapes alone by data type, from {DEFAULT_CONFIDENCE} per cent:",
        *_rows("data type", figures.types(knowledge)),
    ]
    for each in figures.sets:
        lines += ["", f"{each.title}: {len(each.answers)} leaves", _HEAD]
        lines += [_at(least, each) for least in THRESHOLDS]
    accuracy, coverage = DIFFAUDIT["accuracy"], DIFFAUDIT["coverage"]
    lines += [
        "",
        f"DiffAudit (GPT-4, arXiv:2406.06473): accuracy {accuracy:.0%} at coverage {coverage:.0%}",
        "",
        "Held out, what is said and what is right:",
    ]
    lines += [
        f"{b.low:>4}-{b.low + 9}% {b.finds:>6} finds, said {b.said:.0%}, right {b.right:.0%}"
        for b in figures.held.bins
    ]
    return "\n".join(lines)


_HEAD: Final = "  from  precision   recall  accuracy  coverage  accuracy in DiffAudit's classes"


def _at(least: int, of: Set) -> str:
    found = of.scores[least]
    return (
        f"{least:>5}% {found.precision:>10.1%} {found.recall:>8.1%} {found.accuracy:>9.1%}"
        f" {found.coverage:>9.1%} {of.classes[least].accuracy:>9.1%}"
    )


def _rows(head: str, rows: Mapping[str, Score]) -> list[str]:
    lines = [f"{head:<20} {'labelled':>9} {'found':>6} {'precision':>10} {'recall':>8}"]
    for name, each in rows.items():
        precision = f"{each.precision:.1%}" if each.found else "-"
        recall = f"{each.recall:.1%}" if each.labelled else "-"
        lines.append(f"{name:<20} {each.labelled:>9} {each.found:>6} {precision:>10} {recall:>8}")
    return lines
