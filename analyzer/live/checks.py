"""What the check page found, in the words that the page itself has for people (in English)."""

from __future__ import annotations

from typing import Final

from addons.checkpage_words import words
from analyzer.live.snapshot import Check, Phone
from analyzer.models import CheckState

_LANGUAGE: Final = "en"
_PROXIES: Final = frozenset(("regular", "socks5"))
_RELAY: Final = "Private Relay"
_ORDER: Final[tuple[CheckState, ...]] = ("bad", "unknown", "ok", "off")
Facts = dict[str, str]


def in_order(phone: Phone) -> list[Check]:
    """Return the checks of a phone, problems first."""
    return sorted(phone.checks, key=lambda check: _ORDER.index(check.state))


def problems(phone: Phone, country: str) -> list[str]:
    """Return a sentence for each thing that is wrong. `country` is the code of the arm's."""
    return [sentence(check, country) for check in phone.checks if check.state == "bad"]


def title(check: Check) -> str:
    """Return what a check is about, such as "Time zone"."""
    try:
        return words(_LANGUAGE).say(check.name, "title")
    except KeyError:  # of a newer program
        return check.name.replace("_", " ")


def sentence(check: Check, country: str) -> str:
    """Return what a check found, as the check page says it."""
    try:
        code, facts = _code(check, country)
        spoken = words(_LANGUAGE)
        return spoken.say(check.name, code, **spoken.localized(facts))
    except (KeyError, ValueError):  # of a newer program, or by nobody's check page
        return f"{title(check)}: {check.found or check.state}"


def _code(check: Check, country: str) -> tuple[str, Facts]:
    """Return which of the catalogue's sentences it is, and what goes into it.

    `ValueError` where what was found is not of the form that the check page writes.
    """
    state, found = check.state, check.found
    if check.name == "reached":
        code = "ok_proxy" if found in _PROXIES else "ok"
        return code, {"mode": words(_LANGUAGE).mode(found)}
    if check.name == "clock" and found:
        ahead = float(found.removesuffix(" s"))
        code = "ok" if state == "ok" else "bad_ahead" if ahead > 0 else "bad_behind"
        return code, {"seconds": f"{abs(ahead):.0f}"}
    if check.name in {"time_zone", "language"} and found:
        what = "zone" if check.name == "time_zone" else "language"
        code = "unknown_here" if state == "unknown" else state
        return code, {what: found, "country": country}
    if check.name == "private" and found:
        if state == "ok":
            return "ok_asked", {}
        return ("bad_relay", {}) if found == _RELAY else ("bad_doh", {"host": found})
    if check.name == "exit" and found:
        code = "disputed" if state == "unknown" else state
        return code, {"country": found, "expected_country": country}
    if check.name == "device":
        return state, {"device": found}
    return state, {}
