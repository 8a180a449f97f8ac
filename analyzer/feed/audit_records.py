"""What an audit of a feed amounts to, as frozen records. Nothing here is captured text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analyzer.comparison import Side
from analyzer.feed.coding.agreement import Agreement
from analyzer.feed.coding.codes import Settled
from analyzer.feed.driven import Drive
from analyzer.feed.measures import FeedComparison
from analyzer.feed.protocol import Protocol
from analyzer.feed.records import AdClass, Health, Role, ShownBy
from analyzer.said import Said

ArmName = tuple[str, str]  # side, role

CautionCode = Literal[
    "never_recorded",  # accounts that the study declares and nobody recorded
    "no_account",  # sessions with items of the feed that no account is named for
    "undeclared_account",  # sessions of an account that the study does not declare
    "wrong_arm",  # sessions of an account in another arm than declared
    "broken_seal",  # sessions that are not as they were recorded
    "codes_changed",  # the log of codes is not what the custody log knows
    "unlogged",  # logs of drives or codes that hold more than the custody log knows
    "order",  # accounts whose sessions the clock and the log put into different orders
    "cut_short",  # accounts that count up to a session which is missing or left out
    "otherwise",  # sessions of another account, role, interest or rule of watching than declared
    "elsewhere",  # sessions that were recorded in another country than that of their arm
    "adults",  # accounts of adults in a country's arms: on neither side
    "nothing_shown",  # accounts that were recorded, and no item was on the screen
    "region",  # sessions of which nothing shows that they were in the country of their arm
    "being_recorded",  # sessions that are not over yet
    "overlap",  # accounts with sessions at the same time
    "incomplete",  # sessions that were not recorded to their end
    "stopped_early",  # accounts with much less feed time than the others
    "driver_stopped",  # sessions that the driver ended for another reason than planned
    "driven_and_not",  # some accounts were driven, others were not
    "apart_in_time",  # arms that were not recorded in turns
    "one_sided_block",  # blocks without accounts of both arms: nothing to exchange
    "versions",  # of the app: several
    "no_codes",  # nobody has coded anything
    "old_codes",  # codes of another version of the codebook
    "disagreed",  # items shown on which coders disagree and nobody has decided
    "single_coded",  # items shown that one coder alone has coded
    "coders_apart",  # the items of the two sides were coded by different people
    "role_not_kept",  # accounts that watched otherwise than their role says
    "ads_untold",  # sides and sessions without signs of advertising that others have
    "by_order",  # items of which only the order of the answers says that they were shown
    "other_surfaces",  # items of another surface, or of a feed that is not measured
]


@dataclass(frozen=True, slots=True)
class Caution:
    """What makes the audit less sure. `text`: a sentence, ready to be shown."""

    code: CautionCode
    text: Said


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account and what there is of it. Times are ISO 8601, "" where it was never recorded."""

    name: str
    side: str
    arm: str
    role: Role
    interest: str  # name of the interest
    block: str
    sessions: int
    started: str  # start of its first session
    ended: str  # end of its last one
    feed_s: float
    answers: int  # of the feed's addresses
    understood: int
    driven: int  # sessions
    incomplete: int  # sessions


@dataclass(frozen=True, slots=True)
class Coding:
    """How far the different items that were shown are coded. `others`: codes of other codebooks."""

    codebook: str  # its name
    version: str
    coders: int
    shown: int
    settled: int  # with a category that counts
    unclear: int  # settled, but nobody could tell
    disagreed: int  # nobody has decided yet
    single: int  # coded by one coder alone
    uncoded: int
    others: int
    how: tuple[tuple[Settled, int], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One item that counts as measured and was on the screen; neither text nor picture nor name.

    `id` leads whoever has the study to it, by `explain`, and nobody else anywhere. `key` finds it
    again in the private folder, and is in nothing that is published.
    """

    number: int  # in the audit, from 1
    id: str
    side: str
    role: Role
    account: str
    category: str
    harmful: bool
    feed_s: float
    watch_s: float | None
    duration_s: float | None
    rounds: int | None
    engaged: bool
    by: ShownBy
    how: Settled
    coders: int
    ad: AdClass
    key: str


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit of the feed of two sides: what was measured, on what, and how sure that is."""

    study: str
    app: str
    app_version: str
    fictional: bool
    sides: tuple[Side, Side]
    surface: str
    adapters: tuple[tuple[str, str], ...]  # id, digest
    protocol: Protocol
    comparison: FeedComparison
    accounts: tuple[AccountState, ...]  # of the two sides, as declared
    elsewhere: tuple[str, ...]  # accounts on neither side
    coding: Coding
    agreement: Agreement | None  # on items that were shown; None where no two coded the same
    labels: Mapping[str, Mapping[str, str]]  # of categories, by language
    drives: tuple[Drive, ...]
    health: tuple[Health, ...]
    problems: tuple[tuple[str, int], ...]
    cautions: tuple[Caution, ...]
    examples: tuple[Example, ...]
    started: str  # of the first session, ISO 8601; "" where there is none
    ended: str  # end of the last session
