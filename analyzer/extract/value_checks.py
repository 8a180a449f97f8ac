"""How well a value fits a data type: a test for each type that has one, and lists of the world.

A test gives `IMPOSSIBLE`, `POSSIBLE` or `TYPICAL`: the last where few other things look like it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import available_timezones

from babel.core import Locale, get_global

from analyzer.extract import lookalikes
from analyzer.extract.value_shape import shape

Fit = Literal[0, 1, 2]
IMPOSSIBLE: Final = 0
POSSIBLE: Final = 1
TYPICAL: Final = 2

_VERSION = re.compile(r"v?[0-9]{1,6}(?:[._-][0-9a-zA-Z]{1,12}){0,6}(?:\+\w{1,32})?")
_PACKAGE = re.compile(
    r"(?:com|org|net|io|co|de|fr|jp|cn|ru|me|app|tv|air|dev|in|br|uk|kr)"
    r"(?:\.[A-Za-z][A-Za-z0-9_-]*){1,6}(?::[a-z]+)?"
)
_OS = re.compile(
    r"(?:android|ios|ipados|iphone ?os|windows|macos|mac os(?: x)?|os x|linux|harmonyos|tvos|tizen"
    r"|watchos|chrome ?os|fire ?os|kaios|darwin|ubuntu|aos|googleplay|google_play|itunes|and)"
    r"(?:[ /_-]?(?:os )?[0-9][0-9._]{0,12})?(?: \([\w. ]{1,24}\))?",
    re.IGNORECASE,
)
_AGENT = re.compile(
    r"(?:Mozilla/[0-9]|Dalvik/[0-9]|[\w.+%-]{1,64}/[\w.+-]{1,32} \(|[\w.]+/[0-9.]+ CFNetwork/"
    r"|okhttp/[0-9]|com\.[\w.]+/[0-9.]+ \()"
)
_BROWSER = re.compile(
    r"(?:mobile )?(?:chrome|safari|firefox|edge|opera|samsung internet|android webview|webkit|blink"
    r"|gecko|chrome mobile|headlesschrome)(?: \w+)?(?:[/ ][0-9.]+)?",
    re.IGNORECASE,
)
_SIZE = re.compile(r"[0-9]{3,4} ?[xX*] ?[0-9]{3,4}")
_GIVES_ZONE = re.compile(r"(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?|UTC|GMT|[A-Z]{3,4}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_WORDS = re.compile(r"[^\W\d_][\w .,'()&/-]{1,63}")
_HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9A-F]{32}|[0-9A-F]{64})")
_YES_NO: Final = frozenset(["true", "false", "yes", "no", "0", "1", "on", "off"])
_LAST_YEAR: Final = 2035
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?::[0-9]{1,5})?(?:/\S*)?")
_FLAGS: Final = frozenset(["0", "1", "2", "3", "-1", "1000"])
_MCC_MNC: Final = re.compile("[2-79][0-9]{2}[-_/ ][0-9]{2,3}")


def no_words(value: str) -> bool:
    """Tell whether `value` is true or false, a small number, or empty: it identifies nobody."""
    return value.lower() in _YES_NO or (len(value) < 6 and value.lstrip("-").isdigit()) or not value


def _identifier(value: str) -> Fit:
    found = shape(value)
    head = found.partition(":")[0]
    if head in {"uuid", "hex"}:
        return TYPICAL
    if (
        no_words(value)
        or head in {"url", "json", "datetime", "date", "country", "language"}
        or head in {"decimal", "email"}
    ):
        return IMPOSSIBLE
    if " " in value or len(value) < 4:
        return IMPOSSIBLE
    return POSSIBLE


def _account(value: str) -> Fit:
    if value.lower() in _YES_NO or shape(value) in {"url", "datetime", "decimal", "json"}:
        return IMPOSSIBLE
    if " " in value or not value:
        return IMPOSSIBLE
    return POSSIBLE


def _timezone(value: str) -> Fit:
    if value in zones():
        return TYPICAL
    if _NUMBER.fullmatch(value):
        return POSSIBLE if abs(float(value)) <= 14 * 3600 * 1000 else IMPOSSIBLE
    if _GIVES_ZONE.fullmatch(value):
        return TYPICAL if len(value) > 4 else POSSIBLE
    return POSSIBLE if _WORDS.fullmatch(value) and len(value) <= 48 else IMPOSSIBLE


def _language(value: str) -> Fit:
    if is_locale(value) or (shape(value) == "language" and "," in value):
        return TYPICAL
    if value.lower() in language_names():
        return TYPICAL
    return POSSIBLE if value.lower() in languages() else IMPOSSIBLE


def _country(value: str) -> Fit:
    if len(value) in {2, 3} and value.upper() in territories():
        return TYPICAL
    return TYPICAL if value.lower() in territory_names() else IMPOSSIBLE


def _coordinate(value: str) -> Fit:
    found = shape(value, "loc.precise")
    if not found.startswith("geo:"):
        return POSSIBLE if re.fullmatch(r"[0-9b-hjkmnp-z]{5,12}", value) else IMPOSSIBLE
    if found == "geo:0-decimals":
        return IMPOSSIBLE
    if _NUMBER.fullmatch(value) and abs(float(value)) > 180:
        return IMPOSSIBLE
    return TYPICAL if found[4:5] not in "012" else POSSIBLE


def _place(value: str) -> Fit:
    if lookalikes.is_state(value):
        return IMPOSSIBLE
    return POSSIBLE if _WORDS.fullmatch(value) or re.fullmatch(r"[A-Z]{2}(?:-\w{1,3})?|[0-9]{3}",
                                                               value) else IMPOSSIBLE  # fmt: skip


def _carrier(value: str) -> Fit:
    if _MCC_MNC.fullmatch(value):
        return TYPICAL
    if value.isdigit():
        if len(value) in {5, 6} and value[0] in "2345679":
            return TYPICAL
        return POSSIBLE if len(value) <= 4 else IMPOSSIBLE
    return POSSIBLE if _WORDS.fullmatch(value) and value.lower() not in _YES_NO else IMPOSSIBLE


def _system(value: str) -> Fit:
    if _OS.fullmatch(value):
        return TYPICAL
    if value.lower() in _YES_NO - {"1", "0"} or shape(value) in {"url", "uuid", "json", "email"}:
        return IMPOSSIBLE
    return POSSIBLE


def _agent(value: str) -> Fit:
    if _AGENT.match(value):
        return TYPICAL
    return TYPICAL if _BROWSER.fullmatch(value) else POSSIBLE


def _screen(value: str) -> Fit:
    if _SIZE.fullmatch(value):
        return TYPICAL
    if _NUMBER.fullmatch(value):
        return POSSIBLE if 0 < float(value) <= 20000 else IMPOSSIBLE
    return POSSIBLE if re.fullmatch(r"[0-9]{2,5}[x,*|][0-9]{2,5}(?:[x,@][0-9.]{1,4})?",
                                    value) else IMPOSSIBLE  # fmt: skip


def _network(value: str) -> Fit:
    if value.lower() in _YES_NO or (value.isdigit() and len(value) < 6):
        return POSSIBLE
    return POSSIBLE if _WORDS.fullmatch(value) and len(value) <= 32 else IMPOSSIBLE


def _number_or_flag(value: str) -> Fit:
    if _NUMBER.fullmatch(value) or value.lower() in _YES_NO:
        return POSSIBLE
    return POSSIBLE if _WORDS.fullmatch(value) and len(value) <= 24 else IMPOSSIBLE


def _count_or_time(value: str) -> Fit:
    found = shape(value)
    if found in {"timestamp", "datetime", "date"}:
        return TYPICAL
    return POSSIBLE if found in {"int", "decimal", "bool"} else IMPOSSIBLE


def _seconds(value: str) -> Fit:
    return POSSIBLE if _NUMBER.fullmatch(value) else IMPOSSIBLE


def _app(value: str) -> Fit:
    if _PACKAGE.fullmatch(value):
        return TYPICAL
    if value.lower() in _YES_NO - {"0", "1"} or shape(value) in {"email", "ip:v6", "datetime"}:
        return IMPOSSIBLE
    if len(value) > 10 and shape(value) == "timestamp":
        return IMPOSSIBLE
    return TYPICAL if "." in value and _VERSION.fullmatch(value) else POSSIBLE


def _model(value: str) -> Fit:
    if shape(value) in {"url", "email", "datetime", "json", "timestamp", "uuid", "decimal"}:
        return IMPOSSIBLE
    return IMPOSSIBLE if lookalikes.is_learnt_model(value) else POSSIBLE


def _email(value: str) -> Fit:
    return TYPICAL if shape(value) == "email" else IMPOSSIBLE


def _phone(value: str) -> Fit:
    if shape(value) == "phone":
        return TYPICAL
    return POSSIBLE if shape(value, "person.phone") == "phone" else IMPOSSIBLE


def _gender(value: str) -> Fit:
    # Those with words of their own are in names.yaml; 9 is "not applicable" of ISO/IEC 5218.
    return POSSIBLE if value in {"0", "1", "2", "9"} else IMPOSSIBLE


def _birth(value: str) -> Fit:
    if shape(value) in {"date", "datetime"}:
        return TYPICAL
    if value.lstrip("-").isdigit():
        if len(value) == 4:
            return TYPICAL if 1900 <= int(value) <= _LAST_YEAR else IMPOSSIBLE
        return POSSIBLE
    return POSSIBLE if re.fullmatch(r"[0-9]{1,2}[./-][0-9]{1,2}", value) else IMPOSSIBLE


def _age(value: str) -> Fit:
    return POSSIBLE if value.isdigit() and int(value[:4]) <= 120 else IMPOSSIBLE


def _name(value: str) -> Fit:
    fits = _WORDS.fullmatch(value) and value.lower() not in _YES_NO
    return POSSIBLE if fits or _HASH.fullmatch(value) else IMPOSSIBLE


def _address(value: str) -> Fit:
    if shape(value).partition(":")[0] in {"url", "ip", "email", "mac", "uuid", "bool", "decimal"}:
        return IMPOSSIBLE
    if lookalikes.is_postcode(value):
        return POSSIBLE
    if lookalikes.is_file_or_word(value):
        return IMPOSSIBLE  # "archive.zip", "gzip": under `zip` both are of programs
    return POSSIBLE if len(value) >= 3 else IMPOSSIBLE


def _ip(value: str) -> Fit:
    return TYPICAL if shape(value).startswith("ip:") else IMPOSSIBLE


def _mac(value: str) -> Fit:
    found = shape(value)
    if found == "mac":
        return TYPICAL
    return POSSIBLE if found.startswith("hex") and len(value) in {12, 32, 40, 64} else IMPOSSIBLE


def _advertising(value: str) -> Fit:
    if shape(value) == "uuid":
        return TYPICAL
    return POSSIBLE if _HASH.fullmatch(value) else IMPOSSIBLE


def _shared(value: str) -> Fit:
    if _HASH.fullmatch(value):
        return TYPICAL
    found = _identifier(value)
    return POSSIBLE if found else IMPOSSIBLE


def _token(value: str) -> Fit:
    if len(value) < 20 or " " in value or shape(value) in {"url", "uuid"}:
        return POSSIBLE if shape(value) == "uuid" else IMPOSSIBLE
    return TYPICAL if len(value) >= 60 else POSSIBLE


def _secret(value: str) -> Fit:
    if len(value) < 4 or value.lower() in _YES_NO or shape(value) in {"url", "email"}:
        return IMPOSSIBLE
    return TYPICAL if shape(value) == "jwt" else POSSIBLE


def _page(value: str) -> Fit:
    if value.lower() in _YES_NO:
        return IMPOSSIBLE
    return TYPICAL if value.startswith(("http://", "https://")) else POSSIBLE


def _elsewhere(value: str) -> Fit:
    if value.startswith(("http://", "https://", "android-app://")):
        return TYPICAL
    return POSSIBLE if _DOMAIN.fullmatch(value) else IMPOSSIBLE


def _privacy_signal(value: str) -> Fit:
    # A number says yes, no or which of few states; others are times, widths, latitudes.
    return IMPOSSIBLE if _NUMBER.fullmatch(value) and value not in _FLAGS else POSSIBLE


def _searched(value: str) -> Fit:
    return IMPOSSIBLE if lookalikes.is_query_language(value) else _text(value)


def _text(value: str) -> Fit:
    return IMPOSSIBLE if no_words(value) or shape(value) in {"uuid", "timestamp"} else POSSIBLE


def _nearby(value: str) -> Fit:
    if shape(value) == "mac":
        return TYPICAL
    return IMPOSSIBLE if value.isdigit() and len(value) > 12 else POSSIBLE


def _picture(value: str) -> Fit:
    return TYPICAL if shape(value) == "url" else POSSIBLE if len(value) > 6 else IMPOSSIBLE


TESTS: Final[dict[str, Callable[[str], Fit]]] = {
    "id.advertising": _advertising, "id.device": _identifier, "id.vendor_scoped": _advertising,
    "id.installation": _identifier, "id.browser_cookie": _identifier, "id.account": _account,
    "id.session": _account, "id.push_token": _token, "id.mac": _mac, "id.ip": _ip,
    "id.cross_vendor": _shared, "person.name": _name, "person.username": _text,
    "person.email": _email, "person.phone": _phone, "person.address": _address,
    "person.photo": _picture, "person.credentials": _secret, "demo.birthdate": _birth,
    "demo.age": _age, "demo.gender": _gender, "demo.language": _language,
    "loc.precise": _coordinate, "loc.coarse": _place, "loc.country": _country,
    "loc.sim_carrier": _carrier, "loc.timezone": _timezone, "loc.wifi_cell": _nearby,
    "dev.model": _model,
    "dev.os": _system, "dev.user_agent": _agent, "dev.screen": _screen,
    "dev.state": _number_or_flag, "dev.network": _network, "dev.app_context": _app,
    "beh.content_viewed": _page, "beh.watch_time": _seconds, "beh.off_platform": _elsewhere,
    "beh.usage_pattern": _count_or_time, "beh.search": _searched, "soc.messages": _text,
    "ad.privacy_signal": _privacy_signal,
}  # fmt: skip
"""The test of each type that has one; elsewhere everything that says something is possible."""


def fit(data_type: str, value: str) -> Fit:
    """Return how well `value`, without surrounding space, fits `data_type`."""
    test = TESTS.get(data_type)
    return POSSIBLE if test is None else test(value)


def is_hash(value: str) -> bool:
    """Tell whether `value` is written as MD5, SHA-1 or SHA-256 are."""
    return bool(_HASH.fullmatch(value))


def is_locale(value: str) -> bool:
    """Tell whether `value` is a known language with a known territory.

    >>> is_locale("sw-KE"), is_locale("zh_Hant_TW"), is_locale("ab-12"), is_locale("de")
    (True, True, False, False)
    """
    pieces = value.replace("_", "-").split("-")
    return (
        2 <= len(pieces) <= 3
        and pieces[0].islower()
        and pieces[0] in languages()
        and len(pieces[-1]) == 2
        and pieces[-1].upper() in territories()
    )


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the names of the IANA time zones, as Python's own or the system's copy has them."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


@lru_cache(maxsize=1)
def languages() -> frozenset[str]:
    """Return the codes of languages that Unicode's CLDR names."""
    return frozenset(code for code in map(str, _cldr().languages) if code.isalpha())


@lru_cache(maxsize=1)
def language_names() -> frozenset[str]:
    """Return the English names of languages, in lower case."""
    return frozenset(str(name).lower() for name in _cldr().languages.values())


@lru_cache(maxsize=1)
def territories() -> frozenset[str]:
    """Return the codes of territories, of two letters and of three."""
    codes = [*_cldr().territories, *get_global("territory_aliases")]
    return frozenset(code for code in map(str, codes) if len(code) in {2, 3} and code.isalpha())


@lru_cache(maxsize=1)
def territory_names() -> frozenset[str]:
    """Return the English names of territories, in lower case."""
    return frozenset(
        str(name).lower() for code, name in _cldr().territories.items() if str(code).isalpha()
    )


@lru_cache(maxsize=1)
def _cldr() -> Locale:
    return Locale("en")
