"""`evenhand verify`: is the evidence still what was recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    echo_json,
    example,
    json_option,
    study_option,
)

_State = Literal["intact", "broken", "cut_off", "recording"]
_TOLD: dict[_State, tuple[str, str]] = {
    "intact": ("intact", "green"),
    "broken": ("BROKEN", "red"),
    "cut_off": ("cut off", "yellow"),
    "recording": ("being recorded", "yellow"),
}
_TROUBLE = frozenset({"broken", "cut_off"})


class _Checked(NamedTuple):
    """One bundle, what it is, and a sentence for each thing that is wrong with it."""

    path: Path
    state: _State
    faults: list[str]


@click.command(
    "verify",
    short_help="Check that captures are as recorded.",
    epilog=example("evenhand verify\nevenhand verify KE-13-r01\nevenhand verify captures/KE-13-*"),
)
@bundles_argument
@study_option
@json_option
def command(bundles: tuple[str, ...], study_dir: Path, as_json: bool) -> None:
    """Check sessions against their SHA256SUMS, their counts and SQLite's own check.

    Each SESSION is a folder, or an id of the study, or how that begins. Default: every session of
    the study. Exit code 0 if none is broken or cut off, 1 if one is; a session that is still being
    recorded is neither.
    """
    from analyzer.errors import UserError

    found: list[_Checked] = []
    for path in chosen_bundles(bundles, study_dir):
        try:
            found.append(_checked(path))
        except UserError as error:
            if bundles:
                raise
            found.append(_Checked(path, "broken", [f"{error}."]))
    if as_json:
        echo_json(
            [
                {
                    "session": each.path.name,
                    "path": str(each.path),
                    "state": each.state,
                    "intact": each.state == "intact",
                    "faults": each.faults,
                }
                for each in found
            ]
        )
    else:
        for each in found:
            _say(each)
        states = [each.state for each in found]
        counts = {told: states.count(state) for state, (told, _) in _TOLD.items()}
        click.echo(
            ", ".join(f"{n} {told.lower()}" for told, n in counts.items() if n or told == "intact")
        )
    if any(each.state in _TROUBLE for each in found):
        raise SystemExit(1)


def _checked(path: Path) -> _Checked:
    """Check one bundle; `UserError` where it is none."""
    from analyzer.bundle import read_session, verify
    from analyzer.bundle.sealing import is_locked, is_sealed

    if is_locked(path):
        return _Checked(path, "recording", [])
    faults = verify(path)
    if not faults:
        return _Checked(path, "intact", [])
    # One whose end was written had its SHA256SUMS: that somebody removed them is no crash.
    if not is_sealed(path) and read_session(path).ended is None:
        return _Checked(path, "cut_off", faults)
    return _Checked(path, "broken", faults)


def _say(each: _Checked) -> None:
    told, colour = _TOLD[each.state]
    remedy = "  (evenhand recover)" if each.state == "cut_off" else ""
    name = click.format_filename(each.path.name)
    click.echo(f"{click.style(told, fg=colour)}  {name}{remedy}")
    for fault in each.faults if each.state == "broken" else ():
        click.echo(f"        {fault}")
