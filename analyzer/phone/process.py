"""Programs run for their answer, with a bound on their time and on what is kept of their words.

A phone is no friend: what comes from it may be endless, and a cable may be pulled at any time.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_PIECE = 65536
_LINGER_S = 0.5  # for what is still in the pipes when the program has ended
_LOOK_S = 0.2  # between two looks of `unless`


class TimedOutError(Exception):
    """The program was ended: it had not come to its end in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a program ended, and what it said. `cut`: it was ended, as it said more than allowed."""

    code: int
    out: bytes
    err: bytes
    cut: bool = False


def run_bounded(
    command: Sequence[str],
    *,
    timeout_s: float,
    limit: int,
    unless: Callable[[], bool] | None = None,
) -> Answer:
    """Run `command` and return its answer; at most `limit` bytes of each stream are kept.

    The program is ended when it says more than that, or when `unless` returns true (then, too,
    the answer is `cut`). `TimedOutError` after `timeout_s` seconds; `OSError` if it cannot start.
    """
    ends = time.monotonic() + timeout_s
    # In a session of its own: Ctrl-C in the terminal must not end the adb that undoes things.
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        try:
            out, err, cut = _listen(running, ends, limit, unless)
            if cut:
                running.kill()
            code = running.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TimedOutError from None
        finally:
            with contextlib.suppress(OSError):
                running.kill()
    return Answer(code, out, err, cut)


def _listen(
    running: subprocess.Popen[bytes],
    ends: float,
    limit: int,
    unless: Callable[[], bool] | None,
) -> tuple[bytes, bytes, bool]:
    if running.stdout is None or running.stderr is None:
        raise ValueError("both streams have to be pipes")
    out, err = bytearray(), bytearray()
    cut = False
    ended: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(running.stdout, selectors.EVENT_READ, out)
        selector.register(running.stderr, selectors.EVENT_READ, err)
        while selector.get_map() and not cut:
            now = time.monotonic()
            if now > ends:
                raise TimedOutError
            # A server that adb left in the background may hold the pipes for ever.
            if running.poll() is not None:
                ended = ended or now
                if now - ended > _LINGER_S:
                    break
            for key, _ in selector.select(_LOOK_S):
                piece = os.read(key.fd, _PIECE)
                if not piece:
                    selector.unregister(key.fileobj)
                so_far: bytearray = key.data
                so_far.extend(piece)
                cut = cut or len(so_far) > limit
            cut = cut or (unless is not None and unless())
    return bytes(out[:limit]), bytes(err[:limit]), cut
