"""The pictures of a recommender audit, out of its view."""

from __future__ import annotations

import math
from collections.abc import Callable

from babel.units import format_unit

from analyzer.feed.measures.records import Curve, CurvePoint, Figure
from analyzer.feed.records import Role
from analyzer.said import Said, say
from reports.feed import told
from reports.feed.view import FeedView, RowView
from reports.language import Figure as Written
from reports.language import Language, counted
from reports.pictures import Picture
from reports.pictures.exposure import Course, Exposure, Side, Spell, exposure_picture
from reports.pictures.intervals import Interval, Panel, intervals_picture
from reports.pictures.onsets import OnsetRow, onset_pictures
from reports.templating import fit

_ROLES: tuple[Role, ...] = ("seeded", "observed", "control")
_LONG_H = 10  # hours of which nobody wants the minutes
_INVENTED = say("An exercise: this app does not exist.")


def exposure(view: FeedView) -> Picture | None:
    """Return the share over feed time of every arm; None where no share can be told."""
    audit, tell = view.audit, _teller(view)
    found = audit.comparison
    if not any(point.share.value is not None for curve in found.curves for point in curve.points):
        return None
    sides = tuple(_side(view, which, name) for which, name in zip("ab", found.sides, strict=True))
    categories = tuple(map(view.figures.category, found.positive))
    title = say("Share of the feed: {categories}", categories=categories)
    counted = say(
        "Of the coded items that were on the screen. Each point stands for {window} of feed time.",
        window=clock(view.figures.language, found.settings.window_s),
    )
    if view.harmful:
        title = say("Share of the feed that is potentially harmful")
    language = view.figures.language
    source = say(
        "{app}, study {study}, {days}. Made with evenhand.",
        app=audit.app,
        study=audit.study,
        days=language.days(audit.started, audit.ended) if audit.started else "…",
    )
    return exposure_picture(
        Exposure(
            title=tell(title),
            counted=_joined(tell(view.meaning) if view.harmful else "", tell(counted)),
            time=tell(say("feed time")),
            notes=(
                tell(
                    say(
                        "Line: mean of the accounts. Shaded: its 95% interval, each point by"
                        " itself. Thin lines: single accounts. In brackets: intervals that hold"
                        " all at once in 95 of 100 studies."
                    )
                ),
                tell(source),
            ),
            banner=tell(_INVENTED) if audit.fictional else "",
            sides=sides,
            seconds=max(
                (each.feed_s for each in found.accounts),
                default=found.settings.window_s,
            ),
            percent=language.percent,
            share=view.figures.share,
            duration=lambda seconds: clock(language, seconds),
        ),
        (tell(title), tell(_described(view))),
        language.direction,
    )


def _side(view: FeedView, which: str, name: str) -> Side:
    figures, found, tell = view.figures, view.audit.comparison, _teller(view)
    curves = {each.role: each for each in found.curves if each.side == name}
    number = {each.role: each.accounts for each in found.coverage if each.side == name}
    notes = [
        say("{accounts}: {number}", accounts=told.role(role), number=number[role])
        for role in _ROLES
        if role in number
    ]
    return Side(
        which=which,
        title=fit(figures.side(name)),
        fact=tell(_fact(view, name)),
        note=Written(figures.language.comma.join(map(tell, notes))),
        courses=tuple(_course(view, curves[role]) for role in _ROLES if role in curves),
    )


def _fact(view: FeedView, side: str) -> Said:
    """Return how many times the share of control accounts it is, in the headline's window."""
    row = next(
        (
            each
            for group in view.groups
            for each in group.rows
            if each.row.headline and each.row.left == f"{side} seeded"
        ),
        None,
    )
    if row is None:
        return say("Not compared with control accounts.")
    if row.verdict == "insufficient" or row.row.effect is None:
        return say("Whether it differs from control accounts is not decided.")
    factor, written = view.figures.times(row.row.effect, row.row.joint or row.row.interval)
    return say(
        "{factor} times the share of control accounts {held}",
        factor=factor,
        held=Written(written.replace(" ", "\u00a0")),
    )


def _course(view: FeedView, curve: Curve) -> Course:
    found = view.audit.comparison
    window = found.settings.window_s
    return Course(
        role=curve.role,
        label=_teller(view)(told.role(curve.role)),
        spells=tuple(_spell(point, window) for point in curve.points),
        accounts=tuple(
            tuple(_at(each.share, point.window) for point in curve.points)
            for each in found.accounts
            if (each.side, each.role) == (curve.side, curve.role)
        ),
    )


def _spell(point: CurvePoint, window: float) -> Spell | None:
    share = point.share
    if share.value is None:
        return None
    return Spell(
        point.end_s - window / 2,
        share.value,
        max(0.0, share.interval.low),
        min(1.0, share.interval.high),
    )


def _at(shares: tuple[float | None, ...], window: int) -> float | None:
    return shares[window] if window < len(shares) else None


