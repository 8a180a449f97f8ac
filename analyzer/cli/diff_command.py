"""`evenhand diff`: what is collected on one side and not on the other."""

from __future__ import annotations

import sys
import traceback
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    compared,
    confidence_option,
    example,
    open_study,
    sides_argument,
    study_option,
)
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.comparison import Comparison

DIFFERENT, TROUBLE = 1, 2  # 0: no difference was found


@click.command(
    "diff",
    short_help="Compare two arms, countries or blocs.",
    epilog=example(
        "evenhand diff eea global_majority\n"
        "evenhand diff DE KE --format markdown > diff.md\n"
        "evenhand diff DE-13 DE-30"
    ),
)
@sides_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "markdown"]),
    default="text",
    show_default=True,
    metavar="FORMAT",
    help="How to print the rows: text, json, csv or markdown.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "every", is_flag=True, help="In text, also list rows that are the same.")
@click.option(
    "--strict", is_flag=True, help="Exit with 2 if any row could not be decided either way."
)
@confidence_option
@study_option
def command(
    sides: tuple[str, str],
    form: str,
    as_json: bool,
    every: bool,
    strict: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Compare what is sent about the phones of side A and of side B, grouped by destination.

    A side is an arm (KE-13), a country (KE) or a bloc (eea, global_majority; see `evenhand
    knowledge list blocs`). Countries and blocs compare children; their adult arms are the controls.
    Default: eea with global_majority.

    \b
    Exit code, as diff(1) has it:
      0  no difference was found
      1  at least one difference was found
      2  trouble: the sides could not be compared
    """
    with ExitStack() as stack:
        stack.push(_own_fault_is_trouble)
        comparison = compared(open_study(study_dir, min_confidence), *sides)
        _show(comparison, "json" if as_json else form, every)
    verdicts = {delta.verdict for delta in comparison.deltas}
    if strict and "insufficient" in verdicts:
        raise SystemExit(TROUBLE)
    if verdicts - {"same", "insufficient"}:
        raise SystemExit(DIFFERENT)


def _show(comparison: Comparison, form: str, every: bool) -> None:
    if form == "text":
        from reports.terminal import print_comparison

        print_comparison(comparison, every=every)
        return
    from reports.tables import comparison_json, comparison_markdown, deltas_csv

    forms = {"json": comparison_json, "csv": deltas_csv, "markdown": comparison_markdown}
    click.echo(forms[form](comparison), nl=False)


def _own_fault_is_trouble(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    """Exit with 2 also for a bug: Python's 1 would read as "different"."""
    if isinstance(error, Exception) and not isinstance(
        error, UserError | OSError | click.ClickException | click.exceptions.Exit
    ):
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        raise SystemExit(TROUBLE) from None
    return False
