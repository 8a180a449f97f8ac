"""`evenhand verify`: is the evidence still what was recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    echo_json,
    example,
    json_option,
    open_study,
    study_option,
)

if TYPE_CHECKING:
    from analyzer.study import Study

_State = Literal["intact", "broken", "cut_off", "recording"]
_TOLD: dict[_State, tuple[str, str]] = {
    "intact": ("intact", "green"),
    "broken": ("BROKEN", "red"),
    "cut_off": ("cut off", "yellow"),
    "recording": ("being recorded", "yellow"),
}
_TROUBLE = frozenset({"broken", "cut_off"})


class _Checked(NamedTuple):
    """One folder, what it is, and a sentence for each thing that is wrong with it."""

    kind: Literal["capture", "findings", "out"]
    path: Path
    state: _State
    faults: list[str]

    @property
    def name(self) -> str:
        return f"findings/{self.path.name}" if self.kind == "findings" else self.path.name


@click.command(
    "verify",
    short_help="Check that captures, findings and reports are as written.",
    epilog=example(
        "evenhand verify\n"
        "evenhand verify KE-13-r01\n"
        "evenhand verify captures/KE-13-*\n"
        "evenhand verify out/eea-global_majority.html"
    ),
)
@bundles_argument
@study_option
@json_option
def command(bundles: tuple[str, ...], study_dir: Path, as_json: bool) -> None:
    """Check sessions against their SHA256SUMS, their counts and SQLite's own check.

    Each SESSION is a folder, or an id of the study, or how that begins; or a report or another file
    of its `out` folder. Default: every session of the study, its findings, and what is in `out`.
    Exit code 0 if none is broken or cut off, 1 if one is; a session that is still being recorded is
    neither.
    """
    from analyzer.errors import UserError

    files = [Path(each) for each in bundles if Path(each).is_file()]
    sessions = tuple(each for each in bundles if Path(each) not in files)
    found = [_result(path.parent, path.name) for path in files]
    for path in chosen_bundles(sessions, study_dir) if sessions or not files else ():
        try:
            found.append(_checked(path))
        except UserError as error:
            if bundles:
                raise
            found.append(_Checked("capture", path, "broken", [f"{error}."]))
    if not bundles:
        found += _results(open_study(study_dir))
    if as_json:
        echo_json(
            [
                {
                    "kind": each.kind,
                    "session": "" if each.kind == "out" else each.path.name,
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
        return _Checked("capture", path, "recording", [])
    faults = verify(path)
    if not faults:
        return _Checked("capture", path, "intact", [])
    # One whose end was written had its SHA256SUMS: that somebody removed them is no crash.
    if not is_sealed(path) and read_session(path).ended is None:
        return _Checked("capture", path, "cut_off", faults)
    return _Checked("capture", path, "broken", faults)


def _results(study: Study) -> list[_Checked]:
    """Check what was made from the sessions: findings, and reports and tables in `out`."""
    from analyzer.sums import SUMS

    found = [
        _folder("findings", path, "they were made", "evenhand analyze")
        for path in sorted(study.findings.glob("*"))
        if path.is_dir()
    ]
    if (study.out / SUMS).exists():
        found.append(_folder("out", study.out, "it was written", "evenhand report"))
    return found


def _result(folder: Path, name: str) -> _Checked:
    """Check one file of an `out` folder."""
    whole = _folder("out", folder, "it was written", "evenhand report", only=name)
    return whole._replace(path=folder / name)


def _folder(
    kind: Literal["findings", "out"], folder: Path, since: str, again: str, only: str = ""
) -> _Checked:
    """Check a folder, or one file of it, against the folder's SHA256SUMS."""
    from analyzer.sums import SUMS, check_sums, read_sums, unlisted

    try:
        listed, faults = read_sums(folder)
    except (OSError, ValueError):
        fault = f"There is no readable {SUMS} (see `{again}`)."
        return _Checked(kind, folder, "broken", [fault])
    if only:
        if only not in listed:
            faults.append(f"{SUMS} does not list {only}.")
        listed = {name: digest for name, digest in listed.items() if name == only}
    faults += check_sums(folder, listed, since)
    if kind == "findings":  # what else lies in `out` is somebody's own
        faults += unlisted(folder, listed, since, lambda _: False)
    return _Checked(kind, folder, "broken" if faults else "intact", faults)


def _say(each: _Checked) -> None:
    told, colour = _TOLD[each.state]
    remedy = "  (evenhand recover)" if each.state == "cut_off" else ""
    name = click.format_filename(each.name)
    click.echo(f"{click.style(told, fg=colour)}  {name}{remedy}")
    for fault in each.faults if each.state == "broken" else ():
        click.echo(f"        {fault}")
