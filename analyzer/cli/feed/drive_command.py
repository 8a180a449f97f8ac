"""`evenhand feed drive`: scroll a feed on a phone as the study's protocol says."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import complain, example, open_study, study_option

if TYPE_CHECKING:
    from analyzer.cli.until_told import Told
    from analyzer.feed.driving.preparing import Prepared
    from analyzer.study import Study

_WELL = (
    "Nobody has to look: dim the screen and lay the phone face down, but let it stay on and "
    "unlocked. Ctrl-C ends the drive at once."
)


@click.command(
    "drive",
    short_help="Scroll a feed on a phone by the protocol.",
    epilog=example("evenhand feed drive ke-1 --dry-run\nevenhand feed drive ke-1 --minutes 30"),
)
@click.argument("account")
@click.option("--serial", metavar="SERIAL", help="Which phone, where several are connected.")
@click.option(
    "--app", "app_id", metavar="ID", help="The Android package of the app; default: the study's."
)
@click.option(
    "--minutes",
    type=click.FloatRange(0.0, 1440.0, min_open=True),
    metavar="NUMBER",
    help="How long at most; default: twice the session's feed time in study.toml.",
)
@click.option(
    "--seed", metavar="WORDS", help="Draw the same times again; it stands in the drive's log."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done; touch nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each item.")
@study_option
def command(
    account: str,
    serial: str | None,
    app_id: str | None,
    minutes: float | None,
    seed: str | None,
    dry_run: bool,
    as_json: bool,
    study_dir: Path,
) -> None:
    """Scroll the feed of ACCOUNT on an Android phone (adb), as [feed] of study.toml says.

    What matches the account's interest is watched to the end, again and again; the rest is left
    after a moment. The recording says what is on the screen, so a session of the account must be
    being recorded: `evenhand proxy --account ACCOUNT`. Open the app at its feed first.

    It swipes up, waits, goes to the home screen and back. It never taps, likes, comments, follows
    or types. It ends by the stop rules of study.toml, when something else is in front of the app,
    and when the recording no longer tells what is on the screen.

    \b
    What it did stands in feed/drives/SESSION.jsonl, for you alone.
    """
    from analyzer.cli.until_told import until_told
    from analyzer.feed.driving.preparing import prepare

    study = open_study(study_dir)
    ready = prepare(study, account, minutes=minutes, seed=seed, needs_recording=not dry_run)
    show = _Shown(as_json)
    if dry_run:
        _rules(ready)
        if ready.feed is None:
            complain(f"note: no session of {account} is being recorded: nothing to decide on")
            return
        from analyzer.feed.driving.rehearsal import rehearse

        complain("note: scroll by hand; Ctrl-C ends")
        with until_told() as told:
            rehearse(
                ready.feed, ready.orders.surface, ready.matcher, ready.dweller,
                tell=show.line, wait=told.wait,
            )  # fmt: skip
        show.end()
        return
    with until_told() as told:
        _drive(study, ready, serial, app_id, show, told)


def _drive(
    study: Study,
    ready: Prepared,
    serial: str | None,
    app_id: str | None,
    show: _Shown,
    told: Told,
) -> None:
    import dataclasses

    from analyzer.bundle import add_step
    from analyzer.errors import UserError
    from analyzer.feed.custody import log_drive
    from analyzer.feed.driven import DriveLog
    from analyzer.feed.driving.drive import Driver
    from analyzer.feed.driving.phone import FeedPhone
    from analyzer.feed.driving.stopping import FAULTS, MEANING
    from analyzer.phone import find_adb

    feed = ready.feed
    if feed is None:
        raise ValueError("a drive needs a recording")
    adb = find_adb()
    phone = adb.choose(serial)
    hand = FeedPhone(adb, phone.serial, app_id or study.app)
    hand.check()
    log = DriveLog(study.root, feed.path.name)
    try:
        log.add(
            "begin",
            feed.now(),
            account=ready.account.name,
            role=ready.account.role,
            interest=ready.account.interest,
            seed=ready.seed,
            surface=ready.orders.surface,
            dwell=dataclasses.asdict(ready.protocol.dwell),
            stop=dataclasses.asdict(ready.protocol.stop),
            codebook=ready.protocol.codebook.version,
            app=app_id or study.app,
        )
        complain(f"{feed.path.name}: {_WELL}")

        def tell(event: str, t_s: float, **fields: Any) -> None:
            log.add(event, t_s, **fields)
            show.line(event, t_s, **fields)

        stopped = Driver(
            ready.orders, feed, hand, ready.matcher, ready.dweller, ready.chance,
            tell=tell, mark=lambda name: add_step(feed.path, name), wait=told.wait,
        ).run()  # fmt: skip
    finally:
        show.end()
        log.close()
        log_drive(study.root, feed.path.name)
    if stopped in FAULTS:
        raise UserError(f"the drive has ended: {stopped}", MEANING[stopped])
    complain(f"ended: {MEANING[stopped]}; {show.sums()}")


def _rules(ready: Prepared) -> None:
    """Print what would be done."""
    account, dwell, stop = ready.account, ready.protocol.dwell, ready.protocol.stop
    click.echo(f"{account.name}: {account.role}, arm {account.arm}")
    interest = ready.protocol.interest_of(account)
    if interest is not None:
        click.echo(f"  interest {interest.name}: {', '.join(interest.categories)}")
        click.echo(
            f"  terms: {', '.join((*interest.terms, *(f'#{t}' for t in interest.hashtags)))}"
        )
        click.echo(f"  watches what matches {dwell.rounds} times, {dwell.most_s:g} s at most")
        click.echo(f"  leaves the rest after {dwell.skip_s:g} s")
    else:
        click.echo(f"  watches everything for {dwell.control_s:g} s")
    if dwell.pause_every_s:
        click.echo(f"  rests {dwell.pause_s / 60:g} min every {dwell.pause_every_s / 60:g} min")
    click.echo(
        f"  ends after {stop.session_s / 60:g} min of feed, or {stop.feed_s / 3600:g} h in all"
    )
    if stop.positive_in_a_row:
        click.echo(f"  ends when {stop.positive_in_a_row} measured items come in a row")


class _Shown:
    """What is shown of a drive: a line that is written anew on a terminal, or JSON."""

    def __init__(self, as_json: bool) -> None:
        self._json = as_json
        self._counts: Counter[str] = Counter()
        self._live = sys.stderr.isatty() and not as_json

    def line(self, event: str, t_s: float, **told: Any) -> None:
        """Show a line of the log."""
        if self._json:
            click.echo(json.dumps({"event": event, "t_s": round(t_s, 3), **told}))
            return
        if event in {"item", "would"}:
            self._counts.update(["items", str(told["decision"])])
        if event == "would":
            why = f" ({', '.join(told['why'])})" if told["why"] else ""
            click.echo(f"{told['decision']:8} {told['dwell_s']:6.1f} s{why}")
        elif self._live:
            click.echo(f"\r\x1b[K{t_s / 60:6.1f} min  {self.sums()}  {event}", err=True, nl=False)

    def sums(self) -> str:
        """Return the counts so far."""
        unknown = self._counts["unknown"]
        return f"{self._counts['items']} items, {self._counts['match']} match" + (
            f", {unknown} unknown" if unknown else ""
        )

    def end(self) -> None:
        """End the line."""
        if self._live and self._counts:
            click.echo(err=True)
