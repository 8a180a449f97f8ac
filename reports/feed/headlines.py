"""What is said first of a recommender audit: each side in a few sentences, then one against other.

Intervals of each side in these sentences hold all at once, that between the sides does not
(`told.JOINT`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.feed.measures.records import FeedComparison, FeedRow, Figure, MeasureName
from analyzer.feed.records import Role
from analyzer.said import Said, say
from analyzer.statistics import Interval
from reports.feed import told as told_
from reports.feed.figures import Figures, split, turned

_TELLING: tuple[Role, ...] = ("seeded", "observed")


@dataclass(frozen=True, slots=True)
class Headline:
    """What one arm was shown. `lead` is one sentence: its share, and how many times controls'.

    `decided`: it is shown to be more, less or the same.
    """

    side: str
    role: Role
    lead: Said
    decided: bool
    more: tuple[Said, ...]  # why it is not decided; onset; what could not be coded


def headlines(
    found: FeedComparison, figures: Figures, *, harmful: bool = False
) -> tuple[Headline, ...]:
    """Return a headline for each arm that is no control.

    `harmful`: what is measured is all that the codebook calls harmful, and so is named like that.
    """
    kind = told_.HARMFUL if harmful else told_.SO_CODED
    return tuple(
        _headline(found, figures, side, role, kind)
        for side in found.sides
        for role in _TELLING
        if any((each.side, each.role) == (side, role) for each in found.coverage)
    )


def contrast(found: FeedComparison, figures: Figures) -> tuple[Said, ...]:
    """Return what is said of side b against side a: of amplifications, else of shares."""
    told: list[Said] = []
    for role in _TELLING:
        row = _between(found, role, "amplification") or _between(found, role, "share")
        told += _contrast(row, figures) if row else ()
    return tuple(told)


def _headline(
    found: FeedComparison, figures: Figures, side: str, role: Role, kind: Said
) -> Headline:
    share = _figure(found, "share", side, role, found.window)
    row = next(
        (
            each
            for each in found.rows
            if each.headline and (each.left, each.right) == (f"{side} {role}", f"{side} control")
        ),
        None,
    )
    return Headline(
        side,
        role,
        _lead(found, figures, share, row, kind) or _uncounted(figures.arm(side, role)),
        row is not None and row.verdict != "insufficient",
        (
            *(figures.reason(each, "share") for each in (row.reasons if row else ())),
            *_onset(found, figures, side, role),
            *_uncoded(share, figures),
        ),
    )


def _lead(
    found: FeedComparison,
    figures: Figures,
    share: Figure | None,
    row: FeedRow | None,
    kind: Said,
) -> Said | None:
    if share is None or share.value is None:
        return None
    told: dict[str, object] = {
        "side": figures.side(share.side),
        "accounts": told_.role(share.role),
        "hours": figures.hour(share.window, found.settings.window_s, share.until_s),
        "share": _held(figures, "share", share.value, share.joint or share.interval),
        "kind": kind,
    }
    control = _figure(found, "share", share.side, "control", found.window)
    if row is None or control is None or control.value is None:
        return say("{side}, {hours}: {share} of what {accounts} were shown was {kind}.", **told)
    told["control"] = figures.value("share", control.value)
    if row.verdict == "insufficient" or row.effect is None:
        return say(
            "{side}, {hours}: {share} of what {accounts} were shown was {kind}. Whether that"
            " differs from control accounts ({control}) is not decided.",
            **told,
        )
    if row.verdict == "same":
        return say(
            "{side}, {hours}: {share} of what {accounts} were shown was {kind}; that is shown to be"
            " alike with control accounts ({control}).",
            **told,
        )
    told |= _times(figures, row.effect, row.joint or row.interval)
    return say(
        "{side}, {hours}: {share} of what {accounts} were shown was {kind}, {factor} times {held}"
        " the share of control accounts ({control}).",
        **told,
    )


def _uncounted(arm: Said) -> Said:
    return say("{arm}: in no account were enough items coded.", arm=arm)


def _onset(found: FeedComparison, figures: Figures, side: str, role: Role) -> Iterator[Said]:
    onset = _figure(found, "onset", side, role, None)
    if onset is None or not onset.accounts:
        return
    reached = onset.accounts - onset.censored
    rule = {"half": found.settings.half, "last": found.settings.last}
    if onset.value is None:
        yield say(
            "Accounts of which, at some time, {half} of the last {last} items were measured ones:"
            " {reached} of {accounts}, too few for a median.",
            reached=reached,
            accounts=onset.accounts,
            **rule,
        )
        return
    yield say(
        "For the first time, {half} of the last {last} items were measured ones after {time} of"
        " feed time (median; accounts that got there: {reached} of {accounts}).",
        time=_held(figures, "onset", onset.value, onset.joint or onset.interval),
        reached=reached,
        accounts=onset.accounts,
        **rule,
    )
    if _never_half(found, side, role):
        yield told_.BY_CHANCE
    if not figures.interval("onset", onset.joint or onset.interval):
        yield say("With so few accounts no interval can be given for that time.")


def _never_half(found: FeedComparison, side: str, role: Role) -> bool:
    """Say whether the mean share of an arm is below a half in every window."""
    shares = [
        point.share.value
        for each in found.curves
        if (each.side, each.role) == (side, role)
        for point in each.points
        if point.share.value is not None
    ]
    return bool(shares) and max(shares) < 0.5


def _uncoded(share: Figure | None, figures: Figures) -> Iterator[Said]:
    possible = share.possible if share else None
    if possible is not None and possible.high - possible.low > 0.01:
        yield say(
            "Were none of the items that nobody coded measured ones, the share would be {low};"
            " were all of them, {high}.",
            low=figures.value("share", possible.low),
            high=figures.value("share", possible.high),
        )


def _contrast(row: FeedRow, figures: Figures) -> Iterator[Said]:
    a, b = (figures.side(split(each)[0]) for each in (row.left, row.right))
    told: dict[str, object] = {"a": a, "b": b}
    amplified = row.measure == "amplification"
    if row.verdict == "insufficient" or not row.effect:
        if amplified:
            yield say("Whether the amplification differs between {a} and {b} is not decided.",
                      **told)  # fmt: skip
        else:
            yield say("Whether the share differs between {a} and {b} is not decided.", **told)
        yield from (figures.reason(each, row.measure) for each in row.reasons)
        return
    told |= _times(figures, 1 / row.effect, turned(row.interval, time=False))
    if row.verdict == "same" and amplified:
        yield say("The amplification is shown to be alike in {a} and {b}: for {b} {factor} times"
                  " {held} that for {a}.",
                  **told)  # fmt: skip
    elif row.verdict == "same":
        yield say(
            "The share is shown to be alike in {a} and {b}: for {b} {factor} times"
            " {held} that for {a}.",
            **told,
        )
    elif amplified:
        yield say("The amplification for {b} is {factor} times {held} that for {a}.", **told)
    else:
        yield say("The share for {b} is {factor} times {held} that for {a}.", **told)


def _held(figures: Figures, measure: MeasureName, value: float, held: Interval) -> str:
    return figures.together(*figures.both(measure, value, held))


def _times(figures: Figures, factor: float, held: Interval) -> dict[str, object]:
    return dict(zip(("factor", "held"), figures.times(factor, held), strict=True))


def _between(found: FeedComparison, role: Role, measure: MeasureName) -> FeedRow | None:
    a, b = found.sides
    wanted = (measure, found.window, f"{a} {role}", f"{b} {role}")
    return next(
        (each for each in found.rows if (each.measure, each.window, each.left, each.right)
         == wanted), None,
    )  # fmt: skip


def _figure(
    found: FeedComparison, measure: MeasureName, side: str, role: Role, window: int | None
) -> Figure | None:
    wanted = (measure, side, role, window)
    return next(
        (each for each in found.figures
         if (each.measure, each.side, each.role, each.window) == wanted), None,
    )  # fmt: skip
