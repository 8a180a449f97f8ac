"""What the program knows: data types, signals, trackers, owners, regions, law.

Each is a file under `analyzer/data` that can be read and changed without knowing this program.
"""

from __future__ import annotations

from analyzer.knowledge.law_records import Bloc, Country, LawEntry, Level, Protection
from analyzer.knowledge.load import DATA, check, load_knowledge
from analyzer.knowledge.measures import Measure, load_measures
from analyzer.knowledge.place_records import PlaceRule, Places
from analyzer.knowledge.records import (
    PURPOSES,
    SHAPES,
    DataType,
    Endpoint,
    Example,
    Fault,
    FieldMatch,
    FieldRule,
    Knowledge,
    OwnerEntry,
    Owners,
    SignalDef,
    SignalExample,
    Tracker,
    normal_name,
    shape_fits,
)

__all__ = [
    "DATA",
    "PURPOSES",
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
    "Level",
    "Measure",
    "OwnerEntry",
    "Owners",
    "PlaceRule",
    "Places",
    "Protection",
    "SignalDef",
    "SignalExample",
    "Tracker",
    "check",
    "load_knowledge",
    "load_measures",
    "normal_name",
    "shape_fits",
]
