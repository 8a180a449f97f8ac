"""What `analyzer.linkage` finds. All records are frozen, all tuples in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.models import Count, Part, Party, Tracking

# How a value came from one owner to the next, as far as the phone's traffic shows:
# a redirect took it there; one owner's answer set it and the phone then sent it to the other; the
# phone sent it to both; an owner's answer holds it although the phone was not seen to send it there
# in this session, so that nothing tells from whom it came.
Way = Literal["redirect", "set", "shared", "unsent"]
# What a value that came again stands for: one persona; a device, whoever used it; or neither, as it
# is the same on several devices of several personas.
Scope = Literal["session", "persona", "device", "everywhere"]


@dataclass(frozen=True, slots=True)
class Group:
    """Sessions that are counted together: an arm, or a side of a comparison."""

    name: str
    title: str
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """An identifier's first sight at one owner, and by whom it is shared.

    `giver` is "" for the first owner, and where nothing tells from whom it came.
    """

    owner: str
    parent: str
    party: Party
    tracker: Tracking
    host: str
    part: Part
    path: str
    exchange: str
    t_s: float
    giver: str
    way: Way | Literal[""]
    transformed: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """One identifier that reached several owners in one session, in the order of first sight.

    `certain`: a rule or a name says what it is, or it is a cookie, or it came again for one persona
    and for no other. Else it may be a constant, such as the number of a customer.
    """

    session: str
    digest: str
    shape: str
    data_type: str
    scope: Scope
    certain: bool
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Seen in `count.k` of the `count.n` sessions of a group."""

    group: str
    count: Count


@dataclass(frozen=True, slots=True)
class Handover:
    """What two owners can recognise the same person by, over all sessions.

    `giver` had it first; of what the phone sent to both (`shared`) the two stand in the order of
    their names, and nothing follows from it. What an answer held unsent has no giver ("") and is
    never certain. `same_company`: both belong to one company. `certain`: at least one value
    is (`Bridge`); what follows is of those only, if there are any. `data_types` and `shapes` are
    those of the values, `values` how many different ones there were.
    """

    giver: str
    giver_party: Party | Literal[""]
    taker: str
    taker_party: Party
    taker_tracker: Tracking
    way: Way
    same_company: bool
    certain: bool
    data_types: tuple[str, ...]
    shapes: tuple[str, ...]
    transformed: tuple[str, ...]  # how they came in disguise; empty where they did not
    values: int
    tallies: tuple[Tally, ...]
    sessions: tuple[str, ...]
    example: str  # "<session>/<exchange>" where the taker got it first


@dataclass(frozen=True, slots=True)
class Persistent:
    """An identifier that came in several sessions.

    Of the sessions that are asked for; that it came again, and its scope, are judged over all.
    `count.n` are the sessions in which it could have come: those of the persona, of the device, or
    all. `certain`: nothing else explains it; without another persona or device to compare with, a
    value that nothing names may be a constant of the app.
    """

    digest: str
    shape: str
    data_type: str
    scope: Scope
    certain: bool
    owners: tuple[str, ...]
    third: tuple[str, ...]  # those of them that are third parties
    personas: tuple[str, ...]
    devices: tuple[str, ...]
    arms: tuple[str, ...]
    count: Count
    sessions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Linkable:
    """What one owner can join on one person, in the sessions of one group.

    `count`: sessions in which it got a stable identifier and at least one other type of data;
    `smallest`, `median` and `largest` are how many other types it got in those. `common` is the
    most frequent set of types, `common_count` in how many of them. `diffaudit`: sessions in which
    it counts as linkable by DiffAudit's definition.
    """

    group: str
    owner: str
    parent: str
    party: Party
    tracker: Tracking
    same_company: bool  # as the app's own
    count: Count
    identifiers: tuple[str, ...]  # their data types; "" for what nothing names
    types: tuple[str, ...]  # ever joined
    smallest: int
    median: float
    largest: int
    common: tuple[str, ...]
    common_count: int
    diffaudit: Count


@dataclass(frozen=True, slots=True)
class DiffAudit:
    """Linkability as DiffAudit counts it: third-party sites, over all sessions of a group.

    Sets are of its level-3 classes. `linkable` sites got at least one class of identifiers and one
    of personal information; sizes and sets are those of linkable sites.
    """

    group: str
    sites: int  # third-party sites that got any data
    linkable: tuple[str, ...]
    trackers: tuple[str, ...]  # those of them that are known to track
    identifiers_only: int
    personal_only: int
    smallest: int
    median: float
    largest: int
    largest_set: tuple[str, ...]
    common: tuple[str, ...]
    common_count: int  # sites


@dataclass(frozen=True, slots=True)
class Place:
    """In which countries databases put the servers of an owner; `count`: sessions of a group."""

    group: str
    owner: str
    parent: str
    tracker: Tracking
    country: str  # "" where no database has one
    sources: tuple[str, ...]
    count: Count


@dataclass(frozen=True, slots=True)
class Linkage:
    """Everything about identity in one study."""

    groups: tuple[Group, ...]
    warnings: tuple[str, ...]
    handovers: tuple[Handover, ...]
    bridges: tuple[Bridge, ...]
    persistent: tuple[Persistent, ...]
    linkable: tuple[Linkable, ...]
    diffaudit: tuple[DiffAudit, ...]
    places: tuple[Place, ...]
    knowledge: str  # fingerprint
