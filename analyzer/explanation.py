"""What `evenhand explain` tells: the way from the bytes of a capture to a finding or a verdict.

Frozen records of plain values without any captured value; made by `analyzer.explain`, printed by
`reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import BlindSpot, CoverageRow, Settings, Side
from analyzer.countries import CountryTrail
from analyzer.findings import Identifier
from analyzer.gates import Gate
from analyzer.magnitudes import MagnitudeTrail
from analyzer.models import Delta, Method, Part, Party, SignalVerdict

Kind = Literal[
    "data", "signal", "delta", "magnitude", "country", "gate", "recipient", "identifier",
    "shown", "account",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the capture, read again just now, still says the same. `text` is one sentence."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Trail:
    """How one finding, or one signal, came about; in the order in which one would follow it."""

    id: str
    kind: Literal["data", "signal"]
    # where and when
    session: str
    arm: str
    country: str
    age: int
    consent: str
    phase: str
    exchange: str
    t_s: float | None  # None where the exchange is no longer in the capture
    at: str  # the instant, ISO 8601 in UTC; "" where it is not known
    capture: str  # SHA-256 of the sealed capture; "" where it was never sealed
    # the exchange; values in the URL are replaced by their shapes
    request: str  # method and URL
    transport: str
    status: int | None
    request_bytes: int  # of the body on the wire
    response_bytes: int
    # inside it
    part: Part
    path: str
    steps: tuple[str, ...]  # decoders, outermost first
    layers: tuple[int, ...]  # bytes of each decoded body of the exchange, in order
    # what it is
    subject: str  # data type, or signal
    meaning: str
    verdict: SignalVerdict | Literal[""]  # of a signal
    shape: str  # of a signal: its value, in its own vocabulary
    digest: str  # keyed; "" of a signal
    transformed: str
    # by which rule
    method: Method | Literal[""]
    confidence: int  # per cent
    rule_id: str
    reason: str
    source: str  # "" where it was only observed
    grade: str  # S, D, R, O or K, of the rule or signal; "" where no rule made the finding
    verified: bool  # False: general knowledge that nobody has checked
    # to whom
    host: str
    site: str
    owner: str
    owner_reason: str
    party: Party
    party_reason: str
    purpose: str
    check: Check


@dataclass(frozen=True, slots=True)
class DeltaTrail:
    """How a verdict came about, and what would change it. Sessions by id, in order.

    `waived` are the gates that do not hold, and that the study does without: title and reason.
    """

    delta: Delta
    a: Side
    b: Side
    settings: Settings
    seen_a: tuple[str, ...]
    unseen_a: tuple[str, ...]
    blind_a: tuple[str, ...]  # of the unseen: those in which it may have been sent unread
    seen_b: tuple[str, ...]
    unseen_b: tuple[str, ...]
    blind_b: tuple[str, ...]
    turning: int | None  # how few other sessions would have to go the other way; None: see `change`
    change: str  # what would change the verdict, in one sentence
    examples: tuple[Trail, ...]
    waived: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GateTrail:
    """A gate of the comparison of two sides."""

    gate: Gate
    a: Side
    b: Side


@dataclass(frozen=True, slots=True)
class RecipientTrail:
    """What could be read of what one recipient got, on either side of a comparison."""

    name: str
    a: Side
    b: Side
    coverage: tuple[CoverageRow, ...]
    spots: tuple[BlindSpot, ...]
    rows: tuple[Delta, ...]


@dataclass(frozen=True, slots=True)
class IdentifierTrail:
    """Where one value by which somebody is known again went: by its keyed digest."""

    digest: str
    shape: str
    data_types: tuple[str, ...]
    owners: tuple[str, ...]  # that the phone sent it to
    seen: tuple[Identifier, ...]  # by session and time


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of a log on an item: of the app's own watch log, or of the driver's (`by`)."""

    by: Literal["app", "driver"]
    exchange: str  # that told it; "" of the driver
    t_s: float
    watch_s: float | None
    rounds: int | None
    told: tuple[str, ...]  # liked, shared, ...; of the driver its decision, then why


@dataclass(frozen=True, slots=True)
class ShownTrail:
    """How an item of a feed came to one account, once, and what was made of it.

    Nothing that anybody wrote: `file`, private, holds that in its `row` (from 0), and `item` is
    what the coders' sheets call it.
    """

    id: str
    account: str
    role: str
    interest: str
    # where and when
    session: str
    arm: str
    country: str
    age: int
    consent: str
    exchange: str
    t_s: float
    at: str  # as in `Trail`, as are the next six
    capture: str
    request: str
    transport: str
    status: int | None
    request_bytes: int
    response_bytes: int
    platform: str
    surface: str
    batch: int  # number of the answer among those of the surface, from 0
    position: int  # in the answer, from 0
    place: int  # of the session and surface, from 0
    item: str
    file: str
    row: int
    # what became of it
    by: str  # who says that it was shown: watch_log, driver, order
    feed_s: float | None  # of the account
    watch_s: float | None
    duration_s: float | None
    rounds: int | None
    engaged: bool
    log: tuple[Logged, ...]
    # what it is
    codes: tuple[tuple[str, str], ...]  # coder, category
    category: str  # that counts; "" where none does
    measured: bool
    how: str  # agreed, adjudicated, consensus; "" where nothing is settled
    decided_by: str
    codebook: str
    ad: str
    ad_reasons: tuple[str, ...]  # names of the fields that say so
    warnings: tuple[str, ...]  # that the platform puts over it
    check: Check


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A session of an account. `left_out`: why it does not count; "" if it does."""

    session: str
    started: str
    feed_s: float
    left_out: str
    driven: str  # the log of the driver; "" where there is none
    items: int  # that the driver saw
    matched: int
    unknown: int
    stopped: str  # why the driver ended; "" where it does not say


@dataclass(frozen=True, slots=True)
class AccountTrail:
    """What an account of a feed was shown in all feed time; None: never, or nothing coded."""

    name: str
    arm: str
    role: str
    interest: str
    block: str
    sessions: tuple[AccountSession, ...]
    feed_s: float
    shown: int
    coded: int
    positive: int
    unknown: int
    share: float | None
    first_exposure_s: float | None
    onset_s: float | None
    half: int  # onset: so many of the `last` coded items are measured ones
    last: int
    measured: tuple[str, ...]  # ids of the measured items that were shown, in order


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to ``explain ID``: what `kind` says, the others are None.

    `examples` are findings behind a measured row, or behind a row of the matrix.
    """

    id: str
    kind: Kind
    trail: Trail | None = None
    delta: DeltaTrail | None = None
    magnitude: MagnitudeTrail | None = None
    country: CountryTrail | None = None
    gate: GateTrail | None = None
    recipient: RecipientTrail | None = None
    identifier: IdentifierTrail | None = None
    shown: ShownTrail | None = None
    account: AccountTrail | None = None
    examples: tuple[Trail, ...] = ()
