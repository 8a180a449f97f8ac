"""Notices when mitmproxy itself fails: it only logs that, and the connection hangs or is gone."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

from addons.guard import Guard
from analyzer.bundle import BundleWriter

BROKEN = "mitmproxy broke a connection off"
_CRASHED = "has crashed"


class Recorded(Protocol):
    """A session under way."""

    @property
    def guard(self) -> Guard:
        """What counts the errors."""

    @property
    def writer(self) -> BundleWriter:
        """What marks the session."""


class CrashWatch(logging.Handler):
    """Counts the errors that mitmproxy logs of itself, and marks all `sessions` as incomplete.

    Its log does not tell whose connection it was; its words may quote what a phone said, so that
    nothing of them is kept.
    """

    def __init__(self, sessions: Sequence[Recorded]) -> None:
        super().__init__(logging.ERROR)
        self._sessions = sessions

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of the log."""
        if record.exc_info or _CRASHED in str(record.msg):
            for session in self._sessions:
                counts = session.guard.counts
                counts[BROKEN] = counts.get(BROKEN, 0) + 1
                session.writer.mark_incomplete(BROKEN)


@contextlib.contextmanager
def watching(sessions: Sequence[Recorded]) -> Iterator[None]:
    """Watch mitmproxy's log for as long as this lasts."""
    log = logging.getLogger("mitmproxy")
    watch = CrashWatch(sessions)
    log.addHandler(watch)
    try:
        yield
    finally:
        log.removeHandler(watch)
