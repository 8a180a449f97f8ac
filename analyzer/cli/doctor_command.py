"""`evenhand doctor`: is this machine ready to capture?"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from analyzer.cli.options import confdir_option, echo_json, example, json_option


@click.command(
    "doctor",
    short_help="Is this machine ready to capture?",
    epilog=example("evenhand doctor\nevenhand doctor --port 9090 --json"),
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    metavar="NUMBER",
    help="The port that the proxy shall have in --mode regular.",
)
@confdir_option
@click.option(
    "--study",
    "study_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Where captures will be written; default: the current folder.",
)
@json_option
def command(port: int, confdir: Path, study_dir: Path, as_json: bool) -> None:
    """Check whether this machine can capture, and say the one thing to do where it cannot.

    Versions, ports, addresses, study, rights, disk, clock, the certificate authority, phones that
    an earlier run left changed, adb, country databases, packets, sessions that were never closed.

    Exit code 0 if this machine can capture, 1 if something must be put right first.
    """
    from dataclasses import asdict

    from analyzer.cli.health import examine
    from analyzer.cli.health_phone import examine_phones

    checks = [*examine(study_dir, port), *examine_phones(study_dir, confdir)]
    if as_json:
        echo_json([asdict(check) for check in checks])
    else:
        colours = {"ok": "green", "note": "yellow", "bad": "red"}
        for check in checks:
            mark = click.style(f"{check.state:>4}", fg=colours[check.state])
            click.echo(f"{mark}  {check.what}: {check.found}")
            if check.fix:
                click.echo(_indented(check.fix))
    if any(check.state == "bad" for check in checks):
        raise SystemExit(1)


def _indented(text: str) -> str:
    """Return `text` under the name of its check: folded between words on a terminal, else whole."""
    indent = " " * 6
    if not sys.stdout.isatty():
        return indent + text
    columns = shutil.get_terminal_size().columns
    return click.wrap_text(text, columns, initial_indent=indent, subsequent_indent=indent)
