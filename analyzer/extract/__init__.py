"""Leaves become matches and signals; raw values end here.

By rules of the trackers, by the persona's planted values however they are written, and by names of
keys that mean one thing only.
"""

from __future__ import annotations

from analyzer.extract.extractor import Extracted, Extractor

__all__ = ["Extracted", "Extractor"]
