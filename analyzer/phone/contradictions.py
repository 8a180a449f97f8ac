"""Where what a phone says of itself contradicts what the study claims of it."""

from __future__ import annotations

from analyzer.expectation import Expectation
from analyzer.phone.facts import Facts

_SHOWN = 3  # time zones of a country, of which some have dozens
_CLOCK_S = 2.0  # further apart, the times of the two sides cannot be put side by side


def contradictions(facts: Facts, expected: Expectation | None, app_version: str = "") -> list[str]:
    """Return a sentence for each contradiction, and for what would spoil a capture.

    `expected` is what the phone of the arm should look like, None where nobody said which arm it
    is; `app_version` what the study says of the app, "" likewise. A fact that is not known
    contradicts nothing.
    """
    found = _places(facts, expected) if expected is not None else []
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


def _places(facts: Facts, expected: Expectation) -> list[str]:
    found = [
        f"the SIM is of {country}, the arm of {expected.country}"
        for country in facts.sim_country
        if country != expected.country
    ]
    if facts.locale and expected.languages and not expected.language_fits(facts.locale):
        found.append(
            f"the language setting is {facts.locale}, the arm expects "
            f"{' or '.join(expected.languages)}"
        )
    if facts.time_zone and expected.time_zones and not expected.time_zone_fits(facts.time_zone):
        shown = " or ".join(expected.time_zones[:_SHOWN])
        found.append(f"the time zone is {facts.time_zone}, the arm expects {shown}")
    return found
