"""What things are called on the page: data types, signals, sides, countries, verdicts, counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.comparison import Changed, Comparison, Side, Which
from analyzer.knowledge import Knowledge
from analyzer.models import Count, Delta, Verdict
from analyzer.said import Said, say, say_many
from reports import words
from reports.language import Figure, Language
from reports.looks import looks
from reports.problems import problem
from reports.reach import counts_of, reach
from reports.templating import fit

ADULT = 18
_MOST_COUNTRIES = 4  # named one by one
_STATES = {
    "protective": say("set to a value that protects the child"),
    "non_protective": say("set to a value that does not protect the child"),
    "no_signal": say("set to a value that says nothing either way"),
    "contradictory": say("set to a value that contradicts what else is sent"),
}
_METHODS = {
    "rule": say("by a rule for the recipient"),
    "planted": say("as a seeded value"),
    "name": say("by the name of its key"),
    "shape": say("by the looks of its value"),
}
_PARTS = {
    "host": say("name of the host"),
    "path": say("path of the request"),
    "query": say("query of the request"),
    "header": say("header of the request"),
    "cookie": say("cookie of the request"),
    "body": say("body of the request"),
    "response_header": say("header of the answer"),
    "response_cookie": say("cookie of the answer"),
    "response": say("body of the answer"),
}
# What needs no explanation, in the order in which a reader wants to hear of it.
TELLING = (
    "loc.precise", "soc.contacts", "person.phone", "person.email", "person.name", "id.advertising",
    "demo.birth_date", "soc.messages", "beh.search", "ad.interest", "id.device",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What things of one comparison are called in one language."""

    comparison: Comparison
    knowledge: Knowledge
    language: Language

    def data(self, data_type: str) -> str:
        """Return a data type in two or three words; its id where the knowledge has none."""
        known = self.knowledge.types.get(data_type)
        return self.language.term(known.label) if known else data_type

    def group(self, name: str) -> str:
        """Return a group of data types in words."""
        return self.plain(words.group(name))

    def signal(self, signal: str) -> str:
        """Return a signal's title; its id where the knowledge has none."""
        known = self.knowledge.signals.get(signal)
        return self.language.term(known.title) if known else signal

    def subject(self, row: Delta) -> str:
        """Return what a row is about, without the state of a signal."""
        return self.data(row.subject) if row.kind == "data" else self.signal(row.subject)

    def told(self, row: Delta) -> str:
        """Return what a row is about, with the state of a signal."""
        if not row.state:
            return self.subject(row)
        state = self.state(row.state)
        return self.plain(say("{signal}: {state}", signal=self.signal(row.subject), state=state))

    def changed(self, row: Changed) -> str:
        """Return what a row is about whose verdict would be another."""
        if row.kind == "signal":
            state = self.state(row.state)
            signal = self.signal(row.subject)
            return self.plain(say("{signal}: {state}", signal=signal, state=state))
        if row.kind == "magnitude":
            what = self.data(row.subject) if row.subject else self.plain(say("everything"))
            return self.plain(say("{measure} of {what}", measure=row.state, what=what))
        return self.data(row.subject)

    def state(self, verdict: str) -> Said:
        """Return what a signal of this verdict is set to."""
        return _STATES[verdict]

    def values(self, row: Delta) -> list[str]:
        """Return to what a signal was set in the examples of `row`, where it is known."""
        known = self.knowledge.signals.get(row.subject)
        if known is None:
            return []
        listed = {*known.protective, *known.non_protective, *known.no_signal}
        return list(
            dict.fromkeys(
                each.shape
                for each in self.comparison.evidence
                if each.id in row.examples and (known.decode or each.shape in listed)
            )
        )

    def method(self, methods: Iterable[str]) -> list[Said | str]:
        """Return by what something was recognised."""
        return [_METHODS.get(each, each) for each in methods if each]

    def part(self, part: str) -> Said:
        """Return which part of an exchange something stood in."""
        return _PARTS[part]

    def shape(self, shape: str) -> str:
        """Return the looks of a value in words, where there are words for it."""
        told = looks(shape)
        return self.plain(told) if isinstance(told, Said) else told

    def problem(self, code: str) -> Said | str:
        """Return what could not be read, in words."""
        return problem(code)

    def party(self, party: str) -> Said:
        """Return whether a recipient is the app's own company."""
        return say("first party") if party == "first" else say("third party")

    def purpose(self, purpose: str) -> str:
        """Return what a recipient does with data, in a word."""
        return self.language.term(purpose.replace("_", " "))

    def country(self, code: str) -> str:
        """Return the name of a country; its code where nobody has one."""
        return self.language.country(code) or words.country(code, self.knowledge)

    def recipient(self, owner: str, sites: tuple[str, ...] = ()) -> str:
        """Return who received something: the owner, else the site it went to."""
        return owner or ", ".join(sites) or self.plain(say("unknown recipient"))

    def side(self, which: Which) -> str:
        """Return the title of a side."""
        side = self._side(which)
        if side.kind == "country" and len(side.countries) == 1:
            return self.country(side.countries[0])
        return self.language.term(side.title) if side.kind == "bloc" else side.title

    def child(self, which: Which) -> Said | str:
        """Return as whose the phones of a side were set up: a child's in a place, or just where."""
        if all(arm.age < ADULT for arm in self._side(which).arms):
            return say("a child in {place}", place=self.claim(which))
        return self.claim(which)

    def claim(self, which: Which) -> str:
        """Return as where the phones of a side were set up: countries, or the side's title."""
        side = self._side(which)
        if side.kind == "arm" or len(side.countries) > _MOST_COUNTRIES or not side.countries:
            return self.side(which)
        return self.language.all_of(self.country(code) for code in side.countries)

    def share(self, count: Count) -> Figure:
        """Return in how many of how many sessions something was seen, in words."""
        return self.of(count.k, count.n)

    def short(self, count: Count) -> Figure:
        """Return the same as ``k/n``."""
        return Figure(self.language.share(count.k, count.n))

    def of(self, k: int, n: int) -> Figure:
        """Return ``k of n``."""
        return self.plain(say("{k} of {n}", k=self.language.number(k), n=self.language.number(n)))

    def plain(self, text: str) -> Figure:
        """Return a text as one that needs nothing any more to stand in a picture or attribute."""
        return Figure(self.language.tell(text, fit) if isinstance(text, Said) else fit(text))

    def verdict(self, verdict: Verdict) -> Said:
        """Return a verdict in words."""
        a, b = self.side("a"), self.side("b")
        return {
            "only_a": say("only for {side}", side=a),
            "more_a": say("more for {side}", side=a),
            "same": say("the same on both sides"),
            "more_b": say("more for {side}", side=b),
            "only_b": say("only for {side}", side=b),
            "insufficient": say("not decided"),
        }[verdict]

    def reach(self, row: Delta) -> Said | str:
        """Return what is to be said of a row that few countries of a side show; else ""."""
        return reach(row, lambda each: self.country(each.country))

    def where(self, row: Delta, which: Which, *, whole: bool = True) -> str:
        """Return each country of `which`, the side that has more, with its sessions that had it.

        In any phase (`whole`); the side's claim, if it has only one country.
        """
        countries = counts_of(row, whole=whole)
        if not countries:
            return self.claim(which)
        return self.language.all_of(
            self.plain(
                say(
                    "{country} ({count})",
                    country=self.country(each.country),
                    count=self.of(each.k, each.n),
                )
            )
            for each in countries
        )

    def sessions(self, number: int) -> Said:
        """Return a number of sessions with its noun."""
        return say_many("{number} session", "{number} sessions", number)

    def _side(self, which: Which) -> Side:
        return self.comparison.a if which == "a" else self.comparison.b
