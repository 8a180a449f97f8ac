"""Which rules of the trackers hold for a request, and for which of its leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.extract.places import HostIndex, PlaceIndex, url_path_test
from analyzer.extract.shapes import is_blank, shape
from analyzer.knowledge import Endpoint, FieldRule, Tracker, shape_fits
from analyzer.models import Part


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, and the parts of an exchange that it looks at."""

    rule: FieldRule
    parts: tuple[Part, ...]

    def accepts(self, value: str) -> bool:
        """Tell whether `value` is one that the rule means: it says something, and looks right."""
        rule = self.rule
        if value in rule.not_values or is_blank(value):
            return False
        if rule.value and not re.fullmatch(rule.value, value):
            return False
        return not rule.shapes or shape_fits(shape(value, rule.type), rule.shapes)


@dataclass(frozen=True, slots=True)
class CompiledEndpoint:
    """An endpoint with its tests compiled. `body_has`: keys that the body must have."""

    id: str
    methods: frozenset[str]
    path_test: Callable[[str], bool]
    body_has: frozenset[str]
    rules: tuple[CompiledRule, ...]


class RuleBook:
    """All endpoints of all trackers, by host."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._hosts: HostIndex[CompiledEndpoint] = HostIndex()
        for tracker in trackers:
            for endpoint in tracker.endpoints:
                compiled = _compiled(endpoint)
                for host in endpoint.hosts:
                    self._hosts.add(host, compiled)

    def endpoints(self, method: str, host: str, path: str) -> tuple[CompiledEndpoint, ...]:
        """Return the endpoints that a request may be of, those of its very host first."""
        return tuple(
            endpoint
            for endpoint in self._hosts.at(host)
            if (not endpoint.methods or method in endpoint.methods) and endpoint.path_test(path)
        )


def body_test(paths: Iterable[str]) -> Callable[[str], bool]:
    """Return a test of whether a decoded request body, which has these paths, has a key.

    A plain one has to be at its top level; of a pattern (``**.imp.*.id``) a path has to begin so.
    Of several, between bars, one is enough.
    """
    text = "\n".join(["", *paths, ""])

    def has(key: str) -> bool:
        if "|" in key:
            return any(map(has, key.split("|")))
        if "*" in key:
            literal = max(key.split("*"), key=len).strip(".")
            return literal in text and _anywhere(key).search(text) is not None
        return f"\n{key}." in text or f"\n{key}\n" in text

    return has


@lru_cache(maxsize=256)
def _anywhere(pattern: str) -> re.Pattern[str]:
    """Return what finds a path that begins with `pattern` among lines of paths."""
    pieces = [
        r"(?:[^\n]*\.)?"
        if each == "**"
        else r"[^.\n]+\."
        if each == "*"
        else re.escape(each) + r"\."
        for each in pattern.split(".")
    ]
    return re.compile(r"\n" + "".join(pieces).removesuffix(r"\.") + r"(?=[.\n])")


def rule_index(endpoints: Sequence[CompiledEndpoint]) -> PlaceIndex[CompiledRule]:
    """Return the rules of `endpoints` by place."""
    index: PlaceIndex[CompiledRule] = PlaceIndex()
    for endpoint in endpoints:
        for compiled in endpoint.rules:
            index.add(compiled.parts, compiled.rule.paths, compiled)
    return index


def _compiled(endpoint: Endpoint) -> CompiledEndpoint:
    return CompiledEndpoint(
        id=endpoint.id,
        methods=frozenset(method.upper() for method in endpoint.methods),
        path_test=url_path_test(endpoint.paths),
        body_has=frozenset(endpoint.body_has),
        rules=tuple(CompiledRule(rule, rule.parts) for rule in endpoint.fields),
    )
