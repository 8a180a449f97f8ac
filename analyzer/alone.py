"""One writer of a folder at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def alone(folder: Path, *, patient: bool = False) -> Iterator[None]:
    """Keep every other process that asks for `folder` out of it, until the block ends.

    The lock is on the folder itself: it leaves no file behind, and the kernel drops it when the
    process dies. `BlockingIOError` where another process has it, unless `patient`: then this one
    waits for it. Other `OSError` where the folder cannot be opened.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)
