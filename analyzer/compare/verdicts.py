"""From counts of sessions to a verdict, for all rows of a comparison at once.

A row is ``only``/``more`` where the exact test finds a difference at the false discovery rate
`alpha`; ``same`` where the whole 95% interval lies within the margin; ``insufficient`` otherwise,
and whenever what could not be read might turn the answer: then the verdict is reached again with
each blind session counted as if it had been seen there, and has to stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer import statistics
from analyzer.models import Count, Verdict
from analyzer.study import CompareSettings


@dataclass(frozen=True, slots=True)
class Group:
    """The sessions of one side, with their time blocks. `name` is for sentences."""

    name: str
    blocks: Mapping[str, str]  # session -> block
    empty: frozenset[str] = frozenset()  # sessions without an exchange: perhaps false starts

    @property
    def n(self) -> int:
        """How many sessions there are."""
        return len(self.blocks)


@dataclass(frozen=True, slots=True)
class Observed:
    """The sessions of either side in which a row was seen, and the blind ones.

    `unsearched` are those whose persona has nothing planted that would have shown the row, where it
    was known by a planted value elsewhere.
    """

    seen_a: frozenset[str]
    seen_b: frozenset[str]
    blind_a: frozenset[str]
    blind_b: frozenset[str]
    unsearched_a: frozenset[str] = frozenset()
    unsearched_b: frozenset[str] = frozenset()

    @property
    def hidden_a(self) -> frozenset[str]:
        """The sessions of a in which it may have been sent without being seen."""
        return (self.blind_a | self.unsearched_a) - self.seen_a

    @property
    def hidden_b(self) -> frozenset[str]:
        """The sessions of b in which it may have been sent without being seen."""
        return (self.blind_b | self.unsearched_b) - self.seen_b


@dataclass(frozen=True, slots=True)
class Judged:
    """The numbers and the verdict of one row; as in `models.Delta`."""

    a: Count
    b: Count
    verdict: Verdict
    reason: str
    enough: int | None
    effect: float
    low: float
    high: float
    p: float
    q: float


@dataclass(frozen=True, slots=True)
class _Tested:
    """A row with its numbers, before judgement."""

    row: Observed
    a: Count
    b: Count
    p: float
    q: float
    interval: statistics.Interval

    @property
    def effect(self) -> float:
        return self.a.k / self.a.n - self.b.k / self.b.n


def judge(a: Group, b: Group, rows: Sequence[Observed], settings: CompareSettings) -> list[Judged]:
    """Return the verdict of each of `rows`, in their order. Both sides have at least a session.

    The false discovery rate is that over `rows`, so they have to be all rows of a report.
    """
    counts = [(Count(len(row.seen_a), a.n), Count(len(row.seen_b), b.n)) for row in rows]
    ps = [_p(a, b, row.seen_a, row.seen_b) for row in rows]
    qs = statistics.benjamini_hochberg(ps)
    bench = _Bench(a, b, settings, sum(q <= settings.alpha for q in qs) / max(1, len(qs)))
    return [
        bench.judged(_Tested(row, count_a, count_b, p, q, _interval(count_a, count_b)))
        for row, (count_a, count_b), p, q in zip(rows, counts, ps, qs, strict=True)
    ]


def turning_point(
    a: Group, b: Group, rows: Sequence[Observed], place: int, settings: CompareSettings
) -> int | None:
    """Return how few sessions would turn the verdict of ``rows[place]``, had they gone otherwise.

    A difference: sessions of the side that has less in which it would have been seen too. `same`:
    sessions of one side in which it would not have been seen, or seen too, whichever takes fewer.
    None where the verdict is `insufficient`, or no number of sessions would turn it.
    """
    row = rows[place]
    now = judge(a, b, rows, settings)[place]
    if now.verdict == "insufficient":
        return None
    unseen_a, unseen_b = sorted(set(a.blocks) - row.seen_a), sorted(set(b.blocks) - row.seen_b)
    if now.verdict == "same":
        ways = [
            [replace(row, seen_a=row.seen_a | set(unseen_a[:n])) for n in _up_to(unseen_a)],
            [replace(row, seen_b=row.seen_b | set(unseen_b[:n])) for n in _up_to(unseen_b)],
            [
                replace(row, seen_a=row.seen_a - set(sorted(row.seen_a)[:n]))
                for n in _up_to(row.seen_a)
            ],
            [
                replace(row, seen_b=row.seen_b - set(sorted(row.seen_b)[:n]))
                for n in _up_to(row.seen_b)
            ],
        ]
    elif now.effect > 0:
        ways = [[replace(row, seen_b=row.seen_b | set(unseen_b[:n])) for n in _up_to(unseen_b)]]
    else:
        ways = [[replace(row, seen_a=row.seen_a | set(unseen_a[:n])) for n in _up_to(unseen_a)]]
    direction = _direction(now.verdict)
    turned = [
        number
        for way in ways
        for number, other in enumerate(way, 1)
        if _direction(
            judge(a, b, [*rows[:place], other, *rows[place + 1 :]], settings)[place].verdict
        )
        != direction
    ]
    return min(turned, default=None)


def _up_to(sessions: Collection[str]) -> range:
    return range(1, len(sessions) + 1)


def _direction(verdict: Verdict) -> str:
    """Return the verdict without the distinction between "only" and "more"."""
    return verdict.replace("only", "more")


class _Bench:
    """Judges rows one by one."""

    def __init__(self, a: Group, b: Group, settings: CompareSettings, different: float) -> None:
        self._a, self._b, self._settings = a, b, settings
        # A row is called different exactly where p is at most this (Benjamini-Hochberg, step up).
        self._critical = settings.alpha * different
        self._together = bool(set(a.blocks.values()) & set(b.blocks.values()))

    def judged(self, row: _Tested) -> Judged:
        verdict, reason, enough = self._verdict(row)
        return Judged(
            a=row.a,
            b=row.b,
            verdict=verdict,
            reason=reason,
            enough=enough,
            effect=_told(row.effect),
            low=_told(row.interval.low),
            high=_told(row.interval.high),
            p=_told(row.p),
            q=_told(row.q),
        )

    def _verdict(self, row: _Tested) -> tuple[Verdict, str, int | None]:
        least = self._settings.min_sessions
        short = [side for side in (self._a, self._b) if side.n < least]
        if short:
            had = ", ".join(f"{side.name} has {side.n}" for side in short)
            reason = f"too few sessions: {had}, and {least} a side are needed"
            return "insufficient", reason, self._enough(row)
        if row.q <= self._settings.alpha:
            return self._difference(row)
        if row.interval.within(self._settings.margin):
            return self._same(row)
        if not self._together:
            return "insufficient", "no time block has sessions of both sides", None
        return "insufficient", self._undecided(row), self._enough(row)

    def _difference(self, row: _Tested) -> tuple[Verdict, str, int | None]:
        more_in_a = row.effect > 0
        lower = self._b if more_in_a else self._a
        fewer = row.row.seen_b if more_in_a else row.row.seen_a
        hidden = row.row.hidden_b if more_in_a else row.row.hidden_a
        unsearched = row.row.unsearched_b if more_in_a else row.row.unsearched_a
        if hidden and not self._stands(row, hidden):
            if self._stands(row, hidden - lower.empty):
                return "insufficient", _false_starts(lower), None
            reason = self._may_hide(lower, hidden, unsearched, "there is no difference")
            return "insufficient", reason, None
        # "Only" would also say that it was not sent in the sessions that could not be read.
        if fewer or hidden:
            return "more_a" if more_in_a else "more_b", "", None
        return "only_a" if more_in_a else "only_b", "", None

    def _stands(self, row: _Tested, hidden: frozenset[str]) -> bool:
        """Whether a difference is one if it was also sent in the `hidden` sessions of the lower."""
        more_in_a = row.effect > 0
        seen_a = row.row.seen_a | (frozenset() if more_in_a else hidden)
        seen_b = row.row.seen_b | (hidden if more_in_a else frozenset())
        effect = len(seen_a) / self._a.n - len(seen_b) / self._b.n
        stands = effect > 0 if more_in_a else effect < 0
        return stands and _p(self._a, self._b, seen_a, seen_b) <= self._critical

    def _same(self, row: _Tested) -> tuple[Verdict, str, int | None]:
        observed = row.row
        for side, hidden, unsearched in (
            (self._a, observed.hidden_a, observed.unsearched_a),
            (self._b, observed.hidden_b, observed.unsearched_b),
        ):
            if hidden and not self._stays_same(row, side, hidden):
                if self._stays_same(row, side, hidden - side.empty):
                    return "insufficient", _false_starts(side), None
                reason = self._may_hide(side, hidden, unsearched, "the sides may differ")
                return "insufficient", reason, None
        return "same", "", None

    def _stays_same(self, row: _Tested, side: Group, hidden: frozenset[str]) -> bool:
        """Whether the sides are the same if it was also sent in the `hidden` sessions of `side`."""
        k_a = row.a.k + (len(hidden) if side is self._a else 0)
        k_b = row.b.k + (len(hidden) if side is self._b else 0)
        worst = _interval(Count(k_a, row.a.n), Count(k_b, row.b.n))
        return worst.within(self._settings.margin)

    def _may_hide(
        self, side: Group, hidden: frozenset[str], unsearched: frozenset[str], then: str
    ) -> str:
        unplanted, unread = hidden & unsearched, hidden - unsearched
        told = []
        if unplanted:
            told.append(
                f"{side.name} has no planted value of this type in {len(unplanted)} of {side.n}"
                " sessions, where it may have been sent and not been recognised"
            )
        if unread:
            told.append(
                f"in {len(unread)} of {side.n} sessions of {side.name} it may have been sent where"
                " it could not be read"
            )
        return f"{', and '.join(told)}, and if it was, {then}"

    def _undecided(self, row: _Tested) -> str:
        effect, low, high = (
            _points(each) for each in (row.effect, row.interval.low, row.interval.high)
        )
        return (
            f"the shares differ by {effect} points (95% interval {low} to {high}): neither a"
            f" difference (q = {row.q:.2f}) nor within {100 * self._settings.margin:.0f} points of"
            " each other"
        )

    def _enough(self, row: _Tested) -> int | None:
        least, have = self._settings.min_sessions, min(row.a.n, row.b.n)
        return statistics.enough(
            row.a.k / row.a.n,
            row.b.k / row.b.n,
            # As strict as the correction for many rows is for this one now.
            alpha=self._settings.alpha * (row.p / row.q if row.q else 1.0),
            margin=self._settings.margin,
            least=max(least, have + 1) if have >= least else least,
        )


def _false_starts(side: Group) -> str:
    """Say that sessions without an exchange are what keeps a row from its verdict."""
    return (
        f"in {len(side.empty)} of {side.n} sessions of {side.name} there is no exchange:"
        " if they are false starts, move captures/<id> out and run `evenhand analyze`;"
        " if not, it may have been sent where it could not be read"
    )


def _p(a: Group, b: Group, seen_a: Collection[str], seen_b: Collection[str]) -> float:
    n_a, n_b = Counter(a.blocks.values()), Counter(b.blocks.values())
    k_a = Counter(a.blocks[session] for session in seen_a)
    k_b = Counter(b.blocks[session] for session in seen_b)
    blocks = sorted({*n_a, *n_b})
    return statistics.permutation(
        statistics.Block(k_a[block], n_a[block], k_b[block], n_b[block]) for block in blocks
    )


def _interval(a: Count, b: Count) -> statistics.Interval:
    return statistics.newcombe(a.k / a.n, a.n, b.k / b.n, b.n)


def _points(share: float) -> str:
    rounded = round(100 * share)
    return f"{rounded:+d}" if rounded else "0"


def _told(number: float) -> float:
    """Round off what differs between processors, so that reports are the same everywhere."""
    return round(number, 9) + 0.0  # no minus zero
