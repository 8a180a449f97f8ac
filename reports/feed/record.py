"""The record beside the page of a recommender audit: all that it says, for a machine.

Its schema is made from the records themselves and kept in ``reports/schemas/``, where
``python -m reports.feed.record`` writes it anew. Texts are English. Nothing of a creator is in it:
no text, no name, no address or id of an item, and no digest by which one could be found again;
coders have numbers.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from analyzer.comparison import Side
from analyzer.feed.audit_records import AccountState, Audit, Coding
from analyzer.feed.coding.agreement import Agreement
from analyzer.feed.coding.codes import Settled
from analyzer.feed.measures.records import FeedComparison, MeasureName
from analyzer.feed.records import AdClass, Health, Role, ShownBy
from analyzer.said import Said
from reports.feed import told
from reports.feed.view import view
from reports.record import ascii_json, schema_of

if TYPE_CHECKING:
    from reports.feed.view import FeedView

FORMAT: Final = "evenhand-feed-1"
_KEPT: Final = f"schemas/{FORMAT}.schema.json"


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the codebook. `measured`: its items are what is counted."""

    key: str
    label: str
    measured: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """What a measure is. Shares are parts of 1, times seconds of feed time."""

    name: MeasureName
    label: str
    meaning: str
    unit: told.Unit


@dataclass(frozen=True, slots=True)
class Doing:
    """What drove the accounts did, by the protocol. Times in seconds."""

    rounds: int
    skip_s: float
    control_s: float
    most_s: float
    jitter: float
    pause_every_s: float
    pause_s: float
    session_s: float
    feed_s: float
    positive_in_a_row: int


@dataclass(frozen=True, slots=True)
class Interest:
    """An interest that accounts show, by the categories it is of; its terms are not told."""

    name: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Driven:
    """What the driver did in one session."""

    session: str
    account: str
    items: int
    matched: int
    unknown: int
    engaged: int
    stopped: str
    seed: str


@dataclass(frozen=True, slots=True)
class Warned:
    """What to know before this is quoted."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that was shown: what it is, when, how long; nothing by which it could be found.

    `id` is a keyed digest: `evenhand explain` takes it, in the folder of the study only.
    """

    number: int
    id: str
    side: str
    role: Role
    account: str
    category: str
    harmful: bool
    feed_s: float
    watch_s: float | None
    duration_s: float | None
    rounds: int | None
    engaged: bool
    by: ShownBy
    how: Settled
    coders: int
    ad: AdClass


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """A whole audit. `answer`, `joint`, `agreed` and `limits` are sentences of the page.

    An end of an interval that nothing bounds is null.
    """

    format: Literal["evenhand-feed-1"]
    title: str
    answer: tuple[str, ...]
    joint: str  # what the intervals in `answer` are
    agreed: tuple[str, ...]
    limits: tuple[str, ...]
    cautions: tuple[Warned, ...]
    study: str
    app: str
    app_version: str
    fictional: bool
    started: str
    ended: str
    surface: str
    adapters: tuple[tuple[str, str], ...]  # id, digest
    sides: tuple[Side, Side]
    measures: tuple[Measure, ...]
    categories: tuple[Category, ...]
    doing: Doing
    interests: tuple[Interest, ...]
    comparison: FeedComparison
    accounts: tuple[AccountState, ...]
    elsewhere: tuple[str, ...]
    coding: Coding
    agreement: Agreement | None
    drives: tuple[Driven, ...]
    health: tuple[Health, ...]
    problems: tuple[tuple[str, int], ...]
    examples: tuple[Shown, ...]


def feed_record(audit: Audit) -> FeedRecord:
    """Return the record of `audit`."""
    shown = view(audit)
    return FeedRecord(
        format=FORMAT,
        title=str(shown.title),
        answer=answer(shown),
        joint=str(shown.joint),
        agreed=tuple(map(str, shown.agreement)),
        limits=tuple(map(str, shown.limits)),
        cautions=tuple(Warned(each.code, str(each.text)) for each in audit.cautions),
        study=audit.study,
        app=audit.app,
        app_version=audit.app_version,
        fictional=audit.fictional,
        started=audit.started,
        ended=audit.ended,
        surface=audit.surface,
        adapters=audit.adapters,
        sides=audit.sides,
        measures=tuple(
            Measure(name, str(told.measure(name)), str(told.meaning(name)), unit)
            for name, unit in told.UNITS.items()
        ),
        categories=tuple(
            Category(key, label.get("en", key), key in audit.comparison.positive)
            for key, label in audit.labels.items()
        ),
        doing=_doing(audit),
        interests=tuple(
            Interest(each.name, each.categories) for each in audit.protocol.interests.values()
        ),
        comparison=audit.comparison,
        accounts=audit.accounts,
        elsewhere=audit.elsewhere,
        coding=audit.coding,
        agreement=numbered(audit.agreement),
        drives=tuple(
            Driven(each.session, each.account, each.items, each.matched, each.unknown,
                   each.engaged, each.stopped, each.seed)
            for each in audit.drives
        ),
        health=audit.health,
        problems=audit.problems,
        examples=tuple(
            Shown(**{name: value for name, value in asdict(each).items() if name != "key"})
            for each in audit.examples
        ),
    )  # fmt: skip


def numbered(found: Agreement | None) -> Agreement | None:
    """Return the agreement with numbers for the names of coders."""
    if found is None:
        return None
    names = {name: f"coder {number}" for number, name in enumerate(found.coders, 1)}
    return msgspec.structs.replace(
        found,
        coders=tuple(names.values()),
        pairs=tuple(
            msgspec.structs.replace(each, a=names[each.a], b=names[each.b]) for each in found.pairs
        ),
    )


def answer(shown: FeedView) -> tuple[str, ...]:
    """Return the sentences that answer what the feed shows: each side, then b against a."""
    sides = (sentence for each in shown.headlines for sentence in (each.lead, *each.more))
    return tuple(map(str, (*sides, *shown.contrast)))


def feed_record_json(record: FeedRecord) -> str:
    """Return the record as indented JSON with sorted keys, plain ASCII, as `feed_schema` has it."""
    return ascii_json(_bounded(msgspec.to_builtins(record, enc_hook=_plain)))


def feed_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record, made from the records in code."""
    found = schema_of(FeedRecord, FORMAT)
    for end in found["$defs"]["Interval"]["prefixItems"]:
        end["type"] = ["number", "null"]  # JSON knows nothing infinite
    return found


def feed_schema_text() -> str:
    """Return the schema as it is kept in the package."""
    return files("reports").joinpath(_KEPT).read_text(encoding="utf-8")


def _bounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bounded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bounded(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: object) -> str:
    if isinstance(value, Said):
        return str(value)
    raise NotImplementedError(f"a record cannot hold {type(value).__name__}")


def _doing(audit: Audit) -> Doing:
    dwell, stop = audit.protocol.dwell, audit.protocol.stop
    return Doing(
        dwell.rounds, dwell.skip_s, dwell.control_s, dwell.most_s, dwell.jitter,
        dwell.pause_every_s, dwell.pause_s, stop.session_s, stop.feed_s, stop.positive_in_a_row,
    )  # fmt: skip


if __name__ == "__main__":
    _text = json.dumps(feed_schema(), indent=2, sort_keys=True)
    Path(__file__).parent.parent.joinpath(_KEPT).write_text(f"{_text}\n", encoding="utf-8")
