"""Pictures: what is written in them is text, their colours are the page's, they fit any page."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from reports.excerpt import excerpt
from reports.pictures.canvas import Canvas, shortened, wide
from reports.pictures.countries import Land, LandRow, countries_picture
from reports.pictures.flow import Heads, Stream, flow_picture
from reports.pictures.intervals import Interval, Panel, intervals_picture

ROW = Interval("requests", "Waymark", 0.5, 0.25, None, "half", "b")
PANEL = Panel("Requests", "less", "more", (ROW,), 1.0, (1 / 1.5, 1.5), ratio=True)


def drawn(direction: str = "ltr") -> str:
    canvas = Canvas("p", 200, 100, direction)
    canvas.text(10, 20, "<b>$5$ & more", anchor="start")
    canvas.box(10, 30, 50, 10, "b", hatched=True)
    canvas.mark(30, 50, "a")
    return str(canvas.svg("What it is", "What it shows"))


def test_text_stays_text_and_colours_are_the_page_s() -> None:
    svg = drawn()
    root = ElementTree.fromstring(svg)
    assert ["".join(each.itertext()) for each in root.iter("text")] == ["<b>$5$ & more"]
    assert re.search("#[0-9a-f]{6}", svg) is None
    assert {"var(--ink)", "var(--a)", "var(--b)"} <= set(re.findall(r"var\(--[\w-]+\)", svg))
    assert root.find("title") is not None
    assert root.attrib["aria-labelledby"] == "p-t p-d"


def test_two_drawings_of_one_thing_are_the_same_bytes_and_share_no_id_with_others() -> None:
    assert drawn() == drawn()
    ids = re.findall(r' id="([^"]+)"', drawn())
    assert len(ids) == len(set(ids))
    assert all(each.startswith("p-") for each in ids)
    assert all(each.startswith("p-") for each in re.findall(r"url\(#([^)]+)\)", drawn()))


def test_from_right_to_left_everything_is_mirrored_but_letters() -> None:
    [left], [right] = (
        [each.attrib for each in ElementTree.fromstring(drawn(direction)).iter("text")]
        for direction in ("ltr", "rtl")
    )
    assert (left["x"], right["x"]) == ("10", "190")
    assert "text-anchor: start" in left["style"]
    assert "text-anchor: end" in right["style"]


@pytest.mark.parametrize("text", ["short", "a name of a host that is far too long" * 100, ""])
def test_a_text_is_cut_to_its_room(text: str) -> None:
    assert wide(shortened(text, 100, 12), 12) <= 100
    assert shortened("short", 100, 12) == "short"


def test_what_differs_is_drawn_where_there_is_no_room_for_all() -> None:
    same = [Stream(f"type {n}", "Pebblo", "same") for n in range(200)]
    picture = flow_picture(
        [*same, Stream("secret", "Waymark", "b")], {}, Heads("What", "Who", "Where"), ("t", "d"),
        "ltr",
    )  # fmt: skip
    assert "secret" in picture.wide
    assert "secret" in picture.narrow
    assert picture.left_out == 201 - 70


def test_an_interval_without_an_end_is_an_arrow_and_a_ratio_is_as_far_as_its_inverse() -> None:
    whole = replace(PANEL, rows=(replace(ROW, high=1.5),))
    arrow = intervals_picture([PANEL], ("t", "d"), "ltr").wide.count("<path")
    assert arrow > intervals_picture([whole], ("t", "d"), "ltr").wide.count("<path")
    odd = replace(PANEL, rows=(replace(ROW, effect=0.0, low=0.0, high=float("1e300")),))
    assert "Requests" in intervals_picture([odd], ("t", "d"), "ltr").narrow


@pytest.mark.parametrize(
    ("part", "path", "steps", "told"),
    [
        ("body", "user.ids.0.id", ("gzip", "json"), '{"user": {"ids": [{"id": <uuid>}]}}'),
        ("body", "events.3", ("json",), '{"events": […, <uuid>]}'),
        ("body", "3.1.2", ("protobuf",), "#3.1.2 = <uuid>"),
        ("body", "gps_adid", ("form",), "gps_adid=<uuid>"),
        ("query", "d.id", ("base64", "json"), "?d=id = <uuid>"),
        ("cookie", "_id", (), "Cookie: _id=<uuid>"),
        ("header", "x-id", (), "x-id: <uuid>"),
        ("path", "2", (), "/…/<uuid>"),
        ("host", "0", (), "<uuid>"),
    ],
)
def test_an_excerpt_shows_where_a_value_stood_and_not_the_value(
    part: str, path: str, steps: tuple[str, ...], told: str
) -> None:
    assert excerpt(part, path, steps, "uuid") == told  # type: ignore[arg-type]


def test_stripes_are_lines_within_their_shape_and_no_pattern() -> None:
    canvas = Canvas("p", 200, 100)
    canvas.box(10, 30, 50, 10, "b", hatched=True)
    canvas.band((70, 10, 30), (190, 60, 90), "b", hatched=True, outline="b")
    canvas.box(10, 50, 0.1, 10, "b", hatched=True)
    svg = str(canvas.svg("t", "d"))
    assert "<pattern" not in svg
    lines = [
        [float(each) for each in re.findall(r"[\d.]+", path)]
        for path in re.findall(r' d="((?:M[\d.]+ [\d.]+L[\d.]+ [\d.]+){2,})"', svg)
    ]
    assert len(lines) == 2
    box, band = lines
    assert all(10 <= x <= 60 for x in box[::2])
    assert all(29.9 <= y <= 40.1 for y in box[1::2])
    assert all(70 <= x <= 190 for x in band[::2])
    assert all(9.9 <= y <= 90.1 for y in band[1::2])


def test_countries_stand_in_columns_and_too_many_are_for_the_table_only() -> None:
    row = LandRow("secret", "Waymark", ((1.0, "6/6"), (0.0, "0/6?")), "≠")
    lands = [Land("Germany", "DE", 3, counted=True), Land("X" * 90, "KE", 0, counted=False)]
    picture = countries_picture(lands, [row], ("t", "d"), "ltr")
    assert picture is not None
    for text in ("Germany", "KE", "secret", "6/6", "0/6?", "≠"):
        assert f">{text}<" in picture.wide
    assert countries_picture(lands * 5, [row], ("t", "d"), "ltr") is None
