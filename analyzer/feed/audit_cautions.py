"""What makes an audit less sure, in sentences that a report prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from analyzer.feed.audit_gates import Gates
from analyzer.feed.audit_left_out import left_out, some
from analyzer.feed.audit_material import BY_CONTENT, Material
from analyzer.feed.audit_records import AccountState, ArmName, Audit, Caution
from analyzer.feed.audit_seen import Seen
from analyzer.feed.audit_sorting import Recorded
from analyzer.feed.reading import PRELOAD
from analyzer.feed.records import Told
from analyzer.feed.untold import untold
from analyzer.instants import instant
from analyzer.said import say, say_many

_SHORT: Final = 0.5  # of the median feed time
_BY_PLAN: Final = frozenset({"session_time", "feed_time", "minutes"})  # why a driver stops


def cautions(found: Audit, material: Material, gates: Gates, seen: Seen) -> Iterator[Caution]:
    """Yield a caution for each thing that holds of the audit `found`, which has none yet."""
    yield from _accounts(found, material)
    yield from _sessions(material)
    yield from left_out(material)
    yield from _driving(found, material)
    yield from _times(found, material, gates)
    yield from _advertising(found, material)
    if unkept := seen.roles.unkept:
        yield Caution(
            "role_not_kept",
            say(
                "These accounts did not watch as their role says (with an interest: longer what"
                " matches it; controls: all alike): {accounts}.",
                accounts=some(unkept),
            ),
        )
    yield from _orders(seen)
    yield from _blocks(found)
    yield from _codes(found)
    if material.passed:
        yield Caution(
            "other_surfaces",
            say_many(
                "{number} item of another part of the app, or of another feed, is left out.",
                "{number} items of other parts of the app, or of other feeds, are left out.",
                sum(material.passed.values()),
            ),
        )
    if material.passed.keys() - {material.protocol.surface, PRELOAD}:
        yield Caution(
            "other_surfaces",
            say("Time that was spent in other parts of the app counts as feed time."),
        )


def _accounts(found: Audit, material: Material) -> Iterator[Caution]:
    if never := [each.name for each in found.accounts if not each.sessions]:
        yield Caution(
            "never_recorded",
            say("Declared, but never recorded: {accounts}.", accounts=some(never)),
        )
    watched = {each.name: each.shown for each in found.comparison.accounts}
    if nothing := [name for name, shown in watched.items() if not shown]:
        yield Caution(
            "nothing_shown",
            say(
                "Recorded, but no item of the measured feed was on the screen: {accounts}.",
                accounts=some(nothing),
            ),
        )
    if material.undeclared:
        yield Caution(
            "undeclared_account",
            say(
                "The study does not declare these accounts; their sessions are left out:"
                " {accounts}.",
                accounts=some(material.undeclared),
            ),
        )
    if material.elsewhere_recorded:
        yield Caution(
            "wrong_arm",
            say(
                "Sessions of these accounts were recorded in another arm than the study declares,"
                " and are left out: {accounts}.",
                accounts=some(material.elsewhere_recorded),
            ),
        )
    if material.otherwise:
        yield Caution(
            "otherwise",
            say(
                "Sessions that another account, role, interest or rule of watching was noted for"
                " than the study declares are left out: {sessions}.",
                sessions=some(material.otherwise),
            ),
        )
    countries = {country for side in found.sides for country in side.countries}
    adults = [
        account.name
        for account in material.elsewhere
        for arm in (arm for side in found.sides for arm in side.controls)
        if arm.label == account.arm and arm.country in countries
    ]
    if adults:
        yield Caution(
            "adults",
            say(
                "These accounts are of adults, and a country stands for its minors; they are left"
                " out: {accounts}.",
                accounts=some(dict.fromkeys(adults)),
            ),
        )


def _sessions(material: Material) -> Iterator[Caution]:
    if material.nameless:
        yield Caution(
            "no_account",
            say_many(
                "{number} session with items of a feed names no account, and is left out.",
                "{number} sessions with items of a feed name no account, and are left out.",
                len(material.nameless),
            ),
        )
    if material.running:
        yield Caution(
            "being_recorded",
            say_many(
                "{number} session is still being recorded, and does not count yet.",
                "{number} sessions are still being recorded, and do not count yet.",
                material.running,
            ),
        )
    sessions_of = {each.name: material.sessions.get(each.name, ()) for each, _ in material.accounts}
    if twice := [name for name, some in sessions_of.items() if _overlap(some)]:
        yield Caution(
            "overlap",
            say(
                "Sessions of one account overlap in time, so that items may be counted twice:"
                " {accounts}.",
                accounts=some(twice),
            ),
        )
    sessions = [each.session for each in material.recorded()]
    if broken := sum(not each.complete for each in sessions):
        yield Caution(
            "incomplete",
            say(
                "{number} of {of} sessions were not recorded to their end: items may be missing.",
                number=broken,
                of=len(sessions),
            ),
        )
    versions = sorted({each.app_version for each in sessions})
    if len(versions) > 1:
        yield Caution(
            "versions",
            say(
                "Different versions of the app were recorded: {versions}.",
                versions=some(each or "?" for each in versions),
            ),
        )


def _overlap(some: Sequence[Recorded]) -> bool:
    """Tell whether a session began before the one before it had ended."""
    return any(
        before.session.ended and instant(each.session.started) < instant(before.session.ended)
        for before, each in pairwise(some)
    )


def _driving(found: Audit, material: Material) -> Iterator[Caution]:
    driven = sum(each.driven > 0 for each in found.accounts)
    recorded = sum(each.sessions > 0 for each in found.accounts if each.role != "observed")
    if 0 < driven < recorded:
        yield Caution(
            "driven_and_not",
            say(
                "The driver moved {number} of {of} accounts, people the others: they do not look"
                " alike at what they are shown.",
                number=driven,
                of=recorded,
            ),
        )
    drives = [each.drive for each in material.recorded() if each.drive]
    if early := sum(each.stopped not in _BY_PLAN | BY_CONTENT for each in drives):
        yield Caution(
            "driver_stopped",
            say(
                "The driver ended {number} of {of} sessions before their time.",
                number=early,
                of=len(drives),
            ),
        )
    planned = [each for each in found.accounts if each.sessions]
    if planned:
        usual = median(each.feed_s for each in planned)
        if short := [each.name for each in planned if each.feed_s < _SHORT * usual]:
            yield Caution(
                "stopped_early",
                say(
                    "These accounts have less than half the feed time of the others: {accounts}.",
                    accounts=some(short),
                ),
            )


def _times(found: Audit, material: Material, gates: Gates) -> Iterator[Caution]:
    """Tell of arms that were not recorded in turns: feeds change from day to day."""
    if all(gates.in_turns(left, right) for left, right in _compared(found)):
        return
    reason = material.waived.get("times", "")
    yield Caution(
        "apart_in_time",
        say(
            "Accounts that are compared were not recorded in turns: what differs may be the time."
            " The study says: {reason}",
            reason=reason,
        )
        if reason
        else say(
            "Accounts that are compared were not recorded in turns: what differs may be the time."
        ),
    )


def _advertising(found: Audit, material: Material) -> Iterator[Caution]:
    """Tell where signs of advertising are not told, though they are elsewhere."""
    measured = set(material.protocol.adapters)
    told: dict[str, list[Told]] = {side.name: [] for side in found.sides}
    sessions: dict[str, str] = {}
    for account, side in material.accounts:
        for each in material.sessions.get(account.name, ()):
            told[side] += each.items.told
            if any(one.advertising and one.platform in measured for one in each.items.untold):
                sessions[each.items.session] = side
    without = [
        side
        for side, those in untold(told).items()
        if any(one.advertising and one.platform in measured for one in those)
    ]
    if where := [*without, *(name for name, side in sessions.items() if side not in without)]:
        yield Caution(
            "ads_untold",
            say(
                "Signs of advertising that others have are not told in these: {names}. There may"
                " be none, or they have a new name.",
                names=some(where),
            ),
        )


def _orders(seen: Seen) -> Iterator[Caution]:
    """Tell how much of what counts as shown only the order of the answers says so of."""
    shown, ordered = seen.showings, seen.ordered
    if ordered:
        yield Caution(
            "by_order",
            say(
                "Of {percent}% of the items that count as shown neither the app nor the driver says"
                " that they were on the screen, only the order of the answers.",
                percent=max(1, round(100 * ordered / shown)),
            ),
        )


def _blocks(found: Audit) -> Iterator[Caution]:
    arms = _by_arm(found)
    alone: dict[str, None] = {}
    for left, right in _compared(found):
        if left in arms and right in arms:
            ours, theirs = ({each.block for each in arms[key]} for key in (left, right))
            alone |= dict.fromkeys(sorted(ours ^ theirs))
    if alone:
        yield Caution(
            "one_sided_block",
            say(
                "Blocks with accounts of one arm only say nothing about chance: {blocks}.",
                blocks=some(alone),
            ),
        )


def _codes(found: Audit) -> Iterator[Caution]:
    coding = found.coding
    if coding.shown and not coding.settled:
        yield Caution(
            "no_codes",
            say(
                "No item has a category yet. One needs two coders who agree, or a decision by a"
                " third."
            ),
        )
    if coding.others:
        yield Caution(
            "old_codes",
            say_many(
                "{number} code was given by another version of the codebook, and does not count.",
                "{number} codes were given by another version of the codebook, and do not count.",
                coding.others,
            ),
        )
    if coding.disagreed:
        yield Caution(
            "disagreed",
            say_many(
                "On {number} item coders disagree and nobody has decided; it does not count.",
                "On {number} items coders disagree and nobody has decided; they do not count.",
                coding.disagreed,
            ),
        )
    if coding.single:
        yield Caution(
            "single_coded",
            say_many(
                "{number} item was coded by one person alone, and does not count.",
                "{number} items were coded by one person alone, and do not count.",
                coding.single,
            ),
        )
    a, b = (side.name for side in found.sides)
    if any(
        each.code == "coders_apart"
        for row in found.comparison.rows
        if row.left.startswith(f"{a} ") and row.right.startswith(f"{b} ")
        for each in row.reasons
    ):
        yield Caution(
            "coders_apart",
            say(
                "What the two sides were shown was coded by different people: what differs between"
                " them may be who coded."
            ),
        )


def _by_arm(found: Audit) -> dict[ArmName, Sequence[AccountState]]:
    arms: defaultdict[ArmName, list[AccountState]] = defaultdict(list)
    for each in found.accounts:
        if each.sessions:
            arms[each.side, each.role].append(each)
    return dict(arms)


def _compared(found: Audit) -> Iterator[tuple[ArmName, ArmName]]:
    """Yield which arms are compared: with the controls of their side, and across the sides."""
    a, b = (side.name for side in found.sides)
    for role in ("seeded", "observed"):
        yield (a, role), (a, "control")
        yield (b, role), (b, "control")
        yield (a, role), (b, role)
