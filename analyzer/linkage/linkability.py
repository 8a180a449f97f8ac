"""How many types of data an owner can join on one person, session by session.

An identifier is stable at an owner where the owner got the same value in another session of the
same persona. Of a persona with one session nobody can see that: there the identifiers count that
are made to stay.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from analyzer.findings import Identifier
from analyzer.knowledge import Knowledge
from analyzer.linkage.bridges import company
from analyzer.linkage.received import Received, Who, is_identifier_class
from analyzer.linkage.records import Group, Linkable, Scope
from analyzer.linkage.sightings import Whose, is_constant
from analyzer.models import Count

# Made to stay: on the phone, with the account, or in the world.
_STAYING = frozenset(
    {
        "id.account", "id.advertising", "id.cross_vendor", "id.device", "id.installation", "id.mac",
        "id.vendor_scoped", "person.email", "person.phone", "person.username",
    }
)  # fmt: skip


def linkability(
    owners: Mapping[Who, Received],
    seen: Sequence[Identifier],
    scopes: Mapping[str, Scope],
    sessions: Mapping[str, Whose],
    groups: Sequence[Group],
    knowledge: Knowledge,
) -> tuple[Linkable, ...]:
    """Return a row for each group and each owner that got data, most linking first.

    Third parties come before first ones.
    """
    stable = _stable(seen, scopes, sessions)
    own = {company(who.owner, each.parent) for who, each in owners.items() if who.party == "first"}
    rows = [
        _linkable(group, who, each, stable, knowledge, own)
        for group in groups
        for who, each in owners.items()
        if any(each.types.get(session) for session in group.sessions)
    ]
    return tuple(sorted(rows, key=_order))


def _order(row: Linkable) -> tuple[object, ...]:
    return row.group, row.party == "first", -row.count.k, -row.median, row.owner


def _stable(
    seen: Sequence[Identifier], scopes: Mapping[str, Scope], sessions: Mapping[str, Whose]
) -> Mapping[tuple[str, str, str], set[str]]:
    """Return, by (session, owner, party), the data types of the stable identifiers sent there."""
    where: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    sent = [row for row in seen if row.direction == "sent"]
    for row in sent:
        where[row.digest, row.owner, sessions[row.session].persona].add(row.session)
    count = Counter(each.persona for each in sessions.values())
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in sent:
        if is_constant(scopes[row.digest], row.data_type):
            continue
        persona = sessions[row.session].persona
        again = len(where[row.digest, row.owner, persona]) > 1
        if again or (count[persona] == 1 and row.data_type in _STAYING):
            found[row.session, row.owner, row.party].add(row.data_type)
    return found


def _linkable(
    group: Group,
    who: Who,
    received: Received,
    stable: Mapping[tuple[str, str, str], set[str]],
    knowledge: Knowledge,
    own: set[str],
) -> Linkable:
    sets: list[tuple[str, ...]] = []
    identifiers: set[str] = set()
    audited = 0
    for session in group.sessions:
        types = received.types.get(session, set())
        kinds = {is_identifier_class(knowledge, each) for each in types}
        audited += kinds == {False, True}
        by = stable.get((session, who.owner, who.party), set())
        joined = tuple(sorted(types - by))
        if by and joined:
            sets.append(joined)
            identifiers |= by
    sizes = [len(each) for each in sets]
    common, often = most_common(sets)
    return Linkable(
        group=group.name,
        owner=who.owner,
        parent=received.parent,
        party=who.party,
        tracker=received.tracker,
        same_company=who.party == "third" and company(who.owner, received.parent) in own,
        count=Count(len(sets), len(group.sessions)),
        identifiers=tuple(sorted(identifiers)),
        types=tuple(sorted({each for types in sets for each in types})),
        smallest=min(sizes, default=0),
        median=median(sizes) if sizes else 0,
        largest=max(sizes, default=0),
        common=common,
        common_count=often,
        diffaudit=Count(audited, len(group.sessions)),
    )


def most_common(sets: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], int]:
    """Return the most frequent set and how often it is there: of several the largest, then by name.

    >>> most_common([("a",), ("a", "b"), ("a",)])
    (('a',), 2)
    """
    if not sets:
        return (), 0
    counted = Counter(sets)
    return min(counted.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))
