"""Where the phones were, arm by arm: claimed, measured and seen side by side."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import Comparison, RegionProof, RegionVerdict, Which
from analyzer.findings import RegionFact
from analyzer.said import Said, say, say_many

# What is said of `k` of all sessions, where it comes first, and where it follows.
_FIRST: dict[RegionVerdict, Callable[[int, int], Said]] = {
    "proven": lambda k, of: say_many(
        "proven in {k} of {number} session", "proven in {k} of {number} sessions", of, k=k
    ),
    "contradicted": lambda k, of: say_many(
        "contradicted in {k} of {number} session",
        "contradicted in {k} of {number} sessions",
        of,
        k=k,
    ),
    "disputed": lambda k, of: say_many(
        "disputed in {k} of {number} session", "disputed in {k} of {number} sessions", of, k=k
    ),
    "unproven": lambda k, of: say_many(
        "only claimed in {k} of {number} session",
        "only claimed in {k} of {number} sessions",
        of,
        k=k,
    ),
}
_NEXT: dict[RegionVerdict, Callable[[int], Said]] = {
    "contradicted": lambda k: say("contradicted in {k}", k=k),
    "disputed": lambda k: say("disputed in {k}", k=k),
    "unproven": lambda k: say("only claimed in {k}", k=k),
}
# What a row of the table is about: the topics of what was measured, and of what was seen, with the
# words before a value where there are several.
_COUNTRY, _LANGUAGE, _TIME_ZONE = say("Country"), say("Language"), say("Time zone")
_ROWS: tuple[tuple[Said, dict[str, str], dict[str, str]], ...] = (
    (
        _COUNTRY,
        {"exit_country": say("traffic left from")},
        {"server_country": say("servers took it to be in"), "country": say("the app said")},
    ),
    (
        say("SIM and network"),
        {"sim_country": ""},
        {"sim_country": say("SIM"), "network_country": say("network")},
    ),
    (
        say("Store and market"),
        {"store_country": ""},
        {"store_country": say("store"), "server_market": say("market")},
    ),
    (_LANGUAGE, {"locale": ""}, {"locale": ""}),
    (_TIME_ZONE, {"time_zone": ""}, {"time_zone": ""}),
    (say("Points of presence"), {}, {"pop": ""}),
)
_SHOWN = 8  # values of one cell


@dataclass(frozen=True, slots=True)
class Line:
    """One value: `k` of the sessions of the arm have it, told by `sources`."""

    before: str  # a `Said`, or ""
    value: str
    k: int
    sources: str


@dataclass(frozen=True, slots=True)
class Row:
    """One subject: what is claimed, measured and seen of it; `more` values were left out."""

    subject: Said
    claimed: str
    measured: tuple[Line, ...]
    seen: tuple[Line, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ArmRegion:
    """The sessions of one arm, as a report tells where they were."""

    side: Which
    arm: str
    n: int
    verdicts: Said
    rows: tuple[Row, ...]
    against: tuple[tuple[str, int], ...]  # sentences, and in how many sessions
    remarks: tuple[tuple[str, int], ...]


def arm_regions(comparison: Comparison) -> list[ArmRegion]:
    """Return every arm that was compared, in the order of the sessions."""
    arms: defaultdict[tuple[Which, str], list[RegionProof]] = defaultdict(list)
    for proof in comparison.regions:
        arms[proof.side, proof.arm].append(proof)
    return [
        ArmRegion(
            side=side,
            arm=arm,
            n=len(proofs),
            verdicts=_verdicts(proofs),
            rows=tuple(_rows(proofs)),
            against=_counted(each for proof in proofs for each in proof.contradictions),
            remarks=_counted(each for proof in proofs for each in proof.remarks),
        )
        for (side, arm), proofs in arms.items()
    ]


def side_sentence(proofs: Sequence[RegionProof], side: Which) -> Said | Literal[""]:
    """Say in a line what is known of the region of the sessions of a side; "" where it has none."""
    mine = [proof for proof in proofs if proof.side == side]
    return _verdicts(mine) if mine else ""


def _verdicts(proofs: Sequence[RegionProof]) -> Said:
    counts = Counter(proof.verdict for proof in proofs)
    first, *rest = [each for each in _FIRST if counts[each]]
    told = _FIRST[first](counts[first], len(proofs))
    others = tuple(_NEXT[each](counts[each]) for each in rest)
    return say("{verdicts}", verdicts=(told, *others)) if others else told


def _rows(proofs: Sequence[RegionProof]) -> Iterable[Row]:
    first = proofs[0]
    claims = {
        _COUNTRY: first.country,
        _LANGUAGE: ", ".join(first.languages[:_SHOWN]),
        _TIME_ZONE: ", ".join(first.time_zones[:_SHOWN]),
    }
    for subject, measured, seen in _ROWS:
        of_measured = _lines((proof.measured for proof in proofs), measured)
        of_seen = _lines((proof.seen for proof in proofs), seen)
        more = max(0, len(of_measured) - _SHOWN) + max(0, len(of_seen) - _SHOWN)
        if subject == _COUNTRY or of_measured or of_seen:
            yield Row(
                subject,
                claims.get(subject, ""),
                tuple(of_measured[:_SHOWN]),
                tuple(of_seen[:_SHOWN]),
                more,
            )


def _lines(sessions: Iterable[Sequence[RegionFact]], topics: dict[str, str]) -> list[Line]:
    """Return each value of `topics`: the one of most sessions first."""
    having: Counter[tuple[str, str]] = Counter()
    sources: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for facts in sessions:
        of_session = {(fact.topic, fact.value) for fact in facts if fact.topic in topics}
        having.update(of_session)
        for fact in facts:
            sources[fact.topic, fact.value].add(fact.source)
    order = list(topics)
    return [
        Line(topics[topic], value, k, ", ".join(sorted(sources[topic, value])))
        for (topic, value), k in sorted(
            having.items(), key=lambda each: (order.index(each[0][0]), -each[1], each[0][1])
        )
    ]


def _counted(sentences: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(sentences).items())
