"""What has to hold before a comparison may conclude anything.

Made by `analyzer.compare`, printed by `reports`. A gate of a session leaves that session out; a
gate of the pair makes every row that it concerns `insufficient`. A study may waive some of them,
with a reason that every output prints (study.toml: ``[compare.waive]``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

GateName = Literal[
    "mislocated", "exchanges", "length", "region",
    "sessions", "blocks", "times", "copies", "coverage", "app_version", "recording", "policy",
    "steps", "duration", "device", "age", "consent",
]  # fmt: skip
SESSION_GATES: Final[tuple[GateName, ...]] = (
    "mislocated", "exchanges", "length", "region",
)  # fmt: skip
PAIR_GATES: Final[tuple[GateName, ...]] = (
    "sessions", "blocks", "times", "copies", "coverage", "app_version", "recording", "policy",
    "steps", "duration", "device", "age", "consent",
)  # fmt: skip
# What is no evidence at all cannot be waived.
WAIVABLE: Final[tuple[GateName, ...]] = (
    "mislocated", "region", "length", "times", "coverage", "app_version", "recording", "policy",
    "steps", "duration", "device", "age", "consent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, whether it holds, and what would be enough.

    `title`, `found` and `needed` are sentences without a full stop. `waived` is the study's reason
    to do without it, as the study wrote it; "" where it did not. A gate that fails and is waived
    has no consequences.
    """

    name: GateName
    level: Literal["session", "pair"]
    title: str  # "The sessions of both sides are equally long"
    passed: bool
    found: str  # "the median is 40 s for Kenya, 300 s for Germany"
    needed: str  # "record sessions of the same length: within a factor of 1.5"; "" if passed
    waived: str
    sessions: tuple[str, ...]  # that it left out, or would have left out if not waived
    rows: int  # presence, signals and magnitudes that are `insufficient` because of it
