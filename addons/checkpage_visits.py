"""What the check page remembers of each time that it was opened, in bounded memory."""

from __future__ import annotations

import ipaddress
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from addons.checkpage_device import Device, with_hints
from addons.checkpage_logic import CLOCK_BOUND_S
from addons.checkpage_report import Query
from analyzer.trust import PROBES_IPV6

_TOKEN = re.compile(r"[0-9a-f]{16}")
_PROBE = re.compile(r"([0-9a-f]{16})\.(dns|six|tls)\.phone\.check")
_MOST = 64  # visits that are remembered
_CLOCK_REPORTS = 3
REPORTS = 60  # that one visit may send


@dataclass(slots=True)
class Visit:
    """One opening of the page by `phone`; its name `token` is in the names of its probes."""

    token: str
    phone: str
    device: Device
    accepted: tuple[str, ...]  # Accept-Language
    began: float = field(default_factory=time.monotonic)
    reports: int = 0
    languages: tuple[str, ...] = ()
    time_zone: str | None = None
    clock_ahead_s: float | None = None  # as the fastest report had it
    probed: bool | None = None
    looked_up: bool = False
    trusted: bool = False
    ipv6: bool = False

    @property
    def age_s(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self.began

    @property
    def clock_s(self) -> float | None:
        """How far its clock is ahead: one report may be late, three are taken at their word."""
        ahead = self.clock_ahead_s
        sure = ahead is not None and (abs(ahead) <= CLOCK_BOUND_S or self.reports >= _CLOCK_REPORTS)
        return ahead if sure else None

    @property
    def address(self) -> ipaddress.IPv6Address:
        """Where only this visit's IPv6 probe goes."""
        return PROBES_IPV6[int(self.token, 16)]

    def take(self, query: Query, now: float) -> None:
        """Take over what its script reports; `now` is our clock, seconds since 1970."""
        self.reports += 1
        if query.now is not None:
            # On its way, a report only gets older: the one that seems least late came fastest.
            ahead = query.now - now
            known = self.clock_ahead_s
            self.clock_ahead_s = ahead if known is None else max(known, ahead)
        self.time_zone = query.zone or self.time_zone
        self.languages = query.languages or self.languages
        if query.probed is not None:
            self.probed = query.probed
        self.device = with_hints(self.device, model=query.model, version=query.version)


class Visits:
    """The last ones, by token."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def begin(self, phone: str, device: Device, accepted: tuple[str, ...]) -> Visit:
        """Remember a new visit, and forget the oldest of too many."""
        visit = Visit(secrets.token_hex(8), phone, device, accepted)
        self._visits[visit.token] = visit
        if len(self._visits) > _MOST:
            self._visits.popitem(last=False)
        return visit

    def get(self, token: str, phone: str) -> Visit | None:
        """Return the visit of that token, None if there is none or it is another phone's."""
        visit = self._visits.get(token) if _TOKEN.fullmatch(token) else None
        return visit if visit and visit.phone == phone else None

    def of_host(self, host: str) -> tuple[Visit | None, str]:
        """Return the visit whose probe goes to `host`, and which: "dns", "six" or "tls"."""
        found = _PROBE.fullmatch(host)
        return (self._visits.get(found[1]), found[2]) if found else (None, "")

    def of_address(self, address: ipaddress.IPv6Address) -> Visit | None:
        """Return the visit whose IPv6 probe goes to that address."""
        if address not in PROBES_IPV6:
            return None
        token = f"{int(address) - int(PROBES_IPV6.network_address):016x}"
        return self._visits.get(token)
