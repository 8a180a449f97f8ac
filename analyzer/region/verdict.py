"""What is claimed, measured and seen of where a phone was, and what that proves.

*Proven* is a region if all that was asked of where the traffic left says the claimed country, by
two witnesses at least (two databases; or one, and a server that took the phone to be there), and
nothing contradicts it. *Disputed* is one about which databases and servers do not agree: public
databases contradict each other just where it matters, at the addresses of VPNs. *Contradicted* is
one against which something speaks. Anything else is *unproven*: nobody has asked enough.

What contradicts a claim:

- an exit that no database puts there, even once: a tunnel that fell for a minute sent from home;
- servers of which every one took the phone to be elsewhere, where no database was asked (where one
  was, they dispute it);
- a SIM, a store country, a language or a time zone of the phone, as measured, of another country;
- the same of what the app sent, if everything that it sent was of another country: SDKs send
  defaults of their own beside the phone's settings, so one value that fits is enough.

What does not, and is a remark at most: points of presence (they serve neighbours, and networks
send much of Africa to Europe), the market for which a server chose to serve the phone, and the
network in which a SIM roams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from analyzer.bundle.tallies import DISPUTED
from analyzer.comparison import RegionProof, RegionVerdict, Which
from analyzer.expectation import Expectation
from analyzer.findings import RegionFact
from analyzer.knowledge import Country
from analyzer.region.codes import region_of
from analyzer.said import Said, say

_TOLD = 5  # values that a sentence names
_MEASURED: Mapping[str, Callable[..., Said]] = {
    "sim_country": lambda **it: say("the SIM is of {value}, the arm is in {country}", **it),
    "store_country": lambda **it: say(
        "the store is that of {value}, the arm is in {country}", **it
    ),
    "locale": lambda **it: say("the phone's language is {value}, the arm is in {country}", **it),
    "time_zone": lambda **it: say(
        "the phone's time zone is {value}, the arm is in {country}", **it
    ),
}
_SENT: Mapping[str, Callable[..., Said]] = {
    "country": lambda **it: say(
        "the app said that the phone is in {values}, the arm is in {country}", **it
    ),
    "sim_country": lambda **it: say(
        "the app said that the SIM is of {values}, the arm is in {country}", **it
    ),
    "store_country": lambda **it: say(
        "the app said that the store is that of {values}, the arm is in {country}", **it
    ),
    "locale": lambda **it: say(
        "the languages that the app sent are {values}, the arm is in {country}", **it
    ),
    "time_zone": lambda **it: say(
        "the time zones that the app sent are {values}, the arm is in {country}", **it
    ),
}


def prove(
    facts: Sequence[RegionFact],
    expected: Expectation,
    countries: Mapping[str, Country],
    *,
    session: str,
    side: Which,
    arm: str,
    egress: str = "",
) -> RegionProof:
    """Return what `facts`, all those of one session, prove of the claim that is `expected`.

    `egress` is the exit as the session's own record has it ("", a country or "disputed"): it counts
    where the measurements behind it are not known.
    """
    measured = [fact for fact in facts if fact.kind == "measured"]
    seen = [fact for fact in facts if fact.kind == "seen"]
    way_out = _WayOut(
        expected.country,
        _asks(measured, "" if egress == DISPUTED else egress.upper()),
        _values(seen, "server_country"),
        disputed=egress == DISPUTED,
    )
    against = [*way_out.elsewhere(), *_phone(measured, expected), *_app(seen, expected)]
    disputes = way_out.disputes()
    verdict: RegionVerdict = "unproven"
    if against:
        verdict = "contradicted"
    elif disputes:
        verdict = "disputed"
    elif way_out.witnesses() >= 2:
        verdict = "proven"
    return RegionProof(
        session=session,
        side=side,
        arm=arm,
        country=expected.country,
        languages=expected.languages,
        time_zones=expected.time_zones,
        measured=tuple(measured),
        seen=tuple(seen),
        verdict=verdict,
        contradictions=(*against, *disputes),
        remarks=(*way_out.remarks(), *_far(seen, expected.country, countries)),
    )


class _WayOut:
    """Where the traffic left: what databases said each time, and what servers said."""

    def __init__(
        self,
        claimed: str,
        asks: Sequence[Mapping[str, str]],
        servers: Sequence[str],
        *,
        disputed: bool,
    ) -> None:
        self._claimed = claimed
        self._disputed = disputed  # as recorded; of interest where there are no `asks`
        self._asks = asks  # source -> country, of each question
        self._servers = servers  # countries, each once

    def elsewhere(self) -> list[str]:
        found = [
            say(
                "the traffic left from {places}, not from {country}",
                places=_some(sorted(set(ask.values()))),
                country=self._claimed,
            )
            for ask in self._asks
            if self._claimed not in ask.values()
        ]
        if not self._asks and self._servers and self._claimed not in self._servers:
            found.append(
                say(
                    "every server that told took the phone to be in {places}, not in {country}",
                    places=_some(self._servers),
                    country=self._claimed,
                )
            )
        return list(dict.fromkeys(found))

    def disputes(self) -> list[str]:
        found: list[str] = []
        for ask in self._asks:
            places = set(ask.values())
            if self._claimed in places and len(places) > 1:
                told = tuple(f"{country} ({source})" for source, country in sorted(ask.items()))
                found.append(
                    say("the databases do not agree where the traffic left: {told}", told=told)
                )
        if self._disputed and not self._asks:
            found.append(say("the measurements of where the traffic left do not agree"))
        if self._asks and self._servers and self._claimed not in self._servers:
            found.append(
                say(
                    "every server that told took the phone to be in {places}",
                    places=_some(self._servers),
                )
            )
        return list(dict.fromkeys(found))

    def witnesses(self) -> int:
        """How many say so, where everyone does."""
        if not self._asks:
            return 0
        return min(len(ask) for ask in self._asks) + (self._claimed in self._servers)

    def remarks(self) -> list[str]:
        found: list[str] = []
        if not self._asks and not self._disputed:
            found.append(say("nobody asked from where the traffic left"))
        elif self.witnesses() == 1:
            found.append(say("only one witness says from where the traffic left"))
        others = [each for each in self._servers if each != self._claimed]
        if self._claimed in self._servers and others:
            found.append(say("some servers took the phone to be in {places}", places=_some(others)))
        return found


def _asks(measured: Iterable[RegionFact], egress: str) -> list[dict[str, str]]:
    by_question: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for fact in measured:
        if fact.topic == "exit_country":
            by_question[fact.ask][fact.source] = fact.value
    if by_question:
        return [by_question[number] for number in sorted(by_question)]
    return [{"the session's record": egress}] if egress else []


def _phone(measured: Sequence[RegionFact], expected: Expectation) -> Sequence[str]:
    """What the phone itself is that one of the claimed country is not: each value counts."""
    return [
        words(value=value, country=expected.country)
        for topic, words in _MEASURED.items()
        for value in _values(measured, topic)
        if not _fits(topic, value, expected)
    ]


def _app(seen: Sequence[RegionFact], expected: Expectation) -> Sequence[str]:
    """What the app said of the phone, where nothing of it fits the claimed country."""
    found: list[str] = []
    for topic, words in _SENT.items():
        values = _values(seen, topic)
        if topic == "locale":  # a language without a region says little, beside one that has one
            values = [tag for tag in values if region_of(tag)] or values
        if values and not any(_fits(topic, value, expected) for value in values):
            found.append(words(values=_some(values), country=expected.country))
    return found


def _fits(topic: str, value: str, expected: Expectation) -> bool:
    if topic == "locale":
        return not expected.languages or expected.language_fits(value)
    if topic == "time_zone":
        return not expected.time_zones or expected.time_zone_fits(value)
    return value == expected.country


def _far(
    seen: Sequence[RegionFact], claimed: str, countries: Mapping[str, Country]
) -> Iterable[str]:
    """Remark on points of presence that are all on other continents."""
    found = sorted({value.partition(" ")[0] for value in _values(seen, "pop")})
    here = countries[claimed].region if claimed in countries else ""
    continents = {countries[each].region if each in countries else "" for each in found}
    if found and here and "" not in continents and here not in continents:
        yield say(
            "every point of presence that answered is on another continent ({places})",
            places=_some(found),
        )


def _values(facts: Iterable[RegionFact], topic: str) -> list[str]:
    return sorted({fact.value for fact in facts if fact.topic == topic})


def _some(values: Sequence[str]) -> Said | tuple[str, ...]:
    shown = tuple(values[:_TOLD])
    if len(values) == len(shown):
        return shown
    return say("{values} and {n} more", values=shown, n=len(values) - len(shown))
