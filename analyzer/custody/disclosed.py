"""A redacted session: some of its fields, with proof that the sealed session has them.

One JSON object a line. First the seal with its signature and time-stamp, then every row of the
capture in the order of the seal, and at the end the number of rows with the SHA-256 of all lines
before. Each field of a row has either its value and salt, or the hash that it is committed to by.
From these, without the original, the root of the seal's tree is made anew.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from analyzer.custody.merkle import DIGEST_BYTES, SALT_BYTES, Tree, commitment, leaf
from analyzer.custody.seal import Seal, read_seal, read_signature

ENDING: Final = ".redacted.jsonl"
FORMAT: Final = "evenhand redacted session"
VERSION: Final = 1
_LONGEST: Final = 1 << 24  # bytes of a line


@dataclass(frozen=True, slots=True)
class Copy:
    """What a redacted copy says, and what is wrong with it, the first first.

    `seal` is None where it cannot be read. `timestamp`: the time-stamp, b"" if there is none.
    """

    faults: tuple[str, ...]
    seal: Seal | None = None
    sealed: bytes = b""
    signer: str = ""
    timestamp: bytes = b""
    shown: int = 0
    withheld: int = 0


class _BrokenError(Exception):
    """Says what is wrong."""


def field(name: str, value: Any, salt: bytes) -> dict[str, Any]:
    """Return a field that is shown."""
    return {"name": name, "value": value, "salt": salt.hex()}


def hidden(name: str, committed: bytes, pseudonym: str = "") -> dict[str, Any]:
    """Return a field that is withheld; `pseudonym` is the same for equal values of the study."""
    more = {"pseudonym": pseudonym} if pseudonym else {}
    return {"name": name, "withheld": committed.hex(), **more}


def read_copy(file: Path) -> Copy:
    """Check the redacted copy `file`; `OSError` if it cannot be read."""
    tree, tables = Tree(), Counter[str]()
    counts = Counter[str]()
    before = sha256()
    number = 0
    head: Copy | None = None
    ended = False
    try:
        for number, line in _lines(file):  # noqa: B007 - for what is raised
            if ended:
                raise _BrokenError("is behind its end")
            parsed = _parsed(line)
            if head is None:
                head = _head(parsed)
            elif "rows" in parsed:
                if parsed != {"rows": tree.count, "sha256": before.hexdigest()}:
                    raise _BrokenError(
                        "or one before was changed: it is not what its last line says"
                    )
                ended = True
            else:
                tables[str(parsed.get("table"))] += 1
                tree.add(_row(parsed, counts))
            before.update(line)
    except _BrokenError as fault:
        return Copy((f"Line {number} of {file.name} {fault}.",))
    if head is None or head.seal is None or not ended:
        return Copy((f"{file.name} is cut off at its end.",))
    faults = list(head.faults)
    if tree.root().hex() != head.seal.root or dict(tables) != head.seal.rows:
        faults.append(f"The rows of {file.name} are not those that were sealed.")
    return Copy(
        tuple(faults),
        head.seal,
        head.sealed,
        head.signer,
        head.timestamp,
        counts["shown"],
        counts["withheld"],
    )


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as stream:
        number = 0
        while line := stream.readline(_LONGEST):
            number += 1
            yield number, line


def _parsed(line: bytes) -> dict[str, Any]:
    """Return the object on a line, which is, to the byte, as one is written."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or orjson.dumps(found) + b"\n" != line:
        raise _BrokenError("was changed: it is not as it was written")
    return found


def _head(parsed: dict[str, Any]) -> Copy:
    if parsed.get("format") != FORMAT or parsed.get("version") != VERSION:
        raise _BrokenError("is not the beginning of a redacted session that this version knows")
    try:
        sealed = str(parsed["seal"]).encode("ascii")
        signed = str(parsed["signature"]).encode("ascii")
        timestamp = base64.b64decode(parsed["timestamp"], validate=True)
        seal = read_seal(sealed)
        signature = read_signature(signed) if signed else None
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _BrokenError("was changed: its seal or signature is none") from None
    if bool(seal.signer) != bool(signature):
        raise _BrokenError(
            "was changed: the signature that the seal names is missing, or none is named"
        )
    if signature and not (signature.fingerprint == seal.signer and signature.signs(sealed)):
        raise _BrokenError("was changed: its signature is not that of its seal")
    return Copy((), seal, sealed, seal.signer, timestamp)


def _row(parsed: dict[str, Any], counts: Counter[str]) -> bytes:
    """Return the leaf of a row, and count its fields in `counts`."""
    committed: list[bytes] = []
    try:
        table, fields = parsed["table"], parsed["fields"]
        for each in fields:
            if "withheld" in each:
                counts["withheld"] += 1
                committed.append(_hex(each["withheld"], DIGEST_BYTES))
            else:
                counts["shown"] += 1
                salt = _hex(each["salt"], SALT_BYTES)
                committed.append(commitment(salt, table, each["name"], each["value"]))
    except (KeyError, TypeError, ValueError):
        raise _BrokenError("was changed: it is no row") from None
    return leaf(committed)


def _hex(text: str, size: int) -> bytes:
    found = bytes.fromhex(text)
    if len(found) != size or found.hex() != text:
        raise ValueError("it is no hash")
    return found
