"""What a matrix over many countries holds: who is sent what, where, under which law.

Made by `analyzer.compare.matrix`, printed by `reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import Excluded, Settings
from analyzer.gates import Gate
from analyzer.knowledge import Level
from analyzer.models import DeltaKind, Party

Spread = Literal["differs", "same", "insufficient"]


@dataclass(frozen=True, slots=True)
class CountryColumn:
    """One country, with the sessions of its minors, and how its law protects them.

    `level` is the strongest protection from profiling that verified law gives to a minor of the
    ages of its sessions on their days: the weakest of these, where they are not all the same.
    `law` are the ids of the entries that give it.
    """

    country: str  # ISO 3166-1 alpha-2
    title: str
    sessions: int
    counted: bool  # False: too few sessions for the tests; shown only
    arms: tuple[str, ...]  # labels
    level: Level
    law: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountryCell:
    """In how many sessions of a country it was seen, with Wilson's 95% interval.

    `hidden`: in so many more it may have been sent where it could not be seen.
    """

    k: int
    n: int
    low: float
    high: float
    hidden: int


@dataclass(frozen=True, slots=True)
class CountryRow:
    """One row: `cells` are in the order of the columns.

    `statistic` and `p` are of a test that all countries that are counted do the same (chi-square,
    countries dealt anew within time blocks, among sessions of the same age and consent); `q` is its
    false discovery rate over the matrix. `same`: any two of them are within the margin.
    """

    id: str
    kind: DeltaKind
    owner: str
    party: Party
    subject: str
    state: str
    phase: str
    cells: tuple[CountryCell, ...]
    statistic: float
    p: float
    q: float
    verdict: Spread
    reason: str  # why `insufficient`; "" otherwise


@dataclass(frozen=True, slots=True)
class LikeLaw:
    """Two countries whose law protects minors alike, and what the app does otherwise in them.

    `more_a` and `more_b` are ids of rows whose verdict is a difference, judged as a comparison of
    the two judges them.
    """

    a: str  # country
    b: str
    level: Level
    more_a: tuple[str, ...]
    more_b: tuple[str, ...]
    same: int  # rows
    insufficient: int


@dataclass(frozen=True, slots=True)
class CountryMatrix:
    """Many countries at once. `alike` are all pairs of countries of one level of protection."""

    study: str
    app: str
    columns: tuple[CountryColumn, ...]
    rows: tuple[CountryRow, ...]
    alike: tuple[LikeLaw, ...]
    gates: tuple[Gate, ...]
    warnings: tuple[str, ...]
    excluded: tuple[Excluded, ...]
    settings: Settings
    knowledge: str  # fingerprint
    fictional: bool = False  # the study says that its app does not exist


@dataclass(frozen=True, slots=True)
class CountrySessions:
    """The sessions of one country behind a row, by id.

    `hidden` are those of `unseen` in which it may have been sent where it could not be seen.
    """

    country: str  # ISO 3166-1 alpha-2
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    hidden: tuple[str, ...]
    examples: tuple[str, ...]  # ids of findings or signals, of the first sessions


@dataclass(frozen=True, slots=True)
class CountryTrail:
    """A row of the matrix over all countries with the sessions behind it, in order of `columns`."""

    row: CountryRow
    columns: tuple[CountryColumn, ...]
    cells: tuple[CountrySessions, ...]
