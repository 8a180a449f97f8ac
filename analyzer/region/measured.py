"""What was measured of a phone and its way out, as facts in codes of public lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from analyzer.findings import RegionFact
from analyzer.knowledge import Knowledge
from analyzer.models import Measured
from analyzer.region.codes import Codes, locale_of, zone_of

MOST = 200  # different facts; a bundle that was brought in may hold anything
OTHERS = "others"  # topic of the row that counts what is beyond
_SOURCE = re.compile(r"adb|check page|check url|geo:[\w.+-]{1,80} [\w-]{1,10}", re.ASCII)
_Answers = tuple[tuple[str, str], ...]  # (source, country), in order


def measured_facts(
    session: str, rows: Sequence[Measured], knowledge: Knowledge
) -> tuple[RegionFact, ...]:
    """Return the facts of `rows` (in time order) that tell where a phone is.

    Countries of the exit are kept by question: the answers of different databases that followed
    each other are those to one. Questions with the same answers are one, with how often; of the
    other topics each different value is one fact, with how often.
    """
    codes = Codes(knowledge)
    values: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        topic, value = _coarse(row, codes)
        if value:
            values[topic, value, _source(row)] += 1
    facts = [
        RegionFact(session, "measured", "exit_country", country, source, number, count)
        for number, (answers, count) in enumerate(_asks(rows, codes).items(), 1)
        for source, country in answers
    ]
    # The phone's own word for the country of its SIM goes before what its number means.
    said = any(topic == "sim_country" for topic, _, _ in values)
    for (topic, value, source), count in sorted(values.items()):
        if topic != "sim_operator" or not said:
            named = "sim_country" if topic == "sim_operator" else topic
            facts.append(RegionFact(session, "measured", named, value, source, 0, count))
    if len(facts) > MOST:
        beyond = sum(fact.count for fact in facts[MOST:])
        facts[MOST:] = [RegionFact(session, "measured", OTHERS, "", "", 0, beyond)]
    return tuple(facts)


def _coarse(row: Measured, codes: Codes) -> tuple[str, str]:
    match row.topic:
        case "sim_country" | "store_country":
            return row.topic, codes.country(row.value)
        case "sim_operator":
            return row.topic, codes.operator(row.value)
        case "locale":
            return row.topic, locale_of(row.value)
        case "time_zone":
            return row.topic, zone_of(row.value)
        case _:
            return "", ""


def _asks(rows: Sequence[Measured], codes: Codes) -> Counter[_Answers]:
    """Return each set of answers to one question, and how often it was given, in first order."""
    asks: list[dict[str, str]] = [{}]
    for row in rows:
        if row.topic == "exit_ip":
            asks.append({})
        elif row.topic == "exit_country" and (country := codes.country(row.value)):
            source = _source(row)
            if source in asks[-1]:
                asks.append({})
            asks[-1][source] = country
    return Counter(tuple(sorted(ask.items())) for ask in asks if ask)


def _source(row: Measured) -> str:
    return row.source if _SOURCE.fullmatch(row.source) else "of unknown origin"
