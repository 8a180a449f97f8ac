"""All of it together, for arms or for the two sides of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.compare.recorded import Recorded, left_out, recorded
from analyzer.compare.sides import apart, resolve_side
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
from analyzer.said import say
from analyzer.study import Study


def linkage(
    frames: Frames, study: Study, knowledge: Knowledge, sides: tuple[str, str] | None = None
) -> Linkage:
    """Return what ties data together, counted for `sides` (as `compare` names them) or every arm.

    Sessions that are evidence of nothing that is compared are left out. Whether an identifier comes
    again is judged over all others, also those of no side; what is told is of the sides.
    """
    every = recorded(frames.sessions)
    away = left_out(every)
    sessions = [each for each in every if each.id not in {one.session for one in away}]
    groups = _groups(study, knowledge, sessions, sides)
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
            *(
                say(
                    "Left out: {session}, because {reason}.",
                    session=each.session,
                    reason=each.reason,
                )
                for each in away
            ),
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


def _groups(
    study: Study,
    knowledge: Knowledge,
    sessions: Sequence[Recorded],
    sides: tuple[str, str] | None,
) -> tuple[Group, ...]:
    if sides is None:
        labels = sorted({each.arm.label for each in sessions})
        return tuple(
            Group(label, label, tuple(each.id for each in sessions if each.arm.label == label))
            for label in labels
        )
    arms = [each.arm for each in sessions]
    a, b = (resolve_side(study, knowledge, arms, name) for name in sides)
    apart(a, b)
    return tuple(
        Group(
            side.name, side.title, tuple(each.id for each in sessions if each.arm in set(side.arms))
        )
        for side in (a, b)
    )
