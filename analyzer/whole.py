"""Writing that is there whole or not at all, on the disk, for its owner only."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Write `file`; what was there stays until all is on the disk. `OSError` if that is full."""
    part = file.with_name(f"{file.name}.part")
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


def add_whole(handle: int, at: int, content: bytes) -> None:
    """Put `content` at place `at`, the end of an open file; `OSError` leaves the file as it was."""
    try:
        if os.pwrite(handle, content, at) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, at)
        raise
