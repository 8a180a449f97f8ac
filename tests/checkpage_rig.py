"""Check pages for tests: factories that a lane takes as an extra addon, by what they expect.

``checkpage_rig:kenya`` names one for a recorder in a process of its own. The way out of a session
is what the file `EXIT` beside its captures says.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from addons.checkpage import CheckPage
from addons.checkpage_device import Device
from addons.checkpage_logic import WAIT_S, Evidence
from addons.guard import Guard
from analyzer.bundle import BundleWriter
from analyzer.expectation import Expectation, expect

EXIT = "exit-country"


def check_page(writer: BundleWriter, guard: Guard, *, country: str, mode: str) -> CheckPage:
    """The page of a phone that should be in `country`."""
    root = writer.path.parents[1]
    return CheckPage(
        writer,
        guard,
        expectation=expect(country),
        authority_pem=root / "conf" / "mitmproxy-ca-cert.pem",
        mode=mode,
        exit_country=functools.partial(_exit, root / EXIT),
    )


def _exit(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


kenya = functools.partial(check_page, country="KE", mode="regular")
kenya_tunnel = functools.partial(check_page, country="KE", mode="wireguard")


DEVICES = (
    Device("android", 14, "Pixel 7", "chromium"),
    Device("android", None, "", "firefox"),
    Device("ios", 18, "iPhone", "safari"),
    Device(),
)
_DIFFERENCES: tuple[dict[str, Any], ...] = (
    {},
    {"trusted": True},
    {"probed": False},
    {"probed": False, "fetched_authority": True},
    {"clock_ahead_s": 0.0},
    {"clock_ahead_s": 90.0},
    {"clock_ahead_s": -90.0},
    {"ipv6": True},
    {"time_zone": "Africa/Nairobi"},
    {"time_zone": "Europe/Berlin"},
    {"languages": ("sw-KE",)},
    {"languages": ("de-DE",)},
    {"doh": "dns.google"},
    {"relay": "asked"},
    {"relay": "used"},
    {"exit": "KE"},
    {"exit": "DE"},
    {"exit": "disputed"},
)


def every_kind_of_phone() -> Iterator[tuple[Evidence, Expectation]]:
    """Evidence that differs in what the checks look at, and what is expected of the phone."""
    expectations = (expect("KE"), Expectation("AQ", (), ()))
    ages, modes, lookups = (0.0, WAIT_S), ("wireguard", "regular"), (False, True)
    for expectation, age, mode, looked_up, device, more in itertools.product(
        expectations, ages, modes, lookups, DEVICES, _DIFFERENCES
    ):
        facts = {"age_s": age, "mode": mode, "looked_up": looked_up, "device": device, **more}
        yield Evidence(phone="10.0.0.1", **facts), expectation
