"""How often triage was right on what people have coded in a study."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.material import Piece
from analyzer.feed.triage import Triage
from analyzer.statistics.intervals import wilson


class Found(msgspec.Struct, frozen=True):
    """`hits` of `of` with the share and its 95% interval (Wilson); None of nothing."""

    hits: int
    of: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


class Triaged(msgspec.Struct, frozen=True):
    """Of "harmful or not": what it suggested and people confirm, what people found and it did."""

    precision: Found
    recall: Found


def triaged(final: Mapping[str, str], pieces: Mapping[str, Piece], codebook: Codebook) -> Triaged:
    """Return how often triage was right on the items with a `final` category that tells."""
    triage = Triage(codebook)
    suggested = harmful = both = 0
    for key, category in final.items():
        piece = pieces.get(key)
        if piece is None or category in codebook.unclear:
            continue
        # Without the language: a platform's guess of it is often wrong, and triage does as well.
        hint = triage.suggest(piece.text, piece.hashtags)
        is_harmful = category in codebook.harmful
        hinted = hint is not None and hint.category in codebook.harmful
        suggested += hinted
        harmful += is_harmful
        both += hinted and is_harmful
    return Triaged(_found(both, suggested), _found(both, harmful))


def _found(hits: int, of: int) -> Found:
    if not of:
        return Found(hits, of)
    low, high = wilson(hits / of, of)
    return Found(hits, of, hits / of, low, high)
