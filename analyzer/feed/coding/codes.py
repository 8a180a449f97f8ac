"""What the log amounts to: codes by coder, disagreements, decisions, final codes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.errors import UserError
from analyzer.feed.codebook import Codebook, study_codebook
from analyzer.feed.coding.ledger import Entry, How, add, read
from analyzer.feed.coding.material import FEED
from analyzer.feed.coding.plan import Plan, check_coder, known_as
from analyzer.feed.kept import private

CODES: Final = "codes.parquet"
DECIDED: Final = frozenset({"adjudicated", "consensus"})
Settled = Literal["agreed", "adjudicated", "consensus"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """The category of an item and what settled it."""

    category: str
    how: Settled
    coders: int


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one version of the codebook. `others`: lines of the log by other versions."""

    by_coder: Mapping[str, Mapping[str, str]]  # coder -> item -> category
    decisions: Mapping[str, Entry]  # item -> the last one
    others: int

    def of(self, item: str) -> tuple[tuple[str, str], ...]:
        """Return (coder, category) of who coded `item`, by coder."""
        return tuple(
            (coder, given[item]) for coder, given in sorted(self.by_coder.items()) if item in given
        )

    def items(self) -> Iterator[str]:
        """Yield each item that somebody has coded, in order of keys."""
        yield from sorted({item for given in self.by_coder.values() for item in given})

    def open(self) -> list[str]:
        """Return the items on which coders disagree and nobody has decided."""
        return [item for item in self.items() if self._disagreed(item) and not self.decided(item)]

    def disagreements(self) -> list[str]:
        """Return the items on which coders disagree, decided or not."""
        return [item for item in self.items() if self._disagreed(item)]

    def settled(self) -> dict[str, Settlement]:
        """Return the items that two or more coders agree on, or that were decided."""
        found = {}
        for item in self.items():
            given = self.of(item)
            if len(given) > 1 and not self._disagreed(item):
                found[item] = Settlement(given[0][1], "agreed", len(given))
            elif (entry := self.decided(item)) is not None:
                how: Settled = "consensus" if entry.how == "consensus" else "adjudicated"
                found[item] = Settlement(entry.category, how, len(given))
        return found

    def may_reopen(self, plan: Plan, coders: Iterable[str]) -> int:
        """Return how many settled items one of `coders` is to code and has not coded yet."""
        lacking = {
            item
            for coder in coders
            for item in plan.order(coder)
            if item not in self.by_coder.get(coder, {})
        }
        return len(lacking & self.settled().keys())

    def reopened(self, before: Codes) -> int:
        """Return how many items that were settled `before` are not any more."""
        return len(before.settled().keys() - self.settled().keys())

    def _disagreed(self, item: str) -> bool:
        return len({category for _, category in self.of(item)}) > 1

    def decided(self, item: str) -> Entry | None:
        """Return the decision on `item`; none where the codes that it saw have changed since."""
        entry = self.decisions.get(item)
        return entry if entry is not None and entry.seen == self.of(item) else None


def tally(entries: Iterable[Entry], version: str) -> Codes:
    """Return what `entries`, in their order, amount to for the codebook `version`."""
    by_coder: dict[str, dict[str, str]] = {}
    decisions: dict[str, Entry] = {}
    others = 0
    for each in entries:
        if each.codebook != version:
            others += 1
        elif each.how in DECIDED:
            decisions[each.item] = each
        elif each.category:
            by_coder.setdefault(each.by, {})[each.item] = each.category
        else:
            by_coder.get(each.by, {}).pop(each.item, None)
    return Codes(
        by_coder, {item: each for item, each in decisions.items() if each.category}, others
    )


def load_codes(root: Path, codebook: Codebook | None = None) -> Codes:
    """Return the codes of the study `root` by its codebook."""
    return tally(read(root), (codebook or study_codebook(root)).version)


def record(
    root: Path, coder: str, given: Mapping[str, str], codebook: Codebook, how: How = "sheet"
) -> int:
    """Add the codes (item -> category) of `coder` that are new or changed; return how many."""
    before = load_codes(root, codebook).by_coder.get(coder, {})
    new = [
        Entry(coder, item, category, codebook.version, how)
        for item, category in given.items()
        if before.get(item, "") != category
    ]
    add(root, new)
    return len(new)


def decide(
    root: Path, by: str, item: str, category: str, codebook: Codebook, *, consensus: bool = False
) -> Entry | None:
    """Add the decision of `by` on an item that coders disagree on; return the one that it replaces.

    A third person decides; with `consensus` the coders themselves do, together. `UserError` where
    there is nothing to decide, or `by` is one of its coders, in whatever case the name is written.
    `category` "" takes a decision back.
    """
    codes = load_codes(root, codebook)
    seen = codes.of(item)
    if category and category not in codebook.keys:
        raise UserError(f"no category {category!r}", f"use one of {', '.join(codebook.keys)}")
    if item not in codes.disagreements():
        raise UserError(
            f"coders do not disagree on {item[:32]!r}", "`evenhand feed code adjudicate` lists them"
        )
    by = known_as(by, (coder for coder, _ in seen))
    check_coder(by)
    if by in dict(seen) and not consensus:
        raise UserError(
            f"{by} has coded this item", "let a third person decide, or say --consensus"
        )
    how: How = "consensus" if consensus else "adjudicated"
    add(root, [Entry(by, item, category, codebook.version, how, seen)])
    return codes.decided(item)


def final_codes(root: Path) -> dict[str, str]:
    """Return the final category of each settled item of the study `root`, by `Item.key`."""
    return {item: each.category for item, each in load_codes(root).settled().items()}


def write_codes(root: Path) -> Path:
    """Write the final codes to `feed/codes.parquet` (mode 0600) and return its path.

    Columns: item_key, category, harmful, how, coders, codebook; ordered by item_key.
    """
    codebook = study_codebook(root)
    settled = load_codes(root, codebook).settled()
    table = pa.table(
        {
            "item_key": pa.array(settled, pa.string()),
            "category": pa.array([each.category for each in settled.values()], pa.string()),
            "harmful": pa.array(
                [e.category in codebook.harmful for e in settled.values()], pa.bool_()
            ),
            "how": pa.array([each.how for each in settled.values()], pa.string()),
            "coders": pa.array([each.coders for each in settled.values()], pa.int32()),
            "codebook": pa.array([codebook.version] * len(settled), pa.string()),
        }
    )
    path = root / FEED / CODES
    part = path.with_suffix(".part")
    try:
        with private(part) as file:
            pq.write_table(table, file)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return path
