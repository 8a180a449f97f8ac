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
# Of whom a window is: of the phone's own user, not of a work profile or a guest.
_OF: Final = r"Window\{\S+ (?:u0 )?([A-Za-z0-9_.]+)(?:/|\})"
# Each display has a focus of its own; up to Android 9 one line, under a header, is for all of them.
_FOCUS: Final = re.compile(
    r"^\s*Display: mDisplayId=(?P<display>[0-9]+)|^(?P<header>WINDOW MANAGER )"
    rf"|mCurrentFocus=(?:{_OF})?|\bcur=(?P<width>[0-9]{{2,5}})x(?P<height>[0-9]{{2,5}})\b",
    re.MULTILINE,
)
_TOP: Final = re.compile(r"mTopFocusedDisplayId=(-?[0-9]+)")
_TURNED: Final = re.compile(r"\bm(?:Current)?Rotation=(?:ROTATION_)?(\d+)\b")
_KEYBOARD: Final = re.compile(r"\bmInputShown=true\b")
_AWAKE: Final = re.compile(r"mWakefulness=(\w+)")
_LOCKED: Final = re.compile(
    r"\b(?:mDreamingLockscreen|mShowingLockscreen|(?:is|m)?KeyguardShowing|mIsShowing|keyguardShowing"
    r"|isKeyguardLocked|showingAndNot(?:Occluded|Hidden))=true\b"
)
# The lines that stand deeper than the name of what shows the lock.
_KEYGUARD: Final = re.compile(
    r"^( *)KeyguardServiceDelegate\b.*\n((?:\1 +\S.*(?:\n|\Z))*)", re.MULTILINE
)
_SHOWING: Final = re.compile(r"\bshowing=true\b")
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
        self._sides: tuple[int, int] | None = None  # width and height of the upright screen
        self._size: tuple[int, int] | None = None  # as it is held

    def check(self) -> None:
        """Raise `UserError` if the phone has no such app, or does not say how large it is."""
        if not self._adb.line(self._serial, "pm", "path", self._app).startswith("package:"):
            raise UserError(
                f"{self._app} is not installed on the phone", "name its package with --app"
            )
        self._measure()

    def front(self) -> Front:
        """Return whether the app is in front, and if not, what else; in doubt it is not.

        In front is what alone has the focus of the phone's own screen, without a keyboard: a swipe
        over keys types.
        """
        awake = _AWAKE.search(self._says("dumpsys", "power"))
        if awake is None:
            return "elsewhere"
        if awake[1] != "Awake":
            return "asleep"
        # Before that header stands how it was when an app last hung.
        said = self._says("dumpsys", "window")
        before, _, window = said.partition(_STATE)
        window = window or before
        if _LOCKED.search(window) or any(
            _SHOWING.search(found[2]) for found in _KEYGUARD.finditer(window)
        ):
            return "locked"
        if not self._has_focus(window) or _KEYBOARD.search(window):
            return "elsewhere"
        typing = _KEYBOARD.search(self._says("dumpsys", "input_method"))
        return "elsewhere" if typing else "front"

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

    def _has_focus(self, window: str) -> bool:
        """Tell whether the app has the focus of the phone's own screen; note how that is turned."""
        if any(display != "0" for display in _TOP.findall(window)):
            return False
        display = ""
        focused: list[str | None] = []
        size: tuple[int, int] | None = None
        for found in _FOCUS.finditer(window):
            if found["display"]:
                display = found["display"]
            elif found["header"]:
                display = ""
            elif display in ("", "0"):
                if found["width"]:
                    size = size or (int(found["width"]), int(found["height"]))
                else:
                    focused.append(found[3])
        self._size = size or self._turned(window)
        return bool(focused) and all(each == self._app for each in focused)

    def _turned(self, window: str) -> tuple[int, int]:
        """Return width and height as the screen is held, where only its rotation is told."""
        sides = self._upright()
        turned = _TURNED.search(window)
        # Quarters of a turn, or degrees.
        return sides[::-1] if turned and turned[1] in ("1", "3", "90", "270") else sides

    def _measure(self) -> tuple[int, int]:
        """Return width and height in pixels, as the screen was held when it was last looked at."""
        if self._size is None:
            self._size = self._upright()
        return self._size

    def _upright(self) -> tuple[int, int]:
        """Return the sides as they are built in, or as somebody has set them, which goes before."""
        if self._sides is None:
            sizes = {
                name: (int(w), int(h)) for name, w, h in _SIZE.findall(self._says("wm", "size"))
            }
            self._sides = sizes.get("Override") or sizes.get("Physical")
        if self._sides is None:
            raise UserError(
                "the phone does not say how large its screen is", "see `adb shell wm size`"
            )
        return self._sides

    def _says(self, *words: str) -> str:
        return self._adb.shell(self._serial, *words, limit=_DUMP).out.decode(errors="replace")
