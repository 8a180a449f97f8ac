"""Linkability as DiffAudit counts it, for comparison with its published figures.

Figueira, Trimananda, Markopoulou and Jordan, "DiffAudit: Auditing Privacy Practices of Online
Services for Children and Adolescents" (arXiv:2406.06473). The definition is read off their program,
`analysis/data_linkability.py` of https://github.com/UCI-Networking-Group/DiffAudit at commit
43ec7ba179c5: for each age group of a service, over all of its traffic, a third-party domain counts
as "both" that got at least one class of "Identifiers" and at least one of "Personal Information".
The program takes smallest, largest and most common set over all third-party domains; here they are
those of the linkable ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from analyzer.knowledge import Knowledge
from analyzer.linkage.linkability import most_common
from analyzer.linkage.received import IDENTIFIER_CLASSES, Received
from analyzer.linkage.records import DiffAudit, Group


def diffaudit(
    sites: Mapping[str, Received], groups: Sequence[Group], knowledge: Knowledge
) -> tuple[DiffAudit, ...]:
    """Return a row for each group. `sites` are those of third parties, with what they got."""
    return tuple(_audited(sites, group, knowledge) for group in groups)


def _audited(sites: Mapping[str, Received], group: Group, knowledge: Knowledge) -> DiffAudit:
    classes: dict[str, tuple[str, ...]] = {}
    for site, received in sites.items():
        types = {each for session in group.sessions for each in received.types.get(session, ())}
        named = {knowledge.types[each].diffaudit for each in types if each in knowledge.types}
        if named := named - {""}:
            classes[site] = tuple(sorted(named))
    linkable = {
        site: found
        for site, found in classes.items()
        if not IDENTIFIER_CLASSES.isdisjoint(found) and set(found) - IDENTIFIER_CLASSES
    }
    sizes = [len(found) for found in linkable.values()]
    common, often = most_common(list(linkable.values()))
    largest = max(sizes, default=0)
    return DiffAudit(
        group=group.name,
        sites=len(classes),
        linkable=tuple(linkable),
        trackers=tuple(site for site in linkable if sites[site].tracker == "yes"),
        identifiers_only=sum(IDENTIFIER_CLASSES.issuperset(each) for each in classes.values()),
        personal_only=sum(IDENTIFIER_CLASSES.isdisjoint(each) for each in classes.values()),
        smallest=min(sizes, default=0),
        median=median(sizes) if sizes else 0,
        largest=largest,
        largest_set=min((each for each in linkable.values() if len(each) == largest), default=()),
        common=common,
        common_count=often,
    )
