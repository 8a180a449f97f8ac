from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from data_types import data_type
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import Decoded
from analyzer.extract import Extractor
from analyzer.extract.places import PlaceIndex, place_of, url_path_test
from analyzer.extract.rules import CompiledRule
from analyzer.extract.shapes import digest
from analyzer.knowledge import (
    DataType,
    Endpoint,
    FieldRule,
    Knowledge,
    Owners,
    Tracker,
    load_knowledge,
)
from analyzer.models import Exchange, Leaf, Match, Part

KEY = b"k" * 32
UUID = "3f2b8c1a-7d4e-4f60-9a1b-2c3d4e5f6071"
RULE = FieldRule(
    rule_id="acme/session#advertising_id",
    id="advertising_id",
    type="id.advertising",
    parts=("body", "query"),
    paths=("adid",),
    shapes=("uuid",),
    not_values=("11111111-1111-1111-1111-111111111111",),
    transformed="raw",
    reason="Advertising ID",
    source="https://docs.acme.example",
    grade="S",
)
ENDPOINT = Endpoint(
    id="acme/session",
    hosts=("app.acme.example", "*.eu.acme.example"),
    paths=("/session", "^/v[0-9]+/session$"),
    methods=("POST",),
    body_has=(),
    purpose="attribution",
    fields=(RULE,),
    hits=(),
    misses=(),
)


def tracker(*endpoints: Endpoint) -> Tracker:
    return Tracker("acme.yaml", "Acme", ("acme.example",), "attribution", "", False, endpoints)


def knowledge(*trackers: Tracker, types: tuple[DataType, ...] = ()) -> Knowledge:
    return Knowledge(
        types={each.id: each for each in types},
        signals={},
        blocs={},
        countries={},
        laws=(),
        owners=Owners({}, ""),
        trackers=trackers,
        fingerprint="",
    )


def exchange(url: str = "https://app.acme.example/session", method: str = "POST") -> Exchange:
    return Exchange(
        "1", "s", 0.0, "use", method, url, (), b"", 200, (), b"", None, "h2", True, 0
    )  # fmt: skip


def leaf(path: str, value: str, part: Part = "body", steps: tuple[str, ...] = ("json",)) -> Leaf:
    return Leaf("1", part, path, value, steps)


def found(
    known: Knowledge,
    *leaves: Leaf,
    request: Exchange | None = None,
    values: tuple[tuple[str, str], ...] = (),
) -> tuple[Match, ...]:
    decoded = Decoded(leaves, (), ())
    return Extractor(known, values, KEY).extract(request or exchange(), decoded).matches


def test_a_rule_makes_a_match_without_the_value() -> None:
    (match,) = found(knowledge(tracker(ENDPOINT)), leaf("adid", UUID))
    assert match == Match(
        "1", "id.advertising", "body", "adid", "rule", "acme/session#advertising_id",
        "Advertising ID", "https://docs.acme.example", "uuid", digest(UUID, KEY), "raw", ("json",),
        "S", 100,
    )  # fmt: skip
    assert UUID not in repr(match)


@pytest.mark.parametrize(
    ("url", "method", "hit"),
    [
        ("https://app.acme.example/session", "POST", True),
        ("https://APP.acme.example:8443/session?x=1", "POST", True),
        ("https://app.acme.example/v2/session#f", "post", True),
        ("https://de.eu.acme.example/session", "POST", True),
        ("https://a.b.eu.acme.example/session", "POST", True),
        ("https://eu.acme.example/session", "POST", False),
        ("https://notapp.acme.example/session", "POST", False),
        ("https://app.acme.example.evil.example/session", "POST", False),
        ("https://app.acme.example@evil.example/session", "POST", False),
        ("https://app.acme.example/session/", "POST", False),
        ("https://app.acme.example/v2/sessions", "POST", False),
        ("https://app.acme.example/x/v2/session", "POST", False),
        ("https://app.acme.example/session", "GET", False),
        ("", "POST", False),
    ],
)
def test_a_rule_holds_for_its_hosts_paths_and_methods_only(
    url: str, method: str, hit: bool
) -> None:
    matches = found(knowledge(tracker(ENDPOINT)), leaf("adid", UUID), request=exchange(url, method))
    assert bool(matches) is hit


@pytest.mark.parametrize(
    "miss",
    [
        leaf("adid", ""),
        leaf("adid", "00000000-0000-0000-0000-000000000000"),
        leaf("adid", "11111111-1111-1111-1111-111111111111"),
        leaf("adid", "not a uuid"),
        leaf("adid.x", UUID),
        leaf("x.adid", UUID),
        leaf("ADID", UUID),
        leaf("adid", UUID, "header"),
        leaf("adid", UUID, "response"),
        leaf("adid", UUID, "response_cookie"),
    ],
)
def test_a_rule_takes_no_other_place_and_no_value_that_says_nothing(miss: Leaf) -> None:
    assert found(knowledge(tracker(ENDPOINT)), miss) == ()


