"""From facts to rules: what no file written by hand says yet, with examples that show it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

from analyzer.data.trackhar.adapters import SOURCES, Adapter, Fact
from analyzer.data.trackhar.meanings import Meaning, meaning_of
from analyzer.data.trackhar.places import Place, address, exchange, fits, inside, places
from analyzer.data.trackhar.requests import Request, groups, request
from analyzer.data.trackhar.samples import samples
from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.knowledge import Knowledge, Tracker, load_knowledge
from analyzer.knowledge.records import Endpoint, FieldRule
from analyzer.models import Exchange, Grade, Match, Part, Signal

PREFIX = "trackhar-"
_KEY = b"trackhar" * 4
# Regular expressions of what a value must not be -> the values.
_NOT: Mapping[str, tuple[str, ...]] = {
    "re:^GOOGLE_HOSTED_PI|OB_OK|1|0|TAM_OK|OPTOUT$": (
        "GOOGLE_HOSTED_PI", "OB_OK", "1", "0", "TAM_OK", "OPTOUT",
    ),
}  # fmt: skip
_SHAPES: Mapping[tuple[str, str], tuple[str, ...]] = {
    # The path of the request holds more than the number of the installation.
    ("onesignal/players", "path"): ("uuid",),
    # One parameter is the advertising ID, or another number, by how it begins.
    ("mopub/ads", "udid"): (),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One rule of an endpoint, as it will stand in the file."""

    id: str
    type: str
    part: Part
    paths: tuple[str, ...]
    not_values: tuple[str, ...]
    shapes: tuple[str, ...]
    reason: str
    source: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Shown:
    """An example: a request and what each field finds in it."""

    request: Request
    finds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Service:
    """One endpoint, as it will stand in the file."""

    id: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    fields: tuple[Field, ...]
    hits: tuple[Shown, ...]
    misses: tuple[Request, ...]


def by_hand(data: Path) -> Knowledge:
    """Return what the files in `data` say, without those that were made from TrackHAR."""
    with TemporaryDirectory() as folder:
        for path in data.glob("*.*"):
            copyfile(path, Path(folder) / path.name)
        trackers = Path(folder) / "trackers"
        trackers.mkdir()
        for path in (data / "trackers").glob("*.yaml"):
            if not path.name.startswith(PREFIX):
                copyfile(path, trackers / path.name)
        return load_knowledge(Path(folder))


def accepted(knowledge: Knowledge, adapter: Adapter, fact: Fact) -> frozenset[str]:
    """Return the data types under which `fact` counts as found."""
    return frozenset((*knowledge.by_trackhar(fact.property), meaning_of(adapter, fact).type))


def exchanges(adapter: Adapter) -> Iterator[tuple[tuple[Fact, ...], Exchange]]:
    """Yield made-up exchanges of `adapter`, each with the facts that it holds."""
    for group in groups(adapter):
        yield group, exchange(_request(adapter, group))


def service(adapter: Adapter, known: Knowledge) -> Service | None:
    """Return the endpoint with what `known` lacks of `adapter`; None where it lacks nothing."""
    where = places(adapter)
    extractor = Extractor(known, (), _KEY)
    lacking: list[Fact] = []
    for group, captured in exchanges(adapter):
        found = extractor.extract(captured, decode(captured))
        for fact in group:
            place = where[fact]
            types = accepted(known, adapter, fact)
            if fact not in lacking and not _told(found.matches, found.signals, place, types):
                lacking.append(fact)
    if not lacking:
        return None
    made = Service(
        id=f"{adapter.tracker}/{adapter.slug}",
        hosts=adapter.hosts(),
        paths=adapter.paths(),
        fields=tuple(_fields(adapter, lacking, where, known)),
        hits=(),
        misses=tuple(_misses(adapter, lacking)),
    )
    hits = tuple(_hits(adapter, lacking, known, made))
    shown = {name for hit in hits for name in hit.finds}
    # What another rule of the same service finds first is told by that.
    kept = tuple(field for field in made.fields if field.id in shown)
    return replace(made, fields=kept, hits=hits)


def _told(
    matches: Iterable[Match], signals: Iterable[Signal], place: Place, types: frozenset[str]
) -> bool:
    if any(
        each.method == "rule"
        and each.data_type in types
        and each.part == place.part
        and fits(place, each.path)
        for each in matches
    ):
        return True
    return "ad.privacy_signal" in types and any(
        each.part == place.part and fits(place, each.path) for each in signals
    )


