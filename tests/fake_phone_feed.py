"""A phone with the simulated app on it, moved by what `adb shell input` and `am` do."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from fake_phone import FakePhone, Said

from analyzer.simulation.feed_client import FeedApp

PACKAGE = "com.pebblo.app"
_LAUNCHER = "com.android.launcher3"
_SIZE = (1080, 2400)
_LEAST = 0.2  # of the height: a shorter stroke springs back


@dataclass(frozen=True, slots=True)
class Swipe:
    """A stroke over the screen, in pixels and milliseconds."""

    x1: int
    y1: int
    x2: int
    y2: int
    ms: int

    @property
    def upwards(self) -> bool:
        """Whether it is one that moves a feed on."""
        return self.y1 - self.y2 >= _LEAST * _SIZE[1] and abs(self.x1 - self.x2) < self.y1 - self.y2


class FeedPhone(FakePhone):
    """A phone whose screen shows the feed of `app`. What is set may be changed at any time.

    `front`: the package on the screen. `touched`: what else than a swipe was done to it (tap, text,
    a key that is no plain one), which a driver must never do.
    """

    def __init__(self, app: FeedApp | None = None, package: str = PACKAGE) -> None:
        super().__init__()
        self.app = app
        self.package = package
        self.front = package
        self.awake = True
        self.locked = False
        self.swipes: list[Swipe] = []
        self.touched: list[str] = []
        self.size = _SIZE
        self.apps[package] = ("34.2.1", [])

    def run(self, line: str) -> Said:
        """Run a command line, those of the screen here and the others as any phone does."""
        words = shlex.split(line)
        known: dict[str, Callable[[list[str]], Said]] = {
            "input": self._input,
            "am": self._started,
            "monkey": self._started,
            "wm": lambda _: _said("Physical size: {}x{}".format(*self.size)),
        }
        shown: dict[str, Callable[[], Said]] = {
            "window": self._window,
            "power": self._power,
            "activity": self._activity,
            "input_method": lambda: _said(
                "Current Input Method Manager state:\n  mInputShown=false"
            ),
        }
        if words[0] == "dumpsys" and words[1] in shown and line not in self.answers:
            self.ran.append(line)
            return shown[words[1]]()
        if words[0] not in known or line in self.answers or words[0] in self.missing:
            return super().run(line)
        self.ran.append(line)
        return known[words[0]](words[1:])

    def show(self, package: str) -> None:
        """Bring another app to the front, as a call or a person's hand does."""
        self.front = package
        self._moved()

    def _moved(self) -> None:
        if self.app is None:
            return
        if self.awake and not self.locked and self.front == self.package:
            self.app.resume()
        else:
            self.app.pause()

    def _input(self, words: list[str]) -> Said:
        words = [word for word in words if word not in ("touchscreen", "keyboard")]
        if words[0] == "swipe":
            swipe = Swipe(*(int(float(each)) for each in [*words[1:], "300"][:5]))
            self.swipes.append(swipe)
            seen = self.awake and not self.locked and self.front == self.package
            if seen and swipe.upwards and self.app is not None:
                self.app.swipe_up()
        elif words[0] == "keyevent":
            self._key(words[-1].removeprefix("KEYCODE_"))
        else:
            self.touched.append(" ".join(words))
        return b"", b"", 0

    def _key(self, key: str) -> None:
        if key in ("HOME", "3"):
            self.front = _LAUNCHER
        elif key in ("WAKEUP", "224"):
            self.awake = True
        elif key in ("SLEEP", "223"):
            self.awake = False
        elif key in ("POWER", "26"):
            self.awake = not self.awake
        else:
            self.touched.append(f"keyevent {key}")
        self._moved()

    def _started(self, words: list[str]) -> Said:
        named = [word.partition("/")[0] for word in words]
        if self.package in named:
            self.front = self.package
            self._moved()
            return _said(f"Starting: Intent {{ pkg={self.package} }}")
        return _said("Error: Activity not started, unable to resolve Intent")

    def _window(self) -> Said:
        where = f"{self.front}/{self.front}.MainActivity"
        lock = "true" if self.locked else "false"
        return _said(
            "WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
            f"    KeyguardServiceDelegate\n      showing={lock}\n"
            "WINDOW MANAGER WINDOWS (dumpsys window windows)\n"
            f"  mCurrentFocus=Window{{4f2a u0 {where}}}\n"
            f"  mFocusedApp=ActivityRecord{{1b2c u0 {where} t12}}"
        )

    def _power(self) -> Said:
        state = "Awake" if self.awake else "Asleep"
        return _said(f"POWER MANAGER (dumpsys power)\n  mWakefulness={state}\n  mIsPowered=true")

    def _activity(self) -> Said:
        where = f"{self.front}/.MainActivity"
        return _said(f"  mResumedActivity: ActivityRecord{{1b2c u0 {where} t12}}")


def _said(text: str) -> Said:
    return f"{text}\n".encode(), b"", 0
