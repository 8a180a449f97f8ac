"""`evenhand watch`: what a session shows while it is being recorded."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import bundles_argument, chosen_bundles, example, open_study, study_option

if TYPE_CHECKING:
    from analyzer.live.snapshot import Snapshot
    from analyzer.live.watching import Watch

_PERIOD = 1.0  # seconds between two looks
_LINE_PERIOD = 10.0  # seconds between two lines, where nobody sees a screen
_CATCH_UP = 60.0  # seconds that --once takes at most for a long session


@click.command(
    "watch",
    short_help="Show the running sessions: terminal or local page.",
    epilog=example("evenhand watch\nevenhand watch --page\nevenhand watch KE-13-r01 --once --json"),
)
@bundles_argument
@click.option("--page", is_flag=True, help="Serve a page for the browser of this machine.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="NUMBER",
    help="The page's port; default: any that is free.",
)
@click.option("--once", is_flag=True, help="Show what is known now, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a machine, a line each time.")
@study_option
def command(
    bundles: tuple[str, ...], page: bool, port: int, once: bool, as_json: bool, study_dir: Path
) -> None:
    """Show what is recorded: phone, recipients, bytes read and unread, first sightings.

    SESSION is the id of a session, or how it begins; default: what is being recorded now. Ends
    with the sessions, or with Ctrl-C, which does not touch the recording. The exit code is 1 where
    the recorder has died.
    """
    from analyzer.errors import UserError
    from analyzer.live.watching import Watch

    if page and (once or as_json):
        raise click.UsageError("--page does not go with --once or --json")
    study = open_study(study_dir)
    chosen = chosen_bundles(bundles, study_dir) if bundles else []
    if page:
        _serve(study_dir, chosen, port)
        return
    watch = Watch(study, chosen)
    snapshots: tuple[Snapshot, ...] = ()
    with contextlib.suppress(KeyboardInterrupt):
        if once:
            snapshots = _caught_up(watch)
            _print(watch, snapshots, as_json=as_json)
        elif as_json or not sys.stdout.isatty():
            snapshots = _lines(watch, as_json=as_json)
        else:
            snapshots = _screen(watch)
    died = [now.session for now in snapshots if now.condition == "crashed"]
    if died and not once:
        raise UserError(f"the recorder of {', '.join(died)} has died", "run `evenhand recover`")


def _over(snapshots: tuple[Snapshot, ...]) -> bool:
    """Whether nothing more can come: all have ended, and all of it was looked at."""
    return not any(now.condition == "recording" or now.backlog for now in snapshots)


def _caught_up(watch: Watch) -> tuple[Snapshot, ...]:
    end = time.monotonic() + _CATCH_UP
    while True:
        snapshots = watch.poll()
        if time.monotonic() > end or not any(now.backlog for now in snapshots):
            return snapshots


def _print(watch: Watch, snapshots: tuple[Snapshot, ...], *, as_json: bool) -> None:
    from rich.console import Console

    from analyzer.live.terminal import screen
    from analyzer.live.view import page_view

    if as_json:
        _print_json(snapshots, indent=2)
        return
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(screen(page_view(watch.study, snapshots), console.width, None, ""))


def _print_json(snapshots: tuple[Snapshot, ...], *, indent: int | None = None) -> None:
    import dataclasses

    told = {"sessions": [dataclasses.asdict(now) for now in snapshots]}
    click.echo(json.dumps(told, indent=indent, sort_keys=True))


def _lines(watch: Watch, *, as_json: bool) -> tuple[Snapshot, ...]:
    """Print a line for each session now and then, for logs; JSON each time."""
    from analyzer.live.view import line

    last = float("-inf")
    while True:
        snapshots = watch.poll()
        over = _over(snapshots)
        if as_json:
            _print_json(snapshots)
        elif over or time.monotonic() - last >= _LINE_PERIOD:
            last = time.monotonic()
            for now in snapshots:
                click.echo(line(now))
        if over:
            return snapshots
        time.sleep(_PERIOD)


def _screen(watch: Watch) -> tuple[Snapshot, ...]:
    """Fill the terminal until all have ended, Ctrl-C or q; n marks the next phase."""
    from rich.console import Console
    from rich.live import Live

    from analyzer.live.terminal import screen
    from analyzer.live.view import line, page_view
    from analyzer.live.watching import next_for_all

    console = Console(highlight=False, markup=False, emoji=False)
    snapshots = watch.poll()
    with (
        contextlib.suppress(KeyboardInterrupt),
        _keys() as pressed,
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        while True:
            following = next_for_all(watch.study, snapshots)
            keys = f"n: next phase, {following}   q: quit" if following else "q: quit"
            view = page_view(watch.study, snapshots)
            live.update(screen(view, console.width, console.height, keys), refresh=True)
            if _over(snapshots):
                break
            key = pressed(_PERIOD)
            if key == "q":
                break
            if key == "n" and following:
                watch.set_phase(following)
            snapshots = watch.poll()
    for now in snapshots:
        click.echo(line(now))
    return snapshots


class _Keys:
    """Waits for a key of the terminal."""

    def __call__(self, seconds: float) -> str:
        """Return the key that was pressed within `seconds`, "" if none was."""
        import os
        import select

        if not sys.stdin.isatty():
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return os.read(sys.stdin.fileno(), 1).decode("ascii", "replace").lower() if ready else ""


@contextlib.contextmanager
def _keys() -> Iterator[_Keys]:
    """Let single keys be read; the terminal is as it was afterwards."""
    if not sys.stdin.isatty():
        yield _Keys()
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield _Keys()
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _serve(study_dir: Path, chosen: list[Path], port: int) -> None:
    from analyzer.live.serving import page_server, serve_until_ended
    from analyzer.local_page import HERE, new_token

    study = open_study(study_dir)
    token = new_token()
    server = page_server(study, chosen, port=port, token=token)
    click.echo(f"http://{HERE}:{server.port}/{token}/")
    click.echo("  open it in the browser of this machine; Ctrl-C ends the page only", err=True)
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        serve_until_ended(server, study, chosen)
