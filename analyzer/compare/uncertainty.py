"""What was found but is not certain enough to be counted."""

from __future__ import annotations

from analyzer.compare.presence import answered, unverified_rules
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.said import Said, say


def hearsay(frames: Frames, knowledge: Knowledge, counted: bool) -> list[Said]:
    """Return a sentence if rules that nobody has verified found something."""
    rules = unverified_rules(knowledge)
    found = sum(
        int(rows["rule_id"].isin(rules).sum()) for rows in (frames.findings, frames.signals)
    )
    if not found:
        return []
    if counted:
        return [
            say(
                "{number} findings rest on rules that nobody has verified; they are counted.",
                number=found,
            )
        ]
    return [
        say(
            "{number} findings rest on rules that nobody has verified; they are left out"
            " (study.toml: compare.unverified).",
            number=found,
        )
    ]


def guesses(frames: Frames, least: int) -> int:
    """Return how many findings of data that was sent are less certain than `least` per cent."""
    return int((frames.findings["confidence"].lt(least) & ~answered(frames.findings)).sum())
