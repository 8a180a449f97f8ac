"""What an audit leaves out because it is no evidence, or none of its arm, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from analyzer.feed.audit_material import Material
from analyzer.feed.audit_records import Caution
from analyzer.said import say, say_many

_NAMED: Final = 6  # accounts or sessions that a sentence names
CODES: Final = Caution(
    "codes_changed",
    say("The codes are not those that the custody log knows; none of them counts."),
)


def left_out(material: Material) -> Iterator[Caution]:
    """Yield a caution for each kind of sessions that do not count, or that count all the same."""
    yield from _evidence(material)
    yield from _places(material)


def some(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first of `names`, and how many there are beyond."""
    every = list(names)
    more = len(every) - _NAMED
    return (
        (*every[:_NAMED], say_many("{number} more", "{number} more", more))
        if more > 0
        else tuple(every)
    )


def _evidence(material: Material) -> Iterator[Caution]:
    """Tell of sessions that were changed or are missing."""
    if material.broken:
        yield Caution(
            "broken_seal",
            say(
                "Sessions that are not as they were recorded are left out: {sessions}.",
                sessions=some(name for name, _ in material.broken),
            ),
        )
    if material.unlogged:
        yield Caution(
            "unlogged",
            say(
                "The custody log does not know all that these logs hold; it counts all the same:"
                " {logs}.",
                logs=some(material.unlogged),
            ),
        )
    if material.order.told:
        yield Caution(
            "order",
            say(
                "For these accounts the clock puts the sessions into another order than the custody"
                " log, which counts: {accounts}.",
                accounts=some(material.order.told),
            ),
        )
    if material.order.unknown:
        yield Caution(
            "order",
            say(
                "These accounts are left out, as nothing says in which order their sessions were"
                " recorded: {accounts}.",
                accounts=some(material.order.unknown),
            ),
        )
    if material.order.cut:
        yield Caution(
            "cut_short",
            say(
                "Sessions of these accounts are missing or left out; what came later does not"
                " count: {accounts}.",
                accounts=some(material.order.cut),
            ),
        )


def _places(material: Material) -> Iterator[Caution]:
    """Tell of sessions that were recorded elsewhere, and of those nobody knows where."""
    if material.away:
        yield Caution(
            "elsewhere",
            say(
                "Sessions that are left out because they were recorded in another country:"
                " {number} ({reasons}).",
                number=len(material.away),
                reasons=some(dict.fromkeys(why for _, why in material.away)),
            ),
        )
    sessions = list(material.recorded())
    failed = [each.misplaced for each in sessions if each.misplaced]
    known = [why for gate, why in failed if gate == "mislocated"]
    if known:
        yield Caution(
            "elsewhere",
            say(
                "Sessions that were recorded in another country count all the same: {number} of"
                " {of} ({reasons}). The study says: {reason}",
                number=len(known),
                of=len(sessions),
                reasons=some(dict.fromkeys(known)),
                reason=material.waived.get("mislocated", ""),
            ),
        )
    if unproven := len(failed) - len(known):
        reason = material.waived.get("region", "")
        yield Caution(
            "region",
            say(
                "For {number} of {of} sessions nothing proves that the phone was in the country of"
                " its account. The study says: {reason}",
                number=unproven,
                of=len(sessions),
                reason=reason,
            )
            if reason
            else say(
                "For {number} of {of} sessions nothing proves that the phone was in the country of"
                " its account: a feed depends on where it is asked for.",
                number=unproven,
                of=len(sessions),
            ),
        )
