"""`evenhand matrix`: what is sent in each of many countries, beside how the law protects there."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    analysed,
    confidence_option,
    example,
    json_option,
    open_study,
    study_option,
)


@click.command(
    "matrix",
    short_help="Compare many countries at once, with their law.",
    epilog=example(
        "evenhand matrix\nevenhand matrix DE FR KE PH --all\nevenhand matrix --csv > countries.csv"
    ),
)
@click.argument("countries", nargs=-1, metavar="[COUNTRY]...")
@click.option("--all", "every", is_flag=True, help="In text, also list rows that are the same.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: a line for each row and country.")
@click.option("--no-pager", is_flag=True, help="On a terminal, do not show text in $PAGER or less.")
@confidence_option
@study_option
def command(
    countries: tuple[str, ...],
    every: bool,
    as_json: bool,
    as_csv: bool,
    no_pager: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Show in how many sessions of each country something is sent of minors.

    COUNTRY are ISO 3166-1 codes (KE); default: all with sessions. They stand in order of how far
    their law protects minors from profiling. A test for each row tells whether the countries do the
    same; countries with too few sessions are shown, and no part of it. Below it, countries with the
    same protection are compared in pairs: same law, different practice.
    """
    if as_json and as_csv:
        raise click.UsageError("choose one of --json and --csv", click.get_current_context())
    from analyzer.compare import matrix
    from reports.console import paged
    from reports.terminal_matrix import matrix_csv, matrix_json, print_matrix

    study = open_study(study_dir, min_confidence)
    frames, knowledge = analysed(study)
    found = matrix(frames, study, knowledge, [each.upper() for each in countries])
    if as_json or as_csv:
        click.echo((matrix_json if as_json else matrix_csv)(found), nl=False)
        return
    with paged(not no_pager) as out:
        print_matrix(found, out, every=every)
