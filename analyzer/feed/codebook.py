"""The codebook: what coders sort the items of a feed into, and the terms that hint at it.

Ours is `analyzer/data/codebook.yaml`; a study may bring its own, of the same form. `version` is a
digest of what coders go by. Codes made by different versions are never counted together.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analyzer.errors import UserError
from analyzer.knowledge.source import Source, Table

FILE: Final = "codebook.yaml"  # ours in `analyzer/data`, a study's own in its folder
OURS: Final = Path(__file__).parent.parent / "data" / FILE
MOST_CATEGORIES: Final = 9  # the page codes with the keys 1 to 9
_LARGEST: Final = 1_000_000  # bytes of a codebook
_KEY: Final = r"[a-z][a-z0-9_]{0,31}"
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Category:
    """One category. `label` and `terms`, which hint at it, by language; other texts are English.

    `unclear`: coders choose it where they cannot tell; such items count as not coded.
    """

    key: str
    label: Mapping[str, str]
    harmful: bool
    unclear: bool
    definition: str
    include: str
    exclude: str
    terms: Mapping[str, tuple[str, ...]]

    def name(self, language: str = "en") -> str:
        """Return what it is called in `language`, in English where nobody has translated it."""
        return self.label.get(language) or self.label["en"]


@dataclass(frozen=True, slots=True)
class Published:
    """A published audit and what the codebook takes from it."""

    title: str
    url: str
    gives: str


@dataclass(frozen=True, slots=True)
class Phrases:
    """What of one language turns a term off: words before it, and phrases in which it is none."""

    negations: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Codebook:
    """A codebook. `version` is 16 hexadecimal digits; the order of `categories` is part of it."""

    name: str
    about: str
    version: str
    categories: tuple[Category, ...]
    sources: tuple[Published, ...]
    languages: Mapping[str, Phrases] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all categories, in order."""
        return tuple(each.key for each in self.categories)

    @property
    def harmful(self) -> frozenset[str]:
        """The keys of the harmful categories: what is counted where a study says nothing else."""
        return frozenset(each.key for each in self.categories if each.harmful)

    @property
    def unclear(self) -> frozenset[str]:
        """The keys of the categories that mean "cannot be told"."""
        return frozenset(each.key for each in self.categories if each.unclear)

    def category(self, key: str) -> Category:
        """Return the category `key`; `KeyError` where there is none."""
        for each in self.categories:
            if each.key == key:
                return each
        raise KeyError(key)


def study_codebook(root: Path) -> Codebook:
    """Return the codebook of the study in `root`: its own, else ours."""
    own = root / FILE
    return load_codebook(own if own.exists() else OURS)


def load_codebook(path: Path = OURS) -> Codebook:
    """Read and check a codebook; `UserError` names the file, the line and the first fault."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UserError(f"{path} is larger than 1 MB", "a codebook is a short file")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None
    source = Source(str(path) if path != OURS else path.name, text)
    found = read_codebook(source)
    if faults := source.faults():
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UserError(str(faults[0]), f"put it right{more}")
    return found


def read_codebook(source: Source) -> Codebook:
    """Return what `source` says, and note there what is wrong with it."""
    root = source.root()
    name = root.text("name")
    about = root.text("about", "")
    sources = tuple(
        Published(table.text("title"), table.text("url"), table.text("gives"))
        for table in _done(root.tables("sources", required=False), ("title", "url", "gives"))
    )
    languages = _languages(root)
    categories = tuple(_category(table, languages) for table in root.tables("categories"))
    _check(root, categories)
    root.done()
    return Codebook(name, about, _version(name, categories), categories, sources, languages)


def _done(tables: Sequence[Table], known: Sequence[str]) -> Sequence[Table]:
    for table in tables:
        table.allow(*known)
        table.done()
    return tables


def _languages(root: Table) -> dict[str, Phrases]:
    found = {}
    for code, table in root.keyed("languages").items():
        if not _LANGUAGE.fullmatch(code):
            table.source.note(table.path, f"{code!r} is no code of a language, such as en or fil")
        found[code] = Phrases(table.texts("negations"), table.texts("exceptions"))
        table.done()
    return found


def _category(table: Table, languages: Mapping[str, Phrases]) -> Category:
    label = table.mapping("label", lambda value: isinstance(value, str) and value != "", "a text")
    if "en" not in label:
        table.wrong("label", "has no English text (en)")
        label = {"en": "", **label}
    body = table.table("terms")
    terms = {language: body.texts(language) for language in languages if language in body}
    body.done()
    for language, words in terms.items():
        for index, word in enumerate(words):
            if not word.strip() or "*" in word.replace("* ", " ").removesuffix("*"):
                what = f"{word!r} is no term: words, each with * at its end if at all"
                table.source.note((*body.path, language, index), what)
    found = Category(
        key=table.matching("key", _KEY),
        label=label,
        harmful=table.flag("harmful"),
        unclear=table.flag("unclear", default=False),
        definition=table.text("definition"),
        include=table.text("include", ""),
        exclude=table.text("exclude", ""),
        terms=terms,
    )
    if found.harmful and found.unclear:
        table.wrong("unclear", "is true of a harmful category: what cannot be told is neither")
    table.done()
    return found


def _check(root: Table, categories: Sequence[Category]) -> None:
    """Note what is wrong with the categories together."""
    keys = [each.key for each in categories]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        root.wrong("categories", f"has {', '.join(twice)} twice")
    if not 2 <= len(keys) <= MOST_CATEGORIES:
        root.wrong("categories", f"has {len(keys)} entries; use 2 to {MOST_CATEGORIES}")
    if keys and not any(each.harmful for each in categories):
        root.wrong("categories", "has no harmful category: there would be nothing to count")
    if keys and all(each.harmful for each in categories):
        root.wrong("categories", "has harmful categories only: there would be no other items")


def _version(name: str, categories: Sequence[Category]) -> str:
    told = [
        [each.key, each.label["en"], each.harmful, each.unclear]
        + [" ".join(text.split()) for text in (each.definition, each.include, each.exclude)]
        for each in categories
    ]
    text = json.dumps([name, told], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
