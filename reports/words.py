"""The words that every form of report uses for the same thing."""

from __future__ import annotations

from analyzer.comparison import Comparison, Recipient
from analyzer.models import Count, Delta

MARKS = {
    "only_a": "-",
    "more_a": "<",
    "same": "=",
    "more_b": ">",
    "only_b": "+",
    "insufficient": "?",
}
STATES = {
    "protective": "protects the child",
    "non_protective": "does not protect the child",
    "no_signal": "is there, but says nothing",
    "contradictory": "contradicts what else is sent",
}
DIFFERENT = frozenset({"only_a", "more_a", "more_b", "only_b"})
NOT_KNOWN = "unknown"


def share(count: Count) -> str:
    """Return ``k/n``."""
    return f"{count.k}/{count.n}"


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


def probability(value: float) -> str:
    """Return p or q to three digits, never as a false zero.

    >>> probability(0.00216), probability(0.00004), probability(1)
    ('0.002', '<0.001', '1')
    """
    if value < 0.0005:
        return "<0.001"
    return "1" if value > 0.9995 else f"{value:.3f}"


def subject(delta: Delta) -> str:
    """Return what a row is about: the data type, or the signal with its verdict."""
    return f"{delta.subject} {delta.state}" if delta.state else delta.subject


def verdict(delta: Delta, a: str, b: str) -> str:
    """Return a row's verdict in words; `a` and `b` name the sides. With the reason for none."""
    words = {
        "only_a": f"only {a}",
        "more_a": f"more in {a}",
        "same": "same",
        "more_b": f"more in {b}",
        "only_b": f"only {b}",
        "insufficient": f"insufficient: {delta.reason}",
    }
    enough = f"; {delta.enough} sessions a side could decide it" if delta.enough else ""
    return words[delta.verdict] + enough


def recipient_name(owner: str, sites: tuple[str, ...]) -> str:
    """Return who received something: the owner, else the site it went to."""
    return owner or ", ".join(sites) or NOT_KNOWN


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
