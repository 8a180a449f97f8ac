"""`SHA256SUMS.sig`: a folder of files that may be given away, signed by who made it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from analyzer.custody.keys import key_or_none
from analyzer.custody.seal import Signature, read_signature, sign
from analyzer.sums import SUMS, check_sums, read_sums

SUMS_SIGNATURE: Final = f"{SUMS}.sig"


def sign_sums(folder: Path) -> str:
    """Sign the SHA256SUMS of `folder`; return the key's fingerprint, "" where there is none."""
    key = key_or_none()
    if key is None:
        return ""
    (folder / SUMS_SIGNATURE).write_bytes(sign((folder / SUMS).read_bytes(), key))
    return key.fingerprint


def check_signature(folder: Path, since: str) -> tuple[list[str], str]:
    """Return what is wrong with the signature of `folder`, and the fingerprint of its key.

    "" where it is not signed. `since` is as in `sums.check_sums`. A list of sums that fits neither
    its signature nor the files is what was changed.
    """
    try:
        content = (folder / SUMS_SIGNATURE).read_bytes()
    except OSError:
        return [], ""
    signature: Signature | None
    try:
        signature = read_signature(content)
    except ValueError:
        signature = None
    listed = (folder / SUMS).read_bytes()
    if signature and signature.signs(listed):
        return [], signature.fingerprint
    found, wrong = read_sums(folder)
    guilty = SUMS if signature and (wrong or check_sums(folder, found, since)) else SUMS_SIGNATURE
    return [f"{guilty} was changed after {since}."], ""
