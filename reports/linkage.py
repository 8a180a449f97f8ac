"""Identity on the terminal: who shares an identifier with whom, what comes again, what it links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer import amounts
from analyzer.linkage import DiffAudit, Handover, Linkable, Linkage, Persistent, Place, Tally
from analyzer.models import Count
from reports.console import Out, print_rows

_WAYS = {
    "redirect": "a redirect took it there",
    "set": "set there, then sent here",
    "unsent": "in an answer, though never sent",
    "shared": "sent to both",
}
_SCOPES = {
    "persona": "the persona",
    "device": "the device, whoever uses it",
    "everywhere": "all phones and personas",
}
_DOUBT = {True: "", False: " (or a constant)"}
_MOST_TYPES = 12
_STABLE = (
    "Stable is what an owner got in another session of the same persona, too; of a persona with"
    " one session, what is made to stay."
)


def print_linkage(found: Linkage, *, every: bool = False) -> None:
    """Print `found` on standard output; first parties and one company's own only if `every`."""
    out = Out()
    groups = ", ".join(
        f"{group.title} ({amounts.number(len(group.sessions), 'session')})"
        for group in found.groups
    )
    out.line(f"Identity in {groups}", "bold")
    for warning in found.warnings:
        out.line(f"! {warning}", "bold yellow")
    shown = [each for each in found.handovers if every or _is_plain(each)]
    _table(out, "Identifiers that reached several owners", [_handover(each) for each in shown])
    _hidden(out, len(found.handovers) - len(shown), "within one company, or uncertain")
    _table(out, "Identifiers that came again", [_persistent(each) for each in found.persistent])
    rows = [each for each in found.linkable if every or each.party == "third"]
    title = "Types of data that an owner can join to a stable identifier, by session"
    _table(out, title, _linkable(rows))
    if rows:
        out.line(_STABLE, "dim")
    _hidden(out, len(found.linkable) - len(rows), "of first parties")
    out.line("")
    out.line("As DiffAudit counts: third-party sites over all sessions together", "bold cyan")
    for audited in found.diffaudit:
        out.line(_diffaudit(audited))
    _table(out, "Countries of servers, as the databases have it", _places(found.places))
    if found.places:
        out.line("An address of a content network is in many places at once (anycast).", "dim")


def _is_plain(each: Handover) -> bool:
    return each.certain and not each.same_company


def _table(out: Out, title: str, rows: Sequence[Mapping[str, str]]) -> None:
    if rows:
        out.line("")
        out.line(title, "bold cyan")
        print_rows(rows)


def _hidden(out: Out, number: int, what: str) -> None:
    if number:
        out.line(f"not shown: {amounts.number(number, 'row')} {what} (--all)", "dim")


def _handover(each: Handover) -> dict[str, str]:
    disguise = f" as {', '.join(each.transformed)}" if each.transformed else ""
    return {
        "from": each.giver,
        "to": each.taker,
        "how": _WAYS[each.way],
        "what": f"{_named(each.data_types, each.shapes)}{disguise}{_DOUBT[each.certain]}",
        "values": str(each.values),
        **_tallied(each.tallies),
    }


def _persistent(each: Persistent) -> dict[str, str]:
    return {
        "what": _named((each.data_type,), (each.shape,)),
        "recognises": f"{_SCOPES[each.scope]}{_DOUBT[each.certain]}",
        "personas": ", ".join(each.personas),
        "owners": ", ".join(each.owners),
        "sessions": _of(each.count),
    }


def _linkable(rows: Sequence[Linkable]) -> list[dict[str, str]]:
    """One row for each group and owner."""
    return [
        {
            "side": each.group,
            "owner": each.owner,
            "company": each.parent + (" (the app's own)" if each.same_company else ""),
            "tracker": each.tracker,
            "sessions": _of(each.count),
            "types": _sizes(each.smallest, each.median, each.largest),
            "identifiers": _named(each.identifiers, ("unnamed",) if "" in each.identifiers else ()),
            "most often": ", ".join(each.common[:_MOST_TYPES]),
            "by DiffAudit": _of(each.diffaudit),
        }
        for each in rows
    ]


def _diffaudit(each: DiffAudit) -> str:
    text = (
        f"{each.group}: {len(each.linkable)} of {amounts.number(each.sites, 'site')} linkable,"
        f" {len(each.trackers)} of them known to track"
    )
    if each.linkable:
        sizes = _sizes(each.smallest, each.median, each.largest)
        text += f"; {sizes} classes each; largest set: {', '.join(each.largest_set)}"
    return text


def _places(places: Sequence[Place]) -> list[dict[str, str]]:
    return [
        {
            "side": each.group,
            "owner": each.owner,
            "country": each.country or "not known",
            "sessions": _of(each.count),
            "by": ", ".join(each.sources),
        }
        for each in places
    ]


def _tallied(tallies: Sequence[Tally]) -> dict[str, str]:
    return {each.group: _of(each.count) for each in tallies}


def _named(data_types: Sequence[str], otherwise: Sequence[str]) -> str:
    named = [each for each in data_types if each]
    return ", ".join(named or otherwise)


def _sizes(smallest: int, median: float, largest: int) -> str:
    """Return a median and its range.

    >>> _sizes(2, 3.5, 7), _sizes(4, 4.0, 4)
    ('3.5 (2 to 7)', '4')
    """
    middle = f"{median:g}"
    return middle if smallest == largest else f"{middle} ({smallest} to {largest})"


def _of(count: Count) -> str:
    return f"{count.k} of {count.n}"
