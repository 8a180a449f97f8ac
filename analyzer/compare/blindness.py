"""Sessions in which something may have been sent that could not be read.

A session is blind for an owner where a connection to one of its hosts refused to be read or may
have, bytes passed unread or past the recorder, a connection was blocked or failed, or came to
nothing where nothing else was read, a body could not be decoded, or an exchange was cut off. An
answer that could not be read blinds for privacy signals only, because data is looked for in
requests. A session that was not recorded to its end, or holds no exchange at all, is blind for
everyone. Hosts without an owner are taken by site.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import pandas as pd

from analyzer.comparison import BlindSpot, Which
from analyzer.models import DeltaKind

_COUNTS = [
    "refused", "unread_up", "unread_down", "opaque", "cut", "opaque_down", "cut_down",
    "blocked", "unseen", "pin_suspected", "lost",
]  # fmt: skip


class _Spot(NamedTuple):
    """What could not be read of one host in one session."""

    session: str
    host: str
    refused: int
    unread_up: int
    unread_down: int
    opaque: int
    cut: int
    opaque_down: int
    cut_down: int
    blocked: int
    unseen: int
    pin_suspected: int
    lost: int

    @property
    def hides_data(self) -> bool:
        """Whether it could hide something that was sent."""
        only_answers = {"unread_down", "opaque_down", "cut_down"}
        return any(getattr(self, count) for count in _COUNTS if count not in only_answers)


class _Who(NamedTuple):
    """An owner; where there is none, a site; where there is neither, nobody knows."""

    owner: str
    site: str


@dataclass(frozen=True, slots=True)
class Blindness:
    """The blind sessions of a study."""

    incomplete: frozenset[str]
    unread: frozenset[str]  # without a single exchange
    spots: Mapping[_Who, Sequence[_Spot]]

    def of(self, kind: DeltaKind, owner: str, sites: Collection[str]) -> frozenset[str]:
        """Return the sessions that are blind for `owner`, or for `sites` where it is empty."""
        whom = [_Who(owner, "")] if owner else [_Who("", site) for site in sites if site]
        found = {
            spot.session
            for who in whom
            for spot in self.spots.get(who, ())
            if kind == "signal" or spot.hides_data
        }
        return self.incomplete | self.unread | found

    def on(self, side: Which, sessions: Collection[str]) -> list[BlindSpot]:
        """Return what the blind spots of `sessions` are, for a report, in order."""
        found: list[BlindSpot] = []
        broken, unread = self.incomplete & set(sessions), self.unread & set(sessions)
        reasons = []
        if broken:
            told = _count(len(broken), "session was", "sessions were")
            reasons.append(f"{told} not recorded to the end")
        if unread:
            told = _count(len(unread), "session holds", "sessions hold")
            reasons.append(f"{told} no exchange that could be read")
        if reasons:
            k, n = len(broken | unread), len(sessions)
            found.append(BlindSpot(side, "", "", (), k, n, tuple(reasons)))
        for who, every in sorted(self.spots.items()):
            spots = [spot for spot in every if spot.session in sessions]
            if spots:
                found.append(_described(side, who, spots, len(sessions)))
        return found


def blindness(sessions: pd.DataFrame, coverage: pd.DataFrame) -> Blindness:
    """Return the blind sessions of the frames `sessions` and `coverage`."""
    unread = coverage[(coverage[_COUNTS] > 0).any(axis=1)]
    spots: dict[_Who, list[_Spot]] = {}
    columns = ["owner", "site", *_Spot._fields]
    for owner, site, *spot in zip(*(unread[name].tolist() for name in columns), strict=True):
        spots.setdefault(_Who(owner, "" if owner else site), []).append(_Spot(*spot))
    incomplete = sessions.loc[~sessions["complete"].astype(bool), "id"].tolist()
    empty = sessions.loc[sessions["exchanges"] == 0, "id"].tolist()
    return Blindness(
        frozenset(cast("list[str]", incomplete)), frozenset(cast("list[str]", empty)), spots
    )


def _described(side: Which, who: _Who, spots: Sequence[_Spot], n: int) -> BlindSpot:
    def total(*counts: str) -> int:
        return sum(getattr(spot, count) for spot in spots for count in counts)

    told = (
        (total("refused"), "connection could not be read", "connections could not be read"),
        (
            total("pin_suspected"),
            "connection may have been refused by a pin",
            "connections may have been refused by a pin",
        ),
        (
            total("lost"),
            "connection failed or ended unused",
            "connections failed or ended unused",
        ),
        (total("unread_up", "unread_down"), "byte passed unread", "bytes passed unread"),
        (total("blocked"), "connection was blocked", "connections were blocked"),
        (
            total("unseen"),
            "connection passed by the recorder",
            "connections passed by the recorder",
        ),
        (total("opaque"), "request could not be decoded", "requests could not be decoded"),
        (total("cut"), "request is not all there", "requests are not all there"),
        (total("opaque_down"), "answer could not be decoded", "answers could not be decoded"),
        (total("cut_down"), "answer is not all there", "answers are not all there"),
    )
    reasons = [_count(*each) for each in told if each[0]]
    return BlindSpot(
        side=side,
        owner=who.owner,
        site=who.site,
        hosts=tuple(sorted({spot.host for spot in spots if spot.host})),
        k=len({spot.session for spot in spots}),
        n=n,
        reasons=tuple(reasons),
    )


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
