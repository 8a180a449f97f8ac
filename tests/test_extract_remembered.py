"""What extraction remembers changes nothing of what it finds, and stays within its bounds."""

from __future__ import annotations

import hashlib
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import Decoded
from analyzer.extract import Extractor, settling, telling
from analyzer.extract.planted import Hit, Planted, prepare
from analyzer.extract.search import HAS_HYPERSCAN, AhoCorasickSearch, HyperscanSearch, plan
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Leaf, Part

VALUES = (
    ("person.name", "Wanjiku Njeri"),
    ("person.email", "wanjiku.njeri@mail.example"),
    ("id.advertising", "38400000-8cf0-11bd-b23e-10b96e40000d"),
    ("person.phone", "+254712345678"),
    ("demo.birthdate", "2012-04-05"),
    ("loc.precise", "-1.283331"),
    ("loc.precise", "36.816672"),
    ("person.address", "Kimathi Street 12, 00100 Nairobi"),
)
PREPARED = prepare(VALUES)
SEEN = Planted(VALUES, PREPARED)  # by all examples of a test: it remembers
KNOWLEDGE = load_knowledge()
EXCHANGE = Exchange(
    "1", "s", 0.0, "use", "POST", "https://a.example/v1", (), b"", 200, (), b"", None, "h2", True, 0
)

