"""How much of what the sessions of a side exchanged could be read, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.compare.telling import listed
from analyzer.comparison import CoverageRow, Side, Which
from analyzer.said import Said, say, say_many

_UNREAD = (
    "refused", "unread_up", "unread_down", "opaque", "cut", "blocked", "unseen", "pin_suspected",
    "lost",
)  # fmt: skip


def reading(rows: Iterable[CoverageRow], sides: dict[Which, Side]) -> tuple[Said, ...]:
    """Return for each side of how many hosts all, some and nothing could be read, and which."""
    every = list(rows)
    return tuple(
        _told(side, [row for row in every if row.side == which]) for which, side in sides.items()
    )


def _told(side: Side, rows: list[CoverageRow]) -> Said:
    none = [row.host for row in rows if not row.exchanges]
    part = [row.host for row in rows if row.exchanges and _unread(row)]
    told = {
        "side": side.title,
        "hosts": len(rows),
        "whole": len(rows) - len(none) - len(part),
        "part": len(part),
        "parts": listed(part),
        "none": len(none),
        "nothing": listed(none),
    }
    if not rows:
        return say("{side}: no host was seen.", side=side.title)
    if not part and not none:
        return say_many(
            "{side}: the one host could be read completely.",
            "{side}: all {number} hosts could be read completely.",
            len(rows),
            side=side.title,
        )
    if not none:
        return say(
            "{side}: of {hosts} hosts {whole} could be read completely, and {part} in part"
            " ({parts}).",
            **told,
        )
    if not part:
        return say(
            "{side}: of {hosts} hosts {whole} could be read completely, and {none} not at all"
            " ({nothing}).",
            **told,
        )
    return say(
        "{side}: of {hosts} hosts {whole} could be read completely, {part} in part ({parts}), and"
        " {none} not at all ({nothing}).",
        **told,
    )


def _unread(row: CoverageRow) -> bool:
    return any(getattr(row, count) for count in _UNREAD)
