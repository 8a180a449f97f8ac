"""In which order the sessions of each account were recorded, and up to where they are all there.

What a feed shows depends on all that an account was shown before: feed time runs over its sessions
in their order, and ends with the first that is missing or cannot count. The order is that in which
the custody log tells of them; a clock can be wrong. Without a log it is that of the clock, unless
the numbers of the recordings contradict it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.custody import log
from analyzer.instants import instant
from analyzer.models import Session


@dataclass(frozen=True, slots=True)
class Order:
    """The sessions of each account that count, in order; and the accounts in which it matters."""

    sessions: Mapping[str, tuple[str, ...]]
    told: tuple[str, ...]  # the log has another order than the clock
    unknown: tuple[str, ...]  # nobody knows the order: they are left out
    cut: tuple[str, ...]  # what came later does not count


@dataclass(frozen=True, slots=True)
class _Mark:
    """A session of an account, there or missing. `number`: its line in the custody log."""

    session: str
    began: float | None
    repeat: int
    number: int | None
    counts: bool


def ordered(
    root: Path, counted: Iterable[Session], others: Iterable[Session], there: Collection[str]
) -> Order:
    """Put the sessions of the accounts of the study `root` into their order.

    `counted` are those that would count, `others` those of an account that do not and in which it
    may have been shown something. `there`: the names of all that are in the captures.
    """
    recorded, lost = _logged(root, there)
    marks: defaultdict[str, list[_Mark]] = defaultdict(list)
    for counts, some in ((True, counted), (False, others)):
        for each in some:
            # Imports are logged as they are brought in.
            number = recorded.get(each.id) if each.origin == "proxy" else None
            began = instant(each.started)
            marks[each.account].append(_Mark(each.id, began, each.repeat, number, counts))
    sessions: dict[str, tuple[str, ...]] = {}
    told, unknown, cut = [], [], []
    for account, mine in marks.items():
        mine += [_Mark(name, None, 0, number, False) for name, number in lost.get(account, ())]
        put = _put(mine)
        if put is None:
            unknown.append(account)
            continue
        clock = [each.began for each in put if each.began is not None]
        if clock != sorted(clock):
            told.append(account)
        whole = next((place for place, each in enumerate(put) if not each.counts), len(put))
        if any(each.counts for each in put[whole:]):
            cut.append(account)
        sessions[account] = tuple(each.session for each in put[:whole])
    return Order(sessions, tuple(told), tuple(unknown), tuple(cut))


def _put(marks: list[_Mark]) -> list[_Mark] | None:
    """Return the sessions of one account in their order; None where nobody knows it."""
    if all(each.number is not None for each in marks):
        return sorted(marks, key=lambda each: each.number or 0)
    if any(each.began is None for each in marks):
        return None
    clock = sorted(marks, key=lambda each: (each.began or 0.0, each.session))
    repeats = [each.repeat for each in clock]
    return clock if repeats == sorted(repeats) else None


def _logged(
    root: Path, there: Collection[str]
) -> tuple[dict[str, int], dict[str, list[tuple[str, int]]]]:
    """Return the line that tells of each recording, and by account the recordings that are gone.

    One in which nothing was recorded, a false start, is not missed.
    """
    recorded: dict[str, int] = {}
    whose: dict[str, str] = {}
    empty: set[str] = set()
    for line in log.read(root).entries:
        session = str(line.details.get("session", ""))
        if line.what == "recorded":
            recorded.setdefault(session, line.number)
            whose[session] = str(line.details.get("account", ""))
        elif line.what == "sealed" and line.details.get("exchanges") == 0:
            empty.add(session)
    lost: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for session, account in whose.items():
        if account and session not in there and session not in empty:
            lost[account].append((session, recorded[session]))
    return recorded, lost
