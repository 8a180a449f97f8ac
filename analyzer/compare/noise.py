"""The noise floor: what a comparison finds where nothing differs, an arm against itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.comparison import ArmNoise, NoiseFloor


def noise_floor(sessions: Sequence[Recorded], seen: Mapping[Key, Seen]) -> NoiseFloor:
    """Compare two halves of each arm of `sessions`, which come by arm and repeat.

    The halves are every second session in the order of the repeats (odd against even, where none
    is missing), so that what drifts over the weeks falls on both.
    """
    found: list[tuple[ArmNoise, list[float]]] = []
    for label, every in groupby(sessions, key=lambda each: each.arm.label):
        ids = [each.id for each in every]
        if len(ids) > 1:
            found.append(_arm(label, ids[::2], ids[1::2], seen.values()))
    gaps = [gap for _, each in found for gap in each]
    return NoiseFloor(
        arms=tuple(noise for noise, _ in found),
        rows=len(gaps),
        differing=sum(gap > 0 for gap in gaps),
        mean=_mean(gaps),
        largest=max(gaps, default=0.0),
    )


def _arm(
    label: str, odd: Sequence[str], even: Sequence[str], seen: Iterable[Seen]
) -> tuple[ArmNoise, list[float]]:
    gaps: list[float] = []
    for each in seen:
        k_odd, k_even = len(each.sessions.intersection(odd)), len(each.sessions.intersection(even))
        if k_odd or k_even:
            gaps.append(round(abs(k_odd / len(odd) - k_even / len(even)), 9))
    noise = ArmNoise(
        arm=label,
        odd=len(odd),
        even=len(even),
        rows=len(gaps),
        differing=sum(gap > 0 for gap in gaps),
        mean=_mean(gaps),
        largest=max(gaps, default=0.0),
    )
    return noise, gaps


def _mean(gaps: Sequence[float]) -> float:
    return round(sum(gaps) / len(gaps), 9) if gaps else 0.0
