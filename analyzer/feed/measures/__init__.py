"""What a feed shows to an account, how fast, and compared with whom. See docs/feed.md."""

from analyzer.feed.measures.coders import CALLED, by_coders, called
from analyzer.feed.measures.columns import (
    ADS,
    STATES,
    UNCODED,
    Columns,
    columns_of,
    columns_of_batches,
)
from analyzer.feed.measures.comparing import measure
from analyzer.feed.measures.records import (
    AccountFigures,
    CodersFigure,
    CodersRule,
    Coverage,
    Curve,
    CurvePoint,
    FeedAccount,
    FeedComparison,
    FeedRow,
    FeedSettings,
    Figure,
    Overlap,
    Reason,
)
from analyzer.feed.measures.runs import Runs

__all__ = [
    "ADS",
    "CALLED",
    "STATES",
    "UNCODED",
    "AccountFigures",
    "CodersFigure",
    "CodersRule",
    "Columns",
    "Coverage",
    "Curve",
    "CurvePoint",
    "FeedAccount",
    "FeedComparison",
    "FeedRow",
    "FeedSettings",
    "Figure",
    "Overlap",
    "Reason",
    "Runs",
    "by_coders",
    "called",
    "columns_of",
    "columns_of_batches",
    "measure",
]
