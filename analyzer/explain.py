"""The way from bytes to verdict: what `explain ID` tells of a finding, a signal or a difference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, cast

import pandas as pd

from analyzer.compare import bases, compare, delta_id
from analyzer.compare.presence import Key, presence
from analyzer.compare.recorded import left_out, recorded
from analyzer.compare.sides import names, resolve_side
from analyzer.compare.turning import turning_point
from analyzer.compare.verdicts import Group
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.explanation import DeltaTrail, Explanation, Trail
from analyzer.frames import Frames, load_frames
from analyzer.knowledge import Knowledge
from analyzer.models import Delta
from analyzer.study import Study
from analyzer.trail import follow

_ID = re.compile(r"[dfs][0-9a-f]{0,10}")
_LISTED = 5  # ids that an ambiguous beginning is answered with


def explain(study: Study, knowledge: Knowledge, identifier: str) -> Explanation:
    """Return how the program came to `identifier`: a finding, a signal, or a row of a comparison.

    The beginning of an id is enough while it is the only one. Raises `UserError` where it is
    unknown or stands for several, and where the findings are not up to date.
    """
    wanted = identifier.strip().lower()
    if not _ID.fullmatch(wanted):
        raise UserError(f"{identifier!r} is no id", "take one that `diff` or the report prints")
    frames = load_frames(study, knowledge)
    if wanted.startswith("d"):
        return _difference(frames, study, knowledge, wanted)
    table = frames.findings if wanted.startswith("f") else frames.signals
    trail = _trail(study, knowledge, table, _only(wanted, table["id"].tolist()))
    return Explanation(trail.id, trail.kind, trail, None)


def _only(wanted: str, known: Sequence[str]) -> str:
    """Return the one id of `known` that begins with `wanted`."""
    found = sorted({each for each in known if each.startswith(wanted)})
    if not found:
        raise UserError(f"nothing has the id {wanted}", "it may be of another study or version")
    if len(found) > 1:
        some = ", ".join(found[:_LISTED]) + (" and others" if len(found) > _LISTED else "")
        raise UserError(f"{wanted} could be {some}", "write more of the id")
    return found[0]


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
    a, b, key = pairs[_only(wanted, list(pairs))]
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
    )
    return Explanation(delta.id, "delta", None, trail)


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
            f"With {delta.enough} sessions for each side it could be decided, if it were seen as"
            " often as now."
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
