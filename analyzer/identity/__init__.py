"""Values by which somebody is known again, wherever they pass: who was given them, and by whom.

`tokens` tells such a value from words, times and versions, `names` the places where it would be
something else, `hashes` the same value in a disguise; `collector` puts a session's together.
"""

from __future__ import annotations

from analyzer.identity.collector import Collector

__all__ = ["Collector"]
