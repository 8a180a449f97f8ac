"""Why a row is not decided, in sentences without a full stop."""

from __future__ import annotations

from analyzer.compare.groups import Group
from analyzer.said import Said, say

# What comes of it if what could not be read was sent; ends a sentence after a semicolon.
NO_DIFFERENCE = say("if so, the sides do not differ")
MAY_DIFFER = say("if so, the sides may differ")
SIMPSON = say(
    "over all sessions the sides do not lie apart as they do within the time blocks: record both"
    " sides equally often in each block"
)
MIXED = say("in one time block the sides differ, and in another one the other way round")


def few(a: Group, b: Group, least: int) -> Said | None:
    """Say which side has fewer than `least` sessions; None where none has."""
    short = [side for side in (a, b) if side.n < least]
    if not short:
        return None
    if len(short) == 1:
        return say(
            "too few sessions: {side} has {n}, and each side needs {least}",
            side=short[0].name,
            n=_number(short[0]),
            least=least,
        )
    return say(
        "too few sessions: {a} has {n_a}, {b} has {n_b}, and each side needs {least}",
        a=a.name,
        n_a=_number(a),
        b=b.name,
        n_b=_number(b),
        least=least,
    )


def _number(side: Group) -> object:
    if not side.out:
        return side.n
    return say("{n} ({out} more are left out)", n=side.n, out=side.out)


def false_starts(side: Group) -> Said:
    """Say that sessions without an exchange are what keeps a row from its verdict."""
    return say(
        "in {empty} of {n} sessions of {side} nothing could be read: if they are false starts, move"
        " captures/<id> out and run `evenhand analyze`; if not, it may have been sent there unread",
        empty=len(side.empty),
        n=side.n,
        side=side.name,
    )


def may_hide(side: Group, hidden: frozenset[str], unsearched: frozenset[str], then: Said) -> Said:
    """Say in how many sessions of `side` it may be hidden; `then` is what comes of it."""
    told = {
        "side": side.name,
        "of": side.n,
        "unplanted": len(hidden & unsearched),
        "unread": len(hidden - unsearched),
        "then": then,
    }
    if not hidden & unsearched:
        return say(
            "in {unread} of {of} sessions of {side} it may have been sent where it could not be"
            " read; {then}",
            **told,
        )
    if not hidden - unsearched:
        return say(
            "in {unplanted} of {of} sessions of {side} the phone had no planted value of this"
            " type, so that it may have been sent and not been recognised; {then}",
            **told,
        )
    return say(
        "in {unplanted} of {of} sessions of {side} the phone had no planted value of this type,"
        " so that it may have been sent and not been recognised, and in {unread} of {of} it may"
        " have been sent where it could not be read; {then}",
        **told,
    )


def too_late(more: Group, fewer: Group) -> Said:
    """Say that what was seen on one side came when sessions of the other had ended."""
    return say(
        "in sessions of {more} it was first seen later than sessions of {fewer} were recorded for,"
        " or than their phase lasted: {fewer} may only have had no time to show it; record both"
        " sides equally long",
        more=more.name,
        fewer=fewer.name,
    )
