"""The seal of a bundle: made when it is closed, checked when it is verified.

`seal.rows` is never given away: its first 32 bytes are the secret that all salts are made of. Then
come the hashes of the rows, 32 bytes each, by which `verify` names the row that was changed; on a
full disk they are left out.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256 as of_bytes
from pathlib import Path
from typing import Any, Final

from analyzer import __version__
from analyzer.bundle import store
from analyzer.bundle.commitments import Row, read_rows, row_hash, row_name
from analyzer.custody import log
from analyzer.custody.keys import key_or_none
from analyzer.custody.merkle import DIGEST_BYTES, Tree
from analyzer.custody.seal import (
    SCHEMA,
    SEAL,
    SIGNATURE,
    Seal,
    digest,
    read_seal,
    read_signature,
    seal_bytes,
    sign,
)
from analyzer.errors import UserError
from analyzer.instants import now
from analyzer.sums import SUMS, sha256
from analyzer.whole import write_whole

SESSION: Final = "session.json"
LOCK: Final = "recording.lock"
ROWS: Final = "seal.rows"
TIMESTAMP: Final = "seal.tsr"  # made later, so that it is no part of what is sealed
SOURCE: Final = "source-"  # before the names of a seal that was made in another study
_SEED_BYTES: Final = 32
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_SINCE: Final = "the session was closed"


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What may be told of a seal. `signer`: fingerprint of the key; "" where none signed."""

    digest: str
    sealed: str
    number: int
    signer: str
    timestamped: bool


def has_seal(bundle: Path) -> bool:
    """Whether `bundle` was sealed by a version that makes seals."""
    return (bundle / SEAL).is_file()


def has_source(bundle: Path) -> bool:
    """Whether `bundle` was taken over from another study, with the seal that it had there."""
    return (bundle / f"{SOURCE}{SEAL}").is_file()


def seal_facts(bundle: Path) -> SealFacts | None:
    """Return what the seal of `bundle` says, unchecked; None where there is none to be read."""
    try:
        content = (bundle / SEAL).read_bytes()
        seal = read_seal(content)
    except (OSError, ValueError):
        return None
    there = (bundle / TIMESTAMP).is_file()
    return SealFacts(digest(content), seal.sealed, seal.number, seal.signer, there)


def study_of(bundle: Path) -> Path:
    """Return the folder of the study that `bundle` would lie in."""
    return bundle.absolute().parent.parent


def write_seal(bundle: Path) -> None:
    """Seal `bundle`, whose files are as they shall stay: `seal.*`, and a line in the custody log.

    What a sealing that was cut off has left is written anew. `OSError` where the disk is full.
    """
    for name in (SEAL, SIGNATURE, TIMESTAMP, ROWS):
        (bundle / name).unlink(missing_ok=True)
    session = _described(bundle)
    rows, root = _write_rows(bundle)
    left_out = {SUMS, LOCK}
    files = sorted(
        each for each in bundle.iterdir() if each.is_file() and each.name not in left_out
    )
    sums = {file.name: sha256(file) for file in files}
    key = key_or_none()
    with log.held(study_of(bundle), key) as held:
        before = [each for each in held.entries if each.what == "sealed"] if held else []
        content = seal_bytes(
            Seal(
                schema=SCHEMA,
                session=str(session["id"]),
                sealed=now(),
                evenhand=__version__,
                files=sums,
                rows=rows,
                root=root,
                number=len(before) + 1 if held else 0,
                previous=str(before[-1].details.get("seal", "")) if before else "",
                signer=key.fingerprint if key else "",
            )
        )
        write_whole(bundle / SEAL, content)
        if key:
            write_whole(bundle / SIGNATURE, sign(content, key))
        if held:
            told = {"session": str(session["id"]), "seal": digest(content)}
            held.add("sealed", **told, end=str(session["end_reason"]), **_of_account(session))


