"""What is the same for every pair of sides, and the sessions that stand on a side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analyzer.compare.admission import Admission, admission
from analyzer.compare.blindness import Blindness, blindness
from analyzer.compare.groups import Group
from analyzer.compare.measuring import Measured, measured
from analyzer.compare.presence import COOKIES, Key, Seen, counted, presence
from analyzer.compare.recorded import Recorded, left_out, recorded
from analyzer.compare.region import region_proofs
from analyzer.compare.searched import Searched, searched
from analyzer.compare.sides import resolve_side
from analyzer.comparison import Excluded, RegionProof, Side
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.study import Study


@dataclass(frozen=True, slots=True)
class Sided:
    """One side with its sessions.

    `out` are those that gates left out; where that would be all of the compared ones, they are
    shown all the same (`shown_only`), and nothing may be concluded from them.
    """

    side: Side
    compared: tuple[Recorded, ...]
    controls: tuple[Recorded, ...]
    out: tuple[Recorded, ...]
    out_controls: tuple[Recorded, ...]
    shown_only: bool

    @property
    def group(self) -> Group:
        """What the verdicts need of it."""
        return Group(
            self.side.title,
            {each.id: each.block for each in self.compared},
            frozenset(each.id for each in self.compared if not each.exchanges),
            len(self.out),
        )

    @property
    def adults(self) -> Group:
        """The same of its adult sessions."""
        return Group(
            self.side.title,
            {each.id: each.block for each in self.controls},
            frozenset(each.id for each in self.controls if not each.exchanges),
            len(self.out_controls),
        )

    @property
    def ids(self) -> frozenset[str]:
        """Its compared sessions."""
        return frozenset(each.id for each in self.compared)

    @property
    def control_ids(self) -> frozenset[str]:
        """Its adult sessions."""
        return frozenset(each.id for each in self.controls)


@dataclass(frozen=True, slots=True)
class Material:
    """A study, reduced to what comparisons count.

    `sessions` are those that are evidence of anything (`recorded.left_out`), of `everyone`.
    """

    study: Study
    knowledge: Knowledge
    everyone: Sequence[Recorded]
    sessions: Sequence[Recorded]
    seen: Mapping[Key, Seen]
    measured: Sequence[Measured]
    blind: Blindness
    away: Sequence[Excluded]  # sessions that are no part of it
    searched: Searched
    proofs: Mapping[str, RegionProof]
    covered: frozenset[str]  # sessions in which a host was seen, read or not
    admission: Admission
    cookieless: frozenset[str]  # imported ones that hold no cookie: these may have been left out

    def blind_for(self, key: Key, seen: Seen) -> frozenset[str]:
        """Return the sessions in which `key` may have been sent where it could not be seen."""
        blind = self.blind.of(key.kind, key.owner, seen.sites)
        return blind | self.cookieless if seen.in_cookies else blind

    def unsearched(self, key: Key, seen: Seen, sessions: frozenset[str]) -> frozenset[str]:
        """Return those of `sessions` in which what shows `key` elsewhere was not looked for."""
        if seen.planted.isdisjoint(sessions):
            return frozenset()
        return frozenset(each for each in sessions if key.subject not in self.searched[each])

    def side(self, name: str) -> Sided:
        """Return the side `name` with its sessions; `UserError` where it stands for nothing."""
        there = [each for each in self.sessions if self.admission.shows(each)]
        try:
            side = resolve_side(self.study, self.knowledge, [each.arm for each in there], name)
        except UserError as error:
            away = [*self.away, *self.admission.out(self.sessions)]
            told = "".join(
                f"; {each.session} is left out because {each.reason}" for each in away[:1]
            )
            raise UserError(error.message, f"{error.fix}{told}") from None
        compared = [each for each in self.sessions if each.arm in set(side.arms)]
        controls = [each for each in self.sessions if each.arm in set(side.controls)]
        good = [each for each in compared if self.admission.admits(each)]
        adults = [each for each in controls if self.admission.admits(each)]
        shown = good or [each for each in compared if self.admission.shows(each)]
        return Sided(
            side=_counted(side, shown, adults),
            compared=tuple(shown),
            controls=tuple(adults),
            out=tuple(each for each in compared if each not in shown),
            out_controls=tuple(each for each in controls if each not in adults),
            shown_only=not good,
        )

    def without(self, gone: frozenset[str]) -> Material:
        """Return the material without some of its sessions."""
        return replace(self, sessions=[each for each in self.sessions if each.id not in gone])

    def with_instrumented(self) -> Material:
        """Return the material with the sessions of an instrumented app, were they left out."""
        return _chosen(self, instrumented=True)


def material(frames: Frames, study: Study, knowledge: Knowledge) -> Material:
    """Return the material of a study."""
    whole = _whole(frames, study, knowledge)
    data = counted(frames, knowledge, study.compare)
    phases = phases_before(study)
    whole = replace(
        whole,
        seen=presence(frames, knowledge, study.compare, data),
        measured=measured(data, frames.coverage, whole.everyone, whole.blind, phases),
    )
    return _chosen(whole, instrumented=False)


def _whole(frames: Frames, study: Study, knowledge: Knowledge) -> Material:
    everyone = recorded(frames.sessions)
    return Material(
        study=study,
        knowledge=knowledge,
        everyone=everyone,
        sessions=(),
        seen={},
        measured=(),
        blind=blindness(frames.sessions, frames.coverage),
        away=(),
        searched=searched(everyone, study, frames.problems),
        proofs=region_proofs(frames.region, everyone, study, knowledge),
        covered=frozenset(frames.coverage["session"]),
        admission=Admission({}, {}),
        cookieless=_cookieless(frames, everyone),
    )


def _cookieless(frames: Frames, everyone: Sequence[Recorded]) -> frozenset[str]:
    """Return the imported sessions in which nothing stands in a cookie.

    Browsers leave cookies out of a HAR unless they are told not to.
    """
    having = frozenset[str]().union(
        *(
            table.loc[table["part"].isin(COOKIES), "session"]
            for table in (frames.findings, frames.signals, frames.identifiers)
        )
    )
    imported = frozenset(each.id for each in everyone if each.origin == "har")
    return imported - having


def sessions_of(frames: Frames, study: Study, knowledge: Knowledge) -> Material:
    """Return the sessions of a study as comparisons take them, without what they sent."""
    return _chosen(_whole(frames, study, knowledge), instrumented=False)


def _chosen(made: Material, *, instrumented: bool) -> Material:
    away = left_out(made.everyone, instrumented=instrumented, elsewhere=False)
    gone = {each.session for each in away}
    sessions = [each for each in made.everyone if each.id not in gone]
    waived = dict(made.study.compare.waive)
    return replace(
        made,
        sessions=sessions,
        away=away,
        admission=admission(sessions, made.proofs, made.covered, waived),
    )


def phases_before(study: Study) -> tuple[str, ...]:
    """Return the phases before the one in which the app asks for consent."""
    if study.consent_phase not in study.phases:
        return ()
    return study.phases[: study.phases.index(study.consent_phase)]


def _counted(side: Side, compared: Sequence[Recorded], controls: Sequence[Recorded]) -> Side:
    """Return `side` with the arms and countries of the sessions that are left."""
    of, of_adults = {each.arm for each in compared}, {each.arm for each in controls}
    return replace(
        side,
        arms=tuple(arm for arm in side.arms if arm in of),
        controls=tuple(arm for arm in side.controls if arm in of_adults),
        countries=tuple(sorted({arm.country for arm in of})),
        sessions=len(compared),
        control_sessions=len(controls),
    )
