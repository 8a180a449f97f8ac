"""Rows of the table of identifiers, made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import synthetic

from analyzer.frames import Frames
from analyzer.frames import schema as frame_schema
from analyzer.knowledge import Knowledge

DIFFAUDIT = {
    "id.advertising": "Device Software Identifiers",
    "dev.model": "Device Information",
    "ad.interest": "Inference About Users",
    "ad.privacy_signal": "Account Settings",
}


def knowledge() -> Knowledge:
    plain = synthetic.knowledge()
    types = {name: replace(each, diffaudit=DIFFAUDIT[name]) for name, each in plain.types.items()}
    return replace(plain, types=types)


def identifier(
    of: str, owner: str, digest: str = "aa", t_s: float = 1.0, **changed: object
) -> dict[str, object]:
    """A row of `Frames.identifiers` in session `of`: sent in a query, if nothing else is said."""
    row: dict[str, object] = {
        "session": of,
        "digest": digest,
        "shape": "uuid",
        "data_type": "",
        "transformed": "raw",
        "owner": owner,
        "parent": "",
        "site": f"{owner.lower()}.example",
        "host": f"x.{owner.lower()}.example",
        "party": "third",
        "tracker": "yes",
        "direction": "sent",
        "part": "query",
        "path": "uid",
        "leads_to": "",
        "exchange": str(int(t_s * 10)),
        "t_s": t_s,
        "count": 1,
    }
    return row | changed


def server(of: str, host: str, country: str) -> dict[str, object]:
    source = "geo:a.mmdb 2026-06-17"
    return {"session": of, "host": host, "country": country, "source": source, "exchanges": 1}


def frames(
    sessions: Sequence[dict[str, object]],
    identifiers: Sequence[dict[str, object]] = (),
    findings: Sequence[dict[str, object]] = (),
    servers: Sequence[dict[str, object]] = (),
    coverage: Sequence[dict[str, object]] = (),
) -> Frames:
    return replace(
        synthetic.frames(sessions, findings, coverage=coverage),
        identifiers=frame_schema.table("identifiers", identifiers).to_pandas(),
        servers=frame_schema.table("servers", servers).to_pandas(),
    )