texts = st.sampled_from(
    (
        "Wanjiku", "Njeri", "wanjiku njeri", "mail.example", "mailto:wanjiku.njeri@mail.example",
        "wanjiku.njeri", "38400000-8cf0-11bd-b23e-10b96e40000d", "0712 345678", "712345678", "2012",
        "2012-04-05", "050412", "5/4/12", "-1.283331", "36.816672", "-1.2833", "36.8167",
        "-1.283331,36.816672", "lat=-1.283331&lon=36.816672", "00100", "x", "", "4", "5",
        "d2Fuamlrdk5qZXJp", hashlib.sha256(b"wanjiku").hexdigest(),
        hashlib.md5(b"wanjiku.njeri@mail.example", usedforsecurity=False).hexdigest(),
        "eyJlIjoid2FuamlrdSJ9", "Kimathi Street 12", "nobody@mail.example", "1b4e28ba-2fa1-11d2",
    )
)  # fmt: skip
paths = st.sampled_from(
    ("a", "b", "user.birth", "user.first", "user.last", "geo.lat", "geo.lon", "zip", "phone",
     "dob.year", "dob.month", "dob.day", "geo.lat.value", "list.0", "list.1")
)  # fmt: skip
leaf = st.builds(
    lambda part, path, value: Leaf("1", part, path, value, ()),
    st.sampled_from(("query", "body", "header")),
    paths,
    texts,
)
routes = st.lists(texts.filter(bool), max_size=3).map(
    lambda segments: [Leaf("1", "path", str(at), text, ()) for at, text in enumerate(segments)]
)
requests = st.tuples(
    routes,
    st.lists(leaf, max_size=6),
    st.lists(st.lists(texts, max_size=4).map(lambda each: "\n".join(each).encode()), max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(requests, min_size=1, max_size=3))
def test_a_search_that_has_seen_much_finds_what_a_new_one_does(
    asked: list[tuple[list[Leaf], list[Leaf], list[bytes]]],
) -> None:
    for route, leaves, payloads in asked:
        fresh = Planted(VALUES, PREPARED).find([*route, *leaves], payloads)
        assert SEEN.find([*route, *leaves], payloads) == fresh
        assert SEEN.find([*route, *leaves], payloads) == fresh


def values_at(planted: Planted, *leaves: tuple[Part, str, str], body: bytes = b"") -> set[str]:
    made = [Leaf("1", part, path, value, ()) for part, path, value in leaves]
    found = planted.find(made, [body] if body else []).hits
    return {VALUES[hit.value][0] for hit in found}


def test_the_same_text_is_told_where_its_name_says_what_it_is_and_only_there() -> None:
    planted = Planted(VALUES, PREPARED)
    for _ in range(2):
        assert values_at(planted, ("body", "page.count", "050412")) == set()
        assert values_at(planted, ("body", "user.dob", "050412")) == {"demo.birthdate"}


def test_half_of_something_waits_for_its_other_half_however_often_it_came_alone() -> None:
    planted = Planted(VALUES, PREPARED)
    first: tuple[Part, str, str] = ("body", "a.first", "Wanjiku")
    for _ in range(2):
        assert values_at(planted, first) == set()
        assert values_at(planted, first, ("body", "a.last", "Njeri")) == {"person.name"}
        assert values_at(planted, first, ("query", "b", "Njeri")) == set()


def test_the_bytes_of_a_body_tell_what_no_leaf_does_and_no_more() -> None:
    planted = Planted(VALUES, PREPARED)
    text = "38400000-8cf0-11bd-b23e-10b96e40000d"
    held = [Leaf("1", "body", "id", text, ())]
    body = f'{{"id": "{text}", "mail": "wanjiku.njeri@mail.example"}}'.encode()
    for _ in range(2):
        assert planted.find(held, [f'{{"id": "{text}"}}'.encode()]).hits == (
            Hit(2, held[0], "raw", text),
        )
        hits = planted.find(held, [body]).hits
        assert {(hit.value, hit.leaf is None) for hit in hits} == {(2, False), (1, True)}


def test_places_forget_when_too_many_values_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_MOST_REMEMBERED", 40)
    monkeypatch.setattr(telling, "_MOST_HERE", 8)
    extractor = Extractor(KNOWLEDGE, (), b"k" * 32)
    drawn = random.Random(5)
    for at in range(300):
        mail = f"child{drawn.randrange(60)}@mail.example"
        leaves = tuple(
            Leaf("1", "body", f"user.{name}", value, ())
            for name, value in (("email", mail), (f"x{at % 20}", mail), ("count", str(at)))
        )
        known = extractor.extract(EXCHANGE, Decoded(leaves, (), ())).matches
        if at % 50 == 0:
            new = Extractor(KNOWLEDGE, (), b"k" * 32)
            assert known == new.extract(EXCHANGE, Decoded(leaves, (), ())).matches
        assert any(match.data_type == "person.email" for match in known)
        held = extractor._telling
        assert held.entered == sum(map(len, held.filled)) <= 40
        assert len(held.guesses) <= 40
        assert len(held.filled) == len(set(map(id, held.filled)))


def test_settled_texts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_MOST_REMEMBERED", 4)
    planted = Planted(VALUES, PREPARED)
    for at in range(20):
        both: tuple[tuple[Part, str, str], ...] = (
            ("body", f"a{at}.first", "Wanjiku"),
            ("body", f"a{at}.last", "Njeri"),
        )
        assert values_at(planted, *both) == {"person.name"}
        assert len(planted._settling._together) <= 4


@pytest.mark.skipif(not HAS_HYPERSCAN, reason="no wheel of hyperscan for this machine")
def test_thousands_of_digests_are_found_wherever_they_stand() -> None:
    drawn = random.Random(3)
    digests = [
        hashlib.new(name, str(at).encode()).hexdigest().encode()
        for at in range(2_500)
        for name in ("md5", "sha256")
    ]
    literals = (*digests, b"wanjiku", b"0123456789abcdef", digests[0][:16] + b"x", digests[3][4:40])
    made = plan(literals, (rb"7[0-9]{3}",))
    with_, without = HyperscanSearch(made), AhoCorasickSearch(made)
    assert with_._digests is not None
    for _ in range(200):
        pieces = drawn.choices(
            (*digests[:4], digests[7][:31], b"ab", b"00", b"-", b" ", b"wanjiku", b"7123", b"\xff",
             b"0123456789abcdef"),
            k=drawn.randrange(1, 9),
        )  # fmt: skip
        text = b"".join(pieces)
        assert sorted(with_.find(text).literals) == sorted(without.find(text).literals)
    run = b"".join(digests[:2])
    found = {which for which, _, _ in with_.find(run).literals}
    assert {0, 1} <= found
    assert with_.find(b" 7123").patterns == [5]


def test_neighbours_of_a_digest_in_hexadecimal_text_hide_nothing() -> None:
    values = tuple(("id.installation", f"{at:08x}-8cf0-11bd-b23e-10b96e40000d") for at in range(60))
    planted = Planted(values)
    hashed = [hashlib.sha256(text.encode()).hexdigest() for _, text in values]
    for one, other in pairwise(hashed[:6]):
        (first, second) = planted.find([Leaf("1", "body", "h", one + other, ())]).hits
        assert {first.transformed, second.transformed} == {"sha256"}
