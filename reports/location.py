"""As which countries the sides were set up, and whether their phones were shown to be there.

A country is what the study claims of a phone. It is never told as a place of measurement unless
every session of the side is proven to have had its traffic leave from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from analyzer import amounts
from analyzer.comparison import Comparison, Side, Which


@dataclass(frozen=True, slots=True)
class Location:
    """What is claimed and shown of one side. `countries` are names, in the order of the side."""

    title: str
    countries: tuple[str, ...]
    ages: str  # declared, of an arm; "" otherwise
    sessions: int
    proven: int  # sessions that were shown to be there
    contradicted: int
    disputed: int

    @property
    def verified(self) -> bool:
        """Whether every session is proven."""
        return 0 < self.sessions == self.proven

    @property
    def claim(self) -> str:
        """Return as what the phones were set up: ``Kenya and Nigeria, declared age 13``."""
        *others, last = self.countries or ("no country",)
        names = f"{', '.join(others)} and {last}" if others else last
        return f"{names}, declared age {self.ages}" if self.ages else names

    @property
    def shown(self) -> str:
        """Return what of the claim is shown."""
        if self.verified:
            return "location verified"
        found = [f"verified in {self.proven} of {self.sessions} sessions"] if self.proven else []
        return f"location {', '.join([*(found or ['not verified']), *self.against])}"

    @property
    def against(self) -> list[str]:
        """Return what speaks against the claim: ``["contradicted in 2"]``."""
        counts = (("contradicted", self.contradicted), ("disputed", self.disputed))
        return [f"{name} in {count}" for name, count in counts if count]

    @property
    def phrase(self) -> str:
        """Return both, to stand behind the title of the side."""
        if self.verified:
            return f"as {self.claim}, where the traffic was shown to leave from"
        return f"set up as {self.claim}; {self.shown}"


def location(comparison: Comparison, which: Which, name: Callable[[str], str] = str) -> Location:
    """Return what is claimed and shown of a side; `name` makes names of country codes."""
    side: Side = comparison.a if which == "a" else comparison.b
    verdicts = Counter(proof.verdict for proof in comparison.regions if proof.side == which)
    ages = dict.fromkeys(str(arm.age) for arm in side.arms) if side.kind == "arm" else ()
    return Location(
        title=side.title,
        countries=tuple(name(code) for code in side.countries),
        ages=", ".join(ages),
        sessions=side.sessions,
        proven=verdicts["proven"],
        contradicted=verdicts["contradicted"],
        disputed=verdicts["disputed"],
    )


def unverified(comparison: Comparison, name: Callable[[str], str] = str) -> str:
    """Return a sentence on the sides whose location is not proven; "" where both are."""
    sides = (location(comparison, "a", name), location(comparison, "b", name))
    told = [
        f"{each.proven} of {amounts.number(each.sessions, 'session')} of {each.title}"
        f" ({'; '.join([f'set up as {each.claim}', *each.against])})"
        for each in sides
        if not each.verified
    ]
    if not told:
        return ""
    return (
        "A session counts for the country that its phone was set up as. That its traffic left from"
        f" there was shown in {' and in '.join(told)}."
    )
