"""In which sessions each thing was seen: the frames, reduced to what a comparison counts.

Everything after this is small: one row for each (owner, what, phase), however many requests there
were.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, cast

import pandas as pd

from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.models import DeltaKind, Party
from analyzer.study import CompareSettings

_WHERE = ["owner", "party", "subject", "state", "phase", "session", "host", "site", "purpose"]

COOKIES: Final = ("cookie", "response_cookie")  # the parts of an exchange that are one

_COUNTED = [
    "id", "session", "phase", "t_s", "owner", "party", "host", "site", "purpose", "method",
    "confidence", "shape", "part",
]  # fmt: skip


class Key(NamedTuple):
    """What is counted. `state` is a signal's verdict, "" for data."""

    kind: DeltaKind
    owner: str
    party: Party
    subject: str  # data type, or signal
    state: str
    phase: str


class Place(NamedTuple):
    """Where it was seen: in this session, at this host; `example` is the first finding there."""

    session: str
    host: str
    site: str
    purpose: str
    example: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All places of one key, in the order of the frames."""

    places: tuple[Place, ...]
    sessions: frozenset[str]
    planted: frozenset[str] = frozenset()  # those in which only a planted value showed it
    methods: tuple[str, ...] = ()  # by which it was found, in order of their names
    confidence: int = 100  # of the most certain finding
    # When it was first seen in each session, in seconds from when the phone was ready.
    first: Mapping[str, float] = field(default_factory=dict)
    sites: frozenset[str] = frozenset()  # of all places
    in_cookies: bool = False  # and nowhere else

    def within(self, sessions: Collection[str]) -> list[Place]:
        """Return the places in these sessions."""
        return [place for place in self.places if place.session in sessions]


def presence(
    frames: Frames,
    knowledge: Knowledge,
    settings: CompareSettings,
    data: pd.DataFrame | None = None,
) -> Mapping[Key, Seen]:
    """Return every key of the study with its places, in order of the keys.

    `data` are the findings that count, where the caller has them already (`counted`).

    Data types that do not count as data (privacy signals) are left out: their signals are there.
    What only hearsay says, rules and signals that are not verified, is left out unless asked for;
    so is what is less certain than asked for, and what only the answers say: that is not collected.
    """
    if data is None:
        data = counted(frames, knowledge, settings)
    signals = frames.signals.rename(columns={"signal": "subject", "verdict": "state"})
    if not settings.unverified:
        signals = signals[~signals["rule_id"].isin(unverified_rules(knowledge))]
    found: dict[Key, list[Place]] = {}
    _collect(found, "data", data)
    _collect(found, "signal", signals)
    firsts = _firsts("data", data) | _firsts("signal", signals)
    by_value = _by_value(data)
    how = _how(data)
    elsewhere = _beside_cookies("data", data) | _beside_cookies("signal", signals)
    return {
        key: Seen(
            tuple(places),
            frozenset(place.session for place in places),
            by_value.get(key, frozenset()),
            *how.get(key, ((), 100)),
            firsts[key],
            frozenset(place.site for place in places),
            key not in elsewhere,
        )
        for key, places in sorted(found.items())
    }


def counted(frames: Frames, knowledge: Knowledge, settings: CompareSettings) -> pd.DataFrame:
    """Return the findings of data that was collected, with their type as ``subject``.

    Only the columns that a comparison counts by: a large study has half a million rows.
    """
    data = frames.findings
    chosen = data["confidence"].ge(settings.min_confidence) & ~answered(data)
    uncounted = [each.id for each in knowledge.types.values() if not each.counts_as_data]
    chosen &= ~data["data_type"].isin(uncounted)
    if not settings.unverified:
        chosen &= ~data["rule_id"].isin(unverified_rules(knowledge))
    kept = data.loc[chosen, [*_COUNTED, "data_type"]]
    return kept.rename(columns={"data_type": "subject"}).assign(state="")


def answered(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return which of the findings `rows` stand in an answer: the server told, nobody collected."""
    return rows["part"].str.startswith("response")


def unverified_rules(knowledge: Knowledge) -> frozenset[str]:
    """Return the ids of all rules of trackers and signals that nobody has verified."""
    rules = {
        rule.rule_id
        for tracker in knowledge.trackers
        for endpoint in tracker.endpoints
        for rule in endpoint.fields
        if not rule.verified
    }
    signals = {f"signal#{each.id}" for each in knowledge.signals.values() if not each.verified}
    return frozenset(rules | signals)


def _by_value(data: pd.DataFrame) -> dict[Key, frozenset[str]]:
    """Return the sessions in which a planted value is all that showed a key, by key."""
    columns = [*_WHERE[:6], "method"]
    rows = data[columns].drop_duplicates()
    values: dict[Key, set[str]] = {}
    otherwise: dict[Key, set[str]] = {}
    for owner, party, subject, state, phase, session, method in zip(
        *(cast("list[str]", rows[name].tolist()) for name in columns), strict=True
    ):
        key = Key("data", owner, cast("Party", party), subject, state, phase)
        (values if method == "planted" else otherwise).setdefault(key, set()).add(session)
    return {key: frozenset(of - otherwise.get(key, set())) for key, of in values.items()}


def _how(data: pd.DataFrame) -> dict[Key, tuple[tuple[str, ...], int]]:
    """Return by which methods each key was found, and how certain the best finding is."""
    columns = [*_WHERE[:5], "method", "confidence"]
    rows = data[columns].drop_duplicates()
    found: dict[Key, tuple[set[str], int]] = {}
    for *place, method, confidence in zip(*(rows[name].tolist() for name in columns), strict=True):
        owner, party, subject, state, phase = place
        key = Key("data", owner, cast("Party", party), subject, state, phase)
        methods, best = found.get(key, (set(), 0))
        found[key] = (methods | {method}, max(best, confidence))
    return {key: (tuple(sorted(methods)), best) for key, (methods, best) in found.items()}


def _firsts(kind: DeltaKind, rows: pd.DataFrame) -> dict[Key, dict[str, float]]:
    """Return when each key was first seen in each session."""
    columns = _WHERE[:6]
    times = rows.groupby(columns, sort=False)["t_s"].min().reset_index()
    found: dict[Key, dict[str, float]] = {}
    for owner, party, subject, state, phase, session, t_s in zip(
        *(times[name].tolist() for name in [*columns, "t_s"]), strict=True
    ):
        key = Key(kind, owner, cast("Party", party), subject, state, phase)
        found.setdefault(key, {})[session] = float(t_s)
    return found


def _beside_cookies(kind: DeltaKind, rows: pd.DataFrame) -> frozenset[Key]:
    """Return what was seen in another place than a cookie, too."""
    distinct = rows.loc[~rows["part"].isin(COOKIES), _WHERE[:5]].drop_duplicates()
    columns = [cast("list[str]", distinct[name].tolist()) for name in _WHERE[:5]]
    return frozenset(
        Key(kind, owner, cast("Party", party), subject, state, phase)
        for owner, party, subject, state, phase in zip(*columns, strict=True)
    )


def _collect(found: dict[Key, list[Place]], kind: DeltaKind, rows: pd.DataFrame) -> None:
    # Rows of a session are in the order of its capture, so the one kept is the first.
    distinct = rows[[*_WHERE, "id"]].drop_duplicates(_WHERE)
    columns = [cast("list[str]", distinct[name].tolist()) for name in [*_WHERE, "id"]]
    for owner, party, subject, state, phase, *place in zip(*columns, strict=True):
        key = Key(kind, owner, cast("Party", party), subject, state, phase)
        found.setdefault(key, []).append(Place(*place))
