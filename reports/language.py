"""A report in one of eight languages: sentences from catalogues, all else from CLDR.

English is the language of the source and needs no catalogue. The other catalogues are
``locales/<code>/evenhand.po``; ``python -m reports.locales`` keeps them up to date.
"""

from __future__ import annotations

import datetime
import gettext
import io
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, cast
from unicodedata import bidirectional

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from analyzer import amounts
from analyzer.knowledge import load_knowledge
from analyzer.said import Numeral, Said

LANGUAGES: Final = ("en", "es", "fr", "pt", "de", "sw", "fil", "ar")
# The English of no country in particular (days before months), and Portuguese as in Brazil.
_LOCALES: Final = dict(zip(LANGUAGES, LANGUAGES, strict=True)) | {"en": "en_001"}
# Digits are 0 to 9 everywhere: that is CLDR's default, of Arabic without a country, too.
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT, _END = "\u2066", "\u2067", "\u2069"
_ISO_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_MOST_DECIMALS: Final = "#,##0.###"


class Figure(str):
    """A number in writing: it was made here, and holds nothing that was captured."""

    __slots__ = ()


class Language:
    """How one language says what a report has to say.

    `code` is its tag in HTML, too; `direction` that of its writing. What a catalogue lacks is said
    in English. Raises `KeyError` for a language that there is none of.
    """

    code: str
    direction: Literal["ltr", "rtl"]

    def __init__(self, code: str = "en") -> None:
        self.locale = Locale.parse(_LOCALES[code])
        self.code = code
        self.direction = "rtl" if self.locale.text_direction == "rtl" else "ltr"
        self._catalogue = catalogue(code)
        self.gettext = self._catalogue.gettext
        self.ngettext = self._catalogue.ngettext
        self.pgettext = self._catalogue.pgettext
        self.npgettext = self._catalogue.npgettext

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return str(Locale.parse(self.code).get_display_name() or self.code)

    def tell(
        self,
        text: str,
        shown: Callable[[object], str] = str,
        written: Callable[[str], str] = str,
    ) -> str:
        """Return a `Said` in this language; any other text as it is.

        Countries and blocs that are filled in are named in this language, numbers are written as
        it writes them. `shown` makes what is filled in ready for where it will stand, `written` the
        text around it.
        """
        if not isinstance(text, Said):
            return text

        def filled(value: object) -> str:
            if isinstance(value, Said):
                return self.tell(value, shown, written)
            if isinstance(value, tuple):
                return written(self.comma).join(map(filled, value))
            return shown(value if self.code == "en" else self._in_words(value))

        return text.translated(
            lambda one: written(self.gettext(one)),
            lambda one, many, number: written(self.ngettext(one, many, number)),
            filled,
        )

    def term(self, label: str) -> str:
        """Return a text of a data file: a label, the name of a bloc or of a country, a rule."""
        told = self.gettext(label) if label else label
        if told == label and self.code != "en" and label in _country_codes():
            return self.country(_country_codes()[label])
        return told

    def country(self, code: str) -> str:
        """Return the name of a country (ISO 3166-1 alpha-2); the code where CLDR has none.

        In English it is the name that `regions.yaml` has, so that every text says the same.
        """
        if self.code == "en":
            known = load_knowledge().countries.get(code)
            return known.name if known else code
        return str(self.locale.territories.get(code, code))

    def number(self, value: float, decimals: int | None = None) -> str:
        """Return a number with as many `decimals`; without these up to three, as it needs."""
        pattern = _MOST_DECIMALS if decimals is None else _fixed(decimals)
        return self.figure(format_decimal(value, pattern, self.locale))

    def percent(self, part: float, decimals: int = 0) -> str:
        """Return a share (0..1) in percent; 0% and 100% only where it is exactly that.

        >>> Language().percent(1), Language().percent(0.9999), Language().percent(0.001)
        ('100%', '99.9%', '0.1%')
        """
        if 0 < part < 1 and not 0.01 <= part < 0.99:
            return self._percent(min(max(part, 0.001), 0.999), 1)
        return self._percent(part, decimals)

    def points(self, difference: float) -> str:
        """Return a difference of shares (-1..1) in percentage points, with its sign.

        >>> Language().points(0.5), Language().points(-1), Language().points(0)
        ('+50', '-100', '0')
        """
        return self.figure(self._points(difference))

    def interval(self, low: float, high: float) -> str:
        """Return an interval of a difference of shares, in percentage points.

        >>> Language().interval(-1, -0.39), Language("de").interval(-1, -0.39)
        ('[-100, -39]', '[-100; -39]')
        """
        return self.bracketed(self._points(low), self._points(high))

    def bracketed(self, low: str, high: str) -> str:
        """Return an interval whose ends were written here, with what divides them in this language.

        >>> Language().bracketed("2 s", "3 s"), Language("de").bracketed("1,5", "2,5")
        ('[2 s, 3 s]', '[1,5; 2,5]')
        """
        decimal = self.locale.number_symbols["latn"]["decimal"]
        joint = ";" if decimal == "," else self.comma.strip()
        return self.figure(f"[{low}{joint} {high}]")

    def probability(self, value: float) -> str:
        """Return p or q to three digits, never as a false zero.

        >>> Language().probability(0.00216), Language("de").probability(0.00004)
        ('0.002', '<0,001')
        """
        if value < 0.0005:
            return self.figure(f"<{self.number(0.001)}")
        return self.number(1) if value > 0.9995 else self.number(value, 3)

    def share(self, k: int, n: int, doubt: str = "") -> str:
        """Return ``k/n``, with a mark of `doubt` behind it."""
        return self.figure(f"{self.number(k)}/{self.number(n)}{doubt}")

    def size(self, number: float) -> str:
        """Return a number of bytes.

        >>> Language().size(1500), Language("fr").size(1500)
        ('1.5 kB', '1,5\\u202fko')
        """
        english = amounts.size(number)
        if self.code == "en":
            return Figure(english)
        value, unit = english.split(" ")
        name = {"B": "byte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte"}[unit]
        return Figure(format_unit(float(value), name, "short", locale=self.locale))

    def seconds(self, value: float) -> str:
        """Return a number of seconds, to the tenth.

        >>> Language().seconds(12.54), Language("es").seconds(12.54)
        ('12.5 s', '12,5 s')
        """
        if self.code == "en":
            return Figure(f"{self.number(value, 1)} s")
        return Figure(format_unit(round(value, 1), "second", "short", locale=self.locale))

    def duration(self, seconds: float, more: int = 0) -> str:
        """Return a time in the unit that suits it: seconds, minutes from 2 on, hours from 2 on.

        `more`: so many digits more than usual.

        >>> Language().duration(45), Language().duration(2040), Language("de").duration(9000)
        ('45 s', '34 min', '2,5 Std.')
        """
        size = abs(seconds)
        unit, english, each = ("second", "s", 1.0) if size < 120 else ("minute", "min", 60.0)
        if size >= 7200:
            unit, english, each = "hour", "h", 3600.0
        value = round(seconds / each, more + (0 < size / each < 10))
        if self.code == "en":
            return Figure(f"{self.number(value)} {english}")
        return Figure(format_unit(counted(value), unit, "short", locale=self.locale))

    def date(self, iso: str) -> str:
        """Return the day of a date or time in ISO 8601; of a month or a year what there is of it.

        What is no date is returned as it is.

        >>> Language().date("2026-11-20T08:00:00Z"), Language("pt").date("2026-11")
        ('20 November 2026', 'novembro de 2026')
        """
        when, known = _day(iso)
        if when is None:
            return iso
        if known == len("dmy"):
            return Figure(format_date(when, "long", self.locale))
        return Figure(format_skeleton("yMMMM" if known > 1 else "y", when, locale=self.locale))

    def days(self, first: str, last: str) -> str:
        """Return the days from `first` to `last` (ISO 8601), both included.

        >>> Language("es").days("2026-11-20", "2026-11-20")
        '20 de noviembre de 2026'
        """
        start, end = _day(first)[0], _day(last)[0]
        if start is None or end is None or start == end:
            return self.date(first)
        return Figure(format_interval(start, end, "yMMMMd", locale=self.locale))

    def time(self, iso: str) -> str:
        """Return day and time, as they stand in an ISO 8601 time, to the second.

        >>> Language().time("2026-11-20T08:00:07.123Z")
        '20 November 2026 08:00:07'
        """
        clock = iso[11:19]
        return Figure(f"{self.date(iso)} {clock}") if clock else self.date(iso)

    def all_of(self, items: Iterable[str]) -> str:
        """Return `items` as a list in a sentence.

        >>> Language("es").all_of(["Kenia", "Brasil", "Filipinas"])
        'Kenia, Brasil y Filipinas'
        """
        return self._listed(list(items), "standard")

    def one_of(self, items: Iterable[str]) -> str:
        """Return `items` as alternatives in a sentence.

        >>> Language("de").one_of(["0", "1"])
        '0 oder 1'
        """
        return self._listed(list(items), "or")

    @property
    def comma(self) -> str:
        """What stands between the items of a list that is no sentence."""
        return "، " if self.direction == "rtl" else ", "

    @property
    def colon(self) -> str:
        """What stands between a heading in a line and what it is of."""
        return "\u00a0: " if self.code == "fr" else ": "

    @property
    def semicolon(self) -> str:
        """What stands between the items of a list whose items have commas."""
        return {"fr": "\u202f; ", "ar": "؛ "}.get(self.code, "; ")

    def _listed(self, items: list[str], style: Literal["standard", "or"]) -> str:
        if self.code == "en" and len(items) > 1:  # CLDR writes a comma before "and"
            word = "and" if style == "standard" else "or"
            return f"{', '.join(items[:-1])} {word} {items[-1]}"
        return format_list(items, style, self.locale)

    def _in_words(self, value: object) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, Numeral):
            return self._numeral(str(value))
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, str) and (value in _country_codes() or value in _bloc_names()):
            return Figure(self.term(value))
        return value

    def _numeral(self, english: str) -> str:
        """Return a number that English has written, with the same decimals and its sign."""
        value = Decimal(english)
        pattern = _MOST_DECIMALS
        if "e" not in english:
            pattern = _fixed(len(english.partition(".")[2]))
        if english.startswith("+"):
            pattern = f"+{pattern};-{pattern}"
        return self.figure(format_decimal(value, pattern, self.locale))

    def _percent(self, part: float, decimals: int) -> str:
        pattern = self.locale.percent_formats[None].pattern.replace("#,##0", _fixed(decimals))
        return self.figure(format_percent(part, pattern, self.locale))

    def _points(self, difference: float) -> str:
        return str(format_decimal(round(difference * 100), "+#,##0;-#,##0", self.locale)
                   if round(difference * 100) else "0")  # fmt: skip

    def signed(self, sign: str, amount: str) -> str:
        """Return an amount that was written here, with a sign that stays before its number.

        >>> Language().signed("+", "2 s")
        '+2 s'
        """
        number = re.match(f"{_LEFT_TO_RIGHT}?([0-9][0-9.,]*){_END}?", amount)
        if not sign or self.direction == "ltr" or number is None:
            return Figure(sign + amount)
        joint = f"{_LEFT_TO_RIGHT}{sign}{number[1]}{_END}"
        return Figure(joint + amount[number.end() :])

    def figure(self, text: str) -> str:
        """Return a number that keeps its order among words that are written to the left.

        One whose units are such words is read as they are, from the right.
        """
        if self.direction == "ltr" or text.isdigit():
            return Figure(text)
        if any(bidirectional(each) in {"R", "AL"} for each in text):
            return Figure(f"{_RIGHT_TO_LEFT}{text}{_END}")
        inner = text.replace(_LEFT_TO_RIGHT, "").replace(_END, "")
        return Figure(f"{_LEFT_TO_RIGHT}{inner}{_END}")


def _day(iso: str) -> tuple[datetime.date | None, int]:
    """Return the first day that is meant, and how many of year, month and day are known."""
    found = _ISO_DAY.match(iso)
    parts = [int(each) for each in found.groups() if each] if found else []
    try:
        return datetime.date(*[*parts, 1, 1][:3]), len(parts)
    except (TypeError, ValueError):
        return None, 0


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Return the catalogue of a language, without what is fuzzy; the empty one for English."""
    if code == "en":
        return gettext.NullTranslations()
    file = files("reports") / "locales" / code / "evenhand.po"
    if not file.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(file.read_bytes()), locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(cast("Any", compiled))


def counted(value: float) -> float | int:
    """Return a whole number as an int: what is counted by it then stands in the singular at one."""
    return int(value) if value.is_integer() else value


def _fixed(decimals: int) -> str:
    return f"#,##0.{'0' * decimals}" if decimals else "#,##0"


@cache
def _country_codes() -> dict[str, str]:
    return {country.name: code for code, country in load_knowledge().countries.items()}


@cache
def _bloc_names() -> frozenset[str]:
    return frozenset(bloc.name for bloc in load_knowledge().blocs.values())
