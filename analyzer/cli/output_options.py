"""Options of commands that print a comparison, or write it in forms and languages."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

LANGUAGES = ("en", "es", "fr", "pt", "de", "sw", "fil", "ar")


class Several(click.ParamType[tuple[str, ...]]):
    """Some of `choices`, with commas between them."""

    def __init__(self, choices: tuple[str, ...], what: str) -> None:
        self.name = what
        self._choices = choices

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return them as named; a mistake names those that there are."""
        found = tuple(each.strip().lower() for each in value.split(","))
        for each in found:
            if each not in self._choices:
                self.fail(f"{each!r} is none of {', '.join(self._choices)}", param, ctx)
        return found


def language_option(what: str) -> Callable[[F], F]:
    """Return the option `languages`: codes of the languages of `what`."""
    return click.option(
        "--lang",
        "languages",
        type=Several(LANGUAGES, "language"),
        multiple=True,
        metavar="CODE,...",
        help=f"Languages of {what}: {', '.join(LANGUAGES)}; default: en.",
    )


def written_options(forms: tuple[str, ...]) -> Callable[[F], F]:
    """Return the options of what writes a report: `forms`, `languages`, `output`."""
    return _all(
        click.option(
            "-f",
            "--format",
            "forms",
            type=Several(forms, "format"),
            multiple=True,
            metavar="FORMAT,...",
            help=f"What to write: {', '.join(forms)}; default: html,json.",
        ),
        language_option("what people read"),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            metavar="FOLDER|FILE",
            help="Where to; the ending of a file says in which format. Default: out in the study.",
        ),
    )


def printed_options(what: str) -> Callable[[F], F]:
    """Return the options of a diff that prints `what`: `form`, `as_json`, `no_pager`, `strict`."""
    return _all(
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json", "csv", "markdown"]),
            default="text",
            show_default=True,
            metavar="FORMAT",
            help=f"How to print {what}: text, json, csv or markdown.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "--no-pager", is_flag=True, help="On a terminal, do not show text in $PAGER or less."
        ),
        click.option(
            "--strict", is_flag=True, help="Exit with 2 if any row could not be decided either way."
        ),
    )


def _all(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Return one decorator for `options`, which help lists in this order."""

    def decorated(command: F) -> F:
        return reduce(lambda made, option: option(made), reversed(options), command)

    return decorated
