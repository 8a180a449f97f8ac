"""`evenhand feed diff`: what the feed shows on one side and on the other."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.diff_command import DIFFERENT, TROUBLE, own_fault_is_trouble
from analyzer.cli.options import example, open_study, sides_argument, study_option
from analyzer.cli.output_options import printed_options

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit
    from reports.feed.view import FeedView


@click.command(
    "diff",
    short_help="Compare what the feed shows to two sides.",
    epilog=example(
        "evenhand feed diff KE US\n"
        "evenhand feed diff KE US --between --strict\n"
        "evenhand feed diff KE US --format csv > feed.csv"
    ),
)
@sides_argument
@click.option(
    "--between",
    is_flag=True,
    help="Only rows between the two sides, not those against the controls of each.",
)
@click.option(
    "--all", "every", is_flag=True, help="In text, list everything: also rows that are alike."
)
@printed_options("it")
@study_option
def command(
    sides: tuple[str, str],
    between: bool,
    every: bool,
    form: str,
    as_json: bool,
    no_pager: bool,
    strict: bool,
    study_dir: Path,
) -> None:
    """Compare what the feed shows to the accounts of side A and of side B.

    A side is an arm (KE-13), a country (KE) or a bloc (eea), as for `evenhand diff`. First comes
    what the accounts with an interest were shown, against the control accounts of their own side;
    then one side against the other. Items have to be coded before (`evenhand feed code`).

    A row is told as a change: from control accounts to those with an interest, or from A to B.
    JSON is the whole record, whatever rows are chosen. Nothing here holds a text or a name of
    whoever made an item.

    \b
    Exit code, as diff(1) has it:
      0  no difference was found
      1  at least one difference was found (with --between: between the two sides)
      2  trouble: no comparison, or a mistake of yours (elsewhere that is 1)
    """
    with ExitStack() as stack:
        stack.push(own_fault_is_trouble)
        from analyzer.cli.feed.auditing import audited
        from reports.feed.terminal import rows_of
        from reports.feed.view import view

        found = audited(open_study(study_dir), *sides)
        shown = view(found)
        form = "json" if as_json else form
        if form == "text":
            _print(shown, every=every, between=between, pager=not no_pager)
        else:
            _echo(found, shown, form, between=between)
    verdicts = {row.verdict for row in rows_of(shown, between=between)}
    if strict and "insufficient" in verdicts:
        raise SystemExit(TROUBLE)
    if verdicts & {"higher", "lower"}:
        raise SystemExit(DIFFERENT)


def _print(shown: FeedView, *, every: bool, between: bool, pager: bool) -> None:
    from reports.console import paged
    from reports.feed.terminal import Shown, print_feed

    with paged(pager) as out:
        print_feed(shown, out, Shown(every, between))


def _echo(found: Audit, shown: FeedView, form: str, *, between: bool) -> None:
    from reports.feed.markdown import feed_markdown
    from reports.feed.record import feed_record, feed_record_json
    from reports.feed.tables import rows_csv

    if form == "markdown":
        click.echo(feed_markdown(shown, between=between), nl=False)
        return
    record = feed_record(found)
    click.echo(
        feed_record_json(record) if form == "json" else rows_csv(record, between=between), nl=False
    )
