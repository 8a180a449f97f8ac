"""The Chromium of this machine, which makes files of pages and asks nobody anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from analyzer.errors import UserError

VARIABLE: Final = "EVENHAND_CHROMIUM"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_APPS: Final = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
# Where Playwright keeps its own, newest last.
_PLAYWRIGHT: Final = (
    ".cache/ms-playwright/chromium-*/chrome-linux*/chrome",
    "Library/Caches/ms-playwright/chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
_INTO: Final = {".pdf": "--print-to-pdf", ".png": "--screenshot"}
_SECONDS: Final = 180
_QUIET: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_chromium() -> Path | None:
    """Return the Chromium or Chrome of this machine, or None."""
    return next(_installed(), None)


def made_of(page: str, ending: str, *options: str) -> bytes:
    """Return the ".pdf" or ".png" that Chromium makes of an HTML page with further `options`.

    `UserError` where there is no Chromium, or it makes nothing.
    """
    browser = _chosen()
    with tempfile.TemporaryDirectory(prefix="evenhand-") as name:
        folder = Path(name)
        source, target = folder / "report.html", folder / f"report{ending}"
        source.write_text(page, encoding="utf-8")
        command = [
            str(browser),
            *_QUIET,
            *(["--no-sandbox"] if _is_root() else []),
            f"--user-data-dir={folder / 'profile'}",
            f"{_INTO[ending]}={target}",
            *options,
            source.as_uri(),
        ]
        try:
            subprocess.run(  # noqa: S603 - a fixed command
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
                env={**os.environ, "TZ": "UTC"},
            )
        except subprocess.TimeoutExpired:
            raise UserError(
                f"{browser} made no file within {_SECONDS} s",
                f"name another one in {VARIABLE}, or print the HTML page by hand",
            ) from None
        except OSError as error:
            raise UserError(
                f"{browser} cannot be run: {error.strerror or error}",
                f"name another one in {VARIABLE}",
            ) from None
        if not target.is_file():  # as one that is shut into its own folders (snap) does
            raise UserError(
                f"{browser} made no file",
                f"name another Chromium in {VARIABLE}, or print the HTML page by hand",
            )
        return target.read_bytes()


def _chosen() -> Path:
    if named := os.environ.get(VARIABLE):
        found = shutil.which(named)
        if found is None:
            raise UserError(f"{VARIABLE} names {named}, which cannot be run", "correct it")
        return Path(found)
    chromium = find_chromium()
    if chromium is None:
        raise UserError(
            "no Chromium or Chrome was found, which PDF and PNG need",
            f"install one (apt-get install chromium), or name it in {VARIABLE}",
        )
    return chromium


def _installed() -> Iterator[Path]:
    if found := shutil.which(os.environ.get(VARIABLE, "")):
        yield Path(found)
    for name in _NAMES:
        if found := shutil.which(name):
            yield Path(found)
    yield from (path for path in _APPS if path.exists())
    for pattern in _PLAYWRIGHT:
        yield from sorted(Path.home().glob(pattern), reverse=True)


def _is_root() -> bool:
    return os.geteuid() == 0  # Chromium refuses to run as root otherwise
