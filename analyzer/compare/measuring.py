"""What each session measures: how precise, how many, how soon, how often, how much.

What the numbers mean stands in ``data/measures.yaml``. Beside each number stands how far off it may
be because something could not be read: a blind session has sent at least what was seen in it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import pandas as pd

from analyzer.compare.blindness import Blindness, third_parties
from analyzer.compare.recorded import Recorded
from analyzer.knowledge import load_measures
from analyzer.magnitudes import MeasureId
from analyzer.models import Party

_GEO = r"geo:(\d+)-decimals"
_HOUR = 3600.0
# What hides requests or bytes from the counts of coverage; the rest is counted without being read.
_UNCOUNTED: Mapping[str, Sequence[str]] = {
    "requests_per_hour": (
        "refused", "unread_up", "blocked", "unseen", "pin_suspected", "lost",
    ),
    "bytes_up_per_hour": ("refused", "blocked", "pin_suspected", "lost", "cut"),
}  # fmt: skip


class MeasureKey(NamedTuple):
    """What is measured; of the session as a whole, or of an owner, or of a data type."""

    measure: MeasureId
    owner: str
    party: Party
    subject: str


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one measure, by session; a session may have none.

    `bounds` has the sessions that may have a more extreme number than was seen: the largest that it
    may be, for the delay the smallest. `examples` are ids of findings, by session.
    """

    key: MeasureKey
    values: Mapping[str, float]
    bounds: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)


def measured(
    data: pd.DataFrame,
    coverage: pd.DataFrame,
    sessions: Sequence[Recorded],
    blind: Blindness,
    before: Collection[str],
) -> list[Measured]:
    """Return all that is measured in `sessions`, in order of the keys.

    `data` are the findings that count (`presence.counted`), `coverage` the table of that name,
    `before` the phases before the app asks for consent.
    """
    ids = frozenset(each.id for each in sessions)
    data = data[data["session"].isin(ids)]
    coverage = coverage[coverage["session"].isin(ids)]
    received = _Received(data, coverage, ids, blind)
    found = [
        *_precision(data, blind),
        *_delay(data, blind),
        *received.by_type(),
        *received.before_consent(before),
        *_rates(data, coverage, sessions, blind),
    ]
    return sorted(found, key=lambda each: each.key)


def _precision(data: pd.DataFrame, blind: Blindness) -> Iterable[Measured]:
    decimals = data["shape"].str.extract(_GEO, expand=False)
    rows = data[decimals.notna()].assign(value=decimals.dropna().astype(float))
    rows = rows.sort_values("value", ascending=False, kind="stable")
    return _first("precision", rows, ["owner", "party", "subject"], blind, math.inf)


def _delay(data: pd.DataFrame, blind: Blindness) -> Iterable[Measured]:
    rows = data[["owner", "party", "site", "session", "id"]].assign(value=data["t_s"])
    rows = rows.sort_values("value", kind="stable")
    return _first("delay", rows, ["owner", "party"], blind, 0.0)


def _first(
    measure: MeasureId, rows: pd.DataFrame, by: list[str], blind: Blindness, bound: float
) -> Iterable[Measured]:
    """Yield the first of `rows` in each session, of each that they are told apart `by`."""
    sites: dict[tuple[Any, ...], set[str]] = {}
    places = rows[[*by, "site"]].drop_duplicates()
    for *whose, site in zip(*(places[name].tolist() for name in (*by, "site")), strict=True):
        sites.setdefault(tuple(whose), set()).add(site)
    first = rows.drop_duplicates([*by, "session"])
    for group, part in _parts(first, by):
        sessions = cast("list[str]", part["session"].tolist())
        owner, party, *subject = group
        yield Measured(
            MeasureKey(measure, owner, party, *(subject or [""])),
            dict(zip(sessions, cast("list[float]", part["value"].tolist()), strict=True)),
            dict.fromkeys(blind.of("data", owner, sites[group]), bound),
            dict(zip(sessions, cast("list[str]", part["id"].tolist()), strict=True)),
        )


class _Received:
    """Counts third parties: by owner, by site where the owner is not known."""

    def __init__(
        self,
        data: pd.DataFrame,
        coverage: pd.DataFrame,
        sessions: frozenset[str],
        blind: Blindness,
    ) -> None:
        rows = data[data["party"].eq("third")]
        rows = rows.assign(who=rows["owner"].where(rows["owner"].ne(""), rows["site"]))
        self._rows = rows[["subject", "session", "phase", "who"]].drop_duplicates()
        self._sessions = sessions
        self._unread = third_parties(coverage)
        self._blind = (blind.incomplete | blind.unread) & sessions

    def by_type(self) -> Iterable[Measured]:
        """Yield how many received each type of data that several received."""
        for (subject,), part in _parts(self._rows, ["subject"]):
            if part["who"].nunique() > 1:
                yield self._counted(MeasureKey("recipients", "", "third", subject), part)

    def before_consent(self, phases: Collection[str]) -> Iterable[Measured]:
        """Yield how many received anything in `phases`."""
        part = self._rows[self._rows["phase"].isin(phases)]
        if len(part):
            yield self._counted(MeasureKey("before_consent", "", "third", ""), part)

    def _counted(self, key: MeasureKey, part: pd.DataFrame) -> Measured:
        who: dict[str, set[str]] = {}
        for session, name in zip(part["session"].tolist(), part["who"].tolist(), strict=True):
            who.setdefault(session, set()).add(name)
        values = {each: float(len(who.get(each, ()))) for each in self._sessions}
        bounds = {
            each: values[each] + len(unread - who.get(each, set()))
            for each, unread in self._unread.items()
            if unread - who.get(each, set())
        }
        return Measured(key, values, bounds | dict.fromkeys(self._blind, math.inf))


def _rates(
    data: pd.DataFrame,
    coverage: pd.DataFrame,
    sessions: Sequence[Recorded],
    blind: Blindness,
) -> Iterable[Measured]:
    """Yield requests and bytes per hour, of everyone with a name who received personal data."""
    measures = load_measures()
    recipients = {owner for owner in set(data["owner"]) if owner}
    rows = coverage[coverage["owner"].isin(recipients)]
    cut_off = (blind.incomplete | blind.unread) & {each.id for each in sessions}
    columns: tuple[tuple[MeasureId, pd.Series[Any]], ...] = (
        ("requests_per_hour", rows["exchanges"]),
        ("bytes_up_per_hour", rows["bytes_up"] + rows["unread_up"]),
    )
    for measure, amount in columns:
        least = measures[measure].shortest
        hours = {
            each.id: each.seconds / _HOUR
            for each in sessions
            if each.seconds and each.seconds >= least
        }
        hides = (rows[list(_UNCOUNTED[measure])] > 0).any(axis=1)
        table = rows[["owner", "party", "session"]].assign(amount=amount, hides=hides)
        for (owner, party), part in _parts(table, ["owner", "party"]):
            by_session = part.groupby("session", sort=True).agg(
                amount=("amount", "sum"), hides=("hides", "any")
            )
            sums = by_session["amount"].to_dict()
            hidden = set(by_session.index[by_session["hides"]]) | cut_off
            yield Measured(
                MeasureKey(measure, owner, party, ""),
                {each: float(sums.get(each, 0)) / length for each, length in hours.items()},
                dict.fromkeys(hidden, math.inf),
            )


def _parts(rows: pd.DataFrame, by: list[str]) -> Iterable[tuple[tuple[Any, ...], pd.DataFrame]]:
    if not len(rows):
        return ()
    return cast("Iterable[tuple[tuple[Any, ...], pd.DataFrame]]", rows.groupby(by, sort=True))
