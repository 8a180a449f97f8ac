"""Follows one finding or signal back into its capture, which is read, decoded and searched again.

What is shown is what is in the capture now, not what a table says. Values stay hidden: digests are
compared, never printed values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.bundle import read_session, verify
from analyzer.bundle.store import DATABASE
from analyzer.classify import Classifier
from analyzer.decode import Decoded, decode
from analyzer.explanation import Check, Trail
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.extract.planted import Planted
from analyzer.extract.shapes import safe_url
from analyzer.instants import instant, iso
from analyzer.knowledge import Knowledge, Tracker
from analyzer.models import Exchange, Session
from analyzer.pipeline import persona_of
from analyzer.readers.bundle import read_exchanges
from analyzer.study import Study
from analyzer.sums import SUMS, read_sums

Row = dict[str, Any]  # of Frames.findings or Frames.signals


def follow(study: Study, knowledge: Knowledge, row: Row) -> Trail:
    """Return the trail of a `row` of the findings or signals; `UserError` if its bundle is gone."""
    bundle = study.captures / row["session"]
    found = Reread.of(bundle, row["exchange"])
    session, exchange = found.session, found.exchange
    mask = Planted(persona_of(study, session).values).mask
    return Trail(
        id=row["id"],
        kind="data" if _is_data(row) else "signal",
        session=session.id,
        phase=row["phase"],
        exchange=row["exchange"],
        t_s=exchange.t_s if exchange else None,
        **recorded_as(found, mask),
        part=row["part"],
        path=row["path"],
        steps=tuple(row["steps"]),
        layers=tuple(map(len, found.decoded.payloads)) if found.decoded else (),
        rule_id=row["rule_id"],
        host=row["host"],
        site=row["site"],
        owner=row["owner"],
        owner_reason=_owner_reason(knowledge, row["host"], row["site"], row["owner"]),
        party=row["party"],
        party_reason=_party_reason(study, row["host"]),
        purpose=row["purpose"],
        check=_check(study, knowledge, found, row, mask),
        **(_about_data(knowledge, row) if _is_data(row) else _about_signal(knowledge, row)),
    )


@dataclass(frozen=True, slots=True)
class Reread:
    """An exchange, taken from its capture again; None where it is no longer there."""

    bundle: Path
    session: Session
    exchange: Exchange | None
    decoded: Decoded | None

    @classmethod
    def of(cls, bundle: Path, wanted: str) -> Reread:
        """Read the exchange `wanted` of `bundle` again; `UserError` if that is gone."""
        session = read_session(bundle)
        exchange = next((each for each in read_exchanges(bundle) if each.id == wanted), None)
        return cls(bundle, session, exchange, decode(exchange) if exchange else None)


def recorded_as(found: Reread, mask: Callable[[str], str]) -> dict[str, Any]:
    """Return what all trails say of an exchange and its session, by the name of the field.

    `mask` hides the values of the persona in the URL.
    """
    session, exchange = found.session, found.exchange
    return {
        "arm": session.arm.label,
        "country": session.arm.country,
        "age": session.arm.age,
        "consent": session.arm.consent,
        "at": _instant(session, exchange),
        "capture": _sealed(found.bundle),
        "request": f"{exchange.method} {safe_url(mask(exchange.url))}" if exchange else "",
        "transport": exchange.transport if exchange else "",
        "status": exchange.status if exchange else None,
        "request_bytes": len(exchange.request_body) if exchange else 0,
        "response_bytes": len(exchange.response_body) if exchange else 0,
    }


def _instant(session: Session, exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    return iso(instant(session.started) + exchange.t_s)


def _sealed(bundle: Path) -> str:
    """Return the SHA-256 of the capture by the list that it was sealed with."""
    try:
        return read_sums(bundle)[0].get(DATABASE, "")
    except (OSError, ValueError):
        return ""


def _is_data(row: Row) -> bool:
    return "data_type" in row


def _about_data(knowledge: Knowledge, row: Row) -> dict[str, Any]:
    known = knowledge.types.get(row["data_type"])
    return {
        "subject": row["data_type"],
        "meaning": known.meaning if known else "",
        "verdict": "",
        "shape": row["shape"],
        "digest": row["digest"],
        "transformed": row["transformed"],
        "method": row["method"],
        "confidence": row["confidence"],
        "reason": row["reason"],
        "source": row["source"],
        "grade": row["grade"],
        "verified": row["grade"] != "K",
    }


def _about_signal(knowledge: Knowledge, row: Row) -> dict[str, Any]:
    known = knowledge.signals.get(row["signal"])
    return {
        "subject": row["signal"],
        "meaning": known.meaning if known else "",
        "verdict": row["verdict"],
        "shape": row["value"],
        "digest": "",
        "transformed": "",
        "method": "",
        "confidence": 100,
        "reason": f"{known.title}: {known.values}" if known else "",
        "source": known.source if known else "",
        "grade": known.grade if known else "",
        "verified": known.verified if known else False,
    }


def _owner_reason(knowledge: Knowledge, host: str, site: str, owner: str) -> str:
    for tracker in knowledge.trackers:
        if tracker.owner == owner and _serves(tracker, host):
            return f"{tracker.file} names {host} ({tracker.source})"
    listed = knowledge.owners.lookup(host)
    if listed and listed.owner == owner:
        return f"the list of owners has {listed.domain} ({listed.source})"
    return f"nobody is known to own {site or 'this host'}, so its domain stands for it"


def _serves(tracker: Tracker, host: str) -> bool:
    return any(
        pattern == host or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for endpoint in tracker.endpoints
        for pattern in endpoint.hosts
    )


def _party_reason(study: Study, host: str) -> str:
    for domain in study.first_party:
        if host == domain or host.endswith(f".{domain}"):
            return f"study.toml lists {domain} as the app's own"
    return "study.toml does not list it as the app's own"


def _check(
    study: Study, knowledge: Knowledge, found: Reread, row: Row, mask: Callable[[str], str]
) -> Check:
    """Compare `row` with what the capture says now."""
    sealed = (found.bundle / SUMS).is_file()
    wrong = verify(found.bundle) if sealed else []
    if wrong:
        return Check(False, f"The capture is not what was sealed: {wrong[0]}")
    if found.exchange is None or found.decoded is None:
        return Check(False, f"The capture holds no exchange {row['exchange']}.")
    host = place_of(found.exchange.url)[0]
    destination = Classifier(study, knowledge, mask).destination(host)
    same_owner = (destination.owner, destination.party) == (row["owner"], row["party"])
    if not same_owner or not _found_again(study, knowledge, found, row):
        return Check(False, "The capture, read again just now, does not say this.")
    seal = "its checksums are right" if sealed else "it was never sealed"
    same = "the same digest" if _is_data(row) else "the same signal"
    return Check(True, f"Checked against the capture just now: {same} at this place, and {seal}.")


def _found_again(study: Study, knowledge: Knowledge, found: Reread, row: Row) -> bool:
    if found.exchange is None:
        return False
    values = persona_of(study, found.session).values
    extractor = Extractor(knowledge, values, study.key, found.session.arm.age)
    again = extractor.extract(found.exchange, found.decoded)
    if _is_data(row):
        wanted = tuple(row[name] for name in ("part", "path", "data_type", "rule_id", "digest"))
        return wanted in {
            (match.part, match.path, match.data_type, match.rule_id, match.digest)
            for match in again.matches
        }
    wanted = tuple(row[name] for name in ("part", "path", "signal", "value", "verdict"))
    return wanted in {
        (each.part, each.path, each.signal, each.value, each.verdict) for each in again.signals
    }
