"""Points in time as bundles, seals and logs write them: ISO 8601, UTC, to the millisecond."""

from __future__ import annotations

import datetime
import time


def instant(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 instant; `ValueError` if it is none."""
    parsed = datetime.datetime.fromisoformat(text)
    return parsed.replace(tzinfo=parsed.tzinfo or datetime.UTC).timestamp()


def iso(seconds: float) -> str:
    """ISO 8601 text of seconds since 1970, in UTC, to the millisecond."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def now() -> str:
    """Return the ISO 8601 text of this moment."""
    return iso(time.time())
