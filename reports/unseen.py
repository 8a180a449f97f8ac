"""What was not seen, in a sentence of the answer: how much passed unread, and at which hosts."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.comparison import Comparison
from analyzer.said import Said, say, say_many
from reports.coverage import HostLine, SideCoverage, host_lines
from reports.naming import Names

_MOST_HOSTS = 3  # named


def not_seen(comparison: Comparison, read: tuple[SideCoverage, SideCoverage], names: Names) -> Said:
    """Return the sentence; `read` is of either side."""
    number = names.language.number
    lines = host_lines(comparison.coverage)
    unread = [line for line in lines if line.unread]
    told = {
        "cut": number(
            sum(not row.complete for row in comparison.sessions if row.role == "compared")
        ),
        "sessions": number(comparison.a.sessions + comparison.b.sessions),
        "all": number(len(lines)),
        "side_a": names.side("a"),
        "side_b": names.side("b"),
    }
    if not lines:
        return say(
            "Not seen: no coverage was recorded, so nobody knows what passed unread; {cut} of"
            " {sessions} sessions are incomplete.",
            **told,
        )
    if not unread:
        return say(
            "Not seen: every connection to all {all} hosts could be read, and {cut} of {sessions}"
            " sessions are incomplete; what a company learns by other means never shows here.",
            **told,
        )
    return say(
        "Not seen: {a} of the bytes for {side_a} and {b} for {side_b} passed unread; {hosts}, and"
        " {cut} of {sessions} sessions are incomplete; what was sent there may be the same, or may"
        " not.",
        a=share_unread(read[0], names),
        b=share_unread(read[1], names),
        hosts=_dark(unread, len(lines), names),
        **told,
    )


def _dark(unread: Sequence[HostLine], hosts: int, names: Names) -> Said:
    """Say of how many of all `hosts` nothing could be read, and of how many a part."""
    nothing = [line for line in unread if line.nothing]
    told: dict[str, object] = {
        "all": names.language.number(hosts),
        "nothing": names.language.number(len(nothing)),
        "part": names.language.number(len(unread) - len(nothing)),
        "names": _hosts(unread, names),
    }
    if not nothing:
        return say("of {all} hosts {part} could be read only in part ({names})", **told)
    if len(nothing) == len(unread):
        return say("of {all} hosts {nothing} could not be read at all ({names})", **told)
    return say(
        "of {all} hosts {nothing} could not be read at all and {part} only in part ({names})",
        **told,
    )


def _hosts(lines: Sequence[HostLine], names: Names) -> str:
    """Name the hosts, or the first of many."""
    shown = [line.host for line in lines[:_MOST_HOSTS]]
    more = len(lines) - len(shown)
    if more:
        shown.append(names.plain(say_many("{number} more", "{number} more", more)))
    return names.language.all_of(shown)


def share_unread(read: SideCoverage, names: Names) -> str:
    """Return the share of the bytes of one side that passed unread, as a language writes it."""
    return names.language.percent(0.0 if read.share is None else 1 - read.share)
