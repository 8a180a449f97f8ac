"""The declaration: what the fictional app does, read from its one file and checked.

`load_declaration` gives the records; `Condition.holds` and `Line.happens` are the only judges of
whether a line applies to a session. A fault in the file is a `UserError` that names the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from analyzer.errors import UserError
from analyzer.models import Arm, Consent, SignalVerdict

FILE = Path(__file__).with_name("declaration.yaml")
MINOR_BELOW = 18

Scalar = str | int | float
Value = str | int | float | dict[str, Scalar]  # a table: by country
Where = Literal["body", "query", "path", "header"]
BodyKind = Literal["", "json", "form", "protobuf", "multipart", "gif", "mp4"]
Encoding = Literal["", "gzip", "br", "zstd"]
Transform = Literal["raw", "md5", "sha1", "sha256", "base64", "hex", "upper"]
Blocs = Mapping[str, frozenset[str]]  # bloc -> ISO 3166 alpha-2 codes of its countries


class Condition(Struct, frozen=True, forbid_unknown_fields=True):
    """A set of arms; what is not said does not matter."""

    bloc: str | None = None
    country: str | tuple[str, ...] | None = None
    age: Literal["minor", "adult"] | tuple[int, ...] | None = None
    consent: Consent | None = None

    def holds(self, arm: Arm, blocs: Blocs) -> bool:
        """Return whether `arm` is one of them; `blocs` says which countries a bloc has."""
        if self.bloc is not None and arm.country not in blocs[self.bloc]:
            return False
        countries = (self.country,) if isinstance(self.country, str) else self.country
        if countries is not None and arm.country not in countries:
            return False
        if isinstance(self.age, str):
            if (arm.age < MINOR_BELOW) != (self.age == "minor"):
                return False
        elif self.age is not None and arm.age not in self.age:
            return False
        return self.consent is None or arm.consent == self.consent


class Line(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all declared lines have in common: for whom, and in which repeats, they happen."""

    when: Condition = Condition()
    unless: Condition | None = None
    sessions: tuple[int, ...] = ()  # empty: in every one

    def happens(self, arm: Arm, repeat: int, blocs: Blocs) -> bool:
        """Return whether the line applies to repeat number `repeat` (from 1) of `arm`."""
        if not self.when.holds(arm, blocs) or (self.sessions and repeat not in self.sessions):
            return False
        return self.unless is None or not self.unless.holds(arm, blocs)


