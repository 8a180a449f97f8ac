"""Where rules look: hosts, paths of URLs, and dotted paths of leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from analyzer.models import Part

T = TypeVar("T")

REQUEST_PARTS: Final[frozenset[Part]] = frozenset(("path", "query", "header", "cookie", "body"))
# A repeated parameter is told as a list; in bodies a number below a path is a place of its own.
_HEADERS: Final[frozenset[Part]] = frozenset(("header", "response_header"))
_LISTED: Final[frozenset[Part]] = frozenset(
    ("query", "header", "cookie", "response_header", "response_cookie")
)


def place_of(url: str) -> tuple[str, str]:
    """Return host (lower case, without port) and path of `url`; never raises.

    >>> place_of("https://me@App.Example:8443/a/b?c=d")
    ('app.example', '/a/b')
    """
    rest = url.partition("://")[2] or url
    rest = rest.partition("#")[0].partition("?")[0]
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    six = host.startswith("[")  # an IPv6 address
    host = host.partition("]")[0].lstrip("[") if six else host.partition(":")[0]
    return host.lower().rstrip("."), slash + path or "/"


def authority_of(url: str) -> str:
    """Return what stands between the scheme of `url` and its path, cut at 1,024 characters.

    >>> authority_of("https://me@App.Example:8443/a/b?c=d")
    'me@App.Example:8443'
    """
    start = url.find("://")
    rest = url[start + 3 if start >= 0 else 0 :][:1024]
    return re.split(r"[/?#]", rest, maxsplit=1)[0]


class HostIndex(Generic[T]):
    """Entries by host: exact, ``*.domain`` (subdomains only) or ``*``."""

    def __init__(self) -> None:
        self._exact: dict[str, list[T]] = {}
        self._below: dict[str, list[T]] = {}
        self._any: list[T] = []

    def add(self, host: str, entry: T) -> None:
        """Enter `entry` under the pattern `host`."""
        if host == "*":
            self._any.append(entry)
        elif host.startswith("*."):
            self._below.setdefault(host[2:], []).append(entry)
        else:
            self._exact.setdefault(host, []).append(entry)

    def at(self, host: str) -> list[T]:
        """Return the entries for `host`, the most specific pattern first, each once."""
        found = list(self._exact.get(host, ()))
        rest = host.partition(".")[2]
        while rest:
            found += self._below.get(rest, ())
            rest = rest.partition(".")[2]
        found += self._any
        return list({id(entry): entry for entry in found}.values())


def url_path_test(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Return a test of URL paths: exact ones, or regular expressions from ``^``; none: any path."""
    if not patterns:
        return lambda _path: True
    exact = frozenset(pattern for pattern in patterns if not pattern.startswith("^"))
    regexes = [re.compile(pattern) for pattern in patterns if pattern.startswith("^")]
    return lambda path: path in exact or any(regex.search(path) for regex in regexes)


class PlaceIndex(Generic[T]):
    """Entries by the part and dotted path of a leaf: ``*`` is one component, ``**`` any number.

    Within a component ``*`` is any text (``eid_*``). Names of headers are compared in lower case.

    >>> index: PlaceIndex[str] = PlaceIndex()
    >>> index.add(("body",), ("**.regs.coppa", "imp.*.id"), "found")
    >>> index.at("body", "regs.coppa"), index.at("body", "imp.0.id"), index.at("query", "coppa")
    (['found'], ['found'], [])
    """

    def __init__(self) -> None:
        # By the last component of the pattern, so that few are tried; "" is one of any name.
        self._by_last: dict[tuple[Part, str], list[tuple[int, re.Pattern[str], T]]] = {}
        self._added = 0

    def add(self, parts: Sequence[Part], paths: Sequence[str], entry: T) -> None:
        """Enter `entry` for each of `parts` and each of the patterns `paths`."""
        self._added += 1
        for part in parts:
            for path in paths:
                given = path.lower() if part in _HEADERS else path
                last = given.rpartition(".")[2]
                key = (part, "" if "*" in last else last)
                regex = re.compile(_regex(given, part), re.DOTALL)
                self._by_last.setdefault(key, []).append((self._added, regex, entry))

    def at(self, part: Part, path: str) -> list[T]:
        """Return the entries for a leaf at `path` of `part`, in the order in which they came."""
        rest, _, last = path.rpartition(".")
        tried = [*self._by_last.get((part, last), ()), *self._by_last.get((part, ""), ())]
        if part in _LISTED and last.isdigit():
            tried += self._by_last.get((part, rest.rpartition(".")[2]), ())
        found = {number: entry for number, regex, entry in tried if regex.fullmatch(path)}
        return [found[number] for number in sorted(found)]


def _regex(path: str, part: Part) -> str:
    pieces: list[str] = []
    components = path.split(".")
    for at, component in enumerate(components):
        if component == "**":
            last = at == len(components) - 1
            pieces.append(r"(?:\..+)?" if last and pieces else ".*" if last else r"(?:.+\.)?")
            continue
        if pieces and components[at - 1] != "**":
            pieces.append(r"\.")
        elif pieces and components[at - 1] == "**" and at > 1:
            # "a.**.b": what stands between ends in a dot, or is the dot alone.
            pieces[-1] = r"\.(?:.+\.)?"
        pieces.append(
            r"[^.]+" if component == "*" else re.escape(component).replace(r"\*", "[^.]*")
        )
    if part in _LISTED:
        pieces.append(r"(?:\.[0-9]+)?")
    return "".join(pieces)
