"""The records that the data files become. All are frozen; each fact is written in one file only.

Mappings are plain dictionaries behind a read-only type, so that records travel to worker processes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from analyzer.knowledge.law_records import LEVELS, Bloc, Country, LawEntry, Protection
from analyzer.knowledge.place_records import Places
from analyzer.knowledge.vocabulary_records import Vocabulary
from analyzer.models import Grade, Part, SignalVerdict

# What a destination does for the app.
PURPOSES: tuple[str, ...] = (
    "advertising",
    "analytics",
    "attribution",
    "consent",
    "content",
    "crash",
    "functional",
    "identity",
    "integrity",
    "push",
    "social",
)

# The shapes that data files may name, as `analyzer.extract.shapes` gives them. A shape may be
# refined after a colon ("geo:5-decimals"): a file names either the whole or what stands before it.
SHAPES: frozenset[str] = frozenset(
    {
        "base64",
        "bool",
        "country",
        "date",
        "datetime",
        "decimal",
        "email",
        "empty",
        "geo",
        "hex",
        "int",
        "ip",
        "json",
        "jwt",
        "language",
        "mac",
        "phone",
        "text",
        "timestamp",
        "url",
        "uuid",
    }
)

_NAME_JOINTS = re.compile(r"[^0-9a-z]+")


def normal_name(key: str) -> str:
    """Return the form in which names of keys are compared: lower case, letters and digits only.

    >>> normal_name("X-Device_ID")
    'xdeviceid'
    """
    return _NAME_JOINTS.sub("", key.lower())


def shape_fits(shape: str, allowed: tuple[str, ...]) -> bool:
    """Say whether `shape` is among `allowed`, in whole or by its head; nothing named allows all.

    >>> shape_fits("hex:64", ("uuid", "hex")), shape_fits("hex:64", ("hex:32",))
    (True, False)
    """
    return not allowed or shape in allowed or shape.partition(":")[0] in allowed


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a data file, and where. `line` counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        """``file:line: what``, as compilers write it."""
        return f"{self.file}:{self.line}: {self.what}" if self.line else f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class DataType:
    """A kind of personal data, with the closest term of each public vocabulary.

    `names` are normalised key names (`normal_name`) that mean this type wherever they stand;
    `shapes`, if any, are the shapes that a value must have for a match by name. Where
    `counts_as_data` is false the type is a privacy signal and never "more data collected".
    """

    id: str
    group: str
    label: str  # as it stands in a sentence
    meaning: str
    dpv: str
    diffaudit: str
    trackhar: tuple[str, ...]
    google_play: str
    apple: str
    names: tuple[str, ...]
    shapes: tuple[str, ...]
    grade: Grade
    counts_as_data: bool


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """Where a value stands: in one of `parts`, at one of `paths`, of a request to one of `hosts`.

    `paths` are dotted, ``*`` is one component and ``**`` any number of them. `hosts` are exact, or
    begin with ``*.`` (subdomains only), or are ``*``. `url_paths` (empty: any) restrict the path of
    the URL: exact, or a regular expression where they begin with ``^``. `body_has`: keys that the
    decoded body must have, as in `Endpoint`. `if_readable`: other things stand at this place as
    well, so that only what reads as a value of the signal is one; the rest is no damage.
    """

    parts: tuple[Part, ...]
    paths: tuple[str, ...]
    hosts: tuple[str, ...] = ("*",)
    url_paths: tuple[str, ...] = ()
    body_has: tuple[str, ...] = ()
    if_readable: bool = False


@dataclass(frozen=True, slots=True)
class SignalExample:
    """A request, and perhaps its answer, in which a signal is read as `verdict`, or is not there.

    `request` and `response` as in `Example`; `age` is the one of the account, None where nobody
    knows it. `verdict` is empty in an example that must miss.
    """

    request: Mapping[str, Any]
    response: Mapping[str, Any]
    verdict: SignalVerdict | Literal[""]
    age: int | None


@dataclass(frozen=True, slots=True)
class SignalDef:
    """A privacy signal and how its values are read for a minor.

    `protective`, `non_protective` and `no_signal` hold values, patterns (``re:`` and a regular
    expression), or the keywords ``absent`` and ``zero_uuid``. `decode` names the decoder of a
    consent string, empty where the value speaks for itself. `contradicted_by` are fields whose
    presence in the same exchange turns a protective value into a contradiction. `topic` names what
    the values make a statement on: two that differ in one exchange contradict each other.
    """

    id: str
    title: str
    stack: str
    where: str
    meaning: str
    values: str
    fields: tuple[FieldMatch, ...]
    not_on_wire: str  # why there are no `fields`; empty where there are
    decode: str
    protective: tuple[str, ...]
    non_protective: tuple[str, ...]
    no_signal: tuple[str, ...]
    contradicted_by: tuple[FieldMatch, ...]
    grade: Grade
    verified: bool
    source: str
    topic: str = ""
    hits: tuple[SignalExample, ...] = ()
    misses: tuple[SignalExample, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of an endpoint that is personal data. `shapes`: the value must have one of them.

    `value` is a regular expression that all of the value must match; "" where anything may stand.

    `not_values` are values that say nothing; `transformed` is how the vendor writes the value
    ("raw", "sha256", ...). `source` is empty for what was only observed (grade O).
    """

    rule_id: str  # "<endpoint id>#<id>"
    id: str
    type: str
    parts: tuple[Part, ...]
    paths: tuple[str, ...]
    shapes: tuple[str, ...]
    not_values: tuple[str, ...]
    transformed: str
    reason: str
    source: str
    grade: Grade
    value: str = ""

    @property
    def verified(self) -> bool:
        """Whether somebody looked: common knowledge (grade K) is none."""
        return self.grade != "K"


