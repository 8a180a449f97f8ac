"""`measures.yaml`: what is measured in each session, and how far apart is still the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast, get_args

from analyzer.errors import UserError
from analyzer.knowledge.source import Source, Table
from analyzer.magnitudes import MeasureId

FILE = Path(__file__).parent.parent / "data" / "measures.yaml"
_IDS: tuple[MeasureId, ...] = get_args(MeasureId)


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. Texts are English; `margin` is in the unit, or with `ratio` a factor above 1."""

    id: MeasureId
    label: str
    definition: str
    unit: str
    worse: Literal["more", "less"]
    ratio: bool
    margin: float
    shortest: float  # seconds that a session has to last to have a number


@lru_cache(maxsize=4)
def load_measures(path: Path = FILE) -> Mapping[MeasureId, Measure]:
    """Return every measure by its id; `UserError` names the file, the line and what is wrong."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    found = read_measures(source)
    if faults := source.faults():
        raise UserError(str(faults[0]), "put it right and run `evenhand knowledge check`")
    return found


def read_measures(source: Source) -> Mapping[MeasureId, Measure]:
    """Return the measures of `source` in its order, and note what is wrong with it there."""
    root = source.root()
    found = {}
    for table in root.tables("measures"):
        each = _measure(table)
        if each.id in found:
            table.wrong("id", f"{each.id!r} is there twice")
        found[each.id] = each
    lacking = [each for each in _IDS if each not in found]
    if lacking:
        root.wrong("measures", f"lacks {', '.join(lacking)}")
    root.done()
    return found


def _measure(table: Table) -> Measure:
    ratio = table.flag("ratio")
    text = table.matching("margin", r"\d+(\.\d+)?")
    margin = float(text) if text.replace(".", "", 1).isdigit() else 1.0
    seconds = table.matching("shortest", r"\d+")
    if ratio and margin <= 1:
        table.wrong("margin", "of a ratio is a factor above 1")
    made = Measure(
        id=cast("MeasureId", table.choice("id", _IDS)),
        label=table.text("label"),
        definition=table.text("definition"),
        unit=table.text("unit"),
        worse=cast("Literal['more', 'less']", table.choice("worse", ("more", "less"))),
        ratio=ratio,
        margin=margin,
        shortest=float(seconds) if seconds.isdigit() else 0.0,
    )
    table.done()
    return made
