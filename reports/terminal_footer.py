"""What stands below the rows of a comparison: how far they can be relied on."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer import amounts
from analyzer.compare.cautions import waivers
from analyzer.comparison import Comparison, Sensitivity
from analyzer.gates import Gate
from analyzer.said import Said
from reports import words
from reports.console import Out
from reports.counted import counted
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
    out.line("How far this can be relied on", "bold")
    _regions(out, whole)
    _coverage(out, comparison, whole)
    if whole.settings.uncertain:
        few = amounts.number(whole.settings.uncertain, "finding")
        least = whole.settings.min_confidence
        out.line(f"not counted: {few} with less than {least}% confidence (--min-confidence)", "dim")
    _gates(out, whole.gates)
    if whole.noise.told:
        out.line(f"chance: {whole.noise.told}")
    _chance(out, whole)
    for each in whole.sensitivities:
        out.line(_sensitivity(each))


def told_fiction(out: Out, fictional: bool) -> None:
    """Print that the app does not exist, where that is so."""
    if fictional:
        out.warn(words.FICTIONAL)


def told_counts(out: Out, comparison: Comparison) -> None:
    """Print how many rows of each kind got which verdict, and what is counted, as the page does."""
    found = [each for each in counted(comparison) if each.total]
    out.line("Counted" if found else "Counted: there is no row", "bold")
    for each in found:
        same = f"{each.same} the same{f' ({each.within})' if each.same else ''}"
        verdicts = f"{each.different} different, {same}"
        out.line(f"{each.total} {each.title}: {verdicts}, {each.insufficient} not decided")
        out.line(f"  {each.meaning}", "dim")


def _regions(out: Out, comparison: Comparison) -> None:
    for which, side in (("a", comparison.a), ("b", comparison.b)):
        told = side_sentence(comparison.regions, "a" if which == "a" else "b")
        if told:
            out.line(f"region: {side.title}: {told}")


def _coverage(out: Out, comparison: Comparison, whole: Comparison) -> None:
    for told in whole.reading:
        out.line(f"coverage: {told}")
    for which, side in (("a", whole.a), ("b", whole.b)):
        read = side_coverage(whole.coverage, "a" if which == "a" else "b")
        if read.share is not None and read.bytes_unread:
            passed = f"{amounts.size(read.bytes_unread)} passed unread"
            out.line(
                f"  {side.title}: {words.percent(read.share)} of the bytes read; {passed}", "dim"
            )
        if read.connections:
            told = ", ".join(f"{count} {name}" for name, count in read.connections)
            out.line(f"  {side.title}: connections: {told}", "dim")
    blind_spots(out, comparison)
    problems = sum(problem.count for problem in whole.problems)
    if problems:
        codes = sorted({problem.code for problem in whole.problems})
        count = amounts.number(problems, "problem")
        out.line(f"{count} in reading the evidence: {', '.join(codes)}")


def blind_spots(out: Out, comparison: Comparison) -> None:
    """Print who got something that could not be read."""
    for spot in comparison.blind_spots:
        out.line(f"blind spot: {spot.told}", "bold")


def _gates(out: Out, gates: Sequence[Gate]) -> None:
    if not gates:
        return
    failed = [gate for gate in gates if not gate.passed]
    told_gates(out, gates)
    for gate in failed:
        if gate.waived:
            continue
        done = [amounts.number(gate.rows, "row") + " not decided"] if gate.rows else []
        if gate.sessions:
            done.append(amounts.number(len(gate.sessions), "session") + " left out")
        because = f" ({', '.join(done)})" if done else ""
        out.line(f"gate {gate.name}: “{gate.title}”: {gate.found}{because}", "bold")
        if gate.needed:
            out.line(f"  needed: {gate.needed}")


def told_gates(out: Out, gates: Sequence[Gate]) -> None:
    """Print how many of the conditions of a fair comparison hold, and which the study waives."""
    failed = [gate for gate in gates if not gate.passed]
    if not failed:
        out.line(f"gates: all {len(gates)} conditions of a fair comparison hold")
        return
    waived = [gate.name for gate in failed if gate.waived]
    more = f"; waived by the study: {', '.join(waived)}" if waived else ""
    whole = f"{len(gates)} conditions of a fair comparison"
    out.line(f"gates: {len(gates) - len(failed)} of {whole} hold{more} (`evenhand explain GATE`)")


def _chance(out: Out, whole: Comparison) -> None:
    different = sum(map(is_different, rows_of(whole)))
    if not different:
        return
    share = words.percent(whole.settings.alpha)
    expected = f"{different * whole.settings.alpha:.1f}"
    rows = f"{amounts.number(different, 'row')} that {'is' if different == 1 else 'are'} different"
    out.line(f"  of {rows} at most {share} ({expected}) are expected to be so by chance")


def _sensitivity(found: Sensitivity) -> str:
    if found.reason:
        return f"{found.title}: {found.reason}"
    if not found.changed:
        return f"{found.title}: every verdict is the same"
    changed = amounts.number(len(found.changed), "verdict")
    return f"{found.title}: {changed} would be another"
