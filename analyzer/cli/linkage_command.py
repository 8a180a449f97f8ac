"""`evenhand linkage`: what ties the data of one person together."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    confidence_option,
    echo_json,
    example,
    json_option,
    open_study,
    study_option,
)


def _two_or_none(
    ctx: click.Context, _: click.Parameter, sides: tuple[str, ...]
) -> tuple[str, str] | None:
    if len(sides) not in (0, 2):
        raise click.UsageError("name two sides, A and B, or none", ctx)
    return (sides[0], sides[1]) if sides else None


@click.command(
    "linkage",
    short_help="Show who can recognise a person, and join what.",
    epilog=example("evenhand linkage\nevenhand linkage DE KE --all\nevenhand linkage --json"),
)
@click.argument("sides", nargs=-1, metavar="[A B]", callback=_two_or_none)
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

    from analyzer.frames import load_frames
    from analyzer.knowledge import load_knowledge
    from analyzer.linkage import linkage

    study = open_study(study_dir, min_confidence)
    knowledge = load_knowledge()
    found = linkage(load_frames(study, knowledge), study, knowledge, sides)
    if as_json:
        echo_json(asdict(found))
        return
    from reports.linkage import print_linkage

    print_linkage(found, every=every)
