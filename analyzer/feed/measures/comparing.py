"""All measures of a feed, of two sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import product

import numpy as np

from analyzer.feed.measures import arms as of_arms
from analyzer.feed.measures.arms import FeedArm, doubled
from analyzer.feed.measures.columns import Columns
from analyzer.feed.measures.judging import contrast_row, ratio_row, time_row
from analyzer.feed.measures.records import (
    TIMES,
    AccountFigures,
    Curve,
    CurvePoint,
    FeedAccount,
    FeedComparison,
    FeedRow,
    FeedSettings,
    Figure,
    MeasureName,
    Overlap,
    Reason,
)
from analyzer.feed.measures.sketches import jaccards
from analyzer.feed.measures.strata import Sample, paired
from analyzer.feed.measures.tallying import Tally
from analyzer.feed.measures.verdicts import Tested, judged
from analyzer.feed.records import Role

_ROLES: tuple[Role, ...] = ("seeded", "observed", "control")
_ADS: tuple[MeasureName, ...] = ("ads_formal", "ads_disclosed", "ads_hint", "ads_matched")
_HEADLINES = 3  # of each side: share, amplification, onset
_DEFAULTS = FeedSettings()


def measure(
    chunks: Iterable[Columns],
    accounts: Sequence[FeedAccount],
    categories: Sequence[str],
    positive: Collection[str],
    sides: tuple[str, str],
    settings: FeedSettings = _DEFAULTS,
    gates: Callable[[FeedRow], Sequence[Reason]] = lambda _: (),
) -> FeedComparison:
    """Measure what the accounts of two sides were shown, in one pass.

    `chunks` hold the showings of `accounts` (of these two sides only), by their places among them,
    and `categories` by theirs, in the order that `Columns` asks for. `gates` says of a row what
    else keeps it from a verdict; it is asked when all chunks have been read.
    """
    if any(each.side not in sides for each in accounts):
        raise ValueError("an account of another side")
    tally = Tally(accounts, categories, positive, settings).add(chunks)
    return _Comparing(tally, categories, tuple(sorted(positive)), sides).found(gates)


class _Comparing:
    def __init__(
        self,
        tally: Tally,
        categories: Sequence[str],
        positive: tuple[str, ...],
        sides: tuple[str, str],
    ) -> None:
        self._tally, self._sides, self._positive = tally, sides, positive
        self._settings = tally.settings
        self._arms: dict[tuple[str, Role], FeedArm] = {}
        for side, role in product(sides, _ROLES):
            arm = FeedArm(tally, side, role, categories)
            if arm.places.size:
                self._arms[side, role] = arm
        self._window = tally.window
        headlines = sum(role != "control" for _, role in self._arms) * _HEADLINES
        self._joint = 1 - 0.05 / max(1, headlines)
        self._bases = {side: self._base(side) for side in sides}

    def found(self, gates: Callable[[FeedRow], Sequence[Reason]]) -> FeedComparison:
        rows = [
            *(row for side in self._sides for row in self._over_controls(side)),
            *self._between_sides(),
        ]
        return FeedComparison(
            sides=self._sides,
            positive=self._positive,
            settings=self._settings,
            window=self._window,
            accounts=self._accounts(),
            coverage=tuple(arm.coverage() for arm in self._arms.values()),
            curves=tuple(self._curve(arm) for arm in self._arms.values()),
            figures=tuple(each for arm in self._arms.values() for each in self._figures(arm)),
            rows=judged(rows, self._settings, gates),
            overlaps=tuple(self._overlaps()),
        )

    def _base(self, side: str) -> float | None:
        control = self._arms.get((side, "control"))
        if control is None:
            return None
        return control.share(None).mean

    def _windows(self) -> tuple[int | None, ...]:
        return (self._window, None) if self._window is not None else (None,)

    def _figures(self, arm: FeedArm) -> Iterable[Figure]:
        for window in self._windows():
            joint = self._headline(arm, window)
            share = self._among(arm, partial(FeedArm.share, window=window))
            pace = self._among(arm, partial(FeedArm.per_hour, window=window))
            yield of_arms.figure(arm, "share", window, share, joint)
            yield of_arms.figure(arm, "per_hour", window, pace)
        for name in _ADS:
            ads = self._among(arm, partial(FeedArm.ads, measure=name))
            yield of_arms.figure(arm, name, None, ads)
        for name in TIMES:
            times = arm.times(name, self._bases[arm.side])
            if times is not None:
                joint = self._headline(arm, self._window) if name == "onset" else None
                yield of_arms.time_figure(arm, name, times, joint)

    def _among(self, arm: FeedArm, sample: Callable[[FeedArm], Sample]) -> Sample:
        """Return what counts of an arm, weighted as where it is compared with the arm over or under
        it: its controls, or what they are controls of. All alike where nothing can be compared.
        """
        mine = sample(arm)
        others: tuple[Role, ...] = ("control",) if arm.role != "control" else ("seeded", "observed")
        for role in others:
            other = self._arms.get((arm.side, role))
            if other is not None:
                found, _ = paired(mine, sample(other))
                return found if found.values.size else mine
        return mine

    def _headline(self, arm: FeedArm, window: int | None) -> float | None:
        return self._joint if arm.role != "control" and window == self._window else None

    def _over_controls(self, side: str) -> Iterable[Tested]:
        control = self._arms.get((side, "control"))
        for role in ("seeded", "observed"):
            arm = self._arms.get((side, role))
            if arm is None or control is None:
                continue
            for window in self._windows():
                samples = (arm.share(window), control.share(window))
                yield ratio_row(
                    "share",
                    window,
                    (arm, control),
                    samples,
                    self._settings,
                    self._headline(arm, window),
                )
            yield from self._same_measures(arm, control, "onset", "doubling")

    def _between_sides(self) -> Iterable[Tested]:
        for role in _ROLES:
            pair = [self._arms.get((side, role)) for side in self._sides]
            left, right = pair
            if left is None or right is None:
                continue
            for window in self._windows():
                samples = (left.share(window), right.share(window))
                yield ratio_row("share", window, (left, right), samples, self._settings)
            if role != "control":
                yield from self._same_measures(left, right, *TIMES)
                yield from self._amplifications(role)

    def _amplifications(self, role: Role) -> Iterable[Tested]:
        found = [self._arms.get((side, each)) for side in self._sides for each in (role, "control")]
        a, b, c, d = found
        if a is None or b is None or c is None or d is None:
            return
        for window in self._windows():
            samples = (a.share(window), b.share(window), c.share(window), d.share(window))
            yield contrast_row(window, (a, b, c, d), samples, self._settings)

    def _same_measures(
        self, left: FeedArm, right: FeedArm, *times: MeasureName
    ) -> Iterable[Tested]:
        for name in times:
            # One threshold for both, or they cannot be compared.
            bases = [self._bases[side] for side in sorted({left.side, right.side})]
            told = [base for base in bases if base is not None]
            base = sum(told) / len(told) if told else None
            row = time_row(name, (left, right), base, self._settings)
            if row is not None:
                yield row
        for name in _ADS:
            yield ratio_row(
                name, None, (left, right), (left.ads(name), right.ads(name)), self._settings
            )

    def _curve(self, arm: FeedArm) -> Curve:
        points = []
        for window in range(self._tally.windows):
            if not arm.lived(window):
                break
            share, cumulative, pace = (
                self._among(arm, each)
                for each in (
                    partial(FeedArm.share, window=window),
                    partial(FeedArm.share, window=window, up_to=True),
                    partial(FeedArm.per_hour, window=window),
                )
            )
            points.append(
                CurvePoint(
                    window=window,
                    end_s=(window + 1) * self._settings.window_s,
                    share=of_arms.figure(arm, "share", window, share),
                    cumulative=of_arms.figure(arm, "share", window, cumulative),
                    per_hour=of_arms.figure(arm, "per_hour", window, pace),
                )
            )
        return Curve(arm.side, arm.role, tuple(points))

    def _overlaps(self) -> Iterable[Overlap]:
        lived = self._tally.lived()
        arms = list(self._arms.values())
        for window in range(self._tally.windows):
            found = jaccards([each[window] for each in self._tally.sketches])
            found[~lived[:, window], :] = np.nan
            found[:, ~lived[:, window]] = np.nan
            for place, left in enumerate(arms):
                for right in arms[place:]:
                    pairs = found[np.ix_(left.places, right.places)]
                    if left is right:
                        pairs = pairs[np.triu_indices(left.places.size, 1)]
                    told = np.sort(pairs[~np.isnan(pairs)], axis=None)
                    if told.size:
                        exact = self._tally.whole_sketch
                        mean = float(told.mean())
                        yield Overlap(window, left.name, right.name, told.size, mean, exact)

    def _accounts(self) -> tuple[AccountFigures, ...]:
        tally, least = self._tally, self._settings.least_items
        lived = tally.lived()
        onsets = tally.reached(self._settings.half)
        found = []
        for place, account in enumerate(tally.accounts):
            count = doubled(self._bases[account.side], self._settings.last)
            begun, doubling = np.nan, np.nan
            if count is not None:
                first, reached = tally.reached_since(count)
                begun, doubling = first[place], reached[place] - first[place]
            coded, positive = tally.coded[place], tally.positive[place]
            found.append(
                AccountFigures(
                    name=account.name,
                    side=account.side,
                    role=account.role,
                    feed_s=account.feed_s,
                    shown=int(tally.shown[place].sum()),
                    coded=int(coded.sum()),
                    positive=int(positive.sum()),
                    unknown=int(tally.unknown[place]),
                    late=int(tally.late[place]),
                    share=_shares(positive, coded, lived[place], least),
                    cumulative=_shares(positive.cumsum(), coded.cumsum(), lived[place], least),
                    first_exposure_s=_time(tally.first[place]),
                    onset_s=_time(onsets[place]),
                    doubling_s=_time(doubling),
                    engaged_s=_time(begun),
                    stopped=account.stopped,
                )
            )
        return tuple(found)


def _shares(
    positive: np.ndarray, coded: np.ndarray, lived: np.ndarray, least: int
) -> tuple[float | None, ...]:
    return tuple(
        float(of / n) if alive and n >= least else None
        for of, n, alive in zip(positive, coded, lived, strict=True)
    )


def _time(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
