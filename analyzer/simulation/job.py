"""What travels to the process that records one session, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analyzer.models import Arm, Session
from analyzer.simulation.log import PhoneLog
from analyzer.simulation.plan import Planned
from analyzer.study import Study


@dataclass(frozen=True, slots=True)
class Job:
    """One session to be recorded: what the phone does, and where the servers are."""

    study: Study
    arm: Arm
    repeat: int
    planted: tuple[str, ...]  # keyed digests of the persona's values
    requests: tuple[Planned, ...]
    addresses: dict[str, tuple[str, int]]
    servers_ca: Path
    confdir: Path


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded session and what its phone knows of it."""

    session: Session
    phone: PhoneLog
