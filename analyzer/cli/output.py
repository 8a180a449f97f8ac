"""Files that a command writes: whole or not at all, in one line of complaint."""

from __future__ import annotations

import contextlib
from pathlib import Path

from analyzer.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, making its folder; what was there stays until the new is complete."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
