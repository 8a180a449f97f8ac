"""How the certificate is installed, by system and version: `data/authority.yaml` as records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from analyzer.errors import UserError
from analyzer.knowledge import DATA
from analyzer.knowledge.source import Source, Table

System = Literal["android", "ios"]
FILE = "authority.yaml"


@dataclass(frozen=True, slots=True)
class Guide:
    """The steps on one range of versions, from `first` up to and including `last` (None: newer)."""

    id: str
    system: System
    first: int
    last: int | None
    name: str
    short: str
    steps: tuple[str, ...]
    hint: str
    grade: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trap:
    """What people miss, or what no step can change."""

    id: str
    system: System
    title: str
    text: str
    grade: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guides:
    """All of it, in the order of the file."""

    guides: tuple[Guide, ...]
    traps: tuple[Trap, ...]

    def of(self, system: System) -> tuple[Guide, ...]:
        """The guides of one system, newest first."""
        return tuple(
            sorted((each for each in self.guides if each.system == system), key=_newest_first)
        )

    def traps_of(self, system: System) -> tuple[Trap, ...]:
        """The traps of one system, the worst first."""
        return tuple(each for each in self.traps if each.system == system)


def _newest_first(guide: Guide) -> int:
    return -guide.first


@cache
def load_guides(path: Path = DATA / FILE) -> Guides:
    """Return what the file says; `UserError` names the line of the first thing that is wrong."""
    try:
        source = Source(path.name, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{path} cannot be read", error.strerror or "install evenhand again"
        ) from None
    root = source.root()
    found = Guides(
        tuple(_guide(table) for table in root.tables("guides")),
        tuple(_trap(table) for table in root.tables("traps")),
    )
    root.done()
    if faults := source.faults():
        raise UserError(str(faults[0]), "put it right")
    return found


def _system(table: Table) -> System:
    return "ios" if table.choice("system", ("android", "ios")) == "ios" else "android"


def _guide(table: Table) -> Guide:
    first, last = table.whole("first"), table.whole("last")
    if first is None:
        table.wrong("first", "is missing: the first version that these steps are for")
    guide = Guide(
        id=table.matching("id", r"[a-z]+\.[a-z0-9_]+"),
        system=_system(table),
        first=first or 0,
        last=last,
        name=table.text("name"),
        short=table.text("short"),
        steps=table.texts("steps", required=True),
        hint=table.text("hint", ""),
        grade=table.choice("grade", ("S", "D", "K")),
        sources=table.texts("sources", required=True),
    )
    table.done()
    return guide


def _trap(table: Table) -> Trap:
    trap = Trap(
        id=table.matching("id", r"[a-z]+\.[a-z0-9_]+"),
        system=_system(table),
        title=table.text("title"),
        text=table.text("text"),
        grade=table.choice("grade", ("S", "D", "K")),
        sources=table.texts("sources", required=True),
    )
    table.done()
    return trap
