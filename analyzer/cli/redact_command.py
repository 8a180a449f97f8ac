"""`evenhand redact`: sessions to be given away, without values, with the proof that they fit."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    complain,
    example,
    open_study,
    study_option,
)

README = """\
# Redacted sessions

Each `session-*.redacted.jsonl` is a recorded session without its values, one row of the recording a
line. Shown are hosts, parts of paths, names of fields, methods, statuses, sizes and times; withheld
are values, bodies, addresses, tokens and cookies. A field is shown with the salt of its hash; of a
withheld field there is the hash alone, so that nobody can find its value by trying.

From these hashes the root of the seal follows that was made when the recording ended. So whoever
trusts the key of the seal can be sure that what is shown was recorded like this, and that no row
was left out:

    evenhand verify FOLDER --signed-by FINGERPRINT

Pseudonyms (of hosts, servers and phones that are withheld) are the same for equal values. They, and
the outlines in `session-*.har` (names and shapes of what was in the bodies), are what evenhand says
of the recording; the seal does not prove them. Every byte here was searched for the seeded values
of the study, however written, and none was found. Where sessions hold a feed, every byte was
searched, too, for what leads to its items and to who made them: names, handles and ids, as far as
nothing else is called so.
"""


@click.command(
    "redact",
    short_help="Copy sessions without values; they still verify.",
    epilog=example(
        "evenhand redact KE-13-r01 --to redacted\nevenhand redact --to ~/pebblo-redacted"
    ),
)
@bundles_argument
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A new folder.",
)
@study_option
def command(bundles: tuple[str, ...], folder: Path, study_dir: Path) -> None:
    """Write copies of sealed SESSIONs, without values, that anyone can check against the seals.

    Default: every session of the study. No value that was sent or answered is in a copy, no token
    and no cookie. Then every byte is searched for the seeded values of all personas, in every way
    of writing. Where one is found nothing is written, and the exit code is 1.
    """
    from analyzer.custody import log
    from analyzer.custody.disclosed import ENDING
    from analyzer.custody.keys import shown
    from analyzer.custody.signed_sums import sign_sums
    from analyzer.errors import UserError
    from analyzer.exporters.creators import creators_of, left_in
    from analyzer.exporters.disclosing import Discloser
    from analyzer.exporters.outline import Outliner
    from analyzer.exporters.searching import Search, refuse
    from analyzer.exporters.session import Recorded
    from analyzer.feed.store import adapters_of
    from analyzer.sums import SUMS, sha256, write_sums

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty", "name a new folder")
    study = open_study(study_dir)
    seeded = tuple(
        dict.fromkeys(value for each in study.personas.values() for value in each.values)
    )
    paths = chosen_bundles(bundles, study_dir)
    if not paths:
        raise UserError(f"there are no sessions in {study.captures}", "record one")
    search, adapters = Search(seeded), adapters_of(study)
    discloser, outliner = Discloser(study.key, seeded, adapters), Outliner(seeded, adapters)
    strangers: set[str] = set()
    shown_fields = 0
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        made = Path(name) / "made"
        made.mkdir()
        (made / "README.md").write_text(README, encoding="utf-8")
        for path in paths:
            with (made / f"session-{path.name}{ENDING}").open("wb") as file:
                shown_fields += discloser.write(path, file).shown
            with (made / f"session-{path.name}.har").open("wb") as file:
                outliner.write(Recorded(path), file)
            strangers |= creators_of(path, adapters).distinct
        refuse(
            [*search.folder(made), *left_in(made, frozenset(strangers))],
            "nothing was written",
            "take them out of study.toml's names",
        )
        write_sums(made, made.iterdir())
        signer = sign_sums(made)
        if folder.exists():
            folder.rmdir()
        shutil.move(made, folder)
    log.append(
        study.root,
        "redacted",
        folder=folder.name,
        copies={folder.name: sha256(folder / SUMS)},
        sessions=[path.name for path in paths],
    )
    if not seeded:
        complain("study.toml has no seeded values: nothing could be searched for")
    if search.too_short:
        complain(f"too short to be searched for: {', '.join(sorted(set(search.too_short)))}")
    number = "1 session" if len(paths) == 1 else f"{len(paths)} sessions"
    click.echo(
        f"Wrote {number} to {click.format_filename(folder)}; {shown_fields} fields are shown, none"
        f" of {len(seeded) - len(search.too_short)} seeded values is in them"
    )
    click.echo(f"Signed by {shown(signer)}" if signer else "Not signed: there is no key")
