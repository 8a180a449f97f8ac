"""Identity on the terminal: who shares an identifier with whom, what comes again, what it links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer import amounts
from analyzer.extract.shapes import visible
from analyzer.linkage import DiffAudit, Handover, Linkable, Linkage, Persistent, Place, Tally
from analyzer.models import Count
from reports import terminal_names, words
from reports.console import Out, print_rows
from reports.joined import is_between_third_parties, unnamed
from reports.terminal_footer import told_fiction

_WAYS = {
    "redirect": "a redirect took it there",
    "set": "set there, then sent here",
    "unsent": "in an answer; not seen to be sent in this session",
    "shared": "sent to both by the app",
}
_SCOPES = {
    "persona": "the persona",
    "device": "the device, whoever uses it",
    "everywhere": "all phones and personas",
}
_DOUBT = {True: "", False: " (or a constant)"}
_MOST_TYPES = 12
_DIGITS = 12  # of a digest, by which `explain` finds the rest
_LESS = (
    "Fewer sessions than by DiffAudit: it takes any data of its class of identifiers, of which"
    " Device Information (such as the model) is one, while 'sessions' asks for an identifier that"
    " stays."
)
_HELP = {
    "bridges": "'and': no order is known; 'to': the first had it before the second; then sessions",
    "again": (
        "whom it recognises is judged over all sessions; counted are those of the sides above;"
        " `evenhand explain ID` shows where it went"
    ),
    "linkable": (
        "sessions: with an identifier that stays and other data; types: of other data, median"
        " (range); DiffAudit: sessions by its definition"
    ),
    "places": "sessions in which an address of the owner was in that country",
}
_STABLE = (
    "Stable is what an owner got in another session of the same persona, too; of a persona with"
    " one session, what is made to stay."
)


def print_linkage(found: Linkage, *, every: bool = False, fictional: bool = False) -> None:
    """Print `found` on standard output; first parties and one company's own only if `every`.

    `fictional`: the app does not exist, which is said.
    """
    out = Out()
    groups = ", ".join(
        f"{group.title} ({amounts.number(len(group.sessions), 'session')})"
        for group in found.groups
    )
    out.line(f"Identity in {groups}", "bold")
    told_fiction(out, fictional)
    for warning in found.warnings:
        out.line(f"! {warning}", "bold yellow")
    shown = [each for each in found.handovers if every or _is_plain(each)]
    title = "Identifiers that reached several owners"
    _table(out, title, _HELP["bridges"], [_handover(each) for each in shown])
    left = "of first parties, within one company, uncertain or with no giver"
    _hidden(out, len(found.handovers) - len(shown), left)
    title = "Identifiers that came again in another session"
    _table(out, title, _HELP["again"], [_persistent(each) for each in found.persistent])
    rows = [each for each in found.linkable if every or each.party == "third"]
    for group in found.groups:
        title = f"{group.title}: types of data that an owner can join to a stable identifier"
        of = [_linkable(each) for each in rows if each.group == group.name]
        _table(out, title, _HELP["linkable"], of)
    if rows:
        out.line("")
        out.line(_STABLE, "dim")
    if any(each.count.k < each.diffaudit.k for each in rows):
        out.line(_LESS, "dim")
    _hidden(out, len(found.linkable) - len(rows), "of first parties")
    out.line("")
    out.line("As DiffAudit counts: third-party sites over all sessions together", "bold cyan")
    for audited in found.diffaudit:
        out.line(_diffaudit(audited))
    title = "Countries of servers, as the databases have it"
    _table(out, title, _HELP["places"], _places(found.places))
    if found.places:
        out.line("An address of a content network is in many places at once (anycast).", "dim")


def _is_plain(each: Handover) -> bool:
    return is_between_third_parties(each)


def _table(out: Out, title: str, meaning: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Print `rows` in columns under a title and a line that says what the columns mean."""
    if not rows:
        return
    out.line("")
    out.line(title, "bold cyan")
    out.line(meaning, "dim")
    if out.width is not None:
        print_rows(rows)
        return
    cells = [list(rows[0]), *([visible(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out.line(line.rstrip())


def _hidden(out: Out, number: int, what: str) -> None:
    if number:
        out.line(f"not shown: {amounts.number(number, 'row')} {what} (--all)", "dim")


def _handover(each: Handover) -> dict[str, str]:
    disguise = f" as {', '.join(each.transformed)}" if each.transformed else ""
    return {
        "owners": between(each),
        "how": _WAYS[each.way],
        "what": f"{_named(each.data_types, each.shapes)}{disguise}{_DOUBT[each.certain]}",
        "values": str(each.values),
        **_tallied(each.tallies),
    }


def between(each: Handover) -> str:
    """Return the two owners, in an order only where one had it from the other."""
    if not each.giver:
        return each.taker
    return f"{each.giver} {'and' if each.way == 'shared' else 'to'} {each.taker}"


def _persistent(each: Persistent) -> dict[str, str]:
    return {
        "what": _named((each.data_type,), (each.shape,)),
        "sessions": _of(each.count),
        "recognises": f"{_SCOPES[each.scope]}{_DOUBT[each.certain]}",
        "personas": ", ".join(each.personas),
        "owners": ", ".join(each.owners),
        "id": each.digest[:_DIGITS],
    }


def _linkable(each: Linkable) -> dict[str, str]:
    above = [f"of {each.parent}"] if each.parent and each.parent != each.owner else []
    above += ["the app's own company"] if each.same_company else []
    company = f" ({', '.join(above)})" if above else ""
    named = [terminal_names.data(name) for name in each.identifiers if name]
    if "" in each.identifiers:
        named.append(unnamed())
    return {
        "owner": f"{each.owner}{company}",
        "tracker": each.tracker,
        "sessions": _of(each.count),
        "DiffAudit": _of(each.diffaudit),
        "types": words.spread(each.smallest, each.median, each.largest) if each.count.k else "-",
        "known by": ", ".join(named) or "-",
        "most often joined": ", ".join(map(terminal_names.data, each.common[:_MOST_TYPES])) or "-",
    }


def _diffaudit(each: DiffAudit) -> str:
    text = (
        f"{each.group}: {len(each.linkable)} of {amounts.number(each.sites, 'site')} linkable,"
        f" {len(each.trackers)} of them known to track"
    )
    if each.linkable:
        sizes = words.spread(each.smallest, each.median, each.largest)
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
    named = [terminal_names.data(each) for each in data_types if each]
    return ", ".join(named) or unnamed(otherwise)


def _of(count: Count) -> str:
    return f"{count.k} of {count.n}"