def seal_sums(bundle: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the SHA256SUMS of a bundle with a sound seal lists."""
    content = (bundle / SEAL).read_bytes()
    sums = dict(read_seal(content).files) | {SEAL: digest(content)}
    if (bundle / SIGNATURE).is_file():
        sums[SIGNATURE] = sha256(bundle / SIGNATURE)
    return sums


def check_seal(
    bundle: Path, listed: Mapping[str, str], logged: str = ""
) -> tuple[list[str], Seal | None]:
    """Return what is wrong with seal and signature, and the seal if it can be relied upon.

    `listed` is what SHA256SUMS says, `logged` the digest that the custody log has ("": none). These
    tell which of two things that contradict each other was changed.
    """
    if not has_seal(bundle):
        return _without_seal(listed, logged), None
    content = (bundle / SEAL).read_bytes()
    as_listed = digest(content) == (logged or listed.get(SEAL))
    try:
        seal = read_seal(content)
    except ValueError:
        return [f"{SEAL} was changed after {_SINCE}."], None
    signed = bundle / SIGNATURE
    if not seal.signer:
        wrong = [f"{SIGNATURE} was added after {_SINCE}."] if signed.exists() else []
        if not as_listed:
            also = "" if logged else f", or {SUMS} was"
            wrong.append(f"{SEAL} was changed after {_SINCE}{also}.")
        return wrong, None if wrong else seal
    if not signed.is_file():
        return [f"{SIGNATURE} is missing: {SEAL} says that it was signed."], None
    signature = signed.read_bytes()
    try:
        found = read_signature(signature)
        sound = found.fingerprint == seal.signer and found.signs(content)
    except ValueError:
        sound = False
    if not sound:
        untouched = listed.get(SIGNATURE) == digest(signature)
        guilty = SEAL if untouched and not as_listed else SIGNATURE
        if as_listed == untouched:
            return [f"{SIGNATURE} is not the signature of {SEAL}: one was changed."], None
        return [f"{guilty} was changed after {_SINCE}."], None
    if logged and not as_listed:
        return [f"{SEAL} is not the one that {log.LOG} has of this session."], seal
    return [], seal


def _without_seal(listed: Mapping[str, str], logged: str) -> list[str]:
    if logged or SEAL in listed:
        return [f"{SEAL} is missing."]
    return []


def check_rows(bundle: Path, seal: Seal) -> list[str]:
    """Return what is wrong with the tree over the rows of a bundle whose files are as sealed."""
    if not seal.root:
        return []
    tree, counts = Tree(), Counter[str]()
    with _rows(bundle) as rows:
        seed = _seed(bundle)
        for number, row in enumerate(rows):
            tree.add(row_hash(seed, number, row))
            counts[row.table] += 1
    if tree.root().hex() == seal.root and dict(counts) == seal.rows:
        return []
    return [f"The root in {SEAL} is not that of the rows of {store.DATABASE}."]


def changed_row(bundle: Path) -> str:
    """Name the first row of a capture that is not as it was sealed; "" where none is to be found.

    Bodies are looked at as well, which are under their digests in a table of their own.
    """
    try:
        kept = (bundle / ROWS).read_bytes()
        seed, hashes = kept[:_SEED_BYTES], kept[_SEED_BYTES:]
        number = -1
        with _rows(bundle) as rows:
            for number, row in enumerate(rows):
                start = number * DIGEST_BYTES
                if hashes and row_hash(seed, number, row) != hashes[start : start + DIGEST_BYTES]:
                    return row_name(row)
        if hashes and (number + 1) * DIGEST_BYTES < len(hashes):
            return f"one of its rows, which is missing ({number + 1} are left)"
        return _changed_body(bundle)
    except (OSError, ValueError, UserError, *store.DAMAGED):
        return ""


def _changed_body(bundle: Path) -> str:
    with contextlib.closing(store.open_to_read(bundle / store.DATABASE)) as database:
        for (key,) in database.execute("SELECT sha256 FROM body"):
            body = store.get_body(database, key)
            if body is not None and of_bytes(body).digest() == key:
                continue
            found = database.execute(
                "SELECT id FROM exchange WHERE request_body=? OR response_body=? UNION"
                " SELECT exchange FROM message WHERE body=? ORDER BY 1",
                (key, key, key),
            ).fetchone()
            return f"a body of exchange {found[0]}" if found else "a body"
    return ""


def _write_rows(bundle: Path) -> tuple[dict[str, int], str]:
    """Write `seal.rows`; return the number of rows by table, and the root of their tree."""
    seed = secrets.token_bytes(_SEED_BYTES)
    tree, counts = Tree(), Counter[str]()
    part = bundle / f"{ROWS}.part"
    handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(seed)
        file.flush()
        full = False
        try:
            with _rows(bundle) as rows:
                for number, row in enumerate(rows):
                    leaf = row_hash(seed, number, row)
                    tree.add(leaf)
                    counts[row.table] += 1
                    full = full or not _added(file.fileno(), leaf)
        except (UserError, *store.DAMAGED):
            full, tree = True, Tree()
        if full:
            os.ftruncate(file.fileno(), _SEED_BYTES)
        os.fsync(file.fileno())
    part.replace(bundle / ROWS)
    return (dict(counts), tree.root().hex()) if tree.count else ({}, "")


def _added(file: int, leaf: bytes) -> bool:
    try:
        return os.write(file, leaf) == DIGEST_BYTES
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        return False


@contextlib.contextmanager
def _rows(bundle: Path) -> Iterator[Iterator[Row]]:
    with contextlib.closing(store.open_to_read(bundle / store.DATABASE)) as database:
        yield read_rows(database, _described(bundle))


def _of_account(session: dict[str, Any]) -> dict[str, int]:
    """Return how much an account's session holds: what it was shown counts, should it be lost."""
    if not session.get("account"):
        return {}
    return {"exchanges": int(dict(session["counts"]).get("exchanges", 0))}


def _described(bundle: Path) -> dict[str, Any]:
    """Return what `session.json` says; `ValueError` if it says nothing."""
    found = json.loads((bundle / SESSION).read_bytes())
    return dict(found)


def _seed(bundle: Path) -> bytes:
    with (bundle / ROWS).open("rb") as file:
        return file.read(_SEED_BYTES)


def sealed_rows(bundle: Path) -> Iterator[tuple[bytes, Row]]:
    """Yield every row of a sealed bundle with the secret that its salts are made of."""
    seed = _seed(bundle)
    with _rows(bundle) as rows:
        for row in rows:
            yield seed, row
