"""`evenhand diff`: what is collected on one side and not on the other."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import example, open_study, study_option

SAME, DIFFERENT, TROUBLE = 0, 1, 2


@click.command(
    "diff",
    short_help="Compare two arms, countries or blocs.",
    epilog=example(
        "evenhand diff eea global_majority\n"
        "evenhand diff DE KE --format markdown > diff.md\n"
        "evenhand diff DE-13 DE-30"
    ),
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "markdown"]),
    default="text",
    show_default=True,
    help="How to print the rows.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "every", is_flag=True, help="In text, also list rows that are the same.")
@click.option(
    "--strict", is_flag=True, help="Exit with 2 if any row could not be decided either way."
)
@study_option
def command(
    a: str, b: str, form: str, as_json: bool, every: bool, strict: bool, study_dir: Path
) -> None:
    """Compare what is sent about the phones of side A and of side B, grouped by destination.

    A side is an arm (KE-13), a country (KE) or a bloc (eea, global_majority; see `evenhand
    knowledge list blocs`). Countries and blocs compare children; their adult arms are the controls.

    \b
    Exit code, as diff(1) has it:
      0  no difference was found
      1  at least one difference was found
      2  trouble: the sides could not be compared
    """
    from analyzer.compare import compare
    from analyzer.frames import load_frames
    from analyzer.knowledge import load_knowledge

    study = open_study(study_dir)
    knowledge = load_knowledge()
    comparison = compare(load_frames(study, knowledge), study, knowledge, a, b)
    if as_json or form == "json":
        from reports.tables import comparison_json

        click.echo(comparison_json(comparison), nl=False)
    elif form == "csv":
        from reports.tables import deltas_csv

        click.echo(deltas_csv(comparison), nl=False)
    elif form == "markdown":
        from reports.tables import comparison_markdown

        click.echo(comparison_markdown(comparison), nl=False)
    else:
        from reports.terminal import print_comparison

        print_comparison(comparison, every=every)
    verdicts = {delta.verdict for delta in comparison.deltas}
    if verdicts - {"same", "insufficient"}:
        raise SystemExit(DIFFERENT)
    if strict and "insufficient" in verdicts:
        raise SystemExit(TROUBLE)
