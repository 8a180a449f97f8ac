"""What an audit looks at while it measures: which items were shown, and some of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from analyzer.feed.audit_material import Material
from analyzer.feed.audit_records import ArmName, Example
from analyzer.feed.audit_roles import Roles
from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.codes import Settlement
from analyzer.feed.measures.columns import digest
from analyzer.feed.showing_ids import showing_id

EXAMPLES: Final = 5  # of an arm


class Seen:
    """Looks at what goes by: which items were shown, and some measured ones of each account.

    Those are drawn by the digests of their keys, which nobody can choose.
    """

    def __init__(
        self, settled: Mapping[str, Settlement], positive: frozenset[str], roles: Roles
    ) -> None:
        self._settled = settled
        self.roles = roles
        self._measured = pa.array(
            [key for key, each in settled.items() if each.category in positive], pa.string()
        )
        self._drawn: defaultdict[tuple[str, str, str], dict[int, dict[str, Any]]]
        self._drawn = defaultdict(dict)
        self.items: defaultdict[ArmName, set[str]] = defaultdict(set)
        self._by: defaultdict[ArmName, Counter[str]] = defaultdict(Counter)

    @property
    def shown(self) -> set[str]:
        """All items that were on a screen."""
        return set[str]().union(*self.items.values())

    @property
    def showings(self) -> int:
        """How often something was on a screen."""
        return sum(each.total() for each in self._by.values())

    @property
    def ordered(self) -> int:
        """How often only the order of the answers says so."""
        return sum(each["order"] for each in self._by.values())

    def by_order(self, arm: ArmName) -> float:
        """Return the share of the showings of `arm` of which only the order of answers tells."""
        counted = self._by[arm]
        return counted["order"] / max(1, counted.total())

    def passing(self, some: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches as they come."""
        for batch in some:
            shown = batch.filter(pc.equal(batch.column("state"), "shown"))
            if shown.num_rows:  # a batch is of one account
                arm = (shown.column("side")[0].as_py(), shown.column("role")[0].as_py())
                self.items[arm].update(pc.unique(shown.column("item_key")).to_pylist())
                self._by[arm].update(shown.column("by").to_pylist())
                self.roles.look(shown)
            measured = pc.is_in(shown.column("item_key"), self._measured)
            for row in shown.filter(measured).to_pylist():
                self._draw(row)
            yield batch

    def examples(
        self, material: Material, codebook: Codebook, secret: bytes
    ) -> tuple[Example, ...]:
        """Return `EXAMPLES` of each arm, of as many accounts as there are, in order of feed time.

        No item twice. Their ids are made with the study's `secret`.
        """
        told: list[Example] = []
        used: set[str] = set()
        arms: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for account, side in material.accounts:
            arms[side, account.role].append(account.name)
        for (side, role), names in arms.items():
            rows: list[dict[str, Any]] = []
            for turn in range(EXAMPLES):
                for name in names:
                    drawn = sorted(self._drawn.get((side, role, name), {}).items())
                    if turn < len(drawn) and len(rows) < EXAMPLES:
                        row = drawn[turn][1]
                        if row["item_key"] not in used:
                            used.add(row["item_key"])
                            rows.append(row)
            for row in sorted(rows, key=lambda row: (row["feed_s"], row["account"])):
                told.append(self._example(len(told) + 1, row, codebook, secret))
        return tuple(told)

    def _draw(self, row: dict[str, Any]) -> None:
        if row["ad"] == "formal":  # counts in no share of measured items
            return
        mine = self._drawn[row["side"], row["role"], row["account"]]
        place = digest(row["item_key"])
        if place in mine:
            return
        mine[place] = row
        if len(mine) > EXAMPLES:
            del mine[max(mine)]

    def _example(
        self, number: int, row: dict[str, Any], codebook: Codebook, secret: bytes
    ) -> Example:
        settlement = self._settled[row["item_key"]]
        same = {
            name: row[name]
            for name in (
                "side", "role", "account", "feed_s", "watch_s", "duration_s", "rounds", "engaged",
                "by", "ad",
            )
        }  # fmt: skip
        return Example(
            number=number,
            id=showing_id(secret, row),
            category=settlement.category,
            harmful=settlement.category in codebook.harmful,
            how=settlement.how,
            coders=settlement.coders,
            key=row["item_key"],
            **same,
        )
