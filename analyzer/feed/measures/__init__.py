"""What a feed shows to an account, how fast, and compared with whom. See docs/feed.md."""

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
    "STATES",
    "UNCODED",
    "AccountFigures",
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
    "columns_of",
    "columns_of_batches",
    "measure",
]
