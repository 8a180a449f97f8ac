"""`evenhand feed report`: an audit of the feed that can be shown to others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import example, open_study, sides_argument, study_option
from analyzer.cli.output_options import written_options
from analyzer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.feed.audit_records import Audit
    from analyzer.study import Study

_FORMS = ("html", "json", "pdf", "markdown", "csv", "parquet", "xlsx", "svg", "png")


@click.command(
    "report",
    short_help="Write the audit of the feed: page, PDF, tables.",
    epilog=example(
        "evenhand feed report KE US\n"
        "evenhand feed report KE US --lang sw,es\n"
        "evenhand feed report KE US -o feed.pdf\n"
        "evenhand feed report KE US --format svg,png --lang sw"
    ),
)
@sides_argument
@written_options(_FORMS)
@study_option
def command(
    sides: tuple[str, str],
    forms: tuple[tuple[str, ...], ...],
    languages: tuple[tuple[str, ...], ...],
    output: Path | None,
    study_dir: Path,
) -> None:
    """Write what the feed showed to the accounts of side A and of side B.

    The page begins with whom a reader can call, then the answer and its picture. It holds nothing
    that a creator wrote, no picture and no handle, loads nothing, has no script, prints on A4.

    \b
      html, pdf     the page, on screen and on paper (PDF needs Chromium)
      json          the record of all that it says
      markdown      its answer and tables as text
      csv, parquet  every table, with a dictionary of its columns
      xlsx          the same tables in a workbook
      svg, png      the share over feed time alone, to be printed elsewhere
                    (PNG needs Chromium)
    """
    from analyzer.cli.feed.auditing import audited

    study = open_study(study_dir)
    spoken = tuple(each for some in languages for each in some) or ("en",)
    file, wanted = _where(output, tuple(each for some in forms for each in some), spoken)
    found = audited(study, *sides)
    for path in write_feed_report(study, found, wanted, spoken, None if file else output, file):
        click.echo(f"Wrote {click.format_filename(path)}")


def write_feed_report(
    study: Study,
    found: Audit,
    forms: tuple[str, ...] = (),
    languages: tuple[str, ...] = ("en",),
    folder: Path | None = None,
    file: Path | None = None,
) -> Iterator[Path]:
    """Write an audit in these forms (default: page and record) and yield each file once written.

    They go into `folder` (default: `out` of the study), or all there is is `file`.
    """
    from analyzer.cli.output import write_result
    from reports.feed.forms import USUAL, files, name

    for ending, content in files(found, forms or USUAL, languages):
        path = file or (folder or study.out) / f"{name(found)}{ending}"
        write_result(study, path, content)
        yield path


def _where(
    output: Path | None, forms: tuple[str, ...], languages: tuple[str, ...]
) -> tuple[Path | None, tuple[str, ...]]:
    """Return the one file that is meant (None: a folder), and the forms to write."""
    from reports.feed.forms import SINGLE, USUAL

    if output is None or output.is_dir() or not output.suffix:
        return None, forms or USUAL
    ending = output.suffix.lower()
    form = next((each for each, known in SINGLE.items() if known == ending), None)
    if form is None:
        known = ", ".join(SINGLE.values())
        raise UserError(f"{output.name} has no known ending", f"use one of {known}, or a folder")
    if set(forms) - {form}:
        raise UserError(f"{output.name} can be {form} only", "name a folder with --output")
    if len(set(languages)) > 1:
        raise UserError("one file has one language", "name a folder with --output")
    return output, (form,)
