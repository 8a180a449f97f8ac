"""What stands below the rows of a comparison: how far they can be relied on."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import amounts
from analyzer.compare.cautions import waivers
from analyzer.comparison import Comparison, NoiseFloor, Sensitivity
from analyzer.gates import Gate
from analyzer.magnitudes import Magnitude
from analyzer.models import Delta
from analyzer.said import Said
from reports import words
from reports.console import Out, clipped
from reports.coverage import side_coverage
from reports.region import side_sentence
from reports.terminal_rows import is_different, rows_of

_ALIKE = 2  # warnings of one kind that are told; the others are counted


def waived_lines(gates: Sequence[Gate]) -> tuple[str, ...]:
    """Return a sentence for each gate that does not hold, and that the study does without."""
    return tuple(waivers(gates))


def told_warnings(out: Out, comparison: Comparison, *, every: bool) -> None:
    """Print the warnings; of many of one kind only the first, unless `every`."""
    waived = set(waived_lines(comparison.gates))
    alike: dict[str, list[str]] = {}
    for text in comparison.warnings:
        kind = text.template if isinstance(text, Said) and text not in waived else text
        alike.setdefault(kind, []).append(text)
    for texts in alike.values():
        shown = texts if every or len(texts) <= _ALIKE else texts[:1]
        for text in shown:
            out.warn(text)
        if len(texts) > len(shown):
            out.warn(f"... and {len(texts) - len(shown)} more of this kind (--all tells them)")


def footer(out: Out, comparison: Comparison, whole: Comparison) -> None:
    """Print regions, coverage, gates, noise floor and sensitivity: what `whole` rests on.

    Blind spots are those of `comparison`, which may be narrowed to some recipients.
    """
    _regions(out, whole)
    _coverage(out, comparison, whole)
    if whole.settings.uncertain:
        few = amounts.number(whole.settings.uncertain, "finding")
        least = whole.settings.min_confidence
        out.line(f"not counted: {few} with less than {least}% confidence (--min-confidence)", "dim")
    _gates(out, whole.gates)
    _noise(out, whole.noise)
    _chance(out, whole)
    for each in whole.sensitivities:
        out.line(_sensitivity(each))


def tallied(comparison: Comparison) -> list[str]:
    """Count the rows by verdict: data, signals and measured values apart, as the page does."""
    data = [row for row in comparison.deltas if row.kind == "data"]
    signals = [row for row in comparison.deltas if row.kind == "signal"]
    found = [_counted("kind of transmission", "kinds of transmission", data)]
    if signals:
        found.append(_counted("signal", "signals", signals))
    if comparison.magnitudes:
        found.append(_counted("measured row", "measured rows", comparison.magnitudes))
    return found


def _counted(one: str, several: str, rows: Sequence[Delta] | Sequence[Magnitude]) -> str:
    different = sum(map(is_different, rows))
    same = sum(row.verdict == "same" for row in rows)
    return (
        f"{len(rows)} {one if len(rows) == 1 else several}: {different} different, {same} the same,"
        f" {len(rows) - different - same} insufficient"
    )


def _regions(out: Out, comparison: Comparison) -> None:
    for which, side in (("a", comparison.a), ("b", comparison.b)):
        told = side_sentence(comparison.regions, "a" if which == "a" else "b")
        if told:
            out.line(f"region: {side.title}: {told}")


def _coverage(out: Out, comparison: Comparison, whole: Comparison) -> None:
    a, b = side_coverage(whole.coverage, "a"), side_coverage(whole.coverage, "b")
    for side, read in ((whole.a, a), (whole.b, b)):
        if read.hosts:
            out.line(f"coverage: {side.title}: {read.sentence}")
            if read.connections:
                told = ", ".join(f"{count} {name}" for name, count in read.connections)
                out.line(f"  connections: {told}", "dim")
    blind_spots(out, comparison)
    problems = sum(problem.count for problem in whole.problems)
    if problems:
        codes = sorted({problem.code for problem in whole.problems})
        count = amounts.number(problems, "problem")
        out.line(f"{count} in reading the evidence: {', '.join(codes)}")


def blind_spots(out: Out, comparison: Comparison) -> None:
    """Print who got something that could not be read."""
    for spot in comparison.blind_spots:
        side = comparison.a if spot.side == "a" else comparison.b
        who = spot.owner or spot.site or "everyone"
        out.line(
            f"blind spot: {side.title}: {clipped(who, 60)}: {'; '.join(spot.reasons)} "
            f"({spot.k} of {amounts.number(spot.n, 'session')})",
            "bold",
        )


def _gates(out: Out, gates: Sequence[Gate]) -> None:
    if not gates:
        return
    failed = [gate for gate in gates if not gate.passed]
    if not failed:
        out.line(f"gates: all {len(gates)} hold")
        return
    waived = [gate.name for gate in failed if gate.waived]
    more = f"; waived by the study: {', '.join(waived)}" if waived else ""
    out.line(f"gates: {len(gates) - len(failed)} of {len(gates)} hold{more}")
    for gate in failed:
        if gate.waived:
            continue
        done = [amounts.number(gate.rows, "row") + " insufficient"] if gate.rows else []
        if gate.sessions:
            done.append(amounts.number(len(gate.sessions), "session") + " left out")
        because = f" ({', '.join(done)})" if done else ""
        out.line(f"gate {gate.name}: “{gate.title}”: {gate.found}{because}", "bold")
        if gate.needed:
            out.line(f"  needed: {gate.needed}")


def _noise(out: Out, noise: NoiseFloor) -> None:
    if not noise.arms:
        out.line("noise floor: not known, as no arm has two sessions")
        return
    mean, largest = round(noise.mean * 100), round(noise.largest * 100)
    here = f" (here: {noise.found} of {noise.rows})" if noise.rows else ""
    if noise.possible:
        called = f"{100 * noise.called:.1f}% of rows are called different"
    else:
        called = "nothing can be called different, as halves are too few"
    out.line(
        f"noise floor: in halves of one side, split at random, {called}"
        f"{here}; they differ by {amounts.number(mean, 'point')} on average, {largest} at most"
    )


def _chance(out: Out, whole: Comparison) -> None:
    different = sum(map(is_different, rows_of(whole)))
    if not different:
        return
    share = words.percent(whole.settings.alpha)
    expected = f"{different * whole.settings.alpha:.1f}"
    rows = f"{amounts.number(different, 'row')} called different"
    out.line(f"chance: of {rows} at most {share} ({expected}) are expected to be so by chance")


def _sensitivity(found: Sensitivity) -> str:
    if found.reason:
        return f"{found.title}: {found.reason}"
    if not found.changed:
        return f"{found.title}: every verdict is the same"
    changed = amounts.number(len(found.changed), "verdict")
    return f"{found.title}: {changed} would be another"
