"""Lets a body flow on while a bounded copy of it goes into the bundle.

mitmproxy holds a body back until it is whole: no event stream would ever arrive, and a long video
would be kept in memory twice. So every body that is not known to be small is teed. What a tee has
let pass is in the bundle within a second, whatever happens next, and its end before it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from mitmproxy.http import Request, Response
from mitmproxy.net.http.http1 import expected_http_body_size

from addons.guard import Guard
from analyzer.bundle import KEEP

# Bodies declared to be no longer are held back, recorded, then forwarded; of one that breaks off,
# nothing is kept, and nothing was forwarded.
SMALL = 16 * 1024
COLLECT = 256 * 1024
LATEST_S = 1.0  # after which a piece that has passed is in the bundle, also if no other follows
# Streams whose every piece is complete in itself.
_LIVE = (
    "text/event-stream",
    "application/grpc",
    "application/x-ndjson",
    "application/stream+json",
    "multipart/x-mixed-replace",
)


def is_small(request: Request, response: Response | None = None) -> bool:
    """Whether the body of `response` (or of `request`) is known to be at most `SMALL` bytes."""
    framed = request.http_version not in ("HTTP/1.0", "HTTP/1.1")
    if response is None and framed and "content-length" not in request.headers:
        return False  # frames end the body there: it may be of any length
    try:
        size = expected_http_body_size(request, response)
    except ValueError:
        return False
    return size is not None and 0 <= size <= SMALL


class Tee:
    """A stream function for mitmproxy: given a body piece by piece, b"" at its end.

    A copy is collected here, and handed to `keep` when `COLLECT` bytes have come together or
    `LATEST_S` have passed; of a `live` body (of which each piece means something) at once, before
    it is forwarded. `begin` is called before the first piece is let through. A body of
    declared `length` is whole for its reader with its last piece: that one is held back until
    `end` has recorded it. (Any other body ends with a mark that mitmproxy sends after its hook.)
    `cut` counts the bytes beyond `KEEP`, which pass without being kept.
    """

    def __init__(
        self,
        guard: Guard,
        name: str,
        *,
        begin: Callable[[], None],
        keep: Callable[[bytes], None],
        end: Callable[[], None],
        message: Request | Response,
    ) -> None:
        self.cut = 0
        self.kept = False  # whether `keep` was called
        self._guard = guard
        self._watch = guard.watch(name)
        self._begin = begin
        self._keep = keep
        self._end = end
        self._length = _declared_length(message)
        kind = message.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._live = kind.startswith(_LIVE)
        self._seen = 0
        self._held: list[bytes] = []
        self._collected: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self, data: bytes) -> list[bytes]:
        """Return the pieces to forward now; none once the recording has failed."""
        if not self._guard.stopped:
            with self._watch:
                if data:
                    self._take(data)
                elif self._held:  # an empty piece alone is no sign: HTTP/2 has them anywhere
                    self._end()
        if self._guard.stopped:
            return []
        if data and self._seen == self._length:
            self._held.append(data)
            return []
        held, self._held = self._held, []
        return [*held, data] if data else held

    def rest(self) -> bytes:
        """Take what has been collected and not been handed on."""
        rest = b"".join(self._collected)
        self._collected.clear()
        self._size = 0
        if self._timer:
            self._timer.cancel()
            self._timer = None
        return rest

    def flush(self) -> None:
        """Hand on what has been collected."""
        if rest := self.rest():
            self.kept = True
            self._keep(rest)

    def _take(self, data: bytes) -> None:
        if not self._seen:
            self._begin()
        room = max(0, KEEP - self._seen)
        self._seen += len(data)
        self.cut += max(0, len(data) - room)
        if room:
            self._collected.append(data[:room])
            self._size += min(len(data), room)
            if self._live or self._size >= COLLECT:
                self.flush()
            elif not self._timer:
                with contextlib.suppress(RuntimeError):  # no loop, so nothing is under way either
                    self._timer = asyncio.get_running_loop().call_later(LATEST_S, self._late)

    def _late(self) -> None:
        self._timer = None
        if not self._guard.stopped:
            with self._watch:
                self.flush()


def _declared_length(message: Request | Response) -> int | None:
    """The content-length of a message, None where it declares none."""
    text = message.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() else None
