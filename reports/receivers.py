"""Who receives what: each type of data at each recipient, and where its servers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.linkage import Linkage
from analyzer.said import Said, say
from reports import words
from reports.flows import Flow, flows
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.flow import Heads, Kind, Stream, flow_picture

_MOST_COUNTRIES = 3  # of one recipient in the picture


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the table behind the picture."""

    owner: str
    party: Said
    purposes: tuple[str, ...]
    countries: tuple[str, ...]  # names; the third-party databases may differ
    types: tuple[tuple[str, Flow], ...]  # label and flow


@dataclass(frozen=True, slots=True)
class Receivers:
    """The picture, its table, and whether anyone knows where the servers are."""

    picture: Picture | None
    rows: tuple[Received, ...]
    placed: bool


def receivers(comparison: Comparison, linkage: Linkage | None, names: Names) -> Receivers:
    """Return who received data in `comparison`: third parties first, most differences first."""
    found = flows(comparison)
    where = _countries(linkage, names)
    rows, streams = [], []
    for recipient, deltas in words.by_recipient(comparison):
        mine = {row.id for row in deltas}
        of = [each for each in found if each.row.id in mine]
        if not of:
            continue
        owner = names.recipient(recipient.owner, recipient.sites)
        rows.append(
            Received(
                owner,
                names.party(recipient.party),
                tuple(names.purpose(each) for each in recipient.purposes),
                where.get(recipient.owner, ()),
                tuple((names.data(each.row.subject), each) for each in of),
            )
        )
        streams += [Stream(names.data(each.row.subject), owner, _kind(each.verdict)) for each in of]
    picture = _picture(comparison, streams, rows, names) if streams else None
    return Receivers(picture, tuple(rows), bool(where))


def _picture(
    comparison: Comparison, streams: list[Stream], rows: list[Received], names: Names
) -> Picture:
    tell = names.plain
    title = say("Who receives what from {app}", app=comparison.app)
    description = say(
        "Ribbons lead from each type of data to its recipients: solid where it was seen more for"
        " {a}, striped where it was seen more for {b}, pale where both are the same, outlined where"
        " nothing could be decided. The table below says the same.",
        a=names.side("a"),
        b=names.side("b"),
    )
    return flow_picture(
        list(dict.fromkeys(streams)),
        {row.owner: _few(row.countries) for row in rows if row.countries},
        Heads(*(tell(each) for each in (say("What"), say("Recipient"), say("Servers in")))),
        (tell(title), tell(description)),
        names.language.direction,
    )


def _countries(linkage: Linkage | None, names: Names) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for place in linkage.places if linkage else ():
        if place.country and place.count.k:
            found.setdefault(place.owner, {})[names.country(place.country)] = None
    return {owner: tuple(sorted(codes)) for owner, codes in found.items()}


def _few(countries: tuple[str, ...]) -> tuple[str, ...]:
    if len(countries) <= _MOST_COUNTRIES:
        return countries
    return (*countries[: _MOST_COUNTRIES - 1], f"+{len(countries) - _MOST_COUNTRIES + 1}")


def _kind(verdict: str) -> Kind:
    if verdict == "insufficient":
        return "open"
    if verdict == "same":
        return "same"
    return "a" if verdict.endswith("_a") else "b"
