"""Whose feeds were measured: accounts of which age, with which interest, how long and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from analyzer.said import Said, say
from reports.feed.figures import Figures

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit


def who(audit: Audit, figures: Figures) -> tuple[Said, ...]:
    """Return who the accounts are, in a few sentences."""
    return tuple(_told(audit, figures))


def _told(audit: Audit, figures: Figures) -> Iterator[Said]:
    names = {each.name: each for each in audit.accounts if each.sessions}
    ages = {
        figures.side(side.name): tuple(
            map(
                figures.language.number,
                sorted(
                    {each.age for each in side.arms if each.label in
                     {account.arm for account in names.values()}}
                ),
            )
        )
        for side in audit.sides
    }  # fmt: skip
    every = set(ages.values())
    if len(every) == 1 and every != {()}:
        yield say("Age that the accounts give: {ages}.", ages=every.pop())
    else:
        for side, own in ages.items():
            if own:
                yield say("{side}, age that the accounts give: {ages}.", side=side, ages=own)
    shown = {each.interest for each in names.values()}
    for interest in audit.protocol.interests.values():
        if interest.name in shown:
            yield say(
                "Their interest, “{interest}”, is of these categories: {categories}.",
                interest=interest.name,
                categories=tuple(map(figures.category, interest.categories)),
            )
    found = audit.comparison.accounts
    if found:
        yield say(
            "Accounts: {accounts}. Feed time of each, on average: {time}. Recorded: {days}.",
            accounts=figures.language.number(len(found)),
            time=figures.duration(sum(each.feed_s for each in found) / len(found)),
            days=figures.language.days(audit.started, audit.ended) if audit.started else "…",
        )
