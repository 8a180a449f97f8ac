"""What keeps rows of an audit from a verdict, beside what the measures themselves look at.

How the accounts were recorded, and by whom their items were coded: what differs there between two
groups of accounts could be what makes the difference. Region and times are the gates of `diff`, and
a study may do without them as there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.compare.turns import ONE_SIDED, first, in_turns
from analyzer.feed.audit_coders import CodersGate
from analyzer.feed.audit_material import Material
from analyzer.feed.audit_records import ArmName
from analyzer.feed.audit_seen import Seen
from analyzer.feed.audit_sorting import Recorded
from analyzer.feed.measures import FeedRow, Reason
from analyzer.instants import instant

MOST_APART: Final = 0.2  # shares of items by their order alone may differ so much
MOST_GUESSED: Final = 0.5  # and be so large


@dataclass(frozen=True, slots=True)
class _Start:
    """When an account's session began, as `turns` takes it."""

    block: str
    began: float


class Gates:
    """The gates of the rows of one audit."""

    def __init__(
        self,
        material: Material,
        seen: Seen,
        coders: CodersGate,
    ) -> None:
        self._waived = material.waived
        self._sessions: defaultdict[ArmName, list[tuple[str, Sequence[Recorded]]]]
        self._sessions = defaultdict(list)
        for account, side in material.accounts:
            if some := material.sessions.get(account.name):
                self._sessions[side, account.role].append((account.block, some))
        self._coders = coders
        self._ordered = {arm: seen.by_order(arm) for arm in seen.items}
        self._roles = seen.roles

    def reasons(self, row: FeedRow) -> tuple[Reason, ...]:
        """Return what keeps `row` from a verdict."""
        return tuple(self._reasons(row))

    def in_turns(self, left: ArmName, right: ArmName) -> bool:
        """Tell whether two groups of accounts were recorded in turns, or nothing says so."""
        found = self._apart(left, right)
        return found is None or in_turns(found)

    def _reasons(self, row: FeedRow) -> Iterator[Reason]:
        pairs = _pairs(row)
        arms = list(dict.fromkeys(arm for pair in pairs for arm in pair))
        if len({side for side, _ in arms}) > 1 and "region" not in self._waived:
            unproven = sum(
                each.misplaced is not None
                for arm in arms
                for _, some in self._sessions[arm]
                for each in some
            )
            if unproven:
                yield Reason("region", unproven, 0)
        if "times" not in self._waived:
            apart = [found for pair in pairs if (found := self._apart(*pair)) is not None]
            most = max((max(each, 1 - each) for each in apart), default=0.5)
            if not in_turns(most):
                yield Reason("times", most, ONE_SIDED)
        told = [self._ordered.get(arm, 0.0) for arm in arms]
        if max(told) - min(told) > MOST_APART:
            yield Reason("by_order", max(told) - min(told), MOST_APART)
        if max(told) > MOST_GUESSED:
            yield Reason("guessed", max(told), MOST_GUESSED)
        yield from self._roles.reasons(arms)
        yield from self._coders.reasons(row, pairs)

    def _apart(self, left: ArmName, right: ArmName) -> float | None:
        """Return in which share of the pairs of accounts that of `left` is first, the worst.

        Their first sessions are compared, their second ones, and so on, as long as half of the
        accounts of either have one.
        """
        ours, theirs = self._sessions.get(left, []), self._sessions.get(right, [])
        found: list[float] = []
        for number in range(max((len(some) for _, some in (*ours, *theirs)), default=0)):
            starts = [_starts(arm, number) for arm in (ours, theirs)]
            if any(2 * len(some) < len(arm) for some, arm in zip(starts, (ours, theirs),
                                                                 strict=True)):  # fmt: skip
                break
            share = first(*starts)
            if share is not None:
                found.append(share)
        return max(found, key=lambda share: abs(share - 0.5), default=None)


def _pairs(row: FeedRow) -> list[tuple[ArmName, ArmName]]:
    """Return which groups of accounts `row` compares; of an amplification, all of both sides."""
    left, right = _arm(row.left), _arm(row.right)
    if row.measure != "amplification":
        return [(left, right)]
    controls: list[ArmName] = [(left[0], "control"), (right[0], "control")]
    return [(left, right), (left, controls[0]), (right, controls[1]), (controls[0], controls[1])]


def _arm(name: str) -> ArmName:
    side, _, role = name.rpartition(" ")
    return side, role


def _starts(arm: Sequence[tuple[str, Sequence[Recorded]]], number: int) -> list[_Start]:
    return [
        _Start(block, instant(some[number].session.started))
        for block, some in arm
        if number < len(some)
    ]
