"""Check pages for tests: factories that a lane takes as an extra addon, by what they expect.

``checkpage_rig:kenya`` names one for a recorder in a process of its own. The way out of a session
is what the file `EXIT` beside its captures says.
"""

from __future__ import annotations

import functools
from pathlib import Path

from addons.checkpage import CheckPage
from addons.guard import Guard
from analyzer.bundle import BundleWriter
from analyzer.expectation import expect

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
