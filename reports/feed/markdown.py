"""A recommender audit as Markdown: what it answers, and one table for each two arms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.feed.view import FeedView, FigureView, Group, RowView
from reports.tables import cell
from reports.words import FICTIONAL


def feed_markdown(found: FeedView, *, between: bool = False) -> str:
    """Return what `found` tells; `between`: of the rows only those between the two sides."""
    tell = found.figures.language.tell
    lines = [f"# {cell(tell(found.title))}", ""]
    if found.audit.fictional:
        lines += [f"> **{cell(tell(FICTIONAL))}**", ""]
    for caution in found.cautions:
        lines += [f"> **Warning:** {cell(tell(caution))}", ""]
    for each in found.headlines:
        lines += [f"**{cell(tell(each.lead))}**", *_listed(map(tell, each.more)), ""]
    lines += [cell(" ".join(map(tell, found.contrast))), ""] if found.contrast else []
    lines += [cell(" ".join(map(tell, (found.joint, *found.who, found.meaning))))]
    for group in found.groups:
        if group.between or not between:
            lines += _table(group, found)
    lines += ["", "## How well coders agree", "", *map(cell, map(tell, found.agreement))]
    lines += ["", "## What this cannot tell", "", *_listed(map(tell, found.limits))]
    return "\n".join(lines) + "\n"


def _listed(sentences: Iterable[str]) -> list[str]:
    return [f"- {cell(each)}" for each in sentences]


def _table(group: Group, found: FeedView) -> Sequence[str]:
    tell = found.figures.language.tell
    first = group.rows[0]
    before, after = (cell(tell(each)) for each in first.names)
    return [
        "",
        f"## {cell(tell(group.title))}",
        "",
        f"| measure | of | {before} | {after} | change | 95% interval | q | verdict |",
        "|---" * 8 + "|",
        *(_row(row, found) for row in group.rows),
    ]


def _row(row: RowView, found: FeedView) -> str:
    tell = found.figures.language.tell

    def value(of: FigureView | None) -> str:
        return " ".join(filter(None, (tell(of.value), of.held + of.dagger))) if of else ""

    verdict = " ".join([f"{tell(row.told)}.", *map(tell, row.reasons)]).strip()
    cells = [tell(row.label), tell(row.when), value(row.before), value(row.after), row.change]
    return "| " + " | ".join(map(cell, [*cells, row.held + row.dagger, row.q, verdict])) + " |"
