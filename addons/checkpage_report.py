"""Reads what the check page's script reports. Anything could send it: nothing is taken unseen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from analyzer.expectation import canonical_zone, parse_tag

LONGEST = 2000  # characters of a request's target
_FIELDS = 16
_LANGUAGES = 10
_LONGEST_LIST = 300


@dataclass(frozen=True, slots=True)
class Query:
    """What follows the question mark: the visit, the wanted language, what the script reports.

    What was not there, or was not what it should be, is "" or None.
    """

    visit: str
    lang: str
    now: float | None = None  # the phone's clock, seconds since 1970
    zone: str | None = None  # canonical
    languages: tuple[str, ...] = ()
    probed: bool | None = None
    model: str = ""
    version: str = ""


def read_query(text: str) -> Query:
    """Return what is usable in a query."""
    try:
        fields = parse_qs(text[:LONGEST], max_num_fields=_FIELDS)
    except ValueError:
        fields = {}
    one = {name: values[0] for name, values in fields.items()}
    return Query(
        visit=one.get("v", ""),
        lang=one.get("lang", ""),
        now=_moment(one.get("now", "")),
        zone=canonical_zone(one.get("zone", "")),
        languages=read_languages(one.get("languages", "").split(",")),
        probed={"1": True, "0": False}.get(one.get("probed", "")),
        model=one.get("model", ""),
        version=one.get("version", ""),
    )


def accepted_languages(header: str) -> tuple[str, ...]:
    """Return the tags of an Accept-Language header, those that are wanted most first."""
    accepted = parse_accept_header(header[:_LONGEST_LIST], LanguageAccept)
    return read_languages([tag for tag, quality in accepted if quality > 0])


def read_languages(tags: Sequence[str]) -> tuple[str, ...]:
    """Return those that are language tags, in their usual spelling."""
    read = (parse_tag(tag.strip()) for tag in tags[:_LANGUAGES])
    return tuple(dict.fromkeys(str(tag) for tag in read if tag))


def _moment(text: str) -> float | None:
    """Milliseconds as text -> seconds; within what a clock can show."""
    try:
        moment = float(text[:20]) / 1000 if text.isascii() else math.nan
    except ValueError:
        return None
    return moment if 0 <= moment < 2**33 else None
