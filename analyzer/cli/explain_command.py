"""`evenhand explain`: the way from bytes to verdict."""

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


@click.command(
    "explain",
    short_help="Go from a verdict back to the bytes.",
    epilog=example("evenhand explain f3a9c01b22e7\nevenhand explain d81f"),
)
@click.argument("identifier", metavar="ID")
@confidence_option
@study_option
@json_option
def command(identifier: str, min_confidence: int | None, study_dir: Path, as_json: bool) -> None:
    """Show how the program came to a finding, a signal or a difference.

    ID is what `diff` and the report print; its first characters are enough while they are unique.
    The capture is read again, so that what is shown is what is in it now. Values stay hidden.
    """
    from dataclasses import asdict

    from analyzer.explain import explain
    from analyzer.knowledge import load_knowledge
    from reports.explained import print_explanation

    study = open_study(study_dir, min_confidence)
    explanation = explain(study, load_knowledge(), identifier)
    if as_json:
        echo_json(asdict(explanation))
    else:
        print_explanation(explanation)
