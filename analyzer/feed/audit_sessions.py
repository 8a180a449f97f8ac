"""Whether a session is what the protocol says of its account, and where it was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from analyzer.compare.admission import misplaced
from analyzer.compare.region import expected_of
from analyzer.feed.driven import read_orders
from analyzer.feed.protocol import Account, Dwell
from analyzer.gates import GateName
from analyzer.knowledge import Knowledge
from analyzer.models import Session
from analyzer.readers.bundle import read_measured
from analyzer.region.measured import measured_facts
from analyzer.region.verdict import prove
from analyzer.said import Said
from analyzer.study import Study

# What a role does not go by: a control watches everything alike, all others choose.
_NOT_FOR: Final = {"control": ("rounds", "skip_s"), "seeded": ("control_s",)}


def is_otherwise(session: Session, log: Path, account: Account, dwell: Dwell) -> bool:
    """Tell whether `session`, or its driver by its `log`, went by another protocol than this.

    By another account, role, interest or rule of watching. What was not noted says nothing.
    """
    if session.role and (session.role, session.interest) != (account.role, account.interest):
        return True
    watched = _rules(asdict(dwell), account)
    return any(
        drive.account not in {None, account.name}
        or drive.role not in {None, account.role}
        or drive.interest not in {None, account.interest}
        or (drive.dwell is not None and _rules(drive.dwell, account) != watched)
        for drive in read_orders(log)
    )


def misplaced_session(
    session: Session, bundle: Path, study: Study, knowledge: Knowledge
) -> tuple[GateName, Said] | None:
    """Return the gate that `session` fails for where it was recorded, and why; None for none.

    By what was measured: its answers are not looked through for what servers say of it.
    """
    proof = prove(
        measured_facts(session.id, read_measured(bundle), knowledge),
        expected_of(session.arm, study),
        knowledge.countries,
        session=session.id,
        side="a",
        arm=session.arm.label,
        egress=session.egress or "",
    )
    return misplaced(proof, session.egress or "")


def _rules(dwell: Mapping[str, Any], account: Account) -> dict[str, Any]:
    others = _NOT_FOR.get(account.role, ())
    return {name: value for name, value in dwell.items() if name not in others}
