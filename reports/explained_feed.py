"""Explanations on the terminal of what a feed showed: an item, and an account."""

from __future__ import annotations

from analyzer import amounts
from analyzer.explanation import AccountSession, AccountTrail, Logged, ShownTrail
from reports import terminal_names
from reports.console import Out
from reports.feed.figures import Figures
from reports.language import Language

_BY = {
    "watch_log": "the app's own log says that it was on the screen",
    "driver": "the driver's log says that it was on the screen",
    "order": "only the order of the answers says that it was on the screen",
}
_HOW = {"agreed": "the coders agree", "adjudicated": "a third person decided",
        "consensus": "the coders decided together"}  # fmt: skip
_ADS = {
    "formal": "marked by the platform", "disclosed": "told by its creator", "hint": "a sign of it",
    "none": "no",
}  # fmt: skip
_LISTED = 10


def print_shown(out: Out, trail: ShownTrail) -> None:
    """Print an item of a feed, from the recorded answer to its codes."""
    time = Figures(Language(), {}).duration
    out.line(f"{trail.id}  an item of the feed, shown to {trail.account}", "bold")
    interest = f", interest {trail.interest}" if trail.interest else ""
    out.fact("account", f"{trail.account}: {trail.role}{interest}")
    country = terminal_names.country(trail.country)
    consent = "not asked for consent" if trail.consent == "none" else f"consent {trail.consent}"
    out.fact("session", f"{trail.session} ({country}, declared age {trail.age}, {consent})")
    at = trail.at.replace("T", " ").removesuffix("Z")
    into = f"{trail.t_s:.1f} s into the recording"
    out.fact("served", f"{at} UTC, {into}" if at else into)
    sealed = f", capture {trail.capture}" if trail.capture else ", never sealed"
    out.fact("exchange", f"{trail.exchange} of this session{sealed}")
    answer = f" -> {trail.status}" if trail.status is not None else ""
    out.fact("request", f"{trail.request} ({trail.transport}){answer}" if trail.request else "")
    out.fact("bytes", f"{trail.request_bytes} sent, {trail.response_bytes} received")
    out.fact(
        "place",
        f"number {trail.position + 1} of this answer, {trail.place + 1} of the session, in"
        f" {trail.surface} of {trail.platform}",
    )
    out.fact("item", f"{trail.item} (keyed; what it says is hidden)")
    out.fact("kept in", f"{trail.file}, row {trail.row} (private)")
    after = f"after feed time of {time(trail.feed_s)}: " if trail.feed_s is not None else ""
    out.fact("shown", f"{after}{_BY.get(trail.by, trail.by)}")
    out.fact("watched", _watched(trail))
    for line in trail.log:
        out.fact("log", _line(line))
    for coder, category in trail.codes:
        out.fact("code", f"{coder}: {category}")
    decided = f" ({trail.decided_by})" if trail.decided_by else ""
    counted = "counted as measured" if trail.measured else "not of the measured categories"
    out.fact(
        "category",
        f"{trail.category}, {counted}: {_HOW.get(trail.how, trail.how)}{decided}"
        if trail.category
        else "nothing is settled, so that it counts as not coded",
    )
    out.fact("codebook", trail.codebook)
    reasons = f": {', '.join(trail.ad_reasons)}" if trail.ad_reasons else ""
    out.fact("advertising", f"{_ADS.get(trail.ad, trail.ad)}{reasons}")
    out.fact("warnings", ", ".join(trail.warnings))
    out.fact("checked", trail.check.text, "green" if trail.check.ok else "red")


def _watched(trail: ShownTrail) -> str:
    if trail.watch_s is None:
        return "nobody says how long"
    of = "" if trail.duration_s is None else f" of {trail.duration_s:.1f} s"
    rounds = "" if trail.rounds is None else f", {amounts.number(trail.rounds, 'whole round')}"
    engaged = "; watched whole, or acted on" if trail.engaged else ""
    return f"{trail.watch_s:.1f} s{of}{rounds}{engaged}"


def _line(line: Logged) -> str:
    who = f"the app, exchange {line.exchange}" if line.by == "app" else "the driver"
    parts = [f"{line.t_s:.1f} s into the recording, {who}"]
    if line.watch_s is not None:
        parts.append(f"watched {line.watch_s:.1f} s")
    if line.rounds is not None:
        parts.append(amounts.number(line.rounds, "round"))
    return "; ".join([*parts, *line.told])


def print_account(out: Out, trail: AccountTrail) -> None:
    """Print an account of a feed with its sessions, and what it was shown in all of them."""
    time = Figures(Language(), {}).duration
    out.line(f"{trail.name}  an account of the feed", "bold")
    interest = f", interest {trail.interest}" if trail.interest else ""
    block = f", block {trail.block}" if trail.block else ""
    out.fact("account", f"{trail.arm}, {trail.role}{interest}{block}")
    for each in trail.sessions:
        out.fact("session", _session(each, time(each.feed_s)))
    if not trail.sessions:
        out.fact("session", "none was recorded")
        return
    out.fact("feed time", time(trail.feed_s))
    unknown = f"; of {trail.unknown} more served nobody knows" if trail.unknown else ""
    out.fact("shown", f"{amounts.number(trail.shown, 'item')}{unknown}")
    if trail.share is None:
        out.fact("share", "none of them is coded")
    else:
        part = f"{trail.positive} of {amounts.number(trail.coded, 'coded item')}"
        out.fact("share", f"{trail.share:.1%} measured: {part}")
    first, onset = trail.first_exposure_s, trail.onset_s
    out.fact("first", "never" if first is None else f"after {time(first)}")
    half = f"{trail.half} of the last {trail.last} coded items measured ones"
    out.fact("onset", f"{half}: {'never' if onset is None else f'after {time(onset)}'}")
    if trail.measured:
        more = len(trail.measured) - _LISTED
        rest = f" and {more} more (--json has all)" if more > 0 else ""
        out.fact("measured", f"{' '.join(trail.measured[:_LISTED])}{rest}")


def _session(each: AccountSession, feed_time: str) -> str:
    parts = [f"{each.session}: {each.started}, feed time {feed_time}"]
    if each.driven:
        ended = f", ended by {each.stopped}" if each.stopped else ""
        counts = f"{amounts.number(each.items, 'item')}, {each.matched} matched"
        parts.append(f"driven ({counts}, {each.unknown} unknown{ended}; {each.driven})")
    if each.left_out:
        parts.append(f"left out: {each.left_out}")
    return "; ".join(parts)