class Placed(Line, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line that puts something into one part of one request."""

    to: str
    phase: str
    where: Where = field(name="in", default="body")


class Transmission(Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One piece of personal data in one place of one request.

    Where a standard has it that the value must not be there for a child, its presence is a privacy
    signal too: `signal`, read as non-protective.
    """

    data: str
    at: str | tuple[str, ...] = field(name="as")
    transform: Transform = "raw"
    value: Value | None = None
    signal: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """The paths of the value, or of its pieces in order."""
        return (self.at,) if isinstance(self.at, str) else self.at


class DeclaredSignal(Placed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One privacy signal in one place of one request."""

    signal: str
    at: str = field(name="as")
    value: Value
    says: SignalVerdict


class Answer(Line, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One value in the answers of a channel; with `signal` it is one, read as `says`."""

    by: str
    at: str = field(name="as")
    value: Value
    signal: str = ""
    says: SignalVerdict = "no_signal"


class Cookie(Line, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cookie that the answers of `set_by` set for `domain` and its subdomains."""

    set_by: str
    name: str
    domain: str
    data: str


class EveryRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A header of every request."""

    data: str
    at: str = field(name="as")
    value: Value | None = None


class AnswerForm(Struct, frozen=True, forbid_unknown_fields=True):
    """How a channel is answered. `redirect` names the channel to go on to, instead of a body."""

    body: BodyKind = ""
    encoding: Encoding = ""
    filler: dict[str, object] = {}
    redirect: str = ""


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """A request the app makes in some phases; with `within`, a message in that WebSocket.

    `nested`: path in the body -> encodings of what is below it, innermost first.
    """

    party: str = ""
    url: str = ""
    method: Literal["GET", "POST"] = "GET"
    phases: tuple[str, ...] = ()
    body: BodyKind = ""
    encoding: Encoding = ""
    nested: dict[str, str] = {}
    filler: dict[str, object] = {}
    fixed_query: dict[str, str] = {}
    pinned: bool = False
    within: str = ""
    answer: AnswerForm = AnswerForm()

    @property
    def socket(self) -> bool:
        """Whether this opens a WebSocket."""
        return self.url.startswith("wss:")


class App(Struct, frozen=True, forbid_unknown_fields=True):
    """The app itself."""

    name: str
    version: str
    first_party: tuple[str, ...]
    phases: tuple[str, ...]


class Company(Struct, frozen=True, forbid_unknown_fields=True):
    """A party, by the owner's name that the findings have to show."""

    owner: str
    about: str


class DeclaredArm(Struct, frozen=True, forbid_unknown_fields=True):
    """An arm of the demo's study."""

    country: str
    age: int
    consent: Consent
    persona: str


class Declaration(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    app: App
    arms: dict[str, DeclaredArm]
    personas: dict[str, dict[str, str]]
    values: dict[str, Value]
    every_request: tuple[EveryRequest, ...]
    parties: dict[str, Company]
    channels: dict[str, Channel]
    transmissions: tuple[Transmission, ...]
    cookies: tuple[Cookie, ...]
    signals: tuple[DeclaredSignal, ...]
    answers: tuple[Answer, ...]

    def outer(self, channel: str) -> Channel:
        """Return the request that `channel` is: itself, or the WebSocket it is a message of."""
        found = self.channels[channel]
        return self.channels[found.within] if found.within else found

    def owner(self, channel: str) -> str:
        """Return the owner of the party that `channel` goes to."""
        return self.parties[self.outer(channel).party].owner


def load_declaration(path: Path = FILE) -> Declaration:
    """Read and check the declaration at `path`; `UserError` names the entry that is wrong."""
    try:
        raw = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read", reason) from None
    try:
        declaration = msgspec.convert(raw, Declaration)
    except msgspec.ValidationError as error:
        raise UserError(f"{path} is not a declaration", str(error)) from None
    faults = list(_faults(declaration))
    if faults:
        raise UserError(f"{path} contradicts itself", "; ".join(faults))
    return declaration


def _faults(declaration: Declaration) -> Iterable[str]:
    channels = declaration.channels
    for name, channel in channels.items():
        if channel.within:
            if channel.within not in channels or not channels[channel.within].socket:
                yield f"channel {name!r}: {channel.within!r} is no WebSocket"
        elif not channel.url.startswith(("https://", "wss://")):
            yield f"channel {name!r} needs a url with https or wss"
        elif channel.party not in declaration.parties:
            yield f"channel {name!r}: no party {channel.party!r}"
        for phase in channel.phases:
            if phase not in declaration.app.phases:
                yield f"channel {name!r}: no phase {phase!r}"
        target = channel.answer.redirect
        if target and (target not in channels or channels[target].phases != channel.phases):
            yield f"channel {name!r} redirects to {target!r}, which is not in the same phases"
    placed: list[tuple[str, Placed]] = [(line.data, line) for line in declaration.transmissions]
    placed += [(line.signal, line) for line in declaration.signals]
    for named, line in placed:
        if line.to not in channels:
            yield f"{named}: no channel {line.to!r}"
        elif line.phase not in declaration.outer(line.to).phases:
            yield f"{named}: {line.to!r} is not sent in phase {line.phase!r}"
        elif line.where == "body" and not channels[line.to].body:
            yield f"{named}: {line.to!r} has no body"
    for answer in declaration.answers:
        if answer.by not in channels:
            yield f"answer {answer.at!r}: no channel {answer.by!r}"
    for cookie in declaration.cookies:
        if cookie.set_by not in channels:
            yield f"cookie {cookie.name!r}: no channel {cookie.set_by!r}"
    for label, arm in declaration.arms.items():
        if arm.persona not in declaration.personas:
            yield f"arm {label!r}: no persona {arm.persona!r}"
