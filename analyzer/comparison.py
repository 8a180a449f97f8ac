"""What a comparison of two sides holds: all that a report needs.

Frozen records of plain values, made by `analyzer.compare` and printed by `reports`. They hold no
captured value. Tuples are sorted, so that the same study gives the same report, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from analyzer.findings import RegionFact
from analyzer.gates import Gate
from analyzer.magnitudes import Magnitude
from analyzer.models import Arm, Delta, DeltaKind, Method, Part, Party, Stage, Verdict

DEFAULT_CONFIDENCE: Final = 77
"""Per cent. Finds by name or shape below are kept, and neither shown nor counted unless asked for.

Chosen by ``python -m benchmarks.accuracy``: the least at which a name that means one thing only is
believed wherever it stands, and one that mostly does not.
"""

SideKind = Literal["arm", "country", "bloc"]
Which = Literal["a", "b"]
Role = Literal["compared", "control"]
RegionVerdict = Literal["proven", "disputed", "contradicted", "unproven"]
RowKind = Literal["data", "signal", "magnitude"]
NoiseKind = Literal["side", "arm", "duplicate"]
SensitivityKind = Literal["bloc", "country", "instrumented", "region"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: which arms, and why these.

    `arms` are compared; `controls` are the adult arms of the same countries, for the difference in
    differences (empty where a single arm was asked for). `definition`, `source`, `date` and
    `members` (ISO 3166-1 alpha-2) are those of a bloc, empty otherwise.
    """

    name: str  # as resolved: "KE-13", "KE", "global_majority"
    kind: SideKind
    title: str  # in words: "KE-13", "Kenya", "Global Majority"
    definition: str
    source: str
    date: str
    members: tuple[str, ...]
    countries: tuple[str, ...]  # those of `arms`
    arms: tuple[Arm, ...]
    controls: tuple[Arm, ...]
    sessions: int  # of `arms`
    control_sessions: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session that took part, and how it was recorded."""

    id: str
    side: Which
    role: Role
    arm: str
    country: str
    age: int
    consent: str
    persona: str
    repeat: int
    block: str
    device: str
    app: str
    app_version: str
    origin: str
    started: str
    ended: str  # "" where the end was never written
    end_reason: str
    seconds: float | None  # length; None where the end was never written
    complete: bool
    partial: tuple[str, ...]
    egress: str
    mode: str
    instrumented: str
    policy: tuple[str, ...]
    tools: tuple[tuple[str, str], ...]
    phases: tuple[str, ...]  # the phases and steps that were marked, in order
    exchanges: int
    findings: int
    signals: int
    problems: int
    capture: str  # sha256 of the sealed capture


@dataclass(frozen=True, slots=True)
class Excluded:
    """A bundle that was left out of everything, and why; by which gate, where it was one."""

    session: str
    reason: str
    gate: str = ""  # `gates.GateName`


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """What could and could not be read of one host on one side (compared sessions only)."""

    side: Which
    owner: str
    party: Party
    site: str
    host: str
    k: int  # sessions in which the host was seen
    n: int
    exchanges: int
    bytes_up: int
    bytes_down: int
    refused: int
    unread_up: int
    unread_down: int
    opaque: int  # requests and answers
    cut: int  # requests and answers
    # Connections by what became of them, as in `models.Coverage`.
    decrypted: int
    plaintext: int
    ca_refused: int
    pinned: int
    pin_suspected: int
    passed: int
    quic_refused: int
    other: int
    blocked: int
    unseen: int
    lost: int


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """Sessions of one side in which something that an owner got could not be read.

    `owner` is "" where it is not known, then `site` says who is meant; both are empty where whole
    sessions are cut off, which blinds them for everyone, or nobody learned the name of the host.
    """

    side: Which
    owner: str
    site: str
    hosts: tuple[str, ...]
    k: int  # blind sessions
    n: int
    reasons: tuple[str, ...]  # sentences without a full stop, in order
    told: str  # all of it in a sentence, with the names of the hosts


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who received something in the compared sessions of either side."""

    owner: str
    party: Party
    sites: tuple[str, ...]
    hosts: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding that a delta names as its example, without its value."""

    id: str
    kind: DeltaKind
    side: Which
    session: str
    arm: str
    phase: str
    exchange: str
    host: str
    part: Part
    path: str
    steps: tuple[str, ...]
    method: Method | Literal[""]  # "" for a signal
    grade: str
    confidence: int  # per cent
    rule_id: str
    reason: str
    source: str
    shape: str  # of a signal: its value, in its own vocabulary
    digest: str
    transformed: str
    t_s: float | None = None  # of its exchange, from when the phone was ready


@dataclass(frozen=True, slots=True)
class ArmNoise:
    """How often the report's rule calls something different where nothing can be.

    The sessions of a whole side (`kind` "side"; `name` is its title) or of one arm were split at
    random within each arm and time block, `splits` times (`every`: in all ways that there are), or
    two arms of one region are compared ("duplicate"; `name` has both labels). `n_a` and `n_b`
    sessions lay on either part. Over all `rows` (presence and signals) and splits a share `called`
    (0..1) was called different, and a share `same` the same; in a share `any` of the splits at
    least one row was called different. `mean` and `largest` are absolute differences of shares.
    `possible`: whether so few sessions can be called different at all.
    """

    kind: NoiseKind
    name: str
    n_a: int
    n_b: int
    splits: int
    every: bool
    rows: int
    called: float
    same: float
    any: float
    mean: float
    largest: float
    possible: bool


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """What comparing a side with itself finds: a regional difference has to beat this.

    `called`, `mean` and `largest` are of the sides (of the arms, where no side could be split),
    weighted by their rows. `found` of `rows` rows of data and signals are differences in the
    comparison itself. `told` says it all. Where chance cannot be measured with so few sessions,
    `enough` sessions of a side, in one time block, would do. `constant`: there are enough, but
    these are so much alike that halves of a side cannot be called different.
    """

    arms: tuple[ArmNoise, ...] = ()
    called: float = 0.0
    mean: float = 0.0
    largest: float = 0.0
    possible: bool = False
    rows: int = 0
    found: int = 0
    told: str = ""
    enough: int | None = None
    constant: bool = False


@dataclass(frozen=True, slots=True)
class ProblemCount:
    """How often a piece of evidence could not be read, and in how many compared sessions."""

    side: Which
    stage: Stage
    code: str
    count: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of one kind got a verdict."""

    kind: RowKind
    verdict: Verdict
    rows: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A row whose verdict is another one under other conditions. None: the row does not exist.

    Of a magnitude, `state` is the measure.
    """

    kind: RowKind
    owner: str
    party: Party
    subject: str
    state: str
    phase: str
    verdict: Verdict | None
    alternative: Verdict | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The whole comparison again, under one other condition.

    `kind` and `name` say which: "bloc" (another definition: its id), "country" (without this
    country), "instrumented" ("with" or "without" sessions of an instrumented app), "region"
    ("disputed" or "unproven": without the sessions of which that is so). `which` is the side that
    changes, "" for both; `side` how it then is. `title` is a sentence without a full stop. `reason`
    says why it could not be computed; then `side` is None, and `tallies` and `changed` are empty.
    """

    kind: SensitivityKind
    name: str
    title: str
    which: Which | Literal[""]
    side: Side | None
    reason: str
    tallies: tuple[Tally, ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class RegionProof:
    """Where the phone of one compared session was: claimed, measured, seen; and what that proves.

    `languages` and `time_zones` are those expected of a phone of the arm. `contradictions` and
    `remarks` (weak signs, which decide nothing) are sentences without a full stop.
    """

    session: str
    side: Which
    arm: str
    country: str  # claimed; ISO 3166-1 alpha-2
    languages: tuple[str, ...]
    time_zones: tuple[str, ...]
    measured: tuple[RegionFact, ...]
    seen: tuple[RegionFact, ...]
    verdict: RegionVerdict
    contradictions: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The bounds that the verdicts had to pass (see `study.CompareSettings`)."""

    alpha: float
    margin: float
    min_sessions: int
    confidence: float  # of the intervals, 0..1
    min_confidence: int  # per cent, of a finding by name or shape
    uncertain: int  # findings of the study that are less certain, and not counted


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer to ``diff A B``. `a` and `b` are named only by reports."""

    study: str
    app: str
    a: Side
    b: Side
    deltas: tuple[Delta, ...]
    tallies: tuple[Tally, ...]
    evidence: tuple[Evidence, ...]  # every example that a delta names, by id
    recipients: tuple[Recipient, ...]
    coverage: tuple[CoverageRow, ...]
    blind_spots: tuple[BlindSpot, ...]
    noise: NoiseFloor
    warnings: tuple[str, ...]  # sentences, to be printed loudly
    sessions: tuple[SessionRow, ...]
    excluded: tuple[Excluded, ...]
    problems: tuple[ProblemCount, ...]
    settings: Settings
    versions: tuple[tuple[str, str], ...]  # of what computed this: evenhand, python, libraries
    tools: tuple[tuple[str, str], ...]  # of what recorded the sessions, each distinct version
    knowledge: str  # fingerprint
    # Of the compared sessions in their order, with those that a gate left out.
    regions: tuple[RegionProof, ...] = ()
    magnitudes: tuple[Magnitude, ...] = ()
    gates: tuple[Gate, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    phases: tuple[str, ...] = ()  # of the study, in order
    reading: tuple[str, ...] = ()  # a sentence for each side: how much of it could be read
    consent: str = ""  # the phase in which the app asks for consent; "" where none is known
    fictional: bool = False  # the study says that its app does not exist
