"""`SHA256SUMS`: what files were when they were written, in the format of `sha256sum`.

One byte that differs, in a file or in the list itself, is a fault: the list has to be, to the byte,
as `text_of` writes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from analyzer.alone import alone
from analyzer.whole import write_whole

SUMS = "SHA256SUMS"
_SUM = re.compile(r"([0-9a-f]{64})  ([^/\\\x00\n]{1,255})")


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits; `OSError` if it cannot be read."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text_of(listed: Mapping[str, str]) -> str:
    """Return the text of the list of these digests by name, in order of the names."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(listed.items()))


def write_sums(folder: Path, files: Iterable[Path]) -> None:
    """Write the list of `files`, all of which lie in `folder`, for its owner only.

    It appears whole or not at all, and is on the disk when this returns; `OSError` if that is full.
    """
    _write(folder, {file.name: sha256(file) for file in files})


def add_to_sums(folder: Path, file: Path) -> None:
    """List `file`, which was just written into `folder`; the others stay listed as they were.

    Whatever else was changed there stays found out. Files that are gone are listed no more.
    """
    with alone(folder, patient=True):
        try:
            listed, _ = read_sums(folder)
        except (OSError, ValueError):
            listed = {}
        kept = {name: digest for name, digest in listed.items() if (folder / name).exists()}
        _write(folder, kept | {file.name: sha256(file)})


def _write(folder: Path, listed: Mapping[str, str]) -> None:
    write_whole(folder / SUMS, text_of(listed).encode())


def read_sums(folder: Path) -> tuple[dict[str, str], list[str]]:
    """Return the digests by name, and a sentence for each fault of the list itself.

    `OSError` or `ValueError` where there is no readable list.
    """
    # Not `splitlines`: it takes a dozen other characters for ends of lines.
    text = (folder / SUMS).read_bytes().decode("utf-8")
    *lines, rest = text.split("\n")
    listed: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate([*lines, *([rest] if rest else [])], 1):
        if found := _SUM.fullmatch(line):
            listed[found[2]] = found[1]
        else:
            wrong.append(f"Line {number} of {SUMS} is not a checksum.")
    if not wrong and text != text_of(listed):
        wrong.append(f"{SUMS} was changed: it is not as it was written.")
    return listed, wrong


def check_sums(folder: Path, listed: Mapping[str, str], since: str) -> list[str]:
    """Return a sentence for each file of `folder` that is not as `listed`.

    `since` says after what they were not to change: "the session was closed". `OSError` where one
    cannot be read.
    """
    wrong: list[str] = []
    for name, expected in sorted(listed.items()):
        file = folder / name
        if not file.is_file():
            wrong.append(f"{name} is missing.")
        elif sha256(file) != expected:
            wrong.append(f"{name} was changed after {since}.")
    return wrong


def unlisted(
    folder: Path, listed: Mapping[str, str], since: str, harmless: Callable[[Path], bool]
) -> list[str]:
    """Return a sentence for each file of `folder` that is not `listed`, nor `harmless`."""
    return [
        f"{file.name} was added after {since}."
        for file in sorted(folder.iterdir())
        if file.name not in listed and file.name != SUMS and not harmless(file)
    ]
