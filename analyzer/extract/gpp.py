"""The IAB's Global Privacy Platform: one string with a section for each jurisdiction.

Read: the header, TCF EU (2), TCF Canada (5), US Privacy (6), the US national section (7) and those
of the states (8 to 27). A section of another id is listed, not read. Hostile text gives None.

Source: IAB Tech Lab, Global Privacy Platform, "Consent String Specification" and "Sections".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.extract.bits import LONGEST, Bits, NotConsentError
from analyzer.extract.consent import TcString, UsPrivacy, decode_tcf, decode_us_privacy

_MOST_SECTIONS: Final = 64

_P, _S, _H, _T = (
    "ProcessingNotice",
    "SaleOptOutNotice",
    "SharingNotice",
    "TargetedAdvertisingOptOutNotice",
)
_SALE, _SHARING, _ADS = "SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"
_SENSITIVE, _CHILD = "SensitiveDataProcessing", "KnownChildSensitiveDataConsents"
_MORE, _PERSONAL = "AdditionalDataProcessingConsent", "PersonalDataConsents"
_MSPA: Final = ("MspaCoveredTransaction", "MspaOptOutOptionMode", "MspaServiceProviderMode")
OPT_OUTS: Final = (_SALE, _SHARING, _ADS)

# The IAB's own encoders wrote the longer fields of version 2 while they still called it version 1.
_NATIONAL_BITS: Final = 60

Layout = tuple[tuple[str, int], ...]  # fields of two bits each, with how many of them


def _layout(*fields: str | tuple[str, int], mspa: bool = True) -> Layout:
    ends = _MSPA if mspa else ()
    return tuple(field if isinstance(field, tuple) else (field, 1) for field in (*fields, *ends))


def _state(notice: str, sensitive: int, children: int, *, more: bool = True) -> Layout:
    """Return the layout that most states share."""
    ends = (_MORE,) if more else ()
    return _layout(notice, _S, _T, _SALE, _ADS, (_SENSITIVE, sensitive), (_CHILD, children), *ends)


def _national(sensitive: int, children: int) -> Layout:
    return _layout(
        _H, _S, "SharingOptOutNotice", _T, "SensitiveDataProcessingOptOutNotice",
        "SensitiveDataLimitUseNotice", _SALE, _SHARING, _ADS, (_SENSITIVE, sensitive),
        (_CHILD, children), _PERSONAL,
    )  # fmt: skip


def _sensitive_notice(notice: str, name: str) -> Layout:
    return _layout(notice, _S, _T, name, _SALE, _ADS, (_SENSITIVE, 8), (_CHILD, 1))


_CALIFORNIA: Final = _layout(
    _S, "SharingOptOutNotice", "SensitiveDataLimitUseNotice", _SALE, _SHARING, (_SENSITIVE, 9),
    (_CHILD, 2), _PERSONAL,
)  # fmt: skip

# From 2025 the MSPA fields stand first, and in one form.
_MSPA_FIRST: Final = ("MspaCoveredTransaction", "MspaMode", _P, _S, _T, _SALE, _ADS)

# section id -> (name, layout by version; 0: any version)
SECTIONS: Final[Mapping[int, tuple[str, Mapping[int, Layout]]]] = {
    7: ("usnat", {1: _national(12, 2), 2: _national(16, 3)}),
    8: ("usca", {0: _CALIFORNIA}),
    9: ("usva", {0: _state(_H, 8, 1, more=False)}),
    10: ("usco", {0: _state(_H, 7, 1, more=False)}),
    11: ("usut", {0: _sensitive_notice(_H, "SensitiveDataProcessingOptOutNotice")}),
    12: ("usct", {0: _state(_H, 8, 3, more=False)}),
    13: ("usfl", {0: _state(_P, 8, 3)}),
    14: ("usmt", {0: _state(_H, 8, 3)}),
    15: ("usor", {0: _state(_P, 11, 3)}),
    16: ("ustx", {0: _state(_P, 8, 1)}),
    17: ("usde", {0: _state(_P, 9, 5)}),
    18: ("usia", {0: _sensitive_notice(_P, "SensitiveDataOptOutNotice")}),
    19: ("usne", {0: _state(_P, 8, 1)}),
    20: ("usnh", {0: _state(_P, 8, 3)}),
    21: ("usnj", {0: _state(_P, 10, 5)}),
    22: ("ustn", {0: _state(_P, 8, 1)}),
    23: ("usmn", {0: _state(_P, 8, 1)}),
    24: ("usmd", {0: _layout(*_MSPA_FIRST, _MORE, mspa=False)}),
    25: ("usin", {0: _layout(*_MSPA_FIRST, _CHILD, _MORE, mspa=False)}),
    26: ("usky", {0: _layout(*_MSPA_FIRST, _CHILD, _MORE, mspa=False)}),
    27: ("usri", {0: _layout(*_MSPA_FIRST, _CHILD, _MORE, mspa=False)}),
}


@dataclass(frozen=True, slots=True)
class UsSection:
    """A US section. `fields` by the specification's names; each value has one number or several.

    Of an opt-out: 0 not applicable, 1 opted out, 2 did not. Of a consent: 0 not applicable, 1 no
    consent, 2 consent. `gpc` is None where the section has no segment for it.
    """

    name: str
    version: int
    fields: Mapping[str, tuple[int, ...]]
    gpc: bool | None

    @property
    def children(self) -> tuple[int, ...]:
        """The consents for children that the business knows of; empty where there is no field."""
        return self.fields.get(_CHILD, ())

    @property
    def opt_outs(self) -> tuple[int, ...]:
        """The opt-outs of sale, sharing and targeted advertising that the section has."""
        return tuple(self.fields[name][0] for name in OPT_OUTS if name in self.fields)


@dataclass(frozen=True, slots=True)
class TcfCanada:
    """The purposes of a Canadian TC string with express and with implied consent."""

    version: int
    express: frozenset[int]
    implied: frozenset[int]

    @property
    def profiling(self) -> bool:
        """True where purpose 3 or 4 has a consent."""
        return not {3, 4}.isdisjoint(self.express | self.implied)


@dataclass(frozen=True, slots=True)
class Gpp:
    """A GPP string. `ids` are all its sections; those that could be read stand in the others."""

    ids: tuple[int, ...]
    tcf: TcString | None
    canada: TcfCanada | None
    us_privacy: UsPrivacy | None
    us: tuple[UsSection, ...]


@lru_cache(maxsize=512)
def decode_gpp(text: str) -> Gpp | None:
    """Decode a GPP string; None where `text` is none. A damaged section is listed, not read."""
    if not text.startswith("DB") or len(text) > 4 * LONGEST:
        return None
    header, *sections = text.strip().split("~", _MOST_SECTIONS)
    try:
        ids = _section_ids(Bits(header, 24))
    except NotConsentError:
        return None
    if len(ids) != len(sections):
        return None
    tcf, canada, privacy = None, None, None
    us: list[UsSection] = []
    for number, section in zip(ids, sections, strict=True):
        if number == 2:
            tcf = decode_tcf(section)
        elif number == 5:
            canada = _canada(section)
        elif number == 6:
            privacy = decode_us_privacy(section)
        elif number in SECTIONS and (read := decode_us_section(number, section)):
            us.append(read)
    return Gpp(ids, tcf, canada, privacy, tuple(us))


def _section_ids(bits: Bits) -> tuple[int, ...]:
    bits.number(12)  # type 3, version 1: the text begins with "DB"
    ids: list[int] = []
    last = 0
    for _ in range(bits.number(12)):
        is_range = bits.flag()
        last += bits.fibonacci()
        ids.append(last)
        if is_range:
            end = last + bits.fibonacci()
            ids.extend(range(last + 1, min(end, last + _MOST_SECTIONS) + 1))
            last = end
        if len(ids) > _MOST_SECTIONS:
            raise NotConsentError("too many sections")
    return tuple(ids)


def _canada(text: str) -> TcfCanada | None:
    try:
        bits = Bits(text.partition(".")[0], 211)
    except NotConsentError:
        return None
    version = bits.number(6)
    bits.number(36 + 36 + 12 + 12 + 6 + 12 + 12 + 6 + 1 + 12)
    return TcfCanada(version, bits.positions(24), bits.positions(24))


def decode_us_section(number: int, text: str) -> UsSection | None:
    """Decode the section with id `number` of `SECTIONS`; None where `text` is none."""
    core, *further = text.split(".")
    name, layouts = SECTIONS[number]
    try:
        bits = Bits(core, 12)
        version = bits.number(6)
        written = (
            2 if number == 7 and version == 1 and bits.rest_is_set(_NATIONAL_BITS) else version
        )
        layout = layouts.get(written, layouts.get(0))
        if layout is None or not 1 <= version <= 8:
            return None
        fields = {field: bits.pairs(count) for field, count in layout}
        gpc = None
        for segment in further[:4]:
            more = Bits(segment)
            if more.number(2) == 1:
                gpc = more.flag()
    except NotConsentError:
        return None
    return UsSection(name, version, fields, gpc)
