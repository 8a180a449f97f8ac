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
WHOLE = 0.95  # share of its length from which on an item was watched whole
_GOLDEN = 0.6180339887498949  # its multiples, without what is before the point, are spread evenly
_FLOAT = NDArray[np.float64]
# Of one answer of each account: positive, advertisement, start, length, dwelt.
_Step = tuple[NDArray[np.bool_], NDArray[np.int8], _FLOAT, _FLOAT, _FLOAT]


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
    uncoded: float = 0.0  # items of which nobody can tell what they are
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
            interests=(POSITIVE,) if role == "seeded" else (),
            block="",
            feed_s=hours * 3600,
        )
        for side in sides
        for role in ("seeded", "control")
        for number in range(each)
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the accounts are served and do with it: a row for each serving, account by account.

    Answers are of `FeedDeclaration.batch` rows. Times in seconds; `starts` is feed time, and what
    starts at the end of an account's feed time or after is not shown.
    """

    account: NDArray[np.int64]  # place among the accounts
    kind: NDArray[np.int16]  # place in CATEGORIES
    number: NDArray[np.int64]  # of the item among those of its kind
    ad: NDArray[np.int8]  # place in ADS
    starts: _FLOAT
    length: _FLOAT
    dwelt: _FLOAT
    shown: NDArray[np.bool_]


def simulate(declaration: FeedDeclaration, accounts: Sequence[FeedAccount], seed: int) -> Columns:
    """Return everything that these accounts are served until their feed time is over."""
    return columns_of_draw(declaration, draw(declaration, accounts, seed))


def draw(declaration: FeedDeclaration, accounts: Sequence[FeedAccount], seed: int) -> Drawn:
    """Draw what `simulate` tells as columns."""
    rng = np.random.default_rng(seed)
    n, size = len(accounts), declaration.batch
    control = np.asarray([each.role == "control" for each in accounts])
    base = around(np.full(n, declaration.base_share), declaration.base_spread, rng)
    plateau = around(
        np.asarray([declaration.plateau(each.side, each.role) for each in accounts]),
        np.where(control, declaration.base_spread, declaration.spread),
        rng,
    )
    plateau = np.where(control, base, plateau)
    until = np.asarray([each.feed_s for each in accounts])
    kinds = ("formal", "disclosed", "hint")
    edges = np.cumsum([declaration.ads.get(kind, 0.0) for kind in kinds])
    clock, engagements = np.zeros(n), np.zeros(n)
    steps: list[_Step] = []
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
        steps.append((positive, ad, starts, length, dwelt))
        clock = clock + dwelt.sum(axis=1)
        engagements = engagements + np.where(control, 0, positive.sum(axis=1))
    return _drawn(declaration, accounts, steps, rng)


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


def columns_of_draw(declaration: FeedDeclaration, drawn: Drawn) -> Columns:
    """Return what was drawn as the columns that are measured, once coders have seen it."""
    item = drawn.number + declaration.pool * (drawn.kind.astype(np.int64) + 1)
    category = drawn.kind.copy()
    category[untold(declaration, drawn.kind, drawn.number)] = UNCODED
    return Columns(
        account=drawn.account.astype(np.int32),
        feed_s=np.where(drawn.shown, drawn.starts, np.nan),
        category=category,
        ad=drawn.ad,
        engaged=drawn.shown & (drawn.dwelt >= WHOLE * drawn.length),
        key=item.astype(np.uint64),
        state=np.where(drawn.shown, STATES.index("shown"), STATES.index("prefetched")).astype(
            np.int8
        ),
    )


def untold(
    declaration: FeedDeclaration, kind: NDArray[np.int16], number: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say of items whether nobody can tell what they are: the same ones whoever is served them."""
    place = number + declaration.pool * kind.astype(np.int64) + 1
    told: NDArray[np.bool_] = (place * _GOLDEN) % 1.0 < declaration.uncoded
    return told


def _drawn(
    declaration: FeedDeclaration,
    accounts: Sequence[FeedAccount],
    steps: Sequence[_Step],
    rng: np.random.Generator,
) -> Drawn:
    positive, ad, starts, length, dwelt = (
        np.concatenate([each[place] for each in steps], axis=1) for place in range(5)
    )
    until = np.asarray([each.feed_s for each in accounts])[:, None]
    begun = np.arange(starts.shape[1]) // declaration.batch * declaration.batch
    # An answer comes whole; what is left of the last is not shown.
    served = starts[:, begun] < until
    account = np.broadcast_to(np.arange(len(accounts))[:, None], starts.shape)[served]
    ads = ad[served].astype(np.int8)
    kind = np.where(positive[served], CATEGORIES.index(POSITIVE), 0).astype(np.int16)
    _code_ads(declaration, accounts, account, ads, kind, rng)
    number = (declaration.pool * rng.random(account.size) ** 3).astype(np.int64)
    return Drawn(
        account=account,
        kind=kind,
        number=_apart(declaration, account, kind, number),
        ad=ads,
        starts=starts[served],
        length=length[served],
        dwelt=np.minimum(dwelt, until - starts)[served],  # what is on the screen at the end ends
        shown=(starts < until)[served],
    )


def _apart(
    declaration: FeedDeclaration,
    account: NDArray[np.int64],
    kind: NDArray[np.int16],
    number: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Take the next item where one was in this answer or the one before: no feed does that."""
    while True:
        again = np.zeros(number.size, dtype=np.bool_)
        for lag in range(1, min(2 * declaration.batch, number.size)):
            same = (number[lag:] == number[:-lag]) & (kind[lag:] == kind[:-lag])
            again[lag:] |= same & (account[lag:] == account[:-lag])
        if not again.any():
            return number
        number = np.where(again, (number + 1) % declaration.pool, number)


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


def around(means: _FLOAT, spread: _FLOAT | float, rng: np.random.Generator) -> _FLOAT:
    """Draw a share for each account around its mean: beta, with this coefficient of variation.

    `ValueError` where no share between 0 and 1 can spread so much.
    """
    spreads = np.broadcast_to(np.asarray(spread, dtype=np.float64), means.shape)
    with np.errstate(divide="ignore"):
        size = (1 - means) / (means * spreads**2) - 1
    if (size <= 0).any():
        raise ValueError("no share between 0 and 1 can spread so much")
    found = means.copy()
    varies = np.isfinite(size)
    found[varies] = rng.beta(means[varies] * size[varies], (1 - means[varies]) * size[varies])
    return found
