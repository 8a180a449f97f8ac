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
    sides_or_none_argument,
    study_option,
)


@click.command(
    "explain",
    short_help="Go from a verdict back to the bytes.",
    epilog=example(
        "evenhand explain f3a9c01b22e7\n"
        "evenhand explain d81f --json\n"
        "evenhand explain region DE KE\n"
        "evenhand explain graph.facebook.com DE KE"
    ),
)
@click.argument("identifier", metavar="ID")
@sides_or_none_argument
@json_option
@click.option("--no-pager", is_flag=True, help="On a terminal, do not show text in $PAGER or less.")
@confidence_option
@study_option
def command(
    identifier: str,
    sides: tuple[str, str] | None,
    as_json: bool,
    no_pager: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Show how the program came to what it says: the way back to the recorded bytes.

    \b
    ID is what any output prints; the first characters are enough:
      d81f...    a row of `diff` or of the report: which sessions, and why
      m07c...    a measured row: the value of each session
      c5e2...    a row of `matrix`: the sessions of each country
      f3a9...    a finding (s...: a signal): exchange, place, decoders, rule
      5bbdf4...  the digest of an identifier: everyone it went to
      i7e0...    an example of a feed: the answer, the log, the codes
      ke-1       an account of a feed: its sessions, what it was shown
      region     a gate by its name: whether it holds, and what follows
      Google     a recipient or a host: what could be read of it

    A gate or recipient is of the comparison of A and B; default: eea and global_majority.
    The capture is read again, so that what is shown is what is in it now. Values stay hidden.
    """
    from dataclasses import asdict

    from analyzer.explain import explain
    from analyzer.knowledge import load_knowledge
    from reports.console import paged
    from reports.explained import print_explanation

    study = open_study(study_dir, min_confidence)
    explanation = explain(study, load_knowledge(), identifier, sides)
    if as_json:
        echo_json(asdict(explanation))
        return
    with paged(not no_pager) as out:
        print_explanation(explanation, out)
