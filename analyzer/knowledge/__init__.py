"""What the program knows: data types, signals, trackers, owners, regions, law.

Each is a file under `analyzer/data` that can be read and changed without knowing this program.
"""

from __future__ import annotations

from analyzer.knowledge.records import (
    SHAPES,
    Bloc,
    Country,
    DataType,
    Endpoint,
    Example,
    Fault,
    FieldMatch,
    FieldRule,
    Knowledge,
    LawEntry,
    OwnerEntry,
    Owners,
    Protection,
    SignalDef,
    Tracker,
    normal_name,
)

__all__ = [
    "SHAPES",
    "Bloc",
    "Country",
    "DataType",
    "Endpoint",
    "Example",
    "Fault",
    "FieldMatch",
    "FieldRule",
    "Knowledge",
    "LawEntry",
    "OwnerEntry",
    "Owners",
    "Protection",
    "SignalDef",
    "Tracker",
    "normal_name",
]
