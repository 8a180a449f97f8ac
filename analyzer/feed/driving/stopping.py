"""When a drive ends: the protocol's rules, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from analyzer.feed.protocol import StopRules

Stopped = Literal[
    "session_time",
    "feed_time",
    "minutes",
    "positive_in_a_row",
    "not_in_front",
    "locked",
    "no_new_items",
    "lost",
    "recording_ended",
    "phone_gone",
    "failed",
    "told",
]
# What each means, for those at the terminal.
MEANING: Final[dict[Stopped, str]] = {
    "session_time": "the session has lasted as long as study.toml says",
    "feed_time": "the account has had all its feed time",
    "minutes": "the time that it was given is over",
    "positive_in_a_row": "so many items of the kind that is measured came in a row",
    "not_in_front": "something else is in front of the app: look at the phone",
    "locked": "the phone is locked: unlock it, and let the screen stay on",
    "no_new_items": "the feed brings nothing new: is the phone still online?",
    "lost": "the recording does not tell what is on the screen: close the app and record anew",
    "recording_ended": "the recording has ended",
    "phone_gone": "the phone cannot be reached: look at its cable",
    "failed": "an error",
    "told": "you ended it",
}
# Of these somebody has to see to something before the next drive.
FAULTS: Final[frozenset[Stopped]] = frozenset(
    ("not_in_front", "locked", "no_new_items", "lost", "phone_gone")
)
_MOST_UNKNOWN: Final = 20  # items in a row of which nobody knows what they are
_NOTHING_S: Final = 300.0  # seconds, and
_NOTHING: Final = 30  # swipes after which a feed without new items has no more


@dataclass(slots=True)
class Tally:
    """How far a drive is. Times are seconds of the session."""

    feed_s: float = 0.0  # of this session, by its steps
    before_s: float = 0.0  # feed time of the account's other sessions
    began_s: float = 0.0  # when the drive began
    positive: int = 0  # in a row, until now
    unknown: int = 0  # likewise
    swipes: int = 0  # since the last new item
    news_s: float = 0.0  # when it came


def due(rules: StopRules, tally: Tally, now: float, most_s: float) -> Stopped | None:
    """Return the first rule that ends the drive `now`; `most_s`: how long it may last in all."""
    if tally.feed_s >= rules.session_s:
        return "session_time"
    if tally.before_s + tally.feed_s >= rules.feed_s:
        return "feed_time"
    if now - tally.began_s >= most_s:
        return "minutes"
    if rules.positive_in_a_row and tally.positive >= rules.positive_in_a_row:
        return "positive_in_a_row"
    if tally.unknown >= _MOST_UNKNOWN:
        return "lost"
    if tally.swipes >= _NOTHING and now - tally.news_s >= _NOTHING_S:
        return "no_new_items"
    return None
