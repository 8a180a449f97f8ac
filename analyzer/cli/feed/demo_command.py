"""`evenhand feed demo`: an audit of a fictional feed, and whether it finds what was declared."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.demo_command import clear_earlier, myself, refuse_strangers
from analyzer.cli.options import example, progress
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit
    from analyzer.study import Study
    from reports.feed.view import FeedView

_NAMES = {
    "share": "share of items that harm, at the end",
    "amplification": "times the share of controls",
    "onset": "10 of the last 20 items harm, first after",
}
_NEXT = (
    ("diff KE US", "every row, with its interval"),
    ("items", "what each account was served"),
    ("code agreement", "how far the simulated coders agree"),
    ("code export --coder you --coder me --sample 40", "give 40 of the items to two people"),
    ("code page --coder you", "be one of them"),
)


@click.command(
    "demo",
    short_help="Audit the feed of a fictional app.",
    epilog=example("evenhand feed demo\nevenhand feed demo my-demo --seed 2"),
)
@click.argument(
    "directory",
    metavar="[DIR]",
    default=Path("evenhand-feed-demo"),
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option(
    "--accounts",
    type=click.IntRange(1, 40),
    default=8,
    show_default=True,
    metavar="NUMBER",
    help="With an interest, and as controls, in each country; fewer than six decide nothing.",
)
@click.option(
    "--hours",
    type=click.FloatRange(0.25, 12.0),
    default=2.0,
    show_default=True,
    metavar="NUMBER",
    help="Feed time of each account.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=8,
    show_default=True,
    metavar="NUMBER",
    help="Draws the accounts and what they are served.",
)
def command(directory: Path, accounts: int, hours: float, seed: int) -> None:
    """Simulate the accounts of a fictional app in Kenya and the US, and audit what they are shown.

    All is invented: app, accounts, items, coders, and how much its feed amplifies in each country.
    What was declared is printed beside what the audit finds. Nothing leaves this machine. The study
    is written into DIR (default: evenhand-feed-demo); an earlier demo there is replaced.
    """
    try:
        from analyzer.simulation.feed_demo import SIDES, refuse_others
    except ModuleNotFoundError as error:
        raise UserError(
            f"the demo needs {error.name}", "pip install 'evenhand[demo]', or run `make demo`"
        ) from None
    from analyzer.cli.feed.auditing import audited
    from analyzer.cli.feed.report_command import write_feed_report
    from reports.feed.view import view

    began = time.monotonic()
    refuse_strangers(directory)
    refuse_others(directory)
    study = _written(directory, accounts, hours, seed)
    items = _coded(study, seed)
    click.echo(f"{items:,} items were shown; two simulated coders coded them, a third decided")
    found = audited(study, *SIDES)
    shown = view(found)
    click.echo()
    for each in shown.headlines:
        click.echo(str(each.lead))
        for sentence in each.more:
            click.echo(f"  {sentence}")
    click.echo()
    _compare(found, shown, hours)
    click.echo()
    for path in write_feed_report(study, found):
        click.echo(f"Wrote {click.format_filename(path.resolve())}")
    click.echo(f"Took {time.monotonic() - began:.0f} s. Look around:")
    click.echo(f"  cd {click.format_filename(directory)}")
    name = myself(directory)
    width = max(len(words) for words, _ in _NEXT)
    for words, what in _NEXT:
        click.echo(f"  {name} feed {words:{width}}  # {what}")


def _written(directory: Path, accounts: int, hours: float, seed: int) -> Study:
    """Replace an earlier demo by the bundles of a new one, and say what they are."""
    from analyzer.feed.kept import folder
    from analyzer.simulation.feed_bundles import write_study
    from analyzer.simulation.feed_demo import DECLARED, SIDES, WINDOW_MINUTES
    from analyzer.study import FILE, load_study

    if (directory / FILE).exists():
        earlier = load_study(directory)
        clear_earlier(earlier)
        shutil.rmtree(folder(earlier).parent, ignore_errors=True)
    click.echo(
        "An exercise: the app, the accounts and all that they are shown are invented.\n"
        f"{accounts} accounts with an interest and {accounts} controls in each of "
        f"{', '.join(SIDES)}, {hours:g} h of feed each"
    )
    try:
        with progress("Simulating") as advance:
            return write_study(
                directory,
                DECLARED,
                seed,
                each=accounts,
                hours=hours,
                sides=SIDES,
                sessions=1,
                window_minutes=WINDOW_MINUTES,
                progress=advance,
            ).study
    except OSError as error:
        raise UserError(f"{directory} cannot be written", error.strerror or str(error)) from None


def _coded(study: Study, seed: int) -> int:
    """Read the items and let the simulated coders code them; return how many items that are."""
    from analyzer.feed.coding.codes import write_codes
    from analyzer.feed.custody import log_codes
    from analyzer.feed.protocol import load_protocol
    from analyzer.feed.store import update
    from analyzer.simulation.feed_codes import CODERS, THIRD, simulate_codes
    from analyzer.simulation.feed_demo import ERROR

    with progress("Reading items") as advance:
        update(study, phases=load_protocol(study).phases, progress=advance)
    items = simulate_codes(study.root, seed, ERROR)
    write_codes(study.root)
    log_codes(study.root, (*CODERS, THIRD))
    return items


def _compare(found: Audit, shown: FeedView, hours: float) -> None:
    """Print what was declared beside what was found."""
    from analyzer.simulation.feed_demo import truths

    figures = shown.figures
    lines = []
    every = list(truths(found.comparison, hours))
    for each in every:
        measure = each.measure
        lines.append(
            (
                f"{figures.side(each.side)}: {_NAMES[measure]}",
                figures.value(measure, each.declared) or "-",
                " ".join(filter(None, figures.both(measure, each.found, each.interval)))
                or "undecided",
            )
        )
    widths = [max(len(line[place]) for line in lines) for place in range(3)]
    heads = ("", "declared", "found, with the interval that holds all six at once")
    for line in (heads, *lines):
        click.echo(f"{line[0]:{widths[0]}}  {line[1]:>{max(widths[1], 8)}}  {line[2]}")
    click.echo(
        f"{sum(each.held for each in every)} of {len(every)} declared values lie within their "
        "intervals."
    )
