"""`signals.yaml`: the privacy signals, and which of their values protect a minor."""

from __future__ import annotations

from typing import cast, get_args

from analyzer.knowledge.fields import read_match
from analyzer.knowledge.ontology import grade_of
from analyzer.knowledge.records import SignalDef, SignalExample
from analyzer.knowledge.source import Source, Table, regex_fault
from analyzer.knowledge.trackers import check_message
from analyzer.models import SignalVerdict

DECODERS = (
    "tcf",
    "tcf_purposes",
    "gpp",
    "gpp_children",
    "us_privacy",
    "gcd",
    "additional_consent",
)
_ID = r"[a-z0-9_]+(\.[a-z0-9_]+)+"


def read_signals(source: Source) -> dict[str, SignalDef]:
    """Return the signals of signals.yaml by id."""
    root = source.root()
    signals: dict[str, SignalDef] = {}
    for table in root.tables("signals"):
        found = _signal(table)
        if found.id in signals:
            table.wrong("id", f"{found.id!r} is there twice")
        signals[found.id] = found
    root.done()
    return signals


def _signal(table: Table) -> SignalDef:
    fields = tuple(read_match(each) for each in table.tables("fields", required=False))
    not_on_wire = table.text("not_on_wire", "")
    if not fields and not not_on_wire:
        table.wrong("fields", "is missing or empty: say why in `not_on_wire`")
    examples = table.table("examples", required=bool(fields))
    hits, misses = _examples(examples, "hit"), _examples(examples, "miss")
    for key, given in (("hit", hits), ("miss", misses)):
        if fields and not given and "examples" in table:
            examples.wrong(key, "is missing: show one that is read, and one that is not there")
    examples.done()
    grade, verified = grade_of(table)
    made = SignalDef(
        id=table.matching("id", _ID),
        title=table.text("title"),
        stack=table.text("stack"),
        where=table.text("where"),
        meaning=table.text("meaning"),
        values=table.text("values", ""),
        fields=fields,
        not_on_wire=not_on_wire,
        decode=table.choice("decode", ("", *DECODERS), ""),
        protective=_values(table, "protective"),
        non_protective=_values(table, "non_protective"),
        no_signal=_values(table, "no_signal"),
        contradicted_by=tuple(
            read_match(each) for each in table.tables("contradicted_by", required=False)
        ),
        grade=grade,
        verified=verified,
        source=table.text("source"),
        topic=table.matching("topic", r"[a-z_.]+", ""),
        hits=hits,
        misses=misses,
    )
    table.done()
    return made


def _examples(table: Table, key: str) -> tuple[SignalExample, ...]:
    return tuple(_example(each, hit=key == "hit") for each in table.tables(key, required=False))


def _example(table: Table, *, hit: bool) -> SignalExample:
    request, response = table.table("request", required=True), table.table("response")
    request.text("method", "GET")
    if not request.text("url").startswith(("http://", "https://")):
        request.wrong("url", "does not begin with https://")
    check_message(request)
    check_message(response)
    verdict = ""
    if hit:
        verdict = table.choice("verdict", get_args(SignalVerdict))
    age = table.whole("age")
    table.done()
    return SignalExample(
        request.raw, response.raw, cast("SignalVerdict", verdict) if hit else "", age
    )


def _values(table: Table, key: str) -> tuple[str, ...]:
    values = table.texts(key)
    for value in values:
        if value.startswith("re:") and (fault := regex_fault(value[3:])):
            table.wrong(key, f"has {value!r}, which {fault}")
    return values
