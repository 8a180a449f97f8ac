"""What the page of a recommender audit shows, made ready for its templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.feed.measures.records import AccountFigures, CurvePoint
from analyzer.feed.records import AdClass, Role
from analyzer.said import Said, say
from reports.feed import pictured, told
from reports.feed.crisis import Crisis, crisis
from reports.feed.view import FeedView, FigureView, OverlapView, view
from reports.language import Language
from reports.pictures import Picture
from reports.problems import problem

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit, Example

_MOST_WINDOWS = 8  # of what two groups have in common; all are in the tables
_HOW = {
    "agreed": say("the coders agreed"),
    "adjudicated": say("a third person decided"),
    "consensus": say("the coders decided together"),
}
_ADS: dict[AdClass, Said] = {
    "formal": say("marked by the platform"),
    "disclosed": say("told by its creator"),
    "hint": say("a sign of it"),
    "none": say("no"),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of one arm: the letter of its side, and its name."""

    which: str
    side: str
    role: Said


@dataclass(frozen=True, slots=True)
class Stretch:
    """One window: for each arm its share with interval, and how many in an hour."""

    when: Said
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account as its table has it; "" for what there is none of."""

    name: str
    sessions: int | None
    feed_time: str
    figures: AccountFigures
    first: str | Said
    onset: str | Said
    doubling: str | Said


@dataclass(frozen=True, slots=True)
class AdLine:
    """Advertisements of one kind: for each arm the share (0..1 or None) and how it is written."""

    label: Said
    meaning: Said
    cells: tuple[tuple[float, FigureView] | None, ...]


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """An item of which only this is told: neither its text nor who made it."""

    number: int
    id: str
    which: str
    arm: Said
    category: str
    at: str
    watched: str
    length: str
    rounds: str
    how: Said
    coders: int
    ad: Said


@dataclass(frozen=True, slots=True)
class Sections:
    """All that the templates of `templates/feed` show."""

    view: FeedView
    crisis: Crisis
    exposure: Picture | None
    onsets: tuple[Picture, ...]
    factors: Picture | None
    headings: tuple[Heading, ...]
    stretches: tuple[Stretch, ...]
    accounts: tuple[tuple[Heading, tuple[AccountLine, ...]], ...]
    ads: tuple[AdLine, ...]
    windows: tuple[Said, ...]
    overlaps: tuple[tuple[OverlapView, tuple[str, ...]], ...]
    examples: tuple[ExampleLine, ...]
    how: tuple[tuple[Said, int], ...]
    problems: tuple[tuple[Said | str, int], ...]
    measures: tuple[tuple[Said, Said], ...]
    not_recorded: tuple[str, ...]


def sections(audit: Audit, language: Language | None = None) -> Sections:
    """Return what the page shows of `audit` in `language` (English)."""
    language = language or Language()
    seen = view(audit, language)
    made = _Sections(seen)
    windows = _spread([each.window for each in audit.comparison.overlaps])
    countries = dict.fromkeys(each for side in audit.sides for each in side.countries)
    return Sections(
        view=seen,
        crisis=crisis(countries, language),
        exposure=pictured.exposure(seen),
        onsets=pictured.onsets(seen),
        factors=pictured.factors(seen),
        headings=made.headings,
        stretches=tuple(made.stretches()),
        accounts=tuple(made.accounts()),
        ads=tuple(made.ads()),
        windows=tuple(
            seen.figures.hour(each, audit.comparison.settings.window_s) for each in windows
        ),
        overlaps=tuple(made.overlaps(windows)),
        examples=tuple(map(made.example, audit.examples)),
        how=tuple((_HOW[how], number) for how, number in audit.coding.how if how in _HOW),
        problems=tuple((problem(code), number) for code, number in audit.problems),
        measures=tuple(
            (told.measure(name), told.meaning(name))
            for name in dict.fromkeys(
                (*(each.measure for each in audit.comparison.figures), "amplification")
            )
        ),
        not_recorded=tuple(each.name for each in audit.accounts if not each.sessions),
    )


class _Sections:
    def __init__(self, seen: FeedView) -> None:
        self._view, self._figures = seen, seen.figures
        self._found = seen.audit.comparison
        self._arms = [(each.side, each.role) for each in self._found.coverage]
        self.headings = tuple(self._heading(*each) for each in self._arms)

    def _which(self, side: str) -> str:
        return "ab"[self._found.sides.index(side)]

    def _heading(self, side: str, role: Role) -> Heading:
        return Heading(self._which(side), self._figures.side(side), told.role(role))

    def stretches(self) -> Iterator[Stretch]:
        """Yield each window with the figures of all arms."""
        points = {
            (curve.side, curve.role, point.window): point
            for curve in self._found.curves
            for point in curve.points
        }
        for window in sorted({each[2] for each in points}):
            yield Stretch(
                self._figures.hour(window, self._found.settings.window_s),
                tuple(self._cell(points.get((*arm, window))) for arm in self._arms),
            )

    def _cell(self, point: CurvePoint | None) -> tuple[str, str, str]:
        if point is None or point.share.value is None:
            return ("", "", "")
        return (
            *self._figures.both("share", point.share.value, point.share.interval),
            self._figures.value("per_hour", point.per_hour.value),
        )

    def accounts(self) -> Iterator[tuple[Heading, tuple[AccountLine, ...]]]:
        """Yield the accounts of each arm, those with the earliest onset first."""
        states = {each.name: each for each in self._view.audit.accounts}
        for arm, heading in zip(self._arms, self.headings, strict=True):
            own = [each for each in self._found.accounts if (each.side, each.role) == arm]
            own.sort(key=lambda each: (each.onset_s is None, each.onset_s or 0.0, each.name))
            yield (
                heading,
                tuple(
                    AccountLine(
                        name=each.name,
                        sessions=states[each.name].sessions if each.name in states else None,
                        feed_time=self._figures.duration(each.feed_s),
                        figures=each,
                        first=self._time(each.first_exposure_s),
                        onset=self._time(each.onset_s),
                        doubling="" if each.engaged_s is None else self._time(each.doubling_s),
                    )
                    for each in own
                ),
            )

    def _time(self, seconds: float | None) -> str | Said:
        return told.NOT_REACHED if seconds is None else self._figures.duration(seconds)

    def ads(self) -> Iterator[AdLine]:
        """Yield each kind of advertisement that was measured."""
        table = {
            (each.figure.measure, each.figure.side, each.figure.role): each
            for each in self._view.table
            if each.figure.window is None
        }
        for name in told.ADS:
            cells = [table.get((name, *arm)) for arm in self._arms]
            if any(each and each.figure.value is not None for each in cells):
                yield AdLine(
                    told.measure(name),
                    told.meaning(name),
                    tuple(
                        None
                        if each is None or each.figure.value is None
                        else (each.figure.value, each)
                        for each in cells
                    ),
                )

    def overlaps(self, windows: list[int]) -> Iterator[tuple[OverlapView, tuple[str, ...]]]:
        """Yield each pair of arms with what they have in common in `windows`."""
        pairs: dict[tuple[str, str], dict[int, OverlapView]] = {}
        for each in self._view.overlaps:
            pair = (each.overlap.left, each.overlap.right)
            pairs.setdefault(pair, {})[each.overlap.window] = each
        for found in pairs.values():
            cells = [found[window].value if window in found else "" for window in windows]
            yield next(iter(found.values())), tuple(cells)

    def example(self, each: Example) -> ExampleLine:
        """Return an example as its table has it."""
        duration = self._figures.duration
        return ExampleLine(
            number=each.number,
            id=each.id,
            which=self._which(each.side),
            arm=self._figures.arm(each.side, each.role),
            category=self._figures.category(each.category),
            at=duration(each.feed_s),
            watched="" if each.watch_s is None else duration(each.watch_s),
            length="" if each.duration_s is None else duration(each.duration_s),
            rounds="" if each.rounds is None else self._figures.language.number(each.rounds),
            how=_HOW.get(each.how, say("one coder")),
            coders=each.coders,
            ad=_ADS[each.ad],
        )


def _spread(windows: list[int]) -> list[int]:
    """Return a few of the windows, the first and the last among them."""
    found = sorted(set(windows))
    if len(found) <= _MOST_WINDOWS:
        return found
    last = len(found) - 1
    places = {round(at * last / (_MOST_WINDOWS - 1)) for at in range(_MOST_WINDOWS)}
    return [found[at] for at in sorted(places)]
