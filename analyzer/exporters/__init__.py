"""Sessions out, in the formats of other programs.

An exporter is a file here that registers a `Write` under the ending of its files. A session bundle
holds more than either format: every exporter says what it leaves out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from analyzer.errors import UserError
from analyzer.exporters.redaction import Redactor
from analyzer.exporters.session import Recorded
from analyzer.registry import Registry

Write = Callable[[Recorded, BinaryIO, Redactor], list[str]]
"""Writes a session to an open file; returns one sentence for each thing that is lost."""

EXPORTERS: Registry[Write] = Registry("analyzer.exporters")


def export_session(bundle: Path, target: Path, *, redact: bool = True) -> list[str]:
    """Write the session `bundle` to `target`, whose ending says in which format.

    Returns one sentence for each thing that the file does not hold. Credentials become
    ``[redacted]`` unless `redact` is False. The file is readable by its owner only, and appears
    whole or not at all. `UserError` for an unknown ending, a damaged bundle, a full disk.
    """
    form = target.suffix.lower().removeprefix(".")
    writers = EXPORTERS.entries()
    if form not in writers:
        known = ", ".join(f".{name}" for name in writers)
        raise UserError(f"{target.name} has an ending that is no export format", f"use {known}")
    recorded = Recorded(bundle)
    redactor = Redactor(active=redact)
    part = target.with_name(f"{target.name}.part")
    try:
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            lost = writers[form](recorded, file, redactor)
        part.replace(target)
    except OSError as error:
        raise UserError(f"{target} cannot be written", error.strerror or str(error)) from None
    finally:
        part.unlink(missing_ok=True)
    return lost + redactor.told()
