"""Sentences that can be said in another language later.

The stages before a report say why something is so, in English. A `Said` is such a text, and keeps
the template that it was made from with what was filled in: a report translates the template, and
fills in again. Templates are found in the source by the names of the two functions below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

Gettext = Callable[[str], str]
Ngettext = Callable[[str, str, int], str]


class Numeral(float):
    """A number that a sentence says, as English writes it: with a format of Python's.

    A report in another language takes from that how many decimals there are, and whether there is a
    sign, and writes them as that language does.

    >>> str(Numeral(0.3149, ".2f")), str(Numeral(67, "+.0f"))
    ('0.31', '+67')
    """

    __slots__ = ("form",)

    form: str

    def __new__(cls, value: float, form: str) -> Self:
        """Return `value`, to be written in the format `form`, as in ``.2f``."""
        made = super().__new__(cls, value)
        made.form = form
        return made

    def __str__(self) -> str:
        """Return it as English writes it."""
        return format(float(self), self.form)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again, in another process."""
        return Numeral, (float(self), self.form)


class Said(str):
    """A text in English with its template.

    `template` has its parameters in braces (``str.format``, names only); `many` is its plural, ""
    where there is none, and `number` says which of the two holds. A parameter may be a `Said`, a
    number (`Numeral` where it has decimals), or a tuple of texts: these are joined by commas.
    """

    __slots__ = ("many", "number", "parameters", "template")

    template: str
    many: str
    number: int
    parameters: Mapping[str, object]

    def __deepcopy__(self, _: object) -> Said:
        """Return itself: it never changes."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made again, in another process."""
        return _made, (self.template, self.many, self.number, dict(self.parameters))

    def of(self, **parameters: object) -> Said:
        """Return the same text with other parameters.

        >>> say("{side}: median", side="a").of(side="Kenya")
        'Kenya: median'
        """
        return _made(self.template, self.many, self.number, {**self.parameters, **parameters})

    def translated(
        self,
        gettext: Gettext,
        ngettext: Ngettext,
        filled: Callable[[object], str] | None = None,
    ) -> str:
        """Return it in the language of a catalogue; what that has not stays in English.

        `filled` writes what is filled in (a text, a number, a `Said`, or a tuple of these); without
        it only what is a `Said` is in that language.
        """

        def plain(value: object) -> str:
            if isinstance(value, tuple):
                return ", ".join(map(plain, value))
            return value.translated(gettext, ngettext) if isinstance(value, Said) else str(value)

        if self.many:
            template = ngettext(self.template, self.many, self.number)
        else:
            template = gettext(self.template)
        write = filled or plain
        return template.format_map({name: write(value) for name, value in self.parameters.items()})


def say(template: str, **parameters: object) -> Said:
    """Return the text that `template` gives with its `parameters`.

    >>> say("{side} has {n} of {least}", side="Kenya", n=3, least=5)
    'Kenya has 3 of 5'
    """
    return _made(template, "", 1, parameters)


def as_is(text: str) -> Said:
    """Return a text that is the same in every language, as a name is.

    >>> as_is("feed_rows")
    'feed_rows'
    """
    return _made("{text}", "", 1, {"text": text})


def say_many(one: str, many: str, number: int, /, **parameters: object) -> Said:
    """Return the text for `number` things, which the templates know as ``{number}``.

    >>> say_many("{number} session of {arm}", "{number} sessions of {arm}", 2, arm="KE-13")
    '2 sessions of KE-13'
    """
    return _made(one, many, number, {"number": number, **parameters})


def _made(template: str, many: str, number: int, parameters: Mapping[str, object]) -> Said:
    chosen = many if many and number != 1 else template
    told = Said(chosen.format_map({name: _filled(value) for name, value in parameters.items()}))
    told.template, told.many, told.number = template, many, number
    told.parameters = parameters
    return told


def _filled(value: object) -> str:
    return ", ".join(map(_filled, value)) if isinstance(value, tuple) else str(value)
