"""`feed/coding/plan.json`: which items are coded, by whom, in which order.

Who codes an item is drawn by its key, whoever was shown it: coders of one country each would make
a difference of countries out of one between people. Where not all coders code all, a share of the
items goes to all of them nevertheless, so that it is known how well any two agree.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from analyzer.errors import UserError
from analyzer.feed.coding.ledger import FOLDER, coding_folder
from analyzer.feed.coding.material import FEED

PLAN: Final = "plan.json"
FOR_ALL: Final = 0.1  # of the items, where each goes to some coders only
CODER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`items` in order of keys; `codebook` is the version that they are coded by.

    `each`: how many coders an item goes to; 0: all.
    """

    seed: int
    codebook: str
    coders: tuple[str, ...]
    items: tuple[str, ...]
    each: int = 0

    def coders_of(self, item: str) -> tuple[str, ...]:
        """Return who codes `item`. Another coder takes a part of each of the others' items."""
        if not self.each or self.each >= len(self.coders):
            return self.coders
        if self._drawn(item) < int(FOR_ALL * 2**32):
            return self.coders
        ranked = sorted(self.coders, key=lambda coder: (self._drawn(f"{item}/{coder}"), coder))
        return tuple(ranked[: self.each])

    def _drawn(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{what}".encode()).digest()[:4])

    def order(self, coder: str, *, every: bool = False) -> list[str]:
        """Return the items of `coder` in her order: shuffled, for each coder in another way.

        `every`: also those that went to others, for whoever decides. Whoever gets tired gets tired
        of other items than the other one, and of all sides alike.
        """
        shuffled = [item for item in self.items if every or coder in self.coders_of(item)]
        random.Random(f"{self.seed}/{coder}").shuffle(shuffled)  # noqa: S311
        return shuffled


def drawn(keys: Iterable[str], seed: int, count: int | None) -> tuple[str, ...]:
    """Return `count` of `keys` drawn at random by `seed` (None: all), in order."""
    ordered = sorted(keys)
    if count is None or count >= len(ordered):
        return tuple(ordered)
    return tuple(sorted(random.Random(seed).sample(ordered, count)))  # noqa: S311


def planned(
    before: Plan | None,
    keys: Iterable[str],
    coders: Sequence[str],
    seed: int,
    codebook: str,
    each: int | None = None,
) -> Plan:
    """Return the plan for `keys` and `coders`; what was planned `before` stays in it.

    `each`: how many coders an item goes to (0: all); None: as many as before.
    """
    known = list(before.coders) if before else []
    for coder in coders:
        check_coder(coder)
        if (other := known_as(coder, known)) != coder and other in known:
            raise UserError(f"{coder} and {other} look like one person", f"write it so: {other}")
        known.append(coder)
    kept = before if before is not None and before.codebook == codebook else None
    names = dict.fromkeys([*(before.coders if before else ()), *coders])
    items = {*(kept.items if kept else ()), *keys}
    if each is None:
        each = before.each if before else 0
    return Plan(kept.seed if kept else seed, codebook, tuple(names), tuple(sorted(items)), each)


def check_coder(name: str) -> None:
    """Raise `UserError` where `name` cannot be a coder's."""
    if not CODER.fullmatch(name):
        raise UserError(f"{name!r} is no name of a coder", "use letters, digits, dot, dash: anna")


def known_as(name: str, coders: Iterable[str]) -> str:
    """Return how `coders` write `name`, whatever its case and the space around it; else `name`.

    >>> known_as(" Ada ", ["ada", "ben"])
    'ada'
    """
    plain = name.strip()
    return next((each for each in coders if each.casefold() == plain.casefold()), plain)


def write_plan(root: Path, plan: Plan) -> None:
    """Store `plan`; what was there stays until all is written."""
    path = coding_folder(root) / PLAN
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
    part.replace(path)


def plan_or_none(root: Path) -> Plan | None:
    """Return the plan of the study `root`; None where there is none yet."""
    path = root / FEED / FOLDER / PLAN
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError):
        raise UserError(f"{path} cannot be read", "export the sheets again") from None


def load_plan(root: Path, codebook: str) -> Plan:
    """Return the plan of the study `root`; `UserError` where there is none for this codebook."""
    plan = plan_or_none(root)
    if plan is None:
        raise UserError("nothing is being coded yet", "run `evenhand feed code export` first")
    if plan.codebook != codebook:
        raise UserError(
            f"the items were given out by codebook {plan.codebook}, and it is {codebook} now",
            "put the codebook back, or export again: what was coded by the other does not count",
        )
    return plan
