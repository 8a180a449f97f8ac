"""The records of the recommender audit.

All are frozen and hold no logic. `t_s` is seconds from the start of the session, as elsewhere;
`feed_s` is *feed time*: seconds of one account during which its feed was on the screen and moving,
over its sessions in their order. Only the standard library is imported here.

`Item.text`, `.native` and `.hashtags` are what strangers wrote. They stay in the study's private
`feed` folder, for those who code; `Item.key` and `Item.author` stand for them everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# seeded: shows an interest by how long it looks; control: shows none; observed: a person scrolls.
Role = Literal["seeded", "control", "observed"]
# formal: the platform calls it an advertisement; disclosed: its creator does; hint: neither, but
# something in it says so (a shop's link, a code, a brand's hashtag).
AdClass = Literal["formal", "disclosed", "hint", "none"]
# shown: it was on the screen; prefetched: the phone had it, and the recording ends before its turn;
# skipped_over: later ones were shown and it was not; duplicate: the same serving told again.
State = Literal["shown", "prefetched", "skipped_over", "duplicate", "unknown"]
# Who says that it was shown: the app's own watch log, the driver's log, or only its place.
ShownBy = Literal["watch_log", "driver", "order", ""]


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A hashtag in a text. `start` and `end` count UTF-16 code units, as the platforms do."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One post or advertisement, as an answer of the feed carries it."""

    platform: str  # the adapter's name: "tiktok_app", ...
    key: str  # keyed digest of the platform's own id: the same in all sessions of a study
    native: str  # the platform's own id
    author: str  # pseudonym: keyed digest of the author's id; "" where there is none
    text: str
    language: str  # as the platform has it, BCP 47; "" where it says none
    hashtags: tuple[Hashtag, ...]
    music: str  # keyed digest of the sound's id
    duration_s: float | None
    created: str  # ISO 8601, UTC; "" where unknown
    plays: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    ad: AdClass
    ad_reasons: tuple[str, ...]  # names of the fields that say so
    warnings: tuple[str, ...]  # labels and masks that the platform puts over it, in its own codes


@dataclass(frozen=True, slots=True)
class Serving:
    """An item at one place of one answer."""

    session: str
    exchange: str
    t_s: float  # of the answer
    surface: str  # which feed: "for_you", "following", "search", ... by the adapter
    batch: int  # number of the answer among those of its surface, from 0
    position: int  # in the answer, from 0
    item: Item


@dataclass(frozen=True, slots=True)
class Watch:
    """One line of the app's own log on what the account did with an item."""

    session: str
    exchange: str
    t_s: float
    key: str  # `Item.key`
    watch_s: float | None  # seconds played, all rounds together
    rounds: int | None  # how often it was played from the start
    order: int | None  # its place in the feed, as the app counts
    liked: bool
    shared: bool
    commented: bool
    followed: bool
    kind: str = ""  # which of the app's logs told it: two may tell one showing
    surface: str = ""  # on which it was, where the line says so; "elsewhere": in no feed


@dataclass(frozen=True, slots=True)
class Showing:
    """A serving and what became of it: the unit that is counted."""

    account: str
    arm: str
    session: str
    exchange: str
    place: int  # among the servings of its session and surface, from 0
    surface: str
    key: str  # `Item.key`
    author: str
    state: State
    by: ShownBy
    feed_s: float | None  # feed time at which it came on the screen; None unless shown
    watch_s: float | None
    duration_s: float | None
    rounds: int | None
    engaged: bool  # watched whole, watched again, liked, shared, commented, followed
    ad: AdClass


@dataclass(frozen=True, slots=True)
class Health:
    """How much of the feed's answers was understood, so that a new format is not an empty feed."""

    session: str
    platform: str
    answers: int  # of the feed's addresses
    understood: int  # of these, with a list of items
    servings: int
    lacking: tuple[tuple[str, int], ...]  # (field, servings without it), of those that all have


@dataclass(frozen=True, slots=True)
class Told:
    """Of how many items of one surface, or of its details, the platform says what."""

    platform: str
    surface: str
    items: int
    said: tuple[tuple[str, int], ...]  # by the names of `telling`


@dataclass(frozen=True, slots=True)
class Untold:
    """What is said of items elsewhere, and of none here."""

    platform: str
    surface: str
    name: str
    items: int  # here
    said: int  # elsewhere, where anything of it is said
    of: int

    @property
    def usual(self) -> bool:
        """Whether most items should have it; else it may be that there is none to tell of."""
        return self.said * 2 >= self.of

    @property
    def advertising(self) -> bool:
        """Whether it is a sign of advertising."""
        return self.name.startswith("ad:")
