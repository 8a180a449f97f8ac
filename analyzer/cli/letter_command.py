"""`evenhand letter`: what is sent to a company before publication, and to an authority after."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.cli.options import (
    confidence_option,
    example,
    open_study,
    sides_argument,
    study_option,
)
from analyzer.cli.output_options import LANGUAGES
from analyzer.cli.report_command import gathered

if TYPE_CHECKING:
    from analyzer.study import Study
    from reports.letters import Letter

F = TypeVar("F", bound=Callable[..., Any])

lang_option: Callable[[F], F] = click.option(
    "--lang",
    "language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    metavar="CODE",
    help=f"Language: {', '.join(LANGUAGES)}.",
)
output_option: Callable[[F], F] = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where to; default: out in the study.",
)


class _Day(click.ParamType[str]):
    """A day in ISO 8601."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it is, where it is one; nothing stays nothing."""
        if not value:
            return value
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            self.fail(f"{value!r} is no day, as in 2026-12-24", param, ctx)


_date_option: Callable[[F], F] = click.option(
    "--date", "day", type=_Day(), default="", metavar="DATE", help="Its date; default: left blank."
)


@click.group(
    "letter",
    short_help="Write letters to companies and authorities.",
    epilog=example(
        "evenhand letter reply --to Waymark --by 2026-12-24\n"
        "evenhand letter complaint DE KE --authority ODPC --lang sw"
    ),
)
def command() -> None:
    """Write a letter as Markdown and HTML, in the language of who gets it.

    Who signs stands in study.toml under [publisher]: name, contact, address, email. What is not
    there is left blank. Read a letter before you send it.
    """


@command.command(
    "reply",
    short_help="Ask a company to reply to its findings.",
    epilog=example(
        "evenhand letter reply --to Waymark --by 2026-12-24\n"
        "evenhand letter reply DE KE --to waymark.example --lang fr"
    ),
)
@sides_argument
@click.option(
    "--to",
    "company",
    required=True,
    metavar="COMPANY",
    help="Who received data: a company, the one above it, or a site.",
)
@click.option(
    "--by", type=_Day(), default="", metavar="DATE", help="Answer by; default: left blank."
)
@_date_option
@lang_option
@output_option
@confidence_option
@study_option
def reply_command(
    sides: tuple[str, str],
    company: str,
    by: str,
    day: str,
    language: str,
    output: Path | None,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Write the letter that asks COMPANY to reply, before publication, to what was found about it.

    Only rows of that company, or of those that belong to it, are in the letter: what, when, how
    sure, what could not be seen, the evidence, and questions.
    """
    from reports.language import Language
    from reports.letters import reply

    study = open_study(study_dir, min_confidence)
    material = gathered(study, *sides)
    told = Language(language)
    letter = reply(material, company, told, dict(study.publisher), date=day, by=by)
    to = re.sub(r"[^a-z0-9.-]+", "-", company.lower()).strip("-.") or "company"
    _write(study, output, f"{material.name}.reply-{to}", language, letter)


@command.command(
    "complaint",
    short_help="An annex for a data-protection authority.",
    epilog=example(
        "evenhand letter complaint\n"
        'evenhand letter complaint DE KE --authority "Data Protection Commission"'
    ),
)
@sides_argument
@click.option("--authority", default="", metavar="NAME", help="Whom it is for; default: a blank.")
@_date_option
@lang_option
@output_option
@confidence_option
@study_option
def complaint_command(
    sides: tuple[str, str],
    authority: str,
    day: str,
    language: str,
    output: Path | None,
    min_confidence: int | None,
    study_dir: Path,
) -> None:
    """Write the annex of a complaint: facts, method, law by date, evidence with hashes, limits.

    It describes what was observed, and draws no legal conclusion.
    """
    from reports.language import Language
    from reports.letters import annex

    study = open_study(study_dir, min_confidence)
    material = gathered(study, *sides)
    signed = dict(study.publisher)
    letter = annex(material, Language(language), signed, authority=authority, date=day)
    _write(study, output, f"{material.name}.complaint", language, letter)


def _write(study: Study, output: Path | None, name: str, language: str, letter: Letter) -> None:
    from analyzer.cli.output import write_result

    mark = "" if language == "en" else f".{language}"
    for ending, text in ((".md", letter.markdown), (".html", letter.html)):
        path = (output or study.out) / f"{name}{mark}{ending}"
        write_result(study, path, text)
        click.echo(f"Wrote {click.format_filename(path)}")
