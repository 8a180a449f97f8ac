"""What the check page takes from a query: only what it can be."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addons.checkpage_report import LONGEST, Query, accepted_languages, read_query
from analyzer.expectation import canonical_zone, parse_tag


def test_a_report_is_read() -> None:
    text = (
        "v=0123456789abcdef&lang=de&now=1795374242280&zone=Asia%2FCalcutta"
        "&languages=en-in,hi,en-in&probed=0&model=Pixel+7&version=14.0.0"
    )
    assert read_query(text) == Query(
        visit="0123456789abcdef",
        lang="de",
        now=1795374242.28,
        zone="Asia/Kolkata",
        languages=("en-IN", "hi"),
        probed=False,
        model="Pixel 7",
        version="14.0.0",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now=nan",
        "now=-1",
        "now=1e300",
        "now=inf",
        "now=٣",
        "zone=Mars/Olympus",
        "zone=../../etc/passwd",
        "zone=localtime",
        "languages=%3Cscript%3E,x,--",
        "probed=2",
        "&".join(f"a{number}=1" for number in range(100)),
    ],
)
def test_what_is_not_what_it_should_be_is_nothing(text: str) -> None:
    assert read_query(text) == Query(visit="", lang="")


@given(st.text())
@settings(deadline=None)
def test_any_query_is_read_within_bounds(text: str) -> None:
    for query in (text, f"zone={quote(text)}&languages={quote(text)}&now={quote(text)}"):
        found = read_query(query)
        assert found.zone is None or canonical_zone(found.zone) == found.zone
        assert all(str(parse_tag(tag)) == tag for tag in found.languages)
        assert len(found.languages) <= 10
        assert len(found.model) <= LONGEST


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", ("de-DE", "de", "en")),
        ("en;q=0.1, sw-ke", ("sw-KE", "en")),
        ("fr;q=0, *", ()),
        ("<script>", ()),
        ("", ()),
        ("de," * 5000, ("de",)),
    ],
)
def test_accepted_languages_are_in_the_order_of_their_weight(
    header: str, tags: tuple[str, ...]
) -> None:
    assert accepted_languages(header) == tags