def test_a_rule_may_name_the_form_of_its_values() -> None:
    rule = replace(RULE, shapes=(), value="[a-z]+(\\.[a-z]+)+")
    compiled = CompiledRule(rule, ("query",))
    assert compiled.accepts("com.example.game")
    assert not compiled.accepts("com.example.game/1.0")
    assert not compiled.accepts("game")


def test_a_repeated_parameter_is_still_the_parameter() -> None:
    matches = found(knowledge(tracker(ENDPOINT)), leaf("adid.1", UUID, "query"))
    assert [match.path for match in matches] == ["adid.1"]


def test_an_endpoint_may_ask_for_keys_of_the_body() -> None:
    endpoint = replace(ENDPOINT, hosts=("*",), paths=(), methods=(), body_has=("imp", "id"))
    known = knowledge(tracker(endpoint))
    other = exchange("https://any.example/x")
    complete = (leaf("adid", UUID), leaf("imp.0.id", "1"), leaf("id", "a"))
    assert len(found(known, *complete, request=other)) == 1
    assert found(known, *complete[:2], request=other) == ()
    in_query = (*complete[:2], leaf("id", "a", "query"))
    assert found(known, *in_query, request=other) == ()


def test_the_rule_of_the_very_host_comes_before_one_of_any_host() -> None:
    general = replace(
        ENDPOINT,
        id="any",
        hosts=("*",),
        paths=(),
        methods=(),
        fields=(replace(RULE, rule_id="any#advertising_id"),),
    )
    known = knowledge(tracker(general), tracker(ENDPOINT))
    assert [each.rule_id for each in found(known, leaf("adid", UUID))] == [RULE.rule_id]
    elsewhere = exchange("https://b.example/", "GET")
    assert [each.rule_id for each in found(known, leaf("adid", UUID), request=elsewhere)] == [
        "any#advertising_id"
    ]


def test_one_leaf_may_be_of_two_types() -> None:
    second = replace(RULE, rule_id="acme/session#b", id="b", type="id.device", shapes=())
    endpoint = replace(ENDPOINT, fields=(RULE, second))
    matches = found(knowledge(tracker(endpoint)), leaf("adid", UUID), leaf("adid", "x", "query"))
    assert [(match.part, match.data_type) for match in matches] == [
        ("query", "id.device"),
        ("body", "id.advertising"),
        ("body", "id.device"),
    ]


def test_a_rule_wins_over_a_planted_value_and_that_over_a_name() -> None:
    types = (data_type("id.advertising", "adid"), data_type("person.email", "mail"))
    known = knowledge(tracker(ENDPOINT), types=types)
    known = replace(known, vocabulary=load_knowledge().vocabulary)
    planted = (("id.advertising", UUID), ("person.email", "ada@mail.example"))
    matches = found(
        known,
        leaf("adid", UUID.upper()),
        leaf("mail", "ada@mail.example"),
        leaf("x.adid", "5d0c7a52-1f0e-4c55-9a3e-d1b7a8f0e613"),
        leaf("copy", f"id={UUID}"),
        values=planted,
    )
    assert [(match.path, match.method, match.rule_id, match.transformed) for match in matches] == [
        ("adid", "rule", "acme/session#advertising_id", "raw"),
        ("copy", "planted", "planted#id.advertising", "raw"),
        ("mail", "planted", "planted#person.email", "raw"),
        ("x.adid", "name", "name#id.advertising", "raw"),
    ]
    assert matches[0].digest == matches[1].digest == digest(UUID, KEY)
    assert matches[1].shape == "uuid"


def test_what_is_planted_is_not_also_what_it_looks_like() -> None:
    types = (data_type("soc.contacts"), data_type("person.email"))
    known = replace(knowledge(types=types), vocabulary=load_knowledge().vocabulary)
    friend, other = "oma@post.example", "opa@post.example"
    planted = (("soc.contacts", friend),)
    matches = found(known, leaf("zz", friend), leaf("zy", other), values=planted)
    assert [(match.path, match.method, match.data_type) for match in matches] == [
        ("zy", "shape", "person.email"),
        ("zz", "planted", "soc.contacts"),
    ]


def test_a_planted_value_tells_how_the_value_of_a_rule_is_written() -> None:
    rule = replace(RULE, shapes=("hex",))
    known = knowledge(tracker(replace(ENDPOINT, fields=(rule,))))
    written = hashlib.sha256(UUID.encode()).hexdigest()
    (match,) = found(known, leaf("adid", written), values=(("id.advertising", UUID),))
    assert (match.method, match.transformed, match.shape) == ("rule", "sha256", "hex:64")
    assert match.digest == digest(UUID, KEY)


def test_undecoded_bytes_that_hold_a_planted_value_make_a_match_of_the_body() -> None:
    decoded = Decoded((leaf("x", "1"),), (), (b"\x00\x01ada@mail.example\x02",))
    extractor = Extractor(knowledge(), (("person.email", "ada@mail.example"),), KEY)
    (match,) = extractor.extract(exchange(), decoded).matches
    assert (match.part, match.path, match.shape) == ("body", "", "email")
    assert match.reason.endswith("found in the bytes of the body beside its values")


