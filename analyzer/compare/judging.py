"""One pair of sides, judged: the rows of presence, the magnitudes, and the gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer import statistics
from analyzer.compare.family import Test
from analyzer.compare.law import Law
from analyzer.compare.magnitudes import Scale, weigh
from analyzer.compare.material import Material, Sided
from analyzer.compare.pair import Half, pair_gates
from analyzer.compare.presence import Key, Place, Seen
from analyzer.compare.recorded import Recorded
from analyzer.compare.verdicts import Bar, Group, Judged, Observed, Terms, judge
from analyzer.gates import Gate
from analyzer.magnitudes import Magnitude
from analyzer.models import Contrast, Count, Delta, Verdict
from analyzer.pipeline import identify
from analyzer.said import say

_EXAMPLES = 1  # for each side


@dataclass(frozen=True, slots=True)
class Bases:
    """What the rows of a comparison were judged from: `rows[i]` is what was seen of `keys[i]`."""

    a: Group
    b: Group
    keys: tuple[Key, ...]
    rows: tuple[Observed, ...]
    terms: Terms


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All rows of a pair, in order, with the gates; `others` are the tests of the magnitudes."""

    deltas: tuple[Delta, ...]
    magnitudes: tuple[Magnitude, ...]
    gates: tuple[Gate, ...]
    others: tuple[Test, ...]


def delta_id(a: str, b: str, key: Key) -> str:
    """Return the id of the row `key` of the comparison of the sides named `a` and `b`."""
    return identify("d", a, b, *key)


def judge_pair(material: Material, a: Sided, b: Sided) -> Verdicts:
    """Judge all rows of the sides `a` and `b`: one family of tests."""
    settings = material.study.compare
    gates = _gates(material, a, b)
    bars = [bar for _, bar in gates if bar]
    weighed = weigh(a.group, b.group, material.measured)
    others = tuple(each.test for each in weighed)
    base = bases_of(material, a, b, Terms(tuple(bars), others))
    found = judge(base.a, base.b, base.rows, settings, base.terms)
    names = (a.side.name, b.side.name)
    scale = Scale(base.a, base.b, names, settings, bars, found.family, len(base.rows))
    magnitudes = [scale.judged(each, number) for number, each in enumerate(weighed)]
    stopped = Counter(each.gate for each in found.rows) + Counter(gate for _, gate in magnitudes)
    law = Law(material.knowledge, [*a.compared, *b.compared])
    return Verdicts(
        tuple(
            _delta(material, key, each, a, b, law)
            for key, each in zip(base.keys, found.rows, strict=True)
        ),
        tuple(row for row, _ in magnitudes),
        tuple(replace(gate, rows=stopped[gate.name]) for gate, _ in gates),
        others,
    )


def judge_presence(
    material: Material, a: Sided, b: Sided, others: Sequence[Test]
) -> Mapping[Key, Verdict]:
    """Judge the rows of presence only, in one family with the tests `others`."""
    bars = tuple(bar for _, bar in _gates(material, a, b) if bar)
    base = bases_of(material, a, b, Terms(bars, tuple(others)))
    found = judge(base.a, base.b, base.rows, material.study.compare, base.terms)
    return {key: each.verdict for key, each in zip(base.keys, found.rows, strict=True)}


def terms_of(material: Material, a: Sided, b: Sided) -> Terms:
    """Return under what the rows of presence of a pair are judged."""
    bars = tuple(bar for _, bar in _gates(material, a, b) if bar)
    return Terms(bars, tuple(each.test for each in weigh(a.group, b.group, material.measured)))


