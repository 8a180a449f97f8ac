"""What the driver did with the feeds of a recommender audit, in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from analyzer.said import Said, say
from reports.feed.figures import Figures

if TYPE_CHECKING:
    from analyzer.feed.driven import Drive

_DECIDED: Final[Mapping[str, Said]] = {
    "own": say("terms and hashtags of the protocol"),
    "code": say("codes that people had settled"),
    "signs": say("two lesser signs that agree"),
}
_TROUBLE: Final = say("trouble with the phone, the app or the recording")
_PLANNED: Final = say("its time was over")
_ENDED: Final[Mapping[str, Said]] = {
    "session_time": _PLANNED,
    "feed_time": _PLANNED,
    "minutes": _PLANNED,
    "positive_in_a_row": say("a rule, for what was shown"),
    "told": say("a person ended it"),
    "": say("it broke off"),
}


def driving(drives: Iterable[Drive], figures: Figures) -> tuple[Said, ...]:
    """Return what all `drives` together did; nothing where there was none."""
    drives = tuple(drives)
    return tuple(_told(drives, figures)) if drives else ()


def _told(drives: tuple[Drive, ...], figures: Figures) -> Iterator[Said]:
    number = figures.language.number
    yield say(
        "Sessions that the driver swiped through: {sessions}. Items in them: {items}; of the"
        " interest of their account: {matched}; of which nothing said what they were: {unknown}.",
        sessions=number(len(drives)),
        items=number(sum(each.items for each in drives)),
        matched=number(sum(each.matched for each in drives)),
        unknown=number(sum(each.unknown for each in drives)),
    )
    decided = _sums(pair for each in drives for pair in each.decided)
    if any(decided.values()):
        yield say(
            "What decided that they match: {decided}.",
            decided=tuple(
                _counted(told, decided[code], figures)
                for code, told in _DECIDED.items()
                if decided[code]
            ),
        )
    ended = Counter(_ENDED.get(each.stopped, _TROUBLE) for each in drives)
    yield say(
        "Why sessions ended: {ended}.",
        ended=tuple(_counted(told, times, figures) for told, times in ended.most_common()),
    )


def _counted(what: Said, times: int, figures: Figures) -> Said:
    return say("{what}: {number}", what=what, number=figures.language.number(times))


def _sums(pairs: Iterable[tuple[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for name, number in pairs:
        sums[name] += number
    return sums
