"""What the check page found, said for people and not for programs."""

from __future__ import annotations

import pytest

from analyzer.live.checks import in_order, problems, sentence, title
from analyzer.live.snapshot import Check, Phone
from analyzer.models import CheckState


@pytest.mark.parametrize(
    ("name", "state", "found", "said"),
    [
        ("reached", "ok", "wireguard", "This phone reaches us through the WireGuard tunnel."),
        ("reached", "ok", "regular", "Apps that do not use it cannot be seen."),
        ("dns", "bad", "a lookup did not come to us", "asks somebody else where servers are."),
        ("dns", "off", "", "With a proxy, names are looked up by us."),
        ("authority", "bad", "our certificate is refused", "does not trust our certificate yet."),
        ("authority", "unknown", "", "This can be checked once name lookups come to us."),
        ("clock", "ok", "+0.4 s", "It is right."),
        ("clock", "bad", "+7200.2 s", "The phone's clock is 2 hours ahead."),
        ("clock", "bad", "-30.0 s", "The phone's clock is 30 seconds behind."),
        ("clock", "unknown", "", "The browser does not say what time it is."),
        ("ipv6", "bad", "IPv6 does not come through the tunnel", "IPv6 can go past the tunnel."),
        ("time_zone", "bad", "Europe/Berlin", "time zone is Berlin. It should be one of this"),
        ("time_zone", "ok", "Africa/Nairobi", "Nairobi, right for this country: Kenya."),
        ("time_zone", "unknown", "Africa/Nairobi", "Nairobi. Nobody has said which one it"),
        ("language", "bad", "de-DE", "This phone's first language is German (Germany)."),
        ("private", "bad", "Private Relay", "Private Relay is on."),
        ("private", "bad", "dns.example", "looks names up at dns.example, in secret."),
        ("private", "ok", "Private Relay asked and stood down", "Private Relay stands down"),
        ("private", "ok", "", "Off."),
        ("exit", "bad", "DE", "sees this phone here: Germany. It should be here: Kenya."),
        ("exit", "unknown", "disputed", "The sources do not agree on the country."),
        ("exit", "unknown", "", "Nobody has looked it up."),
        ("device", "ok", "Pixel 7", "Pixel 7."),
        ("device", "unknown", "", "The browser does not say what it runs on."),
    ],
)
def test_a_check_is_told_in_the_words_of_the_check_page(
    name: str, state: CheckState, found: str, said: str
) -> None:
    told = sentence(Check(name, state, found), "KE")
    assert said in told
    assert "{" not in told
    assert title(Check(name, state, found))[0].isupper()


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (Check("some_thing", "bad", "{zone}"), "some thing: {zone}"),
        (Check("some_thing", "unknown", ""), "some thing: unknown"),
        (Check("clock", "bad", "late"), "Clock: late"),
        (Check("ipv6", "other", "x"), "IPv6: x"),  # type: ignore[arg-type]
    ],
)
def test_a_check_that_the_catalogue_does_not_know_is_still_told(check: Check, said: str) -> None:
    assert sentence(check, "KE") == said


def test_problems_come_first_and_are_all_there_is_to_do() -> None:
    checks = (
        Check("private", "off", ""),
        Check("dns", "ok", ""),
        Check("exit", "unknown", ""),
        Check("ipv6", "bad", ""),
    )
    found = Phone("10.0.0.1", 0.0, 1, True, checks)
    assert [check.name for check in in_order(found)] == ["ipv6", "exit", "dns", "private"]
    assert problems(found, "KE") == ["Apps that use IPv6 can go past the tunnel."]
