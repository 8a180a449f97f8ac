"""What a phone says of itself without root: SIM, language, time zone, clock, DNS, proxy.

No number, name, account or serial number is asked for. An answer that has not the form it must
have counts as none, and its name is in `odd`.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from analyzer.phone.adb import Adb, shown
from analyzer.phone.apps import App
from analyzer.phone.journal import OFF, PROXY

_OPERATOR = re.compile(r"[0-9]{5,6}", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z .+-]{0,39}", re.ASCII)
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_DNS = re.compile(r"off|opportunistic|hostname", re.ASCII)
_SWITCH = re.compile(r"[01]", re.ASCII)
_DATE = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,9}))?(?:\.?%?N)?", re.ASCII)
_SIMS = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """What a phone said. "" , empty and None where it did not.

    `sim_country` and `sim_operator` (MCC and MNC) have one entry for each SIM. `clock_offset_s` is
    the phone's clock less ours, right to `clock_error_s` either way.
    """

    device: str
    os: str
    sim_country: tuple[str, ...]  # ISO 3166-1 alpha-2, upper case
    sim_operator: tuple[str, ...]
    locale: str  # BCP 47, as in "de-DE"
    time_zone: str  # of the tz database
    auto_time: bool | None
    clock_offset_s: float | None
    clock_error_s: float | None
    private_dns: str  # "off", "opportunistic" or "hostname", never the name itself
    http_proxy: str  # "host:port", "none"
    app: App | None = None
    odd: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """Return what is known as (topic, value) for `analyzer.bundle.add_measured`."""
        known = [
            ("device", self.device),
            ("os", self.os),
            *(("sim_country", country) for country in self.sim_country),
            *(("sim_operator", operator) for operator in self.sim_operator),
            ("locale", self.locale),
            ("time_zone", self.time_zone),
            ("auto_time", {None: "", True: "on", False: "off"}[self.auto_time]),
            ("clock_offset_s", "" if self.clock_offset_s is None else f"{self.clock_offset_s:.3f}"),
            ("private_dns", self.private_dns),
            ("http_proxy", self.http_proxy),
        ]
        if self.app is not None:
            app = self.app
            code = f" ({app.version_code})" if app.version_code else ""
            known += [
                ("app_version", f"{app.id} {app.version}{code}" if app.version else ""),
                *(("app_sha256", f"{digest}  {name}") for name, digest in app.apks),
                ("app_bytes_up", "" if app.bytes_up is None else str(app.bytes_up)),
                ("app_bytes_down", "" if app.bytes_down is None else str(app.bytes_down)),
            ]
        return [(topic, value) for topic, value in known if value]


def read_facts(adb: Adb, serial: str, app: App | None = None) -> Facts:
    """Ask the phone; `PhoneGoneError` if it is not there."""
    ask = _Asking(adb, serial)
    offset, error = _clock(adb, serial)
    release = ask.one(_VERSION, "getprop", "ro.build.version.release")
    maker = ask.one(_WORDS, "getprop", "ro.product.manufacturer")
    model = ask.one(_WORDS, "getprop", "ro.product.model")
    proxy = ask.one(PROXY, "settings", "get", "global", "http_proxy")
    switch = ask.one(_SWITCH, "settings", "get", "global", "auto_time")
    return Facts(
        device=model if model.lower().startswith(maker.lower()) else f"{maker} {model}".strip(),
        os=f"Android {release}" if release else "",
        sim_country=tuple(
            country.upper() for country in ask.each(_COUNTRY, "gsm.sim.operator.iso-country")
        ),
        sim_operator=ask.each(_OPERATOR, "gsm.sim.operator.numeric"),
        # The property is empty until somebody chooses a language; the setting is the whole list.
        locale=(
            ask.one(_LOCALE, "getprop", "persist.sys.locale")
            or ask.one(_LOCALE, "settings", "get", "system", "system_locales")
            or ask.one(_LOCALE, "getprop", "ro.product.locale")
        ).replace("_", "-"),
        time_zone=ask.one(_ZONE, "getprop", "persist.sys.timezone"),
        auto_time={"1": True, "0": False}.get(switch),
        clock_offset_s=offset,
        clock_error_s=error,
        private_dns=ask.one(_DNS, "settings", "get", "global", "private_dns_mode"),
        http_proxy="none" if proxy in {"", OFF} else proxy,
        app=app,
        odd=tuple(ask.odd),
    )


class _Asking:
    """Asks one phone, and notes the names of questions whose answers were not of their form."""

    def __init__(self, adb: Adb, serial: str) -> None:
        self._adb = adb
        self._serial = serial
        self.odd: list[str] = []

    def one(self, form: re.Pattern[str], *words: str) -> str:
        said = self._adb.line(self._serial, *words)
        first = said.partition(",")[0].strip() if form is _LOCALE else said
        return self._sound(form, first, words[-1])

    def each(self, form: re.Pattern[str], name: str) -> tuple[str, ...]:
        said = self._adb.line(self._serial, "getprop", name).split(",")[:_SIMS]
        return tuple(value for each in said if (value := self._sound(form, each.strip(), name)))

    def _sound(self, form: re.Pattern[str], value: str, name: str) -> str:
        if value in {"", "null"}:
            return ""
        if not form.fullmatch(value):
            if name not in self.odd:
                self.odd.append(name)
            return ""
        return shown(value)


def _clock(adb: Adb, serial: str) -> tuple[float | None, float | None]:
    """Return how far the phone's clock is ahead of ours, and how far that may be wrong."""
    asked = time.time()
    said = adb.line(serial, "date", "+%s.%N")
    answered = time.time()
    found = _DATE.fullmatch(said)
    if found is None:
        return None, None
    # Without nanoseconds (Android 5 and older) it may be up to a second later than it says.
    fine = found[2] is not None
    phone = float(f"{found[1]}.{found[2]}") if fine else float(found[1]) + 0.5
    error = (answered - asked) / 2 + (0.0 if fine else 0.5)
    return phone - (asked + answered) / 2, error
