"""The evidence of the page: for each row the exchanges behind it, and the rules they rest on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from analyzer.comparison import Comparison, Evidence, SessionRow
from analyzer.knowledge import Knowledge
from reports import words
from reports.excerpt import excerpt


@dataclass(frozen=True, slots=True)
class Example:
    """One exchange behind a row. `anchor` is "" where the page has it already."""

    found: Evidence
    anchor: str
    session: str
    capture: str  # SHA-256 of the session's sealed capture
    excerpt: str
    rule: str  # anchor of its rule, "" where nothing is told of that


@dataclass(frozen=True, slots=True)
class Rule:
    """By what something was recognised, why that is right, and who says so."""

    id: str
    anchor: str
    reason: str
    source: str
    grade: str  # what it rests on; "" where the rule belongs to an invented recipient


@dataclass(frozen=True, slots=True)
class Proofs:
    """The examples of each row by its id, and the rules that they rest on."""

    rows: Mapping[str, tuple[Example, ...]]
    rules: tuple[Rule, ...]


def proofs(comparison: Comparison, knowledge: Knowledge) -> Proofs:
    """Return the evidence of `comparison`."""
    known = {each.id: each for each in comparison.evidence}
    sessions = {row.id: row for row in comparison.sessions}
    short = words.session_names(comparison.sessions)
    invented = {
        endpoint.id
        for tracker in knowledge.trackers
        if tracker.fictional
        for endpoint in tracker.endpoints
    }
    rules = _rules(comparison, invented)
    given: set[str] = set()
    return Proofs(
        rows={
            row.id: tuple(
                _example(known[example], short, sessions, rules, given)
                for example in row.examples
                if example in known
            )
            for row in comparison.deltas
        },
        rules=tuple(rules.values()),
    )


def _rules(comparison: Comparison, invented: Collection[str]) -> dict[tuple[str, str, str], Rule]:
    """Return every rule with its reason and source, the first of each id under its own anchor."""
    found = sorted(
        {
            (each.rule_id, each.reason, each.source, each.grade)
            for each in comparison.evidence
            if each.reason
        }
    )
    rules: dict[tuple[str, str, str], Rule] = {}
    for number, (rule, reason, source, grade) in enumerate(found, 1):
        rests = "" if rule.partition("#")[0] in invented else grade
        rules[rule, reason, source] = Rule(rule, f"rule-{number}", reason, source, rests)
    return rules


def _example(
    found: Evidence,
    short: Mapping[str, str],
    sessions: Mapping[str, SessionRow],
    rules: Mapping[tuple[str, str, str], Rule],
    given: set[str],
) -> Example:
    anchor = "" if found.id in given else found.id
    given.add(found.id)
    rule = rules.get((found.rule_id, found.reason, found.source))
    session = sessions.get(found.session)
    return Example(
        found=found,
        anchor=anchor,
        session=short.get(found.session, found.session),
        capture=session.capture if session else "",
        excerpt=excerpt(found.part, found.path, found.steps, found.shape, found.transformed),
        rule=rule.anchor if rule else "",
    )
