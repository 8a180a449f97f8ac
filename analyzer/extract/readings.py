"""What a consent string says for a minor: its verdict, what may be shown of it, what it claims.

A claim is a statement on a topic that other strings of the same exchange may make as well: two that
say different things of one topic contradict each other, whatever else stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.extract.bits import NotConsentError
from analyzer.extract.consent import (
    consented,
    permits_profiling,
    read_tcf,
    read_us_privacy,
    told_tcf,
)
from analyzer.extract.google_consent import read_additional_consent, read_gcd
from analyzer.extract.gpp import CHILDREN, Gpp, opt_outs, read_gpp, told_gpp
from analyzer.extract.sections import Section
from analyzer.extract.shapes import is_blank
from analyzer.models import SignalVerdict

Claim = tuple[str, str]  # topic, and what is said of it

_DENIED: Final = frozenset("pqmu")  # letters of gcd; l is unset
_GRANTED: Final = frozenset("trnv")
_ADULT_AT_NATIONAL: Final = 18  # the third field for children ends at 17
_ADULT: Final = 16
_SALE: Final = {1: "protective", 2: "non_protective"}
_NOTHING: Final = frozenset(
    ("null", "none", "undefined", "nil", "nan", "na", "n/a", "unknown", "unavailable",
     "tcunavailable", "false", "-")
)  # fmt: skip
# A place in a URL that nobody filled in: ${GDPR_CONSENT_755}, %%GDPR%%, [GDPR_CONSENT], {gdpr}.
_UNFILLED = re.compile(r"\$?\{[^{}]*\}?|%%[^%]*%%|\[[^\]]*\]|\{\{[^{}]*\}\}|__[A-Za-z0-9_]*__")
_PURPOSES = re.compile(r"[01]{1,24}")
_LONGEST_UNFILLED: Final = 64


@dataclass(frozen=True, slots=True)
class Reading:
    """What a value says. `value` may be shown; `fault`: why a string could not be read, or "".

    `read`: whether it is a string for the signal's decoder, be it damaged, or, of a signal without
    one, one of its values; and not something else that stands there.
    """

    value: str
    verdict: SignalVerdict
    fault: str = ""
    claims: tuple[Claim, ...] = ()
    read: bool = True


def blank(text: str) -> bool:
    """Tell whether `text` stands for nothing where a consent string should be: that is no damage.

    >>> blank("${GDPR_CONSENT_755}"), blank("undefined"), blank("CPXxRfA")
    (True, True, False)
    """
    if not text or is_blank(text) or text.lower() in _NOTHING:
        return True
    return len(text) <= _LONGEST_UNFILLED and _UNFILLED.fullmatch(text) is not None


def read_string(decode: str, text: str) -> Reading:
    """Read `text` with the decoder `decode`; `NotConsentError` where it is no such string."""
    return _DECODERS[decode](text)


def children(text: str, age: int | None) -> Reading:
    """Read the consents for known children; 0 claims that no child is known of."""
    found = read_gpp(text)
    fields = [section.choices(CHILDREN) for section in found.us]
    values = [value for field in fields for value in field]
    if not values:
        return Reading("no field for children", "no_signal")
    if 2 in values:
        return Reading("2", "non_protective")
    if 1 in values:
        return Reading("1", "protective")
    until = _ADULT_AT_NATIONAL if any(len(field) > 2 for field in fields) else _ADULT
    return Reading("0", "contradictory" if age is not None and age < until else "no_signal")


def _profiling(section: Section) -> SignalVerdict:
    return "non_protective" if permits_profiling(section) else "protective"


def _consent(section: Section) -> Claim:
    topic = "canada.profiling" if section.id == 5 else "eu.profiling"
    return topic, "yes" if consented(section) else "no"


def _tcf(text: str) -> Reading:
    section = read_tcf(text)
    return Reading(told_tcf(section), _profiling(section), claims=(_consent(section),))


def _tcf_purposes(text: str) -> Reading:
    """Read `IABTCF_PurposeConsents`: a digit for each purpose, from 1."""
    if not _PURPOSES.fullmatch(text):
        raise NotConsentError("not a digit for each purpose")
    chosen = [at for at, digit in enumerate(text, 1) if digit == "1"]
    profiling = not {3, 4}.isdisjoint(chosen)
    return Reading(
        f"consent {','.join(map(str, chosen)) or 'none'}",
        "non_protective" if profiling else "protective",
        claims=(("eu.profiling", "yes" if profiling else "no"),),
    )


def _us_privacy(text: str) -> Reading:
    found = read_us_privacy(text)
    verdicts: dict[str, SignalVerdict] = {"Y": "protective", "N": "non_protective"}
    verdict = verdicts.get(found.opt_out_sale)
    if verdict is None:
        return Reading(str(found), "no_signal")
    return Reading(str(found), verdict, claims=(("us.sale", verdict),))


def _gcd(text: str) -> Reading:
    found = read_gcd(text)
    letters = {found.ad_storage, found.ad_user_data, found.ad_personalization}
    verdict: SignalVerdict = "no_signal"
    if letters & _GRANTED:
        verdict = "non_protective"
    elif letters <= _DENIED:
        verdict = "protective"
    known = _DENIED | _GRANTED | {"l"}
    return Reading("".join(each if each in known else "?" for each in str(found)), verdict)


def _additional(text: str) -> Reading:
    found = read_additional_consent(text)
    told = f"AC {found.version}: {len(found.consented)} with consent"
    if found.version > 1:
        told += f", {len(found.disclosed)} disclosed"
    return Reading(told, "non_protective" if found.consented else "protective")


def _gpp(text: str) -> Reading:
    """Read the opt-outs of the US sections and the purposes of the TCF ones: all must protect."""
    found = read_gpp(text)
    verdicts: list[SignalVerdict] = [_profiling(section) for section in found.tcf]
    for section in found.us:
        told = [value for value in opt_outs(section).values() if value]
        if told:
            verdicts.append("non_protective" if 2 in told else "protective")
    if found.us_privacy and found.us_privacy.opt_out_sale in "YN":
        verdicts.append("protective" if found.us_privacy.opt_out_sale == "Y" else "non_protective")
    verdict: SignalVerdict = "no_signal"
    if "non_protective" in verdicts:
        verdict = "non_protective"
    elif verdicts and not found.damaged:
        verdict = "protective"
    fault = "; ".join(f"section {number}: {why}" for number, why in found.damaged.items())
    return Reading(told_gpp(found), verdict, f"gpp: {fault}" if fault else "", _gpp_claims(found))


def _gpp_claims(found: Gpp) -> tuple[Claim, ...]:
    claims = [_consent(section) for section in found.tcf]
    sales = {_SALE[each] for s in found.us if (each := s.number("SaleOptOut")) in _SALE}
    if found.us_privacy and found.us_privacy.opt_out_sale in "YN":
        sales.add("protective" if found.us_privacy.opt_out_sale == "Y" else "non_protective")
    # Sections of different states may differ: then the string claims nothing of the US.
    if len(sales) == 1:
        claims.append(("us.sale", sales.pop()))
    return tuple(claims)


_DECODERS: Final[Mapping[str, Callable[[str], Reading]]] = {
    "tcf": _tcf,
    "tcf_purposes": _tcf_purposes,
    "us_privacy": _us_privacy,
    "gcd": _gcd,
    "gpp": _gpp,
    "additional_consent": _additional,
}
