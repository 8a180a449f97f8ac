"""A phone for the real `adb`: what an Android shell would answer, and what was done to it.

It comes with an adb server of its own, so that nobody's phones are touched.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from fake_adbd import Adbd

Said = tuple[bytes, bytes, int]
_NOTHING: Said = (b"", b"", 0)


class FakePhone:
    """A phone on TCP. Its state may be looked at and changed at any time.

    `answers` override commands (the whole line -> what it prints, or a function that makes it).
    `ran` are the command lines that came, `reversed` what of it leads to the host.
    """

    def __init__(self, serialno: str = "PHONE1", *, authorised: bool = True) -> None:
        self.authorised = authorised
        self.features = "shell_v2,cmd"
        self.properties = {
            "ro.serialno": serialno,
            "ro.product.manufacturer": "Google",
            "ro.product.model": "Pixel 7",
            "ro.build.version.release": "14",
            "gsm.sim.operator.numeric": "63902,",
            "gsm.sim.operator.iso-country": "ke,",
            "persist.sys.locale": "sw-KE",
            "persist.sys.timezone": "Africa/Nairobi",
        }
        self.settings = {("global", "private_dns_mode"): "off", ("global", "auto_time"): "1"}
        self.files: dict[str, bytes] = {}
        self.apps: dict[str, tuple[str, list[str]]] = {}
        self.netstats = b""
        self.running: set[str] = set()
        self.missing: set[str] = set()  # programs that this phone has not
        self.answers: dict[str, bytes | Callable[[], bytes]] = {}
        self.clock_offset_s = 0.0
        self.ran: list[str] = []
        self.reversed: dict[str, str] = {}
        self.adbd = Adbd(self)

    @property
    def banner(self) -> str:
        return (
            "device::ro.product.name=panther;ro.product.model=Pixel 7;"
            f"ro.product.device=panther;features={self.features}"
        )

    @property
    def serial(self) -> str:
        return f"127.0.0.1:{self.adbd.port}"

    @property
    def proxy(self) -> str:
        return self.settings.get(("global", "http_proxy"), "null")

    def __enter__(self) -> Self:
        self.adbd.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.adbd.stop()

    def install(self, app_id: str, version: str, apks: dict[str, bytes]) -> None:
        folder = f"/data/app/~~AbC-_9w==/{app_id}-1xY=="
        self.files |= {f"{folder}/{name}": body for name, body in apks.items()}
        self.apps[app_id] = (version, [f"{folder}/{name}" for name in apks])

    def run(self, line: str) -> Said:
        self.ran.append(line)
        if line in self.answers:
            answer = self.answers[line]
            return (answer if isinstance(answer, bytes) else answer()), b"", 0
        program, *words = shlex.split(line)
        known: dict[str, Callable[[list[str]], Said]] = {
            "getprop": lambda w: _line(self.properties.get(w[0], "")),
            "settings": self._settings,
            "date": lambda _: _line(f"{time.time() + self.clock_offset_s:.9f}"),
            "pm": self._pm,
            "dumpsys": self._dumpsys,
            "sha256sum": self._sha256sum,
            "ls": lambda w: _line(w[0]) if w[0] in self.files else _no(f"ls: {w[0]}: none"),
            "rm": self._rm,
            "am": lambda w: _line(f"Starting: Intent {{ cmp={w[-1]} }}"),
            "pidof": lambda w: _line("4711") if w[0] in self.running else ((b"", b"", 1)),
        }
        if program in self.missing or program not in known:
            return _no(f"/system/bin/sh: {program}: inaccessible or not found", 127)
        return known[program](words)

    def _settings(self, words: list[str]) -> Said:
        verb, where, name, *value = words
        if verb == "get":
            return _line(self.settings.get((where, name), "null"))
        if verb == "put":
            self.settings[where, name] = value[0]
        else:
            self.settings.pop((where, name), None)
        return _NOTHING

    def _pm(self, words: list[str]) -> Said:
        app_id = words[-1]
        if app_id not in self.apps:
            return b"", b"", 1
        if words[0] == "path":
            return _line("\n".join(f"package:{path}" for path in self.apps[app_id][1]))
        return _line(f"package:{app_id}.other uid:10999\npackage:{app_id} uid:10123")

    def _dumpsys(self, words: list[str]) -> Said:
        if words[0] == "netstats":
            return self.netstats, b"", 0
        if words[0] == "input_method":
            return b"", b"", 0
        version = self.apps[words[1]][0]
        return _line(
            "Activity Resolver Table:\n  versionName=9.9.9-of-another\n"
            f"Packages:\n  Package [{words[1]}] (4f2a):\n"
            f"    versionCode=1402 minSdk=26 targetSdk=34\n    versionName={version}\n"
        )

    def _sha256sum(self, words: list[str]) -> Said:
        return _line(f"{hashlib.sha256(self.files[words[0]]).hexdigest()}  {words[0]}")

    def _rm(self, words: list[str]) -> Said:
        self.files.pop(words[-1], None)
        return _NOTHING


def _line(text: str) -> Said:
    return f"{text}\n".encode(), b"", 0


def _no(text: str, code: int = 1) -> Said:
    return b"", f"{text}\n".encode(), code


def adb_program() -> str:
    """Return the real adb; without it the test is skipped, or fails where it ought to be there."""
    found = shutil.which("adb")
    if found is None:
        reason = "no adb on this machine (apt-get install adb)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def own_server(home: Path) -> Iterator[Path]:
    """Give this process and its children an adb server, a home and a state folder of their own."""
    program = adb_program()
    home.mkdir(exist_ok=True)
    state = home / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_STATE_HOME", str(state))
        patch.setenv("ADB_LOCAL_TRANSPORT_MAX_PORT", "5554")  # no search for emulators
        patch.setenv("ADB_MDNS", "0")
        patch.setenv("ADB_USB", "0")
        patch.delenv("ANDROID_SERIAL", raising=False)
        _start(program, patch)
        try:
            yield state / "evenhand" / "phone"
        finally:
            subprocess.run([program, "kill-server"], capture_output=True, timeout=20, check=False)


def _start(program: str, patch: pytest.MonkeyPatch) -> None:
    """Start the server on a port that is free, also if somebody takes the first that we find."""
    said = ""
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            patch.setenv("ANDROID_ADB_SERVER_PORT", str(probe.getsockname()[1]))
        command = [program, "start-server"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode == 0:
            return
        said = done.stderr
    raise AssertionError(f"adb's server does not start: {said}")


def connect(phone: FakePhone) -> None:
    """Put the phone on this process's adb server."""
    said = adb("connect", phone.serial)
    wait_until(lambda: f"{phone.serial}\t" in adb("devices"), f"the phone to be listed: {said}")
    if phone.authorised:
        wait_until(lambda: f"{phone.serial}\tdevice" in adb("devices"), "the phone to be ready")


def adb(*words: str) -> str:
    done = subprocess.run(
        [adb_program(), *words], capture_output=True, text=True, timeout=20, check=False
    )
    return done.stdout


def wait_until(what: Callable[[], bool], name: str, seconds: float = 15) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, f"waited too long for {name}"
        time.sleep(0.05)
