"""A redacted copy of a sealed session: structure to be seen, values only by their hashes.

Shown are hosts, parts of paths, names of query, header and cookie fields, methods, statuses, sizes
and times, as far as nothing in them may be a value; who made the recording, how and where. Withheld
are values of headers, queries and bodies, addresses, and what the study calls personas and devices.
What is withheld of hosts, phones and servers has a pseudonym: a keyed digest, which equal ones
share. `custody.disclosed` says how a copy is checked.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from analyzer import __version__
from analyzer.bundle import verify
from analyzer.bundle.commitments import Row
from analyzer.bundle.seals import TIMESTAMP, has_seal, sealed_rows
from analyzer.custody.disclosed import FORMAT, VERSION, field, hidden
from analyzer.custody.merkle import commitment, salt
from analyzer.custody.seal import SEAL, SIGNATURE, read_seal
from analyzer.errors import UserError
from analyzer.exporters.outline import Outliner
from analyzer.exporters.searching import pieces
from analyzer.exporters.session import Recorded
from analyzer.extract.planted import Planted
from analyzer.feed.adapters import Adapter
from analyzer.models import Leaf

# What is shown as it is, unless a seeded value is in it: numbers, and words that the recorder or
# the study chose. Times and sizes are shown whatever they are.
_PLAIN: Final = frozenset({"id", "when", "sizes"})
_OWN: Final = {
    "session": frozenset(
        {
            "schema", "id", "app", "app_version", "arm", "repeat", "block", "started", "ended",
            "end_reason", "complete", "origin", "egress", "tools", "counts", "partial", "mode",
            "instrumented", "beside", "policy",
        }
    ),
    "step": frozenset({"name"}),
    "exchange": frozenset({"state", "transport", "status", "connection"}),
    "message": frozenset({"kind"}),
    "chunk": frozenset({"of"}),
    "event": frozenset({"kind", "reason"}),
    "connection": frozenset({"kind"}),
    "checkup": frozenset({"kind"}),
    "measured": frozenset({"kind"}),
}  # fmt: skip
# What was captured, and is shown where nothing in it looks like a value.
_CAPTURED: Final = frozenset({"method", "scheme", "query_names", "request_names", "response_names"})
_PLACES: Final = frozenset({"host", "path"})
_HOSTS: Final = frozenset({"exchange", "event", "connection"})  # tables that have these
_PSEUDONYMS: Final = frozenset({"host", "server", "phone"})
_EXIT: Final = "exit_country"  # the one measurement that is shown: it is what the arms are about


@dataclass(frozen=True, slots=True)
class Disclosed:
    """How many fields a copy shows, and how many it withholds."""

    shown: int
    withheld: int


class Discloser:
    """Makes redacted copies. `key` is the study's; `seeded`, `adapters` as of `Outliner`."""

    def __init__(
        self,
        key: bytes,
        seeded: Sequence[tuple[str, str]],
        adapters: Sequence[Adapter] | None = None,
    ) -> None:
        self._key = blake2b(b"redacted copies", key=key[:64]).digest()
        self._outliner = Outliner(seeded, adapters)
        self._planted = Planted(seeded)
        self._clean: dict[str, bool] = {}

    def write(self, bundle: Path, file: BinaryIO) -> Disclosed:
        """Write the copy of the sealed `bundle`, line by line.

        `UserError` if it has no seal, or is not as it was sealed: then nothing could be proven.
        """
        content, signature = _sealed(bundle)
        self._outliner.learn(Recorded(bundle))
        stamp = bundle / TIMESTAMP
        whole = sha256()
        shown = rows = withheld = 0

        def write(line: dict[str, Any]) -> None:
            text = orjson.dumps(line) + b"\n"
            whole.update(text)
            file.write(text)

        write(
            {
                "format": FORMAT,
                "version": VERSION,
                "evenhand": __version__,
                "seal": content.decode("ascii"),
                "signature": signature.decode("ascii"),
                "timestamp": base64.b64encode(
                    stamp.read_bytes() if stamp.is_file() else b""
                ).decode(),
            }
        )
        for rows, (seed, row) in enumerate(sealed_rows(bundle), 1):
            named = self._nameable(row)
            fields = [
                self._field(row, name, value, salt(seed, rows - 1, position), named)
                for position, (name, value) in enumerate(row.fields)
            ]
            hid = sum("withheld" in each for each in fields)
            withheld += hid
            shown += len(fields) - hid
            write({"table": row.table, "fields": fields})
        file.write(orjson.dumps({"rows": rows, "sha256": whole.hexdigest()}) + b"\n")
        return Disclosed(shown, withheld)

    def _nameable(self, row: Row) -> Iterator[bool]:
        """Yield for host and parts of the path whether they are the same in the outline.

        What is a name of somebody shows only where it stands: all of it is looked at together.
        """
        if row.table not in _HOSTS:
            return
        fields = dict(row.fields)
        host = str(fields["host"])
        url = f"{fields.get('scheme', 'https')}://{host}"
        parts = [str(value) for name, value in row.fields if name == "path"]
        whole = self._outliner.url("/".join([url, *parts]))
        shown = whole.partition("://")[2].split("/")
        there = [host, *parts]
        if len(shown) == len(there):
            yield from (a == b for a, b in zip(shown, there, strict=True))
        else:
            yield from (False for _ in there)

    def _field(
        self, row: Row, name: str, value: Any, salt: bytes, named: Iterator[bool]
    ) -> dict[str, Any]:
        if (
            next(named)
            if name in _PLACES and row.table in _HOSTS
            else self._may_show(row, name, value)
        ):
            return field(name, value, salt)
        committed = commitment(salt, row.table, name, value)
        return hidden(name, committed, self._pseudonym(name, value))

    def _may_show(self, row: Row, name: str, value: Any) -> bool:
        if name in _PLAIN or value is None:
            return True
        if name in _OWN[row.table]:
            return all(self._is_clean(text) for text in _texts(value))
        if row.table == "measured" and name == "value":
            return dict(row.fields)["kind"][0] == _EXIT and self._is_nameable(str(value))
        return name in _CAPTURED and all(self._is_nameable(text) for text in _texts(value))

    def _is_nameable(self, text: str) -> bool:
        return self._outliner.name(text) == text

    def _is_clean(self, text: str) -> bool:
        """Tell whether no seeded value is in `text`, however it is written."""
        known = self._clean.get(text)
        if known is None:
            leaves = [Leaf("", "body", "", each, ()) for each in (text, *pieces(text))]
            content = text.encode("utf-8", "replace")
            known = text.isprintable() and not self._planted.find(leaves, [content]).hits
            if len(self._clean) < 20_000:
                self._clean[text] = known
        return known

    def _pseudonym(self, name: str, value: Any) -> str:
        if name not in _PSEUDONYMS or not value:
            return ""
        content = str(value).lower().encode("utf-8", "surrogatepass")
        return f"{name}-{blake2b(content, key=self._key, digest_size=8).hexdigest()}"


def _sealed(bundle: Path) -> tuple[bytes, bytes]:
    """Return seal and signature (b"": none) of `bundle`; `UserError` where they are of no use."""
    if not has_seal(bundle):
        raise UserError(f"{bundle.name} has no seal", "it was recorded with an older version")
    if wrong := verify(bundle):
        raise UserError(f"{bundle.name} is not as it was sealed", wrong[0].rstrip("."))
    content = (bundle / SEAL).read_bytes()
    seal = read_seal(content)
    if not seal.root:
        raise UserError(f"{bundle.name} was sealed damaged", "its rows cannot be shown one by one")
    return content, (bundle / SIGNATURE).read_bytes() if seal.signer else b""


def _texts(value: Any) -> list[str]:
    """Return every text in `value`, and what its keys are."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*map(str, value), *(text for each in value.values() for text in _texts(each))]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return []
