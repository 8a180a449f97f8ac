"""What a browser says of the phone it runs on. Whatever it says may be a lie, or a frozen value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

System = Literal["android", "ios", ""]
Browser = Literal["chromium", "firefox", "safari", ""]
_LONGEST = 400  # characters of a User-Agent that are looked at
_ANDROID = re.compile(r"Android (\d{1,2})(?:\.\d{1,2}){0,2}(?:;|\))")
# Since Chrome 110 every phone is called so; the truth is in the client hints of HTTPS pages.
_FROZEN = "Android 10; K)"
_MODEL = re.compile(r"Android [\d.]{1,8}; ([^;)]{1,60}?)(?: Build/[^;)]{1,60})?[;)]")
_IOS = re.compile(r"(?:iPhone|iPad)[^)]{0,40}? OS (\d{1,2})_")
# Safari 26 stopped the count in the system's version, not in its own.
_SAFARI = re.compile(r"Version/(\d{1,2})[.\d]* (?:Mobile/\w{1,12} )?Safari/")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+()/-]{0,39}")
_NO_MODEL = frozenset({"K", "Mobile", "Tablet", "wv"})


@dataclass(frozen=True, slots=True)
class Device:
    """A phone as its browser describes it: "" and None for what it does not say."""

    system: System = ""
    version: int | None = None
    model: str = ""
    browser: Browser = ""

    @property
    def os(self) -> str:
        """The system with its version, as it is called."""
        name = {"android": "Android", "ios": "iOS", "": ""}[self.system]
        return f"{name} {self.version}" if name and self.version else name

    @property
    def label(self) -> str:
        """Model and system in one line."""
        return ", ".join(part for part in (self.model, self.os) if part)


def read_user_agent(text: str) -> Device:
    """Return what a User-Agent tells, of the first characters only."""
    text = text[:_LONGEST]
    if found := _IOS.search(text):
        versions = [int(found[1])]
        if own := _SAFARI.search(text):
            versions.append(int(own[1]))
        name = "iPad" if "iPad" in text else "iPhone"
        return Device("ios", max(versions), name, "safari")
    browser: Browser = ""
    if "Firefox/" in text:
        browser = "firefox"
    elif "Chrome/" in text:
        browser = "chromium"
    if "Android" not in text:
        return Device(browser=browser)
    version = None if _FROZEN in text else _ANDROID.search(text)
    model = _MODEL.search(text)
    return Device(
        "android", int(version[1]) if version else None, plain(model[1]) if model else "", browser
    )


def with_hints(device: Device, *, model: str, version: str) -> Device:
    """Add what the client hints of a Chromium tell; they beat the User-Agent."""
    if device.browser != "chromium" or device.system != "android":
        return device
    major = version.partition(".")[0]
    known = int(major) if major.isascii() and major.isdecimal() and len(major) <= 2 else 0
    return Device("android", known or device.version, plain(model) or device.model, "chromium")


def plain(model: str) -> str:
    """Return a model's name if it looks like one, else ""."""
    name = model.strip()
    return name if _PLAIN.fullmatch(name) and name not in _NO_MODEL else ""
