"""The records that travel from the proxy to the report.

All are frozen and hold no logic. Times are seconds: `t_s` counts from the start of the session, UTC
instants are ISO 8601 text. Only the standard library is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Consent = Literal["none", "accepted", "refused"]
Part = Literal[
    "host", "path", "query", "header", "cookie", "body",
    "response_header", "response_cookie", "response",
]  # fmt: skip
EventKind = Literal[
    "tls_refused", "tls_passthrough", "quic", "dns", "non_http", "gap", "host_seen", "error",
    "blocked",
]  # fmt: skip
Transport = Literal["tcp", "udp", "quic"]
# What became of a connection, as the recorder saw it happen ...
Outcome = Literal[
    "open", "read", "plain", "refused", "silent", "passed", "quic_refused", "tcp", "udp", "blocked",
    "failed",
]  # fmt: skip
# ... and what that means, given the others of the same phone (`analyzer.trust`).
TrustState = Literal[
    "decrypted", "plaintext", "ca_refused", "pinned", "pin_suspected", "passed", "quic_refused",
    "tcp", "udp", "blocked", "failed", "unused", "open",
]  # fmt: skip
CheckState = Literal["ok", "bad", "unknown", "off"]  # off: does not apply
Stage = Literal["read", "decode", "extract", "classify"]
# By a rule of a tracker, by the name of the key, as a seeded value, or by the value's own looks.
Method = Literal["rule", "name", "planted", "shape"]
# Who says so: read in a source, vendor's documentation, published client, observed in a published
# capture, common knowledge that nobody has verified. "" where the finding speaks for itself.
Grade = Literal["S", "D", "R", "O", "K", ""]
SignalVerdict = Literal["protective", "non_protective", "no_signal", "contradictory"]
Party = Literal["first", "third"]
Tracking = Literal["yes", "no", "unknown"]  # whether a destination is known to follow people
Verdict = Literal["only_a", "more_a", "same", "more_b", "only_b", "insufficient"]
DeltaKind = Literal["data", "signal"]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """One experimental condition: who the phone claims to be, and where."""

    label: str
    country: str  # ISO 3166-1 alpha-2, upper case
    age: int  # declared to the app, whole years
    consent: Consent


@dataclass(frozen=True, slots=True)
class Session:
    """One recording of one phone, as `session.json` describes it."""

    id: str
    study: str
    arm: Arm
    persona: str
    repeat: int
    block: str  # sessions of one time block may be exchanged by the permutation test
    device: str
    app: str
    app_version: str
    started: str  # ISO 8601, UTC
    ended: str | None
    end_reason: str | None  # None while open, or after a crash
    complete: bool  # False: what is not in it may still have been sent
    origin: str  # "proxy", or what was imported: "har", "mitm", "pcap", "bundle"
    egress: str | None  # measured exit country or "disputed"; None where nobody asked
    tools: tuple[tuple[str, str], ...]  # (name, version)
    planted: tuple[str, ...]  # keyed digests of the persona's seeded values
    counts: tuple[tuple[str, int], ...]
    partial: tuple[str, ...]  # what is known to be cut, in words
    mode: str = ""  # how the phone reached us: "wireguard", "regular", ...; "" for imports
    instrumented: str = ""  # what changed the app while it ran ("frida"), else ""
    beside: str = ""  # id of the session that this one is an independent witness of
    policy: tuple[str, ...] = ()  # what the recorder did to the traffic ("QUIC refused"), in words
    account: str = ""  # of the study's [feed]: whose feed it was; "": nobody said
    role: str = ""  # of the account, as study.toml had it when it was recorded
    interest: str = ""  # likewise


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, or one WebSocket message, as bytes.

    `id` is unique in its session: ``"17"`` for a request, ``"17.w3"`` for the third message
    of a WebSocket (method ``"WS"``; what the phone sent is in `request_body`, what it got in
    `response_body`).
    """

    id: str
    session: str
    t_s: float
    phase: str
    method: str
    url: str
    request_headers: Headers
    request_body: bytes
    status: int | None  # None: no answer was seen
    response_headers: Headers
    response_body: bytes
    server_ip: str | None
    transport: str  # "http/1.1", "h2", "h3", "ws"
    complete: bool  # False: cut off, by the network or by a bound
    truncated: int  # bytes of either body that were not kept


@dataclass(frozen=True, slots=True)
class Event:
    """What happened beside the exchanges: refused TLS, bytes passed unread, names, gaps."""

    t_s: float
    kind: EventKind
    host: str
    reason: str
    bytes_up: int
    bytes_down: int


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection of a phone, whatever became of it.

    `bytes_up` and `bytes_down` are those that passed without being read; what was read is in the
    exchanges.
    """

    id: int
    t_s: float
    ended_s: float | None  # None: open when the recording ended
    phone: str  # its address, without the port
    host: str  # the name it asked for (SNI, CONNECT, DNS), "" where nobody learned it
    address: str  # "ip:port" or "name:port" that it asked for
    transport: Transport
    alpn: str
    tls: str  # version, "" where there is none
    outcome: Outcome
    reason: str  # in fixed words
    bytes_up: int
    bytes_down: int


@dataclass(frozen=True, slots=True)
class Checkup:
    """What the check page found out about a phone. `state` of check `name`, and what was seen."""

    t_s: float
    phone: str
    name: str
    state: CheckState
    found: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A fact about a phone or its way out that somebody measured, and with what."""

    t_s: float
    topic: str  # "exit_country", "time_zone", "sim_country", ...
    value: str
    source: str  # "adb", "check page", "check url", "geo:<file> <build date>"


