"""What a running session shows while it is recorded, read from its bundle by another process.

::

    follower = Follower(study.captures / session_id, study)
    snapshot = follower.poll()             # as often as one likes; only what is new is read

Nothing is ever written into a bundle here, but for steps (`analyzer.bundle.add_step`). No raw value
that was captured is in a snapshot. However long a session lasts, a follower stays as large as it is
after its first minutes: everything that it keeps is bounded.
"""

from __future__ import annotations

from analyzer.live.follower import Follower
from analyzer.live.snapshot import Snapshot

__all__ = ["Follower", "Snapshot"]
