"""`evenhand report`: what can be shown to others, in every form and language."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    analysed,
    complain,
    confidence_option,
    example,
    open_study,
    sides_argument,
    study_option,
)
from analyzer.cli.output_options import written_options
from analyzer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.feed.audit_records import Audit
    from analyzer.study import Study
    from reports.material import Material

_FORMS = ("html", "json", "pdf", "markdown", "xlsx", "csv", "parquet")


@click.command(
    "report",
    short_help="Write the report: page, PDF, tables.",
    epilog=example(
        "evenhand report\n"
        "evenhand report DE KE --lang es,ar\n"
        "evenhand report --format html,pdf,xlsx\n"
        "evenhand report DE KE --format csv --output tables\n"
        "evenhand report -o report.pdf --lang fr"
    ),
)
@sides_argument
@written_options(_FORMS)
@confidence_option
@study_option
def command(
    sides: tuple[str, str],
    forms: tuple[tuple[str, ...], ...],
    languages: tuple[tuple[str, ...], ...],
    output: Path | None,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Write the report that compares side A with side B. Default: eea with global_majority.

    Without options: a self-contained HTML page and beside it a JSON record of all that it says. The
    page holds no captured value, loads nothing, works without JavaScript and prints on A4.

    \b
      html, pdf     the page, on screen and on paper (PDF needs Chromium)
      json          the record; its schema: `evenhand export schema`
      markdown      the annex: facts, method, evidence with hashes, law, limits
      xlsx          a workbook for investigators
      csv, parquet  every table, with a dictionary of its columns
    """
    study = open_study(study_dir, min_confidence)
    chosen = tuple(each for some in forms for each in some)
    spoken = tuple(each for some in languages for each in some) or ("en",)
    target, wanted = _where(output or study.out, chosen, spoken)
    material = gathered(study, *sides, feed=True)
    for path in write_report(study, material, wanted, spoken, output, target):
        click.echo(f"Wrote {click.format_filename(path)}")


def gathered(study: Study, a: str, b: str, *, feed: bool = False) -> Material:
    """Compare sides `a` and `b`, and return what reports are made of.

    With `feed` also what their feeds showed, where the study says how to measure that.
    """
    from analyzer.compare import compare, many_countries, material
    from analyzer.linkage import linkage
    from reports.material import Material

    frames, knowledge = analysed(study)
    made = material(frames, study, knowledge)
    return Material(
        compare(frames, study, knowledge, a, b, made),
        knowledge,
        linkage(frames, study, knowledge, (a, b)),
        many_countries(frames, study, knowledge, made),
        _audited(study, a, b) if feed and study.feed is not None else None,
    )


def _audited(study: Study, a: str, b: str) -> Audit | None:
    """Return the audit of the feed; None, which is told, where there is nothing to audit yet."""
    from analyzer.cli.feed.auditing import audited
    from analyzer.feed.protocol import load_protocol

    load_protocol(study)  # what is wrong there is the user's to correct
    try:
        return audited(study, a, b)
    except UserError as error:
        complain(f"the feed is left out: {error.message}")
        return None


def write_report(
    study: Study,
    material: Material,
    forms: tuple[str, ...] = (),
    languages: tuple[str, ...] = ("en",),
    folder: Path | None = None,
    file: Path | None = None,
) -> Iterator[Path]:
    """Write a report in these forms (default: page and record) and yield each file once written.

    They go into `folder` (default: `out` of the study), or all there is is `file`.
    """
    from analyzer.cli.output import write_result
    from reports.forms import USUAL, files

    for ending, content in files(material, forms or USUAL, languages):
        path = file or (folder or study.out) / f"{material.name}{ending}"
        write_result(study, path, content)
        yield path


def _where(
    output: Path, forms: tuple[str, ...], languages: tuple[str, ...]
) -> tuple[Path | None, tuple[str, ...]]:
    """Return the one file that is meant (None: a folder), and the forms to write."""
    from reports.forms import FORMS, USUAL, form_of

    suffix = output.suffix.lower()
    if output.is_dir() or not suffix:
        return None, forms or USUAL
    form = form_of(suffix)
    if form is None:
        known = ", ".join(each.ending for each in FORMS.values() if each.single)
        raise UserError(f"{output.name} has no known ending", f"use one of {known}, or a folder")
    if set(forms) - {form}:
        raise UserError(f"{output.name} can be {form} only", "name a folder with --output")
    if len(set(languages)) > 1:
        raise UserError("one file has one language", "name a folder with --output")
    return output, (form,)
