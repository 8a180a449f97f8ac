"""Every text that a report may say, found where it stands: in code, in templates, in data files.

In code these are the literals in ``say``, ``say_many``, ``_`` and the functions of gettext; in
templates ``{% trans %}`` and ``_()``; of data files the fields that are named below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from ruamel.yaml import YAML

from analyzer.knowledge.load import DATA
from analyzer.knowledge.records import PURPOSES
from reports.translating import OPTIONS

DOMAIN: Final = "evenhand"
_ROOT: Final = Path(__file__).parent.parent.parent
CODE: Final = (
    "analyzer/compare", "analyzer/feed", "analyzer/linkage", "analyzer/region",
    "analyzer/simulation", "reports",
)  # fmt: skip
_KEYWORDS: Final[Mapping[str, Any]] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "say": None,
    "say_many": (1, 2),
    "column": (2,),  # what a column of a table means
}
# Those who code have words of their own: analyzer/feed/coding/locales.
_METHODS: Final = [("coding/**.py", "ignore"), ("**.py", "python"), ("**.j2", "jinja2")]
# Of each data file: where its entries stand, and which of their fields a report shows.
_FIELDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "ontology.yaml": ("types", ("label", "meaning")),
    "signals.yaml": ("signals", ("title", "meaning")),
    "measures.yaml": ("measures", ("label", "title", "meaning", "definition", "unit")),
    "regions.yaml": ("blocs", ("name", "definition", "source")),
    "law.yaml": ("law", ("jurisdiction", "instrument", "rule", "age", "status")),
}


def template() -> Catalog:
    """Return every text there is to translate, without translations, in a lasting order."""
    found = Catalog(domain=DOMAIN, charset="utf-8")
    for text, context, place, comments in (*_of_data(), *_of_code()):
        found.add(text, locations=[(place, 0)], auto_comments=comments, context=context)
    return found


_Text = tuple[Any, str | None, str, list[str]]


def _of_code() -> Iterator[_Text]:
    for folder in CODE:
        texts = extract_from_dir(
            _ROOT / folder,
            method_map=_METHODS,
            options_map={"**.j2": dict(OPTIONS)},
            keywords=_KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        )
        for file, _, text, comments, context in sorted(texts, key=lambda each: each[:2]):
            if text:
                yield text, context, f"{folder}/{Path(file).as_posix()}", list(comments)


def _of_data() -> Iterator[_Text]:
    for name, (entries, fields) in _FIELDS.items():
        file = DATA / name
        if file.is_file():
            content = YAML(typ="safe", pure=True).load(file)
            for entry in content[entries]:
                for field in fields:
                    if text := entry.get(field):
                        yield text, None, f"analyzer/data/{name}", [f"{entry['id']}: {field}"]
    for purpose in PURPOSES:
        yield purpose, None, "analyzer/data/owners.csv", ["what for a recipient gets data"]
