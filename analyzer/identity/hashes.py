"""Finds the identifiers that are the MD5, SHA-1 or SHA-256 of another one that was seen."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

_DIGEST: Final = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)
_BY_LENGTH: Final = {32: "md5", 40: "sha1", 64: "sha256"}


def hashed(values: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return, for each of `values` that is a hash of another one, that one and the kind of hash.

    Values are hashed as they are, in lower and in upper case; UUIDs also without their dashes.
    """
    every = list(values)
    wanted = {value.lower(): value for value in every if _DIGEST.fullmatch(value)}
    kinds = sorted({_BY_LENGTH[len(value)] for value in wanted})
    found: dict[str, tuple[str, str]] = {}
    if not wanted:
        return found
    for value in every:
        for form in sorted(_forms(value)):
            data = form.encode("utf-8", "surrogatepass")
            for kind in kinds:
                digest = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
                if digest in wanted and wanted[digest] != value:
                    found.setdefault(wanted[digest], (value, kind))
    return found


def _forms(value: str) -> set[str]:
    forms = {value, value.lower(), value.upper()}
    if value.count("-") == 4:
        forms |= {form.replace("-", "") for form in tuple(forms)}
    return forms
