"""QR codes, read back by a reader from pictures and from what a terminal would show."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from joining_rig import phone, picture, scan

from analyzer.joining import qr

DARK, LIGHT = 20, 235  # grey levels of a terminal's background and text, or the other way round
CELL = (6, 12)  # pixels of a character
PIECE = re.compile(r"\x1b\[([0-9;]*)m|(.)", re.DOTALL)
PALETTE = {16: 0, 231: 255}  # of the 256 colours, those that are used: black, white


def on_screen(text: str, *, ink: int, paper: int) -> bytes:
    """Render characters and colour codes to pixels, as a terminal of these colours would."""
    lines = []
    for line in text.split("\n"):
        fore, back, cells = ink, paper, []
        for codes, character in PIECE.findall(line):
            if character:
                cells.append((character, fore, back))
                continue
            numbers = [int(each) for each in codes.split(";")]
            while numbers:
                if numbers[0] == 0:
                    fore, back, numbers = ink, paper, numbers[1:]
                elif numbers[:2] == [38, 5]:
                    fore, numbers = PALETTE[numbers[2]], numbers[3:]
                else:
                    assert numbers[:2] == [48, 5]
                    back, numbers = PALETTE[numbers[2]], numbers[3:]
        lines.append(cells)
    width, height = CELL
    margin = [paper] * (width * (len(lines[0]) + 8))
    rows = [margin] * (2 * height)
    for cells in lines:
        for half in (0, 1):
            row = [paper] * (4 * width)
            for character, fore, back in cells:
                painted = character == "█" or character == "▀▄"[half]
                assert character in " ▀▄█"
                row += [fore if painted else back] * width
            row += [paper] * (4 * width)
            rows = rows + [row] * (height // 2)
    return picture(rows + [margin] * (2 * height))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("phones")
    join = phone(folder, app_id="com.example.some.rather.long.app.name", host="2001:db8::1:20")
    return {
        "Android": join.android,
        "iPhone": join.ios,
        "address": f"http://192.168.100.200:8090/{join.token}/evenhand.mobileconfig",
    }


@pytest.mark.parametrize("what", ["Android", "iPhone", "address"])
@pytest.mark.parametrize(
    ("ink", "paper"), [(LIGHT, DARK), (DARK, LIGHT)], ids=["dark terminal", "light terminal"]
)
def test_a_coloured_code_can_be_read_on_any_terminal(
    what: str, ink: int, paper: int, texts: dict[str, str], tmp_path: Path
) -> None:
    shown = qr.terminal(texts[what], colour=True)
    assert shown is not None
    assert scan(on_screen(shown, ink=ink, paper=paper), tmp_path) == [texts[what].rstrip()]


@pytest.mark.parametrize(
    ("invert", "ink", "paper"),
    [(False, LIGHT, DARK), (True, DARK, LIGHT)],
    ids=["dark terminal", "light terminal"],
)
def test_without_colours_it_is_for_dark_terminals_or_inverted_for_light_ones(
    invert: bool, ink: int, paper: int, texts: dict[str, str], tmp_path: Path
) -> None:
    shown = qr.terminal(texts["Android"], colour=False, invert=invert)
    assert shown is not None
    assert "\x1b" not in shown
    assert scan(on_screen(shown, ink=ink, paper=paper), tmp_path) == [texts["Android"].rstrip()]
    swapped = qr.terminal(texts["Android"], colour=False, invert=not invert)
    assert swapped != shown


@pytest.mark.parametrize("what", ["Android", "iPhone", "address"])
def test_every_code_fits_a_terminal_of_80_by_40(what: str, texts: dict[str, str]) -> None:
    shown = qr.terminal(texts[what], colour=False)
    assert shown is not None
    lines = shown.split("\n")
    assert len(lines) <= 40
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= 80


def test_where_it_would_be_folded_there_is_none(texts: dict[str, str]) -> None:
    width = len((qr.terminal(texts["iPhone"], colour=False) or "").split("\n")[0])
    narrower = qr.terminal(texts["iPhone"], colour=False, columns=width - 1)
    assert narrower is not None  # with less of a margin
    assert len(narrower.split("\n")[0]) < width
    assert qr.terminal(texts["iPhone"], colour=False, columns=width - 5) is None
    assert qr.terminal(texts["iPhone"], colour=True, rows=24) is None


@pytest.mark.parametrize("what", ["Android", "iPhone", "address"])
def test_what_a_code_needs_is_what_it_gets_by_with(what: str, texts: dict[str, str]) -> None:
    columns, rows = qr.needed(texts[what])
    shown = qr.terminal(texts[what], colour=False, columns=columns, rows=rows)
    assert shown is not None
    assert [len(line) for line in shown.split("\n")] == [columns] * rows
    assert qr.terminal(texts[what], colour=False, columns=columns - 1, rows=rows) is None
    assert qr.terminal(texts[what], colour=False, columns=columns, rows=rows - 1) is None


@pytest.mark.parametrize("what", ["Android", "iPhone", "address"])
def test_the_picture_can_be_read(what: str, texts: dict[str, str], tmp_path: Path) -> None:
    image = qr.png(texts[what])
    assert scan(image, tmp_path) == [texts[what].rstrip()]
    kind, _, content = qr.png_data_uri(texts[what]).partition(",")
    assert kind == "data:image/png;base64"
    assert scan(base64.b64decode(content), tmp_path) == [texts[what].rstrip()]


def test_a_picture_of_something_else_is_not_read_as_a_code(tmp_path: Path) -> None:
    assert scan(picture([[255] * 100] * 100), tmp_path) == []


def test_the_drawing_scales_and_brings_nothing_that_a_policy_forbids() -> None:
    drawing = qr.svg("http://192.168.1.20:8090/x/")
    assert drawing.startswith("<svg")
    assert "viewBox" in drawing
    assert not re.search(r"style=|<script|href|http", drawing.replace("http://www.w3.org/", ""))
