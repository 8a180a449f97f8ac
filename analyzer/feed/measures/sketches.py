"""How much two accounts were shown the same, by a sketch of fixed size for each.

A sketch keeps the least of the hashes of the items (Broder 1997, doi:10.1109/SEQUEN.1997.666900).
Of no more items than it keeps it is exact; of more, the Jaccard index is that of the least hashes
of both together, with a standard error of at most 0.5 / sqrt(KEPT), a hundredth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

KEPT = 2048

Sketch = NDArray[np.uint64]
NOTHING: Sketch = np.zeros(0, dtype=np.uint64)


def joined(sketch: Sketch, keys: NDArray[np.uint64]) -> Sketch:
    """Return the sketch with these items in it, too."""
    return np.unique(np.concatenate((sketch, mixed(keys))))[:KEPT]


def jaccard(a: Sketch, b: Sketch) -> float | None:
    """Return the share of the items of either that both have; None where there is none."""
    union = np.union1d(a, b)
    if max(a.size, b.size) == KEPT:
        union = union[:KEPT]
    if not union.size:
        return None
    return float(np.isin(union, np.intersect1d(a, b, assume_unique=True)).mean())


def jaccards(sketches: Sequence[Sketch]) -> NDArray[np.float64]:
    """Return the index of each pair, sketches x sketches (nan: neither has an item).

    Where all sketches are whole, by one product of a sparse table of who has what.
    """
    sizes = np.asarray([each.size for each in sketches])
    if (sizes == KEPT).any():
        found = np.full((sizes.size, sizes.size), np.nan)
        for one, a in enumerate(sketches):
            for two, b in enumerate(sketches[: one + 1]):
                index = jaccard(a, b)
                found[one, two] = found[two, one] = np.nan if index is None else index
        return found
    names, place = np.unique(np.concatenate(list(sketches)), return_inverse=True)
    table = csr_array(
        (np.ones(place.size), place, np.r_[0, sizes.cumsum()]), shape=(sizes.size, names.size)
    )
    both = (table @ table.T).toarray()
    either = sizes[:, None] + sizes - both
    with np.errstate(invalid="ignore"):
        return np.where(either > 0, both / either, np.nan)


def mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread keys over all 64 bits, one to one (the finaliser of SplitMix64)."""
    found = keys.astype(np.uint64)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return found ^ (found >> np.uint64(31))
