"""What the check page concludes from what it has seen of a phone. Pure: no clock, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from addons.checkpage_device import Device
from analyzer.expectation import Expectation, parse_tag
from analyzer.models import CheckState

# Android sets a clock that runs by network time right once it is 5 s off (config_ntpThreshold of
# AOSP), so a phone in order may be that far off. It matters, because times inside what apps send
# are compared with times of the recording.
CLOCK_BOUND_S = 5.0
# How long to wait for what a phone in order does at once. A lookup that was lost in the tunnel is
# asked again after 5 s.
WAIT_S = 7.0
TUNNELS = frozenset({"wireguard", "tun"})  # all that a phone says comes this way, lookups too
_PROXIES = frozenset({"regular", "socks5"})  # only what obeys the setting comes this way
_DISPUTED = "disputed"
_STATES: tuple[CheckState, ...] = ("bad", "ok", "unknown", "off")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the page. `code` names its sentence in the catalogues, `facts` what goes in
    (several of a kind are separated by blanks).

    `found` is what is stored. `waiting`: not decided yet. `action` names the one thing to do,
    "" where there is nothing to do.
    """

    name: str
    state: CheckState
    code: str
    found: str = ""
    action: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What has been seen of a phone since it opened the page, `age_s` ago.

    `languages` are those of the browser, the first one first; `time_zone` and `clock_ahead_s` come
    from its scripts, None until they do. `probed`: the browser itself says what became of the
    probe of the certificate (None: it has not said). `relay` is "" (never heard of), "asked"
    (Private Relay asked whether it may) or "used"; `doh` a host that resolves names over HTTPS and
    that was spoken to just now. `exit` is a country, "disputed", or None where nobody asked.
    """

    age_s: float
    mode: str
    phone: str
    device: Device = field(default_factory=Device)
    languages: tuple[str, ...] = ()
    time_zone: str | None = None
    clock_ahead_s: float | None = None
    looked_up: bool = False
    trusted: bool = False
    probed: bool | None = None
    fetched_authority: bool = False
    ipv6: bool = False
    doh: str = ""
    relay: str = ""
    exit: str | None = None

    @property
    def late(self) -> bool:
        """Whether what has not come by now will not come."""
        return self.age_s >= WAIT_S

    @property
    def tunnel(self) -> bool:
        """Whether all that the phone says should come through us."""
        return self.mode in TUNNELS


def examine(evidence: Evidence, expectation: Expectation) -> tuple[Check, ...]:
    """Return every check, in the order of the page: what is to be done comes first."""
    checks = [check(evidence, expectation) for check in _CHECKS]
    return tuple(sorted(checks, key=lambda check: _STATES.index(check.state)))


def is_settled(checks: tuple[Check, ...]) -> bool:
    """Whether nothing more is to be waited for."""
    return not any(check.waiting for check in checks)


def _waiting(name: str) -> Check:
    return Check(name, "unknown", "waiting", waiting=True)


def _reached(evidence: Evidence, _: Expectation) -> Check:
    code = "ok_proxy" if evidence.mode in _PROXIES else "ok"
    return Check("reached", "ok", code, evidence.mode)


def _dns(evidence: Evidence, _: Expectation) -> Check:
    if not evidence.tunnel:
        return Check("dns", "off", "off")
    if evidence.looked_up:
        return Check("dns", "ok", "ok")
    if not evidence.late:
        return _waiting("dns")
    return Check(
        "dns", "bad", "bad", "a lookup did not come to us", action=_by_system("do", evidence)
    )


def _authority(evidence: Evidence, _: Expectation) -> Check:
    if evidence.trusted:
        return Check("authority", "ok", "ok")
    if evidence.tunnel and not evidence.looked_up:
        # The probe has a name of its own: without a lookup there is nothing to be learned.
        waits = not evidence.late
        return _waiting("authority") if waits else Check("authority", "unknown", "unknown")
    if evidence.probed is not False and not evidence.late:
        return _waiting("authority")
    found = "our certificate is refused"
    if evidence.device.browser == "firefox" and evidence.device.system == "android":
        return Check("authority", "bad", "bad_firefox", found, action="do_firefox")
    code = "bad_fetched" if evidence.fetched_authority else "bad"
    action = "do_ios_fetched" if code == "bad_fetched" and evidence.device.system == "ios" else "do"
    return Check("authority", "bad", code, found, action=action)


def _clock(evidence: Evidence, _: Expectation) -> Check:
    ahead = evidence.clock_ahead_s
    if ahead is None:
        return Check("clock", "unknown", "unknown") if evidence.late else _waiting("clock")
    facts = {"seconds": f"{abs(ahead):.0f}"}
    found = f"{ahead:+.1f} s"
    if abs(ahead) <= CLOCK_BOUND_S:
        return Check("clock", "ok", "ok", found, facts=facts)
    code = "bad_ahead" if ahead > 0 else "bad_behind"
    return Check("clock", "bad", code, found, action=_by_system("do", evidence), facts=facts)


def _ipv6(evidence: Evidence, _: Expectation) -> Check:
    if not evidence.tunnel:
        return Check("ipv6", "off", "off")
    if evidence.ipv6:
        return Check("ipv6", "ok", "ok")
    if not evidence.late:
        return _waiting("ipv6")
    if not evidence.looked_up:
        return Check("ipv6", "unknown", "unknown")
    return Check("ipv6", "bad", "bad", "IPv6 does not come through the tunnel", action="do")


def _time_zone(evidence: Evidence, expectation: Expectation) -> Check:
    name = evidence.time_zone
    if name is None:
        return Check("time_zone", "unknown", "unknown") if evidence.late else _waiting("time_zone")
    facts = {"zone": name, "country": expectation.country}
    if not expectation.time_zones:
        return Check("time_zone", "unknown", "unknown_here", name, facts=facts)
    if expectation.time_zone_fits(name):
        return Check("time_zone", "ok", "ok", name, facts=facts)
    facts["expected_zone"] = " ".join(expectation.time_zones)
    action = _by_system("do", evidence)
    return Check("time_zone", "bad", "bad", name, action=action, facts=facts)


def _language(evidence: Evidence, expectation: Expectation) -> Check:
    if not evidence.languages:
        return Check("language", "unknown", "unknown")
    first = evidence.languages[0]
    facts = {"language": first, "country": expectation.country}
    if not expectation.languages:
        return Check("language", "unknown", "unknown_here", first, facts=facts)
    # Safari trims the region off a language, or puts another one there.
    regions = evidence.device.system != "ios"
    if expectation.language_fits(first, regions=regions):
        return Check("language", "ok", "ok", first, facts=facts)
    facts["expected_language"] = " ".join(_wanted(first, expectation))
    action = _by_system("do", evidence)
    return Check("language", "bad", "bad", first, action=action, facts=facts)


def _wanted(tag: str, expectation: Expectation) -> tuple[str, ...]:
    """Return the same language as it should be, else those that are expected."""
    spoken = parse_tag(tag)
    for each in expectation.languages:
        wanted = parse_tag(each)
        if spoken and wanted and wanted.language == spoken.language:
            return (each,)
    return expectation.languages


def _private(evidence: Evidence, _: Expectation) -> Check:
    if evidence.relay == "used":
        return Check("private", "bad", "bad_relay", "Private Relay", action="do_relay")
    if evidence.doh:
        facts = {"host": evidence.doh}
        return Check("private", "bad", "bad_doh", evidence.doh, action="do_doh", facts=facts)
    if not evidence.tunnel:
        return Check("private", "off", "off")
    if evidence.looked_up:
        asked = evidence.relay == "asked"
        found = "Private Relay asked and stood down" if asked else ""
        return Check("private", "ok", "ok_asked" if asked else "ok", found)
    return Check("private", "unknown", "unknown") if evidence.late else _waiting("private")


def _exit(evidence: Evidence, expectation: Expectation) -> Check:
    country = evidence.exit
    if country is None:
        return Check("exit", "unknown", "unknown")
    if country == _DISPUTED:
        return Check("exit", "unknown", "disputed", country)
    facts = {"country": country, "expected_country": expectation.country}
    if country == expectation.country:
        return Check("exit", "ok", "ok", country, facts=facts)
    return Check("exit", "bad", "bad", country, action="do", facts=facts)


def _device(evidence: Evidence, _: Expectation) -> Check:
    label = evidence.device.label
    if not label:
        return Check("device", "unknown", "unknown")
    return Check("device", "ok", "ok", label, facts={"device": label})


def _by_system(action: str, evidence: Evidence) -> str:
    return f"{action}_{evidence.device.system or 'other'}"


_CHECKS: tuple[Callable[[Evidence, Expectation], Check], ...] = (
    _reached, _dns, _authority, _clock, _ipv6, _time_zone, _language, _private, _exit, _device,
)  # fmt: skip
