"""How a phone should look: from the country, or as the study says."""

from __future__ import annotations

import pytest
from babel.core import get_global
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.expectation import Expectation, canonical_zone, expect, parse_tag

KENYA = expect("KE")


@pytest.mark.parametrize(
    ("country", "languages", "zones"),
    [
        ("KE", {"sw-KE", "en-KE"}, {"Africa/Nairobi"}),
        ("DE", {"de-DE"}, {"Europe/Berlin", "Europe/Busingen"}),
        ("NO", {"nb-NO", "nn-NO"}, {"Europe/Oslo"}),
        ("UA", {"uk-UA", "ru-UA"}, {"Europe/Kyiv", "Europe/Simferopol"}),
        ("HM", set(), set()),  # nobody lives there
    ],
)
def test_a_country_has_its_languages_and_time_zones(
    country: str, languages: set[str], zones: set[str]
) -> None:
    found = expect(country)
    assert set(found.languages) >= languages
    assert len(found.languages) - len(languages) <= 1
    assert set(found.time_zones) == zones


def test_every_country_with_people_has_both() -> None:
    for country in get_global("territory_zones"):
        if country not in {"AQ", "CP", "BV", "HM", "TA", "001"}:
            found = expect(country)
            assert found.time_zones, country
            assert all(parse_tag(tag) for tag in found.languages), country
            assert all(canonical_zone(zone) == zone for zone in found.time_zones)


def test_what_the_study_says_replaces_what_is_usual() -> None:
    found = expect("KE", ["fr"], ["Asia/Calcutta"])
    assert found == Expectation("KE", ("fr",), ("Asia/Kolkata",))


@pytest.mark.parametrize(
    ("tag", "fits", "without_regions"),
    [
        ("en-KE", True, True),
        ("en", True, True),
        ("sw", True, True),
        ("en-US", False, True),
        ("en-001", False, True),
        ("de-KE", False, False),
        ("", False, False),
        ("no such tag", False, False),
    ],
)
def test_a_language_fits_with_its_region(tag: str, fits: bool, without_regions: bool) -> None:
    assert KENYA.language_fits(tag) == fits
    assert KENYA.language_fits(tag, regions=False) == without_regions


def test_a_language_without_a_region_is_met_by_every_region() -> None:
    assert expect("KE", ["en"]).language_fits("en-US")
    assert not expect("KE", ["en"]).language_fits("de-KE")


def test_old_names_of_time_zones_and_languages_are_known() -> None:
    assert expect("IN").time_zone_fits("Asia/Calcutta")
    assert expect("UA").time_zone_fits("Europe/Kiev")
    assert not expect("IN").time_zone_fits("Asia/Karachi")
    assert not expect("IN").time_zone_fits("Mars/Olympus")
    assert str(parse_tag("iw-IL")) == "he-IL"
    assert str(parse_tag("no_NO")) == "nb-NO"
    assert str(parse_tag("zh-hant-tw")) == "zh-Hant-TW"


@given(st.text() | st.from_regex(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", fullmatch=True))
@settings(deadline=None)
def test_a_tag_once_read_is_read_the_same_again(text: str) -> None:
    found = parse_tag(text)
    assert found is None or parse_tag(str(found)) == found
