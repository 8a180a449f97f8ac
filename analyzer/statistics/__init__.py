"""Intervals, tests and plans. The unit is always the session; see docs/statistics.md."""

from analyzer.statistics.contrasts import interaction
from analyzer.statistics.homogeneity import Homogeneity, homogeneity
from analyzer.statistics.intervals import CONFIDENCE, Interval, contrast, newcombe, wilson
from analyzer.statistics.magnitudes import SAMPLES, Shift, equivalent, shifts
from analyzer.statistics.multiplicity import (
    Discoveries,
    Support,
    benjamini_hochberg,
    critical,
    discoveries,
)
from analyzer.statistics.planning import Plan, Slot, level, power_of, schedule, sessions_needed
from analyzer.statistics.shares import Block, attainable, lean, permutation
from analyzer.statistics.splits import Noise, apart, split_noise, strata
from analyzer.statistics.stratified import stratified
from analyzer.statistics.sufficiency import enough

__all__ = [
    "CONFIDENCE",
    "SAMPLES",
    "Block",
    "Discoveries",
    "Homogeneity",
    "Interval",
    "Noise",
    "Plan",
    "Shift",
    "Slot",
    "Support",
    "apart",
    "attainable",
    "benjamini_hochberg",
    "contrast",
    "critical",
    "discoveries",
    "enough",
    "equivalent",
    "homogeneity",
    "interaction",
    "lean",
    "level",
    "newcombe",
    "permutation",
    "power_of",
    "schedule",
    "sessions_needed",
    "shifts",
    "split_noise",
    "strata",
    "stratified",
    "wilson",
]
