"""What the analysis of a session leaves: a record for each kind of row in the folder of findings.

All are frozen and hold no logic; times and instants are as in `analyzer.models`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from analyzer.models import Destination, Match, Part, Party, Signal, Tracking


class Finding(NamedTuple):
    """A match with its destination and its place in the experiment."""

    id: str
    session: str
    phase: str
    t_s: float  # of its exchange, from when the phone was ready
    match: Match
    destination: Destination
    knowledge: str  # version of the knowledge it was found with


@dataclass(frozen=True, slots=True)
class SignalFinding:
    """A signal with its destination and its place in the experiment."""

    id: str
    session: str
    phase: str
    t_s: float  # of its exchange, from when the phone was ready
    signal: Signal
    destination: Destination
    knowledge: str  # version of the knowledge it was found with


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could and could not be read of one host in one session."""

    session: str
    host: str
    site: str
    owner: str
    party: Party
    exchanges: int
    bytes_up: int
    bytes_down: int
    refused: int  # connections whose TLS the app would not let us read
    unread_up: int  # bytes that passed without being read
    unread_down: int
    opaque: int  # requests that could not be decoded completely
    cut: int  # exchanges whose request is not all there
    opaque_down: int  # answers that could not be decoded completely, media apart
    cut_down: int  # exchanges whose answer is not all there, media apart
    # Connections by what became of them (`TrustState`); none where nobody recorded connections.
    decrypted: int
    plaintext: int
    ca_refused: int
    pinned: int
    pin_suspected: int
    passed: int
    quic_refused: int
    other: int  # neither TLS nor HTTP: raw TCP, UDP
    blocked: int  # by the recorder
    unseen: int  # sightings by an independent witness of a host that the recorder never saw
    # Connections that failed at the server and, where the host was in no exchange, those that ended
    # unused or were open at the end.
    lost: int


@dataclass(frozen=True, slots=True)
class RegionFact:
    """A sign of where a phone was, in codes and names of public lists only.

    `kind`: "measured" (by a check page, adb, a database) or "seen" in the traffic. `value` is a
    country (ISO 3166-1 alpha-2), a language tag or a time zone, by `topic`; of "pop" a country,
    followed by the code of the place. `source` is who measured it, or the rule by which it was
    found. Answers to one question of where the traffic leaves share the number `ask`.
    """

    session: str
    kind: Literal["measured", "seen"]
    topic: str
    value: str
    source: str
    ask: int
    count: int  # measurements, or exchanges


@dataclass(frozen=True, slots=True)
class Identifier:
    """A value by which somebody is known again, in one part of what passed with one host.

    `direction`: "sent" by the phone, "set" by a server's answer, or "echoed" by an answer after the
    phone had sent it, there or elsewhere. `digest` is the keyed digest of the value, so that equal
    ones are known across owners and sessions; of a hash (`transformed`) it is that of what was
    hashed, where that was seen too.
    """

    session: str
    digest: str
    shape: str
    data_type: str  # "" where nothing says what it is
    transformed: str  # "raw", "md5", "sha256", "base64", ...
    owner: str
    parent: str
    site: str
    host: str
    party: Party
    tracker: Tracking
    direction: Literal["sent", "set", "echoed"]
    part: Part
    path: str
    leads_to: str  # host that a redirect takes it to; "" for all else
    exchange: str  # the first
    t_s: float
    count: int  # exchanges


@dataclass(frozen=True, slots=True)
class Server:
    """The country of a host's addresses, as a database has it.

    It is where an address is registered or announced, which for anycast need not be where the
    machine stands.
    """

    session: str
    host: str
    country: str  # ISO 3166-1 alpha-2, "" where the database has none
    source: str  # "geo:<file> <build date>"
    exchanges: int