class Leaf(NamedTuple):
    """One value of an exchange. The only record with a raw value; it ends inside `extract`.

    A tuple, because an exchange has some fifty of them and a frozen dataclass takes five times as
    long to make. `path` joins keys and list positions with dots; `value` is text (``true``,
    ``1.5``; empty for null). `steps` are the decoders passed, outermost first.
    """

    exchange: str
    part: Part
    path: str
    value: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of evidence that could not be read as it should be. `detail` holds no raw value."""

    exchange: str  # empty: of the session as a whole
    stage: Stage
    code: str
    detail: str


class Match(NamedTuple):
    """A leaf recognised as personal data, without its value.

    A tuple, for the reason that `Leaf` is one.

    In a part of the answer it tells what the server knows; only the parts of the request are sent.
    """

    exchange: str
    data_type: str
    part: Part
    path: str
    method: Method
    rule_id: str
    reason: str
    source: str
    shape: str
    digest: str
    transformed: str  # "raw", "md5", "sha256", "base64", ...
    steps: tuple[str, ...]
    grade: Grade
    confidence: int  # per cent; 100 for rules and planted values


@dataclass(frozen=True, slots=True)
class Signal:
    """A privacy signal as seen on the wire, evaluated for a minor."""

    exchange: str
    signal: str
    value: str  # of the signal's own vocabulary, else the shape
    verdict: SignalVerdict
    rule_id: str
    part: Part
    path: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an exchange went, and who that is."""

    host: str
    site: str  # registrable domain
    owner: str
    party: Party
    purpose: str  # "" where the knowledge has none
    parent: str = ""  # the company above the owner; "" where the knowledge has none
    tracker: Tracking = "unknown"


@dataclass(frozen=True, slots=True)
class Count:
    """Seen in `k` of `n` sessions."""

    k: int
    n: int


@dataclass(frozen=True, slots=True)
class CountryCount:
    """Seen in `k` of the `n` sessions of one country of a side that has several."""

    side: Literal["a", "b"]
    country: str  # ISO 3166-1 alpha-2
    title: str  # its name
    k: int
    n: int


ContrastVerdict = Literal["more_a", "same", "more_b", "insufficient"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of two differences: (minor - adult) in a, less (minor - adult) in b.

    `more_a`: minors of a have more than those of b, beyond what adults have more there. `p` and `q`
    are of a test of its own, in the one family of the report.
    """

    adult_a: Count
    adult_b: Count
    effect: float
    low: float
    high: float
    p: float
    q: float
    verdict: ContrastVerdict
    reason: str  # why `insufficient`; "" otherwise


@dataclass(frozen=True, slots=True)
class Whole:
    """The row of a `Delta` over all phases: sessions in which it was seen in any of them.

    `verdict` is reached with the row of the phase replaced by this one in the family of all tests.
    A difference is one over all phases only where the row of a phase says so, too, and in the same
    direction. `contrast` is that of the same sessions; None where the delta's says nothing.
    """

    a: Count
    b: Count
    verdict: Verdict
    reason: str
    effect: float
    low: float
    high: float
    p: float
    contrast: Contrast | None = None
    countries: tuple[CountryCount, ...] = ()  # as in the delta


@dataclass(frozen=True, slots=True)
class Delta:
    """One row of a comparison. The sides are `a` and `b`; only reports name them.

    Of a row that differs, `countries` are those of every side that has several, and `hinges` those
    of them without any one of which the row is no longer shown to differ in this direction.
    """

    id: str
    kind: DeltaKind
    owner: str
    party: Party
    hosts: tuple[str, ...]
    subject: str  # data type, or signal
    state: str  # of a signal: its verdict; "" for data
    phase: str
    a: Count
    b: Count
    verdict: Verdict
    reason: str  # why `insufficient`; "" otherwise
    enough: int | None  # sessions for each side that would decide it in 4 of 5 studies
    effect: float  # share in a less share in b
    low: float
    high: float
    p: float
    q: float
    contrast: Contrast | None
    examples: tuple[str, ...]  # ids of findings
    methods: tuple[str, ...]  # by which it was recognised, in words of `Method`; none for signals
    confidence: int  # per cent, of the most certain finding behind it
    law: tuple[str, ...]  # ids of law entries
    whole: Whole | None = None  # None: it was seen in this phase only, or nothing was concluded
    countries: tuple[CountryCount, ...] = ()
    hinges: tuple[str, ...] = ()  # ISO 3166-1 alpha-2, sorted
