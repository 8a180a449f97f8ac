"""Explanations on the terminal of what is neither finding nor row of presence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer import amounts
from analyzer.comparison import CoverageRow, Side
from analyzer.countries import CountryTrail
from analyzer.explanation import GateTrail, IdentifierTrail, RecipientTrail
from analyzer.findings import Identifier
from analyzer.knowledge import load_measures
from analyzer.magnitudes import Magnitude, MagnitudeTrail, SessionValue, Summary
from reports import terminal_names, words
from reports.console import Out
from reports.coverage import CONNECTIONS
from reports.terminal_rows import amount, change

_MOST = 40  # places of an identifier that are listed
_DIRECTIONS = {
    "sent": "sent by the phone to",
    "set": "set by an answer of",
    "echoed": "in an answer of",
}
_CLAIMS = {"differs": "the countries differ", "same": "any two countries are the same"}


def print_magnitude(out: Out, trail: MagnitudeTrail) -> None:
    """Print a measured row with the value of each session."""
    row = trail.magnitude
    to = f", {row.owner}" if row.owner else ", the whole app"
    out.line(f"{row.id}  {terminal_names.measured(row.measure, row.subject)}{to}", "bold")
    out.fact("means", load_measures()[row.measure].definition)
    sides = (("a", trail.side_a, row.a), ("b", trail.side_b, row.b))
    for which, title, side in sides:
        mine = [each for each in trail.values if each.side == which]
        out.fact("side", f"{title}: {_summary(row, side, len(mine))}")
        for each in mine:
            out.fact("", f"{each.session}: {_session(row, each)}")
    if any(each.open for each in trail.values):
        sooner = "sooner" if row.measure == "delay" else "more"
        out.fact("", f"*: it may be {sooner}, as something could not be read")
    if row.effect is not None:
        between = f"[{change(row, row.high)}, {change(row, row.low)}]"
        told = f"{change(row, row.effect)} from {trail.side_a} to {trail.side_b}"
        out.fact("difference", f"{told}, 95% interval {between}")
    out.fact("p, q", f"{words.probability(row.p)}, {words.probability(row.q)}")
    margin = f"within a factor of {row.margin:g}" if row.ratio else f"within {row.margin:g}"
    unit = "" if row.ratio else f" {row.unit}"
    out.fact("margin", f"{margin}{unit} the sides count as the same")
    told = {
        "more_a": f"more for {trail.side_a}",
        "more_b": f"more for {trail.side_b}",
        "same": "the same on both sides",
        "insufficient": f"not decided: {row.reason}",
    }[row.verdict]
    out.fact("verdict", told)
    if row.enough:
        out.fact("enough", f"{row.enough} sessions on each side could decide it")


def _summary(row: Magnitude, side: Summary, of: int) -> str:
    if side.low is None or side.median is None or side.high is None:
        return f"no session of {of} has a value"
    spread = f"{amount(row, side.low)} to {amount(row, side.high)}"
    return f"median {amount(row, side.median)} ({spread}; {side.n} of {of} sessions have a value)"


def _session(row: Magnitude, value: SessionValue) -> str:
    told = "none" if value.value is None else amount(row, value.value)
    if value.open:
        told += " *"
    return f"{told} (finding {value.example})" if value.example else told


def print_country(out: Out, trail: CountryTrail) -> None:
    """Print a row of the matrix with the sessions of each country."""
    row = trail.row
    named = terminal_names.subject(row.kind, row.subject, row.state)
    to = row.owner or words.NOT_KNOWN
    out.line(f"{row.id}  {named} ({row.subject}) to {to}, phase {row.phase}", "bold")
    for column, cell, sessions in zip(trail.columns, row.cells, trail.cells, strict=True):
        few = "" if column.counted else " (too few to be part of the test)"
        of = amounts.number(cell.n, "session")
        out.fact("country", f"{column.title}: seen in {cell.k} of {of}{few}")
        out.fact("  seen", ", ".join(sessions.seen))
        out.fact("  not seen", ", ".join(sessions.unseen))
        out.fact("  unreadable", ", ".join(sessions.hidden))
    out.fact("p, q", f"{words.probability(row.p)}, {words.probability(row.q)}")
    out.fact("verdict", _CLAIMS.get(row.verdict) or f"not decided: {row.reason}")


def print_gate(out: Out, trail: GateTrail) -> None:
    """Print a condition of a fair comparison: whether it holds, and what follows."""
    gate = trail.gate
    out.line(f"{gate.name}  gate: “{gate.title}”", "bold")
    out.fact("of", f"{trail.a.title} and {trail.b.title}")
    out.fact("holds", "yes" if gate.passed else "no", "green" if gate.passed else "red")
    out.fact("found", gate.found)
    out.fact("needed", gate.needed)
    if gate.waived and not gate.passed:
        out.fact("waived", f"the study does without it. Its reason: {gate.waived}", "yellow")
        out.fact("follows", "nothing: sessions and rows count as if it held")
    elif not gate.passed:
        left = amounts.number(len(gate.sessions), "session")
        rows = amounts.number(gate.rows, "row")
        out.fact("follows", f"{left} left out, {rows} not decided because of it")
    out.fact("sessions", ", ".join(gate.sessions))


def print_recipient(out: Out, trail: RecipientTrail) -> None:
    """Print what could be read of what a recipient got."""
    out.line(f"{trail.name}  what could be read of it", "bold")
    for which, side in (("a", trail.a), ("b", trail.b)):
        rows = [row for row in trail.coverage if row.side == which]
        _side(out, side, rows)
        for spot in trail.spots:
            if spot.side == which:
                out.fact("  blind spot", spot.told, "bold")
    shown = [row for row in trail.rows if row.verdict != "same"]
    same = len(trail.rows) - len(shown)
    for row in shown:
        named = terminal_names.subject(row.kind, row.subject, row.state)
        verdict = words.verdict(replace(row, reason="", enough=None), trail.a.title, trail.b.title)
        told = "not decided" if row.verdict == "insufficient" else verdict
        out.fact(row.id, f"{named}, {row.phase}: {told}")
    if same:
        out.fact("", f"and {amounts.number(same, 'row')} that are the same on both sides")
    if not trail.rows:
        out.fact("rows", "none: nothing that it got was recognised")


def _side(out: Out, side: Side, rows: Iterable[CoverageRow]) -> None:
    out.fact("side", f"{side.title} ({amounts.number(side.sessions, 'session')})")
    for row in rows:
        read = f"{amounts.number(row.exchanges, 'exchange')} read"
        sizes = f"{amounts.size(row.bytes_up)} sent, {amounts.size(row.bytes_down)} received"
        unread = row.unread_up + row.unread_down
        passed = f"; {amounts.size(unread)} passed unread" if unread else ""
        of = amounts.number(row.n, "session")
        out.fact("  host", f"{row.host}: in {row.k} of {of}; {read}, {sizes}{passed}")
        counts = ((told, int(getattr(row, name))) for name, told in CONNECTIONS.items())
        told = ", ".join(f"{count} {told}" for told, count in counts if count)
        out.fact("", f"connections: {told}" if told else "")


def print_identifier(out: Out, trail: IdentifierTrail) -> None:
    """Print where a value went by which somebody is known again."""
    named = words.all_of([terminal_names.data(each) for each in trail.data_types] or ["no type"])
    out.line(f"{trail.digest}  identifier: {named}", "bold")
    out.fact("value", f"hidden; shape {trail.shape}")
    out.fact("digest", "keyed: equal values have equal ones, in this study only")
    out.fact("sent to", ", ".join(trail.owners))
    sessions = {each.session for each in trail.seen}
    out.fact("sessions", f"{len(sessions)}")
    for each in trail.seen[:_MOST]:
        out.fact("", _place(each))
    if len(trail.seen) > _MOST:
        out.fact("", f"and {len(trail.seen) - _MOST} places more (--json has all)")


def _place(each: Identifier) -> str:
    how = "" if each.transformed in {"", "raw"} else f" as {each.transformed}"
    where = f"{each.part.replace('_', ' ')} {each.path}".strip()
    who = f"{each.owner} ({each.host})" if each.owner else each.host
    times = f", {each.count} times" if each.count > 1 else ""
    told = f"{each.t_s:.1f} s: {_DIRECTIONS[each.direction]} {who}{how}, {where}"
    return f"{each.session} {told}, exchange {each.exchange}{times}"
