"""The rules taken over from TrackHAR are those that the script makes, and add to those by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.data import update_trackhar
from analyzer.data.trackhar.adapters import Adapter, read_adapters
from analyzer.data.trackhar.jsonpaths import put, tokens
from analyzer.data.trackhar.places import fits, places
from analyzer.data.trackhar.rules import PREFIX, accepted, by_hand, exchanges
from analyzer.decode import decode
from analyzer.errors import UserError
from analyzer.extract import Extractor
from analyzer.knowledge import Knowledge, load_knowledge

DATA = update_trackhar.TARGET.parent


@pytest.fixture(scope="module")
def package() -> tuple[str, tuple[Adapter, ...]]:
    """TrackHAR's version and adapters; that needs node and its package."""
    try:
        return read_adapters(update_trackhar.PACKAGE)
    except UserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def made(package: tuple[str, tuple[Adapter, ...]]) -> Mapping[str, str]:
    """File name -> text, made anew."""
    return update_trackhar.sheets(*package, by_hand(DATA))


@pytest.fixture(scope="module")
def known() -> Knowledge:
    """What the program knows."""
    return load_knowledge()


def test_the_files_are_those_that_the_script_makes(made: Mapping[str, str]) -> None:
    kept = {path.name: path.read_text() for path in (DATA / "trackers").glob(f"{PREFIX}*.yaml")}
    again = "run `python -m analyzer.data.update_trackhar`"
    assert sorted(made) == sorted(kept), again
    assert [name for name, text in made.items() if kept[name] != text] == [], again


def test_the_files_say_that_they_are_made_and_not_to_be_edited(made: Mapping[str, str]) -> None:
    assert made
    for text in made.values():
        assert "update_trackhar.py from what TrackHAR 1.0.0 (CC0-1.0)" in text
        assert "Do not edit" in text
        assert text.count("\n") < 400


def test_every_rule_taken_over_names_an_address_and_a_grade(known: Knowledge) -> None:
    rules = [
        rule
        for tracker in known.trackers
        if tracker.file.startswith(f"trackers/{PREFIX}")
        for endpoint in tracker.endpoints
        for rule in endpoint.fields
    ]
    assert len(rules) > 500
    assert {rule.grade for rule in rules} == {"D", "O", "R"}
    assert all(rule.source.startswith("https://") for rule in rules)


def test_what_is_written_by_hand_is_not_taken_over(made: Mapping[str, str]) -> None:
    assert f"{PREFIX}bugsnag.yaml" not in made
    assert f"{PREFIX}smartbear.yaml" not in made  # Bugsnag, all of which is there by hand
    assert "gps_adid" not in made[f"{PREFIX}adjust.yaml"]


def test_no_rule_made_says_another_thing_than_one_by_hand_of_the_same_place(
    package: tuple[str, tuple[Adapter, ...]],
) -> None:
    hand = by_hand(DATA)
    extractor = Extractor(hand, (), b"k" * 32)
    other: set[tuple[str, str]] = set()
    for adapter in package[1]:
        where = places(adapter)
        for facts, made in exchanges(adapter):
            found = extractor.extract(made, decode(made)).matches
            for fact in facts:
                place = where[fact]
                types = {
                    match.data_type
                    for match in found
                    if match.method == "rule"
                    and match.part == place.part
                    and fits(place, match.path)
                }
                if types and not types & accepted(hand, adapter, fact):
                    other.add((adapter.name, place.path))
    # This header tells the version of the SDK and, in the same text, the model of the phone.
    name = "google/firebaseinstallations"
    assert other == {(name, "x-firebase-client"), (name, "x-firebase-client.heartbeats.*.agent")}


def test_what_is_written_by_hand_knows_nothing_of_the_other_files() -> None:
    files = [tracker.file for tracker in by_hand(DATA).trackers]
    assert files
    assert not any(PREFIX in file for file in files)


def test_a_folder_that_is_not_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not the package trackhar"):
        read_adapters(tmp_path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", {"a": {"b": 1}}),
        ("a.*.b", {"a": [{"b": 1}]}),
        ("$.a[?(@.type === 'Id5')].value", {"a": [{"type": "Id5", "value": 1}]}),
        ('$["eid_id5-sync.com"]', {"eid_id5-sync.com": 1}),
        ("metadata.$mixpanel_distinct_id", {"metadata": {"$mixpanel_distinct_id": 1}}),
        ("$", 1),
    ],
)
def test_a_value_is_put_where_an_expression_looks_for_it(path: str, expected: object) -> None:
    assert put(None, tokens(path), 1) == expected


def test_a_filter_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(UserError, match="filters by"):
        put(None, tokens("$.a[?(@.new === 1)].b"), 1)
