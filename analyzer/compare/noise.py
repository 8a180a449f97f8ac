"""The noise floor: what the report's rule finds where nothing differs, a side against itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analyzer import statistics
from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.comparison import ArmNoise, NoiseFloor, NoiseKind
from analyzer.said import Numeral, Said, say
from analyzer.study import CompareSettings

_SPLITS = 1000
_LEAST = 4  # sessions, of which halves have two

Everyone = Mapping[str, Sequence[Recorded]]


def noise_floor(
    sides: Everyone,
    controls: Sequence[Recorded],
    seen: Mapping[Key, Seen],
    settings: CompareSettings,
    found: tuple[int, int],
) -> NoiseFloor:
    """Split each side of `sides` (title -> sessions), and each arm, at random against itself.

    A side is split within each of its arms and time blocks, so that its halves differ in nothing.
    Arms of the same country, age and consent are compared with each other. `found` is how many rows
    of the comparison itself are differences, and how many there are.
    """
    parts: list[ArmNoise] = []
    arms: defaultdict[str, list[Recorded]] = defaultdict(list)
    for title, sessions in sides.items():
        parts += _split("side", title, sessions, seen, settings)
        for each in sessions:
            arms[each.arm.label].append(each)
    for each in controls:
        arms[each.arm.label].append(each)
    for label, sessions in sorted(arms.items()):
        parts += _split("arm", label, sessions, seen, settings)
    for one, other in combinations(sorted(arms), 2):
        parts += _duplicate((one, arms[one]), (other, arms[other]), seen, settings)
    kind = "side" if any(each.kind == "side" for each in parts) else "arm"
    counted = [each for each in parts if each.kind == kind and each.rows]
    rows = sum(each.rows for each in counted)
    called, of = found
    share = _mean([(each.called, each.rows) for each in counted])
    possible = bool(rows) and any(each.possible for each in counted)
    constant = not possible and _constant(counted, settings.alpha)
    enough = None if possible or constant else _enough(settings.alpha)
    return NoiseFloor(
        arms=tuple(parts),
        called=share,
        mean=_mean([(each.mean, each.rows) for each in counted]),
        largest=max((each.largest for each in counted), default=0.0),
        possible=possible,
        rows=of,
        found=called,
        told=_sentence(share, (called, of), enough, constant=constant),
        enough=enough,
        constant=constant,
    )


def _enough(alpha: float) -> int:
    """Return how many sessions have halves that could be called different, were they opposite."""
    n = _LEAST
    while statistics.permutation([statistics.Block(n // 2, n // 2, 0, n - n // 2)]) > alpha:
        n += 1
    return n


def _constant(parts: Sequence[ArmNoise], alpha: float) -> bool:
    """Say whether it is not for want of sessions that no half can be called different."""
    return max((each.n_a + each.n_b for each in parts), default=0) >= _enough(alpha)


def _sentence(share: float, found: tuple[int, int], enough: int | None, *, constant: bool) -> Said:
    if constant:
        return say(
            "How often chance alone looks like a difference cannot be measured here: the sessions"
            " of a side are so much alike in every row of data and signals that no half of them can"
            " differ from the other half."
        )
    if enough:
        return say(
            "How often chance alone looks like a difference cannot be measured here: half of the"
            " sessions of a side is too few to differ from the other half, whatever they hold."
            " It takes at least {enough} sessions of a side, recorded in one time block.",
            enough=enough,
        )
    return say(
        "The sessions of one side were dealt at random into two halves, again and again, and the"
        " halves compared by the same rule: {percent}% of the rows of data and signals were called"
        " different, by chance alone. In the comparison itself {found} of {rows} are.",
        percent=Numeral(100 * share, ".1f"),
        found=found[0],
        rows=found[1],
    )


def _split(
    kind: NoiseKind,
    name: str,
    sessions: Sequence[Recorded],
    seen: Mapping[Key, Seen],
    settings: CompareSettings,
) -> list[ArmNoise]:
    ordered = sorted(sessions, key=lambda each: each.id)
    if len(ordered) < _LEAST:
        return []
    noise = statistics.split_noise(
        _table(ordered, seen),
        [f"{each.arm.label} {each.block}" for each in ordered],
        alpha=settings.alpha,
        margin=settings.margin,
        splits=_SPLITS,
    )
    return [_told(kind, name, noise, settings)]


def _duplicate(
    one: tuple[str, Sequence[Recorded]],
    other: tuple[str, Sequence[Recorded]],
    seen: Mapping[Key, Seen],
    settings: CompareSettings,
) -> list[ArmNoise]:
    (label, sessions), (label_b, sessions_b) = one, other
    first, second = sessions[0].arm, sessions_b[0].arm
    same = (first.country, first.age, first.consent) == (
        second.country,
        second.age,
        second.consent,
    )
    if not same:
        return []
    everyone = [*sessions, *sessions_b]
    noise = statistics.apart(
        _table(everyone, seen),
        [True] * len(sessions) + [False] * len(sessions_b),
        [each.block for each in everyone],
        alpha=settings.alpha,
        margin=settings.margin,
    )
    return [_told("duplicate", f"{label} / {label_b}", noise, settings)]


def _told(
    kind: NoiseKind, name: str, noise: statistics.Noise, settings: CompareSettings
) -> ArmNoise:
    return ArmNoise(
        kind=kind,
        name=name,
        n_a=noise.n_a,
        n_b=noise.n_b,
        splits=noise.splits,
        every=noise.every,
        rows=noise.rows,
        called=round(noise.called, 9),
        same=round(noise.same, 9),
        any=round(noise.any, 9),
        mean=round(noise.mean, 9),
        largest=round(noise.largest, 9),
        possible=noise.least_p <= settings.alpha,
    )


def _table(sessions: Sequence[Recorded], seen: Mapping[Key, Seen]) -> NDArray[np.bool_]:
    """Return in which of `sessions` each row was seen; rows seen in none are left out."""
    ids = [each.id for each in sessions]
    rows = [_row(ids, each.sessions) for each in seen.values()]
    return np.asarray([row for row in rows if any(row)], dtype=np.bool_).reshape(-1, len(ids))


def _row(ids: Sequence[str], sessions: Collection[str]) -> list[bool]:
    return [each in sessions for each in ids]


def _mean(parts: Sequence[tuple[float, int]]) -> float:
    rows = sum(weight for _, weight in parts)
    return round(sum(value * weight for value, weight in parts) / rows, 9) if rows else 0.0
