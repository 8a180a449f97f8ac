"""The `adb` program: which phones are there, and what is asked of one of them.

Everything that a phone says is bounded in size and time, and `shown` before a person sees it.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import UserError
from analyzer.phone.process import Answer, TimedOutError, run_bounded

KIB = 1024
_LIMIT = 256 * KIB
_WAIT_S = 15.0
_START_S = 30.0
_SHOWN = 120  # characters of what a phone said
_PHONES = 64
# `adb devices -l`: serial, state, then words such as model:Pixel_7. A USB serial may hold blanks.
_DEVICE = re.compile(
    r"(?P<serial>\S.*?)\s+(?P<state>no permissions|[a-z]+)\b(?P<rest>.*)", re.ASCII
)
_MODEL = re.compile(r"\bmodel:(\S+)")
_GONE = re.compile(
    rb"(?:^|: |\n)(?:device '?[^\n]*'? ?not found|device offline|device unauthorized|closed"
    rb"|no devices[^\n]*|protocol fault[^\n]*|device still authorizing|connect failed[^\n]*)"
)
_INSTALL = (
    "install it: `apt-get install adb` on Debian, `brew install android-platform-tools` on macOS"
)
_DEBUGGING = (
    "plug it in, and switch USB debugging on (Settings > About phone: tap the build number "
    "seven times; then System > Developer options > USB debugging)"
)
# What a phone in this state needs, as the one thing to do.
REMEDIES = {
    "device": "",
    "unauthorized": "unlock the phone and accept `Allow USB debugging`",
    "authorizing": "unlock the phone and accept `Allow USB debugging`",
    "offline": "unplug the phone and plug it in again, or `adb reconnect offline`",
    "no permissions": (
        "give yourself the right to use it: on Debian `apt-get install "
        "android-sdk-platform-tools-common`, join the group plugdev, and plug it in again"
    ),
}
_OTHER_STATE = "start the phone's own system: Android has to run on it"


class PhoneGoneError(UserError):
    """The phone cannot be reached: unplugged, asleep, or no longer allowed."""


@dataclass(frozen=True, slots=True)
class Device:
    """A phone that adb knows of. `state` is adb's: "device" is one that can be used."""

    serial: str
    model: str
    state: str

    @property
    def remedy(self) -> str:
        """The one thing to do before it can be used; "" where it can."""
        return REMEDIES.get(self.state, _OTHER_STATE)

    @property
    def shown(self) -> str:
        """Its serial and model, fit to be shown."""
        model = f" ({shown(self.model)})" if self.model else ""
        return f"{shown(self.serial)}{model}"


def shown(text: str, limit: int = _SHOWN) -> str:
    """Return `text` on one line, bounded, with everything that is not printable escaped."""
    safe = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text[:limit]
    )
    return safe if len(text) <= limit else f"{safe}..."


