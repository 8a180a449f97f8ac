"""Two simulated coders and a third person: codes of a simulated study, with declared errors."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from analyzer.feed.codebook import study_codebook
from analyzer.feed.coding.codes import load_codes, record
from analyzer.feed.coding.ledger import Entry, add
from analyzer.feed.store import load_items
from analyzer.simulation.feed_items import category_of
from analyzer.study import load_study

CODERS: Final = ("ada", "ben")
THIRD: Final = "cam"


def simulate_codes(root: Path, seed: int = 1, error: float = 0.0) -> int:
    """Code each item that the study `root` was shown, and return how many items that are.

    Each of the two coders errs in a share `error` of the items, each for herself, and then chooses
    any other category; the third person, who decides where they disagree, errs as often. Items
    without a text are unclear to all. `feed/items` must be there (`store.update`).
    """
    codebook = study_codebook(root)
    [unclear] = codebook.unclear
    clear = [key for key in codebook.keys if key not in codebook.unclear]
    true = {key: category_of(native) if text else unclear for key, native, text in _shown(root)}
    chance = np.random.default_rng(seed)

    def seen(item: str) -> str:
        category = true[item]
        if category == unclear or chance.random() >= error:
            return category
        others = [each for each in clear if each != category]
        return others[int(chance.integers(len(others)))]

    for coder in CODERS:
        record(root, coder, {item: seen(item) for item in sorted(true)}, codebook)
    codes = load_codes(root, codebook)
    decided = [
        Entry(THIRD, item, seen(item), codebook.version, "adjudicated", codes.of(item))
        for item in codes.open()
    ]
    add(root, decided)
    return len(true)


def _shown(root: Path) -> set[tuple[str, str, str]]:
    """Return (key, native id, text) of each item that was on a screen."""
    return {
        (row["item_key"], row["native"], row["text"] or "")
        for batch in load_items(load_study(root))
        for row in batch.select(["item_key", "native", "text", "state"]).to_pylist()
        if row["state"] == "shown"
    }
