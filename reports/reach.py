"""How far a difference of a side of several countries reaches: to most of them, or hangs on one."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.models import CountryCount, Delta
from analyzer.said import Said, say
from reports import words


def counts_of(delta: Delta, *, whole: bool = False) -> tuple[CountryCount, ...]:
    """Return the countries of the side that has more, if it has several; `whole`: in any phase."""
    more = "a" if delta.verdict in ("only_a", "more_a") else "b"
    every = delta.whole.countries if whole and delta.whole else delta.countries
    return tuple(each for each in every if each.side == more)


def is_narrow(delta: Delta) -> bool:
    """Say whether it was seen in the minority of the countries, or is not shown without one."""
    mine = counts_of(delta)
    return bool(delta.hinges) or 2 * sum(each.k > 0 for each in mine) < len(mine)


def reach(delta: Delta, named: Callable[[CountryCount], str] | None = None) -> Said | str:
    """Return what is to be said of it with a row that is narrow, without a full stop; else "".

    `named` names a country; by default it is its English name.
    """
    if not is_narrow(delta):
        return ""
    name = named or (lambda each: each.title)
    mine = counts_of(delta)
    seen = [each for each in mine if each.k]
    hinges = words.all_of(
        [name(each) for each in delta.countries if each.country in delta.hinges] or ["?"]
    )
    told = tuple(f"{name(each)} {each.k}/{each.n}" for each in mine)
    if 2 * len(seen) < len(mine):
        return say(
            "only because of {countries} ({each})",
            countries=words.all_of([name(each) for each in seen]),
            each=told,
        )
    if not told:
        return say("not shown without {countries}", countries=hinges)
    return say("not shown without {countries} ({each})", countries=hinges, each=told)
