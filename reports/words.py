"""The words that every form of report uses for the same thing.

Texts are `Said`: English as they are, and in another language by `Language.tell`. Its numbers are
written by `Language`, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from analyzer.comparison import Comparison, Recipient, SessionRow
from analyzer.knowledge import Knowledge
from analyzer.models import Count, Delta
from analyzer.said import Said, say, say_many

MARKS = {
    "only_a": "-",
    "more_a": "<",
    "same": "=",
    "more_b": ">",
    "only_b": "+",
    "insufficient": "?",
}
# A signal's name often says what it means where it protects ("COPPA applies"), so what is told of
# it is always its value.
_VALUES = {
    "protective": say("a value that protects the child"),
    "non_protective": say("a value that does not protect the child"),
    "no_signal": say("a value that says nothing either way"),
    "contradictory": say("a value that contradicts what else is sent"),
}
# Every output of a study whose app does not exist begins with this.
FICTIONAL = say(
    "An exercise: this app does not exist. Its traffic was made for a demonstration, and nothing"
    " here is about a real app, company or child."
)
OBSERVED_ONLY = say("no public source: observed only")
_METHODS = {
    "rule": say("rule"),
    "planted": say("seeded value"),
    "name": say("name of the key"),
    "shape": say("looks of the value"),
}
GRADES = {
    "S": say("read in the source that is named beside it"),
    "D": say("the vendor's documentation"),
    "R": say("a published client"),
    "O": say("observed"),
    "K": say("general knowledge, checked by nobody"),
}
_GROUPS = {
    "identifiers": say("identifiers"),
    "device": say("device"),
    "behaviour": say("behaviour"),
    "profile": say("person and account"),
    "age_demographics": say("age and demographics"),
    "location_region": say("location and region"),
    "social": say("other people"),
    "ads_inference": say("advertising and inferences"),
}
DIFFERENT = frozenset({"only_a", "more_a", "more_b", "only_b"})
NOT_KNOWN = say("unknown")
FALSE_START = say("if they are false starts, move captures/<id> out and run `evenhand analyze`")


def share(count: Count) -> str:
    """Return ``k/n``."""
    return f"{count.k}/{count.n}"


def percent(part: float) -> str:
    """Return a share (0..1) in percent; 0% and 100% only where it is exactly that.

    >>> percent(1), percent(0.9999), percent(0.5), percent(0.001)
    ('100%', '99.9%', '50%', '0.1%')
    """
    if 0 < part < 1 and not 0.01 <= part < 0.99:
        return f"{min(max(part * 100, 0.1), 99.9):.1f}%"
    return f"{part * 100:.0f}%"


def points(delta_share: float) -> str:
    """Return a difference of shares in percentage points, with its sign.

    >>> points(0.5), points(-1), points(0)
    ('+50', '-100', '0')
    """
    rounded = round(delta_share * 100)
    return f"{rounded:+d}" if rounded else "0"


def interval(low: float, high: float) -> str:
    """Return a 95% interval in percentage points.

    >>> interval(-1, -0.39)
    '[-100, -39]'
    """
    return f"[{points(low)}, {points(high)}]"


def change(effect: float) -> str:
    """Return the difference of a row as the change from side a to side b: more in b is positive.

    >>> change(-1), change(0.5), change(0)
    ('+100', '-50', '0')
    """
    return points(-effect)


def change_interval(low: float, high: float) -> str:
    """Return the interval of a row's difference as that of the change from side a to side b.

    >>> change_interval(-1, -0.39)
    '[+39, +100]'
    """
    return interval(-high, -low)


def probability(value: float) -> str:
    """Return p or q to three digits, never as a false zero.

    >>> probability(0.00216), probability(0.00004), probability(1)
    ('0.002', '<0.001', '1')
    """
    if value < 0.0005:
        return "<0.001"
    return "1" if value > 0.9995 else f"{value:.3f}"


def subject(delta: Delta) -> str:
    """Return what a row is about: the data type, or the signal with its verdict.

    With how likely it is, where it is not certain.
    """
    if delta.confidence < 100:
        return f"{delta.subject} ~{delta.confidence}%"
    return f"{delta.subject} {delta.state}" if delta.state else delta.subject


def state(verdict: str, values: Iterable[str] = ()) -> Said:
    """Return what a signal of this `verdict` is set to; with its `values`, where they are known.

    >>> state("non_protective")
    'set to a value that does not protect the child'
    >>> state("protective", ["1", "true"])
    'set to 1 or true, a value that protects the child'
    """
    shown = list(dict.fromkeys(values))
    if not shown:
        return say("set to {meaning}", meaning=_VALUES[verdict])
    return say("set to {values}, {meaning}", values=one_of(shown), meaning=_VALUES[verdict])


def one_of(items: Sequence[str]) -> str:
    """Return `items` as alternatives.

    >>> one_of(["0"]), one_of(["0", "1", "2"])
    ('0', '0, 1 or 2')
    """
    if len(items) == 1:
        return items[0]
    return say("{some} or {last}", some=tuple(items[:-1]), last=items[-1])


def all_of(items: Sequence[str]) -> str:
    """Return `items` as a list in a sentence.

    >>> all_of(["Kenya"]), all_of(["Kenya", "Brazil"])
    ('Kenya', 'Kenya and Brazil')
    """
    if len(items) == 1:
        return items[0]
    return say("{some} and {last}", some=tuple(items[:-1]), last=items[-1])


def group(name: str) -> str:
    """Return a group of data types in words."""
    return _GROUPS.get(name, name.replace("_", " "))


def verdict(delta: Delta, a: str, b: str) -> Said:
    """Return a row's verdict in words; `a` and `b` name the sides. With the reason for none."""
    words = {
        "only_a": say("only in {side}", side=a),
        "more_a": say("more in {side}", side=a),
        "same": say("same"),
        "more_b": say("more in {side}", side=b),
        "only_b": say("only in {side}", side=b),
        "insufficient": say("insufficient: {reason}", reason=delta.reason),
    }
    told = words[delta.verdict]
    if not delta.enough:
        return told
    return say_many(
        "{verdict}; {number} session a side could decide it",
        "{verdict}; {number} sessions a side could decide it",
        delta.enough,
        verdict=told,
    )


