"""Whether accounts watched as their roles say: an interest shows in what is watched longer.

A role is what the study declares; nothing else in an audit says that anybody kept to it. Where
nobody did, an amplification is of something else than its words say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from scipy import stats

from analyzer.feed.audit_records import ArmName
from analyzer.feed.measures import Reason
from analyzer.feed.protocol import Account, Protocol

MOST_UNKEPT: Final = 0.2  # share of the accounts of an arm that may watch otherwise than their role
_LEAST: Final = 20  # items of either kind without which nothing is said of an account
_P: Final = 0.001  # that a control's watching is chance
_APART: Final = 0.2  # by which a control has to engage with more of what is measured
_LONGER: Final = 1.5  # and how many times as long it has to watch it
_Seen: TypeAlias = npt.NDArray[np.float64]  # a row for each item: matches, engaged, seconds
_ALIKE: Final = 1.1  # times as long is no longer, of an account with an interest


class Roles:
    """Counts how accounts watched what matches their interest, or is measured, and the rest.

    `categories`: of the items with a category that counts, by their keys.
    """

    def __init__(
        self,
        accounts: Sequence[tuple[Account, str]],
        protocol: Protocol,
        categories: Mapping[str, str],
    ) -> None:
        self._coded = pa.array(list(categories), pa.string())
        self._category = pa.array(list(categories.values()), pa.string())
        self._arms: defaultdict[ArmName, list[str]] = defaultdict(list)
        self._matching: dict[str, Any] = {}
        for account, side in accounts:
            # Interests of words alone say nothing about categories.
            looked = (
                protocol.interests[account.interest].categories
                if account.role == "seeded"
                else protocol.positive
            )
            if account.role != "observed" and looked:
                self._matching[account.name] = pa.array(sorted(looked), pa.string())
            self._arms[side, account.role].append(account.name)
        self._watched: defaultdict[str, list[_Seen]] = defaultdict(list)

    def look(self, shown: Any) -> None:
        """Take in a batch of what one account was shown."""
        name = shown.column("account")[0].as_py()
        if name not in self._matching:
            return
        place = pc.index_in(shown.column("item_key"), self._coded)
        known = pc.and_(pc.is_valid(place), pc.is_valid(shown.column("watch_s")))
        mine = shown.filter(known)
        if mine.num_rows:
            category = self._category.take(place.filter(known))
            matches = pc.is_in(category, self._matching[name])
            self._watched[name].append(
                np.column_stack(
                    [
                        matches.to_numpy(zero_copy_only=False),
                        pc.fill_null(mine.column("engaged"), False).to_numpy(zero_copy_only=False),
                        mine.column("watch_s").to_numpy(zero_copy_only=False),
                    ]
                ).astype(np.float64)
            )

    @property
    def unkept(self) -> list[str]:
        """The accounts that did not watch as their role says; to be asked when all was seen."""
        return [name for unkept, _ in self._found.values() for name in unkept]

    def reasons(self, arms: Sequence[ArmName]) -> Iterator[Reason]:
        """Yield why a row that compares `arms` has no verdict, where that is so."""
        found = [self._found[arm] for arm in arms if arm in self._found]
        share = max((len(unkept) / len(judged) for unkept, judged in found), default=0.0)
        if share > MOST_UNKEPT:
            yield Reason("role_not_kept", share, MOST_UNKEPT)

    @cached_property
    def _found(self) -> dict[ArmName, tuple[list[str], list[str]]]:
        """The accounts of each arm that did not keep to their role, and those that were judged.

        Each is judged, or all of them as one where none has watched enough by itself.
        """
        found: dict[ArmName, tuple[list[str], list[str]]] = {}
        for arm, names in self._arms.items():
            watched = {
                name: np.concatenate(self._watched[name]) for name in names if name in self._watched
            }
            judged = [name for name, seen in watched.items() if _are_enough(seen)]
            if judged:
                unkept = [name for name in judged if _is_unkept(arm[1], watched[name])]
                found[arm] = unkept, judged
            elif watched:
                every = list(watched)
                alike = _is_unkept(arm[1], np.concatenate(list(watched.values())))
                found[arm] = every if alike else [], every
        return found


def _are_enough(seen: _Seen) -> bool:
    matching = int(seen[:, 0].sum())
    return min(matching, len(seen) - matching) >= _LEAST


def _is_unkept(role: str, seen: _Seen) -> bool:
    if not _are_enough(seen):
        return False
    matching = seen[:, 0] > 0
    ours, others = seen[matching], seen[~matching]
    engaged = ours[:, 1].mean(), others[:, 1].mean()
    watched = float(np.median(ours[:, 2])), float(np.median(others[:, 2]))
    if role == "seeded":
        return bool(engaged[0] <= engaged[1] and watched[0] <= _ALIKE * watched[1])
    if engaged[0] < engaged[1] + _APART or watched[0] < _LONGER * watched[1]:
        return False  # longer or shorter items alone do not make an interest
    table = np.array([[part[:, 1].sum(), (1 - part[:, 1]).sum()] for part in (ours, others)])
    return bool(stats.fisher_exact(table, alternative="greater")[1] < _P)
