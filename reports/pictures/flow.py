"""Who receives what: ribbons from types of data to their recipients, and on to countries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink

Kind = Literal["a", "b", "same", "open"]
_MOST = 70  # ribbons
_UNIT, _GAP, _LEAST, _TOP = 9.0, 5.0, 17.0, 30.0
_LOOKS: dict[Kind, tuple[Ink, bool, Ink | None]] = {
    "a": ("a", False, None),
    "b": ("b", True, "b"),
    "open": ("q-wash", False, "q"),
    "same": ("wash", False, "line"),
}
_ORDER: tuple[Kind, ...] = ("same", "open", "a", "b")  # what differs is drawn on top


@dataclass(frozen=True, slots=True)
class Stream:
    """One type of data to one recipient, and on which side it is seen more."""

    data: str
    owner: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Heads:
    """The words over the columns."""

    data: str
    owner: str
    country: str


class _Column(NamedTuple):
    """Where the label of a column ends or begins, and its ribbons do."""

    label: float
    ribbon: float


class _Node:
    """A place in a column, which hands out its height to ribbons from the top."""

    def __init__(self, top: float, height: float) -> None:
        self.top, self.height, self._used = top, height, 0.0

    def take(self, height: float) -> tuple[float, float]:
        begin = self.top + self._used
        self._used += height
        return begin, begin + height


def flow_picture(
    streams: Sequence[Stream],
    countries: Mapping[str, Sequence[str]],
    heads: Heads,
    told: tuple[str, str],
    direction: str,
) -> Picture:
    """Return the picture of `streams`; `countries` are those of the servers of an owner, if known.

    `told` is its title and description. Where there are too many, those that differ are drawn.
    """
    rank = {"b": 0, "a": 0, "open": 1, "same": 2}
    chosen = sorted(range(len(streams)), key=lambda at: (rank[streams[at].kind], at))[:_MOST]
    drawn = [streams[at] for at in sorted(chosen)]

    def draw(width: float) -> Canvas:
        return _drawn(f"flow{width}", width, drawn, countries, heads, direction)

    return both(draw, told, len(streams) - len(drawn))


def _drawn(
    name: str,
    width: float,
    streams: Sequence[Stream],
    countries: Mapping[str, Sequence[str]],
    heads: Heads,
    direction: str,
) -> Canvas:
    narrow = width < WIDE
    with_countries = bool(countries) and not narrow
    owners = list(dict.fromkeys(each.owner for each in streams))
    mean = {
        data: _mean([owners.index(each.owner) for each in streams if each.data == data])
        for data in dict.fromkeys(each.data for each in streams)
    }
    types = sorted(mean, key=mean.__getitem__)
    places = list(dict.fromkeys(code for owner in owners for code in countries.get(owner, ())))
    count = {name: sum(each.data == name for each in streams) for name in types}
    got = {name: sum(each.owner == name for each in streams) for name in owners}
    least = _LEAST * 2 if narrow and countries else _LEAST
    height = _TOP + max(
        _needed([count[each] for each in types], _LEAST),
        _needed([got[each] for each in owners], least),
    )
    canvas = Canvas(name, width, height, direction)
    size = 10.5 if narrow else 12.0
    if narrow:
        left, middle = _Column(126, 132), _Column(236, 226)
    elif with_countries:
        left, middle = _Column(200, 207), _Column(384, 372)
    else:
        left, middle = _Column(236, 243), _Column(538, 526)
    for x, anchor, text, within in (
        (left.label, "end", heads.data, left.label),
        (middle.label, "start", heads.owner, width - middle.label),
    ):
        canvas.text(x, 14, text, size=size, anchor=anchor, ink="soft", within=within)  # type: ignore[arg-type]
    data_nodes = _nodes(types, [count[each] for each in types], height, _LEAST)
    owner_nodes = _nodes(owners, [got[each] for each in owners], height, least)
    starts = {
        each: data_nodes[each.data].take(_UNIT)
        for each in sorted(streams, key=lambda each: owners.index(each.owner))
    }
    ends = {
        each: owner_nodes[each.owner].take(_UNIT)
        for each in sorted(streams, key=lambda each: types.index(each.data))
    }
    for each in sorted(streams, key=lambda each: _ORDER.index(each.kind)):
        ink, hatched, outline = _LOOKS[each.kind]
        canvas.band(
            (left.ribbon, *starts[each]),
            (middle.ribbon, *ends[each]),
            ink,
            hatched=hatched,
            outline=outline,
        )
    for data, node in data_nodes.items():
        at = node.top + node.height / 2 + size * 0.36
        canvas.text(left.label, at, data, size=size, anchor="end", within=left.label)
    for owner, node in owner_nodes.items():
        canvas.box(middle.ribbon, node.top, 5, node.height, "ink")
        at = node.top + node.height / 2 + size * 0.36
        room = (118 if with_countries else width - middle.label) - 2
        known = ", ".join(countries.get(owner, ()))
        if narrow and known:
            canvas.text(middle.label, at + 7, known, size=9, ink="soft", within=room)
            at -= 5
        canvas.text(middle.label, at, owner, size=size, bold=True, within=room)
    if with_countries:
        _countries(canvas, places, owner_nodes, countries, heads.country, size)
    return canvas


def _countries(
    canvas: Canvas,
    places: Sequence[str],
    owners: Mapping[str, _Node],
    countries: Mapping[str, Sequence[str]],
    head: str,
    size: float,
) -> None:
    begin, end = 506.0, 606.0
    canvas.text(end + 10, 14, head, size=size, ink="soft", within=canvas.width - end - 10)
    links = [(owner, code) for owner in owners for code in countries.get(owner, ())]
    weights = [sum(code == place for _, code in links) for place in places]
    nodes = _nodes(list(places), weights, canvas.height, _LEAST)
    for owner in owners:
        mine = countries.get(owner, ())
        middle = owners[owner].top + owners[owner].height / 2
        start = _Node(middle - _UNIT * len(mine) / 2, 0)
        for code in mine:
            canvas.band(
                (begin, *start.take(_UNIT)), (end, *nodes[code].take(_UNIT)), "wash", outline="line"
            )
    for code, node in nodes.items():
        canvas.box(end, node.top, 4, node.height, "soft")
        at = node.top + node.height / 2 + size * 0.36
        canvas.text(end + 10, at, code, size=size, within=canvas.width - end - 10)


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers)


def _needed(weights: Sequence[int], least: float) -> float:
    return sum(max(weight * _UNIT, least) + _GAP for weight in weights)


def _nodes(
    names: Sequence[str], weights: Sequence[int], height: float, least: float
) -> dict[str, _Node]:
    """Return the nodes of a column, spread over its height, their ribbons in their middle."""
    spare = (height - _TOP - _needed(weights, least)) / max(1, len(names))
    found, top = {}, _TOP
    for name, weight in zip(names, weights, strict=True):
        room = max(weight * _UNIT, least) + _GAP + spare
        own = weight * _UNIT
        found[name] = _Node(top + (room - own) / 2, own)
        top += room
    return found
