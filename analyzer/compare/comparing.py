"""The comparison of two sides: `diff A B`, with everything that a report says about it."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from analyzer import __version__, statistics
from analyzer.compare.blindness import Blindness, blindness
from analyzer.compare.cautions import cautions, false_starts
from analyzer.compare.evidence import (
    coverage_rows,
    evidence,
    problem_counts,
    recipients,
    session_rows,
)
from analyzer.compare.noise import noise_floor
from analyzer.compare.presence import Key, Place, Seen, presence
from analyzer.compare.recorded import Recorded, left_out, recorded
from analyzer.compare.region import region_cautions, region_proofs
from analyzer.compare.searched import Searched, planted_apart, searched
from analyzer.compare.sides import apart, resolve_side
from analyzer.compare.uncertainty import guesses, hearsay
from analyzer.compare.verdicts import Group, Judged, Observed, judge
from analyzer.comparison import (
    Changed,
    Comparison,
    Excluded,
    Sensitivity,
    Settings,
    Side,
    Tally,
    Which,
)
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.models import Contrast, Count, Delta
from analyzer.pipeline import identify
from analyzer.said import say
from analyzer.study import Study

ALTERNATIVES: Mapping[str, str] = {"global_majority": "global_majority_wb"}
_EXAMPLES = 1  # for each side
_LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy")
_ADVERTISING = {"advertising", "attribution"}
_ADVERTISING_TYPES = {"id.advertising", "id.cross_vendor"}


@dataclass(frozen=True, slots=True)
class _Sessions:
    """One side with its sessions."""

    side: Side
    compared: tuple[Recorded, ...]
    controls: tuple[Recorded, ...]

    @property
    def group(self) -> Group:
        return Group(
            self.side.title,
            {each.id: each.block for each in self.compared},
            frozenset(each.id for each in self.compared if not each.exchanges),
        )

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.compared)

    @property
    def control_ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.controls)


@dataclass(frozen=True, slots=True)
class _Material:
    """What is the same for every pair of sides."""

    study: Study
    knowledge: Knowledge
    sessions: Sequence[Recorded]
    seen: Mapping[Key, Seen]
    blind: Blindness
    away: Sequence[Excluded]  # sessions that are no part of it
    searched: Searched

    def unsearched(self, key: Key, seen: Seen, sessions: frozenset[str]) -> frozenset[str]:
        """Return those of `sessions` in which what shows `key` elsewhere was not looked for."""
        if seen.planted.isdisjoint(sessions):
            return frozenset()
        return frozenset(each for each in sessions if key.subject not in self.searched[each])


def compare(frames: Frames, study: Study, knowledge: Knowledge, a: str, b: str) -> Comparison:
    """Compare side `a` with side `b`; both are names as `sides.resolve_side` takes them.

    Raises `UserError` where a name stands for nothing, or a session would be on both sides.
    Sessions that are no evidence (see `recorded.left_out`) are excluded.
    """
    material = _material(frames, study, knowledge)
    excluded = sorted(
        [Excluded(session, reason) for session, reason in frames.excluded] + [*material.away],
        key=lambda each: each.session,
    )
    left, right = _of(material, a), _of(material, b)
    apart(left.side, right.side)
    deltas = _deltas(material, left, right)
    compared: dict[Which, tuple[Recorded, ...]] = {"a": left.compared, "b": right.compared}
    controls: dict[Which, tuple[Recorded, ...]] = {"a": left.controls, "b": right.controls}
    part = [*left.compared, *left.controls, *right.compared, *right.controls]
    regions = region_proofs(frames.region, compared, study, knowledge)
    return Comparison(
        study=study.name,
        app=study.app,
        a=left.side,
        b=right.side,
        deltas=deltas,
        tallies=_tallies(deltas),
        evidence=evidence(frames, deltas, compared),
        recipients=recipients(material.seen, left.ids | right.ids),
        coverage=coverage_rows(frames.coverage, compared),
        blind_spots=tuple(material.blind.on("a", left.ids) + material.blind.on("b", right.ids)),
        noise=noise_floor(
            {left.side.title: left.compared, right.side.title: right.compared},
            [*left.controls, *right.controls],
            material.seen,
            study.compare,
            (sum(each.q <= study.compare.alpha for each in deltas), len(deltas)),
        ),
        warnings=(
            *cautions((left.side, left.compared), (right.side, right.compared), excluded),
            *false_starts(left.side, left.compared, left.controls),
            *false_starts(right.side, right.compared, right.controls),
            *region_cautions(left.side, right.side, regions),
            *planted_apart(
                (left.side, left.compared), (right.side, right.compared), material.searched
            ),
            *hearsay(frames, knowledge, study.compare.unverified),
        ),
        sensitivities=_alternatives(material, left, right, deltas),
        sessions=session_rows(frames, compared, controls),
        excluded=tuple(excluded),
        problems=problem_counts(frames.problems, compared),
        settings=Settings(
            alpha=study.compare.alpha,
            margin=study.compare.margin,
            min_sessions=study.compare.min_sessions,
            confidence=statistics.CONFIDENCE,
            min_confidence=study.compare.min_confidence,
            uncertain=guesses(frames, study.compare.min_confidence),
        ),
        versions=(
            ("evenhand", __version__),
            ("python", platform.python_version()),
            *((name, version(name)) for name in _LIBRARIES),
        ),
        tools=tuple(sorted({tool for each in part for tool in each.tools})),
        knowledge=knowledge.fingerprint,
        regions=regions,
    )


@dataclass(frozen=True, slots=True)
class Bases:
    """What the rows of a comparison were judged from: `rows[i]` is what was seen of `keys[i]`."""

    a: Group
    b: Group
    keys: tuple[Key, ...]
    rows: tuple[Observed, ...]


def bases(frames: Frames, study: Study, knowledge: Knowledge, a: str, b: str) -> Bases:
    """Return the sessions behind every row of ``compare(frames, study, knowledge, a, b)``."""
    material = _material(frames, study, knowledge)
    left, right = _of(material, a), _of(material, b)
    return _bases(material, left, right)


def delta_id(a: str, b: str, key: Key) -> str:
    """Return the id of the row `key` of the comparison of the sides named `a` and `b`."""
    return identify("d", a, b, *key)


def _material(frames: Frames, study: Study, knowledge: Knowledge) -> _Material:
    """Return the material for any pair of sides."""
    everyone = recorded(frames.sessions)
    away = left_out(everyone)
    gone = {each.session for each in away}
    return _Material(
        study,
        knowledge,
        [each for each in everyone if each.id not in gone],
        presence(frames, knowledge, study.compare),
        blindness(frames.sessions, frames.coverage),
        away,
        searched(everyone, study, frames.problems),
    )


def _of(material: _Material, text: str) -> _Sessions:
    arms = [each.arm for each in material.sessions]
    try:
        side = resolve_side(material.study, material.knowledge, arms, text)
    except UserError as error:
        told = "".join(
            f"; {each.session} is left out because {each.reason}" for each in material.away[:1]
        )
        raise UserError(error.message, f"{error.fix}{told}") from None
    compared, controls = set(side.arms), set(side.controls)
    return _Sessions(
        side,
        tuple(each for each in material.sessions if each.arm in compared),
        tuple(each for each in material.sessions if each.arm in controls),
    )


def _bases(material: _Material, a: _Sessions, b: _Sessions) -> Bases:
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
    return Bases(a.group, b.group, keys, rows)


def _deltas(material: _Material, a: _Sessions, b: _Sessions) -> tuple[Delta, ...]:
    base = _bases(material, a, b)
    judged = judge(base.a, base.b, base.rows, material.study.compare)
    law = _Law(material.knowledge, (a, b))
    return tuple(
        _delta(material, key, each, a, b, law) for key, each in zip(base.keys, judged, strict=True)
    )


def _delta(
    material: _Material, key: Key, judged: Judged, a: _Sessions, b: _Sessions, law: _Law
) -> Delta:
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


def _contrast(seen: Seen, judged: Judged, a: _Sessions, b: _Sessions) -> Contrast | None:
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


class _Law:
    """The verified rules that bind in the countries of either side.

    Attached to what advertising uses: advertising data and identifiers, whatever goes to parties
    that advertise or attribute, and every privacy signal. A rule counts where it protects a person
    of the age of one of the arms on the day of one of its sessions. What a platform has declared of
    itself is no law, and holds for that platform only: it is never attached.
    """

    def __init__(self, knowledge: Knowledge, sides: Collection[_Sessions]) -> None:
        self._groups = {each.id: each.group for each in knowledge.types.values()}
        asked = {
            (each.arm.country, each.arm.age, each.started[:10])
            for side in sides
            for each in side.compared
        }
        self._ids = tuple(
            sorted(
                {
                    law.id
                    for each in asked
                    for law in knowledge.laws_for(*each)
                    if law.verified and law.kind == "law"
                }
            )
        )

    def on(self, key: Key, purposes: Collection[str]) -> tuple[str, ...]:
        """Return the ids of what binds for a row of this `key`, sent for these `purposes`."""
        concerned = (
            key.kind == "signal"
            or key.subject in _ADVERTISING_TYPES
            or self._groups.get(key.subject) == "ads_inference"
            or not _ADVERTISING.isdisjoint(purposes)
        )
        return self._ids if concerned else ()


def _tallies(deltas: Sequence[Delta]) -> tuple[Tally, ...]:
    counted = Counter((delta.kind, delta.verdict) for delta in deltas)
    return tuple(Tally(kind, verdict, rows) for (kind, verdict), rows in sorted(counted.items()))


def _alternatives(
    material: _Material, a: _Sessions, b: _Sessions, deltas: Sequence[Delta]
) -> tuple[Sensitivity, ...]:
    """Judge everything again under the other definition of a bloc, where there is one."""
    found = []
    which: Which
    for which, side in (("a", a), ("b", b)):
        name = ALTERNATIVES.get(side.side.name, "")
        if side.side.kind != "bloc" or name not in material.knowledge.blocs:
            continue
        title = say("With {bloc} instead", bloc=material.knowledge.blocs[name].name)
        try:
            other = _of(material, name)
            left, right = (other, b) if which == "a" else (a, other)
            apart(left.side, right.side)
        except UserError as error:
            found.append(Sensitivity("bloc", name, title, which, None, error.message, (), ()))
            continue
        again = _deltas(material, left, right)
        found.append(
            Sensitivity(
                *("bloc", name, title, which, other.side, ""),
                _tallies(again),
                _changed(deltas, again),
            )
        )
    return tuple(found)


def _changed(deltas: Sequence[Delta], again: Sequence[Delta]) -> tuple[Changed, ...]:
    before, after = ({_row(delta): delta.verdict for delta in each} for each in (deltas, again))
    return tuple(
        Changed(*row, before.get(row), after.get(row))
        for row in sorted({*before, *after})
        if before.get(row) != after.get(row)
    )


def _row(delta: Delta) -> Key:
    return Key(delta.kind, delta.owner, delta.party, delta.subject, delta.state, delta.phase)
