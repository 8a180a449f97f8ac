"""`evenhand custody`: who did what with the evidence, when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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

_SHOWN = 60  # characters of a detail


@click.command(
    "custody",
    short_help="Who did what with the evidence, when.",
    epilog=example(
        "evenhand custody\n"
        "evenhand custody KE-13-r01\n"
        "evenhand custody KE-13-r04 --note 'out: it had the wrong account'"
    ),
)
@bundles_argument
@click.option("--note", metavar="WORDS", help="Add a note, about each SESSION if one is named.")
@study_option
@json_option
def command(bundles: tuple[str, ...], note: str | None, study_dir: Path, as_json: bool) -> None:
    """Show the custody log of the study: what was recorded, sealed, analysed, reported, by whom.

    With SESSIONs only what is about these. Every line is chained to the one before and signed:
    `evenhand verify` checks them. Exit code 1 where the log is not as it was written.
    """
    from dataclasses import replace

    from analyzer.custody import log

    study = open_study(study_dir)
    known = log.read(study.root)
    names = [_name(each, study_dir, known) for each in bundles]
    if note is not None:
        _add(study.root, note, names)
        known = log.read(study.root)
    if names:
        known = replace(known, entries=tuple(each for each in known.entries if _about(each, names)))
    if as_json:
        echo_json(
            {
                "entries": [
                    {
                        "number": each.number,
                        "at": each.at,
                        "what": each.what,
                        "by": each.by,
                        "details": each.details,
                    }
                    for each in known.entries
                ],
                "faults": known.faults,
            }
        )
    else:
        _show(known)
    if known.faults:
        raise SystemExit(1)


def _name(wanted: str, study_dir: Path, known: Any) -> str:
    """Return the id that is meant: of a session that is there, or of one that once was."""
    if wanted in known.sealed():
        return wanted
    [path] = chosen_bundles((wanted,), study_dir)
    return path.name


def _about(entry: Any, names: list[str]) -> bool:
    details = entry.details
    return any(
        name == details.get("session")
        or any(name in str(each) for each in details.values() if isinstance(each, dict | list))
        for name in names
    )


def _add(root: Path, note: str, names: list[str]) -> None:
    from analyzer.custody import log
    from analyzer.errors import UserError

    text = " ".join(note.split())
    if not text or len(text) > 1000:
        raise UserError("that is no note", "use up to 1000 characters")
    for name in names or [""]:
        about = {"session": name} if name else {}
        if not log.append(root, "noted", note=text, **about):
            raise UserError(f"nothing can be written in {root}", "check the rights and the disk")


def _show(known: Any) -> None:
    from analyzer.custody import log
    from analyzer.custody.keys import own_fingerprint, shown

    own = own_fingerprint()
    if not known.there:
        click.echo(
            f"There is no {log.LOG}: nothing was recorded in this study since there are any."
        )
    for each in known.entries:
        by = "not signed" if not each.by else "own key" if each.by == own else shown(each.by)
        told = ", ".join(_detail(name, value) for name, value in sorted(each.details.items()))
        click.echo(f"{each.at[:19]}Z  {each.what:<11}  {told}  ({by})")
    for fault in known.faults:
        click.echo(f"BROKEN  {fault}")


def _detail(name: str, value: Any) -> str:
    if isinstance(value, dict | list):
        text = f"{len(value)} {name}" if len(value) != 1 else str(next(iter(value)))
    elif isinstance(value, str) and len(value) == 64:
        text = f"{name} {value[:16]}"
    else:
        text = str(value) if name in {"session", "file", "note"} else f"{name} {value}"
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= _SHOWN or name == "note" else f"{line[: _SHOWN - 1]}…"
