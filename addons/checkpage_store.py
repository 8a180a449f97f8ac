"""Writes what the check page found into the session: each change once, and never without end."""

from __future__ import annotations

from addons.checkpage_logic import Check
from addons.checkpage_visits import Visit
from analyzer.bundle import BundleWriter

SOURCE = "check page"
_MOST_CHECKUPS = 1000  # rows of a session: an app could open the page in a loop
_MOST_MEASURED = 200


class CheckupStore:
    """Of one session."""

    def __init__(self, writer: BundleWriter) -> None:
        self._writer = writer
        self._checkups: dict[tuple[str, str], tuple[str, str]] = {}
        self._measured: dict[str, str] = {}
        self._written = [0, 0]

    def keep(self, visit: Visit, checks: tuple[Check, ...]) -> None:
        """Store those checks that are decided, and the facts behind them, where they are new."""
        for check in checks:
            if not check.waiting:
                self._checkup(visit.phone, check)
        facts = {
            "time_zone": visit.time_zone or "",
            "locale": (visit.languages or visit.accepted or ("",))[0],
            "os": visit.device.os,
            "device": visit.device.model,
        }
        if visit.clock_s is not None:
            facts["clock_offset_s"] = f"{round(visit.clock_s):+d}"
        for topic, value in facts.items():
            if value:
                self._measure(topic, value)

    def _checkup(self, phone: str, check: Check) -> None:
        key, value = (phone, check.name), (check.state, _steady(check))
        if self._checkups.get(key) != value and self._written[0] < _MOST_CHECKUPS:
            self._checkups[key] = value
            self._written[0] += 1
            self._writer.add_checkup(phone, check.name, check.state, check.found)

    def _measure(self, topic: str, value: str) -> None:
        if self._measured.get(topic) != value and self._written[1] < _MOST_MEASURED:
            self._measured[topic] = value
            self._written[1] += 1
            self._writer.add_measured(topic, value, SOURCE)


def _steady(check: Check) -> str:
    """What of a finding has to change for it to be another one: not the tenths of a clock."""
    return check.code if check.name == "clock" else check.found
