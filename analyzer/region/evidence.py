"""What the traffic of a session tells of where the phone was, at no cost and without a question.

Two kinds: what servers say in their answers (the rules of `pops.yaml`: points of presence, the
country they take the phone to be in), and what the app says of the phone in its requests (language,
time zone, SIM, store, country), where the extractor has recognised it as such. A raw value ends
here: only codes and names of public lists come out, not more than `MOST` different ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzer.findings import RegionFact
from analyzer.knowledge import Knowledge, PlaceRule, normal_name
from analyzer.leaves import Leaves
from analyzer.models import Exchange, Leaf, Match, Part
from analyzer.region.codes import Codes, locale_of, region_of, zone_of
from analyzer.region.measured import MOST, OTHERS

_SENT = frozenset({"demo.language", "loc.country", "loc.sim_carrier", "loc.timezone"})
# In the reason of a rule: it is the country of the phone's language, not where the phone is.
_OF_LOCALE = "locale"
Fact = tuple[str, str, str]  # topic, value, source


class Evidence:
    """Collects the evidence of one session, exchange by exchange."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._reader = EvidenceReader(knowledge)
        self._counts: Counter[Fact] = Counter()
        self._others = 0

    def exchange(
        self,
        place: tuple[str, str],
        exchange: Exchange,
        leaves: Sequence[Leaf],
        matches: Sequence[Match],
    ) -> None:
        """Look at one exchange. `place` are the host and the path of its URL.

        Each fact counts once for an exchange, however often it stands there.
        """
        self.add(dict.fromkeys(self._reader.facts(place, exchange, leaves, matches), 1))

    def add(self, facts: Mapping[Fact, int]) -> None:
        """Count `facts`, in how many of the next exchanges each was, in the order of the first."""
        for each, count in facts.items():
            if each in self._counts or len(self._counts) < MOST:
                self._counts[each] += count
            else:
                self._others += count

    def seen(self, session: str) -> tuple[RegionFact, ...]:
        """Return what was found, in order of topic, value and source."""
        rows = [(*found, count) for found, count in sorted(self._counts.items())]
        if self._others:
            rows.append((OTHERS, "", "", self._others))
        return tuple(
            RegionFact(session, "seen", topic, value, source, 0, count)
            for topic, value, source, count in rows
        )


class EvidenceReader:
    """Reads what single exchanges tell; nothing of one matters to the next."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._codes = Codes(knowledge)
        self._rules = _by_place(knowledge.places.rules)
        self._memory: dict[tuple[str, str, str], tuple[str, str]] = {}

    def facts(
        self,
        place: tuple[str, str],
        exchange: Exchange,
        leaves: Sequence[Leaf],
        matches: Sequence[Match],
    ) -> Iterator[Fact]:
        """Yield what one exchange tells, perhaps twice; arguments as in `Evidence.exchange`."""
        columns = Leaves.of(leaves)
        yield from self._told(place, exchange, columns)
        yield from self._sent(columns, matches)

    def _told(self, place: tuple[str, str], exchange: Exchange, leaves: Leaves) -> Iterator[Fact]:
        """What the server says of the phone."""
        if exchange.method == "WS":
            return  # its messages have no headers, and no rule is about them
        named = self._rules["response_header"]
        for name, value in exchange.response_headers:
            lower = name.lower()
            if lower == "set-cookie":
                for cookie, content in _cookies(value):
                    yield from self._read("response_cookie", cookie, content, place)
            elif lower in named:
                yield from self._read("response_header", lower, value.strip(), place)
        rules = self._rules["response"]
        if any(rule.is_at(*place) for rules_of in rules.values() for rule in rules_of):
            for part, _, start, end in leaves.stretches():
                if part == "response":
                    for at in range(start, end):
                        if (path := leaves.paths[at]) in rules:
                            yield from self._read("response", path, leaves.values[at], place)

    def _read(self, part: Part, name: str, value: str, place: tuple[str, str]) -> Iterator[Fact]:
        for rule in self._rules[part].get(name, ()):
            code = rule.code(value) if rule.is_at(*place) else ""
            if rule.tells == "pop":
                country = self._codes.airport(code)
                if country:
                    yield "pop", f"{country} {code}", rule.id
            elif country := self._codes.country(code):
                yield f"server_{rule.tells}", country, rule.id

    def _sent(self, leaves: Leaves, matches: Iterable[Match]) -> Iterator[Fact]:
        """What the app says of the phone.

        A path in which a value was masked is no longer that of its leaf, and is passed over.
        """
        wanted = {
            (match.part, match.path): match
            for match in matches
            if match.data_type in _SENT
            and not (match.data_type == "loc.country" and _OF_LOCALE in match.reason)
        }
        if not wanted:
            return
        wanted_paths = {path for _, path in wanted}
        for part, _, start, end in leaves.stretches():
            for at, path in enumerate(leaves.paths[start:end], start):
                if path not in wanted_paths or (match := wanted.get((part, path))) is None:
                    continue
                value = leaves.values[at]
                key = (match.data_type, path, value)
                told = self._memory.get(key)
                if told is None:
                    told = self._coarse(*key)
                    if len(self._memory) >= 10 * MOST:
                        self._memory.clear()
                    if len(value) <= MOST:
                        self._memory[key] = told
                if told[1]:
                    yield *told, match.rule_id

    def _coarse(self, data_type: str, path: str, value: str) -> tuple[str, str]:
        """Return topic and value of what an app says at `path`; an empty value for nothing."""
        name = normal_name(path.rpartition(".")[2])
        if data_type == "demo.language":
            return "locale", locale_of(value)
        if data_type == "loc.timezone":
            return "time_zone", zone_of(value)
        if data_type == "loc.sim_carrier":
            # Where the SIM comes from, or whose network it uses now: not the same when roaming.
            topic = "network_country" if "net" in name else "sim_country"
            by_number = self._codes.operator(value)
            if by_number or not ("country" in name or "iso" in name or "region" in name):
                return topic, by_number
            return topic, self._codes.country(value)
        topic = "store_country" if "store" in name else "country"
        return topic, self._codes.country(value) or self._codes.country(region_of(value))


def _by_place(rules: Iterable[PlaceRule]) -> Mapping[str, Mapping[str, list[PlaceRule]]]:
    found: dict[str, defaultdict[str, list[PlaceRule]]] = {
        part: defaultdict(list) for part in ("response_header", "response_cookie", "response")
    }
    for rule in rules:
        for name in rule.names:
            found[rule.part][name].append(rule)
    return {part: dict(names) for part, names in found.items()}


def _cookies(header: str) -> Iterator[tuple[str, str]]:
    """Yield name (lower case) and value of what is set; HAR joins several headers by line ends."""
    for line in header.split("\n"):
        name, equals, value = line.partition(";")[0].partition("=")
        if equals:
            yield name.strip().lower(), value.strip().strip('"')
