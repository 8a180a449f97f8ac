"""The running line of `evenhand proxy`: the phase and the amounts of each session, in one line."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from analyzer.amounts import number, size
from analyzer.errors import UserError

Counts = Mapping[str, int]
_PERIOD_S = 1.0  # between two looks at the phases, which another process marks
_LONGEST = 24  # characters of a phase


class RunningLine:
    """Writes over the last line of stderr. `sessions` are the bundles, with the label of each arm.

    `phase` is the one in which all begin.
    """

    def __init__(self, sessions: Sequence[tuple[str, Path]], phase: str) -> None:
        self._sessions = sessions
        self._phases = [phase] * len(sessions)
        self._looked = float("-inf")

    def say(self, all_counts: Sequence[Counts]) -> None:
        """Write the running counts of all sessions, in their order."""
        if time.monotonic() - self._looked >= _PERIOD_S:
            self._phases = [
                _phase(path) or before
                for (_, path), before in zip(self._sessions, self._phases, strict=True)
            ]
            self._looked = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        arms = [arm for arm, _ in self._sessions]
        line = status(arms, self._phases, all_counts, width)
        with contextlib.suppress(OSError):  # a recording does not end because nobody watches
            click.echo(f"\r{line:<{width}}", nl=False, err=True)


def _phase(path: Path) -> str:
    """Return the phase that a running session is in, "" where that cannot be read now."""
    from analyzer.extract.shapes import visible
    from analyzer.readers.bundle import read_steps

    try:
        steps = read_steps(path)
    except (UserError, sqlite3.Error, OSError):  # whatever is wrong, the writer finds it, too
        return ""
    name = visible(steps[-1][1]) if steps else ""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def status(
    arms: Sequence[str], phases: Sequence[str], all_counts: Sequence[Counts], width: int
) -> str:
    """Return the line, as detailed as `width` columns allow.

    Where not even short forms fit, the sessions are added up.
    """
    told: list[str] = []
    for form in (_full, _without_messages, _short):
        parts = [form(counts) for counts in all_counts]
        line = f"  {_joined(arms, phases, parts)}"
        if len(line) <= width:
            return line
        told.append(line)
    if len(arms) > 1:
        total = {
            name: sum(counts[name] for counts in all_counts)
            for name in ("exchanges", "messages", "bytes_up", "bytes_down")
        }
        phase = "/".join(dict.fromkeys(phases))
        told.append(f"  {phase} | {len(arms)} sessions: {_short(total)}")
    return told[-1][: max(0, width)]


def _joined(arms: Sequence[str], phases: Sequence[str], parts: Sequence[str]) -> str:
    if len(arms) == 1:
        return f"{phases[0]} | {parts[0]}"
    if len(set(phases)) == 1:
        each = [f"{arm}: {part}" for arm, part in zip(arms, parts, strict=True)]
        return " | ".join([phases[0], *each])
    return " | ".join(
        f"{arm}, {phase}: {part}" for arm, phase, part in zip(arms, phases, parts, strict=True)
    )


def _full(counts: Counts) -> str:
    messages = number(counts["messages"], "message")
    return f"{number(counts['exchanges'], 'request')}, {messages}, {_ways(counts)}"


def _without_messages(counts: Counts) -> str:
    return f"{number(counts['exchanges'], 'request')}, {_ways(counts)}"


def _short(counts: Counts) -> str:
    both = size(counts["bytes_up"] + counts["bytes_down"])
    return f"{number(counts['exchanges'], 'request')}, {both}"


def _ways(counts: Counts) -> str:
    return f"{size(counts['bytes_up'])} up, {size(counts['bytes_down'])} down"
