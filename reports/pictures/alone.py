"""A picture of the page as a file of its own: light, with generic fonts, and nothing from outside.

What the page gives its pictures (colours, font, direction of writing) is written into the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Final

from markupsafe import Markup
from PIL import Image

from reports.chromium import made_of
from reports.templating import source

_MARGIN: Final = 24  # pixels around the drawing
_SCALE: Final = 2  # pixels of a PNG for each of the drawing's
_MORE: Final = 200  # pixels that a window may lose to the browser's own bars
_SIZE: Final = re.compile(r'<svg viewBox="0 0 ([\d.]+) ([\d.]+)" width="[\d.]+" height="[\d.]+"')
_COLOUR: Final = re.compile(r"var\(--([a-z-]+)\)")
_DECLARED: Final = re.compile(r"--([a-z-]+): (#[0-9a-f]{6})")
_STYLE: Final = "text { font-family: sans-serif; direction: ltr; unicode-bidi: plaintext; }"


@dataclass(frozen=True, slots=True)
class Alone:
    """A file in SVG, and how wide and high it is in pixels."""

    svg: str
    width: int
    height: int


def alone(drawn: Markup) -> Alone:
    """Return one drawing of a `Picture` as a file."""
    text = str(drawn)
    found = _SIZE.match(text)
    if found is None:
        raise ValueError("this is no drawing of reports.pictures.canvas")
    width, height = (round(float(each)) + 2 * _MARGIN for each in found.groups())
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="{-_MARGIN} {-_MARGIN} {width} {height}" width="{width}" height="{height}"'
    )
    start, end, rest = (head + text[found.end() :]).partition("</desc>")
    paper = f'<rect x="{-_MARGIN}" y="{-_MARGIN}" width="{width}" height="{height}" fill="{{}}"/>'
    ground = f"<style>{_STYLE}</style>{paper.format(_light()['paper'])}"
    svg = _COLOUR.sub(lambda name: _light()[name[1]], f"{start}{end}{ground}{rest}")
    svg = svg.replace(' href="#', ' xlink:href="#')  # what programs for drawing know, too
    return Alone(f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n', width, height)


def as_png(picture: Alone) -> bytes:
    """Return the file as PNG, twice as large; `UserError` where there is no Chromium."""
    drawn = picture.svg.partition("\n")[2]
    page = (
        '<!doctype html><html><head><meta charset="utf-8"><style>html, body { margin: 0;'
        f" background: {_light()['paper']}; }} svg {{ display: block; }}</style></head>"
        f"<body>{drawn}</body></html>"
    )
    made = made_of(
        page,
        ".png",
        "--hide-scrollbars",
        "--blink-settings=preferredColorScheme=1",
        f"--force-device-scale-factor={_SCALE}",
        f"--window-size={picture.width},{picture.height + _MORE}",
    )
    with Image.open(BytesIO(made)) as shown:
        part = shown.convert("RGB").crop((0, 0, picture.width * _SCALE, picture.height * _SCALE))
    written = BytesIO()
    part.save(written, "PNG", optimize=True, dpi=(96 * _SCALE, 96 * _SCALE))
    return written.getvalue()


@cache
def _light() -> dict[str, str]:
    """Return the colours of the page in the light: those that its style declares first."""
    colours: dict[str, str] = {}
    for name, colour in _DECLARED.findall(source("report.css")):
        colours.setdefault(name, colour)
    return colours
