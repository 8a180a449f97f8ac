"""A hash tree over rows, of which some fields can be shown later and the others cannot be guessed.

The tree is that of RFC 6962, section 2.1, over SHA-256: a leaf is hashed behind a byte 0, a node
behind a byte 1. A leaf here is a row, which is the commitments to its fields one after the other. A
commitment is the SHA-256 of a byte 2, a salt of 16 bytes, and the field as canonical JSON
``[table, name, value]`` (without spaces, in UTF-8). Whoever gets value and salt can hash them;
whoever gets the hash alone can try no values, because he lacks the salt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b, sha256
from typing import Any, Final

import orjson

SALT_BYTES: Final = 16
DIGEST_BYTES: Final = 32


def salt(seed: bytes, row: int, field: int) -> bytes:
    """Return the salt of a field: keyed BLAKE2b (RFC 7693) of its place under the secret `seed`."""
    return blake2b(b"%d/%d" % (row, field), key=seed, digest_size=SALT_BYTES).digest()


def commitment(salt: bytes, table: str, name: str, value: Any) -> bytes:
    """Return what a field is committed to by: 32 bytes."""
    field = [table, name, value]
    try:
        content = orjson.dumps(field)
    except TypeError:  # lone surrogates: bytes that are no text
        content = json.dumps(field, separators=(",", ":")).encode("ascii")
    return sha256(b"\2" + salt + content).digest()


def leaf(commitments: Iterable[bytes]) -> bytes:
    """Return the hash of a row from the commitments to its fields, in order."""
    return sha256(b"\0" + b"".join(commitments)).digest()


class Tree:
    """Takes leaves one by one; holds no more than one hash for each level.

    >>> tree = Tree()
    >>> tree.root().hex()[:8], tree.count
    ('e3b0c442', 0)
    """

    def __init__(self) -> None:
        self.count = 0
        self._open: list[tuple[int, bytes]] = []  # complete trees: (leaves, hash), larger first

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next row."""
        self.count += 1
        size = 1
        while self._open and self._open[-1][0] == size:
            leaf = _node(self._open.pop()[1], leaf)
            size *= 2
        self._open.append((size, leaf))

    def root(self) -> bytes:
        """Return the hash of all leaves so far."""
        if not self._open:
            return sha256().digest()
        hashes = [each for _, each in self._open]
        root = hashes.pop()
        while hashes:
            root = _node(hashes.pop(), root)
        return root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()
