"""`pops.yaml`: each rule reads its examples as it says, and its codes are those of countries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.knowledge import PlaceRule, load_knowledge

KNOWN = load_knowledge()
RULES = KNOWN.places.rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_hits_and_misses_and_reads_them_so(rule: PlaceRule) -> None:
    assert rule.hits
    assert rule.misses
    assert [rule.code(value) for value, _ in rule.hits] == [code for _, code in rule.hits]
    assert [rule.code(value) for value in rule.misses] == [""] * len(rule.misses)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_code_of_an_example_means_a_country(rule: PlaceRule) -> None:
    known = KNOWN.places.airports if rule.tells == "pop" else KNOWN.countries
    assert {code for _, code in rule.hits} <= known.keys()


@pytest.mark.parametrize(
    ("code", "country"),
    [("NBO", "KE"), ("FRA", "DE"), ("ARN", "SE"), ("BMA", "SE"), ("SJU", "PR"), ("TYO", "JP")],
)
def test_a_point_of_presence_is_in_a_country(code: str, country: str) -> None:
    assert KNOWN.places.airports[code] == country


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("639", "KE"),
        ("63902", "KE"),
        ("310410", "US"),
        ("26201", "DE"),
        ("42501", "IL"),
        ("42505", "PS"),  # the longer number goes before the shorter
        ("340", ""),  # shared by several countries
        ("001", ""),  # a test network
        ("000", ""),
        ("63", ""),
        ("", ""),
    ],
)
def test_an_operator_is_of_a_country(number: str, country: str) -> None:
    assert KNOWN.places.operator_country(number) == country


def test_a_rule_is_for_its_hosts_and_paths_only() -> None:
    wikimedia = next(rule for rule in RULES if rule.id == "wikimedia/geoip")
    assert wikimedia.is_at("en.wikipedia.org", "/")
    assert not wikimedia.is_at("wikipedia.org.example", "/")
    assert not wikimedia.is_at("notwikipedia.org", "/")
    trace = next(rule for rule in RULES if rule.id == "cloudflare/trace")
    assert trace.is_at("any.example", "/cdn-cgi/trace")
    assert not trace.is_at("any.example", "/")


@given(st.sampled_from(RULES), st.text() | st.from_regex(r"[A-Za-z0-9:, -]{0,40}"))
def test_what_a_rule_reads_has_the_form_of_a_code(rule: PlaceRule, value: str) -> None:
    code = rule.code(value)
    assert not code or (code.isascii() and code.isupper() and len(code) in (2, 3))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_value_of_any_length_takes_no_time(rule: PlaceRule) -> None:
    for piece in ("cache-", "cache-aaa1-BMA, ", "loc=KE\n", "KE:", ","):
        assert rule.code(piece * 200_000) == ""
