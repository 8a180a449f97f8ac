"""A plan for a study on the terminal: how many sessions, how sure, what to type."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from rich.text import Text

from analyzer import amounts, statistics
from analyzer.compare.planning import MOST
from analyzer.planned import StudyPlan
from reports import words
from reports.console import Out
from reports.terminal_schedule import Slot, Times

_PIPED = 80  # columns where there is no terminal
_BAR = 40
_POINTS = 8
_BEYOND = 1.3  # times the sessions that are planned: as far as the plot goes
_ACCOUNTS = (
    "A side of one arm has one account: what differs between accounts cannot be told from what"
    " differs between countries. Better: two or more arms of each country and age, each with a"
    " persona of its own."
)
_MOST = 100  # sessions of each arm that it computes for


def power_over(planned: StudyPlan) -> list[tuple[int, float]]:
    """Return sessions of each arm, in whole time blocks, with the power that they have."""
    last = min(_MOST, math.ceil((planned.sessions or _MOST) * _BEYOND))
    blocks = max(1, last // planned.per_block)
    step = max(1, math.ceil(blocks / _POINTS))
    wanted = {each * planned.per_block for each in range(step, blocks + 1, step)}
    if planned.sessions and planned.sessions <= _MOST:
        wanted.add(planned.sessions)
    inside = (len(planned.a.arms) * planned.per_block, len(planned.b.arms) * planned.per_block)
    return [
        (
            sessions,
            statistics.power_of(
                planned.share_a,
                planned.share_b,
                [inside] * (sessions // planned.per_block),
                planned.level,
            ),
        )
        for sessions in sorted(wanted)
    ]


def print_plan(
    planned: StudyPlan, out: Out, *, arms: Sequence[str], when: Sequence[Slot], times: Times | None
) -> None:
    """Print the plan for `arms` (labels of the study), and what to type to carry it out."""
    for mark, style, side in (("---", "red", planned.a), ("+++", "green", planned.b)):
        labels = ", ".join(arm.label for arm in side.arms)
        adults = ", ".join(arm.label for arm in side.controls)
        out.line(
            f"{mark} {side.title}: {labels}{f'; adult controls {adults}' if adults else ''}", style
        )
    if 1 in (len(planned.a.arms), len(planned.b.arms)):
        out.line(_ACCOUNTS, "yellow")
    out.line("")
    _answer(planned, out, arms)
    out.line("")
    _sizes(planned, out, len(arms), times)
    out.line("")
    _plot(planned, out)
    if when:
        out.line("")
        _order(out, when, times)
        out.line("")
        _commands(planned, out, when)


def _answer(planned: StudyPlan, out: Out, arms: Sequence[str]) -> None:
    size = amounts.number(round(100 * planned.difference), "point")
    one = words.percent(planned.share_a)
    other = words.percent(planned.share_b)
    rows = amounts.number(planned.rows, "row")
    wanted = (
        f"a difference of {size} ({one} of the sessions against {other}), where {planned.different}"
        f" of {rows} differ{'s' if planned.different == 1 else ''}"
    )
    level = f"p <= {planned.level:.2g} for a row, so that of what is called different at most"
    if planned.sessions is None:
        out.line(
            f"No number of sessions of each arm, up to {MOST}, shows {wanted},"
            f" with a probability of {words.percent(planned.power)}.",
            "bold",
        )
    else:
        blocks = amounts.number(planned.sessions // planned.per_block, "time block")
        out.line(
            f"{amounts.number(planned.sessions, 'session')} of each arm show {wanted}, with a"
            f" probability of {words.percent(planned.reached)}.",
            "bold",
        )
        each = f"{planned.per_block} of each arm" if planned.per_block > 1 else "one of each arm"
        out.line(
            f"That is {amounts.number(planned.total, 'session')} of"
            f" {amounts.number(len(arms), 'arm')}, in {blocks} of {each}."
        )
    out.line(f"It takes {level} {words.percent(planned.alpha)} are chance.", "dim")
    out.line(
        "A row is a kind of transmission that may be there or not; what every session has, or"
        " none, costs nothing (--rows).",
        "dim",
    )
    if planned.different < planned.rows:
        out.line(
            "Where more of the rows differ, fewer sessions can be enough: q counts rows together"
            " (--different).",
            "dim",
        )


def _sizes(planned: StudyPlan, out: Out, arms: int, times: Times | None) -> None:
    days = "  days" if times else ""
    out.line(f"  difference  sessions of each arm  in all{days}", "dim")
    for need in planned.needs:
        mark = ">" if math.isclose(need.difference, planned.difference) else " "
        size = f"{round(100 * need.difference)} points"
        sessions = planned.sessions if mark == ">" else need.sessions
        if sessions is None:
            out.line(f"{mark} {size:>10}  {f'more than {MOST}':>20}", "bold" if mark == ">" else "")
            continue
        line = f"{mark} {size:>10}  {sessions:>20}  {sessions * arms:>6}"
        if times:
            line += f"  {_days(planned, sessions, arms, times):>4}"
        out.line(line, "bold" if mark == ">" else "")
    out.line(
        "  (without >: in one time block, the fewest there can be; in several, some more)", "dim"
    )


def _days(planned: StudyPlan, sessions: int, arms: int, times: Times) -> int:
    """Return on how many days that many sessions are recorded, blocks being kept whole."""
    block = planned.per_block * arms
    blocks = math.ceil(sessions / planned.per_block)
    if block > times.per_day:
        return blocks * math.ceil(block / times.per_day)
    return math.ceil(blocks / (times.per_day // block))


def _plot(planned: StudyPlan, out: Out) -> None:
    bar = min(_BAR, (out.width or _PIPED) - 26)
    goal = round(bar * planned.power)
    out.line("  sessions of each arm, and the probability that they show it", "dim")
    for sessions, power in power_over(planned):
        enough = power >= planned.power
        filled = round(bar * power)
        bars = "".join(
            "#" if place < filled else "|" if place == goal else " " for place in range(bar + 1)
        )
        mark = ">" if sessions == planned.sessions else " "
        line = Text().append(f"{mark} {sessions:>8}  ", "bold" if mark == ">" else "")
        line.append(bars, "green" if enough else "yellow")
        line.append(f" {words.percent(power):>5}")
        out.text(line)
    out.line(f"  {'':>8}  {'|':>{goal + 1}} {words.percent(planned.power)} is asked for", "dim")


def _order(out: Out, when: Sequence[Slot], times: Times | None) -> None:
    first = when[0].session.block
    arms = [slot.session.arm for slot in when if slot.session.block == first]
    out.line(f"The first time block, in this order: {', '.join(arms)}")
    if times is None or when[-1].end is None or when[0].start is None:
        return
    out.line(f"From {when[0].start:%Y-%m-%d %H:%M} to {when[-1].end:%Y-%m-%d %H:%M}")
    if len(arms) > times.per_day:
        out.warn(
            f"A time block of {len(arms)} sessions takes more than a day at {times.per_day} a day:"
            " what changes between days may look like a difference. Record more a day, or use a"
            " smaller --per-block."
        )


def _commands(planned: StudyPlan, out: Out, when: Sequence[Slot]) -> None:
    out.line("What to type, for each session (all of them: --schedule FILE.csv, .md or .ics):")
    for slot in when[:2]:
        out.line(f"  {slot.command}", "cyan")
    out.line("  ...", "cyan")
    out.line("and then:")
    out.line("  evenhand analyze", "cyan")
    sides = shlex.join([planned.a.name, planned.b.name])
    out.line(f"  evenhand diff {sides}", "cyan")
