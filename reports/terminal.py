"""A comparison on the terminal, in the manner of diff(1)."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.comparison import Alternative, Comparison, NoiseFloor, Recipient, Side
from analyzer.models import Delta
from reports import words
from reports.console import Out

_STYLES = {
    "only_a": "red",
    "more_a": "red",
    "more_b": "green",
    "only_b": "green",
    "same": "dim",
    "insufficient": "yellow",
}
_MARKED_LIMIT = 40  # rows that could not be decided, before they are only counted


def print_comparison(comparison: Comparison, *, every: bool = False) -> None:
    """Print `comparison` on standard output; rows that are the same only if `every`."""
    out = Out()
    out.line(_side("---", comparison.a), "red")
    out.line(_side("+++", comparison.b), "green")
    for warning in comparison.warnings:
        out.line(f"! {warning}", "bold yellow")
    hidden = _rows(out, comparison, every)
    out.line("")
    _coverage(out, comparison)
    _noise(out, comparison.noise)
    for alternative in comparison.alternatives:
        out.line(_alternative(alternative))
    out.line(_summary(comparison), "bold")
    if hidden:
        out.line(f"{hidden} rows that are the same are not shown; --all shows them.", "dim")


def _side(mark: str, side: Side) -> str:
    arms = ", ".join(arm.label for arm in side.arms)
    text = f"{mark} {side.title}: {arms} ({_number(side.sessions, 'session')})"
    if side.controls:
        controls = ", ".join(arm.label for arm in side.controls)
        text += f"; adult controls {controls} ({_number(side.control_sessions, 'session')})"
    return text


def _rows(out: Out, comparison: Comparison, every: bool) -> int:
    hidden = 0
    widths = _Widths(comparison.deltas)
    for recipient, rows in words.by_recipient(comparison):
        shown = [row for row in rows if every or row.verdict != "same"]
        hidden += len(rows) - len(shown)
        if not shown:
            continue
        out.line("")
        out.line(_heading(recipient), "bold cyan")
        order = sorted(
            shown, key=lambda row: (row.verdict == "insufficient", row.verdict == "same")
        )
        undecided = 0
        for row in order:
            undecided += row.verdict == "insufficient"
            if undecided > _MARKED_LIMIT and not every:
                continue
            out.line(widths.line(row, comparison), _STYLES[row.verdict])
        if undecided > _MARKED_LIMIT and not every:
            out.line(f"? {undecided - _MARKED_LIMIT} more could not be decided; --all shows them")
    return hidden


def _heading(recipient: Recipient) -> str:
    facts = [f"{recipient.party} party", *recipient.purposes]
    hosts = ", ".join(recipient.hosts[:3]) + (" ..." if len(recipient.hosts) > 3 else "")
    name = words.recipient_name(recipient.owner, recipient.sites)
    return f"@@ {name} ({', '.join(facts)}) {hosts} @@"


class _Widths:
    """Lays rows out in columns that are as wide as the widest of them, within reason."""

    def __init__(self, deltas: Iterable[Delta]) -> None:
        rows = list(deltas)
        self._subject = min(44, max((len(words.subject(row)) for row in rows), default=0))
        self._phase = min(16, max((len(row.phase) for row in rows), default=0))

    def line(self, row: Delta, comparison: Comparison) -> str:
        text = (
            f"{words.MARKS[row.verdict]} {words.subject(row):<{self._subject}}  "
            f"{row.phase:<{self._phase}}  {words.share(row.a):>5} {words.share(row.b):>5}  "
        )
        if row.verdict == "insufficient":
            return text + f"{words.verdict(row, comparison.a.title, comparison.b.title)}  {row.id}"
        text += f"{words.points(row.effect):>4} {words.interval(row.low, row.high):<12} "
        text += f"q {words.probability(row.q)}  "
        if row.contrast is not None:
            beyond = words.interval(row.contrast.low, row.contrast.high)
            text += f"less adults {words.points(row.contrast.effect)} {beyond}  "
        return text + row.id


def _coverage(out: Out, comparison: Comparison) -> None:
    for spot in comparison.blind_spots:
        side = comparison.a if spot.side == "a" else comparison.b
        who = spot.owner or spot.site or "everyone"
        out.line(
            f"blind spot: {side.title}: {who}: {'; '.join(spot.reasons)} "
            f"({spot.k} of {_number(spot.n, 'session')})",
            "yellow",
        )
    for excluded in comparison.excluded:
        out.line(f"left out: {excluded.session}: {excluded.reason}", "yellow")
    problems = sum(problem.count for problem in comparison.problems)
    if problems:
        codes = sorted({problem.code for problem in comparison.problems})
        out.line(f"{_number(problems, 'problem')} in reading the evidence: {', '.join(codes)}")


def _noise(out: Out, noise: NoiseFloor) -> None:
    if not noise.arms:
        out.line("noise floor: not known, as no arm has two sessions")
        return
    mean, largest = round(noise.mean * 100), round(noise.largest * 100)
    out.line(
        "noise floor: two halves of the same arm differ in "
        f"{noise.differing} of {noise.rows} rows, by {mean} points on average, {largest} at most"
    )


def _alternative(alternative: Alternative) -> str:
    if alternative.reason:
        return f"with {alternative.name} instead: {alternative.reason}"
    if not alternative.changed:
        return f"with {alternative.name} instead: every verdict is the same"
    return f"with {alternative.name} instead: {len(alternative.changed)} verdicts are others"


def _summary(comparison: Comparison) -> str:
    rows = comparison.deltas
    different = sum(row.verdict in words.DIFFERENT for row in rows)
    same = sum(row.verdict == "same" for row in rows)
    return (
        f"{_number(len(rows), 'row')}: {different} different, {same} the same, "
        f"{len(rows) - different - same} insufficient"
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
