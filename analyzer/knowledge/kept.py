"""Parsed data files, kept between runs: to parse them anew takes longer than most commands.

What is kept is the plain tree of a file (JSON), under the digest of its text: whoever changes a
file has it parsed again, and everything is checked each time as if it had just been parsed. Without
a folder to write to everything goes on as before, only slower.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import orjson

_MOST = 1000  # files that are kept; an old version of a data file is never asked for again


class _Missing:
    """Nothing is kept: None is a tree, too."""


MISSING = _Missing()


def read_tree(text: str) -> object:
    """Return the tree that was kept of `text`, `MISSING` if there is none."""
    path = _path(text)
    if path is None:
        return MISSING
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
        if digest != _digest(content):  # damaged: parse the file again
            return MISSING
        return orjson.loads(content)
    except (OSError, ValueError):
        return MISSING


def keep_tree(text: str, tree: object) -> object:
    """Keep `tree`, which `text` was parsed to, if the disk lets us; return it as JSON has it.

    Dates are ISO texts there, and numbers that are keys are texts: the first run sees what later
    ones see. What JSON cannot hold is returned as it is.
    """
    try:
        content = orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return tree
    path = _path(text)
    if path is not None:
        _write(path, content)
    return orjson.loads(content)


def _write(path: Path, content: bytes) -> None:
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(content) + b"\n" + content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _prune(path.parent)


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _path(text: str) -> Path | None:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        if Path(given).is_absolute():  # the specification says to heed no other
            folder = Path(given)
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Caches"
        else:
            folder = Path.home() / ".cache"
    except RuntimeError:  # nobody's home
        return None
    return folder / "evenhand" / "trees" / f"{digest}.json"


def _prune(folder: Path) -> None:
    files = list(folder.iterdir())
    if len(files) > _MOST:
        for path in sorted(files, key=lambda each: each.stat().st_mtime)[: len(files) - _MOST // 2]:
            path.unlink(missing_ok=True)
