"""The TC string of the IAB's TCF (EU), on its own or in a GPP string, and the US Privacy string.

Own bit reading: of the libraries on PyPI the one for TCF saw its last release in 2022, and there is
none for GPP. What is read is hostile text: what is no such string, or a damaged one, raises
`NotConsentError` and nothing else.

Sources: IAB Tech Lab, "Consent string and vendor list formats" v1.1 and v2; "CCPA Compliance
Framework: U.S. Privacy String".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.extract.bits import NotConsentError
from analyzer.extract.sections import Section, read_section

# The purposes that make a profile for ads, or use one. Version 1 has five others: there 2 is
# "personalisation" and 3 selects ads by "previously collected information".
PROFILING: Final = frozenset((3, 4))
_PROFILING_V1: Final = frozenset((2, 3))
_VERSIONS: Final = {"B": 1, "C": 2}  # the first six bits are the version; section ids are the same
_US_PRIVACY = re.compile(r"1[YyNn-][YyNn-][YyNn-]")


@lru_cache(maxsize=512)
def read_tcf(text: str) -> Section:
    """Read a TC string of version 1 or 2 with all its segments.

    `NotConsentError` where `text` is none, or where any part of it is damaged.
    """
    bare = text.strip()
    version = _VERSIONS.get(bare[:1])
    if version is None:
        raise NotConsentError("unknown version" if bare else "empty")
    return read_section(version, bare)


def consented(section: Section) -> bool:
    """Tell whether there is consent to making or using a profile for ads (express, in Canada)."""
    purposes = section.ids("PurposeConsents") | section.ids("PurposesExpressConsent")
    return not purposes.isdisjoint(_of_profiling(section))


def permits_profiling(section: Section) -> bool:
    """Tell whether a profile for ads may be made or used on any ground."""
    grounds = section.ids("PurposeLegitimateInterests") | section.ids("PurposesImpliedConsent")
    return consented(section) or not grounds.isdisjoint(_of_profiling(section))


def told_tcf(section: Section) -> str:
    """Return what a TC string says, in short: nothing in it is about one person.

    ``TCF 2, policy 4: consent 1,2,7; interest 2; 12 vendors; CMP 10``
    """
    canada = section.id == 5
    consent = section.ids("PurposesExpressConsent" if canada else "PurposeConsents")
    interest = section.ids("PurposesImpliedConsent" if canada else "PurposeLegitimateInterests")
    vendors = section.ids("VendorExpressConsent" if canada else "VendorConsents")
    name = "TCF Canada 1" if canada else f"TCF {section.version}"
    if policy := section.number("PolicyVersion") or section.number("TcfPolicyVersion"):
        name += f", policy {policy}"
    told = [f"consent {_listed(consent)}"]
    if interest:
        told.append(f"{'implied' if canada else 'interest'} {_listed(interest)}")
    told += [f"{len(vendors)} vendors", f"CMP {section.number('CmpId')}"]
    return f"{name}: {'; '.join(told)}"


def _listed(ids: frozenset[int]) -> str:
    return ",".join(map(str, sorted(ids))) or "none"


def _of_profiling(section: Section) -> frozenset[int]:
    return _PROFILING_V1 if section.id == 1 else PROFILING


@dataclass(frozen=True, slots=True)
class UsPrivacy:
    """The characters of a US Privacy string after its ``1``, each ``Y``, ``N`` or ``-``."""

    notice: str
    opt_out_sale: str
    lspa_covered: str

    def __str__(self) -> str:
        """The string itself, upper case: its vocabulary is closed."""
        return f"1{self.notice}{self.opt_out_sale}{self.lspa_covered}"


def read_us_privacy(text: str) -> UsPrivacy:
    """Read a US Privacy string (``1YNN``); `NotConsentError` where `text` is none.

    >>> read_us_privacy("1YNN")
    UsPrivacy(notice='Y', opt_out_sale='N', lspa_covered='N')
    """
    found = text.strip()
    if not _US_PRIVACY.fullmatch(found):
        raise NotConsentError("not four characters of its alphabet")
    return UsPrivacy(*found[1:].upper())