@dataclass(frozen=True, slots=True)
class Example:
    """A request that an endpoint's rules must hit (`finds`: field id -> number) or miss.

    `request` has `url`, perhaps `method` (else GET), `headers` and `cookies`, and one at most of
    `form`, `json`, `body` (text) and `body_base64`; `response` the same without `url` and `method`,
    its `cookies` being those that it sets. Most examples have no answer.
    """

    request: Mapping[str, Any]
    finds: Mapping[str, int]
    response: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service of a tracker: which requests are its, and what they carry.

    `hosts` and `paths` as `hosts` and `url_paths` of `FieldMatch`. `methods` empty: any.
    `body_has`: keys that the decoded body must have, at its top level, or where a pattern says.
    """

    id: str
    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    methods: tuple[str, ...]
    body_has: tuple[str, ...]
    purpose: str
    fields: tuple[FieldRule, ...]
    hits: tuple[Example, ...]
    misses: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Tracker:
    """One owner's endpoints, from one file. `owner` is empty for rules that hold for any host."""

    file: str
    owner: str
    sites: tuple[str, ...]
    purpose: str
    source: str
    fictional: bool
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class OwnerEntry:
    """Who is behind a domain, what for, and who says so. `category` is a purpose, or empty."""

    domain: str
    owner: str
    category: str
    source: str


@dataclass(frozen=True, slots=True)
class Owners:
    """Domains and hosts with their owners.

    `parents` are the companies above owners, as far as somebody has looked them up.
    """

    entries: Mapping[str, OwnerEntry] = field(repr=False)
    attribution: str  # of the list that the entries were taken from
    parents: Mapping[str, str] = field(default_factory=dict, repr=False)

    def lookup(self, host: str) -> OwnerEntry | None:
        """Return the entry of the longest suffix of `host` (lower case, no port), or None."""
        rest = host
        while rest:
            found = self.entries.get(rest)
            if found is not None:
                return found
            rest = rest.partition(".")[2]
        return None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that the data files say, checked. `fingerprint` is the SHA-256 of the files."""

    types: Mapping[str, DataType]
    signals: Mapping[str, SignalDef]
    blocs: Mapping[str, Bloc]
    countries: Mapping[str, Country]
    laws: tuple[LawEntry, ...]
    owners: Owners
    trackers: tuple[Tracker, ...]
    fingerprint: str
    places: Places = field(default_factory=Places)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    @property
    def version(self) -> str:
        """What findings are marked with: enough of the fingerprint to tell versions apart."""
        return self.fingerprint[:16]

    def by_trackhar(self, prop: str) -> tuple[str, ...]:
        """Return the ids of the data types that TrackHAR's property `prop` falls under."""
        return tuple(each.id for each in self.types.values() if prop in each.trackhar)

    def laws_for(
        self, country: str, age: int, day: str, *, on_paper: bool = False
    ) -> tuple[LawEntry, ...]:
        """Return what binds in `country` (alpha-2) for a person of `age` on `day` (ISO date)."""
        return tuple(law for law in self.laws if law.binds(country, age, day, on_paper=on_paper))

    def protection(self, country: str, age: int, day: str, *, on_paper: bool = False) -> Protection:
        """Return the strongest level of legal protection from profiling, and what gives it.

        What the platform declares of itself is not law and does not count. A level is verified
        where one verified entry gives it; with no entry at all it is "none", not verified.
        """
        laws = [
            law for law in self.laws_for(country, age, day, on_paper=on_paper) if law.kind == "law"
        ]
        for level in LEVELS:
            giving = [law for law in laws if law.protection == level]
            if giving:
                return Protection(
                    level, tuple(law.id for law in giving), any(law.verified for law in giving)
                )
        return Protection("none", (), False)
