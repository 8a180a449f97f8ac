"""What was found but is not certain enough to be counted, in sentences."""

from __future__ import annotations

from analyzer.compare.presence import answered, unverified_rules
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.study import CompareSettings


def uncertain(frames: Frames, knowledge: Knowledge, settings: CompareSettings) -> list[str]:
    """Return what is to be said of hearsay, and of guesses that are left out."""
    return [
        *_hearsay(frames, knowledge, settings.unverified),
        *_guesses(frames, settings.min_confidence),
    ]


def _hearsay(frames: Frames, knowledge: Knowledge, counted: bool) -> list[str]:
    """Return a sentence if rules that nobody has verified found something."""
    rules = unverified_rules(knowledge)
    found = sum(
        int(rows["rule_id"].isin(rules).sum()) for rows in (frames.findings, frames.signals)
    )
    if not found:
        return []
    if counted:
        return [f"{found} findings rest on rules that nobody has verified; they are counted."]
    left_out = "they are left out (study.toml: compare.unverified)"
    return [f"{found} findings rest on rules that nobody has verified; {left_out}."]


def _guesses(frames: Frames, least: int) -> list[str]:
    """Return a sentence if findings were too uncertain to be counted."""
    few = int((frames.findings["confidence"].lt(least) & ~answered(frames.findings)).sum())
    if not few:
        return []
    bound = "--min-confidence, or study.toml: compare.min_confidence"
    return [f"{few} findings are less certain than {least}%; they are left out ({bound})."]
