"""The sessions of the frames as records, and those that cannot take part."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from analyzer.comparison import Excluded
from analyzer.models import Arm


@dataclass(frozen=True, slots=True)
class Recorded:
    """One session, as `Frames.sessions` describes it; "" where nobody wrote it down."""

    id: str
    arm: Arm
    persona: str
    repeat: int
    block: str
    device: str
    app: str
    app_version: str
    started: str
    ended: str
    end_reason: str
    complete: bool
    origin: str
    egress: str
    tools: tuple[tuple[str, str], ...]
    partial: tuple[str, ...]
    phases: tuple[str, ...]
    exchanges: int
    capture: str

    @property
    def seconds(self) -> float | None:
        """How long it lasted; None where its end is not known."""
        if not self.ended:
            return None
        return (_instant(self.ended) - _instant(self.started)).total_seconds()


def recorded(sessions: pd.DataFrame) -> list[Recorded]:
    """Return every row of `Frames.sessions`, by arm, repeat and id."""
    rows = cast("list[dict[str, Any]]", sessions.to_dict("records"))
    found = [
        Recorded(
            id=row["id"],
            arm=Arm(row["arm"], row["country"], int(row["age"]), row["consent"]),
            persona=row["persona"],
            repeat=int(row["repeat"]),
            block=row["block"],
            device=row["device"],
            app=row["app"],
            app_version=row["app_version"],
            started=row["started"],
            ended=row["ended"],
            end_reason=row["end_reason"],
            complete=bool(row["complete"]),
            origin=row["origin"],
            egress=row["egress"],
            tools=tuple((name, version) for name, version in row["tools"]),
            partial=tuple(row["partial"]),
            phases=tuple(row["phases"]),
            exchanges=int(row["exchanges"]),
            capture=row["capture"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.arm.label, each.repeat, each.id))


def misplaced(sessions: list[Recorded]) -> list[Excluded]:
    """Return the sessions that were measured in another country than their arm's.

    They are evidence of neither country.
    """
    return [
        Excluded(
            each.id, f"its traffic left from {each.egress}, but its arm is in {each.arm.country}"
        )
        for each in sessions
        if each.egress and each.egress.upper() != each.arm.country
    ]


def _instant(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
