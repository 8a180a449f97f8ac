"""A tunnel's configuration on its way into the phone's WireGuard app, and away again.

The app offers no way in from outside: of its activities only the main one is exported, and that
takes no file (AndroidManifest.xml of wireguard-android). So the file is put where the app's own
file picker looks, the app is opened, and a person taps. The file holds a private key: it is
removed at the end, also after a crash (`analyzer.phone.undo`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import UserError
from analyzer.phone.adb import Adb, shown
from analyzer.phone.journal import Change, now
from analyzer.phone.undo import Guarded, guarded

APP = "com.wireguard.android"
_ACTIVITY = f"{APP}/.activity.MainActivity"
_DOWNLOADS = "/sdcard/Download"
# Names that the app takes for a tunnel (com.wireguard.android.backend.Tunnel).
_NAME = re.compile(r"[A-Za-z0-9_=+.-]{1,15}", re.ASCII)
_LARGEST = 65536  # bytes
_SECTION = re.compile(r"^\s*\[Interface\]\s*$", re.MULTILINE | re.IGNORECASE)
_KEY = re.compile(r"^\s*PrivateKey\s*=\s*[A-Za-z0-9+/]{43}=", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The file on the phone. `opened`: the app is on the screen. `state` as in `guarded`."""

    name: str
    opened: bool
    state: Guarded


@contextmanager
def delivered(adb: Adb, serial: str, config: Path) -> Iterator[Delivered]:
    """Have `config` in the phone's Download folder while the block runs, and the app open.

    `UserError` if it is no configuration of WireGuard, the app is missing, or a file of that name
    is there already.
    """
    name = _checked(config)
    if not adb.line(serial, "pm", "path", APP).startswith("package:"):
        raise UserError(
            "WireGuard is not installed on the phone",
            "install it from Google Play, F-Droid or wireguard.com",
        )
    remote = f"{_DOWNLOADS}/{name}"
    if adb.line(serial, "ls", remote) == remote:
        raise UserError(
            f"the phone has a file {name} in its Download folder", "remove it, or rename yours"
        )
    change = Change(
        kind="file",
        phone=adb.fingerprint(serial),
        model=shown(adb.line(serial, "getprop", "ro.product.model"), 60),
        made=now(),
        path=remote,
    )
    with guarded(adb, serial, change) as state:
        adb.push(serial, config, remote)
        said = adb.shell(serial, "am", "start", "-n", _ACTIVITY)
        opened = b"Starting: Intent" in said.out and b"Error" not in said.out + said.err
        yield Delivered(name, opened, state)


def _checked(config: Path) -> str:
    """Return the file's name, of which the app makes the tunnel's."""
    try:
        with config.open("rb") as file:
            text = file.read(_LARGEST + 1).decode("utf-8")
    except OSError as error:
        raise UserError(f"{config} cannot be read", error.strerror or str(error)) from None
    except UnicodeDecodeError:
        text = ""
    if len(text) > _LARGEST or not _SECTION.search(text) or not _KEY.search(text):
        raise UserError(
            f"{config} is not a configuration of WireGuard", "name the one that the proxy wrote"
        )
    if config.suffix != ".conf" or not _NAME.fullmatch(config.stem):
        raise UserError(
            f"WireGuard takes no tunnel of the name {shown(config.name, 60)}",
            "rename the file: up to 15 letters, digits, and _=+.- before .conf",
        )
    return config.name
