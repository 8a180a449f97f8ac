"""From findings to verdicts: which sessions of which side saw what, and what that allows to say."""

from __future__ import annotations

from analyzer.compare.comparing import bases, compare
from analyzer.compare.judging import Bases, delta_id
from analyzer.compare.material import material
from analyzer.compare.matrix import many_countries, matrix
from analyzer.compare.planning import plan, schedule_csv
from analyzer.compare.tracing import trace_country_row, trace_magnitude

__all__ = [
    "Bases",
    "bases",
    "compare",
    "delta_id",
    "many_countries",
    "material",
    "matrix",
    "plan",
    "schedule_csv",
    "trace_country_row",
    "trace_magnitude",
]
