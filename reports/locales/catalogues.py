"""The catalogue of one language: read, brought up to date with the sources, checked, filled."""

from __future__ import annotations

import io
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po, write_po

from analyzer.errors import UserError
from reports.language import LANGUAGES
from reports.locales.sources import DOMAIN

TRANSLATED: Final = tuple(code for code in LANGUAGES if code != "en")
_FOLDER: Final = Path(__file__).parent
_FORMS: Final = ("zero", "one", "two", "few", "many", "other")  # CLDR's, in its order
_MILLIONS: Final = "n != 0 && n % 1000000 == 0 ? 1 : 2"
# What gettext has for CLDR's plural rules of whole numbers; a test holds one against the other.
_PLURALS: Final = {
    "es": f"nplurals=3; plural=(n == 1 ? 0 : {_MILLIONS});",
    "fr": f"nplurals=3; plural=(n == 0 || n == 1 ? 0 : {_MILLIONS});",
    "pt": f"nplurals=3; plural=(n == 0 || n == 1 ? 0 : {_MILLIONS});",
    "de": "nplurals=2; plural=(n != 1);",
    "sw": "nplurals=2; plural=(n != 1);",
    "fil": (
        "nplurals=2; plural=(n != 1 && n != 2 && n != 3"
        " && (n % 10 == 4 || n % 10 == 6 || n % 10 == 9));"
    ),
    "ar": (
        "nplurals=6; plural=(n == 0 ? 0 : n == 1 ? 1 : n == 2 ? 2"
        " : n % 100 >= 3 && n % 100 <= 10 ? 3 : n % 100 >= 11 && n % 100 <= 99 ? 4 : 5);"
    ),
}
_WIDTH: Final = 100
_COUNTED: Final = 201  # numbers that are tried, to see which plural form says only one of them
_PER_CENT: Final = re.compile(r"%\((\w+)\)[sd]")
_TAG: Final = re.compile(r"</?[a-z][^>]*>")
_NUMBERS: Final = frozenset({"number", "num", "count", "n"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one text of one catalogue; `what` is half a sentence."""

    language: str
    text: str
    what: str

    def __str__(self) -> str:
        return f"{self.language}: {self.what}: {self.text!r}"


def path(code: str) -> Path:
    """Return where the catalogue of a language is."""
    return _FOLDER / code / f"{DOMAIN}.po"


def forms(code: str) -> tuple[str, ...]:
    """Return the plural forms of a language, as CLDR names them, in the order of its catalogue."""
    tags = {*Locale.parse(code).plural_form.tags, "other"}
    return tuple(form for form in _FORMS if form in tags)


def read(code: str) -> Catalog:
    """Return the catalogue of a language; an empty one where there is none yet."""
    if code not in TRANSLATED:
        raise UserError(f"there is no catalogue for {code!r}", f"use {', '.join(TRANSLATED)}")
    file = path(code)
    if file.is_file():
        return read_po(io.BytesIO(file.read_bytes()), locale=code, domain=DOMAIN)
    header = f'msgid ""\nmsgstr ""\n"Plural-Forms: {_PLURALS[code]}\\n"\n'
    return read_po(io.StringIO(header), locale=code, domain=DOMAIN, charset="utf-8")


def write(code: str, catalogue: Catalog) -> None:
    """Write the catalogue of a language to its file."""
    catalogue.header_comment = f"# evenhand in {Locale.parse(code).english_name}."
    catalogue.project, catalogue.version = DOMAIN, ""
    catalogue.last_translator, catalogue.language_team = DOMAIN, code
    catalogue.fuzzy = False
    text = io.BytesIO()
    write_po(text, catalogue, width=_WIDTH, include_lineno=False)
    path(code).parent.mkdir(exist_ok=True)
    path(code).write_bytes(text.getvalue())


def update(catalogue: Catalog, template: Catalog) -> None:
    """Give `catalogue` the texts of `template`: what is translated stays, what went is obsolete."""
    # What comes back brings the translation that it had.
    for message in list(catalogue.obsolete.values()):
        if _known(template, message) and not _known(catalogue, message):
            catalogue.add(message.id, message.string, context=message.context)
    made = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.creation_date = made


def flaws(code: str, catalogue: Catalog, template: Catalog) -> Iterator[Flaw]:
    """Yield what keeps a catalogue from saying everything in `template`, and rightly."""
    for message in _texts(template):
        mine = _known(catalogue, message)
        if mine is None:
            yield Flaw(
                code, _first(message), "not in the catalogue: run `python -m reports.locales`"
            )
        elif bool(message.pluralizable) != bool(mine.pluralizable):
            yield Flaw(code, _first(message), "one has a plural, the other has none")
        else:
            yield from (Flaw(code, _first(message), what) for what in faults(code, mine))
    for message in _texts(catalogue):
        if _known(template, message) is None:
            yield Flaw(code, _first(message), "no longer said: run `python -m reports.locales`")


def faults(code: str, message: Message) -> Iterator[str]:
    """Yield what is wrong with the translation of `message`; nothing if it can be used."""
    texts = _strings(message)
    if not all(texts) or not texts:
        yield "not translated"
        return
    if message.fuzzy:
        yield "fuzzy"
    wanted = forms(code) if message.pluralizable else ("",)
    if len(texts) != len(wanted):
        yield f"{len(texts)} plural forms, where CLDR has {len(wanted)}"
        return
    english = str(message.id[-1] if message.pluralizable else message.id)
    for form, text in zip(wanted, texts, strict=True):
        own, theirs = _placeholders(text), _placeholders(english)
        if form and _says_one_number(code, form):
            own, theirs = own - _NUMBERS, theirs - _NUMBERS
        if own != theirs:
            yield f"placeholders differ ({_told(own)} for {_told(theirs)}) in {text!r}"
        if Counter(_TAG.findall(text)) != Counter(_TAG.findall(english)):
            yield f"markup differs in {text!r}"
        if _ends(text) != _ends(english):
            yield f"spaces at the ends differ in {text!r}"


def missing(code: str, catalogue: Catalog) -> list[dict[str, Any]]:
    """Return the texts without a usable translation, with what a translator has to know of each."""
    found = []
    for message in _texts(catalogue):
        why = list(faults(code, message))
        if why:
            entry: dict[str, Any] = {"id": _first(message), "why": "; ".join(why)}
            if message.pluralizable:
                entry |= {"plural": message.id[1], "forms": list(forms(code))}
            if message.context:
                entry["context"] = message.context
            entry["where"] = [place for place, _ in message.locations]
            if message.auto_comments:
                entry["comments"] = list(message.auto_comments)
            found.append(entry)
    return found


def fill(
    code: str, catalogue: Catalog, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> list[Flaw]:
    """Put translations into `catalogue`; those that are wrong are left out and returned.

    `given` is the list of `missing` with a ``translation`` in each entry, or ``{id: translation}``.
    Of a text with a plural it is an object (``{"one": ..., "other": ...}``) or a list, in the order
    of `forms`.
    """
    entries: Iterable[Mapping[str, Any]] = (
        [{"id": text, "translation": told} for text, told in given.items()]
        if isinstance(given, Mapping)
        else given
    )
    wrong = []
    for entry in entries:
        message = catalogue.get(entry["id"], entry.get("context"))
        told = entry.get("translation")
        if not told:
            continue
        if message is None:
            wrong.append(Flaw(code, entry["id"], "not in the catalogue"))
            continue
        before = message.string, set(message.flags)
        if isinstance(told, Mapping):
            told = [told.get(form, "") for form in forms(code)]
        message.string = told if isinstance(told, str) else tuple(told)
        message.flags.discard("fuzzy")
        why = list(faults(code, message))
        if why:
            message.string, message.flags = before
            wrong += [Flaw(code, entry["id"], each) for each in why]
    return wrong


def _texts(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _known(catalogue: Catalog, message: Message) -> Message | None:
    return catalogue.get(_first(message), message.context)


def _first(message: Message) -> str:
    return str(message.id[0] if message.pluralizable else message.id)


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string
    if isinstance(string, str):
        return (string,) if string else ()
    return tuple(string or ())


def _placeholders(text: str) -> frozenset[str]:
    """Return the names in braces of `say`, or those of ``%(name)s`` in a template."""
    found = set(_PER_CENT.findall(text))
    try:
        found |= {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        found.add(str(error))
    return frozenset(found)


def _ends(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def _told(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _says_one_number(code: str, form: str) -> bool:
    """Tell whether a plural form is for one number only, so that it need not name it."""
    rule = Locale.parse(code).plural_form
    return sum(rule(number) == form for number in range(_COUNTED)) == 1
