"""The command line. Only click is imported here: a command imports what it needs when it runs."""

from __future__ import annotations

import io
import sys
from typing import Any

import click

from analyzer import __version__
from analyzer.cli.group import EvenhandGroup

COMMANDS = (
    "init",
    "plan",
    "phone",
    "proxy",
    "step",
    "watch",
    "geo",
    "import",
    "analyze",
    "diff",
    "matrix",
    "linkage",
    "feed",
    "report",
    "letter",
    "explain",
    "verify",
    "custody",
    "key",
    "timestamp",
    "recover",
    "export",
    "redact",
    "publish",
    "knowledge",
    "doctor",
    "demo",
)

EPILOG = """\b
From nothing to a report:
  evenhand init my-study && cd my-study     then edit study.toml
  evenhand plan                             how many sessions it takes
  evenhand proxy --arm KE-13                once per session, Ctrl-C ends it
  evenhand analyze
  evenhand diff eea global_majority
  evenhand report
"""


@click.group(
    cls=EvenhandGroup,
    commands_of=COMMANDS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="evenhand")
def cli() -> None:
    """Show, with evidence, whether an app treats a child the same wherever the child lives."""


def main() -> Any:
    """Run the command line; the entry point of the installed `evenhand`."""
    for stream in (sys.stdout, sys.stderr):
        # A name of a file may hold any bytes, and a terminal may know few letters.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return cli(prog_name="evenhand")
