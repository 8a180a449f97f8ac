"""The picture of a feed as a file of its own: whole, light, and made of nothing from outside."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from xml.etree import ElementTree

import pytest
from feed_audits import audit_of, compared
from markupsafe import Markup
from PIL import Image

from analyzer.errors import UserError
from reports.feed.forms import files
from reports.language import LANGUAGES
from reports.pictures.alone import Alone, alone, as_png

SVG = "{http://www.w3.org/2000/svg}"


@cache
def svg_of(code: str = "en") -> str:
    ((ending, content),) = files(audit_of(compared()), ("svg",), (code,))
    assert ending == (".svg" if code == "en" else f".{code}.svg")
    return content.decode()


def words(svg: str) -> str:
    root = ElementTree.fromstring(svg)
    return " ".join("".join(each.itertext()) for each in root.iter(f"{SVG}text"))


def test_it_says_what_it_shows_of_whom_and_that_it_is_an_exercise() -> None:
    for told in ("Share of the feed", "Kenya", "United States of America", "11 times the share",
                 "accounts with an interest: 8", "6 h", "48%", "Made with evenhand", "study pebblo",
                 "An exercise: this app does not exist."):  # fmt: skip
        assert told in words(svg_of()), told
    assert "116" not in words(svg_of())  # whom to call stands on the page
    real = dict(files(replace(audit_of(compared()), fictional=False), ("svg",), ("en",)))
    assert "exercise" not in real[".svg"].decode()


@pytest.mark.parametrize("code", LANGUAGES)
def test_it_needs_nothing_from_outside(code: str) -> None:
    svg = svg_of(code)
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert [each.tag for each in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert "var(" not in svg
    assert "script" not in svg
    assert set(re.findall(r"font-family: ([^;]+);", svg)) == {"sans-serif"}
    assert set(re.findall(r'(?<!xmlns)(?<!xmlns:xlink)="(https?:[^"]*)"', svg)) == set()
    ids = set(re.findall(r' id="([^"]+)"', svg))
    assert set(re.findall(r'xlink:href="#([^"]+)"|url\(#([^)]+)\)', svg)) <= {
        pair for each in ids for pair in ((each, ""), ("", each))
    }


def test_the_same_audit_gives_the_same_file() -> None:
    svg_of.cache_clear()
    first = svg_of()
    svg_of.cache_clear()
    assert svg_of() == first


def test_where_nothing_can_be_drawn_that_is_said() -> None:
    empty = audit_of(compared(each=2, hours=1.0, uncoded=1.0))
    with pytest.raises(UserError, match="nothing to draw"):
        dict(files(empty, ("svg",), ("en",)))
    with pytest.raises(ValueError, match="no drawing"):
        alone(Markup("<p>"))


@pytest.mark.browser
def test_a_png_shows_all_of_it_to_its_edges() -> None:
    """A drawing whose edges are red: none of them is cut off, and nothing stands beyond them."""
    edges = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 900" width="600" height="900">'
        '<rect x="1" y="1" width="598" height="898" fill="#0f0" stroke="#f00" stroke-width="2"/>'
        "</svg>"
    )
    with Image.open(BytesIO(as_png(Alone(f"<?xml?>\n{edges}", 600, 900)))) as shown:
        assert shown.size == (1200, 1800)
        for place in ((1, 1), (1198, 1798), (1, 1798), (1198, 1)):
            assert shown.getpixel(place) == (255, 0, 0)
        assert shown.getpixel((600, 900)) == (0, 255, 0)


@pytest.mark.browser
def test_the_png_of_an_audit_is_light_and_as_large_as_its_drawing() -> None:
    ((_, content),) = files(audit_of(compared()), ("png",), ("en",))
    size = re.search(r'width="(\d+)" height="(\d+)"', svg_of())
    assert size
    with Image.open(BytesIO(content)) as shown:
        assert shown.size == (2 * int(size[1]), 2 * int(size[2]))
        assert shown.getpixel((0, 0)) == (255, 255, 255)
        colours = {colour for _, colour in shown.getcolors(1 << 20) or []}
    assert {(27, 102, 166), (168, 71, 6)} <= colours  # the lines of both sides
