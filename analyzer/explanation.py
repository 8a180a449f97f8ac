"""What `evenhand explain` tells: the way from the bytes of a capture to a finding or a verdict.

Frozen records of plain values without any captured value; made by `analyzer.explain`, printed by
`reports`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import Settings, Side
from analyzer.models import Delta, Method, Part, Party, SignalVerdict

Kind = Literal["data", "signal", "delta"]


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
    """How a verdict came about, and what would change it. Sessions by id, in order."""

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


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to ``explain ID``: one of `trail` and `delta`, as `kind` says."""

    id: str
    kind: Kind
    trail: Trail | None
    delta: DeltaTrail | None
