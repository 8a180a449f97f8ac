"""One pair of sides, judged: the rows of presence, the magnitudes, and the gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.compare.contrasting import Judge, Quarters
from analyzer.compare.contrasting import Weighed as Apart
from analyzer.compare.family import Test
from analyzer.compare.groups import Group, Observed
from analyzer.compare.lateness import Clock
from analyzer.compare.law import Law
from analyzer.compare.magnitudes import Scale, Weighed, weigh
from analyzer.compare.material import Material, Sided
from analyzer.compare.pair import Half, pair_gates
from analyzer.compare.presence import Key, Place, Seen
from analyzer.compare.recorded import Recorded
from analyzer.compare.verdicts import Bar, Judged, Terms, judge
from analyzer.gates import Gate
from analyzer.magnitudes import Magnitude
from analyzer.models import Contrast, Delta, Verdict, Whole
from analyzer.pipeline import identify
from analyzer.said import Said, say

_NOBODY: frozenset[str] = frozenset()
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
    """All rows of a pair, in order, with the gates; `others` are the tests beside presence.

    `beside_adults` is why minors are not compared with adults, in sentences without a full stop.
    """

    deltas: tuple[Delta, ...]
    magnitudes: tuple[Magnitude, ...]
    gates: tuple[Gate, ...]
    others: tuple[Test, ...]
    beside_adults: tuple[Said, ...]


def delta_id(a: str, b: str, key: Key) -> str:
    """Return the id of the row `key` of the comparison of the sides named `a` and `b`."""
    return identify("d", a, b, *key)


def judge_pair(material: Material, a: Sided, b: Sided) -> Verdicts:
    """Judge all rows of the sides `a` and `b`: one family of tests."""
    settings = material.study.compare
    gates = gates_of(material, a, b)
    bars = tuple(bar for _, bar in gates if bar)
    rows = _observed(material, a, b)
    weighed = weigh(a.group, b.group, material.measured)
    apart = _contrasts(material, a, b, rows)
    whole = whole_rows(material, a.ids | b.ids | a.control_ids | b.control_ids)
    terms = Terms(bars, _tests(weighed, apart), _wholes(material, whole, rows, a.ids, b.ids))
    found = judge(a.group, b.group, list(rows.values()), settings, terms)
    names = (a.side.name, b.side.name)
    scale = Scale(a.group, b.group, names, settings, bars, found.family, len(rows))
    magnitudes = [scale.judged(each, number) for number, each in enumerate(weighed)]
    stopped = Counter(each.gate for each in found.rows) + Counter(gate for _, gate in magnitudes)
    first = len(rows) + len(weighed)
    judged: dict[Key, Contrast] = {}
    adult_bars = _adult_bars(material, a, b)
    of_whole: dict[Key, Contrast] = {}
    if apart:
        contrasting = Judge(_quarters(a, b), settings, (*bars, *adult_bars), found.family)
        for number, (key, each) in enumerate(apart.items()):
            judged[key] = contrasting.judged(each, first + number)
            if key in whole and judged[key].verdict != "insufficient":
                minors = _together(material, whole[key], a.ids, b.ids)
                adults = _together(material, whole[key], a.control_ids, b.control_ids)
                over_all = contrasting.quarters.weigh(minors, adults)
                of_whole[key] = contrasting.judged(over_all, first + number, replaced=True)
    law = Law(material.knowledge, [*a.compared, *b.compared])
    return Verdicts(
        tuple(
            _delta(material, key, each, a, b, law, (judged.get(key), of_whole.get(key)))
            for key, each in zip(rows, found.rows, strict=True)
        ),
        tuple(row for row, _ in magnitudes),
        tuple(replace(gate, rows=stopped[gate.name]) for gate, _ in gates),
        terms.others,
        tuple(dict.fromkeys(each.reason for each in adult_bars)),
    )


def judge_presence(
    material: Material, a: Sided, b: Sided, others: Sequence[Test]
) -> Mapping[Key, Verdict]:
    """Judge the rows of presence only, in one family with the tests `others`."""
    bars = tuple(bar for _, bar in gates_of(material, a, b) if bar)
    rows, terms = _observed(material, a, b), Terms(bars, tuple(others))
    found = judge(a.group, b.group, list(rows.values()), material.study.compare, terms)
    return {key: each.verdict for key, each in zip(rows, found.rows, strict=True)}


def bases_of(material: Material, a: Sided, b: Sided) -> Bases:
    """Return which sessions of either side saw each row, and under what it is judged."""
    bars = tuple(bar for _, bar in gates_of(material, a, b) if bar)
    rows = _observed(material, a, b)
    weighed = weigh(a.group, b.group, material.measured)
    terms = Terms(bars, _tests(weighed, _contrasts(material, a, b, rows)))
    return Bases(a.group, b.group, tuple(rows), tuple(rows.values()), terms)


def _tests(magnitudes: Sequence[Weighed], contrasts: Mapping[Key, Apart]) -> tuple[Test, ...]:
    """Return the tests of a report beside those of presence, in the order of the family."""
    return (*(each.test for each in magnitudes), *(each.test for each in contrasts.values()))


def _observed(material: Material, a: Sided, b: Sided) -> dict[Key, Observed]:
    """Return in which sessions of either side each row was seen."""
    ids, clock = a.ids | b.ids, Clock(a.compared, b.compared, material.study.compare)
    return {
        key: replace(_within(material, key, seen, a.ids, b.ids), late=clock.late(key, seen))
        for key, seen in material.seen.items()
        if not seen.sessions.isdisjoint(ids)
    }


def whole_rows(material: Material, sessions: frozenset[str]) -> dict[Key, tuple[Key, ...]]:
    """Return for each row all rows of the same in any phase, where there is more than one."""
    groups: dict[Key, list[Key]] = {}
    for key, seen in material.seen.items():
        if not seen.sessions.isdisjoint(sessions):
            groups.setdefault(key._replace(phase=""), []).append(key)
    return {key: tuple(of) for of in groups.values() if len(of) > 1 for key in of}


def _wholes(
    material: Material,
    whole: Mapping[Key, tuple[Key, ...]],
    rows: Mapping[Key, Observed],
    ids_a: frozenset[str],
    ids_b: frozenset[str],
) -> tuple[Observed | None, ...]:
    made: dict[tuple[Key, ...], Observed] = {}
    for key in rows:
        if key in whole and whole[key] not in made:
            made[whole[key]] = _together(material, whole[key], ids_a, ids_b)
    return tuple(made.get(whole.get(key, ())) for key in rows)


def _together(
    material: Material, keys: Sequence[Key], ids_a: frozenset[str], ids_b: frozenset[str]
) -> Observed:
    """Return in which sessions any of `keys` was seen, or may have been."""
    each = [_within(material, key, material.seen[key], ids_a, ids_b) for key in keys]
    return Observed(
        seen_a=_NOBODY.union(*(one.seen_a for one in each)),
        seen_b=_NOBODY.union(*(one.seen_b for one in each)),
        blind_a=_NOBODY.union(*(one.blind_a for one in each)),
        blind_b=_NOBODY.union(*(one.blind_b for one in each)),
        unsearched_a=_NOBODY.union(*(one.unsearched_a for one in each)),
        unsearched_b=_NOBODY.union(*(one.unsearched_b for one in each)),
    )


def _within(
    material: Material, key: Key, seen: Seen, ids_a: frozenset[str], ids_b: frozenset[str]
) -> Observed:
    blind = material.blind_for(key, seen)
    unsearched = material.unsearched(key, seen, ids_a | ids_b)
    return Observed(
        *(seen.sessions & ids_a, seen.sessions & ids_b),
        *(blind & ids_a, blind & ids_b),
        *(unsearched & ids_a, unsearched & ids_b),
    )


def _quarters(a: Sided, b: Sided) -> Quarters:
    return Quarters(a.group, b.group, a.adults, b.adults)


def _adult_bars(material: Material, a: Sided, b: Sided) -> tuple[Bar, ...]:
    """Return what the gates of a pair, put to its adults, keep from a conclusion.

    Adults of one side against those of the other, and on either side against its minors: what
    differs there beside the age could be why minors seem to differ more.
    """
    if not a.controls or not b.controls:
        return ()
    blind = material.blind.incomplete | material.blind.unread
    adults = [
        Half(
            say("adults of {side}", side=each.side.title),
            each.controls,
            len(each.out_controls),
            blind,
        )
        for each in (a, b)
    ]
    minors = [Half(each.side.title, each.compared, len(each.out), blind) for each in (a, b)]
    settings = material.study.compare
    found = pair_gates(adults[0], adults[1], settings)
    for young, old in zip(minors, adults, strict=True):
        found += [each for each in pair_gates(young, old, settings) if each[0].name != "coverage"]
    return tuple(bar for gate, bar in found if bar and gate.name not in {"sessions", "age"})


def _contrasts(
    material: Material, a: Sided, b: Sided, rows: Mapping[Key, Observed]
) -> dict[Key, Apart]:
    """Return the numbers of each row in which minors and adults of both sides can be compared."""
    if not a.controls or not b.controls:
        return {}
    quarters, found = _quarters(a, b), {}
    everyone = a.ids | b.ids | a.control_ids | b.control_ids
    for key, minors in rows.items():
        seen = material.seen[key]
        if material.unsearched(key, seen, everyone) - seen.sessions:
            continue
        adults = _within(material, key, seen, a.control_ids, b.control_ids)
        found[key] = quarters.weigh(minors, adults)
    return found


def gates_of(material: Material, a: Sided, b: Sided) -> list[tuple[Gate, Bar | None]]:
    """Return all gates of a pair, in their order, with what they keep from a conclusion."""
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
                "no session of {side} counts: {found}; what would be enough: {needed}",
                side=tuple(side.side.title for side in lost),
                found=gate.found,
                needed=gate.needed,
            )
            bar = Bar(gate.name, reason)
        found.append((gate, bar))
    return [*found, *pair_gates(halves[0], halves[1], material.study.compare)]


def _delta(
    material: Material,
    key: Key,
    judged: Judged,
    a: Sided,
    b: Sided,
    law: Law,
    contrasts: tuple[Contrast | None, Contrast | None],  # of the row, and over all phases
) -> Delta:
    seen = material.seen[key]
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
        contrast=contrasts[0],
        examples=tuple(_examples(places, a.compared) + _examples(places, b.compared)),
        methods=seen.methods,
        confidence=seen.confidence,
        law=law.on(key, {place.purpose for place in places}),
        whole=_whole(judged.whole, contrasts[1]),
    )


def _whole(judged: Judged | None, contrast: Contrast | None) -> Whole | None:
    if judged is None:
        return None
    return Whole(
        a=judged.a,
        b=judged.b,
        verdict=judged.verdict,
        reason=judged.reason,
        effect=judged.effect,
        low=judged.low,
        high=judged.high,
        p=judged.p,
        contrast=contrast,
    )


def _examples(places: Sequence[Place], sessions: Sequence[Recorded]) -> list[str]:
    """Return the first finding in each of the first few of `sessions` that have one."""
    first: dict[str, str] = {}
    for place in places:
        first.setdefault(place.session, place.example)
    return [first[each.id] for each in sessions if each.id in first][:_EXAMPLES]
