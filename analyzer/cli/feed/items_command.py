"""`evenhand feed items`: captures to the items that a feed was given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    complain,
    echo_json,
    example,
    json_option,
    open_study,
    progress,
    study_option,
)

if TYPE_CHECKING:
    from analyzer.feed.kept import SessionItems

_STATES = {
    "shown": "shown",
    "skipped_over": "passed",
    "prefetched": "waiting",
    "duplicate": "twice",
    "unknown": "unknown",
}
_LEGEND = (
    "passed: later ones were shown and it was not; waiting: the recording ends before its turn;"
    " twice: told again before its turn; unknown: nothing says. `feed diff` counts those shown,"
    " without marked ads."
)


@click.command(
    "items",
    short_help="Find the items that the feed was given.",
    epilog=example("evenhand feed items\nevenhand feed items KE-13-r01 --json"),
)
@bundles_argument
@click.option("--force", is_flag=True, help="Do everything again, changed or not.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Processes that read; default: one per core, as far as the memory allows.",
)
@json_option
@study_option
def command(
    bundles: tuple[str, ...], force: bool, jobs: int | None, as_json: bool, study_dir: Path
) -> None:
    """Find the items of each session's feed, and what became of them, into feed/items/.

    \b
    An item is counted once for each time that an answer carried it:
      shown       it was on the screen (by the app's log, else by its place)
      passed      later ones were shown and it was not
      waiting     the phone had it, and the recording ends before its turn
      twice       it was told again before its turn
      unknown     nothing says what became of it

    The files hold what strangers wrote; nobody but you can read them, and no report has it.
    Only sessions that changed are read again. All sessions, where none is named.
    """
    from dataclasses import asdict

    from analyzer.feed.protocol import load_protocol
    from analyzer.feed.store import update
    from reports.problems import problem

    study = open_study(study_dir)
    phases = () if study.feed is None else load_protocol(study).phases
    wanted = chosen_bundles(bundles, study_dir)
    with progress("Reading items", after_s=2.0) as advance:
        summary = update(study, wanted, phases=phases, force=force, jobs=jobs, progress=advance)
    if as_json:
        echo_json(asdict(summary))
        return
    for about in summary.sessions:
        _print(about)
    click.echo(f"{len(summary.done):,} read, {len(summary.unchanged):,} unchanged")
    if summary.sessions:
        click.echo(_LEGEND)
    for about in summary.sessions:
        for code, count in about.problems:
            complain(f"{about.session}: {count:,} x {code}: {problem(code)}")
        for each in about.untold:
            complain(
                f"{about.session}: {each.platform}/{each.surface}: {each.name} is not told of"
                f" any of {each.items:,} items; in other sessions it is of {each.said:,} of"
                f" {each.of:,}: there may be none, or it has a new name"
            )
        if about.unserved:
            what = "lines of the log on items that no recorded answer held"
            complain(f"{about.session}: {about.unserved:,} {what}")
    for session, why in summary.broken:
        complain(f"{session} is left out: {why}; see `evenhand verify`")
    for warning in summary.warnings:
        complain(f"warning: {warning}")


def _print(about: SessionItems) -> None:
    states, ads = dict(about.states), dict(about.ads)
    feeds = ", ".join(each.platform for each in about.health) or "no feed"
    answers = sum(each.answers for each in about.health)
    understood = sum(each.understood for each in about.health)
    click.echo(f"{about.session}: {feeds}, {understood:,} of {answers:,} answers understood")
    told = ", ".join(f"{states.get(state, 0):,} {word}" for state, word in _STATES.items())
    told = told.replace(" shown", f" shown ({about.marked:,} of them marked ads)", 1)
    advertising = sum(count for ad, count in ads.items() if ad != "none")
    click.echo(f"  {sum(states.values()):,} items: {told}")
    click.echo(
        f"  {advertising:,} are or look like ads; watched {_minutes(about.watch_s)} "
        f"in {_minutes(about.feed_s)} of feed time"
    )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