def test_a_path_with_a_planted_value_or_an_identifier_is_masked() -> None:
    rule = replace(RULE, paths=("users.*.adid", "by.**"))
    known = knowledge(tracker(replace(ENDPOINT, fields=(rule,))))
    matches = found(
        known,
        leaf(f"users.{UUID}.adid", UUID),
        leaf("by.Wanjiku.adid", UUID),
        values=(("person.name", "Wanjiku"),),
    )
    assert {match.path for match in matches} == {"users.{uuid}.adid", "by.{person.name}.adid"}


def test_the_order_of_matches_does_not_depend_on_the_order_of_leaves() -> None:
    rule = replace(RULE, paths=("**.adid",))
    known = knowledge(tracker(replace(ENDPOINT, fields=(rule,))))
    leaves = [leaf(f"{at}.adid", UUID, part) for at in range(4) for part in RULE.parts]
    assert found(known, *leaves) == found(known, *reversed(leaves))
    extractor = Extractor(known, (), KEY)
    decoded = Decoded(tuple(leaves), (), ())
    assert extractor.extract(exchange(), decoded) == extractor.extract(exchange(), decoded)


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="abcdefghijkm0123456789@.-", min_size=1, max_size=40),
    st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=5),
)
def test_no_part_of_what_is_extracted_holds_a_raw_value(tail: str, others: dict[str, str]) -> None:
    secret = "q7kz3f9xw" + tail
    rule = replace(RULE, paths=("**",), shapes=(), parts=("body", "query", "path"))
    known = knowledge(tracker(replace(ENDPOINT, paths=(), fields=(rule,))))
    asked = replace(
        exchange(f"https://app.acme.example/{secret}?a={secret}&{secret}=1"),
        request_headers=(("content-type", "application/json"), ("cookie", f"a={secret}")),
        request_body=json.dumps(others | {"v": secret}).encode(),
    )
    extractor = Extractor(known, (("id.account", secret),), KEY, 13)
    extracted = extractor.extract(asked)
    assert len(extracted.matches) >= 3
    assert "q7kz3f9xw" not in repr(extracted)


def test_a_request_is_decoded_where_nobody_has() -> None:
    asked = exchange(f"https://app.acme.example/session?adid={UUID}")
    (match,) = Extractor(knowledge(tracker(ENDPOINT)), (), KEY).extract(asked).matches
    assert (match.part, match.path) == ("query", "adid")


def test_short_planted_values_are_a_problem_of_the_session() -> None:
    extractor = Extractor(knowledge(), (("demo.gender", "f"),), KEY)
    assert [(each.code, each.detail) for each in extractor.problems] == [
        ("planted_too_short", "demo.gender")
    ]


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("a.b", ["a.b"], ["a", "a.b.c", "x.a.b", "axb", "a.b.0"]),
        ("a.*.b", ["a.0.b", "a.x-y.b"], ["a.b", "a.0.1.b"]),
        ("**.b", ["b", "a.b", "a.0.b"], ["ab", "b.c"]),
        ("a.**", ["a", "a.b", "a.b.c"], ["ab", "b.a"]),
        ("a.**.b", ["a.b", "a.x.b", "a.x.y.b"], ["axb", "ab", "a.xb"]),
        ("**.a.**", ["a", "x.a", "a.y", "x.a.y"], ["xa", "ay"]),
        ("**", ["a", "a.b", ""], []),
        ("*", ["a"], ["a.b", ""]),
        ("a+b(c)", ["a+b(c)"], ["aab(c)"]),
    ],
)
def test_a_pattern_of_paths(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    index: PlaceIndex[int] = PlaceIndex()
    index.add(("body",), ("other", pattern, pattern), 1)
    assert [path for path in fits if index.at("body", path) != [1]] == []
    assert [path for path in fits_not if index.at("body", path)] == []
    assert not any(index.at("query", path) for path in fits)


def test_names_of_headers_are_compared_in_lower_case() -> None:
    index: PlaceIndex[int] = PlaceIndex()
    index.add(("header", "body"), ("User-Agent",), 1)
    assert index.at("header", "user-agent") == index.at("header", "user-agent.1") == [1]
    assert index.at("body", "user-agent") == []
    assert index.at("body", "User-Agent") == [1]


def test_entries_come_in_the_order_in_which_they_were_added() -> None:
    index: PlaceIndex[str] = PlaceIndex()
    for entry, pattern in (("first", "**"), ("second", "a.b"), ("third", "a.*")):
        index.add(("body",), (pattern,), entry)
    assert index.at("body", "a.b") == ["first", "second", "third"]


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_url_makes_the_way_to_its_rules_fail(url: str) -> None:
    host, path = place_of(url)
    assert host == host.lower()
    assert path
    assert url_path_test(())(path)


def test_the_place_of_a_url() -> None:
    assert place_of("wss://live.app.example/socket?x") == ("live.app.example", "/socket")
    assert place_of("https://[2001:DB8::1]:443/x") == ("2001:db8::1", "/x")
    assert place_of("https://app.example?x=/y") == ("app.example", "/")
    assert place_of("https://app.example.:443") == ("app.example", "/")
