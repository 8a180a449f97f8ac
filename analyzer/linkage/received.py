"""Which types of data each owner got in each session: what was sent, as a comparison counts it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.compare.presence import presence
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.models import Party, Tracking
from analyzer.study import CompareSettings

# DiffAudit's ontology, level 3 under "Identifiers"; all other classes are "Personal Information".
# Source: https://github.com/UCI-Networking-Group/DiffAudit,
# data_flows/labeling_utils/ontology_L1_to_L3.py.
IDENTIFIER_CLASSES = frozenset(
    {
        "Name",
        "Linked Personal Identifiers",
        "Contact Information",
        "Reasonably Linked Personal Identifiers",
        "Aliases",
        "Customer Numbers",
        "Login Information",
        "Device Hardware Identifiers",
        "Device Software Identifiers",
        "Device Information",
    }
)


@dataclass(frozen=True, slots=True)
class Who:
    """A recipient of data."""

    owner: str
    party: Party


@dataclass(slots=True)
class Received:
    """Data types by session, and what is known of the recipient."""

    types: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parent: str = ""
    tracker: Tracking = "unknown"


def received(
    frames: Frames, knowledge: Knowledge, settings: CompareSettings
) -> tuple[Mapping[Who, Received], Mapping[str, Received]]:
    """Return what was sent to each owner, and what to each site of a third party.

    What does not count as collected in a comparison does not count here either.
    """
    owners: defaultdict[Who, Received] = defaultdict(Received)
    sites: defaultdict[str, Received] = defaultdict(Received)
    for key, seen in presence(frames, knowledge, settings).items():
        if key.kind != "data":
            continue
        for place in seen.places:
            owners[Who(key.owner, key.party)].types[place.session].add(key.subject)
            if key.party == "third":
                sites[place.site].types[place.session].add(key.subject)
    columns = ["owner", "party", "site", "parent", "tracker"]
    for owner, party, site, parent, tracker in (
        frames.findings[columns].drop_duplicates().itertuples(index=False)
    ):
        who = Who(owner, party)
        if who in owners:
            _describe(owners[who], parent, tracker)
        if party == "third" and site in sites:
            _describe(sites[site], parent, tracker)
    return dict(sorted(owners.items(), key=lambda each: (each[0].owner, each[0].party))), dict(
        sorted(sites.items())
    )


def _describe(found: Received, parent: str, tracker: Tracking) -> None:
    """An owner tracks where any of its hosts does."""
    found.parent = found.parent or parent
    strength: tuple[Tracking, ...] = ("unknown", "no", "yes")
    if strength.index(tracker) > strength.index(found.tracker):
        found.tracker = tracker


def is_identifier_class(knowledge: Knowledge, data_type: str) -> bool:
    """Tell whether DiffAudit counts a data type among its identifiers."""
    known = knowledge.types.get(data_type)
    return known is not None and known.diffaudit in IDENTIFIER_CLASSES
