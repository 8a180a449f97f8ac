"""`names.yaml` and `confidence.yaml`: what words of keys mean, and what each evidence is worth."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from analyzer.knowledge.records import DataType, normal_name
from analyzer.knowledge.source import Source, Table, known_only, regex_fault
from analyzer.knowledge.vocabulary_records import (
    EVIDENCE,
    STRENGTHS,
    Strength,
    Vocabulary,
    words_of,
)

_MOST_POINTS: Final = 120
_NOTHING: Final = "nothing"


def read_vocabulary(names: Source, confidence: Source, types: Mapping[str, DataType]) -> Vocabulary:
    """Return what the two files say, faults noted in their sources."""
    root = names.root()
    words = _abbreviations(root)
    fillers, stoppers, containers = (
        frozenset(map(normal_name, root.texts(key, required=True)))
        for key in ("fillers", "stoppers", "containers")
    )
    exact = {name: data_type.id for data_type in types.values() for name in data_type.names}
    found: dict[str, list[tuple[str, Strength]]] = {
        name: [(own, "exact")] for name, own in exact.items()
    }
    known = {word for replacement in words.values() for word in replacement if len(word) > 2}
    known |= {word for word in words if len(word) > 2} | {"id", "os", "ip", "ad"}
    for table in root.tables("names"):
        own = table.text("type")
        known_only(table, "type", (own,), types)
        for strength in STRENGTHS[1:]:
            for index, name in enumerate(table.texts(strength)):
                pieces = tuple(name.split())
                spelt = [part for piece in pieces for part in words.get(piece, (piece,))]
                joined = "".join(spelt)
                if fault := _name_fault(name, joined, own, found, exact):
                    table.source.note((*table.path, strength, index), f"{strength} {fault}")
                found.setdefault(joined, []).append((own, strength))
                known |= {piece for piece in pieces if len(piece) > 3}
        table.done()
    steps = _steps(root, types)
    headers = root.texts("headers")
    usual = root.table("usual")
    for own in usual.raw:
        known_only(usual, str(own), (str(own),), types)
    makers = root.texts("makers")
    models = root.texts("models")
    for index, pattern in enumerate(models):
        if fault := regex_fault(pattern):
            root.source.note(("models", index), f"models has {pattern!r}, which {fault}")
    root.done()
    return Vocabulary(
        words=words,
        known=frozenset(known),
        fillers=fillers,
        stoppers=stoppers,
        containers=containers,
        names={name: tuple(types_) for name, types_ in found.items()},
        steps=steps,
        headers=frozenset(headers),
        usual={own: frozenset(usual.texts(own)) for own in map(str, usual.raw)},
        makers=frozenset(makers),
        models=models,
        points=read_points(confidence),
    )


def read_points(source: Source) -> dict[str, int]:
    """Return the points of `confidence.yaml`, one for each of `EVIDENCE` and for ``base``."""
    root = source.root()
    given = root.mapping("points", lambda item: type(item) is int and abs(item) <= _MOST_POINTS,
                         f"a whole number from -{_MOST_POINTS} to {_MOST_POINTS}")  # fmt: skip
    wanted = ("base", *EVIDENCE)
    for name in given:
        if name not in wanted:
            root.source.note(("points", name), f"points has {name!r}, which is no evidence")
    if missing := [name for name in wanted if name not in given]:
        root.wrong("points", f"lacks {', '.join(missing)}")
    root.done()
    return cast("dict[str, int]", given)


def _abbreviations(root: Table) -> dict[str, tuple[str, ...]]:
    given = root.mapping("words", lambda item: isinstance(item, str) and bool(item), "text")
    for name in given:
        if name != "".join(words_of(name)) or len(words_of(name)) != 1:
            root.source.note(("words", name), f"words has {name!r}, which is not one word")
    return {name: tuple(str(text).split()) for name, text in given.items()}


def _steps(root: Table, types: Mapping[str, DataType]) -> dict[tuple[str, str], str]:
    given = root.mapping("steps", lambda own: own in types or own == _NOTHING, "a data type")
    found = {}
    for name, own in given.items():
        first, dot, second = name.partition(".")
        if not dot or not re.fullmatch(r"[a-z0-9 ]+\.[a-z0-9 ]+", name):
            root.source.note(("steps", name), f"steps has {name!r}: write two steps, one dot")
        found[first.replace(" ", ""), second.replace(" ", "")] = "" if own == _NOTHING else str(own)
    return found


def _name_fault(
    name: str,
    joined: str,
    own: str,
    found: Mapping[str, Iterable[tuple[str, Strength]]],
    exact: Mapping[str, str],
) -> str:
    if not re.fullmatch(r"[a-z0-9]+(?: [a-z0-9]+)*", name):
        return f"has {name!r}: write it in lower case, words parted by one space"
    if exact.get(joined) == own:
        return f"has {name!r}, which stands under {own} in ontology.yaml"
    if any(each == own for each, _ in found.get(joined, ())):
        return f"has {name!r} twice, perhaps by its abbreviations"
    return ""
