"""Values by which somebody is known again, wherever they pass: who was given them, and by whom.

`tokens` tells such a value from words, times and versions, `names` the places where it would be
something else, `hashes` the same value in a disguise; `sight` has what one exchange shows, and
`collector` puts a session's together.
"""

from __future__ import annotations

from analyzer.identity.collector import Collector
from analyzer.identity.sight import Sight, sight_of

__all__ = ["Collector", "Sight", "sight_of"]
