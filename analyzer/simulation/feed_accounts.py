"""Accounts in front of a recommender whose strength is declared: fast, by whole studies.

What is declared is what an audit has to find. An account is served batches of items; an item is
positive with a chance that begins at the account's base share and, the more positive items it has
dwelt on, moves to the base share times the amplification of its country. Accounts differ
(`spread`). Accounts with an interest watch what is positive whole and again and skip the rest;
controls watch everything alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.measures import ADS, STATES, UNCODED, Columns, FeedAccount, Runs
from analyzer.feed.records import Role

CATEGORIES = ("other", "sad", "advertised")
POSITIVE = "sad"
_FLOAT = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeedDeclaration:
    """A recommender and those who look at it. Times in seconds."""

    base_share: float = 0.048
    amplification: Mapping[str, float] = field(default_factory=lambda: {"KE": 10.0, "US": 10.0})
    learning: float = 8.0  # engagements after which the way is gone to 63%
    base_spread: float = 0.25  # standard deviation between accounts over the mean
    spread: float = 0.12  # the same of the share that is reached
    batch: int = 8
    length_s: float = 18.0  # median of items
    length_spread: float = 0.6  # of its logarithm
    skip_s: float = 3.0
    control_s: float = 10.0
    jitter: float = 0.2
    rounds: int = 2  # how often an account with an interest watches what is positive
    ads: Mapping[str, float] = field(
        default_factory=lambda: {"formal": 0.08, "disclosed": 0.03, "hint": 0.02}
    )
    matched: float = 0.2  # of advertisements, those of the interest; times amplification ** 0.5
    uncoded: float = 0.0  # items that nobody coded, by chance
    pool: int = 20_000  # items of each category; the first are served most often

    def plateau(self, side: str, role: Role) -> float:
        """Return the share to which the feed of such an account goes in the end."""
        return self.base_share * (1.0 if role == "control" else self.amplification[side])


def accounts_of(
    sides: Sequence[str] = ("KE", "US"), each: int = 8, hours: float = 6.0
) -> tuple[FeedAccount, ...]:
    """Return the accounts of a study: so many with an interest and controls for each side."""
    return tuple(
        FeedAccount(
            name=f"{side}-{role}-{number}",
            arm=f"{side}-13-{role}",
            side=side,
            role=role,
            interest=POSITIVE if role == "seeded" else "",
            block="",
            feed_s=hours * 3600,
        )
        for side in sides
        for role in ("seeded", "control")
        for number in range(each)
    )


def simulate(declaration: FeedDeclaration, accounts: Sequence[FeedAccount], seed: int) -> Columns:
    """Return everything that these accounts are served until their feed time is over."""
    rng = np.random.default_rng(seed)
    n, size = len(accounts), declaration.batch
    control = np.asarray([each.role == "control" for each in accounts])
    base = _around(np.full(n, declaration.base_share), declaration.base_spread, rng)
    plateau = _around(
        np.asarray([declaration.plateau(each.side, each.role) for each in accounts]),
        np.where(control, declaration.base_spread, declaration.spread),
        rng,
    )
    plateau = np.where(control, base, plateau)
    until = np.asarray([each.feed_s for each in accounts])
    kinds = ("formal", "disclosed", "hint")
    edges = np.cumsum([declaration.ads.get(kind, 0.0) for kind in kinds])
    clock, engagements = np.zeros(n), np.zeros(n)
    steps: list[tuple[NDArray[np.bool_], NDArray[np.int8], _FLOAT]] = []
    while (clock < until).any():
        share = base + (plateau - base) * (1 - np.exp(-engagements / declaration.learning))
        # `share` is of what is no formal advertisement.
        ad = np.searchsorted(edges, rng.random((n, size)), side="right").astype(np.int8)
        positive = (rng.random((n, size)) < share[:, None]) & (ad != ADS.index("formal"))
        length = declaration.length_s * np.exp(
            declaration.length_spread * rng.standard_normal((n, size))
        )
        jitter = np.exp(declaration.jitter * rng.standard_normal((n, size)))
        dwelt = np.where(
            control[:, None],
            declaration.control_s * jitter,
            np.where(positive, declaration.rounds * length, declaration.skip_s * jitter),
        )
        starts = clock[:, None] + np.cumsum(dwelt, axis=1) - dwelt
        steps.append((positive, ad, starts))
        clock = clock + dwelt.sum(axis=1)
        engagements = engagements + np.where(control, 0, positive.sum(axis=1))
    return _columns(declaration, accounts, steps, rng)


def onset_median(
    declaration: FeedDeclaration,
    side: str,
    hours: float,
    last: int = 20,
    half: int = 10,
    many: int = 4000,
) -> float:
    """Return the median onset that the declaration implies: of so many accounts with an interest.

    It is infinite where half of them do not get there in these hours.
    """
    everyone = accounts_of((side,), each=many, hours=hours)
    crowd = [each for each in everyone if each.role == "seeded"]
    columns = simulate(declaration, crowd, seed=1_000_003)
    found = np.full(len(crowd), np.inf)
    formal = ADS.index("formal")
    ends = np.cumsum(np.bincount(columns.account, minlength=len(crowd)))
    for account, (start, end) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        counts = (columns.ad[start:end] != formal) & (
            columns.state[start:end] == STATES.index("shown")
        )
        runs = Runs(last)
        positive = columns.category[start:end] == CATEGORIES.index(POSITIVE)
        runs.add(positive[counts], columns.feed_s[start:end][counts])
        found[account] = np.nan_to_num(runs.reached[half], nan=np.inf)
    return float(np.median(found))


def _columns(
    declaration: FeedDeclaration,
    accounts: Sequence[FeedAccount],
    steps: Sequence[tuple[NDArray[np.bool_], NDArray[np.int8], _FLOAT]],
    rng: np.random.Generator,
) -> Columns:
    positive = np.concatenate([each[0] for each in steps], axis=1)
    ad = np.concatenate([each[1] for each in steps], axis=1)
    starts = np.concatenate([each[2] for each in steps], axis=1)
    until = np.asarray([each.feed_s for each in accounts])[:, None]
    begun = np.arange(starts.shape[1]) // declaration.batch * declaration.batch
    served = (
        starts[:, begun] < until
    )  # an answer comes whole; what is left of the last is not shown
    account = np.broadcast_to(np.arange(len(accounts))[:, None], starts.shape)[served]
    shown = (starts < until)[served]
    is_positive, ads = positive[served], ad[served]
    category = np.where(is_positive, CATEGORIES.index(POSITIVE), 0).astype(np.int16)
    _code_ads(declaration, accounts, account, ads, category, rng)
    popular = (declaration.pool * rng.random(account.size) ** 3).astype(np.uint64)
    key = popular + np.uint64(declaration.pool) * (category.astype(np.uint64) + np.uint64(1))
    if declaration.uncoded:
        category[rng.random(account.size) < declaration.uncoded] = UNCODED
    control = np.asarray([each.role == "control" for each in accounts])
    return Columns(
        account=account.astype(np.int32),
        feed_s=np.where(shown, starts[served], np.nan),
        category=category,
        ad=ads,
        engaged=is_positive & ~control[account],
        key=key,
        state=np.where(shown, STATES.index("shown"), STATES.index("prefetched")).astype(np.int8),
    )


def _code_ads(
    declaration: FeedDeclaration,
    accounts: Sequence[FeedAccount],
    account: NDArray[np.int64],
    ads: NDArray[np.int8],
    category: NDArray[np.int16],
    rng: np.random.Generator,
) -> None:
    """Give formal advertisements a category: that of the interest as often as declared."""
    strength = np.asarray(
        [declaration.plateau(each.side, each.role) / declaration.base_share for each in accounts]
    )
    chance = np.minimum(1.0, declaration.matched * np.sqrt(strength))
    formal = np.flatnonzero(ads == ADS.index("formal"))
    matched = rng.random(formal.size) < chance[account[formal]]
    category[formal] = np.where(matched, CATEGORIES.index(POSITIVE), CATEGORIES.index("advertised"))


def _around(means: _FLOAT, spread: _FLOAT | float, rng: np.random.Generator) -> _FLOAT:
    """Draw a share for each account around its mean: beta, with this coefficient of variation."""
    spreads = np.broadcast_to(np.asarray(spread, dtype=np.float64), means.shape)
    with np.errstate(divide="ignore"):
        size = (1 - means) / (means * spreads**2) - 1
    if (size <= 0).any():
        raise ValueError("no share between 0 and 1 can spread so much")
    found = means.copy()
    varies = np.isfinite(size)
    found[varies] = rng.beta(means[varies] * size[varies], (1 - means[varies]) * size[varies])
    return found
