"""The IAB's Global Privacy Platform: one string with a section for each jurisdiction.

Which sections are read, and how, stands in `consent_strings.yaml`; a section of another id is
listed, not read. What is no GPP string raises `NotConsentError`; of one with a damaged section the
others are read, and the damage is told.

Source: IAB Tech Lab, Global Privacy Platform, "Consent String Specification" and "Sections".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.extract.bits import LONGEST, Bits, NotConsentError
from analyzer.extract.consent import UsPrivacy, read_us_privacy, told_tcf
from analyzer.extract.sections import Section, read_section
from analyzer.knowledge.consent_layouts import consent_layouts

_MOST_SECTIONS: Final = 64
_TYPE: Final = 3
_VERSION: Final = 1
_US_PRIVACY: Final = 6
CHILDREN: Final = "KnownChildSensitiveDataConsents"
OPT_OUTS: Final = ("SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut")
_CHOICES: Final = {0: "not applicable", 1: "opted out", 2: "not opted out"}
_SHORT: Final = {"SaleOptOut": "sale", "SharingOptOut": "sharing", OPT_OUTS[2]: "ads"}


@dataclass(frozen=True, slots=True)
class Gpp:
    """A GPP string. `ids` are all its sections; those that were read stand in the others.

    `damaged`: why a section that should be known could not be read, by its id.
    """

    ids: tuple[int, ...]
    sections: Mapping[int, Section]
    us_privacy: UsPrivacy | None
    damaged: Mapping[int, str]

    @property
    def tcf(self) -> tuple[Section, ...]:
        """The TC strings in it, of the EU and of Canada."""
        return tuple(each for each in self.sections.values() if each.name.startswith("tcf"))

    @property
    def us(self) -> tuple[Section, ...]:
        """The sections of the US and its states, but for the US Privacy string."""
        return tuple(each for each in self.sections.values() if each.name.startswith("us"))


@lru_cache(maxsize=512)
def read_gpp(text: str) -> Gpp:
    """Read a GPP string; `NotConsentError` where `text` is none."""
    bare = text.strip()
    if len(bare) > 4 * LONGEST:
        raise NotConsentError("too long")
    header, *texts = bare.split("~", _MOST_SECTIONS)
    ids = _section_ids(Bits(header))
    if len(ids) != len(texts):
        raise NotConsentError("wrong number of sections")
    sections: dict[int, Section] = {}
    damaged: dict[int, str] = {}
    privacy: UsPrivacy | None = None
    for number, section in zip(ids, texts, strict=True):
        try:
            if number == _US_PRIVACY:
                privacy = read_us_privacy(section)
            elif number in consent_layouts():
                sections[number] = read_section(number, section)
        except NotConsentError as error:
            damaged[number] = str(error)
    return Gpp(ids, sections, privacy, damaged)


def _section_ids(bits: Bits) -> tuple[int, ...]:
    if bits.left < 12 or bits.number(6) != _TYPE or bits.number(6) != _VERSION:
        raise NotConsentError("unknown version")
    ids = bits.fibonacci_ranges()
    if len(ids) > _MOST_SECTIONS:
        raise NotConsentError("too many sections")
    bits.end()
    return ids


def opt_outs(section: Section) -> dict[str, int]:
    """Return the opt-outs that a US section has: 0 not applicable, 1 opted out, 2 did not."""
    return {name: section.number(name) for name in OPT_OUTS if name in section.fields}


def told_gpp(found: Gpp) -> str:
    """Return what a GPP string says, in short: nothing in it is about one person.

    ``GPP usnat: sale opted out, sharing opted out, ads opted out, children 0,0; uspv1 1YNN``
    """
    told = [told_tcf(section) for section in found.tcf]
    for section in found.us:
        says = [f"{_SHORT[name]} {_CHOICES[value]}" for name, value in opt_outs(section).items()]
        if children := section.choices(CHILDREN):
            says.append(f"children {','.join(map(str, children))}")
        if section.fields.get("Gpc"):
            says.append("GPC")
        told.append(f"{section.name}: {', '.join(says)}")
    if found.us_privacy:
        told.append(f"uspv1 {found.us_privacy}")
    known = {*found.sections, *found.damaged} | ({_US_PRIVACY} if found.us_privacy else set())
    told += [f"section {number} not read" for number in found.ids if number not in known]
    told += [f"section {number} damaged" for number in found.damaged]
    return f"GPP {'; '.join(told) or 'without sections'}"