class Adb:
    """One `adb` program. Which server it talks to is the environment's business, as ever."""

    def __init__(self, program: str) -> None:
        self.program = program

    def start(self) -> None:
        """Start adb's server where it is not running; `UserError` if that fails."""
        # Not through pipes: the server would inherit them.
        try:
            done = subprocess.run(  # noqa: S603
                [self.program, "start-server"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_START_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UserError("adb does not start", "try `adb kill-server`, then again") from None
        except OSError as error:
            raise UserError(f"adb cannot be run ({error.strerror})", _INSTALL) from None
        if done.returncode:
            raise UserError("adb does not start", "see what `adb start-server` says")

    def devices(self) -> tuple[Device, ...]:
        """Return the phones that adb knows of, in its order."""
        answer = self._run("devices", "-l")
        found = []
        for line in answer.out.decode(errors="replace").splitlines()[1:]:
            fields = _DEVICE.match(line.strip())
            if fields is None or line.startswith("*"):
                continue
            model = _MODEL.search(fields["rest"])
            found.append(
                Device(
                    fields["serial"],
                    model[1].replace("_", " ") if model else "",
                    fields["state"],
                )
            )
        return tuple(found[:_PHONES])

    def choose(self, serial: str | None = None) -> Device:
        """Return the phone `serial`, or the only one; `UserError` if it cannot be used."""
        there = self.devices()
        if not there:
            raise UserError("no phone is connected", _DEBUGGING)
        chosen = [device for device in there if serial in {None, device.serial}]
        if not chosen:
            named = ", ".join(device.shown for device in there)
            raise UserError(f"no phone {shown(str(serial))} is connected", f"there are {named}")
        usable = [device for device in chosen if device.state == "device"]
        if len(usable) > 1 or (not usable and len(chosen) > 1):
            named = ", ".join(device.shown for device in chosen)
            raise UserError("several phones are connected", f"choose with --serial: {named}")
        [device] = usable or chosen
        if device.state != "device":
            raise UserError(f"the phone {device.shown} is {shown(device.state)}", device.remedy)
        return device

    def shell(
        self, serial: str, *words: str, timeout_s: float = _WAIT_S, limit: int = _LIMIT
    ) -> Answer:
        """Run the command `words` on the phone, each word quoted.

        `PhoneGoneError` if the phone is not there. The exit code means something only on
        Android 7 and later.
        """
        return self._on(serial, "shell", shlex.join(words), timeout_s=timeout_s, limit=limit)

    def line(self, serial: str, *words: str) -> str:
        """Return the first line of what a command on the phone prints; "" for none or a long one.

        It is as the phone said it: validate it, or show it with `shown`.
        """
        first, _, _ = self.shell(serial, *words).out.partition(b"\n")
        return first.decode(errors="replace").strip() if len(first) <= KIB else ""

    def push(self, serial: str, local: Path, remote: str) -> None:
        """Copy the file `local` to the phone; `UserError` if the phone does not take it."""
        answer = self._on(serial, "push", str(local), remote, timeout_s=60)
        if answer.code:
            raise UserError("the file could not be copied to the phone", _last(answer.err))

    def pull(self, serial: str, remote: str, local: Path, *, timeout_s: float, limit: int) -> bool:
        """Copy `remote` from the phone to `local`; whether it came, whole, within the bounds."""

        def too_much() -> bool:
            return local.exists() and local.stat().st_size > limit

        answer = self._on(serial, "pull", remote, str(local), timeout_s=timeout_s, unless=too_much)
        return answer.code == 0 and not answer.cut and local.is_file() and not too_much()

    def reverse(self, serial: str, port: int) -> None:
        """Let the phone's port lead to the same port here; `UserError` if the phone's is taken."""
        where = f"tcp:{port}"
        answer = self._on(serial, "reverse", "--no-rebind", where, where)
        if answer.code:
            raise UserError(
                f"port {port} of the phone cannot be led here ({_last(answer.err)})",
                f"choose another with --port, or `adb reverse --remove {where}`",
            )

    def reversed_ports(self, serial: str) -> dict[str, str]:
        """Return what of the phone leads here: {"tcp:8080": "tcp:8080"}."""
        answer = self._on(serial, "reverse", "--list")
        rows = [line.split() for line in answer.out.decode(errors="replace").splitlines()]
        return {row[1]: row[2] for row in rows if len(row) == 3}

    def stop_reverse(self, serial: str, port: int) -> None:
        """Take back `reverse`."""
        self._on(serial, "reverse", "--remove", f"tcp:{port}")

    def fingerprint(self, serial: str) -> str:
        """Return a digest that stays the same however the phone is connected.

        It stands for the serial number where something has to be written down.
        """
        own = self.line(serial, "getprop", "ro.serialno") or serial
        return hashlib.sha256(own.encode()).hexdigest()[:32]

    def _on(
        self,
        serial: str,
        *words: str,
        timeout_s: float = _WAIT_S,
        limit: int = _LIMIT,
        unless: Callable[[], bool] | None = None,
    ) -> Answer:
        answer = self._run("-s", serial, *words, timeout_s=timeout_s, limit=limit, unless=unless)
        if answer.code and _GONE.search(answer.err):
            raise PhoneGoneError(
                f"the phone {shown(serial)} cannot be reached", "plug it in again and unlock it"
            )
        return answer

    def _run(
        self,
        *words: str,
        timeout_s: float = _WAIT_S,
        limit: int = _LIMIT,
        unless: Callable[[], bool] | None = None,
    ) -> Answer:
        try:
            return run_bounded(
                [self.program, *words], timeout_s=timeout_s, limit=limit, unless=unless
            )
        except TimedOutError:
            raise PhoneGoneError(
                "the phone does not answer", "unlock it, or plug it in again"
            ) from None
        except OSError as error:
            raise UserError(f"adb cannot be run ({error.strerror})", _INSTALL) from None


def find_adb() -> Adb:
    """Return the `adb` of this machine, its server started; `UserError` if there is none."""
    program = shutil.which("adb")
    if program is None:
        raise UserError("adb is not installed", _INSTALL)
    adb = Adb(program)
    adb.start()
    return adb


def _last(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return shown(lines[-1]) if lines else "it does not say why"
