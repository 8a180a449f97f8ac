"""All of it together, for arms or for the two sides of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.compare.cautions import left_out_told, waivers
from analyzer.compare.judging import gates_of
from analyzer.compare.material import Material, Sided, sessions_of
from analyzer.compare.recorded import Recorded
from analyzer.compare.sides import apart
from analyzer.comparison import Excluded
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.linkage.bridges import bridges, handovers
from analyzer.linkage.diffaudit import diffaudit
from analyzer.linkage.linkability import linkability
from analyzer.linkage.persistence import persistent, recognised
from analyzer.linkage.places import places
from analyzer.linkage.received import received
from analyzer.linkage.records import Group, Linkage
from analyzer.linkage.sightings import scopes, sightings, whose
from analyzer.models import Arm
from analyzer.said import Said, say
from analyzer.study import Study


def linkage(
    frames: Frames, study: Study, knowledge: Knowledge, sides: tuple[str, str] | None = None
) -> Linkage:
    """Return what ties data together, counted for `sides` (as `compare` names them) or every arm.

    Sessions that a comparison leaves out count nowhere here either. Whether an identifier comes
    again is judged over all others, also those of no side; what is told is of the sides.
    """
    made = sessions_of(frames, study, knowledge)
    pair = tuple(made.side(name) for name in sides or ())
    if pair:
        apart(pair[0].side, pair[1].side)
    sessions, out = _counted(made, pair)
    groups = _groups(sessions, pair)
    who = whose(sessions)
    seen = sightings(frames.identifiers, who.keys())
    scope_of = scopes(seen, who)
    inside = {session for group in groups for session in group.sessions}
    lasting = persistent(seen, who, scope_of)
    shown = persistent(seen, who, scope_of, inside)
    near = {each.digest for each in shown}
    known = frozenset(each.digest for each in lasting if each.certain)
    found = [each for each in bridges(seen, scope_of, known) if each.session in inside]
    owners, sites = received(frames, knowledge, study.compare)
    return Linkage(
        groups=groups,
        warnings=(
            *left_out_told((*made.away, *out)),
            *_unmet(made, pair),
            *recognised([each for each in lasting if each.digest in near]),
        ),
        handovers=handovers(found, groups),
        bridges=tuple(found),
        persistent=shown,
        linkable=linkability(owners, seen, scope_of, who, groups, knowledge),
        diffaudit=diffaudit(sites, groups, knowledge),
        places=places(frames, groups),
        knowledge=knowledge.fingerprint,
    )


def _counted(made: Material, pair: Sequence[Sided]) -> tuple[list[Recorded], list[Excluded]]:
    """Return the sessions that count, and those that a gate of sessions leaves out.

    Where it would leave out all of an arm, or of a side, they are shown, as in a comparison.
    """
    gone = {each.id for side in pair for each in (*side.out, *side.out_controls)}
    there = {each.id for side in pair for each in (*side.compared, *side.controls)}
    arms: dict[Arm, list[Recorded]] = {}
    for each in made.sessions:
        arms.setdefault(each.arm, []).append(each)
    for every in arms.values():
        good = [each for each in every if made.admission.admits(each)]
        shown = good or [each for each in every if made.admission.shows(each)]
        there |= {each.id for each in shown} - gone
    counted = [each for each in made.sessions if each.id in there]
    return counted, made.admission.out([each for each in made.sessions if each.id not in there])


def _unmet(made: Material, pair: Sequence[Sided]) -> list[Said]:
    """Say which checks of a comparison of the sides do not hold."""
    if not pair:
        return []
    gates = [gate for gate, _ in gates_of(made, pair[0], pair[1])]
    return [
        *waivers(gates),
        *(
            say(
                "This check does not hold: “{title}” ({found}). A difference between the sides may"
                " come from that.",
                title=gate.title,
                found=gate.found,
            )
            for gate in gates
            if not gate.passed and not gate.waived
        ),
    ]


def _groups(sessions: Sequence[Recorded], pair: Sequence[Sided]) -> tuple[Group, ...]:
    if pair:
        return tuple(
            Group(each.side.name, each.side.title, tuple(one.id for one in each.compared))
            for each in pair
        )
    labels = sorted({each.arm.label for each in sessions})
    return tuple(
        Group(label, label, tuple(each.id for each in sessions if each.arm.label == label))
        for label in labels
    )
