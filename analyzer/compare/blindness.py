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
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import pandas as pd

from analyzer.compare.telling import listed
from analyzer.comparison import BlindSpot, Which
from analyzer.models import DeltaKind
from analyzer.said import Said, say, say_many

_COUNTS = [
    "refused", "unread_up", "unread_down", "opaque", "cut", "opaque_down", "cut_down",
    "blocked", "unseen", "pin_suspected", "lost",
]  # fmt: skip
_ONLY_ANSWERS = frozenset({"unread_down", "opaque_down", "cut_down"})
_HIDING_DATA = [count for count in _COUNTS if count not in _ONLY_ANSWERS]


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
        return any(getattr(self, count) for count in _HIDING_DATA)


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
    _known: dict[tuple[DeltaKind, str, frozenset[str]], frozenset[str]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def of(self, kind: DeltaKind, owner: str, sites: Collection[str]) -> frozenset[str]:
        """Return the sessions that are blind for `owner`, or for `sites` where it is empty."""
        asked = (kind, owner, frozenset() if owner else frozenset(sites))
        if asked not in self._known:  # many rows are of the same owner
            whom = [_Who(owner, "")] if owner else [_Who("", site) for site in sites if site]
            found = {
                spot.session
                for who in whom
                for spot in self.spots.get(who, ())
                if kind == "signal" or spot.hides_data
            }
            self._known[asked] = self.incomplete | self.unread | found
        return self._known[asked]

    def on(self, side: Which, title: str, sessions: Collection[str]) -> list[BlindSpot]:
        """Return what the blind spots of `sessions` are, for a report, in order.

        They are those of the side `side`, whose name is `title`.
        """
        found: list[BlindSpot] = []
        broken, unread = self.incomplete & set(sessions), self.unread & set(sessions)
        reasons = []
        if broken:
            reasons.append(
                say_many(
                    "{number} session was not recorded to the end",
                    "{number} sessions were not recorded to the end",
                    len(broken),
                )
            )
        if unread:
            reasons.append(
                say_many(
                    "{number} session holds no exchange that could be read",
                    "{number} sessions hold no exchange that could be read",
                    len(unread),
                )
            )
        if reasons:
            k, n = len(broken | unread), len(sessions)
            told = say(
                "{side}: {k} of {n} sessions do not show everything, of any recipient ({reasons}).",
                side=title,
                k=k,
                n=n,
                reasons=tuple(reasons),
            )
            found.append(BlindSpot(side, "", "", (), k, n, tuple(reasons), told))
        for who, every in sorted(self.spots.items()):
            spots = [spot for spot in every if spot.session in sessions]
            if spots:
                found.append(_described((side, title), who, spots, len(sessions)))
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


def third_parties(coverage: pd.DataFrame) -> Mapping[str, frozenset[str]]:
    """Return by session who of the third parties may have been sent something unread.

    By owner; by site where the owner is not known; "" is somebody of whom nobody learned the name.
    """
    rows = coverage[(coverage[_HIDING_DATA] > 0).any(axis=1) & coverage["party"].eq("third")]
    found: dict[str, set[str]] = {}
    for session, owner, site in zip(
        *(cast("list[str]", rows[name].tolist()) for name in ("session", "owner", "site")),
        strict=True,
    ):
        found.setdefault(session, set()).add(owner or site)
    return {session: frozenset(names) for session, names in found.items()}


def _described(of: tuple[Which, str], who: _Who, spots: Sequence[_Spot], n: int) -> BlindSpot:
    side, title = of

    def total(*counts: str) -> int:
        return sum(getattr(spot, count) for spot in spots for count in counts)

    told = (
        say_many(
            "{number} connection could not be read",
            "{number} connections could not be read",
            total("refused"),
        ),
        say_many(
            "{number} connection was perhaps refused by an app that trusts only its own"
            " certificate",
            "{number} connections were perhaps refused by an app that trusts only its own"
            " certificate",
            total("pin_suspected"),
        ),
        say_many(
            "{number} connection failed or ended unused",
            "{number} connections failed or ended unused",
            total("lost"),
        ),
        say_many(
            "{number} byte passed unread",
            "{number} bytes passed unread",
            total("unread_up", "unread_down"),
        ),
        say_many(
            "{number} connection was blocked",
            "{number} connections were blocked",
            total("blocked"),
        ),
        say_many(
            "{number} connection passed by the recorder",
            "{number} connections passed by the recorder",
            total("unseen"),
        ),
        say_many(
            "{number} request could not be decoded",
            "{number} requests could not be decoded",
            total("opaque"),
        ),
        say_many(
            "{number} request is not all there",
            "{number} requests are not all there",
            total("cut"),
        ),
        say_many(
            "{number} answer could not be decoded",
            "{number} answers could not be decoded",
            total("opaque_down"),
        ),
        say_many(
            "{number} answer is not all there",
            "{number} answers are not all there",
            total("cut_down"),
        ),
    )
    reasons = [each for each in told if each.number]
    hosts = tuple(sorted({spot.host for spot in spots if spot.host}))
    k = len({spot.session for spot in spots})
    return BlindSpot(
        side=side,
        owner=who.owner,
        site=who.site,
        hosts=hosts,
        k=k,
        n=n,
        reasons=tuple(reasons),
        told=_sentence(title, who, hosts, (k, n), tuple(reasons)),
    )


def _sentence(
    side: str, who: _Who, hosts: Sequence[str], of: tuple[int, int], reasons: tuple[Said, ...]
) -> Said:
    told = {
        "side": side,
        "k": of[0],
        "n": of[1],
        "owner": who.owner,
        "hosts": listed(hosts),
        "reasons": reasons,
    }
    if not hosts:
        return say(
            "{side}: in {k} of {n} sessions not everything could be read of a recipient whose name"
            " is not known ({reasons}).",
            **told,
        )
    if not who.owner:
        return say(
            "{side}: in {k} of {n} sessions not everything could be read of {hosts} ({reasons}).",
            **told,
        )
    return say(
        "{side}: in {k} of {n} sessions not everything could be read of {owner}, at {hosts}"
        " ({reasons}).",
        **told,
    )