def _described(view: FeedView) -> Said:
    figures = view.figures
    courses = [
        say(
            "{arm}: {shares}",
            arm=figures.arm(curve.side, curve.role),
            shares=tuple(
                figures.value("share", point.share.value) or "…" for point in curve.points
            ),
        )
        for curve in view.audit.comparison.curves
    ]
    return say(
        "Lines over feed time, a panel for each side. Shares in the order of time. {courses}.",
        courses=Written(figures.language.semicolon.join(map(_teller(view), courses))),
    )


def onsets(view: FeedView) -> tuple[Picture, ...]:
    """Return when each account got to its onset, arm by arm; none where there are no accounts."""
    found, figures = view.audit.comparison, view.figures
    rows = [
        _onset(view, "ab"[found.sides.index(each.side)], each)
        for role in _ROLES
        for each in sorted(found.figures, key=lambda each: found.sides.index(each.side))
        if each.measure == "onset" and each.role == role
    ]
    tell = _teller(view)
    if not any(row.reached or row.censored for row in rows):
        return ()
    title = say("Onset of each account")
    description = say(
        "A line for each account on a scale of feed time. It ends in a mark at its onset, or in an"
        " arrow where its feed time was over before. The table below says the same."
    )
    return onset_pictures(
        rows,
        lambda seconds: clock(figures.language, seconds),
        (tell(title), tell(description)),
        figures.language.direction,
    )


def _onset(view: FeedView, which: str, figure: Figure) -> OnsetRow:
    figures = view.figures
    tell = _teller(view)
    accounts = [
        each
        for each in view.audit.comparison.accounts
        if (each.side, each.role) == (figure.side, figure.role)
    ]
    reached = tuple(each.onset_s for each in accounts if each.onset_s is not None)
    held = figure.joint or figure.interval
    if figure.value is None:
        text = tell(say("median: not reached"))
    else:
        time = _joined(*figures.both("onset", figure.value, held))
        text = tell(say("median: {time}", time=time))
    return OnsetRow(
        which=which,
        role=figure.role,
        side=figures.side(figure.side),
        label=tell(told.role(figure.role)),
        reached=reached,
        censored=tuple(each.feed_s for each in accounts if each.onset_s is None),
        median=figure.value,
        low=held.low if held.low > 0 else None,
        high=held.high if math.isfinite(held.high) else None,
        text=text,
        note=tell(say("{k} of {n} got there", k=len(reached), n=len(accounts))),
    )


def factors(view: FeedView) -> Picture | None:
    """Return the amplifications with their intervals; None where there is none."""
    found, figures = view.audit.comparison, view.figures
    tell = _teller(view)
    inside = [
        _factor(view, row, "ab"[found.sides.index(row.row.left.rpartition(" ")[0])])
        for group in view.groups
        if not group.between
        for row in group.rows
        if row.row.measure == "share" and row.row.effect is not None
    ]
    if not inside:
        return None
    margin = found.settings.margin
    panel = Panel(
        title=tell(say("Times the share of control accounts")),
        less=tell(say("less than control accounts")),
        more=tell(say("more than control accounts")),
        rows=tuple(inside),
        none=1.0,
        margin=(1 / margin, margin),
        ratio=True,
    )
    description = say(
        "A mark for how many times as much, a line for its interval. The table below says the same."
    )
    return intervals_picture([panel], (panel.title, tell(description)), figures.language.direction)


def _factor(view: FeedView, row: RowView, which: str) -> Interval:
    held = row.row.joint or row.row.interval
    tell = _teller(view)
    looks = {"insufficient": "open", "same": "same"}
    side, _, role = row.row.left.rpartition(" ")
    return Interval(
        label=view.figures.side(side) if role == "seeded" else tell(row.names[1]),
        owner=tell(row.when),
        effect=row.row.effect or 0.0,
        low=held.low if held.low > 0 else None,
        high=held.high if math.isfinite(held.high) else None,
        text=_joined(row.change, row.held),
        which=looks.get(row.verdict, which),
    )


def _teller(view: FeedView) -> Callable[[Said], Written]:
    """Return what tells a sentence so that it can be drawn: what others wrote is made visible."""
    language = view.figures.language
    return lambda text: Written(language.tell(text, fit))


def _joined(*figures: str) -> Written:
    return Written(" ".join(filter(None, figures)))


def clock(language: Language, seconds: float) -> str:
    """Return a time for a scale: from an hour on in hours, where their tenths say it to the minute.

    >>> [clock(Language(), each) for each in (1800, 3600, 4500, 5400, 7210)]
    ['30 min', '1 h', '75 min', '1.5 h', '2 h']
    """
    if seconds < 120:
        return language.duration(seconds)
    hours = round(seconds / 3600, 1)
    exact = hours >= 1 and (hours >= _LONG_H or abs(seconds - hours * 3600) < 60)
    return _unit(language, seconds, "hour" if exact else "minute")


def _unit(language: Language, seconds: float, unit: str) -> str:
    value = round(seconds / (60 if unit == "minute" else 3600), 1)
    if language.code == "en":
        return f"{language.number(value)} {'min' if unit == 'minute' else 'h'}"
    return str(format_unit(counted(value), unit, "short", locale=language.locale))
