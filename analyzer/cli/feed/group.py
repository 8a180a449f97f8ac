"""`evenhand feed`: what a feed shows to an account, and how soon."""

from __future__ import annotations

import click

from analyzer.cli.group import EvenhandGroup
from analyzer.cli.options import example

COMMANDS = ("drive", "items", "code", "diff", "report", "demo")  # each: `<name>_command`


@click.group(
    "feed",
    cls=EvenhandGroup,
    commands_of=COMMANDS,
    package="analyzer.cli.feed",
    short_help="Measure what a feed shows, and how soon.",
    epilog=example(
        "evenhand feed drive ke-1\nevenhand feed items\nevenhand feed code agreement\n"
        "evenhand feed diff KE US"
    ),
)
def command() -> None:
    """Measure what a feed shows to an account, how much of it, and how soon."""