def cause(reason: str) -> str:
    """Return why a row could not be decided, without what is particular to the row.

    A reason that is not known here is returned as it is.
    """
    if reason.startswith("the shares differ"):
        return say("neither a difference nor near enough to each other to be called the same")
    if FALSE_START in reason:
        return say("there are sessions without an exchange: {remedy}", remedy=FALSE_START)
    if "it may have been sent where it could not be read" in reason:
        return say("it may have been sent where it could not be read")
    return reason


def causes(rows: Iterable[Delta]) -> tuple[str, ...]:
    """Return each cause for which one of `rows` could not be decided, in their order."""
    return tuple(dict.fromkeys(cause(row.reason) for row in rows if row.verdict == "insufficient"))


def beyond_adults(delta: Delta) -> bool | None:
    """Tell whether the difference is shown to exceed that between the adult controls.

    None where there are no adult controls on both sides.
    """
    if delta.contrast is None:
        return None
    return delta.contrast.verdict == ("more_a" if delta.effect > 0 else "more_b")


def recipient_name(owner: str, sites: tuple[str, ...]) -> str:
    """Return who received something: the owner, else the site it went to."""
    return owner or ", ".join(sites) or NOT_KNOWN


def country(code: str, knowledge: Knowledge) -> str:
    """Return the name of a country; its code where the knowledge has none."""
    known = knowledge.countries.get(code)
    return known.name if known else code


def session_names(sessions: Iterable[SessionRow]) -> dict[str, str]:
    """Return a short name for each session id: arm and repeat, where these are its own."""
    rows = list(sessions)
    short = [f"{row.arm} r{row.repeat:02d}" for row in rows]
    return {
        row.id: name if short.count(name) == 1 else row.id
        for row, name in zip(rows, short, strict=True)
    }


def by_recipient(comparison: Comparison) -> list[tuple[Recipient, list[Delta]]]:
    """Return each recipient with its rows: third parties first, most differences first."""
    groups: list[tuple[Recipient, list[Delta]]] = []
    for recipient in comparison.recipients:
        rows = [
            delta
            for delta in comparison.deltas
            if (delta.owner, delta.party) == (recipient.owner, recipient.party)
            and set(delta.hosts) <= set(recipient.hosts)
        ]
        if rows:
            groups.append((recipient, rows))
    groups.sort(key=_urgency)
    return groups


def _urgency(group: tuple[Recipient, list[Delta]]) -> tuple[bool, int, str]:
    recipient, rows = group
    different = sum(delta.verdict in DIFFERENT for delta in rows)
    return recipient.party == "first", -different, recipient_name(recipient.owner, recipient.sites)


def method(name: str, confidence: int) -> str:
    """Return by what something was recognised, and how sure that is; "" for a signal.

    >>> method("rule", 100), method("name", 80), method("", 100)
    ('rule', 'name of the key, 80% sure', '')
    """
    told = all_of([_METHODS.get(each, each) for each in name.split(" and ")])
    return told if confidence == 100 else say("{how}, {n}% sure", how=told, n=confidence)


def recognised(deltas: Iterable[Delta]) -> list[tuple[str, int]]:
    """Return by what the rows of data were recognised, and how many by each."""
    found = Counter(name for row in deltas for name in row.methods)
    return [(told, found[name]) for name, told in _METHODS.items() if found[name]]


def spread(smallest: int, median: float, largest: int) -> Said:
    """Return a median and its range.

    >>> spread(2, 3.5, 7), spread(4, 4.0, 4)
    ('3.5 (2 to 7)', '4')
    """
    middle = int(median) if median == int(median) else median
    if smallest == largest:
        return say("{number}", number=middle)
    return say("{middle} ({least} to {most})", middle=middle, least=smallest, most=largest)
