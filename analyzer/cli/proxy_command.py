"""`evenhand proxy`: record a session of a test phone."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import example, open_study, study_option

if TYPE_CHECKING:
    from analyzer.models import Session


@click.command(
    "proxy",
    short_help="Record a session of a test phone.",
    epilog=example('evenhand proxy --arm KE-13 --device "Pixel 7, Android 14"'),
)
@click.option(
    "--arm", required=True, metavar="ARM", help="Who the phone claims to be: an arm of study.toml."
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    metavar="NUMBER",
    help="The port that the phone's proxy setting names.",
)
@click.option(
    "--host",
    default="",
    metavar="ADDRESS",
    help="Listen on this address only; default: on all, for phones of the local network.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Which session of the arm it is; default: the next.",
)
@click.option(
    "--block",
    default="",
    metavar="NAME",
    help="Sessions that were made in the same period share a block.",
)
@click.option("--device", default="", metavar="WORDS", help="The phone, in your words.")
@click.option(
    "--confdir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("~/.mitmproxy"),
    show_default=True,
    metavar="DIR",
    help="Where the proxy's certificate authority is kept.",
)
@study_option
def command(
    arm: str,
    port: int,
    host: str,
    repeat: int | None,
    block: str,
    device: str,
    confdir: Path,
    study_dir: Path,
) -> None:
    """Record a session of a test phone into the study's captures/.

    Set the phone's Wi-Fi proxy to the address that is shown, open http://mitm.it on it once to
    install the certificate, then use the app. Ctrl-C ends the session properly. From another
    terminal, `evenhand step NAME` marks the next phase.
    """
    from addons.runner import record
    from analyzer.bundle import new_session
    from analyzer.cli.health import lan_addresses
    from analyzer.extract.shapes import digests

    study = open_study(study_dir)
    chosen = study.arm(arm)
    session = new_session(
        study,
        chosen,
        repeat=repeat,
        block=block,
        device=device,
        origin="proxy",
        planted=digests(study.persona(arm).values, study.key),
    )

    def ready(actual: int) -> None:
        addresses = [host] if host else lan_addresses() or ["127.0.0.1"]
        click.echo(f"Recording {session.id}")
        for address in addresses:
            click.echo(f"  proxy for the phone: {address} port {actual}")
        click.echo("  certificate, on the phone: http://mitm.it")
        click.echo(f"  phase: {study.phases[0]}; next: evenhand step NAME; end: Ctrl-C")

    done = record(
        study.captures,
        session,
        phase=study.phases[0],
        confdir=confdir.expanduser(),
        host=host,
        port=port,
        ready=ready,
        on_counts=_live if sys.stderr.isatty() else None,
    )
    _closing(done, study.captures / done.id)


def _live(counts: Mapping[str, int]) -> None:
    sent, got = counts["bytes_up"] / 1e6, counts["bytes_down"] / 1e6
    line = (
        f"  {counts['exchanges']} exchanges, {counts['messages']} messages, "
        f"{counts['events']} events, {sent:.1f} MB up, {got:.1f} MB down"
    )
    width = shutil.get_terminal_size().columns - 1
    with contextlib.suppress(OSError):  # a recording does not end because nobody watches
        click.echo(f"\r{line[:width]:<{min(len(line) + 3, width)}}", nl=False, err=True)


def _closing(session: Session, path: Path) -> None:
    counts = dict(session.counts)
    told = ("exchanges", "messages", "events", "steps")
    click.echo(f"\nClosed {click.format_filename(path)} ({session.end_reason})")
    click.echo(f"  {', '.join(f'{counts.get(what, 0)} {what}' for what in told)}")
    for sentence in session.partial:
        click.echo(f"  partial: {sentence}")
    if not counts.get("exchanges"):
        click.echo(
            "  nothing was read: is this machine the phone's proxy, its certificate trusted?"
        )
