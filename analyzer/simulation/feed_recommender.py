"""The recommender of one account, as the app's server runs it: it learns from what was watched."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer.feed.measures import ADS
from analyzer.simulation.feed_accounts import CATEGORIES, POSITIVE, WHOLE, around
from analyzer.simulation.feed_declaration import DeclaredFeed
from analyzer.simulation.feed_items import Catalogue, ServedItem, ad_class, kind_and_number

_POSITIVE: Final = CATEGORIES.index(POSITIVE)
_ADVERTISED: Final = CATEGORIES.index("advertised")
_FORMAL: Final = ADS.index("formal")
_LONGER: Final = 2.0  # times the mean of the others: so long shows an interest
_OTHERS: Final = 3  # of which so many are needed to say what is long


@dataclass(slots=True)
class _Watched:
    """What an account has watched of items that are not positive."""

    items: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Recommender:
    """Serves one account of `side`, as `simulate` does a whole study's.

    An account shows an interest in a positive item by watching it whole, and twice as long as it
    looks at others: one that looks at everything alike learns the feed nothing.
    """

    declared: DeclaredFeed
    side: str
    seed: int
    engagements: int = 0
    _others: _Watched = field(default_factory=_Watched)
    _batches: int = 0
    _lengths: dict[str, float] = field(default_factory=dict)
    _recent: deque[tuple[int, int]] = field(default_factory=deque)
    _rng: np.random.Generator = field(init=False)
    _base: float = field(init=False)
    _plateau: float = field(init=False)
    _catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        own = self.declared.recommender
        self._rng = np.random.default_rng(self.seed)
        base = np.asarray([own.base_share])
        self._base = float(around(base, own.base_spread, self._rng)[0])
        reached = np.asarray([own.plateau(self.side, "seeded")])
        self._plateau = float(around(reached, own.spread, self._rng)[0])
        self._catalogue = Catalogue(self.declared)
        self._recent = deque(maxlen=2 * own.batch)

    @property
    def share(self) -> float:
        """The chance of a positive item in the next answer, among what is no advertisement."""
        gone = 1 - np.exp(-self.engagements / self.declared.recommender.learning)
        return float(self._base + (self._plateau - self._base) * gone)

    def next_batch(self) -> tuple[ServedItem, ...]:
        """Return the items of the next answer."""
        share, batch = self.share, self._batches
        self._batches += 1
        size = self.declared.recommender.batch
        return tuple(self._serve(share, batch, position) for position in range(size))

    def watched(self, native: str, watch_s: float) -> None:
        """Learn that an item was watched for so long, all rounds together."""
        try:
            kind, _ = kind_and_number(native)
        except ValueError:
            return
        if kind != _POSITIVE:
            self._others.items += 1
            self._others.seconds += watch_s
            return
        usual = self._others.seconds / max(1, self._others.items)
        whole = watch_s >= WHOLE * self._lengths.get(native, np.inf)
        if whole and self._others.items >= _OTHERS and watch_s >= _LONGER * usual:
            self.engagements += 1

    def _serve(self, share: float, batch: int, position: int) -> ServedItem:
        own, rng = self.declared.recommender, self._rng
        chances = [own.ads.get(name, 0.0) for name in ("formal", "disclosed", "hint")]
        if self.declared.form == "protobuf":
            chances[1] = 0.0
        ad = int(np.searchsorted(np.cumsum(chances), rng.random(), side="right"))
        if ad == _FORMAL:
            matched = own.matched * np.sqrt(share / own.base_share)
            kind = _POSITIVE if rng.random() < matched else _ADVERTISED
        else:
            kind = _POSITIVE if rng.random() < share else 0
        number = int(own.pool * rng.random() ** 3)
        while (kind, number) in self._recent:
            number = (number + 1) % own.pool
        self._recent.append((kind, number))
        length = own.length_s * float(np.exp(own.length_spread * rng.standard_normal()))
        item = self._catalogue.item(kind, number)
        self._lengths[item.native] = length
        return ServedItem(item, batch, position, length, ad_class(ad))
