"""`study.toml`: what is studied, under which conditions, with which planted values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, get_args

from analyzer.comparison import DEFAULT_CONFIDENCE
from analyzer.errors import UserError
from analyzer.expectation import Expectation, canonical_zone, expect, parse_tag
from analyzer.gates import WAIVABLE, GateName
from analyzer.models import Arm, Consent
from analyzer.study_entries import Entries, is_told, shown

FILE = "study.toml"
SETUP = "set-up"  # a phase before the study's own: what happens in it is no evidence
PAUSE = "feed pause"  # a step of `feed drive`: the phase it interrupts goes on, its feed does not
COUNTRY = re.compile(r"[A-Z]{2}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
PUBLISHER: Final = ("name", "contact", "address", "email")
_KEY = re.compile(r"[0-9a-f]{32,128}")


@dataclass(frozen=True, slots=True)
class Persona:
    """A test account. `values` are (data type, seeded value) that exist nowhere else."""

    name: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """The bounds that a verdict has to pass.

    `alpha`: largest false discovery rate of a difference. `margin`: how far two shares may lie
    apart (0..1) and still be called the same; the whole 95% interval must lie within it.
    `min_sessions`: with fewer on either side the verdict is always `insufficient`. `unverified`:
    also count what only unverified rules and signals found. `min_confidence`: per cent below which
    a finding by name or shape is not counted. `waive`: gates that the study does without, and why.
    """

    alpha: float = 0.05
    margin: float = 0.4
    min_sessions: int = 5
    unverified: bool = False
    min_confidence: int = DEFAULT_CONFIDENCE
    waive: tuple[tuple[GateName, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Study:
    """A study folder and what its `study.toml` says. `key` is the secret of all digests."""

    root: Path
    name: str
    app: str
    app_version: str
    first_party: tuple[str, ...]
    key: bytes
    phases: tuple[str, ...]
    arms: Mapping[str, Arm]
    personas: Mapping[str, Persona]
    persona_of: Mapping[str, str]  # arm label -> persona
    compare: CompareSettings
    # Of arms whose phones do not look as is usual in their country: label -> what it says.
    languages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    time_zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    geo_databases: tuple[Path, ...] = ()  # that tell the countries of servers
    consent_phase: str = ""  # in which the app asks for consent; "" where none does
    publisher: tuple[tuple[str, str], ...] = ()  # who signs letters: entry of PUBLISHER, text
    fictional: bool = False  # the app does not exist: every output says so
    feed: Mapping[str, Any] | None = (
        None  # the audit of its feed; `analyzer.feed.protocol` reads it
    )

    @property
    def captures(self) -> Path:
        """The folder of session bundles."""
        return self.root / "captures"

    @property
    def findings(self) -> Path:
        """The folder that `analyze` writes."""
        return self.root / "findings"

    @property
    def out(self) -> Path:
        """The folder that `report` writes."""
        return self.root / "out"

    def arm(self, label: str) -> Arm:
        """Return the arm `label`, or raise `UserError` naming those there are."""
        try:
            return self.arms[label]
        except KeyError:
            known = ", ".join(self.arms)
            raise UserError(f"no arm {label!r} in {FILE}", f"use one of {known}") from None

    def phase(self, name: str | None) -> str:
        """Return the phase `name` (None: the first); `UserError` where the study has none so."""
        if name is not None and name not in self.phases:
            raise UserError(f"no phase {name!r} in {FILE}", f"use one of {', '.join(self.phases)}")
        return name or self.phases[0]

    def persona(self, arm: str) -> Persona:
        """Return the persona of the arm `arm`; one without values where none is declared."""
        name = self.persona_of.get(arm, "")
        return self.personas.get(name, Persona(name, ()))

    def expectation(self, arm: str) -> Expectation:
        """Return how a phone of the arm `arm` should look."""
        country = self.arm(arm).country
        return expect(country, self.languages.get(arm, ()), self.time_zones.get(arm, ()))


def load_study(root: Path) -> Study:
    """Read and check `root`/study.toml; `UserError` says which entry is wrong, and the remedy."""
    path = root / FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"no {FILE} in {root}", "run `evenhand init DIR`, or name the study with --study DIR"
        ) from None
    except RecursionError:
        raise UserError(f"{path} is not valid TOML", "it is nested too deeply") from None
    except ValueError as error:  # also of a number with too many digits
        raise UserError(f"{path} is not valid TOML", str(error)) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None
    return _Checked(path, raw).study(root)


class _Checked(Entries):
    """Takes a study out of a parsed study.toml."""

    def __init__(self, path: Path, raw: dict[str, Any]) -> None:
        super().__init__(path)
        self._raw = raw

    def study(self, root: Path) -> Study:
        known = {"study", "arms", "personas", "compare", "publisher", "feed"}
        self.no_others("", self._raw, known)
        head = self.table("study", self._raw)
        self.no_others(
            "study.",
            head,
            {
                "name", "app", "app_version", "first_party", "key", "phases", "geo_databases",
                "consent_phase", "fictional",
            },
        )  # fmt: skip
        phases = self._phases(head.get("phases"))
        personas = {
            name: self._persona(name, body)
            for name, body in self.table("personas", self._raw, required=False).items()
        }
        arms: dict[str, Arm] = {}
        persona_of: dict[str, str] = {}
        languages: dict[str, tuple[str, ...]] = {}
        time_zones: dict[str, tuple[str, ...]] = {}
        for label, body in self.table("arms", self._raw).items():
            arms[label], persona_of[label] = self._arm(label, body, personas)
            languages[label], time_zones[label] = self._looks(label, body)
        if not arms:
            raise self.wrong("arms", "is empty", "declare at least one, such as [arms.KE-13]")
        return Study(
            root=root,
            name=self.line("study.name", head.get("name")),
            app=self.line("study.app", head.get("app")),
            app_version=self.line("study.app_version", head.get("app_version", ""), empty=True),
            first_party=tuple(
                self._host(domain)
                for domain in self.texts("study.first_party", head.get("first_party"))
            ),
            key=self._key(head.get("key")),
            phases=phases,
            arms=arms,
            personas=personas,
            persona_of=persona_of,
            compare=self._settings(self.table("compare", self._raw, required=False)),
            languages=languages,
            time_zones=time_zones,
            geo_databases=tuple(root / each for each in self._files("study.geo_databases", head)),
            consent_phase=self._consent_phase(head.get("consent_phase"), phases),
            publisher=self._publisher(self.table("publisher", self._raw, required=False)),
            fictional=self.yes("study.fictional", head.get("fictional", False)),
            feed=self.table("feed", self._raw) if "feed" in self._raw else None,
        )

    def _arm(self, label: str, body: object, personas: Mapping[str, Persona]) -> tuple[Arm, str]:
        where = f"arms.{label}"
        self.label(where, label)
        table = self.as_table(where, body)
        self.no_others(
            f"{where}.",
            table,
            {"country", "age", "consent", "persona", "languages", "time_zones"},
        )
        country = self.text(f"{where}.country", table.get("country"))
        if not COUNTRY.fullmatch(country):
            raise self.wrong(
                f"{where}.country", is_told(country), "use a two-letter ISO 3166 code, as in 'KE'"
            )
        age = table.get("age")
        if not isinstance(age, int) or isinstance(age, bool) or not 0 <= age <= 120:
            raise self.wrong(f"{where}.age", is_told(age), "use whole years from 0 to 120")
        consent = table.get("consent", "none")
        if consent not in get_args(Consent):
            choices = ", ".join(repr(choice) for choice in get_args(Consent))
            raise self.wrong(f"{where}.consent", is_told(consent), f"use one of {choices}")
        persona = self.line(f"{where}.persona", table.get("persona", ""), empty=True)
        if persona and persona not in personas:
            raise self.wrong(
                f"{where}.persona", f"names {shown(persona)}", f"declare [personas.{persona}]"
            )
        return Arm(label, country, age, consent), persona

    def _looks(self, label: str, body: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the languages and the time zones that the phone of an arm may have."""
        where = f"arms.{label}"
        table = self.as_table(where, body)
        languages: tuple[str, ...] = ()
        time_zones: tuple[str, ...] = ()
        if "languages" in table:
            languages = self.texts(f"{where}.languages", table["languages"])
        if "time_zones" in table:
            time_zones = self.texts(f"{where}.time_zones", table["time_zones"])
        for each in languages:
            if parse_tag(each) is None:
                raise self.wrong(
                    f"{where}.languages", f"holds {shown(each)}", "use tags, as in 'sw-KE'"
                )
        for each in time_zones:
            if canonical_zone(each) is None:
                raise self.wrong(
                    f"{where}.time_zones",
                    f"holds {shown(each)}",
                    "use names, as in 'Africa/Nairobi'",
                )
        return languages, time_zones

    def _persona(self, name: str, body: object) -> Persona:
        self.line("personas", name)
        values: list[tuple[str, str]] = []
        for data_type, given in self.as_table(f"personas.{name}", body).items():
            where = f"personas.{name}.{data_type}"
            several = given if isinstance(given, list) else [given]
            values += [(data_type, self.text(where, value)) for value in several]
        return Persona(name, tuple(values))

    def _settings(self, table: dict[str, Any]) -> CompareSettings:
        default = CompareSettings()
        self.no_others("compare.", table, {field.name for field in fields(default)})
        least = table.get("min_sessions", default.min_sessions)
        if not isinstance(least, int) or isinstance(least, bool) or not 2 <= least <= 1000:
            raise self.wrong("compare.min_sessions", is_told(least), "use a number from 2 to 1000")
        unverified = self.yes("compare.unverified", table.get("unverified", default.unverified))
        confidence = table.get("min_confidence", default.min_confidence)
        if type(confidence) is not int or not 0 <= confidence <= 100:
            raise self.wrong(
                "compare.min_confidence", is_told(confidence), "use a number from 0 to 100"
            )
        return CompareSettings(
            self.share("compare.alpha", table.get("alpha", default.alpha)),
            self.share("compare.margin", table.get("margin", default.margin)),
            least,
            unverified,
            confidence,
            self._waived(self.as_table("compare.waive", table.get("waive", {}))),
        )

    def _waived(self, table: dict[str, Any]) -> tuple[tuple[GateName, str], ...]:
        self.no_others("compare.waive.", table, set(WAIVABLE))
        return tuple(
            (name, self.line(f"compare.waive.{name}", table[name]))
            for name in WAIVABLE
            if name in table
        )

    def _publisher(self, table: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        self.no_others("publisher.", table, set(PUBLISHER))
        return tuple(
            (name, self.line(f"publisher.{name}", table[name]))
            for name in PUBLISHER
            if name in table
        )

    def _phases(self, given: object) -> tuple[str, ...]:
        texts = self.texts("study.phases", ["use"] if given is None else given)
        phases = tuple(self.line("study.phases", phase) for phase in texts)
        if len(set(phases)) != len(phases):
            raise self.wrong("study.phases", "names a phase twice", "name each once")
        return phases

    def _consent_phase(self, given: object, phases: tuple[str, ...]) -> str:
        """Return the phase that is named; else the first that has "consent" in its name."""
        if given is None:
            return next((phase for phase in phases if "consent" in phase.casefold()), "")
        phase = self.line("study.consent_phase", given, empty=True)
        if phase and phase not in phases:
            raise self.wrong(
                "study.consent_phase", f"names {shown(phase)}", f"use one of {', '.join(phases)}"
            )
        return phase

    def _files(self, where: str, head: dict[str, Any]) -> tuple[str, ...]:
        given = head.get(where.partition(".")[2], [])
        return () if given == [] else self.texts(where, given)

    def _host(self, domain: str) -> str:
        lower = domain.lower().strip(".")
        if not _HOST.fullmatch(lower):
            raise self.wrong(
                "study.first_party", f"holds {shown(domain)}", "use domains, as in 'example.com'"
            )
        return lower

    def _key(self, given: object) -> bytes:
        if not isinstance(given, str) or not _KEY.fullmatch(given):
            raise self.wrong(
                "study.key",
                "is not a secret of 32 to 128 hexadecimal digits",
                "copy the one that `evenhand init` wrote, or take `openssl rand -hex 32`",
            )
        return bytes.fromhex(given[: len(given) // 2 * 2])
