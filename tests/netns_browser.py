"""A Chromium as a Pixel 7 inside a phone's namespace: opens a page there and runs a script on it.

Without a namespace it is behind a proxy. Run as a script (in the namespace), it takes a `Visit` as
JSON on standard input and prints what the script returned.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from netns_rig import Namespace

from reports.chromium import find_chromium

_QUIET = ("background-networking", "component-update", "sync", "gpu", "dev-shm-usage")
_VISIT_S = 60
_PAGE_MS = 20_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a page by a phone of its own.

    `script` is a JavaScript function without parameters, run once the page is there (empty: none);
    `trusted` is the CA that the phone has installed, None for a phone without. With `force_quic`,
    these hosts are spoken to over HTTP/3 from the first request on: Chromium accepts no CA but a
    public one over QUIC otherwise. `local` is permission to reach from pages of the internet (over
    HTTP/3 all count as such) addresses that look like a local network's, such as fd00::/8.
    `proxy` is the URL of the one it is to use.
    """

    url: str
    script: str = ""
    trusted: str | None = None
    force_quic: tuple[str, ...] = ()
    locale: str = "en-KE"
    time_zone: str = "Africa/Nairobi"
    settle_ms: int = 300  # what has no answer to wait for, such as a beacon, gets out meanwhile
    screenshot: str = ""
    local: bool = False
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Browser:
    """A visit that has begun."""

    process: subprocess.Popen[str]

    def result(self) -> Any:
        """What the script returned; `AssertionError` if the visit failed."""
        said, complaints = self.process.communicate(timeout=_VISIT_S)
        assert self.process.returncode == 0, complaints
        return json.loads(said)


def open_page(phone: Namespace | None, visit: Visit) -> Browser:
    """Begin a visit in the namespace; more than one phone can be on its way at once.

    Without a namespace, nothing but the visit's proxy stands between it and the network.
    """
    assert phone or visit.proxy
    if find_chromium() is None:
        reason = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    if phone:
        process = phone.popen(sys.executable, __file__)
    else:
        pipe = subprocess.PIPE
        command = [sys.executable, __file__]
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdin
    process.stdin.write(json.dumps(asdict(visit)))
    process.stdin.close()
    process.stdin = None
    return Browser(process)


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate's public key, as Chromium's list of accepted ones takes it."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(info).digest()).decode()


def _main() -> None:
    from playwright.sync_api import sync_playwright

    visit = Visit(**json.load(sys.stdin))
    arguments = ["--no-first-run", *(f"--disable-{each}" for each in _QUIET)]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root otherwise
    if visit.trusted:
        spki = fingerprint(Path(visit.trusted))
        arguments.append(f"--ignore-certificate-errors-spki-list={spki}")
    if visit.force_quic:
        hosts = ",".join(f"{host}:443" for host in visit.force_quic)
        arguments.append(f"--origin-to-force-quic-on={hosts}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
        context = chromium.new_context(
            **playwright.devices["Pixel 7"],
            locale=visit.locale,
            timezone_id=visit.time_zone,
            permissions=["local-network-access"] if visit.local else None,
            proxy={"server": visit.proxy} if visit.proxy else None,
        )
        context.set_default_timeout(_PAGE_MS)
        page = context.new_page()
        page.goto(visit.url)
        found = page.evaluate(visit.script) if visit.script else None
        page.wait_for_timeout(visit.settle_ms)
        if visit.screenshot:
            page.screenshot(path=visit.screenshot, full_page=True)
        chromium.close()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
