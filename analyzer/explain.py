"""The way from bytes to verdict: what `explain ID` tells of whatever has an id."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations
from typing import Any, cast

import pandas as pd

from analyzer.compare import bases, compare, delta_id, trace_country_row, trace_magnitude
from analyzer.compare.groups import Group
from analyzer.compare.presence import Key, presence
from analyzer.compare.recorded import left_out, recorded
from analyzer.compare.sides import names, resolve_side
from analyzer.compare.turning import turning_point
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.explain_feed import of_feed
from analyzer.explain_named import by_name
from analyzer.explanation import DeltaTrail, Explanation, Trail
from analyzer.frames import Frames, load_frames
from analyzer.gates import Gate
from analyzer.identified import the_one
from analyzer.knowledge import Knowledge
from analyzer.models import Delta
from analyzer.study import Study
from analyzer.trail import follow

_ID = re.compile(r"[dfsmc][0-9a-f]{0,10}")
_EXAMPLES = 2  # of a measured row, or a row of the matrix


def explain(
    study: Study,
    knowledge: Knowledge,
    identifier: str,
    sides: tuple[str, str] | None = None,
) -> Explanation:
    """Return how the program came to what `identifier` stands for.

    That is a finding (f), a signal (s), a row of a comparison (d), a measured row (m) or a row of
    the matrix (c) by its id; an item that a feed showed (i), or an account of it by its name; the
    digest of an identifier; a gate by its name; or a recipient or host by its name. Gates and
    recipients are those of the comparison of `sides` (the EEA with the
    Global Majority). The beginning of an id is enough while it is the only one. Raises `UserError`
    where it is unknown or stands for several, and where the findings are not up to date.
    """
    wanted = identifier.strip()
    of_the_feed = of_feed(study, knowledge, wanted)
    if of_the_feed is not None:
        return of_the_feed
    frames = load_frames(study, knowledge)
    if not _ID.fullmatch(wanted.lower()):
        return by_name(frames, study, knowledge, wanted, sides)
    wanted = wanted.lower()
    if wanted.startswith("d"):
        return _difference(frames, study, knowledge, wanted)
    if wanted.startswith("m"):
        return _measured(frames, study, knowledge, wanted)
    if wanted.startswith("c"):
        return _country(frames, study, knowledge, wanted)
    table = frames.findings if wanted.startswith("f") else frames.signals
    trail = _trail(study, knowledge, table, the_one(wanted, table["id"].tolist()))
    return Explanation(trail.id, trail.kind, trail)


def _measured(frames: Frames, study: Study, knowledge: Knowledge, wanted: str) -> Explanation:
    found = trace_magnitude(frames, study, knowledge, wanted)
    row = found.magnitude
    examples = tuple(
        _trail(study, knowledge, frames.findings, each) for each in row.examples[:_EXAMPLES]
    )
    return Explanation(row.id, "magnitude", magnitude=found, examples=examples)


def _country(frames: Frames, study: Study, knowledge: Knowledge, wanted: str) -> Explanation:
    found = trace_country_row(frames, study, knowledge, wanted)
    table = frames.findings if found.row.kind == "data" else frames.signals
    ids = [each for cell in found.cells for each in cell.examples]
    examples = tuple(_trail(study, knowledge, table, each) for each in ids[:_EXAMPLES])
    return Explanation(found.row.id, "country", country=found, examples=examples)


def _trail(study: Study, knowledge: Knowledge, table: pd.DataFrame, identifier: str) -> Trail:
    [row] = table[table["id"] == identifier].to_dict("records")
    return follow(study, knowledge, cast("dict[str, Any]", row))


def _difference(frames: Frames, study: Study, knowledge: Knowledge, wanted: str) -> Explanation:
    """Explain a row of a comparison.

    Its id is a digest of the names of the sides and of what the row counts. So the ids of
    all rows of all pairs are made, which is cheaper than it sounds, and only one pair is compared.
    """
    pairs = _rows(frames, study, knowledge)
    if not any(each.startswith(wanted) for each in pairs):
        _refuse_left_out(frames, study, knowledge, wanted)
    a, b, key = pairs[the_one(wanted, pairs)]
    comparison = compare(frames, study, knowledge, a, b)
    base = bases(frames, study, knowledge, a, b)
    if key not in base.keys:
        raise UserError(
            f"{wanted} was seen only in sessions that are left out",
            f"`evenhand diff {a} {b}` says which, and why",
        )
    place = base.keys.index(key)
    delta = next(each for each in comparison.deltas if each.id == delta_id(a, b, key))
    turning = turning_point(base.a, base.b, base.rows, place, study.compare, base.terms)
    row = base.rows[place]
    seen_a, unseen_a, blind_a = _split(base.a, row.seen_a, row.hidden_a)
    seen_b, unseen_b, blind_b = _split(base.b, row.seen_b, row.hidden_b)
    table = frames.findings if delta.kind == "data" else frames.signals
    trail = DeltaTrail(
        delta=delta,
        a=comparison.a,
        b=comparison.b,
        settings=comparison.settings,
        seen_a=seen_a,
        unseen_a=unseen_a,
        blind_a=blind_a,
        seen_b=seen_b,
        unseen_b=unseen_b,
        blind_b=blind_b,
        turning=turning,
        change=_change(comparison, delta, turning),
        examples=tuple(_trail(study, knowledge, table, each) for each in delta.examples),
        waived=tuple((each.title, each.waived) for each in comparison.gates if _is_waived(each)),
    )
    return Explanation(delta.id, "delta", delta=trail)


def _is_waived(gate: Gate) -> bool:
    return bool(gate.waived) and not gate.passed


def _refuse_left_out(frames: Frames, study: Study, knowledge: Knowledge, wanted: str) -> None:
    """Raise `UserError` if `wanted` is a row that is not certain enough to be counted."""
    least = study.compare.min_confidence
    every = replace(study, compare=replace(study.compare, min_confidence=0))
    if any(each.startswith(wanted) for each in _rows(frames, every, knowledge)):
        raise UserError(
            f"{wanted} is less certain than {least}% and left out", "add `--min-confidence 0`"
        )


def _rows(frames: Frames, study: Study, knowledge: Knowledge) -> dict[str, tuple[str, str, Key]]:
    """Return sides and key of every row of every comparison that can be made, by its id."""
    sessions = recorded(frames.sessions)
    away = {each.session for each in left_out(sessions)}
    arms = [each.arm for each in sessions if each.id not in away]
    sides = [resolve_side(study, knowledge, arms, name) for name in names(knowledge, arms)]
    inside = {
        side.name: {each.id for each in sessions if each.id not in away and each.arm in side.arms}
        for side in sides
    }
    seen = presence(frames, knowledge, study.compare)
    return {
        delta_id(a, b, key): (a, b, key)
        for a, b in permutations(inside, 2)
        if inside[a].isdisjoint(inside[b])
        for key, each in seen.items()
        if not each.sessions.isdisjoint(inside[a] | inside[b])
    }


def _split(
    side: Group, seen: frozenset[str], blind: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the sessions of a side: those with it, those without, and the blind among these."""
    unseen = set(side.blocks) - seen
    return tuple(sorted(seen)), tuple(sorted(unseen)), tuple(sorted(unseen & blind))


def _change(comparison: Comparison, delta: Delta, turning: int | None) -> str:
    """Say what would change the verdict of `delta`."""
    if delta.verdict == "insufficient":
        if delta.enough is None:
            return "More of the same sessions would not decide it; what the reason names would."
        return (
            f"With {delta.enough} sessions for each side it could be decided: in four of five"
            " studies, if what was seen here is what is usual."
        )
    if turning is None:
        return "No other outcome of these sessions would change it."
    sessions = "session" if turning == 1 else "sessions"
    if delta.verdict == "same":
        return f"{turning} {sessions} of one side that went the other way would leave it undecided."
    lower = comparison.b if delta.effect > 0 else comparison.a
    return (
        f"Had it been seen in {turning} more {sessions} of {lower.title}, it would no longer count"
        " as a difference."
    )
