"""A smaller run of `benchmarks.encodings`, and what it does not ask."""

from __future__ import annotations

from collections import defaultdict

import pytest

from analyzer.extract.hashing import _FORMS
from analyzer.extract.planted import Planted
from analyzer.knowledge.normalisations import FORMS, load_recipes, read_recipes
from analyzer.knowledge.source import Source
from analyzer.models import Leaf
from benchmarks.encodings.__main__ import table
from benchmarks.encodings.identifiers import IDENTIFIERS
from benchmarks.encodings.measuring import DEEPEST, Measured, measure


@pytest.fixture(scope="module")
def measured() -> Measured:
    return measure(10_000)


def test_seeded_identifiers_are_found_in_every_way_to_any_depth(measured: Measured) -> None:
    ways: dict[str, set[str]] = defaultdict(set)
    for each in measured.tries:
        ways[each.identifier].add(each.way)
    assert len(ways) == len(IDENTIFIERS) >= 12
    assert min(map(len, ways.values())) >= 40
    assert {each.depth for each in measured.tries} == set(range(DEEPEST + 1))
    plain = [each for each in measured.tries if each.depth == 0]
    assert [each for each in plain if not each.found] == []
    assert measured.share() >= 0.99


def test_no_decoy_is_reported(measured: Measured) -> None:
    assert sum(measured.kinds.values()) == 10_000
    assert not measured.reported


def test_the_table_tells_what_was_missed(measured: Measured) -> None:
    text = table(measured)
    missed = [each for each in measured.tries if not each.found]
    assert text.count("  missed: ") == len(missed)
    assert "decoys: 0 of 10,000 reported" in text


def test_each_form_that_a_recipe_may_name_can_be_made() -> None:
    assert set(_FORMS) == FORMS
    recipes = load_recipes()
    assert len({each.id for each in recipes}) == len(recipes) >= 15
    assert all(each.source.startswith("https://") for each in recipes)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("hashes: [crc32]", 5, "has 'crc32'"),
        ("hashes: [sha256(crc32)]", 5, "has 'sha256(crc32)'"),
        ("hashes: [md5]\n    forms: {email: [loud]}", 6, "'loud', which is unknown"),
        ("hashes: [md5]\n    forms: {colour: [lower]}", 6, "unknown entry 'colour'"),
    ],
)
def test_a_wrong_recipe_is_told_with_its_line(text: str, line: int, what: str) -> None:
    head = "recipes:\n  - id: a/b\n    source: https://a.example/\n    grade: D\n    "
    source = Source("normalisations.yaml", head + text + "\n")
    read_recipes(source)
    [fault] = source.faults()
    assert (fault.line, what in fault.what) == (line, True)


def found(*texts: str, values: tuple[tuple[str, str], ...]) -> list[tuple[int, str]]:
    leaves = [Leaf("1", "body", f"user.{at}", text, ()) for at, text in enumerate(texts)]
    return [(hit.value, hit.transformed) for hit in Planted(values).find(leaves).hits]


def test_halves_of_a_name_count_only_beside_each_other() -> None:
    values = (("person.name", "Wanjiku Njeri"),)
    assert found("Wanjiku", "Njeri", values=values) == [(0, "split")] * 2
    assert found("Wanjiku", "Ouma", values=values) == []
    assert found("Wanjiku", "Njeri Home", values=values) == []
    apart = [Leaf("1", "body", "a.first", "Wanjiku", ()), Leaf("1", "body", "b.last", "Njeri", ())]
    assert Planted(values).find(apart).hits == ()


def test_halves_in_two_entries_of_a_list_are_no_pair() -> None:
    planted = Planted((("loc.precise", "-1.283412,36.816745"),))
    entries = [("p.0.lat", "-1.283"), ("p.0.lon", "36.9"), ("p.1.lat", "1"), ("p.1.lon", "36.817")]
    leaves = [Leaf("1", "body", path, text, ()) for path, text in entries]
    assert planted.find(leaves).hits == ()
    nested = [("geo.lat.value", "-1.283"), ("geo.lon.value", "36.817")]
    leaves = [Leaf("1", "body", path, text, ()) for path, text in nested]
    assert len(planted.find(leaves).hits) == 2


def test_base64_of_a_neighbour_is_no_find() -> None:
    values = (("id.advertising", "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"),)
    # "...e33" and "...e32" differ in the last two bits only.
    near = "N2MxZjBhNTItOTNkZS00YjFjLThhNWUtNmYyZDQxYjA5ZTMy"
    assert found(near, f"x {near} y", values=values) == []
    assert found(near[:-1] + "z", values=values) == [(0, "base64")]


def test_a_value_across_segments_of_the_path_is_found_once() -> None:
    values = (("demo.birthdate", "2013-04-05"), ("person.email", "a/b@mail.example"))
    segments = ["born", "2013", "04", "05", "a", "b@mail.example"]
    leaves = [Leaf("1", "path", str(at), text, ()) for at, text in enumerate(segments)]
    hits = Planted(values).find(leaves).hits
    assert [(hit.value, hit.leaf) for hit in hits] == [(0, leaves[0]), (1, leaves[0])]
    leaves[0] = Leaf("1", "path", "0", "news", ())
    assert [hit.value for hit in Planted(values).find(leaves).hits] == [1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("users.wanjiku-njeri.age", "users.{person.name}.age"),
        ("by_phone.0712-345-678", "by_phone.{person.phone}"),
        ("d." + "4" * 5, "d.44444"),
        ("dev.5e0a1fc704b9.x", "dev.{id.mac}.x"),
        ("dev.352099-00-176148-1", "dev.352099-00-176148-1"),
        ("dev.35-209900-176148-1", "dev.{id.device}"),
        ("at.-1.28341,36.81674", "at.{loc.precise},{loc.precise}"),
        ("n.Wanjiku.x", "n.Wanjiku.x"),
        ("n.wanjiku.njeri", "n.{person.name}"),
        ("zip.00100", "zip.{person.address}"),
        ("code.00100", "code.00100"),
    ],
)
def test_paths_are_masked_in_every_spelling(path: str, expected: str) -> None:
    planted = Planted(
        (
            ("person.name", "Wanjiku Njeri"),
            ("person.phone", "+254712345678"),
            ("id.mac", "5e:0a:1f:c7:04:b9"),
            ("id.device", "352099001761481"),
            ("loc.precise", "-1.28341,36.81674"),
            ("person.address", "00100"),
        )
    )
    assert planted.mask(path) == expected
