"""Files that a command writes: whole or not at all, in one line of complaint."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UserError
from analyzer.sums import add_to_sums

if TYPE_CHECKING:
    from analyzer.study import Study


def write_result(study: Study, path: Path, content: str | bytes) -> None:
    """Write a result of `study`; in its `out/`, note the checksum by which `verify` knows it."""
    write(path, content)
    if path.parent.resolve() == study.out.resolve():
        try:
            add_to_sums(path.parent, path)
        except OSError as error:
            raise UserError(f"{path.parent} is full", error.strerror or str(error)) from None


def write(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, making its folder; what was there stays until all is written."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content.encode() if isinstance(content, str) else content)
            part.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
