"""What the coding page works on: the next item of a coder, what she chooses, and when she rests."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from analyzer.errors import UserError
from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.codes import decide, load_codes, record, write_codes
from analyzer.feed.coding.material import Piece, study_pieces
from analyzer.feed.coding.plan import known_as, load_plan

PAUSE_AFTER: Final = 20  # harmful items between two rests
REST: Final = 60.0  # seconds

What = Literal["notice", "item", "rest", "finished"]


@dataclass(frozen=True, slots=True)
class Now:
    """What the page shows. `chosen`: to be decided between these categories; () while coding."""

    what: What
    done: int
    all: int
    piece: Piece | None = None
    chosen: tuple[str, ...] = ()
    undo: bool = False
    rest_s: int = 0


class Desk:
    """One person at work, for several threads. Everything is stored at once, item by item.

    `adjudicate`: not coding, but deciding on what coders disagree on; with `consensus` as one of
    them, for all. `UserError` where nothing was given out, or the coder is not known.
    """

    def __init__(
        self,
        root: Path,
        codebook: Codebook,
        coder: str,
        *,
        adjudicate: bool = False,
        consensus: bool = False,
        pause_after: int = PAUSE_AFTER,
        rest_s: float = REST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        plan = load_plan(root, codebook.version)
        coder = known_as(coder, plan.coders)
        if not adjudicate and coder not in plan.coders:
            raise UserError(
                f"no items were given to {coder!r}", f"use one of {', '.join(plan.coders)}"
            )
        self.codebook = codebook
        self.adjudicate = adjudicate
        self.pause_after = pause_after
        self._root = root
        self._coder = coder
        self._consensus = consensus
        self._rest_s = rest_s
        self._clock = clock
        self._pieces = study_pieces(root)
        order = plan.order(coder, every=adjudicate)
        self._order = [item for item in order if item in self._pieces]
        self._lock = threading.Lock()
        self._begun = False
        self._harmful = 0  # since the last rest
        self._until = 0.0  # the end of the rest
        self._resting = False
        self._last: list[str] = []  # what was chosen here, for undoing

    def now(self) -> Now:
        """Return what the page shows."""
        with self._lock:
            return self._now()

    def begin(self) -> None:
        """The notice was read."""
        with self._lock:
            self._begun = True

    def choose(self, item: str, category: str) -> None:
        """Give `item` a category. Of an item that is not on the page any more: nothing happens.

        `UserError` where the category is none.
        """
        with self._lock:
            if category not in self.codebook.keys:
                raise UserError(f"no category {category!r}", "use one of the page's buttons")
            now = self._now()
            if now.piece is None or now.piece.key != item:
                return  # pressed twice, or in two windows
            self._give(item, category)
            self._last.append(item)
            if category in self.codebook.harmful:
                self._harmful += 1
            if self.pause_after and self._harmful >= self.pause_after:
                self._resting = True
                self._until = self._clock() + self._rest_s

    def undo(self) -> None:
        """Take back what was chosen last, here; the item comes again."""
        with self._lock:
            if self._last:
                self._give(self._last.pop(), "")

    def go_on(self) -> None:
        """End the rest, if it has lasted long enough."""
        with self._lock:
            if self._clock() >= self._until:
                self._resting = False
                self._harmful = 0

    def _give(self, item: str, category: str) -> None:
        if self.adjudicate:
            decide(
                self._root, self._coder, item, category, self.codebook, consensus=self._consensus
            )
        else:
            record(self._root, self._coder, {item: category}, self.codebook, "page")
        write_codes(self._root)

    def _now(self) -> Now:
        codes = load_codes(self._root, self.codebook)
        if self.adjudicate:
            disputed, waiting = codes.disagreements(), set(codes.open())
            order = [item for item in self._order if item in disputed]
            undone = [item for item in order if item in waiting]
        else:
            given = codes.by_coder.get(self._coder, {})
            order = self._order
            undone = [item for item in order if item not in given]
        done, every = len(order) - len(undone), len(order)
        if not self._begun:
            return Now("notice", done, every)
        if self._resting:
            left = max(0.0, self._until - self._clock())
            return Now("rest", done, every, undo=bool(self._last), rest_s=int(left + 0.999))
        if not undone:
            return Now("finished", done, every, undo=bool(self._last))
        item = undone[0]  # in the coder's order: what was taken back comes first again
        chosen = _blind(item, [code for _, code in codes.of(item)]) if self.adjudicate else ()
        return Now("item", done, every, self._pieces[item], chosen, bool(self._last))


def _blind(item: str, categories: Sequence[str]) -> tuple[str, ...]:
    """Return the categories that coders chose, in an order that does not tell who chose which."""
    kept = sorted(set(categories), key=lambda key: hashlib.sha256(f"{item}{key}".encode()).digest())
    return tuple(kept)
