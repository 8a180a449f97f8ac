"""The tables of a comparison beside its rows: sessions, coverage, recipients, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

import pandas as pd

from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.comparison import (
    CoverageRow,
    Evidence,
    ProblemCount,
    Recipient,
    Role,
    SessionRow,
    Which,
)
from analyzer.frames import Frames
from analyzer.magnitudes import Magnitude
from analyzer.models import Delta, Party

Sides = Mapping[Which, Sequence[Recorded]]
_SUMS = (
    "exchanges", "bytes_up", "bytes_down", "refused", "unread_up", "unread_down", "opaque", "cut",
    "decrypted", "plaintext", "ca_refused", "pinned", "pin_suspected", "passed", "quic_refused",
    "other", "blocked", "unseen", "lost",
)  # fmt: skip


def session_rows(frames: Frames, compared: Sides, controls: Sides) -> tuple[SessionRow, ...]:
    """Return every session that took part, side by side, controls after those compared."""
    findings, signals, problems = (
        Counter(cast("list[str]", frame["session"].tolist()))
        for frame in (frames.findings, frames.signals, frames.problems)
    )
    roles: tuple[tuple[Role, Sides], ...] = (("compared", compared), ("control", controls))
    return tuple(
        SessionRow(
            id=each.id,
            side=side,
            role=role,
            arm=each.arm.label,
            country=each.arm.country,
            age=each.arm.age,
            consent=each.arm.consent,
            persona=each.whose,
            repeat=each.repeat,
            block=each.block,
            device=each.device,
            app=each.app,
            app_version=each.app_version,
            origin=each.origin,
            started=each.started,
            ended=each.ended,
            end_reason=each.end_reason,
            seconds=each.seconds,
            complete=each.complete,
            partial=each.partial,
            egress=each.egress,
            mode=each.mode,
            instrumented=", ".join(each.instruments),
            policy=each.policy,
            tools=each.tools,
            phases=each.phases,
            exchanges=each.exchanges,
            findings=findings[each.id],
            signals=signals[each.id],
            problems=problems[each.id],
            capture=each.capture,
        )
        for side in compared
        for role, sessions in roles
        for each in sessions[side]
    )


def coverage_rows(coverage: pd.DataFrame, compared: Sides) -> tuple[CoverageRow, ...]:
    """Return what could be read of each host on each side."""
    found: list[CoverageRow] = []
    for side, sessions in compared.items():
        rows = coverage[coverage["session"].isin([each.id for each in sessions])]
        where = ["owner", "party", "site", "host"]
        rows = rows.assign(
            opaque=rows["opaque"] + rows["opaque_down"], cut=rows["cut"] + rows["cut_down"]
        )
        summed = rows.groupby(where, sort=True).agg(
            k=("session", "nunique"), **{name: (name, "sum") for name in _SUMS}
        )
        found += [
            CoverageRow(side=side, n=len(sessions), **row) for row in _records(summed.reset_index())
        ]
    return tuple(found)


def recipients(seen: Mapping[Key, Seen], sessions: Collection[str]) -> tuple[Recipient, ...]:
    """Return everyone who was sent something in `sessions`, by owner and party."""
    places: dict[tuple[str, Party], list[tuple[str, str, str]]] = {}
    for key, each in seen.items():
        places.setdefault((key.owner, key.party), []).extend(
            (place.site, place.host, place.purpose) for place in each.within(sessions)
        )
    return tuple(
        Recipient(owner, party, *(_distinct(column) for column in zip(*found, strict=True)))
        for (owner, party), found in sorted(places.items())
        if found
    )


def evidence(
    frames: Frames, rows: Sequence[Delta | Magnitude], compared: Sides
) -> tuple[Evidence, ...]:
    """Return every finding and signal that `rows` name as an example, by id."""
    ids = {example for row in rows for example in row.examples}
    of = {each.id: (side, each.arm.label) for side, every in compared.items() for each in every}
    found = []
    for row in _records(frames.findings[frames.findings["id"].isin(ids)]):
        side, arm = of[row["session"]]
        found.append(
            Evidence(
                kind="data",
                side=side,
                arm=arm,
                steps=tuple(row["steps"]),
                **{name: row[name] for name in (*_SHARED, *_OF_DATA)},
            )
        )
    for row in _records(frames.signals[frames.signals["id"].isin(ids)]):
        side, arm = of[row["session"]]
        found.append(
            Evidence(
                kind="signal",
                side=side,
                arm=arm,
                steps=tuple(row["steps"]),
                method="",
                grade="",
                confidence=100,
                reason="",
                source="",
                shape=row["value"],
                digest="",
                transformed="",
                **{name: row[name] for name in _SHARED},
            )
        )
    return tuple(sorted(found, key=lambda each: each.id))


_SHARED = ("id", "session", "phase", "t_s", "exchange", "host", "part", "path", "rule_id")
_OF_DATA = ("method", "grade", "confidence", "reason", "source", "shape", "digest", "transformed")


def problem_counts(problems: pd.DataFrame, compared: Sides) -> tuple[ProblemCount, ...]:
    """Return how often each kind of problem occurred on each side."""
    found: list[ProblemCount] = []
    for side, sessions in compared.items():
        rows = problems[problems["session"].isin([each.id for each in sessions])]
        counted = rows.groupby(["stage", "code"], sort=True).agg(
            count=("session", "size"), sessions=("session", "nunique")
        )
        found += [ProblemCount(side=side, **row) for row in _records(counted.reset_index())]
    return tuple(found)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as plain Python values."""
    return cast("list[dict[str, Any]]", rows.to_dict("records"))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))
