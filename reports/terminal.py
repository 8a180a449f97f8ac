"""A comparison on the terminal, in the manner of diff(1): one line for each row.

Why a row could not be decided is a number there, and told once below; JSON, CSV and the page have
each row's own reason. A terminal with fewer columns than the lines need gets fewer columns: what is
piped elsewhere always has all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzer import amounts
from analyzer.comparison import Comparison, NoiseFloor, Recipient, Sensitivity, Side
from analyzer.models import Delta
from reports import words
from reports.console import Out, clipped
from reports.coverage import side_coverage
from reports.region import side_sentence

_STYLES = {
    "only_a": "red",
    "more_a": "red",
    "more_b": "green",
    "only_b": "green",
    "same": "dim",
    "insufficient": "yellow",
}
_NARROW = 100  # columns
_SUBJECT = (40, 30)  # width of the first column at most, in a wide and in a narrow terminal
_PHASE = 16
_HOSTS = 3


def print_comparison(comparison: Comparison, *, every: bool = False) -> None:
    """Print `comparison` on standard output; rows that are the same only if `every`."""
    out = Out()
    out.line(_side("---", comparison.a), "red")
    out.line(_side("+++", comparison.b), "green")
    for warning in comparison.warnings:
        out.line(f"! {warning}", "bold yellow")
    causes = words.causes(comparison.deltas)
    undecided = all(row.verdict == "insufficient" for row in comparison.deltas)
    if comparison.deltas and undecided:
        count = amounts.number(len(comparison.deltas), "row")
        out.line(f"! No verdict: none of {count} could be decided. What follows was seen.", "bold")
    columns = _Columns.of(comparison, causes, narrow=(out.width or _NARROW) < _NARROW)
    hidden = _rows(out, comparison, columns, every)
    out.line("")
    if comparison.deltas:
        _legend(out, comparison, causes, columns)
    _regions(out, comparison)
    _coverage(out, comparison)
    if comparison.settings.uncertain:
        few = amounts.number(comparison.settings.uncertain, "finding")
        least = comparison.settings.min_confidence
        out.line(f"not counted: {few} with less than {least}% confidence (--min-confidence)", "dim")
    _noise(out, comparison.noise)
    for each in comparison.sensitivities:
        out.line(_sensitivity(each))
    for counts in _summary(comparison):
        out.line(counts, "bold")
    if hidden:
        out.line(f"The same on both sides and not shown here: {hidden} (--all shows them)", "dim")


def _side(mark: str, side: Side) -> str:
    arms = ", ".join(arm.label for arm in side.arms)
    text = f"{mark} {side.title}: {arms} ({amounts.number(side.sessions, 'session')})"
    if side.controls:
        controls = ", ".join(arm.label for arm in side.controls)
        count = amounts.number(side.control_sessions, "session")
        text += f"; adult controls {controls} ({count})"
    return text


def _rows(out: Out, comparison: Comparison, columns: _Columns, every: bool) -> int:
    hidden = 0
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
        for row in order:
            out.line(columns.line(row), _STYLES[row.verdict])
    return hidden


def _heading(recipient: Recipient) -> str:
    facts = [f"{recipient.party} party", *recipient.purposes]
    hosts = ", ".join(clipped(host, 40) for host in recipient.hosts[:_HOSTS])
    more = f" and {len(recipient.hosts) - _HOSTS} more" if len(recipient.hosts) > _HOSTS else ""
    name = clipped(words.recipient_name(recipient.owner, recipient.sites), 60)
    return f"@@ {name} ({', '.join(facts)}) {hosts}{more} @@"


@dataclass(frozen=True, slots=True)
class _Columns:
    """Lays rows out in columns that are as wide as the widest of them, within reason."""

    subject: int
    phase: int
    share: int
    controlled: bool
    narrow: bool
    causes: Sequence[str]

    @classmethod
    def of(cls, comparison: Comparison, causes: Sequence[str], *, narrow: bool) -> _Columns:
        rows = comparison.deltas
        return cls(
            subject=min(_SUBJECT[narrow], _widest(words.subject(row) for row in rows)),
            phase=min(_PHASE, _widest(row.phase for row in rows)),
            share=_widest(words.share(count) for row in rows for count in (row.a, row.b)),
            controlled=any(row.contrast is not None for row in rows),
            narrow=narrow,
            causes=causes,
        )

    def line(self, row: Delta) -> str:
        cells = [
            f"{words.MARKS[row.verdict]} {clipped(words.subject(row), 60):<{self.subject}}",
            f"{clipped(row.phase, _PHASE):<{self.phase}}",
            f"{words.share(row.a):>{self.share}}",
            f"{words.share(row.b):>{self.share}}",
        ]
        numbers = self._why(row) if row.verdict == "insufficient" else self._numbers(row)
        return "  ".join([*cells, f"{numbers:<{self._width}}", row.id])

    def _numbers(self, row: Delta) -> str:
        cells = [f"{words.points(row.effect):>4}"]
        if not self.narrow:
            cells[0] += f" {words.interval(row.low, row.high):<12}"
        cells.append(f"{words.probability(row.q):<6}")
        if self.controlled and not self.narrow:
            cells.append(self._adults(row))
        return "  ".join(cells)

    def _why(self, row: Delta) -> str:
        cause = self.causes.index(words.cause(row.reason)) + 1
        if self.narrow:
            return f"[{cause}] {row.enough} a side" if row.enough else f"[{cause}]"
        enough = f", {row.enough} a side" if row.enough else ""
        return f"insufficient [{cause}]{enough}"

    @staticmethod
    def _adults(row: Delta) -> str:
        if row.contrast is None:
            return ""
        star = "*" if words.beyond_adults(row) else ""
        return f"{words.points(row.contrast.effect):>4}{star}"

    @property
    def _width(self) -> int:
        if self.narrow:
            return 13
        return 32 if self.controlled else 26

    def legend(self) -> str:
        """Return what the columns are, in their order."""
        names = ["sessions of ---", "of +++", "difference in points"]
        names[2] += "" if self.narrow else " [95% interval]"
        names.append("q")
        if self.controlled and not self.narrow:
            names.append("difference of differences: less that of adults (*: beyond it)")
        return ", ".join([*names, "row"])


def _widest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _legend(out: Out, comparison: Comparison, causes: Sequence[str], columns: _Columns) -> None:
    out.line(
        "- only in ---, < more in ---, = same, > more in +++, + only in +++, ? insufficient", "dim"
    )
    out.line(f"columns: {columns.legend()}", "dim")
    if causes:
        known = any(row.enough for row in comparison.deltas if row.verdict == "insufficient")
        enough = " (n a side: with n sessions on each side it could be decided)"
        out.line(f"why insufficient{enough if known else ''}:", "yellow")
    for place, cause in enumerate(causes, 1):
        out.line(f"  [{place}] {cause}", "yellow")


def _regions(out: Out, comparison: Comparison) -> None:
    for which, side in (("a", comparison.a), ("b", comparison.b)):
        told = side_sentence(comparison.regions, "a" if which == "a" else "b")
        if told:
            out.line(f"region: {side.title}: {told}")


def _coverage(out: Out, comparison: Comparison) -> None:
    a, b = side_coverage(comparison.coverage, "a"), side_coverage(comparison.coverage, "b")
    for side, read in ((comparison.a, a), (comparison.b, b)):
        if read.hosts:
            out.line(f"coverage: {side.title}: {read.sentence}")
            if read.connections:
                told = ", ".join(f"{count} {name}" for name, count in read.connections)
                out.line(f"  connections: {told}", "dim")
    for spot in comparison.blind_spots:
        side = comparison.a if spot.side == "a" else comparison.b
        who = spot.owner or spot.site or "everyone"
        out.line(
            f"blind spot: {side.title}: {clipped(who, 60)}: {'; '.join(spot.reasons)} "
            f"({spot.k} of {amounts.number(spot.n, 'session')})",
            "yellow",
        )
    problems = sum(problem.count for problem in comparison.problems)
    if problems:
        codes = sorted({problem.code for problem in comparison.problems})
        count = amounts.number(problems, "problem")
        out.line(f"{count} in reading the evidence: {', '.join(codes)}")


def _noise(out: Out, noise: NoiseFloor) -> None:
    if not noise.arms:
        out.line("noise floor: not known, as no arm has two sessions")
        return
    mean, largest = round(noise.mean * 100), round(noise.largest * 100)
    called = f"{100 * noise.called:.1f}% of rows are called different"
    out.line(
        "noise floor: in halves of one side, split at random,"
        f" {called if noise.possible else 'no row could be called different'};"
        f" they differ by {mean} points on average, {largest} at most"
    )


def _sensitivity(found: Sensitivity) -> str:
    if found.reason:
        return f"{found.title}: {found.reason}"
    if not found.changed:
        return f"{found.title}: every verdict is the same"
    changed = amounts.number(len(found.changed), "verdict")
    return f"{found.title}: {changed} would be another"


def _summary(comparison: Comparison) -> list[str]:
    """Count the rows by verdict, data and signals apart, as the page does."""
    data = [row for row in comparison.deltas if row.kind == "data"]
    signals = [row for row in comparison.deltas if row.kind == "signal"]
    found = [_counted("kind of transmission", "kinds of transmission", data)]
    return [*found, *([_counted("signal", "signals", signals)] if signals else [])]


def _counted(one: str, several: str, rows: Sequence[Delta]) -> str:
    different = sum(row.verdict in words.DIFFERENT for row in rows)
    same = sum(row.verdict == "same" for row in rows)
    return (
        f"{len(rows)} {one if len(rows) == 1 else several}: {different} different, {same} the same,"
        f" {len(rows) - different - same} insufficient"
    )
