"""What the check page concludes: each check when right, wrong, unknown, beside the point."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from addons.checkpage_device import Device
from addons.checkpage_logic import CLOCK_BOUND_S, WAIT_S, Check, Evidence, examine, is_settled
from analyzer.expectation import Expectation, expect

KENYA = expect("KE")
PIXEL = Device("android", 14, "Pixel 7", "chromium")
IPHONE = Device("ios", 18, "iPhone", "safari")
GOOD = Evidence(
    age_s=1.0,
    mode="wireguard",
    phone="10.0.0.1",
    device=PIXEL,
    languages=("en-KE", "en"),
    time_zone="Africa/Nairobi",
    clock_ahead_s=0.2,
    looked_up=True,
    trusted=True,
    probed=True,
    ipv6=True,
    exit="KE",
)
NOTHING = Evidence(age_s=1.0, mode="wireguard", phone="10.0.0.1")


def find(name: str, evidence: Evidence, expectation: Expectation = KENYA, **changed: Any) -> Check:
    """Return one check of `evidence` with some fields changed."""
    checks = examine(dataclasses.replace(evidence, **changed), expectation)
    [found] = [check for check in checks if check.name == name]
    return found


def test_a_good_phone_is_all_right() -> None:
    checks = examine(GOOD, KENYA)
    assert {check.state for check in checks} == {"ok"}
    assert len(checks) == 10
    assert is_settled(checks)


def test_a_phone_of_which_nothing_is_seen_is_waited_for_then_told_what_is_missing() -> None:
    early = examine(NOTHING, KENYA)
    assert not is_settled(early)
    assert {check.state for check in early} == {"ok", "unknown"}  # nothing is wrong yet
    late = examine(dataclasses.replace(NOTHING, age_s=WAIT_S), KENYA)
    assert is_settled(late)
    assert [check.name for check in late if check.state == "bad"] == ["dns"]


def test_what_is_to_be_done_comes_first_and_each_is_one_thing() -> None:
    checks = examine(dataclasses.replace(GOOD, exit="DE", looked_up=False, age_s=60), KENYA)
    states = [check.state for check in checks]
    assert states == sorted(states, key=["bad", "ok", "unknown", "off"].index)
    assert all(bool(check.action) == (check.state == "bad") for check in checks)


@pytest.mark.parametrize("name", ["dns", "ipv6", "private"])
def test_a_proxy_is_not_asked_for_what_only_a_tunnel_carries(name: str) -> None:
    regular = dataclasses.replace(NOTHING, mode="regular", age_s=60)
    assert find(name, regular).state == "off"
    assert find(name, GOOD).state == "ok"


def test_lookups_that_go_elsewhere_are_noticed() -> None:
    late: dict[str, Any] = {"age_s": WAIT_S, "looked_up": False}
    assert find("dns", GOOD, **late, device=PIXEL).action == "do_android"
    assert find("dns", GOOD, **late, device=IPHONE).action == "do_ios"
    assert find("dns", GOOD, **late, device=Device()).action == "do_other"
    # What cannot be known without lookups is not blamed on the phone.
    for name in ("authority", "ipv6", "private"):
        check = find(name, GOOD, **late, trusted=False, ipv6=False, probed=False)
        assert (check.state, check.waiting) == ("unknown", False)
        assert find(name, GOOD, looked_up=False, trusted=False, ipv6=False).waiting


@pytest.mark.parametrize(
    ("changed", "code", "action"),
    [
        ({"probed": False}, "bad", "do"),
        ({"probed": None, "age_s": WAIT_S}, "bad", "do"),
        ({"probed": False, "fetched_authority": True}, "bad_fetched", "do"),
        (
            {"probed": False, "fetched_authority": True, "device": IPHONE},
            "bad_fetched",
            "do_ios_fetched",
        ),
        ({"probed": False, "device": IPHONE}, "bad", "do"),
        (
            {"probed": False, "device": Device("android", 14, "", "firefox")},
            "bad_firefox",
            "do_firefox",
        ),
        ({"probed": None}, "waiting", ""),
        ({"probed": True}, "waiting", ""),  # its word alone is no proof
        ({"probed": True, "age_s": WAIT_S}, "bad", "do"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_by_what_is_missing(
    changed: dict[str, Any], code: str, action: str
) -> None:
    check = find("authority", GOOD, trusted=False, **changed)
    assert (check.code, check.action) == (code, action)
    assert find("authority", GOOD, **changed).state == "ok"


@pytest.mark.parametrize(
    ("ahead", "code"),
    [
        (CLOCK_BOUND_S, "ok"),
        (-CLOCK_BOUND_S, "ok"),
        (CLOCK_BOUND_S + 0.1, "bad_ahead"),
        (-CLOCK_BOUND_S - 0.1, "bad_behind"),
        (86400 * 365.0, "bad_ahead"),
        (None, "waiting"),
    ],
)
def test_a_clock_may_be_off_by_what_android_tolerates(ahead: float | None, code: str) -> None:
    assert find("clock", GOOD, clock_ahead_s=ahead).code == code


def test_a_browser_without_scripts_is_not_waited_for_without_end() -> None:
    silent: dict[str, Any] = {"clock_ahead_s": None, "time_zone": None, "age_s": WAIT_S}
    assert find("clock", GOOD, **silent).code == find("time_zone", GOOD, **silent).code == "unknown"


def test_ipv6_that_never_arrives_goes_past_the_tunnel() -> None:
    assert find("ipv6", GOOD, ipv6=False).waiting
    assert find("ipv6", GOOD, ipv6=False, age_s=WAIT_S).state == "bad"


@pytest.mark.parametrize(
    ("zone", "state"),
    [("Africa/Nairobi", "ok"), ("Africa/Kampala", "bad"), ("Etc/UTC", "bad")],
)
def test_the_time_zone_is_held_against_the_arm(zone: str, state: str) -> None:
    check = find("time_zone", GOOD, time_zone=zone)
    assert (check.state, check.found) == (state, zone)


def test_the_study_may_expect_another_time_zone_or_language() -> None:
    special = expect("KE", ["fr"], ["Africa/Kampala"])
    assert find("time_zone", GOOD, special, time_zone="Africa/Kampala").state == "ok"
    assert find("time_zone", GOOD, special).state == "bad"
    assert find("language", GOOD, special, languages=("fr-FR",)).state == "ok"
    assert find("language", GOOD, special).state == "bad"


def test_nobody_is_blamed_where_nothing_is_expected() -> None:
    nothing = Expectation("AQ", (), ())
    assert find("time_zone", GOOD, nothing).code == "unknown_here"
    assert find("language", GOOD, nothing).code == "unknown_here"


@pytest.mark.parametrize(
    ("languages", "device", "state"),
    [
        (("en-KE", "de"), PIXEL, "ok"),
        (("sw",), PIXEL, "ok"),
        (("en-US", "en-KE"), PIXEL, "bad"),  # apps read the region of the first one
        (("en-US",), IPHONE, "ok"),  # Safari does not tell the region
        (("de-KE",), IPHONE, "bad"),
        (("de-DE",), PIXEL, "bad"),
        ((), PIXEL, "unknown"),
    ],
)
def test_the_first_language_is_held_against_the_arm(
    languages: tuple[str, ...], device: Device, state: str
) -> None:
    assert find("language", GOOD, languages=languages, device=device).state == state


def test_who_speaks_the_right_language_is_told_its_region_others_all_languages() -> None:
    same = find("language", GOOD, languages=("en-US",))
    assert same.facts["expected_language"] == "en-KE"
    other = find("language", GOOD, languages=("de-DE",))
    assert other.facts["expected_language"] == "sw-KE en-KE"


@pytest.mark.parametrize("mode", ["wireguard", "regular"])
def test_relays_and_secret_lookups_are_named(mode: str) -> None:
    assert find("private", GOOD, mode=mode, relay="used").action == "do_relay"
    doh = find("private", GOOD, mode=mode, doh="dns.google")
    assert (doh.state, doh.found, doh.action) == ("bad", "dns.google", "do_doh")


def test_a_relay_that_asked_and_stood_down_is_all_right() -> None:
    check = find("private", GOOD, relay="asked")
    assert (check.state, check.code) == ("ok", "ok_asked")


@pytest.mark.parametrize(
    ("country", "state", "code"),
    [
        ("KE", "ok", "ok"),
        ("DE", "bad", "bad"),
        ("disputed", "unknown", "disputed"),
        (None, "unknown", "unknown"),
    ],
)
def test_the_way_out_is_held_against_the_arm(country: str | None, state: str, code: str) -> None:
    check = find("exit", GOOD, exit=country)
    assert (check.state, check.code) == (state, code)
    assert is_settled((check,))


def test_a_phone_behind_a_proxy_is_told_what_a_proxy_does_not_see() -> None:
    assert find("reached", GOOD, mode="regular").code == "ok_proxy"
    assert find("reached", GOOD).code == "ok"


def test_the_device_is_only_told() -> None:
    assert find("device", GOOD).found == "Pixel 7, Android 14"
    assert find("device", GOOD, device=Device()).state == "unknown"
