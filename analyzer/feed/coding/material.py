"""What is coded: each item once, as its text. Nothing tells whose feed showed it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.dataset as ds  # type: ignore[import-untyped]

from analyzer.bundle import list_bundles
from analyzer.errors import UserError
from analyzer.feed.records import Item

FEED: Final = "feed"  # the private folder of a study
_ITEMS: Final = "items"  # in it: one file per session
_LONGEST: Final = 4000  # characters of a text
_MOST_TAGS: Final = 64
# Who is spoken to is nobody's business; what follows a letter is an address, not a mention.
_MENTION: Final = re.compile(r"(?<!\w)[@\uff20][\w.]{1,64}")
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """One item as coders see it. `key` is `Item.key`; the texts are cleaned (see `readable`)."""

    key: str
    text: str
    language: str
    hashtags: tuple[str, ...]


def pieces(items: Iterable[Item]) -> dict[str, Piece]:
    """Return each item once by its key; of several texts of one, the longest, then the first."""
    return _unique(
        (each.key, each.text, each.language, [tag.name for tag in each.hashtags]) for each in items
    )


def study_pieces(root: Path) -> dict[str, Piece]:
    """Return what `evenhand feed items` found in the study `root` and was shown there.

    What is left of sessions whose capture is gone is not among it.
    """
    folder = root / FEED / _ITEMS
    there = {path.name for path in list_bundles(root / "captures")}
    files = [str(path) for path in sorted(folder.glob("*.parquet")) if path.stem in there]
    if not files:
        raise UserError("there are no items of a feed yet", "run `evenhand feed items` first")
    columns = ["item_key", "text", "language", "hashtags"]
    stored = ds.dataset(files, format="parquet", exclude_invalid_files=True)
    wanted = ds.field("state") == "shown"
    rows = (
        (row["item_key"], row["text"] or "", row["language"] or "", row["hashtags"] or ())
        for batch in stored.to_batches(columns=columns, filter=wanted)
        for row in batch.to_pylist()
    )
    return _unique(rows)


def readable(text: str) -> str:
    """Return `text` as coders see it: no mentions, no control characters, 4,000 letters at most.

    >>> readable("so tired @someone.else\\u202e")
    'so tired @…'
    """
    masked = _MENTION.sub("@…", _ADDRESS.sub("@…", text[: 2 * _LONGEST]))
    kept = (
        letter
        if letter == "\n" or unicodedata.category(letter) not in _UNSEEN
        else _instead(letter)
        for letter in masked
    )
    return "".join(kept)[:_LONGEST].strip()


# Controls, and those format characters that turn the direction of what follows.
_UNSEEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Cf", "Zl", "Zp"})
_JOINER: Final = "\u200d"  # inside emoji


def _instead(letter: str) -> str:
    if letter == _JOINER:
        return letter
    return " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else ""


def _unique(rows: Iterable[tuple[str, str, str, Iterable[str]]]) -> dict[str, Piece]:
    found: dict[str, Piece] = {}
    for key, text, language, tags in rows:
        before = found.get(key)
        if before is not None and len(before.text) >= len(text):
            continue
        clean = tuple(readable(tag) for tag in list(tags)[:_MOST_TAGS])
        found[key] = Piece(key, readable(text), language, tuple(tag for tag in clean if tag))
    return found


def seen_alike(piece: Piece, told: str) -> bool:
    """Say whether `told` can be the text of `piece` after a spreadsheet had it."""
    letters = _letters(piece.text)
    return not letters or letters == _letters(told)


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text)
    found = "".join(letter for letter in folded if letter.isalnum())
    return "" if found.isdecimal() else found
