"""`evenhand publish`: a copy that may be shown to everyone, or none at all."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    complain,
    confidence_option,
    example,
    open_study,
    study_option,
)
from analyzer.cli.output_options import language_option
from analyzer.cli.report_command import gathered
from analyzer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analyzer.feed.adapters import Adapter
    from analyzer.feed.audit_records import Audit
    from analyzer.study import Study
    from reports.material import Material

DEFAULT_SIDES = ("eea", "global_majority")


@click.command(
    "publish",
    short_help="Write a copy without values, to be published.",
    epilog=example(
        "evenhand publish ~/pebblo-published\n"
        "evenhand publish published DE KE --lang en,sw\n"
        "evenhand publish published --no-sessions"
    ),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("sides", nargs=-1, metavar="[A B]")
@language_option("the page")
@click.option("--sessions/--no-sessions", default=True, help="With outlines of the sessions (HAR).")
@confidence_option
@study_option
def command(
    folder: Path,
    sides: tuple[str, ...],
    languages: tuple[tuple[str, ...], ...],
    sessions: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Write into a new FOLDER what may be shown to everyone: report, record, tables, outlines.

    Where the study has [feed], also what the feed shows: no text, name or picture of whoever made
    an item, nor anything by which it could be found.

    An outline is a session without its values: hosts, paths, names and shapes. Beside it is a copy
    that `verify` checks against the seal of the recording. Then every byte
    that was written is searched for the seeded values of all personas, in every way of writing.
    Where one is found nothing is published, and the exit code is 1.
    """
    if len(sides) not in (0, 2):
        raise click.UsageError("name two sides, A and B, or none")
    from analyzer.custody import log
    from analyzer.custody.keys import shown
    from analyzer.custody.signed_sums import sign_sums
    from analyzer.exporters.creators import creators_of, left_in
    from analyzer.exporters.searching import Search, refuse
    from analyzer.feed.store import adapters_of
    from analyzer.sums import SUMS, sha256, write_sums
    from reports.publishing import published, readme

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not empty", "name a new folder")
    study = open_study(study_dir, min_confidence)
    seeded = tuple(
        dict.fromkeys(value for each in study.personas.values() for value in each.values)
    )
    material = gathered(study, *(sides or DEFAULT_SIDES))
    search, adapters = Search(seeded), adapters_of(study)
    searched = len(seeded) - len(search.too_short)
    chosen = tuple(each for some in languages for each in some) or ("en",)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as name:
        made = Path(name) / "made"
        made.mkdir()
        numbers = _account_numbers(study)
        found = _write_feed(made, study, sides or DEFAULT_SIDES, chosen, numbers)
        clean = published(material, numbers)
        _write(made, clean, chosen)
        if sessions:
            _write_sessions(made, _bundles(study, material), study.key, seeded, adapters)
        names = {each.name for each in made.iterdir()}
        text = readme(clean, names, searched, search.too_short, found)
        (made / "README.md").write_text(text, encoding="utf-8")
        strangers = [creators_of(each, adapters).distinct for each in _bundles(study, material)]
        refuse(
            [*search.folder(made), *left_in(made, frozenset().union(*strangers))],
            "nothing was published",
            "take them out of the names in study.toml and of what the report quotes",
        )
        write_sums(made, sorted(made.iterdir()))
        signer = sign_sums(made)
        number = sum(1 for _ in made.iterdir())
        if folder.exists():
            folder.rmdir()
        shutil.move(made, folder)
    log.append(study.root, "published", copies={folder.name: sha256(folder / SUMS)})
    if not seeded:
        complain("study.toml has no seeded values: nothing could be searched for")
    if search.too_short:
        complain(f"too short to be searched for: {', '.join(sorted(set(search.too_short)))}")
    click.echo(
        f"Wrote {number} files to {click.format_filename(folder)}; none of {searched} seeded values"
        " is in them"
    )
    click.echo(f"Signed by {shown(signer)}" if signer else "Not signed: there is no key")


def _account_numbers(study: Study) -> Mapping[str, str]:
    """Return how all accounts of the study are called in the copy: declared or recorded ones."""
    from analyzer.bundle import list_bundles, read_session
    from reports.feed.publishing import account_numbers

    names = set((study.feed or {}).get("accounts", ()))
    for bundle in list_bundles(study.captures):
        with suppress(UserError):  # of a session that cannot be read nothing is published
            names.add(read_session(bundle).account)
    return account_numbers(names, study.key)


def _write(made: Path, clean: Material, languages: tuple[str, ...]) -> None:
    from reports.forms import files
    from reports.record import schema_text

    for ending, content in files(clean, ("html", "json", "csv"), languages):
        (made / f"{clean.name}{ending}").write_bytes(content)
    (made / "schema.json").write_text(schema_text(), encoding="utf-8")


def _write_feed(
    made: Path,
    study: Study,
    sides: tuple[str, ...],
    languages: tuple[str, ...],
    numbers: Mapping[str, str],
) -> Audit | None:
    """Write what the feed shows, where both sides have accounts of it, and return that."""
    if study.feed is None:
        return None
    from analyzer.cli.feed.auditing import audited
    from reports.feed.forms import files, name
    from reports.feed.publishing import published
    from reports.feed.record import feed_schema_text

    a, b = sides
    try:
        found = published(audited(study, a, b), numbers)
    except UserError as error:
        complain(f"published without the feed: {error}")
        return None
    for ending, content in files(found, ("html", "json", "csv"), languages):
        (made / f"{name(found)}{ending}").write_bytes(content)
    (made / "feed-schema.json").write_text(feed_schema_text(), encoding="utf-8")
    return found


def _write_sessions(
    made: Path,
    bundles: Iterator[Path],
    key: bytes,
    seeded: tuple[tuple[str, str], ...],
    adapters: Sequence[Adapter],
) -> None:
    """Write of each bundle an outline, and a copy that verifies against its seal."""
    from analyzer.bundle.seals import has_seal
    from analyzer.custody.disclosed import ENDING
    from analyzer.exporters.disclosing import Discloser
    from analyzer.exporters.outline import Outliner
    from analyzer.exporters.session import Recorded

    outliner, discloser = Outliner(seeded, adapters), Discloser(key, seeded, adapters)
    for bundle in bundles:
        with (made / f"session-{bundle.name}.har").open("wb") as file:
            outliner.write(Recorded(bundle), file)
        if has_seal(bundle):
            with (made / f"session-{bundle.name}{ENDING}").open("wb") as file:
                discloser.write(bundle, file)
        else:
            complain(f"{bundle.name} has no seal: there is no copy of it that could be verified")


def _bundles(study: Study, material: Material) -> Iterator[Path]:
    """Yield the recordings of the sessions of a comparison, with those that a gate left out."""
    comparison = material.comparison
    names = {row.id for row in comparison.sessions}
    names |= {row.session for row in comparison.excluded if row.gate}
    yield from (study.captures / name for name in sorted(names))
