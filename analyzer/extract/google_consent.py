"""Google's own strings of consent: consent mode (`gcd`) and Additional Consent.

Sources: Google, "Additional Consent technical specification" (support.google.com/admanager/answer/
9681920); for the letters of `gcd`, which Google does not document, those who watched them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from analyzer.extract.bits import LONGEST, NotConsentError

_GCD = re.compile(
    r"1?[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]([a-zA-Z0-9])[1-9]"
)
_IDS: Final = r"(?:[0-9]{1,6}(?:\.[0-9]{1,6})*)?"
_ADDITIONAL = re.compile(rf"1~({_IDS})|2~({_IDS})~dv\.({_IDS})")


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


def read_gcd(text: str) -> ConsentMode:
    """Read Google's `gcd` (``11p1p1p1p5``); `NotConsentError` where `text` is none.

    >>> str(read_gcd("13l3l3l3l1"))
    'llll'
    """
    found = _GCD.fullmatch(text.strip())
    if found is None:
        raise NotConsentError("not the frame of its letters")
    return ConsentMode(*found.groups())


@dataclass(frozen=True, slots=True)
class AdditionalConsent:
    """Ad technology providers outside of the IAB's list: with consent, and only disclosed."""

    version: int
    consented: frozenset[int]
    disclosed: frozenset[int]


def read_additional_consent(text: str) -> AdditionalConsent:
    """Read an Additional Consent string, version 1 or 2; `NotConsentError` where `text` is none.

    >>> read_additional_consent("2~3.10~dv.7").consented == {3, 10}
    True
    """
    bare = text.strip()
    if len(bare) > LONGEST:
        raise NotConsentError("too long")
    found = _ADDITIONAL.fullmatch(bare)
    if found is None:
        known = bare[:2] in {"1~", "2~"}
        raise NotConsentError("not lists of numbers" if known else "unknown version")
    first, second, disclosed = found.groups()
    return AdditionalConsent(
        1 if second is None else 2, _numbers(first or second), _numbers(disclosed)
    )


def _numbers(text: str | None) -> frozenset[int]:
    return frozenset(int(each) for each in text.split(".")) if text else frozenset()
