"""Where a fact of TrackHAR stands in this program's notation: tried out, not translated.

A request is made with a mark at each place and decoded as any captured one would be; where the mark
turns up is the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.data.trackhar.adapters import Adapter, Fact
from analyzer.data.trackhar.meanings import UUID
from analyzer.data.trackhar.requests import Request, groups, request
from analyzer.decode import decode
from analyzer.models import Exchange, Part

# Facts whose value is a table or a list, by the last name of the path: an example of the inside,
# in which {} is the value.
CONTAINERS: Mapping[str, Any] = {
    "browsers": [{"brand": "{}", "version": ["140"]}],
    "carrier": {"carrier-name": "{}"},
    "cat": ["{}"],
    "sectioncat": ["{}"],
    "cpuAbi": ["{}"],
    "cnt_tags": ["{}"],
}
# Lists of which more than the first element is used, in requests whose other numbers are names.
_LISTS = frozenset({"logRequest", "logEvent", "events"})
_TABLES = frozenset({"chartboost"})  # trackers whose `carrier` is a table
_REPEATED = "google/googledatatransport-firelog-batchlog-protobuf"
_EVENT = re.compile(r"^1\.(?:[0-9]+|\*)\.3\.((?:\*\.)?6\.)")
# Names that stand for many.
_GLOBS: Mapping[str, str] = {
    "eid_example_1": "eid_*_1",
    "eid_example_2": "eid_*_2",
    "eid_example_3": "eid_*_3",
    "promo1id": "promo*id",
    "promo1nm": "promo*nm",
    "promo1cr": "promo*cr",
    "promo1ps": "promo*ps",
    "KRTBCOOKIE_22": "KRTBCOOKIE_*",
}
_EXAMPLES = (
    (r"\([^|()]*\)\?", ""),
    (r"\(([^|()]*)\|[^()]*\)\??", r"\1"),
    (r"\[0-9a-fA-F\]\{8\}(-\[0-9a-fA-F\]\{\d+\}){4}", UUID),
    (r"\\d\{1,2\}\.\\d", "17.0"),
    (r"\\d\+", "1001"),
    (r"\\d", "1"),
    (r"-\?", "-"),
    (r"(?<=[a-z0-9])\?", ""),
    (r"\.\+", "example"),
    (r"\\([./])", r"\1"),
    (r"[\^$]", ""),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a request, and a path in it as tracker files write it."""

    part: Part
    path: str


def example_url(adapter: Adapter, *, number: int = 0) -> str:
    """Return an address of `adapter`, made up where it is a regular expression."""
    text = adapter.urls[number]
    if text.startswith("re:"):
        text = text.removeprefix("re:")
        for pattern, made in _EXAMPLES:
            text = re.sub(pattern, made, text)
    return text


def address(adapter: Adapter, facts: tuple[Fact, ...]) -> str:
    """Return an address of `adapter` that has in its path what `facts` want there."""
    in_path = any(fact.context == "path" for fact in facts)
    return example_url(adapter, number=-1 if in_path else 0)


def inside(adapter: Adapter, fact: Fact, value: Any) -> Any:
    """Return `value`, wrapped in the table or list that TrackHAR takes as a whole."""
    last = fact.path.rpartition(".")[2]
    form = CONTAINERS.get(last)
    plain = last == "carrier" and adapter.tracker not in _TABLES
    return value if form is None or plain or fact.context != "body" else _filled(form, value)


def exchange(made: Request) -> Exchange:
    """Return `made` as a captured exchange."""
    headers = dict(made.headers)
    if made.media:
        headers.setdefault("Content-Type", made.media)
    if made.cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in made.cookies.items())
    return Exchange(
        id="1",
        session="example",
        t_s=0.0,
        phase="use",
        method=made.method,
        url=made.url,
        request_headers=tuple(headers.items()),
        request_body=made.body,
        status=200,
        response_headers=(),
        response_body=b"",
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )


def fits(place: Place, path: str) -> bool:
    """Tell whether a leaf at `path` of the part stands at `place`."""
    regex = re.escape(place.path).replace(r"\.\*\*", r"(\..+)?").replace(r"\*", r"[^.]*")
    return re.fullmatch(rf"{regex}(\.[0-9]+)?", path) is not None


def places(adapter: Adapter) -> dict[Fact, Place]:
    """Return the place of each fact of `adapter`; those that cannot be found are left out."""
    found: dict[Fact, Place] = {}
    for group in groups(adapter):
        marks = _marks(group)
        values = [(fact, inside(adapter, fact, marks[fact])) for fact in group]
        made = request(adapter, address(adapter, group), values)
        leaves = decode(exchange(made)).leaves
        for fact in group:
            mark = marks[fact]
            for leaf in leaves:
                if leaf.value == mark or _holds(leaf.value, mark):
                    found[fact] = _place(adapter, fact, leaf.part, leaf.path)
                    if leaf.value == mark:
                        break
    return found


def _holds(value: str, mark: str) -> bool:
    return re.search(rf"{mark}(?![0-9])", value) is not None


def _marks(group: tuple[Fact, ...]) -> dict[Fact, str]:
    """Return a mark for each fact, the same for those that stand at one place."""
    at: dict[tuple[str, str], str] = {}
    marks = {}
    for fact in group:
        if fact.context == "path":
            marks[fact] = UUID
        elif fixed := re.search(r"@\.state == '([a-zA-Z]+)'\)\]\.state$", fact.path):
            marks[fact] = fixed[1]
        else:
            marks[fact] = at.setdefault((fact.context, fact.path), f"probe{len(at)}")
    return marks


def _place(adapter: Adapter, fact: Fact, part: Part, path: str) -> Place:
    components = path.split(".")
    if part != "path":
        components = ["*" if each == "0" else each for each in components]
    if adapter.name == _REPEATED:  # its first field is a list of logs, and they of events
        components = _EVENT.sub(r"1.*.3.\1", ".".join(components)).split(".")
    components = [_GLOBS.get(each, each) for each in components]
    for at, each in enumerate(components[1:], 1):
        if each.isdigit() and components[at - 1] in _LISTS:
            components[at] = "*"
    wrapped = inside(adapter, fact, "")
    if wrapped != "":
        components = [*components[: len(components) - _depth(wrapped)], "**"]
    return Place(part, ".".join(components))


def _depth(form: Any) -> int:
    if isinstance(form, dict):
        return 1 + _depth(next(iter(form.values())))
    return 1 + _depth(form[0]) if isinstance(form, list) else 0


def _filled(form: Any, value: Any) -> Any:
    if isinstance(form, dict):
        return {key: _filled(inner, value) for key, inner in form.items()}
    if isinstance(form, list):
        return [_filled(inner, value) for inner in form]
    return value if form == "{}" else form
