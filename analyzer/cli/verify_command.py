"""`evenhand verify`: is the evidence still what was recorded?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
    from analyzer.cli.verifying import Checked, State, Verifying
    from analyzer.study import Study

_TOLD: dict[State, tuple[str, str]] = {
    "intact": ("intact", "green"),
    "broken": ("BROKEN", "red"),
    "cut_off": ("cut off", "yellow"),
    "recording": ("being recorded", "yellow"),
}
_TROUBLE = frozenset({"broken", "cut_off"})


@click.command(
    "verify",
    short_help="Check that captures, findings and reports are as written.",
    epilog=example(
        "evenhand verify\n"
        "evenhand verify KE-13-r01\n"
        "evenhand verify captures/KE-13-*\n"
        "evenhand verify out/eea-global_majority.html\n"
        "evenhand verify ~/pebblo-published --signed-by '3f2a 91c0'"
    ),
)
@bundles_argument
@click.option(
    "--signed-by",
    default="",
    metavar="FINGERPRINT",
    help="Everything has to be signed by this key (or how its fingerprint begins).",
)
@click.option(
    "--tsa-certificate",
    "authority",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Certificates (PEM) of the authority whose time-stamps are to be believed.",
)
@study_option
@json_option
def command(
    bundles: tuple[str, ...],
    signed_by: str,
    authority: Path | None,
    study_dir: Path,
    as_json: bool,
) -> None:
    """Check sessions against their seals, signatures, checksums, counts and SQLite's own check.

    Each SESSION is a folder, or an id of the study, or how that begins; or a report or another file
    of its `out` folder; or a folder that was published or redacted, which needs no study. Default:
    every session of the study, its findings, what is in `out`, and the custody log.

    What does not match is named, the first thing first. Exit code 0 if nothing is broken or cut
    off, 1 if something is; a session that is still being recorded is neither. Nothing is sent
    anywhere.
    """
    from analyzer.cli.verifying import Verifying

    verifying = Verifying(signed_by, authority)
    found = _named(bundles, study_dir, verifying) if bundles else _all(study_dir, verifying)
    if as_json:
        echo_json([_row(each) for each in found])
    else:
        for each in found:
            _say(each)
        _say_keys(found)
        states = [each.state for each in found]
        counts = {told: states.count(state) for state, (told, _) in _TOLD.items()}
        click.echo(
            ", ".join(f"{n} {told.lower()}" for told, n in counts.items() if n or told == "intact")
        )
    if any(each.state in _TROUBLE for each in found):
        raise SystemExit(1)


def _named(names: Sequence[str], study_dir: Path, verifying: Verifying) -> list[Checked]:
    from analyzer.cli.verifying import is_copy
    from analyzer.custody.disclosed import ENDING

    found, sessions = [], []
    for name in names:
        path = Path(name)
        if path.is_file() and path.name.endswith(ENDING):
            found.append(verifying.redacted(path))
        elif path.is_file():
            found.append(verifying.result(path.parent, path.name))
        elif path.is_dir() and is_copy(path):
            found.append(verifying.copy(path))
        else:
            sessions.append(name)
    if sessions:
        found += map(verifying.session, chosen_bundles(tuple(sessions), study_dir))
    return found


def _all(study_dir: Path, verifying: Verifying) -> list[Checked]:
    from analyzer.cli.verifying import Checked
    from analyzer.errors import UserError

    study = open_study(study_dir)
    found = []
    for path in chosen_bundles((), study_dir):
        try:
            found.append(verifying.session(path))
        except UserError as error:
            found.append(Checked("capture", path, [f"{error}."], state="broken"))
    found += verifying.findings(study)
    found += verifying.results(study)
    found += verifying.custody(study)
    _note(study, found, verifying)
    return found


def _note(study: Study, found: Sequence[Checked], verifying: Verifying) -> None:
    """Add to a sound custody log that it was verified, and with what result."""
    from analyzer.custody import log

    if verifying.known(study.root).there and not verifying.known(study.root).faults:
        states = Counter(str(each.state) for each in found)
        log.append(study.root, "verified", **states)


def _row(each: Checked) -> dict[str, object]:
    from analyzer.custody.keys import own_fingerprint, whose

    row: dict[str, object] = {
        "kind": each.kind,
        "session": each.path.name if each.kind in {"capture", "findings"} else "",
        "path": str(each.path),
        "state": each.state,
        "intact": each.state == "intact",
        "faults": each.faults,
        "told": each.told,
    }
    if each.signer is not None:
        row["signer"] = each.signer
        row["whose"] = whose(each.signer, own_fingerprint()) if each.signer else ""
    return row


def _say(each: Checked) -> None:
    told, colour = _TOLD[each.state]
    remedy = "  (evenhand recover)" if each.state == "cut_off" else ""
    name = f"findings/{each.path.name}" if each.kind == "findings" else each.path.name
    click.echo(f"{click.style(told, fg=colour)}  {click.format_filename(name)}{remedy}")
    for fault in each.faults if each.state == "broken" else ():
        click.echo(f"        {fault}")
    for sentence in each.told:
        click.echo(f"        {sentence}")


def _say_keys(found: Sequence[Checked]) -> None:
    """Say by whom the sessions and copies are signed."""
    from analyzer.cli.verifying import named
    from analyzer.custody.keys import own_fingerprint

    signers = Counter(each.signer for each in found if each.signer is not None)
    for signer, number in sorted(signers.items()):
        what = "1 seal" if number == 1 else f"{number} seals"
        if signer:
            click.echo(f"{what} signed by {named(signer, own_fingerprint())}")
        else:
            click.echo(f"{what} not signed")
