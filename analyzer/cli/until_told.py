"""Waiting in the foreground: until Ctrl-C, a signal, Enter, or a time is up."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told:
    """Whether somebody has told us to end."""

    def __init__(self, wakes: int) -> None:
        self._wakes = wakes  # readable as soon as a signal has come
        self.ended = False

    def wait(self, seconds: float, *, by_enter: bool = False) -> bool:
        """Wait for up to `seconds`; whether it was ended, by a signal or (`by_enter`) a line."""
        ends = time.monotonic() + seconds
        watched = [self._wakes]
        if by_enter:
            with contextlib.suppress(OSError, ValueError):  # closed, or none at all
                watched.append(sys.stdin.fileno())
        while not self.ended and (left := ends - time.monotonic()) > 0:
            readable, _, _ = select.select(watched, [], [], left)
            for file in readable:
                piece = os.read(file, 4096)
                if file == self._wakes or b"\n" in piece:
                    self.ended = True
                elif not piece:
                    watched.remove(file)  # nobody will press Enter
        return self.ended


@contextmanager
def until_told() -> Iterator[Told]:
    """Take INT, TERM and HUP as a wish to end, so that what has to be undone is undone.

    What is in the block must come to its end by itself when `Told.wait` returns true.
    """
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    told = Told(wakes)

    def end(_: int, __: FrameType | None) -> None:
        told.ended = True
        with contextlib.suppress(BlockingIOError):
            os.write(wake, b"\0")

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wakes)
        os.close(wake)
