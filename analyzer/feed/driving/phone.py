"""The phone as the driver uses it: looks what is in front, swipes up, goes home and back.

Nothing else is ever sent to it: no tap, no key but HOME and WAKEUP, no text. A swipe stays in the
middle of the screen, away from its edges and from the buttons at the right.
"""

from __future__ import annotations

import random
import re
from typing import Final, Literal

from analyzer.errors import UserError
from analyzer.phone import Adb
from analyzer.phone.apps import checked_id

# front: the app is in front of a screen that is on.
Front = Literal["front", "elsewhere", "asleep", "locked"]
_DUMP: Final = 8 * 1024 * 1024  # bytes of what `dumpsys window` says
_SIZE: Final = re.compile(r"(Physical|Override) size: ([0-9]{2,5})x([0-9]{2,5})")
_FOCUS: Final = re.compile(r"mCurrentFocus=Window\{\S+ (?:u\d+ )?([A-Za-z0-9_.]+)(?:/|\})")
_AWAKE: Final = re.compile(r"mWakefulness=(\w+)")
_LOCKED: Final = re.compile(
    r"KeyguardServiceDelegate\s+showing=true"
    r"|mDreamingLockscreen=true|mShowingLockscreen=true|isKeyguardShowing=true"
)
_STATE: Final = "WINDOW MANAGER POLICY STATE"
_COMPONENT: Final = re.compile(r"[A-Za-z0-9_.]{1,200}/[A-Za-z0-9_.$]{1,300}")
_MAIN: Final = ("-a", "android.intent.action.MAIN", "-c", "android.intent.category.LAUNCHER")
# Where a swipe begins and ends, as shares of the width and the height; and its milliseconds.
_ACROSS: Final = (0.38, 0.52)
_FROM: Final = (0.68, 0.74)
_TO: Final = (0.24, 0.31)
_DRIFT: Final = 0.02
_LASTS_MS: Final = (170, 290)


class FeedPhone:
    """The phone `serial` with the app `app_id` on it.

    All methods raise `PhoneGoneError` where it cannot be reached.
    """

    def __init__(self, adb: Adb, serial: str, app_id: str) -> None:
        self._adb = adb
        self._serial = serial
        self._app = checked_id(app_id)
        self._size: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise `UserError` if the phone has no such app, or does not say how large it is."""
        if not self._adb.line(self._serial, "pm", "path", self._app).startswith("package:"):
            raise UserError(
                f"{self._app} is not installed on the phone", "name its package with --app"
            )
        self._measure()

    def front(self) -> Front:
        """Return whether the app is in front, and if not, what else."""
        power = self._says("dumpsys", "power")
        awake = _AWAKE.search(power)
        if awake is not None and awake[1] != "Awake":
            return "asleep"
        # Before that header stands how it was when an app last hung.
        said = self._says("dumpsys", "window")
        before, _, window = said.partition(_STATE)
        window = window or before
        if _LOCKED.search(window):
            return "locked"
        focused = _FOCUS.findall(window)
        return "front" if self._app in focused else "elsewhere"

    def swipe_up(self, chance: random.Random) -> None:
        """Move the feed on by one item."""
        width, height = self._measure()
        x = chance.uniform(*_ACROSS)
        begin = (round(x * width), round(chance.uniform(*_FROM) * height))
        drift = chance.uniform(-_DRIFT, _DRIFT)
        end = (round((x + drift) * width), round(chance.uniform(*_TO) * height))
        lasts = chance.randint(*_LASTS_MS)
        self._adb.shell(
            self._serial, "input", "swipe", *(str(each) for each in (*begin, *end, lasts))
        )

    def home(self) -> None:
        """Leave the app: its feed stands still."""
        self._adb.shell(self._serial, "input", "keyevent", "KEYCODE_HOME")

    def wake(self) -> None:
        """Switch the screen on."""
        self._adb.shell(self._serial, "input", "keyevent", "KEYCODE_WAKEUP")

    def to_app(self) -> None:
        """Bring the app to the front, as its icon does; it is started where it does not run.

        Its activity is named, as the icon names it: with a package in its place, Android up to 12
        opens a second one over the first (`Task.isSameIntentFilter`).
        """
        lines = self._says("cmd", "package", "resolve-activity", "--brief", *_MAIN, self._app)
        last = (lines.split() or [""])[-1]
        named = _COMPONENT.fullmatch(last) and last.startswith(f"{self._app}/")
        target = ("-n", last) if named else ("-p", self._app)
        self._adb.shell(self._serial, "am", "start", *_MAIN, *target)

    def _measure(self) -> tuple[int, int]:
        """Return width and height in pixels; what somebody has set goes before what is built in."""
        if self._size is None:
            sizes = {
                name: (int(w), int(h)) for name, w, h in _SIZE.findall(self._says("wm", "size"))
            }
            size = sizes.get("Override") or sizes.get("Physical")
            if size is None:
                raise UserError(
                    "the phone does not say how large its screen is", "see `adb shell wm size`"
                )
            self._size = size
        return self._size

    def _says(self, *words: str) -> str:
        return self._adb.shell(self._serial, *words, limit=_DUMP).out.decode(errors="replace")
