"""To import this is to load what a process that reads feeds needs: once, before they are forked."""

from __future__ import annotations

import gc
from typing import Final

import analyzer.feed.store  # noqa: F401 - that is the purpose
from analyzer.decoders import DECODERS

_SELDOM: Final = 50_000  # new objects: what is read are trees without cycles

DECODERS.entries()
gc.collect()
gc.freeze()  # what is there now is never garbage, and stays shared
gc.set_threshold(_SELDOM)
