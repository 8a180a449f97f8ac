"""What a follower knows of a session at one moment. All of it may be shown, printed and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.models import CheckState, Method, Party, TrustState

Condition = Literal["recording", "ended", "crashed"]
Level = Literal["red", "amber", "note"]
States = tuple[tuple[TrustState, int], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """The latest result of one check of the check page."""

    name: str
    state: CheckState
    found: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone (one address) of the session. `trusted`: something of it could be decrypted."""

    address: str
    last_s: float  # when it last opened a connection or was checked
    connections: int
    trusted: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """The latest measurement of one topic (`models.Measured`)."""

    topic: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """One owner of hosts. Bytes: what was read are headers and bodies, unread is all the rest."""

    owner: str
    party: Party
    hosts: tuple[str, ...]  # the first ones, masked
    more_hosts: int
    exchanges: int
    messages: int  # of WebSockets
    read_up: int
    read_down: int
    unread_up: int
    unread_down: int
    states: States  # of its connections


@dataclass(frozen=True, slots=True)
class Request:
    """One of the latest requests: where it went, not what it said."""

    id: int
    t_s: float
    method: str
    host: str
    path: str  # without the query, values masked
    status: int | None
    state: str  # sending, sent, done, open, left, failed


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first time that one type of data went to one owner."""

    t_s: float
    phase: str
    data_type: str
    label: str
    owner: str
    party: Party
    host: str
    method: Method
    shape: str
    transformed: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the person at the phone should know now, and what to do. `fix` may be empty."""

    level: Level
    text: str
    fix: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of the session so far. `in_flight` are requests without a complete answer."""

    exchanges: int
    messages: int
    in_flight: int
    connections: int
    states: States
    read_up: int
    read_down: int
    unread_up: int
    unread_down: int
    gaps: int  # moments at which the recorder could not record
    unanswered: int  # requests that their server did not answer: the evidence is whole


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session at one moment. Seconds count from its start."""

    session: str
    arm: str
    account: str  # whose feed it is; "" for none
    country: str
    country_name: str
    age: int
    app: str
    device: str
    mode: str
    instrumented: str
    condition: Condition
    end_reason: str
    complete: bool  # of a session that has ended: nothing is missing in it
    partial: tuple[str, ...]  # what is missing, in words
    elapsed_s: float
    phase: str
    phase_since_s: float
    phases: tuple[str, ...]  # of the study, in order
    steps: tuple[str, ...]  # names of the phases that were marked, each once, as they came
    next_phase: str  # "" where there is none
    phones: tuple[Phone, ...]
    facts: tuple[Fact, ...]
    totals: Totals
    recipients: tuple[Recipient, ...]  # first party first, then those with most traffic
    requests: tuple[Request, ...]  # latest first
    sightings: tuple[Sighting, ...]  # latest first
    more_sightings: int
    backlog: int  # rows that are not counted yet, or not searched for personal data yet
    skipped: int  # bodies that were too large to be searched here; `analyze` searches them
    free_bytes: int  # on the disk of the bundle
    alarms: tuple[Alarm, ...]  # worst first
