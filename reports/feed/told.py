"""The words of a recommender audit: what every measure, verdict and reason is called.

Texts are `Said`; how numbers are written in them is the business of `reports.feed.figures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from analyzer.feed.measures.records import FeedVerdict, MeasureName, Reason
from analyzer.feed.records import Role
from analyzer.said import Said, say

Unit = Literal["share", "per_hour", "time", "ratio"]

UNITS: Final[Mapping[MeasureName, Unit]] = {
    "share": "share",
    "per_hour": "per_hour",
    "first_exposure": "time",
    "onset": "time",
    "doubling": "time",
    "ads_formal": "share",
    "ads_disclosed": "share",
    "ads_hint": "share",
    "ads_matched": "share",
    "amplification": "ratio",
}
ADS: Final[tuple[MeasureName, ...]] = ("ads_formal", "ads_disclosed", "ads_hint", "ads_matched")
MEASURED: Final = say("measured items")
# What measured items are, in a sentence whose subject is a share of what accounts were shown.
HARMFUL: Final = say("potentially harmful")
SO_CODED: Final = say("of the measured categories")
AT_ONCE: Final = "\u2020"  # beside an interval that stands in a table
JOINT: Final = say(
    "The intervals of each side's share, of how many times that of controls it is, and of its onset"
    " hold all at once in 95 of 100 studies (in tables: {mark}). Every other one holds by itself,"
    " also that of one side against the other.",
    mark=AT_ONCE,
)
BY_CHANCE: Final = say(
    "An account whose share stays at a third gets there by chance, too, sooner or later."
)
EXAMPLES: Final = say("Drawn by lot among the measured items that were shown, not chosen.")
_MEASURES: Final[Mapping[MeasureName, Said]] = {
    "share": say("Share of measured items"),
    "per_hour": say("Measured items in an hour"),
    "first_exposure": say("Time to the first measured item"),
    "onset": say("Onset: half of the last items, for the first time"),
    "doubling": say("From the first engagement to twice the share of control accounts"),
    "ads_formal": say("Advertisements that the platform marks"),
    "ads_disclosed": say("Advertisements that only their creator tells of"),
    "ads_hint": say("Signs of advertising that nobody tells of"),
    "ads_matched": say("Advertisements that match the interest"),
    "amplification": say("Amplification: with an interest, over control accounts"),
}
_SHORT: Final[Mapping[MeasureName, Said]] = {
    "share": say("share"),
    "per_hour": say("per hour"),
    "first_exposure": say("first item"),
    "onset": say("onset"),
    "doubling": say("doubling"),
    "ads_formal": say("marked ads"),
    "ads_disclosed": say("disclosed ads"),
    "ads_hint": say("hidden ads"),
    "ads_matched": say("matching ads"),
    "amplification": say("amplification"),
}
_MEANINGS: Final[Mapping[MeasureName, Said]] = {
    "share": say("Measured items, of the coded items that were on the screen."),
    "per_hour": say("Measured items that were on the screen in an hour of feed time."),
    "first_exposure": say("Feed time until the first measured item was on the screen."),
    "onset": say(
        "Feed time until, for the first time, half of the last items were measured ones: the median"
        " of the accounts, those that never got there among them."
    ),
    "doubling": say(
        "Feed time from the first measured item with which an account engaged until the share was"
        " twice that of control accounts: the median. Of control accounts, which engage with"
        " nothing, from their first measured item."
    ),
    "ads_formal": say("Of all items on the screen, those that the platform calls advertisements."),
    "ads_disclosed": say(
        "Of all items on the screen, those that their creator calls advertising, and the platform"
        " does not."
    ),
    "ads_hint": say(
        "Of all items on the screen, those that neither calls advertising, and that have a sign of"
        " it: a link to a shop, a code, the hashtag of a brand."
    ),
    "ads_matched": say("Of the coded advertisements, those of the interest of the accounts."),
    "amplification": say(
        "How many times the share of control accounts is shown to accounts with an interest."
    ),
}
_ROLES: Final[Mapping[Role, Said]] = {
    "seeded": say("accounts with an interest"),
    "control": say("control accounts"),
    "observed": say("accounts that a person used"),
}
_ROLE_MEANINGS: Final[Mapping[Role, Said]] = {
    "seeded": say("They watch what is of their interest whole and again, and leave the rest soon."),
    "control": say("They watch everything alike and show no interest."),
    "observed": say("A person scrolled, and nobody told how."),
}
_VERDICTS: Final[Mapping[FeedVerdict, Said]] = {
    "higher": say("more"),
    "lower": say("less"),
    "same": say("shown to be alike"),
    "insufficient": say("not decided"),
}
_LATER: Final[Mapping[FeedVerdict, Said]] = {
    **_VERDICTS, "higher": say("later"), "lower": say("sooner"),
}  # fmt: skip
_TURNED: Final[Mapping[FeedVerdict, FeedVerdict]] = {
    "higher": "lower", "lower": "higher", "same": "same", "insufficient": "insufficient",
}  # fmt: skip
NOT_REACHED: Final = say("not reached")
ALL_TIME: Final = say("all feed time")


def measure(name: MeasureName) -> Said:
    """Return what a measure is called, as a heading."""
    return _MEASURES[name]


def short(name: MeasureName) -> Said:
    """Return what a measure is called in a column that has no room."""
    return _SHORT[name]


def meaning(name: MeasureName) -> Said:
    """Return what a measure is, in one sentence."""
    return _MEANINGS[name]


def role(of: Role) -> Said:
    """Return what the accounts of a role are called."""
    return _ROLES[of]


def role_meaning(of: Role) -> Said:
    """Return what the accounts of a role do."""
    return _ROLE_MEANINGS[of]


def turned(of: FeedVerdict, *, turn: bool = True) -> FeedVerdict:
    """Return the verdict on the right against the left, if `turn`."""
    return _TURNED[of] if turn else of


def verdict(name: MeasureName, of: FeedVerdict) -> Said:
    """Return a verdict in a word or two: of times "later" and "sooner"."""
    return (_LATER if UNITS[name] == "time" else _VERDICTS)[of]


def reason(of: Reason, name: MeasureName, have: str, need: str) -> Said:
    """Return why a row on the measure `name` is not decided, and what would be enough.

    `have` and `need` are the numbers of `of` as they are written; `need` is "" where there is none.
    """
    filled = {"have": have, "need": need}
    if of.code == "chance":
        return _chance(name, filled)
    return _REASONS[of.code].of(**filled)


def _chance(name: MeasureName, filled: Mapping[str, str]) -> Said:
    if filled["need"]:
        return say(
            "Chance may be all that it is (q = {have}). If it is as seen, {need} accounts in each"
            " group would show it in four of five studies.",
            **filled,
        )
    if UNITS[name] == "time":
        return say("Chance may be all that it is (q = {have}); more accounts could tell.", **filled)
    return say(
        "Chance may be all that it is (q = {have}). If it is as seen, 1,000 accounts in each group"
        " would not be enough to show it.",
        **filled,
    )


_REASONS: Final[Mapping[str, Said]] = {
    "few_accounts": say(
        "Accounts of the smaller group that can be counted: {have}. Needed: {need}.",
        have="", need="",
    ),
    "few_items": say(
        "Accounts that are left out: {have}. Each needs {need} coded items, and to have lived"
        " through the time that is counted.",
        have="", need="",
    ),
    "coverage": say(
        "Of the items shown, somebody has coded {have}; {need} are needed. That is of the group"
        " with the least.",
        have="", need="",
    ),
    "unknown_showings": say(
        "Of {have} of the items nobody knows whether they were on the screen; {need} at most would"
        " do.",
        have="", need="",
    ),
    "guessed": say(
        "Of {have} of the items only the order of the answers says that they were on the screen;"
        " {need} at most would do. The log of a driver would tell.",
        have="", need="",
    ),
    "stopped": say(
        "Accounts that a rule stopped for what they were shown: {have}. Those that are left were"
        " shown less of it. A further session of each would do.",
        have="", need="",
    ),
    "unread_answers": say(
        "{have} of the feed's answers could not be read; {need} at most would do.",
        have="", need="",
    ),
    "no_power": say(
        "So few accounts cannot show anything: the least p that they can give is {have}, and"
        " {need} is needed. More accounts in each block would do.",
        have="", need="",
    ),
    "interval": say(
        "There is more than chance in it (q = {have}), but how much is so uncertain that it may be"
        " nothing.",
        have="", need="",
    ),
    "not_reached": say(
        "No account of either group got there. A median needs {need} that do.", have="", need="",
    ),
    "no_positive": say("Neither group was shown a measured item.", have="", need=""),
    "coverage_apart": say(
        "Of the items shown, somebody has coded {have}. Were all others to speak against it, it"
        " would not hold. With {need} coded it would.",
        have="", need="",
    ),
    "one_sided": say(
        "No block of any arm has accounts of both groups, so that there is nothing to compare.",
        have="", need="",
    ),
    "opposed": say(
        "Blocks or arms in which it is the other way round, beyond chance: {have}. One figure for"
        " all of them would hide that.",
        have="", need="",
    ),
    "mixed": say(
        "The two groups are of different blocks or arms: {have} of the accounts would have to be"
        " elsewhere; {need} at most would do.",
        have="", need="",
    ),
    "region": say(
        "Sessions of which nothing proves in which country the phone was: {have}. A feed depends on"
        " where it is asked for.",
        have="", need="",
    ),
    "times": say(
        "The groups were not recorded in turns: in {have} of all pairs of accounts that of one"
        " group is the earlier; {need} at most would do. What differs may be the time.",
        have="", need="",
    ),
    "coders_apart": say(
        "The groups were coded by different people: the same ones coded {have} of the items; {need}"
        " are needed. What differs may be who coded.",
        have="", need="",
    ),
    "agreement": say(
        "Those who coded do not agree well enough: Krippendorff's alpha may be as low as {have};"
        " {need} is needed.",
        have="", need="",
    ),
    "agreement_unknown": say(
        "Items that two people coded: {have}. They are too few, or too much alike, to know how well"
        " those who coded agree.",
        have="", need="",
    ),
    "role_not_kept": say(
        "Accounts of a group that did not watch as their role says: {have}; {need} at most would"
        " do.",
        have="", need="",
    ),
    "by_order": say(
        "How it is known what was on the screen differs: by the order of the answers alone, in one"
        " group more often by {have} of its items; {need} at most would do.",
        have="", need="",
    ),
}  # fmt: skip
# How long a row's own reason is told on a terminal.
CAUSES: Final[Mapping[str, str]] = {
    "few_accounts": "too few accounts that can be counted",
    "few_items": "accounts are left out: too few coded items, or too little feed time",
    "coverage": "too few of the items shown are coded",
    "unknown_showings": "of too many items nobody knows whether they were on the screen",
    "guessed": "of too many items only their order says that they were on the screen",
    "stopped": "a rule stopped accounts for what they were shown",
    "unread_answers": "too many answers of the feed could not be read",
    "no_power": "so few accounts cannot show anything, however large it is",
    "chance": "chance may be all that it is",
    "interval": "more than chance, but how much is too uncertain",
    "not_reached": "no account got there",
    "no_positive": "no measured item was shown",
    "coverage_apart": "what is not coded could turn it",
    "one_sided": "no block of any arm has accounts of both groups",
    "opposed": "some blocks or arms say the opposite, beyond chance",
    "mixed": "the two groups are of different blocks or arms",
    "region": "nothing proves in which country phones were",
    "times": "the groups were not recorded in turns",
    "coders_apart": "the groups were coded by different people",
    "agreement": "those who coded do not agree well enough",
    "agreement_unknown": "how well those who coded agree is not known",
    "role_not_kept": "accounts did not watch as their role says",
    "by_order": "how it is known what was shown differs between the groups",
}
