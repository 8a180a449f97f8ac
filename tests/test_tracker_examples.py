"""Runs the examples beside the rules of every tracker: exactly these finds, and no others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.knowledge import Endpoint, Example, Tracker, load_knowledge
from analyzer.models import Exchange
from benchmarks.accuracy.vectors import build_exchange

KNOWN = load_knowledge()
ENDPOINTS = [
    pytest.param(tracker, endpoint, id=endpoint.id)
    for tracker in KNOWN.trackers
    for endpoint in tracker.endpoints
]


def exchange(example: Example) -> Exchange:
    """Build the request that an example describes, and its answer."""
    return build_exchange(example.request, "1", example.response)


def finds(tracker: Tracker, endpoint: Endpoint, example: Example) -> dict[str, int]:
    """Return the number of matches of each field of `endpoint`, with no other endpoint known."""
    alone = replace(KNOWN, trackers=(replace(tracker, endpoints=(endpoint,)),), signals={})
    request = exchange(example)
    matches = Extractor(alone, (), b"k" * 32).extract(request, decode(request)).matches
    ids = {rule.rule_id: rule.id for rule in endpoint.fields}
    return dict(Counter(ids[each.rule_id] for each in matches if each.rule_id in ids))


@pytest.mark.parametrize(("tracker", "endpoint"), ENDPOINTS)
def test_the_examples_of_an_endpoint_hit_what_they_say(
    tracker: Tracker, endpoint: Endpoint
) -> None:
    for at, example in enumerate(endpoint.hits):
        assert finds(tracker, endpoint, example) == dict(example.finds), f"hit {at}"


@pytest.mark.parametrize(("tracker", "endpoint"), ENDPOINTS)
def test_the_examples_of_an_endpoint_that_must_not_hit_do_not(
    tracker: Tracker, endpoint: Endpoint
) -> None:
    for at, example in enumerate(endpoint.misses):
        assert finds(tracker, endpoint, example) == {}, f"miss {at}"


@pytest.mark.parametrize(("tracker", "endpoint"), ENDPOINTS)
def test_an_endpoint_shows_each_of_its_rules_at_work(tracker: Tracker, endpoint: Endpoint) -> None:
    shown = {field for example in endpoint.hits for field in example.finds}
    assert {rule.id for rule in endpoint.fields} <= shown
    assert endpoint.misses, f"{endpoint.id} has no example that must not hit"
