"""Sessions in which something may have been sent that could not be read.

A session is blind for an owner where a connection to one of its hosts refused to be read, bytes
passed unread, a body could not be decoded, or an exchange was cut off. A session that was not
recorded to its end is blind for everyone. Hosts without an owner are taken by site.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

import pandas as pd

from analyzer.comparison import BlindSpot, Which

_COUNTS = ["refused", "unread_up", "unread_down", "opaque", "cut"]


class _Spot(NamedTuple):
    """What could not be read of one host in one session."""

    session: str
    host: str
    refused: int
    unread_up: int
    unread_down: int
    opaque: int
    cut: int


class _Who(NamedTuple):
    """An owner; where there is none, a site; where there is neither, nobody knows."""

    owner: str
    site: str


@dataclass(frozen=True, slots=True)
class Blindness:
    """The blind sessions of a study."""

    incomplete: frozenset[str]
    spots: Mapping[_Who, Sequence[_Spot]]

    def of(self, owner: str, sites: Collection[str]) -> frozenset[str]:
        """Return the sessions that are blind for `owner`, or for `sites` where it is empty."""
        whom = [_Who(owner, "")] if owner else [_Who("", site) for site in sites if site]
        found = {spot.session for who in whom for spot in self.spots.get(who, ())}
        return self.incomplete | found

    def on(self, side: Which, sessions: Collection[str]) -> list[BlindSpot]:
        """Return what the blind spots of `sessions` are, for a report, in order."""
        found: list[BlindSpot] = []
        broken = self.incomplete & set(sessions)
        if broken:
            reason = (
                f"{_count(len(broken), 'session was', 'sessions were')} not recorded to the end"
            )
            found.append(BlindSpot(side, "", "", (), len(broken), len(sessions), (reason,)))
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
    return Blindness(frozenset(cast("list[str]", incomplete)), spots)


def _described(side: Which, who: _Who, spots: Sequence[_Spot], n: int) -> BlindSpot:
    refused = sum(spot.refused for spot in spots)
    unread = sum(spot.unread_up + spot.unread_down for spot in spots)
    opaque = sum(spot.opaque for spot in spots)
    cut = sum(spot.cut for spot in spots)
    reasons = [
        *(
            [f"{_count(refused, 'connection', 'connections')} could not be opened for reading"]
            if refused
            else []
        ),
        *([f"{_count(unread, 'byte', 'bytes')} passed unread"] if unread else []),
        *(
            [f"{_count(opaque, 'exchange', 'exchanges')} could not be decoded completely"]
            if opaque
            else []
        ),
        *([f"{_count(cut, 'exchange was', 'exchanges were')} cut off"] if cut else []),
    ]
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
