"""`evenhand plan`: before a study, how many sessions it takes, and in which order."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    echo_json,
    example,
    json_option,
    open_study,
    sides_argument,
    study_option,
)
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.planned import StudyPlan
    from analyzer.study import Study
    from reports.terminal_schedule import Times

_TOGETHER = 2  # sessions of each arm in a time block: of one each, few blocks show nothing
_MORNING = 9  # o'clock, where only a day is given


@click.command(
    "plan",
    short_help="Say how many sessions a study takes, and when.",
    epilog=example(
        "evenhand plan\n"
        "evenhand plan DE KE --difference 0.6 --power 0.8\n"
        "evenhand plan --arms DE-13,KE-13 --rows 30 --schedule todo.md\n"
        "evenhand plan --start 2026-12-01T09:00 --per-day 12 --schedule study.ics"
    ),
)
@sides_argument
@click.option(
    "--difference",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.8,
    show_default=True,
    metavar="SHARE",
    help="What is to be shown: by how much the shares of sessions differ, from 0 to 1.",
)
@click.option(
    "--power",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    metavar="SHARE",
    help="How probable it should be that it is shown.",
)
@click.option(
    "--rows",
    type=click.IntRange(1, 100_000),
    default=60,
    show_default=True,
    metavar="NUMBER",
    help="How many kinds of transmission are compared, of those that may be there or not.",
)
@click.option(
    "--different",
    type=click.IntRange(1, 100_000),
    default=1,
    show_default=True,
    metavar="NUMBER",
    help="How many of them differ: the more, the easier each is to show.",
)
@click.option(
    "--arms",
    multiple=True,
    metavar="ARM,...",
    help="Only with these arms of study.toml; default: all of it.",
)
@click.option(
    "--per-block",
    type=click.IntRange(1, 500),
    metavar="NUMBER",
    help="Sessions of each arm in one time block; default: as few as cost little.",
)
@click.option(
    "--schedule",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write in which order to record: .csv, .md (a checklist) or .ics (a calendar).",
)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]),
    metavar="TIME",
    help="When the first session of each day begins, from this day on, as 2026-12-01T09:00;"
    " without a time: at 9:00.",
)
@click.option(
    "--per-day",
    type=click.IntRange(1, 1000),
    metavar="NUMBER",
    help="Sessions a day; default: 8, with --start.",
)
@click.option(
    "--minutes",
    type=click.IntRange(1, 1440),
    default=30,
    show_default=True,
    metavar="NUMBER",
    help="Time for a session, from one beginning to the next.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="NUMBER",
    help="Draws the order: the same number, the same order.",
)
@json_option
@study_option
def command(
    sides: tuple[str, str],
    difference: float,
    power: float,
    rows: int,
    different: int,
    arms: tuple[str, ...],
    per_block: int | None,
    schedule: Path | None,
    start: datetime | None,
    per_day: int | None,
    minutes: int,
    seed: int,
    as_json: bool,
    study_dir: Path,
) -> None:
    """Say, before a study, how many sessions of each arm show a difference of a given size.

    The sides are as in `diff`; arms and bounds are those of study.toml. Sessions of all arms are
    recorded in turn, in time blocks: what is compared is compared within a block, so that a
    difference between days is none between countries. What a study finds is decided over all rows
    together, so that more rows take more sessions.
    """
    from analyzer.compare import plan
    from analyzer.knowledge import load_knowledge
    from reports.terminal_schedule import schedule_text, slots

    times = _times(start, per_day, minutes)
    study = _with_arms(open_study(study_dir), arms)
    knowledge = load_knowledge()

    def planned_with(inside: int | None) -> StudyPlan:
        return plan(
            study,
            knowledge,
            *sides,
            difference=difference,
            power=power,
            rows=rows,
            different=different,
            per_block=inside,
            seed=seed,
        )

    planned = planned_with(per_block)
    alone = len(planned.a.arms) == len(planned.b.arms) == 1
    if per_block is None and planned.per_block < _TOGETHER and alone:
        planned = planned_with(_TOGETHER)
    when = slots(planned, times)
    text = schedule_text(schedule, planned, when, study.name) if schedule else ""
    if as_json:
        echo_json(asdict(planned))
    else:
        from reports.console import Out
        from reports.terminal_plan import print_plan

        print_plan(planned, Out(), arms=sorted(study.arms), when=when, times=times)
    if schedule:
        from analyzer.cli.output import write

        write(schedule, text)
        if not as_json:
            click.echo(f"Wrote {schedule}")


def _times(start: datetime | None, per_day: int | None, minutes: int) -> Times | None:
    from reports.terminal_schedule import Times

    if start is None:
        if per_day is not None:
            raise UserError("--per-day needs the day of the first session", "add --start")
        return None
    if not (start.hour or start.minute):
        start = start.replace(hour=_MORNING)
    found = Times(start, per_day or 8, minutes)
    if found.per_day * minutes > 24 * 60:
        raise UserError(
            f"{found.per_day} sessions of {minutes} minutes do not fit into a day",
            "use fewer with --per-day, or less time with --minutes",
        )
    return found


def _with_arms(study: Study, wanted: tuple[str, ...]) -> Study:
    """Return the study with only those of its arms that are wanted; of none, with all."""
    labels = [label.strip() for each in wanted for label in each.split(",") if label.strip()]
    if not labels:
        return study
    return replace(study, arms={label: study.arm(label) for label in dict.fromkeys(labels)})
