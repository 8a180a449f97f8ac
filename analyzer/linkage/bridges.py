"""One identifier, several owners: cookie syncing, redirects, identifiers that all are given.

What is seen is the phone's own traffic. That a value reached two owners is a fact; how it came from
one to the other is told by what the phone saw before: a redirect, a cookie, an answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from analyzer.classify import site_of
from analyzer.findings import Identifier
from analyzer.linkage.records import Bridge, Group, Handover, Hop, Scope, Tally, Way
from analyzer.linkage.sightings import is_constant
from analyzer.models import Count

_COOKIES = ("cookie", "response_cookie")
# People give these to a service; no answer makes them up.
_GIVEN = "person."
_Row = tuple[Bridge, Hop | None, Hop]  # the value, its giver if there is one, its taker


def bridges(
    seen: Sequence[Identifier],
    scopes: Mapping[str, Scope],
    lasting: Collection[str] = (),
) -> tuple[Bridge, ...]:
    """Return every identifier of `seen` (as `sightings` orders it) that reached several owners.

    By session, then in the order of the first sight. `lasting` are the digests of those that are
    known to be identifiers because they came again.
    """
    of: defaultdict[tuple[str, str], list[Identifier]] = defaultdict(list)
    for row in seen:
        of[row.session, row.digest].append(row)
    found = []
    for (session, digest), rows in of.items():
        if len({row.owner for row in rows}) > 1:
            named = next((row.data_type for row in rows if row.data_type), "")
            certain = bool(named) or digest in lasting or any(row.part in _COOKIES for row in rows)
            found.append(
                Bridge(session, digest, rows[0].shape, named, scopes[digest], certain, _hops(rows))
            )
    return tuple(found)


def handovers(found: Iterable[Bridge], groups: Sequence[Group]) -> tuple[Handover, ...]:
    """Return who could join what with whom, strongest evidence first, then by names.

    Constants of the app, the same for everybody, are left out.
    """
    of: defaultdict[tuple[str, str, Way], list[_Row]] = defaultdict(list)
    for bridge in found:
        if is_constant(bridge.scope, bridge.data_type):
            continue
        at = {hop.owner: hop for hop in bridge.hops}
        for hop in bridge.hops:
            if hop.way:
                one, other = at.get(hop.giver), hop
                if one and hop.way == "shared" and other.owner < one.owner:
                    one, other = other, one
                of[one.owner if one else "", other.owner, hop.way].append((bridge, one, other))
    order: Sequence[Way] = ("redirect", "set", "unsent", "shared")
    return tuple(
        _handover(way, rows, groups)
        for (_, _, way), rows in sorted(
            of.items(), key=lambda item: (order.index(item[0][2]), item[0])
        )
    )


def _hops(rows: Sequence[Identifier]) -> tuple[Hop, ...]:
    """Return the first sight at each owner. `rows` are one value in one session, in time."""
    hops: list[Hop] = []
    for at, row in enumerate(rows):
        if all(row.owner != hop.owner for hop in hops):
            giver, way = _giver(rows, at)
            hops.append(
                Hop(
                    row.owner,
                    row.parent,
                    row.party,
                    row.tracker,
                    row.host,
                    row.part,
                    row.path,
                    row.exchange,
                    row.t_s,
                    giver,
                    way,
                    row.transformed,
                )
            )
    return tuple(hops)


def _giver(rows: Sequence[Identifier], at: int) -> tuple[str, Way | Literal[""]]:
    """Return with whom the owner of `rows[at]`, its first sight there, shares it, and how."""
    row = rows[at]
    given = any(each.data_type.startswith(_GIVEN) for each in rows)
    sent = next((at for at, each in enumerate(rows) if _is_sent(each, row.owner)), None)
    if sent is None:
        # An answer that only repeats claims nothing, nor does the first: it may have made it up.
        return "", "unsent" if row.direction == "set" and (at or given) else ""
    before = [each for each in rows[:sent] if each.owner != row.owner]
    for each in reversed(before):
        if each.leads_to and _leads(each.leads_to, rows[sent].host):
            return each.owner, "redirect"
    # Whoever set it without having been sent it: the others only repeat it.
    first = rows[0]
    if first.direction == "set" and not given:
        if row.owner == first.owner:
            return "", ""
        if row.direction == "sent":
            return first.owner, "set"
    other = next((each.owner for each in before if each.direction == "sent"), "")
    return (other, "shared") if other else ("", "")


def _is_sent(row: Identifier, owner: str) -> bool:
    return row.owner == owner and row.direction == "sent"


def _leads(target: str, host: str) -> bool:
    return target == host or site_of(target) == site_of(host)


def _handover(way: Way, rows: Sequence[_Row], groups: Sequence[Group]) -> Handover:
    rows = [row for row in rows if row[0].certain] or rows
    sessions = sorted({bridge.session for bridge, _, _ in rows})
    bridge, giver, taker = rows[0]
    return Handover(
        giver=giver.owner if giver else "",
        giver_party=giver.party if giver else "",
        taker=taker.owner,
        taker_party=taker.party,
        taker_tracker=taker.tracker,
        way=way,
        same_company=giver is not None
        and company(giver.owner, giver.parent) == company(taker.owner, taker.parent),
        certain=bridge.certain and giver is not None,
        data_types=_distinct(each.data_type for each, _, _ in rows),
        shapes=_distinct(each.shape for each, _, _ in rows),
        transformed=_distinct(
            hop.transformed
            for _, one, other in rows
            for hop in ((one, other) if way == "shared" else (other,))
            if hop and hop.transformed != "raw"
        ),
        values=len({each.digest for each, _, _ in rows}),
        tallies=tallies(sessions, groups),
        sessions=tuple(sessions),
        example=f"{bridge.session}/{taker.exchange}",
    )


def company(owner: str, parent: str) -> str:
    """Return who stands at the top: the parent where one is known."""
    return parent or owner


def tallies(sessions: Collection[str], groups: Sequence[Group]) -> tuple[Tally, ...]:
    """Return in how many sessions of each group something was seen."""
    found = set(sessions)
    return tuple(
        Tally(group.name, Count(len(found.intersection(group.sessions)), len(group.sessions)))
        for group in groups
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
