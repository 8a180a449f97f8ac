"""The ids by which `explain` is asked for an item that was shown once, to one account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

ID: Final = re.compile(r"i[0-9a-f]{2,10}")  # or a beginning of one
_OF: Final = ("session", "surface", "exchange", "place")


def showing_id(secret: bytes, row: Mapping[str, Any]) -> str:
    """Return the id of the showing `row`: an i, and 10 hex digits of a keyed digest of its place.

    Who does not have `secret`, the key of the study, learns nothing from it; another showing of the
    same item has another one.
    """
    told = "\0".join(str(row[name]) for name in _OF)
    return (
        "i" + blake2b(told.encode(), key=secret[:64], person=b"showing", digest_size=5).hexdigest()
    )
