"""What ties the data of one person together: across owners, across sessions, at one owner.

Pure functions over the frames of a study. `bridges` follow one identifier from owner to owner,
`persistent` finds it again in another session, `linkability` counts what an owner can join to it.
"""

from __future__ import annotations

from analyzer.linkage.bridges import bridges, handovers
from analyzer.linkage.diffaudit import diffaudit
from analyzer.linkage.linkability import linkability
from analyzer.linkage.linking import linkage
from analyzer.linkage.persistence import persistent
from analyzer.linkage.records import (
    Bridge,
    DiffAudit,
    Group,
    Handover,
    Hop,
    Linkable,
    Linkage,
    Persistent,
    Place,
    Tally,
)

__all__ = [
    "Bridge",
    "DiffAudit",
    "Group",
    "Handover",
    "Hop",
    "Linkable",
    "Linkage",
    "Persistent",
    "Place",
    "Tally",
    "bridges",
    "diffaudit",
    "handovers",
    "linkability",
    "linkage",
    "persistent",
]
