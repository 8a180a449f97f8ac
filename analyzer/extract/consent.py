"""Consent strings: IAB TCF (EU), US Privacy, and Google's consent mode.

Own bit reading: of the libraries on PyPI the one for TCF saw its last release in 2022, and there is
none for GPP. The decoders take hostile text: they return None for what is not such a string, never
raise, and read no more than `bits.LONGEST` characters.

Sources: IAB Tech Lab, "Consent string and vendor list formats" v1.1 and v2; "CCPA Compliance
Framework: U.S. Privacy String".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.extract.bits import Bits, NotConsentError

_US_PRIVACY = re.compile(r"1[YyNn-][YyNn-][YyNn-]")
_GCD = re.compile(
    r"1?[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]"
)
_CORE_BITS: Final = {1: 173, 2: 213}  # up to and with the highest vendor id
# A time outside of these means that the text is something else.
_FIRST_TENTH: Final = 14_832_288_000  # 2017-01-01; the reference encoders also write 0
_LAST_TENTH: Final = 41_024_448_000  # 2100-01-01
_DAY: Final = 864_000  # one of the reference strings was made hours after its update


@dataclass(frozen=True, slots=True)
class TcString:
    """What a TC string says. Times are tenths of seconds since 1970; sets hold ids from 1.

    In version 1 there are no legitimate interests, special features or publisher's country.
    """

    version: int
    created: int
    last_updated: int
    cmp_id: int
    cmp_version: int
    consent_screen: int
    consent_language: str
    vendor_list_version: int
    policy_version: int
    service_specific: bool
    special_features: frozenset[int]
    purposes: frozenset[int]
    purposes_legitimate: frozenset[int]
    purpose_one_treatment: bool
    publisher_country: str
    vendors: frozenset[int]
    vendors_legitimate: frozenset[int]
    restrictions: int
    publisher_purposes: frozenset[int]
    publisher_legitimate: frozenset[int]
    segments: int

    @property
    def profiling(self) -> bool:
        """True where purpose 3 or 4 (profiles for ads, and their use) has a legal ground."""
        return not {3, 4}.isdisjoint(self.purposes | self.purposes_legitimate)


@lru_cache(maxsize=512)
def decode_tcf(text: str) -> TcString | None:
    """Decode a TC string of version 1 or 2; None where `text` is none.

    A string whose core is damaged is none; a further segment that is damaged is passed over.
    """
    core, *further = text.strip().split(".")
    if not core or core[0] not in "BC" or len(further) > 8:
        return None
    try:
        return _tcf(core, further)
    except NotConsentError:
        return None


def _tcf(core: str, further: list[str]) -> TcString:
    version = Bits(core).number(6)
    bits = Bits(core, _CORE_BITS[version])
    bits.number(6)
    created, updated = bits.number(36), bits.number(36)
    for tenths in (created, updated):
        if tenths and not _FIRST_TENTH <= tenths <= _LAST_TENTH:
            raise NotConsentError("a time that cannot be")
    if updated < created - _DAY:
        raise NotConsentError("updated before it was made")
    cmp_id, cmp_version, screen = bits.number(12), bits.number(12), bits.number(6)
    language, list_version = bits.letters(2), bits.number(12)
    if version == 1:
        purposes = bits.positions(24)
        vendors = _vendors_v1(bits)
        nothing: frozenset[int] = frozenset()
        return TcString(
            1, created, updated, cmp_id, cmp_version, screen, language, list_version, 1, False,
            nothing, purposes, nothing, False, "", vendors, nothing, 0, nothing, nothing, 1,
        )  # fmt: skip
    policy, specific = bits.number(6), bits.flag()
    bits.flag()  # non-standard texts
    features, purposes, legitimate = bits.positions(12), bits.positions(24), bits.positions(24)
    one, country = bits.flag(), bits.letters(2)
    vendors, vendors_legitimate = bits.vendors(), bits.vendors()
    restrictions = bits.number(12) if bits.left else 0
    publisher, publisher_legitimate = _publisher(further)
    return TcString(
        2, created, updated, cmp_id, cmp_version, screen, language, list_version, policy, specific,
        features, purposes, legitimate, one, country, vendors, vendors_legitimate, restrictions,
        publisher, publisher_legitimate, 1 + len(further),
    )  # fmt: skip


def _vendors_v1(bits: Bits) -> frozenset[int]:
    most = bits.number(16)
    if not bits.flag():
        return bits.positions(most)
    by_default = bits.flag()
    listed = bits.ranges(most)
    return frozenset(range(1, most + 1)) - listed if by_default else listed


def _publisher(segments: list[str]) -> tuple[frozenset[int], frozenset[int]]:
    for segment in segments:
        try:
            bits = Bits(segment)
        except NotConsentError:
            continue
        if bits.number(3) == 3:
            return bits.positions(24), bits.positions(24)
    return frozenset(), frozenset()


@dataclass(frozen=True, slots=True)
class UsPrivacy:
    """The characters of a US Privacy string after its ``1``, each ``Y``, ``N`` or ``-``."""

    notice: str
    opt_out_sale: str
    lspa_covered: str

    def __str__(self) -> str:
        """The string itself, upper case: its vocabulary is closed."""
        return f"1{self.notice}{self.opt_out_sale}{self.lspa_covered}"


def decode_us_privacy(text: str) -> UsPrivacy | None:
    """Decode a US Privacy string (``1YNN``); None where `text` is none.

    >>> decode_us_privacy("1YNN")
    UsPrivacy(notice='Y', opt_out_sale='N', lspa_covered='N')
    """
    found = text.strip()
    if not _US_PRIVACY.fullmatch(found):
        return None
    return UsPrivacy(*found[1:].upper())


@dataclass(frozen=True, slots=True)
class ConsentMode:
    """The four letters of Google's `gcd`, one for each kind of storage or use."""

    ad_storage: str
    analytics_storage: str
    ad_user_data: str
    ad_personalization: str

    def __str__(self) -> str:
        """The letters, in order."""
        return "".join(
            (self.ad_storage, self.analytics_storage, self.ad_user_data, self.ad_personalization)
        )


def decode_gcd(text: str) -> ConsentMode | None:
    """Decode Google's `gcd` (``11p1p1p1p5``); None where `text` is none.

    >>> str(decode_gcd("13l3l3l2l1"))
    'llll'
    """
    found = _GCD.fullmatch(text.strip())
    return ConsentMode(*found.groups()) if found else None
