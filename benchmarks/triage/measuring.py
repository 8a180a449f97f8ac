"""Precision and recall of triage on labelled texts, with intervals."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.feed.codebook import Codebook, load_codebook
from analyzer.feed.triage import Triage
from analyzer.statistics.intervals import wilson

TEXTS: Final = Path(__file__).parent / "texts.csv"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text and its category. `hard`: what makes it hard, "" if nothing does."""

    set: str
    language: str
    category: str
    hard: str
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, as a share with Wilson's 95% interval; None of nothing."""

    hits: int
    of: int

    def __str__(self) -> str:
        """As the tables print it: ``0.83 (0.76-0.88) of 144``."""
        if not self.of:
            return "- of 0"
        low, high = wilson(self.hits / self.of, self.of)
        return f"{self.hits / self.of:.2f} ({low:.2f}-{high:.2f}) of {self.of}"


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one group of texts. Precision is of what was suggested, recall of what is."""

    name: str
    precision: Share
    recall: Share


Judged = tuple[Labelled, str]  # a text and the category suggested, "" for none


def read_texts(path: Path = TEXTS) -> list[Labelled]:
    """Return the labelled texts."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Labelled(**row) for row in csv.DictReader(file)]


def judge(texts: Iterable[Labelled], codebook: Codebook, *, told: bool = True) -> list[Judged]:
    """Return the texts with what triage suggests; `told`: it is told their language."""
    triage = Triage(codebook)
    judged = []
    for each in texts:
        found = triage.suggest(each.text, (), each.language if told else "")
        judged.append((each, found.category if found else ""))
    return judged


def row(name: str, judged: Sequence[Judged], positive: Callable[[str], bool]) -> Row:
    """Return precision and recall of "its category is `positive`"."""
    suggested = [each for each, found in judged if positive(found)]
    real = [found for each, found in judged if positive(each.category)]
    return Row(
        name,
        Share(sum(positive(each.category) for each in suggested), len(suggested)),
        Share(sum(map(positive, real)), len(real)),
    )


def table(set_name: str, *, told: bool = True) -> list[Row]:
    """Return the rows for the texts of one set: harmful, each category, language, what is hard."""
    codebook = load_codebook()
    texts = [each for each in read_texts() if each.set == set_name]
    judged = judge(texts, codebook, told=told)
    harmful = codebook.harmful.__contains__
    rows = [row("harmful", judged, harmful)]
    labels = {each.category for each in texts} - {"neutral"}
    rows += [row(f"category {key}", judged, key.__eq__) for key in codebook.keys if key in labels]
    rows += [
        row(f"harmful in {code}", [each for each in judged if each[0].language == code], harmful)
        for code in codebook.languages
    ]
    for hard in sorted({each.hard for each in texts}):
        name = f"harmful, {hard or 'nothing hard'}"
        rows.append(row(name, [j for j in judged if j[0].hard == hard], harmful))
    return rows
