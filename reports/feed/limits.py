"""What a recommender audit cannot tell: each sentence is there because its data make it hold."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.feed.coding.agreement import RELIABLE, TENTATIVE, Agreement, Coefficient
from analyzer.feed.measures.records import FeedComparison
from analyzer.said import Said, say
from analyzer.statistics import Interval
from reports.feed.figures import Figures

_ALIKE = 0.005  # shares that nobody would tell apart


def limits(comparison: FeedComparison, figures: Figures) -> tuple[Said, ...]:
    """Return the limits of `comparison`, those that weigh most first."""
    return (
        *_of_accounts(comparison, figures),
        *_of_items(comparison, figures),
        say("A feed was measured, not what it does to those who watch it."),
        say(
            "Only differences are described here. Whether one of them breaks a law is a question"
            " for a lawyer."
        ),
    )


def _of_accounts(comparison: FeedComparison, figures: Figures) -> Iterator[Said]:
    yield say(
        "Measured were {accounts} test accounts. They speak for accounts that do what these did,"
        " not for everyone in a country.",
        accounts=sum(each.accounts for each in comparison.coverage),
    )
    arms = {(each.side, each.role) for each in comparison.coverage}
    for side in comparison.sides:
        if (side, "control") not in arms:
            yield say(
                "{side}: there are no control accounts. What is shown to whoever shows no interest"
                " is not known.",
                side=figures.side(side),
            )
    if any(role == "observed" for _, role in arms):
        yield say(
            "What a person does with an account differs from person to person, and so does what"
            " that account is shown."
        )
    for each in comparison.figures:
        if each.measure == "share" and each.window == comparison.window and each.left_out:
            yield say(
                "{arm}: accounts that do not count in {hours}: {left_out} of {accounts}. Too few of"
                " their items are coded, or they did not live through it.",
                arm=figures.arm(each.side, each.role),
                left_out=each.left_out,
                accounts=each.left_out + each.accounts,
                hours=figures.hour(each.window, comparison.settings.window_s, each.until_s),
            )
    for side in comparison.sides:
        alone = max((each.alone for each in comparison.figures if each.side == side), default=0)
        if alone:
            yield say(
                "{side}: accounts without a counterpart of the other group in their block and arm:"
                " {alone}. They are not counted.",
                side=figures.side(side),
                alone=alone,
            )
    stopped = sum(bool(each.stopped) for each in comparison.accounts)
    if stopped:
        yield say(
            "Accounts that a rule stopped for what they were shown: {stopped}. What is told of the"
            " time after that is of those that were shown less of it.",
            stopped=stopped,
        )


def _of_items(comparison: FeedComparison, figures: Figures) -> Iterator[Said]:
    known = comparison.coverage
    shown, coded, unknown = (
        sum(getattr(each, name) for each in known) for name in ("shown", "coded", "unknown")
    )
    percent = figures.language.percent
    if coded < shown:
        yield say(
            "Nobody has coded {part} of the items shown. All shares are of those that were coded.",
            part=percent(1 - coded / shown),
        )
    if unknown:
        yield say(
            "Of {part} of the items nobody knows whether they were on the screen. They do not"
            " count.",
            part=percent(unknown / (unknown + shown)),
        )
    answers, understood = (
        sum(getattr(each, name) for each in known) for name in ("answers", "understood")
    )
    if understood < answers:
        yield say(
            "{part} of the feed's answers could not be read. What was in them is not known.",
            part=percent(1 - understood / answers),
        )
    if not all(each.exact for each in comparison.overlaps):
        yield say(
            "Accounts had more items than are kept one by one: what they have in common is an"
            " estimate."
        )


def agreement(found: Agreement | None, figures: Figures) -> tuple[Said, ...]:
    """Return how far those who coded agree, and whether that is enough."""
    if found is None or not found.both or found.share is None:
        return (
            say(
                "No item was coded by two people: how well they would agree is not known, nor how"
                " much hangs on one person's judgement."
            ),
        )
    told = [
        say(
            "Items that two people or more coded without seeing each other's codes: {both} of"
            " {items}. They agree on {share}.",
            both=figures.language.number(found.both),
            items=figures.language.number(found.items),
            share=figures.language.percent(found.share),
        )
    ]
    if found.alpha.value is None or found.alpha_harmful.value is None:
        told.append(say("All were given one category, so agreement by chance cannot be told."))
        return tuple(told)
    told.append(
        say(
            "Krippendorff's alpha, which is 1 where all agree and 0 where they agree as by chance,"
            " is {alpha} over all categories, and {measured} for measured or not.",
            alpha=_coefficient(found.alpha, figures),
            measured=_coefficient(found.alpha_harmful, figures),
        )
    )
    low = found.alpha_harmful.low
    if low is not None and low >= RELIABLE and not apart(found):
        told.append(say("By Krippendorff's rule codes with {least} and more can be relied on.",
                        least=figures.language.number(RELIABLE)))  # fmt: skip
    elif low is not None and low >= TENTATIVE and not apart(found):
        told.append(say("By Krippendorff's rule that bears tentative conclusions only."))
    elif low is None or low < TENTATIVE:
        told.append(say("By Krippendorff's rule that is too little to rely on."))
    if apart(found):
        told.append(
            say("Some of those who coded have no item in common: how well they agree is not known.")
        )
    return tuple(told)


def apart(found: Agreement) -> bool:
    """Tell whether there are coders of whom nobody can say how well they agree."""
    return any(not pair.items for pair in found.pairs)


def coders(comparison: FeedComparison, figures: Figures) -> tuple[Said, ...]:
    """Return what would be told if only what all coders called measured counted, or what any did.

    Of the accounts with an interest of each side.
    """
    told = []
    loosely = {(each.side, each.role): each for each in comparison.coders if each.rule == "any"}
    for strict in comparison.coders:
        loose = loosely.get((strict.side, strict.role))
        if strict.rule != "all" or strict.role == "control" or loose is None:
            continue
        if strict.share is None or loose.share is None or loose.share - strict.share < _ALIKE:
            continue
        filled: dict[str, object] = {
            "arm": figures.arm(strict.side, strict.role),
            "strict": figures.share(strict.share),
            "loose": figures.share(loose.share),
        }
        if strict.amplification is None or loose.amplification is None:
            told.append(
                say(
                    "{arm}: if only what all its coders called so were measured, the share would be"
                    " {strict}; if what any of them did, {loose}.",
                    **filled,
                )
            )
            continue
        filled |= {
            "strict_times": figures.factor(strict.amplification),
            "loose_times": figures.factor(loose.amplification),
        }
        told.append(
            say(
                "{arm}: if only what all its coders called so were measured, the share would be"
                " {strict} and the amplification {strict_times}; if what any of them did, {loose}"
                " and {loose_times}.",
                **filled,
            )
        )
    apart = any(each.code == "coders_apart" for row in comparison.rows for each in row.reasons)
    if told and not apart:
        told.append(
            say(
                "Coders do not see the country, so they err alike everywhere: that draws an"
                " amplification towards 1."
            )
        )
    return tuple(told)


def _coefficient(of: Coefficient, figures: Figures) -> str:
    number = figures.language.number
    if of.value is None or of.low is None or of.high is None:
        return "" if of.value is None else number(of.value, 2)
    held = figures.bracket(Interval(of.low, of.high), lambda end: number(end, 2))
    return figures.together(number(of.value, 2), held)
