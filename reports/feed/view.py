"""One view of a recommender audit: what terminal, page, record and tables tell of it.

A row is told as a change. Inside a side it goes from the control accounts to those with an
interest, between sides from a to b: there the effect of the record is turned round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.feed.measures.records import Coverage, FeedRow, FeedVerdict, Figure, Overlap
from analyzer.said import Said, say
from analyzer.statistics import Interval
from reports.feed import told
from reports.feed.driving import driving
from reports.feed.figures import Figures, split, turned
from reports.feed.headlines import Headline, contrast, headlines
from reports.feed.limits import agreement, coders, limits
from reports.feed.who import who
from reports.language import Language

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

MARKS: dict[FeedVerdict, str] = {"higher": "+", "lower": "-", "same": "=", "insufficient": "?"}


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure of one arm as it is written; "" for what there is none of."""

    figure: Figure
    arm: Said
    label: Said
    when: Said
    value: str | Said  # "not reached" where half of the accounts did not get there
    interval: str
    joint: str
    held: str  # the one of these two that is shown: the joint one, where there is one
    dagger: str  # what marks it as joint, "" where it is not
    possible: str
    note: Said | None  # how many did not get there


@dataclass(frozen=True, slots=True)
class RowView:
    """Two arms as a change `before` -> `after`; `verdict` and `mark` are those of the change.

    `before` and `after` are None where the measure is of no single arm's figures.
    """

    row: FeedRow
    label: Said
    when: Said
    names: tuple[Said, Said]
    before: FigureView | None
    after: FigureView | None
    change: str
    interval: str
    joint: str
    held: str  # the one of these two that is shown: the joint one, where there is one
    dagger: str  # what marks it as joint, "" where it is not
    possible: str
    q: str
    verdict: FeedVerdict
    mark: str
    told: Said
    reasons: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with the same two arms."""

    title: Said
    between: bool  # two sides; False: inside one side, against its controls
    rows: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class ArmView:
    """An arm and how much of it is known."""

    coverage: Coverage
    name: Said
    does: Said
    coded: str  # per cent of the items shown
    unknown: str  # per cent of the servings
    understood: str  # per cent of the answers; "" where none were counted


@dataclass(frozen=True, slots=True)
class OverlapView:
    """How much two arms were shown the same in one window."""

    overlap: Overlap
    names: tuple[Said, Said]
    when: Said
    value: str


@dataclass(frozen=True, slots=True)
class FeedView:
    """All that a report of an audit tells, in one language."""

    audit: Audit
    figures: Figures
    sides: tuple[str, str]
    title: Said
    harmful: bool  # what is measured is all that the codebook calls harmful
    meaning: Said  # of "measured items"
    who: tuple[Said, ...]  # the accounts are
    headlines: tuple[Headline, ...]
    joint: Said  # what the intervals of the headlines are
    contrast: tuple[Said, ...]  # side b against side a
    groups: tuple[Group, ...]
    arms: tuple[ArmView, ...]
    table: tuple[FigureView, ...]
    overlaps: tuple[OverlapView, ...]
    agreement: tuple[Said, ...]
    cautions: tuple[Said, ...]
    limits: tuple[Said, ...]
    driving: tuple[Said, ...]  # what the driver did; none where nothing was driven


def view(audit: Audit, language: Language | None = None) -> FeedView:
    """Return what is told of `audit` in `language` (English)."""
    made = _Viewing(audit, Figures(language or Language(), audit.labels))
    return made.whole()


class _Viewing:
    def __init__(self, audit: Audit, figures: Figures) -> None:
        self._audit, self._figures = audit, figures
        self._found = audit.comparison
        self._by = {
            (each.measure, each.side, each.role, each.window): self._figure(each)
            for each in self._found.figures
        }

    def whole(self) -> FeedView:
        found, figures = self._found, self._figures
        a, b = (figures.side(each) for each in found.sides)
        return FeedView(
            audit=self._audit,
            figures=figures,
            sides=(a, b),
            harmful=self._harmful,
            title=say("What the feed shows: {a} and {b}", a=a, b=b),
            meaning=self._meaning(),
            who=who(self._audit, figures),
            headlines=headlines(found, figures, harmful=self._harmful),
            joint=told.JOINT,
            contrast=contrast(found, figures),
            groups=tuple(self._groups()),
            arms=tuple(map(self._arm, found.coverage)),
            table=tuple(self._by.values()),
            overlaps=tuple(map(self._overlap, found.overlaps)),
            agreement=(*agreement(self._audit.agreement, figures), *coders(found, figures)),
            cautions=tuple(each.text for each in self._audit.cautions),
            limits=limits(found, figures),
            driving=driving(self._audit.drives, figures),
        )

    @property
    def _harmful(self) -> bool:
        return set(self._found.positive) == self._audit.protocol.codebook.harmful

    def _meaning(self) -> Said:
        categories = tuple(map(self._figures.category, self._found.positive))
        if self._harmful:
            return say(
                "Measured items are those that the codebook calls potentially harmful. Coders put"
                " them into: {categories}.",
                categories=categories,
            )
        return say(
            "Measured items are those that the coders put into: {categories}.",
            categories=categories,
        )

    def _when(self, window: int | None, until_s: float | None = None) -> Said:
        return self._figures.hour(window, self._found.settings.window_s, until_s)

    def _figure(self, each: Figure) -> FigureView:
        figures = self._figures
        value: str | Said
        value, held = figures.both(each.measure, each.value, each.joint or each.interval)
        if each.value is None and each.censored:
            value = told.NOT_REACHED
        return FigureView(
            figure=each,
            arm=figures.arm(each.side, each.role),
            label=told.measure(each.measure),
            when=self._when(each.window, each.until_s),
            value=value,
            interval=figures.interval(each.measure, each.interval),
            joint=figures.interval(each.measure, each.joint),
            held=held,
            dagger=told.AT_ONCE if each.joint and held else "",
            possible=_wide(figures.interval(each.measure, each.possible), each.possible),
            note=say(
                "Accounts that did not get there: {censored} of {accounts}.",
                censored=each.censored,
                accounts=each.accounts,
            )
            if each.censored
            else None,
        )

    def _groups(self) -> Iterable[Group]:
        groups: dict[tuple[str, str], list[FeedRow]] = {}
        for row in self._found.rows:
            groups.setdefault((row.left, row.right), []).append(row)
        for (left, right), rows in groups.items():
            (a, role), (b, other) = split(left), split(right)
            between = a != b
            title = say("{side}: {before} and {after}", side=self._figures.side(a),
                        before=told.role(other), after=told.role(role))  # fmt: skip
            if between:
                title = say("{a} and {b}: {accounts}", a=self._figures.side(a),
                            b=self._figures.side(b), accounts=told.role(role))  # fmt: skip
            yield Group(title, between, tuple(self._row(row, turn=between) for row in rows))

    def _row(self, row: FeedRow, *, turn: bool) -> RowView:
        figures = self._figures
        ends = (row.left, row.right) if turn else (row.right, row.left)
        before, after = (self._of(row, each) for each in ends)
        verdict = told.turned(row.verdict, turn=turn)
        time = told.UNITS[row.measure] == "time"

        def oriented(held: Interval | None) -> Interval | None:
            return turned(held, time=time) if turn and held else held

        def changed(held: Interval | None) -> str:
            return figures.change_interval(row.measure, oriented(held))

        effect = row.effect
        if turn and effect is not None:
            effect = -effect if time else 1 / effect if effect else math.inf
        change, held = figures.both_changes(
            row.measure, effect, oriented(row.joint or row.interval)
        )
        return RowView(
            row=row,
            label=told.measure(row.measure),
            when=self._when(row.window, row.until_s),
            names=(figures.named(ends[0]), figures.named(ends[1])),
            before=before,
            after=after,
            change=change,
            interval=changed(row.interval),
            joint=changed(row.joint),
            held=held,
            dagger=told.AT_ONCE if row.joint and held else "",
            possible=_wide(changed(row.possible), row.possible),
            q=figures.language.probability(row.q),
            verdict=verdict,
            mark=MARKS[verdict],
            told=told.verdict(row.measure, verdict),
            reasons=tuple(figures.reason(each, row.measure) for each in row.reasons),
        )

    def _of(self, row: FeedRow, arm: str) -> FigureView | None:
        """Return the figure of an arm that a row compares; of an amplification that of its row."""
        side, role = split(arm)
        if row.measure != "amplification":
            return self._by.get((row.measure, side, role, row.window))
        for each in self._found.rows:
            if (each.measure, each.window, each.left) == ("share", row.window, arm) and split(
                each.right
            ) == (side, "control"):
                return self._figure(
                    Figure("amplification", side, role, row.window, 0, 0, each.effect,
                           each.interval, each.joint, each.possible, 0)
                )  # fmt: skip
        return None

    def _arm(self, each: Coverage) -> ArmView:
        percent = self._figures.language.percent
        served = each.unknown + each.shown
        return ArmView(
            coverage=each,
            name=self._figures.arm(each.side, each.role),
            does=told.role_meaning(each.role),
            coded=percent(each.coded / each.shown) if each.shown else "",
            unknown=percent(each.unknown / served) if served else "",
            understood=percent(each.understood / each.answers) if each.answers else "",
        )

    def _overlap(self, each: Overlap) -> OverlapView:
        figures = self._figures
        return OverlapView(
            overlap=each,
            names=(figures.named(each.left), figures.named(each.right)),
            when=self._when(each.window),
            value="" if each.jaccard is None else figures.language.percent(each.jaccard, 1),
        )


def _wide(text: str, held: Interval | None) -> str:
    """Return what is possible only where that is more than one value."""
    return text if held is not None and held.high - held.low > 0.005 else ""
