"""From findings to verdicts: which sessions of which side saw what, and what that allows to say."""

from __future__ import annotations

from analyzer.compare.comparing import Bases, bases, compare, delta_id

__all__ = ["Bases", "bases", "compare", "delta_id"]
