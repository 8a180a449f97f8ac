"""In which countries the servers of each owner are, as the databases that the study names say.

Where an address is registered or announced is not always where its machine stands: a content
network answers one address from many places (anycast). Databases that differ are both told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from analyzer.frames import Frames
from analyzer.linkage.records import Group, Place
from analyzer.models import Count, Tracking


def places(frames: Frames, groups: Sequence[Group]) -> tuple[Place, ...]:
    """Return countries by owner, in how many sessions of each group; none without a database."""
    if frames.servers.empty:
        return ()
    owner_of: dict[str, tuple[str, str, Tracking]] = {}
    hosts = frames.coverage[["host", "owner"]].drop_duplicates()
    for host, owner in hosts.itertuples(index=False):
        owner_of.setdefault(host, (owner, "", "unknown"))
    about = frames.findings[["host", "owner", "parent", "tracker"]].drop_duplicates()
    for host, owner, parent, tracker in about.itertuples(index=False):
        owner_of[host] = (owner, parent, tracker)
    sessions: defaultdict[tuple[tuple[str, str, Tracking], str], set[str]] = defaultdict(set)
    sources: defaultdict[tuple[tuple[str, str, Tracking], str], set[str]] = defaultdict(set)
    rows = frames.servers[["session", "host", "country", "source"]].drop_duplicates()
    for session, host, country, source in rows.itertuples(index=False):
        key = (owner_of.get(host, (host, "", "unknown")), country)
        sessions[key].add(session)
        sources[key].add(source)
    return tuple(
        Place(
            group.name,
            *who,
            country,
            tuple(sorted(sources[who, country])),
            Count(len(found.intersection(group.sessions)), len(group.sessions)),
        )
        for group in groups
        for (who, country), found in sorted(sessions.items())
        if not found.isdisjoint(group.sessions)
    )
