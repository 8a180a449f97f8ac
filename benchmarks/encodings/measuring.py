"""Sends everything, and counts what is found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from analyzer.decode import decode
from analyzer.extract.planted import Planted
from analyzer.models import Exchange
from benchmarks.encodings.carriers import CARRIERS, NAMELESS, fields, request
from benchmarks.encodings.decoys import decoys
from benchmarks.encodings.identifiers import IDENTIFIERS, Identifier
from benchmarks.encodings.layers import LAYERS, wrap
from benchmarks.encodings.transformations import ways

DEEPEST: Final = 4
_TOGETHER: Final = 40  # decoys in one request
_SEED: Final = 41
_NAMES: Final = {"date": "birthday"}


@dataclass(frozen=True, slots=True)
class Try:
    """One identifier, written in one way, inside `layers` (from the outside in) in one place."""

    identifier: str
    way: str
    depth: int
    carrier: str
    layers: tuple[str, ...]
    found: bool


@dataclass(slots=True)
class Measured:
    """Everything that was tried. `reported` counts, by kind, the decoys that were taken for values.

    `kinds` counts the decoys that were sent.
    """

    tries: list[Try] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)

    def share(self) -> float:
        """Return the share of the tries in which the identifier was found."""
        return sum(each.found for each in self.tries) / max(1, len(self.tries))


def measure(decoy_count: int, rounds: int = 1) -> Measured:
    """Write each identifier in every way, at each depth `rounds` times, then send the decoys.

    The same for the same numbers.
    """
    planted = Planted([(each.data_type, each.text) for each in IDENTIFIERS])
    measured = Measured()
    for at, identifier in enumerate(IDENTIFIERS):
        for way, written in ways(identifier):
            for depth in range(DEEPEST + 1):
                for again in range(rounds if depth else 1):
                    measured.tries.append(_try(planted, at, identifier, way, written, depth, again))
    for kind, exchange in _decoy_requests(decoy_count):
        measured.kinds.update(kind)
        measured.reported.update(_reported(planted, exchange, kind))
    return measured


def _try(
    planted: Planted,
    at: int,
    identifier: Identifier,
    way: str,
    written: str | dict[str, str],
    depth: int,
    again: int,
) -> Try:
    random = Random(f"{_SEED} {identifier.name} {way} {depth} {again}")
    names: list[str] = []
    carrier = "fields"
    if isinstance(written, dict) and depth == 0:
        exchange = fields(written, random)
    else:
        if isinstance(written, dict):
            content, names = wrap(json.dumps({"id": 7, **written}), depth, random)
        else:
            content, names = wrap(written, depth, random)
        # A date, a number: without a name it may be anything, and is not to be found.
        name = _NAMES.get(identifier.kind)
        carrier = random.choice([each for each in CARRIERS if not name or each not in NAMELESS])
        exchange = CARRIERS[carrier](content, name or "d")
    return Try(identifier.name, way, depth, carrier, tuple(names), at in _values(planted, exchange))


def _values(planted: Planted, exchange: Exchange) -> set[int]:
    decoded = decode(exchange)
    return {hit.value for hit in planted.find(decoded.leaves, decoded.payloads).hits}


def _decoy_requests(count: int) -> Iterator[tuple[list[str], Exchange]]:
    random = Random(_SEED)
    batch: list[tuple[str, str]] = []
    for each in decoys(count, random):
        batch.append(each)
        if len(batch) == _TOGETHER:
            yield _together(batch, random)
            batch = []
    if batch:
        yield _together(batch, random)


def _together(batch: list[tuple[str, str]], random: Random) -> tuple[list[str], Exchange]:
    values = {f"k{at}": text for at, (_, text) in enumerate(batch)}
    document = json.dumps({"d": values})
    if random.random() < 0.3:
        name = random.choice([each for each in LAYERS if each != "hex"])
        content = LAYERS[name](document)
        document = content if isinstance(content, str) else json.dumps({"d": content.hex()})
    return (
        [kind for kind, _ in batch],
        request("https://t.example/b", document.encode(), ("Content-Type", "application/json")),
    )


def _reported(planted: Planted, exchange: Exchange, kinds: list[str]) -> Iterator[str]:
    """Yield the kind of each decoy that was reported."""
    decoded = decode(exchange)
    for hit in planted.find(decoded.leaves, decoded.payloads).hits:
        name = hit.leaf.path.rpartition(".")[2] if hit.leaf else ""
        known = name[:1] == "k" and name[1:].isdigit() and int(name[1:]) < len(kinds)
        yield kinds[int(name[1:])] if known else f"unknown, as {planted.values[hit.value][0]}"
