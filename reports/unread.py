"""How much of what each recipient got could be read: the picture over the table of hosts."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.comparison import Comparison, CoverageRow
from analyzer.said import say
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.coverage import ReadLine, ReadRow, coverage_picture


def unread_picture(comparison: Comparison, names: Names) -> Picture | None:
    """Return the share of bytes that could be read by recipient, the least read first."""
    owners: dict[str, list[CoverageRow]] = {}
    for row in comparison.coverage:
        owners.setdefault(row.owner or row.site or row.host, []).append(row)
    found = []
    for owner, rows in owners.items():
        sides = [_line([row for row in rows if row.side == side], names) for side in ("a", "b")]
        least = min(
            (1.0 if side.share is None else side.share for side in sides if side), default=1.0
        )
        refused = sum(row.refused for row in rows)
        total = sum(_bytes(rows))
        found.append((least, -refused, -total, owner, ReadRow(owner, (sides[0], sides[1]))))
    if not found:
        return None
    tell = names.plain
    title = say("How much could be read")
    description = say(
        "For each recipient two bars: the upper one is {a}, the lower one {b}. The solid part is"
        " the share of the bytes that could be read, the striped part passed unread. The table"
        " below has it by host.",
        a=names.side("a"),
        b=names.side("b"),
    )
    return coverage_picture(
        [row for *_, row in sorted(found, key=lambda each: each[:4])],
        tell(say("not met")),
        (tell(title), tell(description)),
        names.language.direction,
    )


def _line(rows: list[CoverageRow], names: Names) -> ReadLine | None:
    if not rows:
        return None
    read, unread = _bytes(rows)
    total = read + unread
    if not total:
        return ReadLine(None, names.plain(say("nothing could be read")))
    text = say(
        "{share} of {size}",
        share=names.language.percent(read / total),
        size=names.language.size(total),
    )
    return ReadLine(read / total, names.plain(text))


def _bytes(rows: Iterable[CoverageRow]) -> tuple[int, int]:
    found = list(rows)
    return (
        sum(row.bytes_up + row.bytes_down for row in found),
        sum(row.unread_up + row.unread_down for row in found),
    )
