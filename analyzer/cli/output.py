"""Files that a command writes: whole or not at all, in one line of complaint."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.custody.log import append
from analyzer.errors import UserError
from analyzer.sums import SUMS, add_to_sums, sha256

if TYPE_CHECKING:
    from analyzer.study import Study


def write_result(study: Study, path: Path, content: str | bytes) -> None:
    """Write a result of `study`; one in its `out/` is noted, so that `verify` knows it."""
    write(path, content)
    if path.parent.resolve() == study.out.resolve():
        try:
            add_to_sums(path.parent, path)
            sums = {study.out.name: sha256(path.parent / SUMS)}
            append(study.root, "reported", file=path.name, sha256=sha256(path), sums=sums)
        except OSError as error:
            message = f"{path.parent / SUMS} cannot be written"
            raise UserError(message, error.strerror or str(error)) from None


def log_findings(study: Study, sessions: Iterable[str]) -> None:
    """Note in the custody log of `study` that `sessions` were analysed, and what came of it."""
    sums = {
        f"{study.findings.name}/{name}": sha256(file)
        for name in sessions
        if (file := study.findings / name / SUMS).is_file()
    }
    if sums:
        append(study.root, "analysed", sums=sums)


def write(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, making its folder; what was there stays until all is written."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # another may write the same
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
