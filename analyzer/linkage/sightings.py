"""The rows of the identifiers' table as records, and what is known of the sessions they are of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import cast

import pandas as pd

from analyzer.compare.recorded import Recorded
from analyzer.findings import Identifier
from analyzer.linkage.records import Scope
from analyzer.pipeline import exchange_order

_FIELDS = [field.name for field in fields(Identifier)]
# What by its meaning belongs to a person or a phone, so that it is no constant of the app.
NAMED = "id.", "person."


@dataclass(frozen=True, slots=True)
class Whose:
    """Who used which phone in a session."""

    persona: str
    device: str
    arm: str


def sightings(identifiers: pd.DataFrame, sessions: Collection[str]) -> list[Identifier]:
    """Return the rows of `Frames.identifiers` of `sessions`, by session and in order of time."""
    rows = identifiers[identifiers["session"].isin(sessions)]
    columns = [cast("list[object]", rows[name].tolist()) for name in _FIELDS]
    found = [Identifier(*row) for row in zip(*columns, strict=True)]
    return sorted(found, key=_in_time)


def whose(sessions: Sequence[Recorded]) -> Mapping[str, Whose]:
    """Return persona, device and arm by session; an arm without personas is one itself."""
    return {
        each.id: Whose(each.whose or each.arm.label, each.device, each.arm.label)
        for each in sessions
    }


def scopes(seen: Sequence[Identifier], owners: Mapping[str, Whose]) -> Mapping[str, Scope]:
    """Return, by digest, what a value stands for, judged by the sessions in which it came."""
    sessions: defaultdict[str, set[str]] = defaultdict(set)
    for each in seen:
        sessions[each.digest].add(each.session)
    return {
        digest: _scope([owners[session] for session in found]) for digest, found in sessions.items()
    }


def is_constant(scope: Scope, data_type: str) -> bool:
    """Tell whether a value seems to be one of the app: the same for all, and no name for it."""
    return scope == "everywhere" and not data_type.startswith(NAMED)


def _scope(found: Sequence[Whose]) -> Scope:
    if len(found) == 1:
        return "session"
    if len({each.persona for each in found}) == 1:
        return "persona"
    devices = {each.device for each in found}
    return "device" if len(devices) == 1 and "" not in devices else "everywhere"


def _in_time(row: Identifier) -> tuple[object, ...]:
    order = exchange_order(row.exchange)
    return row.session, row.t_s, order, row.direction != "sent", row.digest, row.host, row.part
