"""Identifiers that survive from one session to the next, and whom they recognise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from analyzer.findings import Identifier
from analyzer.linkage.records import Persistent, Scope
from analyzer.linkage.sightings import NAMED, Whose, is_constant
from analyzer.models import Count
from analyzer.said import say, say_many


def persistent(
    seen: Sequence[Identifier],
    owners: Mapping[str, Whose],
    scopes: Mapping[str, Scope],
    inside: Collection[str] | None = None,
) -> tuple[Persistent, ...]:
    """Return the identifiers of `seen` that came in several sessions, the farthest reaching first.

    `owners` says who used which phone, for every session of the study. Constants of the app are
    left out. That it came again is judged over all sessions; with `inside` only those of them are
    counted and told of, and what never came there is left out.
    """
    of: defaultdict[str, list[Identifier]] = defaultdict(list)
    for row in seen:
        of[row.digest].append(row)
    found = []
    for digest, rows in of.items():
        scope = scopes[digest]
        named = next((row.data_type for row in rows if row.data_type), "")
        if scope != "session" and not is_constant(scope, named):
            shown = [row for row in rows if inside is None or row.session in inside]
            if shown:
                found.append(_persistent(digest, scope, named, shown, owners, inside))
    order: Sequence[Scope] = ("everywhere", "device", "persona")
    return tuple(
        sorted(
            found,
            key=lambda each: (
                order.index(each.scope), -len(each.third), -each.count.k, each.data_type,
                each.digest,
            ),
        )
    )  # fmt: skip


def recognised(found: Sequence[Persistent]) -> tuple[str, ...]:
    """Return a sentence for each way in which the experiment's accounts can be told to be one."""
    sentences = []
    for scope, what in (
        ("device", say("the device is recognised, whoever uses it")),
        (
            "everywhere",
            say("the accounts, the network or something shared by the phones is recognised"),
        ),
    ):
        rows = [each for each in found if each.scope == scope and each.certain]
        if not rows:
            continue
        personas = sorted({persona for each in rows for persona in each.personas})
        owners = sorted({owner for each in rows for owner in each.owners})
        sentences.append(
            say_many(
                "{number} identifier stayed the same for {personas} (seen by {owners}): {what}, so"
                " that sessions of different personas may influence each other.",
                "{number} identifiers stayed the same for {personas} (seen by {owners}): {what}, so"
                " that sessions of different personas may influence each other.",
                len(rows),
                personas=_listed(personas),
                owners=_listed(owners),
                what=what,
            )
        )
    return tuple(sentences)


def _persistent(
    digest: str,
    scope: Scope,
    named: str,
    rows: Sequence[Identifier],
    owners: Mapping[str, Whose],
    inside: Collection[str] | None,
) -> Persistent:
    sessions = sorted({row.session for row in rows})
    who = [owners[session] for session in sessions]
    personas = {each.persona for each in who}
    devices = {each.device for each in who}
    every = list(owners.values())
    asked = [each for of, each in owners.items() if inside is None or of in inside]
    if scope == "persona":
        could = sum(each.persona in personas for each in asked)
        certain = len({each.persona for each in every}) > 1
    elif scope == "device":
        could = sum(each.device in devices for each in asked)
        certain = len({each.device for each in every}) > 1
    else:
        could, certain = len(asked), True
    return Persistent(
        digest=digest,
        shape=rows[0].shape,
        data_type=named,
        scope=scope,
        certain=certain or named.startswith(NAMED),
        owners=tuple(sorted({row.owner for row in rows})),
        third=tuple(sorted({row.owner for row in rows if row.party == "third"})),
        personas=tuple(sorted(personas)),
        devices=tuple(sorted(devices)),
        arms=tuple(sorted({each.arm for each in who})),
        count=Count(len(sessions), could),
        sessions=tuple(sessions),
    )


def _listed(names: Sequence[str], most: int = 4) -> str:
    """Return the first few names, and how many more there are.

    >>> _listed(["a", "b"]), _listed(["a", "b", "c"], most=1)
    ('a and b', 'a and 2 more')
    """
    if len(names) == 1:
        return names[0]
    if len(names) <= most:
        return say("{some} and {last}", some=tuple(names[:-1]), last=names[-1])
    return say("{values} and {n} more", values=tuple(names[:most]), n=len(names) - most)
