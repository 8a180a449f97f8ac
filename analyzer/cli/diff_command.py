"""`evenhand diff`: what is collected on one side and not on the other."""

from __future__ import annotations

import json
import sys
import traceback
from contextlib import ExitStack
from dataclasses import asdict, replace
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
from analyzer.cli.output_options import printed_options
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.comparison import Comparison
    from reports.terminal_filter import Filter

DIFFERENT, TROUBLE = 1, 2  # 0: no difference was found


@click.command(
    "diff",
    short_help="Compare two arms, countries or blocs.",
    epilog=example(
        "evenhand diff eea global_majority\n"
        "evenhand diff DE KE --only-new --owner Google --phase launch\n"
        "evenhand diff DE KE --type identifiers --no-signals\n"
        "evenhand diff DE KE --format markdown > diff.md\n"
        "evenhand diff DE-13 DE-30 --stat"
    ),
)
@sides_argument
@click.option(
    "--only-new",
    is_flag=True,
    help="Only what side B has, and A has not at all (the rows with a +).",
)
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="NAME",
    help="Only this recipient, or those of this parent company: the name, or how it begins."
    " Can be repeated.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE",
    help="Only this data type (advertising ID, id.advertising), group (identifiers, id) or signal."
    " Can be repeated; see `evenhand knowledge list types`.",
)
@click.option(
    "--signals/--no-signals",
    default=None,
    help="Only the signals that protect children or do not; or without them.",
)
@click.option(
    "--phase",
    "phases",
    multiple=True,
    metavar="PHASE",
    help="Only what is sent in this phase of a session. Can be repeated.",
)
@click.option(
    "--all", "every", is_flag=True, help="In text, list everything: also rows that are the same."
)
@click.option("--stat", is_flag=True, help="In text, only a bar for each recipient.")
@printed_options("the rows")
@confidence_option
@study_option
def command(
    sides: tuple[str, str],
    only_new: bool,
    owners: tuple[str, ...],
    types: tuple[str, ...],
    signals: bool | None,
    phases: tuple[str, ...],
    every: bool,
    stat: bool,
    form: str,
    as_json: bool,
    no_pager: bool,
    strict: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Compare what is sent about the phones of side A and of side B, grouped by destination.

    A side is an arm (KE-13), a country (KE) or a bloc (eea, global_majority; see `evenhand
    knowledge list blocs`). Countries and blocs compare children; their adult arms are the controls.
    Default: eea with global_majority.

    Where nothing differs, one line says so, and how sure that is.

    --only-new, --owner, --type, --signals and --phase choose the rows that are shown in any format,
    and the exit code is that of these rows. They change no verdict and no q: these are those of
    the whole comparison.

    \b
    Exit code, as diff(1) has it:
      0  no difference was found
      1  at least one difference was found
      2  trouble: no comparison, or a mistake of yours (elsewhere that is 1)
    """
    from reports.terminal_filter import Filter

    wanted = Filter(owners, types, phases, signals, only_new)
    with ExitStack() as stack:
        stack.push(own_fault_is_trouble)
        whole = compared(open_study(study_dir, min_confidence), *sides)
        shown = _narrowed(whole, wanted)
        if form == "text" and not as_json:
            _print(whole, shown, wanted, every=every, stat=stat, pager=not no_pager)
        else:
            _echo(shown, wanted, "json" if as_json else form)
    verdicts: set[str] = {row.verdict for row in shown.deltas}
    verdicts |= {row.verdict for row in shown.magnitudes}
    if strict and "insufficient" in verdicts:
        raise SystemExit(TROUBLE)
    if verdicts - {"same", "insufficient"}:
        raise SystemExit(DIFFERENT)


def _narrowed(whole: Comparison, wanted: Filter) -> Comparison:
    from analyzer.knowledge import load_knowledge
    from reports.terminal_filter import narrowed

    return narrowed(whole, wanted, load_knowledge())


def _print(
    whole: Comparison, shown: Comparison, wanted: Filter, *, every: bool, stat: bool, pager: bool
) -> None:
    from reports.console import paged
    from reports.terminal import View, print_comparison

    among = _narrowed(whole, replace(wanted, only_new=False)) if wanted.only_new else shown
    with paged(pager) as out:
        print_comparison(shown, out, View(every, stat, wanted, whole, among))


def _echo(shown: Comparison, wanted: Filter, form: str) -> None:
    from reports.tables import comparison_json, comparison_markdown, deltas_csv

    if form == "json" and wanted:
        # Else nothing in it would say that there is more.
        content = {**json.loads(comparison_json(shown)), "filter": asdict(wanted)}
        text = json.dumps(content, indent=2, sort_keys=True).replace("\x7f", "\\u007f")
        click.echo(text)
        return
    forms = {"json": comparison_json, "csv": deltas_csv, "markdown": comparison_markdown}
    click.echo(forms[form](shown), nl=False)


def own_fault_is_trouble(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    """Exit with 2 also for a bug: Python's 1 would read as "different"."""
    if isinstance(error, Exception) and not isinstance(
        error, UserError | OSError | click.ClickException | click.exceptions.Exit
    ):
        traceback.print_exception(kind, error, trace, file=sys.stderr)
        raise SystemExit(TROUBLE) from None
    return False