def _fields(
    adapter: Adapter, facts: Sequence[Fact], where: Mapping[Fact, Place], known: Knowledge
) -> Iterator[Field]:
    found: dict[tuple[Any, ...], tuple[Meaning, list[str]]] = {}
    seen: set[tuple[Part, str, str]] = set()
    for fact in facts:
        place, meaning = where[fact], _meaning(adapter, fact, where[fact], known)
        if (place.part, place.path, meaning.type) in seen:
            continue
        seen.add((place.part, place.path, meaning.type))
        source, grade = _source(fact)
        refused = _NOT.get(fact.not_if, () if fact.not_if.startswith("re:") else (fact.not_if,))
        refused = tuple(text for text in refused if text not in {"", "[]"})
        shapes = _SHAPES.get((adapter.name, fact.context), ())
        key = (meaning.field, meaning.type, place.part, source, grade, refused, shapes)
        found.setdefault(key, (meaning, []))[1].append(place.path)
    taken: set[str] = set()
    for (name, kind, part, source, grade, refused, shapes), (meaning, paths) in found.items():
        own = _free(taken, name, part, paths[0])
        taken.add(own)
        yield Field(
            own, kind, part, tuple(dict.fromkeys(_spelled(paths))), refused, shapes,
            meaning.reason, source, grade,
        )  # fmt: skip


def _spelled(paths: Iterable[str]) -> Iterator[str]:
    """Yield `paths`, and how those below a list look where it has one element."""
    for path in paths:
        yield path
        if path.startswith("1.*.3."):  # in a protobuf a list of one is no list
            rest = path.partition(".6.")[2]
            yield from (f"{begin}.6.{rest}" for begin in ("1.*.3.*", "1.*.3", "1.3.*", "1.3"))


def _free(taken: set[str], name: str, part: Part, path: str) -> str:
    last = re.sub(r"[^a-z0-9]+", "_", path.lower().rpartition(".")[2]).strip("_")
    number = 2
    own = name
    while own in taken:
        own = (f"{name}_{part}", f"{name}_{last}", f"{name}_{number - 2}")[min(number - 2, 2)]
        number += 1
    return own


def _meaning(adapter: Adapter, fact: Fact, place: Place, known: Knowledge) -> Meaning:
    """Return what `fact` means; where a file for any host knows the place, what that says."""
    meaning = meaning_of(adapter, fact)
    types = accepted(known, adapter, fact)
    for rule in _general(known.trackers):
        here = place.part in rule.parts and place.path.removeprefix("ortb2.") in rule.paths
        if here and rule.type in types:
            return replace(meaning, type=rule.type)
    return meaning


def _general(trackers: tuple[Tracker, ...]) -> tuple[FieldRule, ...]:
    return tuple(
        rule
        for tracker in trackers
        for endpoint in tracker.endpoints
        if endpoint.hosts == ("*",)
        for rule in endpoint.fields
    )


def _source(fact: Fact) -> tuple[str, Grade]:
    """Return the source of `fact` and its grade: observed, where TrackHAR itself is the source."""
    if not fact.sourced or fact.source.startswith(SOURCES):
        return fact.source, "O"
    return fact.source, "R" if "://github.com/" in fact.source else "D"


def _request(adapter: Adapter, facts: tuple[Fact, ...]) -> Request:
    values = [(fact, inside(adapter, fact, value)) for fact, value in samples(adapter, facts)]
    return request(adapter, address(adapter, facts), values)


def _hits(
    adapter: Adapter, lacking: Sequence[Fact], known: Knowledge, made: Service
) -> list[Shown]:
    """Return a request for each group of facts, and what the rules of `made` find in it."""
    rules = tuple(_rule(made, each) for each in made.fields)
    endpoint = Endpoint(made.id, made.hosts, made.paths, (), (), "", rules, (), ())
    tracker = Tracker("", "", (), "", "", fictional=False, endpoints=(endpoint,))
    extractor = Extractor(replace(known, trackers=(tracker,), signals={}), (), _KEY)
    ids = {each.rule_id: each.id for each in endpoint.fields}
    found = []
    for group in groups(adapter):
        kept = tuple(fact for fact in group if fact in lacking)
        if kept:
            asked = _request(adapter, kept)
            captured = exchange(asked)
            matches = extractor.extract(captured, decode(captured)).matches
            finds = Counter(ids[each.rule_id] for each in matches if each.rule_id in ids)
            found.append(Shown(asked, dict(finds)))
    return found


def _rule(service: Service, field: Field) -> FieldRule:
    return FieldRule(
        f"{service.id}#{field.id}", field.id, field.type, (field.part,), field.paths, field.shapes,
        field.not_values, "raw", field.reason, field.source, field.grade,
    )  # fmt: skip


def _misses(adapter: Adapter, lacking: Sequence[Fact]) -> Iterator[Request]:
    """Yield the same request without what the rules look for, and the same to somebody else."""
    first = next((fact for fact in lacking if fact.context != "path"), lacking[0])
    empty = request(adapter, address(adapter, (first,)), ())
    yield empty
    made = _request(adapter, (first,))
    host = made.url.split("/")[2]
    yield replace(made, url=made.url.replace(host, "tracker.example", 1))
