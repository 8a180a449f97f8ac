"""Studies made up: frames as `analyze` writes them, of an app whose behaviour is declared.

Sessions of an app resemble each other more than independent coins: what one owner gets in a session
goes together, and shares drift from one time block to the next, on both sides alike. Both are in
here, because a test that only works for coins is of no use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.frames import SESSION_COLUMNS, Frames
from analyzer.frames import schema as frame_schema
from analyzer.models import Arm
from analyzer.statistics import schedule
from analyzer.study import CompareSettings, Study

OWNERS = tuple(f"Owner {letter}" for letter in "ABCDEFGHIJ")
TYPES = ("id.advertising", "dev.model", "person.email", "beh.search")
PLACE = "loc.precise"  # whose decimals are a magnitude
ROWS = len(OWNERS) * len(TYPES)
# How often an app that treats all alike sends something: mostly always, the rest anywhere.
_SHARES = (1.0, 1.0, 1.0, 1.0, 0.95, 0.9, 0.7, 0.5, 0.3, 0.1)
_TOGETHER = 0.5  # correlation of what one owner gets in one session
_DRIFT = 0.4  # of a time block, in standard deviations
_ALIKE = {"version": "1.0", "device": "pixel"}

Row = tuple[str, str]
"""Owner and data type."""


@dataclass(frozen=True, slots=True)
class Design:
    """Which arms are compared, with how many sessions each, in blocks of `per_block` of each.

    None: no time blocks were noted. `adults`: the same countries have adult arms beside, of as many
    sessions. `owners` is how many companies there are.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    sessions: int
    per_block: int | None
    adults: bool = False
    owners: int = len(OWNERS)

    @property
    def arms(self) -> tuple[str, ...]:
        """All arms, those of adults last."""
        minors = (*self.a, *self.b)
        return (*minors, *(f"{arm[:2]}-30" for arm in minors if self.adults))

    @property
    def sides(self) -> tuple[str, str]:
        """The names by which the sides are asked for."""
        if len(self.a) == len(self.b) == 1:
            return self.a[0], self.b[0]
        return "eea", "global_majority"


@dataclass(frozen=True, slots=True)
class Truth:
    """What differs: rows with their two shares, and by how much what is measured is larger in a.

    `delay` is a factor, `decimals` a difference; 1 and 0: none. `adults`: they differ by as much;
    else they are sent what minors of b are.
    """

    rows: Mapping[Row, tuple[float, float]]
    delay: float = 1.0
    decimals: int = 0
    adults: bool = False


NOTHING = Truth({})


def differing(count: int, share_a: float, share_b: float, *, adults: bool = False) -> Truth:
    """Return a truth of `count` rows that differ, of one data type after the other."""
    rows = [(owner, kind) for kind in TYPES for owner in OWNERS]
    return Truth(dict.fromkeys(rows[:count], (share_a, share_b)), adults=adults)


def study(design: Design) -> Study:
    """Return the study, with the settings that every study has."""
    return Study(
        root=Path(),
        name="made up",
        app="Pebblo",
        app_version=_ALIKE["version"],
        first_party=("pebblo.example",),
        key=b"k" * 32,
        phases=("use",),
        arms={label: _arm(label) for label in design.arms},
        personas={},
        persona_of={},
        compare=CompareSettings(),
    )


def simulate(design: Design, truth: Truth, generator: np.random.Generator) -> Frames:
    """Return what such a study would have recorded."""
    slots = schedule(
        design.arms,
        design.sessions,
        int(generator.integers(2**31)),
        design.per_block or 1,
    )
    blocks = np.asarray([slot.block for slot in slots])
    more = {*design.a, *(f"{arm[:2]}-30" for arm in design.a if truth.adults)}
    in_a = np.asarray([slot.arm in more for slot in slots])
    ids = [f"{slot.arm}-r{slot.repeat:02d}" for slot in slots]
    sessions = [
        _session(identifier, slot.arm, slot.repeat, place, design.per_block and slot.block)
        for place, (identifier, slot) in enumerate(zip(ids, slots, strict=True))
    ]
    findings: list[dict[str, object]] = []
    drift = generator.normal(0, _DRIFT, blocks.max() + 1)[blocks]
    for owner in OWNERS[: design.owners]:
        together = generator.normal(size=len(slots))
        for kind in TYPES:
            shares = _shares(truth.rows.get((owner, kind)), in_a, generator)
            own = generator.normal(size=len(slots))
            latent = np.sqrt(_TOGETHER) * together + np.sqrt(1 - _TOGETHER) * own
            # A drift must not turn what is always, or never, sent.
            moved = np.sqrt(1 + _DRIFT**2) * norm.ppf(shares)
            seen = latent + drift < moved
            delays = _delays(in_a, truth.delay, generator)
            findings += [_finding(ids[at], owner, kind, delays[at]) for at in np.flatnonzero(seen)]
        decimals = generator.choice([3, 4, 5], len(slots)) + truth.decimals * in_a
        delays = _delays(in_a, truth.delay, generator)
        findings += [
            _finding(each, owner, PLACE, delays[at], f"geo:{decimals[at]}-decimals")
            for at, each in enumerate(ids)
        ]
    exits = [
        _exit(at, slot.arm, name) for at, slot in zip(ids, slots, strict=True) for name in "xy"
    ]
    return _frames(sessions, {"findings": findings, "region": exits})


