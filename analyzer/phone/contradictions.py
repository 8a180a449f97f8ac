"""Where what a phone says of itself contradicts what the study claims of it."""

from __future__ import annotations

import re

from analyzer.models import Arm
from analyzer.phone.facts import Facts

_TERRITORY = re.compile(r"[A-Z]{2}")
_CLOCK_S = 2.0  # further apart, the times of the two sides cannot be put side by side


def contradictions(facts: Facts, arm: Arm | None, app_version: str = "") -> list[str]:
    """Return a sentence for each contradiction, and for what would spoil a capture.

    `arm` is who the phone claims to be, None where nobody said; `app_version` what the study says
    of the app, "" likewise. A fact that is not known contradicts nothing.
    """
    found = _places(facts, arm) if arm is not None else []
    app = facts.app
    if app is not None and app_version and app.version and app.version != app_version:
        found.append(
            f"the app is {app.version}, the study says {app_version}: sessions of different "
            "versions do not compare"
        )
    if (
        facts.clock_offset_s is not None
        and abs(facts.clock_offset_s) - (facts.clock_error_s or 0) > _CLOCK_S
    ):
        way = "ahead of" if facts.clock_offset_s > 0 else "behind"
        found.append(
            f"the phone's clock is {abs(facts.clock_offset_s):.0f} s {way} this machine's: "
            "switch automatic time on"
        )
    if facts.private_dns == "hostname":
        found.append(
            "Private DNS has a provider: names are asked past the recording; set it to Off "
            "(Settings > Network & internet > Private DNS)"
        )
    if facts.http_proxy not in {"", "none"} and not facts.http_proxy.startswith("127."):
        found.append("the phone has a proxy set: traffic may take another way than the recording")
    return found


def _places(facts: Facts, arm: Arm) -> list[str]:
    found = [
        f"the SIM is of {country}, the arm {arm.label} of {arm.country}"
        for country in facts.sim_country
        if country != arm.country
    ]
    territory = _territory(facts.locale)
    if territory and territory != arm.country:
        found.append(
            f"the language setting {facts.locale} is of {territory}, "
            f"the arm {arm.label} of {arm.country}"
        )
    country = zone_country(facts.time_zone)
    if country and country != arm.country:
        found.append(
            f"the time zone {facts.time_zone} is of {country}, the arm {arm.label} of {arm.country}"
        )
    return found


def _territory(locale: str) -> str:
    """Return the country of a BCP 47 tag ("zh-Hant-TW" -> "TW"); "" where it names none."""
    return next((part for part in locale.split("-")[1:] if _TERRITORY.fullmatch(part)), "")


def zone_country(zone: str) -> str:
    """Return the country of a time zone (CLDR, through Babel); "" for those of no country."""
    from babel.core import get_global  # noqa: PLC0415 - its tables take 50 ms to load

    known = get_global("zone_territories")
    country = known.get(get_global("zone_aliases").get(zone, zone), "")
    return "" if country in {"001", "ZZ"} else str(country)
