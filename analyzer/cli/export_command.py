"""`evenhand export`: findings and sessions for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.cli.options import (
    analysed,
    compared,
    complain,
    confidence_option,
    example,
    open_study,
    sides_argument,
    study_option,
)
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.study import Study

F = TypeVar("F", bound=Callable[..., Any])

force_option: Callable[[F], F] = click.option(
    "--force", is_flag=True, help="Overwrite the file if it is there."
)


@click.group(
    "export",
    short_help="Write findings or sessions for other programs.",
    epilog=example(
        "evenhand export findings -o findings.csv\n"
        "evenhand export deltas DE KE -o deltas.json\n"
        "evenhand export session KE-13-r01 -o session.har\n"
        "evenhand export schema > report.schema.json"
    ),
)
def command() -> None:
    """Write findings, differences or a session in the formats of other programs.

    Findings and differences (deltas) as CSV, JSON or Parquet; a session as HAR or .mitm. What is
    written can be read by its owner only.
    """


@command.command(
    "findings",
    short_help="Every finding of the study.",
    epilog=example(
        "evenhand export findings -o findings.csv\nevenhand export findings -o f.parquet"
    ),
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; its ending (.csv, .json, .parquet) says in which format.",
)
@force_option
@confidence_option
@study_option
def findings(output: Path, force: bool, min_confidence: int | None, study_dir: Path) -> None:
    """Write every finding of the study, one per row, with digests in place of values.

    Those in parts that begin with "response" are what servers told, not what was collected.
    """
    from reports.tables import write_table

    _spare(output, force)
    study = open_study(study_dir, min_confidence)
    found = analysed(study)[0].findings
    certain = found[found["confidence"] >= study.compare.min_confidence]
    rows = write_table(certain, output)
    _log(study, output, "findings")
    click.echo(f"Wrote {rows} findings to {click.format_filename(output)}")


@command.command(
    "deltas",
    short_help="Every row of a comparison.",
    epilog=example("evenhand export deltas eea global_majority -o deltas.json"),
)
@sides_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; its ending (.csv, .json, .parquet) says in which format.",
)
@force_option
@confidence_option
@study_option
def deltas(
    sides: tuple[str, str],
    output: Path,
    force: bool,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Write every row of the comparison of A with B: counts, interval, p, q, verdict.

    Default: eea with global_majority.
    """
    from reports.tables import deltas_frame, write_table

    _spare(output, force)
    study = open_study(study_dir, min_confidence)
    comparison = compared(study, *sides)
    rows = write_table(deltas_frame(comparison), output)
    _log(study, output, "deltas")
    click.echo(f"Wrote {rows} rows to {click.format_filename(output)}")


@command.command(
    "session",
    short_help="One session, as HAR or mitmproxy flow dump.",
    epilog=example("evenhand export session KE-13-r01 -o session.har"),
)
@click.argument("session", metavar="SESSION")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; its ending (.har, .mitm) says in which format.",
)
@click.option(
    "--keep-secrets",
    is_flag=True,
    help="Keep passwords, tokens and cookies; default: they are blacked out.",
)
@force_option
@study_option
def session(session: str, output: Path, keep_secrets: bool, force: bool, study_dir: Path) -> None:
    """Write the SESSION (its id, or the id's beginning) as HAR or as a mitmproxy flow dump.

    What the format cannot hold is said on stderr: a bundle holds more than either.
    """
    from analyzer.bundle import find_bundle
    from analyzer.exporters import export_session

    _spare(output, force)
    study = open_study(study_dir)
    path = find_bundle(study.captures, session)
    for loss in export_session(path, output, redact=not keep_secrets):
        complain(f"not in {output.name}: {loss}")
    _log(study, output, "session")
    click.echo(f"Wrote {click.format_filename(output)}")


@command.command(
    "schema",
    short_help="The JSON Schema of a report's record.",
    epilog=example("evenhand export schema > report.schema.json"),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to; default: it is printed.",
)
@force_option
def schema(output: Path | None, force: bool) -> None:
    """Print the JSON Schema (2020-12) of the record that `evenhand report` writes as JSON."""
    from analyzer.cli.output import write
    from reports.record import schema_text

    if output is None:
        click.echo(schema_text(), nl=False)
        return
    _spare(output, force)
    write(output, schema_text())
    click.echo(f"Wrote {click.format_filename(output)}")


def _log(study: Study, output: Path, what: str) -> None:
    """Note in the custody log of `study` which file left it."""
    from analyzer.custody import log
    from analyzer.sums import sha256

    log.append(study.root, "exported", what_of=what, file=output.name, sha256=sha256(output))


def _spare(output: Path, force: bool) -> None:
    """Raise `UserError` if writing `output` would destroy a file, or anything that is none."""
    if not output.exists() and not output.is_symlink():
        return
    if not output.is_file():
        raise UserError(f"{output} is no file", "name a new one")
    if not force:
        raise UserError(f"{output} exists", "name another file, or overwrite it with --force")
