"""`evenhand linkage`: what ties the data of one person together."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    analysed,
    confidence_option,
    echo_json,
    example,
    json_option,
    open_study,
    sides_or_none_argument,
    study_option,
)


@click.command(
    "linkage",
    short_help="Show who can recognise a person, and join what.",
    epilog=example("evenhand linkage\nevenhand linkage DE KE --all\nevenhand linkage --json"),
)
@sides_or_none_argument
@click.option("--all", "every", is_flag=True, help="Also list first parties and sister companies.")
@confidence_option
@study_option
@json_option
def command(
    sides: tuple[str, str] | None,
    every: bool,
    min_confidence: int | None,
    study_dir: Path,
    as_json: bool,
) -> None:
    """Show which identifiers reach several owners, which come again, and what they link.

    Counted for sides A and B, as `evenhand diff` names them, or for every arm. An identifier that
    comes again for different personas means that the test accounts can be told to be one.
    """
    from dataclasses import asdict

    from analyzer.linkage import linkage

    study = open_study(study_dir, min_confidence)
    frames, knowledge = analysed(study)
    found = linkage(frames, study, knowledge, sides)
    if as_json:
        echo_json(asdict(found))
        return
    from reports.linkage import print_linkage

    print_linkage(found, every=every, fictional=study.fictional)