def bases_of(material: Material, a: Sided, b: Sided, terms: Terms) -> Bases:
    """Return which sessions of either side saw each row."""
    ids_a, ids_b = a.ids, b.ids
    found: list[tuple[Key, Observed]] = []
    for key, seen in material.seen.items():
        if seen.sessions.isdisjoint(ids_a | ids_b):
            continue
        blind = material.blind.of(key.kind, key.owner, {place.site for place in seen.places})
        unsearched = material.unsearched(key, seen, ids_a | ids_b)
        row = Observed(
            *(seen.sessions & ids_a, seen.sessions & ids_b),
            *(blind & ids_a, blind & ids_b),
            *(unsearched & ids_a, unsearched & ids_b),
        )
        found.append((key, row))
    keys, rows = tuple(key for key, _ in found), tuple(row for _, row in found)
    return Bases(a.group, b.group, keys, rows, terms)


def _gates(material: Material, a: Sided, b: Sided) -> list[tuple[Gate, Bar | None]]:
    """Return all gates, in their order, with what they keep from a conclusion."""
    blind = material.blind.incomplete | material.blind.unread
    halves = [Half(each.side.title, each.compared, len(each.out), blind) for each in (a, b)]
    everyone = [
        each
        for side in (a, b)
        for each in (*side.compared, *side.out, *side.controls, *side.out_controls)
    ]
    found: list[tuple[Gate, Bar | None]] = []
    for gate in material.admission.gates(everyone):
        lost = [
            side
            for side in (a, b)
            if side.shown_only
            and not gate.waived
            and any(each.id in gate.sessions for each in side.compared)
        ]
        bar = None
        if lost:
            reason = say(
                "no session of {side} may count: {found}; what would do: {needed}",
                side=tuple(side.side.title for side in lost),
                found=gate.found,
                needed=gate.needed,
            )
            bar = Bar(gate.name, reason)
        found.append((gate, bar))
    return [*found, *pair_gates(halves[0], halves[1], material.study.compare)]


def _delta(material: Material, key: Key, judged: Judged, a: Sided, b: Sided, law: Law) -> Delta:
    seen = material.seen[key]
    everyone = a.ids | b.ids | a.control_ids | b.control_ids
    unsearched = material.unsearched(key, seen, everyone) - seen.sessions
    places = seen.within(a.ids | b.ids)
    return Delta(
        id=delta_id(a.side.name, b.side.name, key),
        kind=key.kind,
        owner=key.owner,
        party=key.party,
        hosts=tuple(sorted({place.host for place in places})),
        subject=key.subject,
        state=key.state,
        phase=key.phase,
        a=judged.a,
        b=judged.b,
        verdict=judged.verdict,
        reason=judged.reason,
        enough=judged.enough,
        effect=judged.effect,
        low=judged.low,
        high=judged.high,
        p=judged.p,
        q=judged.q,
        contrast=None if unsearched else _contrast(seen, judged, a, b),
        examples=tuple(_examples(places, a.compared) + _examples(places, b.compared)),
        methods=seen.methods,
        confidence=seen.confidence,
        law=law.on(key, {place.purpose for place in places}),
    )


def _contrast(seen: Seen, judged: Judged, a: Sided, b: Sided) -> Contrast | None:
    if not a.controls or not b.controls:
        return None
    adult_a = Count(len(seen.sessions & a.control_ids), len(a.controls))
    adult_b = Count(len(seen.sessions & b.control_ids), len(b.controls))
    effect, (low, high) = statistics.contrast(_minus(judged.a, adult_a), _minus(judged.b, adult_b))
    return Contrast(adult_a, adult_b, round(effect, 9), round(low, 9), round(high, 9))


def _minus(minor: Count, adult: Count) -> tuple[float, statistics.Interval]:
    of_minor, of_adult = minor.k / minor.n, adult.k / adult.n
    return of_minor - of_adult, statistics.newcombe(of_minor, minor.n, of_adult, adult.n)


def _examples(places: Sequence[Place], sessions: Sequence[Recorded]) -> list[str]:
    """Return the first finding in each of the first few of `sessions` that have one."""
    first: dict[str, str] = {}
    for place in places:
        first.setdefault(place.session, place.example)
    return [first[each.id] for each in sessions if each.id in first][:_EXAMPLES]