def _shares(
    given: tuple[float, float] | None, in_a: NDArray[np.bool_], generator: np.random.Generator
) -> NDArray[np.float64]:
    a, b = given or (float(generator.choice(_SHARES)),) * 2
    return np.where(in_a, a, b)


def _delays(
    in_a: NDArray[np.bool_], factor: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return seconds until first sent: a long tail, as networks have."""
    return generator.lognormal(1.0, 0.8, len(in_a)) * np.where(in_a, factor, 1.0)


def _arm(label: str) -> Arm:
    country, age = label.split("-")
    return Arm(label, country, int(age), "accepted")


def _session(
    identifier: str, label: str, repeat: int, place: int, block: int | None
) -> dict[str, object]:
    arm = _arm(label)
    day, hour = divmod(place, 24)
    began = f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T{hour:02d}"
    return {
        "id": identifier,
        "study": "made up",
        "arm": label,
        "country": arm.country,
        "age": arm.age,
        "consent": arm.consent,
        "persona": "p",
        "repeat": repeat,
        "block": "" if block is None else str(block),
        "device": _ALIKE["device"],
        "app": "Pebblo",
        "app_version": _ALIKE["version"],
        "started": f"{began}:00:00.000Z",
        "ended": f"{began}:05:00.000Z",
        "end_reason": "done",
        "complete": True,
        "origin": "proxy",
        "egress": arm.country,
        "tools": [["mitmproxy", "11.0.2"]],
        "partial": [],
        "mode": "",
        "instrumented": "",
        "beside": "",
        "policy": [],
        "phases": ["use"],
        "exchanges": 10,
        "capture": f"{place:064d}",
        "content": f"content of {identifier}",
        "prints": [],
        "steps": [],
    }


def _finding(
    session: str, owner: str, kind: str, delay: float, shape: str = "uuid"
) -> dict[str, object]:
    site = f"{owner.split()[1].lower()}.example"
    return {
        "id": f"f-{session}-{owner}-{kind}",
        "session": session,
        "phase": "use",
        "t_s": round(float(delay), 3),
        "exchange": "1",
        "data_type": kind,
        "part": "body",
        "path": kind,
        "method": "rule",
        "rule_id": f"made/up#{kind}",
        "reason": "made up",
        "source": "https://pebblo.example",
        "shape": shape,
        "digest": "00",
        "transformed": "raw",
        "steps": [],
        "host": f"app.{site}",
        "site": site,
        "owner": owner,
        "party": "third",
        "purpose": "attribution",
        "parent": "",
        "tracker": "yes",
        "grade": "D",
        "confidence": 100,
        "knowledge": "0" * 16,
    }


def _exit(session: str, label: str, database: str) -> dict[str, object]:
    """Return what a database says of where the traffic left: the claim, so that it is proven."""
    return {
        "session": session,
        "kind": "measured",
        "topic": "exit_country",
        "value": _arm(label).country,
        "source": f"geo:{database}.mmdb 2026-06-17",
        "ask": 1,
        "count": 1,
    }


def _frames(
    sessions: Sequence[dict[str, object]], rows: Mapping[str, Sequence[dict[str, object]]]
) -> Frames:
    tables: dict[str, Any] = {
        name: frame_schema.table(name, rows.get(name, [])).to_pandas()
        for name in frame_schema.SCHEMAS
    }
    return Frames(
        sessions=pd.DataFrame(list(sessions), columns=SESSION_COLUMNS), excluded=(), **tables
    )
