"""Compressed captures, unpacked beside themselves for as long as they are read."""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from analyzer.errors import UserError

MAX_UNPACKED = 4 * 1024**3  # bytes: what one file may become
_MAX_MEMBERS = 32  # of a zipped bundle
_STEP = 1 << 20
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_MEMBER = re.compile(r"(?:[^/\\]{1,200}/)?([A-Za-z0-9][A-Za-z0-9._-]{0,99})")
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A readable file or folder. `torn`: the compressed data ended or broke before its end."""

    path: Path
    torn: bool = False


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Give `path` itself, or a copy without gzip, zlib (`.zhar`) or zip around it.

    The copy is only readable by its owner and goes away at the end. `UserError` if nothing can be
    unpacked, or if it would become larger than `MAX_UNPACKED`.
    """
    with path.open("rb") as file:
        head = file.read(512)
    is_zip, deflated = head[:4] == _ZIP, head[:2] == _GZIP or _is_zlib(head)
    if not is_zip and not deflated:
        yield Unpacked(path)
        return
    with tempfile.TemporaryDirectory(prefix="evenhand-") as folder:
        if is_zip:
            yield Unpacked(_unzip(path, Path(folder)))
        else:
            yield _inflate(path, Path(folder) / path.name)


def _is_zlib(head: bytes) -> bool:
    if len(head) < 8 or head[0] != 0x78 or int.from_bytes(head[:2]) % 31:
        return False
    try:
        return bool(zlib.decompressobj().decompress(head, 16))
    except zlib.error:
        return False


def _inflate(path: Path, target: Path) -> Unpacked:
    """Unpack gzip or zlib as far as it goes."""
    inflater = zlib.decompressobj(wbits=47)
    size = 0
    sound = True
    with path.open("rb") as source, target.open("xb") as sink:
        target.chmod(stat.S_IRUSR | stat.S_IWUSR)
        data = source.read(_STEP)
        while data and sound:
            try:
                piece = inflater.decompress(data, _STEP)
            except zlib.error:
                sound = False
                break
            size += len(piece)
            _check(path, size)
            sink.write(piece)
            data = inflater.unconsumed_tail
            if inflater.eof:
                data = inflater.unused_data
                if data[:2] != _GZIP[: len(data)] or not data:
                    break  # padding behind the end
                inflater = zlib.decompressobj(wbits=47)
            data = data or source.read(_STEP)
    if not size:
        raise UserError(f"{path.name} is broken: nothing in it can be unpacked", "copy it again")
    return Unpacked(target, torn=not (sound and inflater.eof))


def _unzip(path: Path, folder: Path) -> Path:
    """Unpack a zipped session bundle; `UserError` if that is not what it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            names = {info.filename: _MEMBER.fullmatch(info.filename) for info in files}
            bare = [found[1] for found in names.values() if found]
            if "session.json" not in bare:
                raise UserError(
                    f"{path.name} is a zip file without a session bundle",
                    "unpack it and import the files in it",
                )
            if len(bare) != len(files) or len(set(bare)) != len(bare) or len(bare) > _MAX_MEMBERS:
                raise UserError(
                    f"{path.name} holds more than one session bundle", "zip the folder of one"
                )
            size = 0
            for info, name in zip(files, bare, strict=True):
                with archive.open(info) as source, (folder / name).open("xb") as sink:
                    size = _copy(path, source, sink, size)
    except _FAULTS:
        raise UserError(f"{path.name} is a damaged or locked zip file", "zip it again") from None
    return folder


def _copy(path: Path, source: IO[bytes], sink: IO[bytes], size: int) -> int:
    while piece := source.read(_STEP):
        size += len(piece)
        _check(path, size)
        sink.write(piece)
    return size


def _check(path: Path, size: int) -> None:
    if size > MAX_UNPACKED:
        raise UserError(
            f"{path.name} unpacks to more than {MAX_UNPACKED >> 20} MiB", "split the recording"
        )


def copy_private(source: Path, target: Path) -> None:
    """Copy a file so that only its owner can read the copy."""
    with source.open("rb") as original, target.open("xb") as copy:
        target.chmod(stat.S_IRUSR | stat.S_IWUSR)
        shutil.copyfileobj(original, copy, _STEP)
