"""A sheet to draw on in pixels, from the top left, that becomes SVG for the page.

matplotlib draws; what it writes is then made fit for a page that holds several pictures: its ids
get a prefix, its colours become the page's variables, its fonts the page's font, and it gets a
title and a description. For a language that is written from right to left all is mirrored but the
letters.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Patch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from reports.language import Figure as Written
from reports.templating import fit

Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]
Ink = Literal["ink", "soft", "line", "paper", "wash", "a", "b", "a-wash", "b-wash", "q", "q-wash"]

# What the page calls its colours, and what stands for them while matplotlib draws: any colours that
# differ from each other would do.
_COLOURS: Final[dict[Ink, str]] = {
    "ink": "#1c2330",
    "soft": "#505866",
    "line": "#c9ced6",
    "paper": "#ffffff",
    "wash": "#f5f6f8",
    "a": "#1b66a6",
    "b": "#b04d08",
    "a-wash": "#e6f0f8",
    "b-wash": "#fcece0",
    "q": "#b58900",
    "q-wash": "#fbf6d9",
}
_WASHES: Final[dict[Ink, Ink]] = {"a": "a-wash", "b": "b-wash", "q": "q-wash"}
_NAMES: Final = {colour: name for name, colour in _COLOURS.items()}
_STEP, _STRIPE = 8.0, 2.6  # pixels from stripe to stripe, and of one
_BOLD = 1.14  # how much wider letters are in bold
_SHEER = 0.2  # of an area: how little it hides
_HA: Final = {"start": "left", "middle": "center", "end": "right"}
_MIRRORED: Final[dict[Anchor, Anchor]] = {"start": "end", "middle": "middle", "end": "start"}
_SVG: Final = "http://www.w3.org/2000/svg"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_COLOUR = re.compile("|".join(_NAMES))
_FONT = re.compile(r"font: (?:(\d+) )?([\d.]+)px [^;]+|font-family: [^;]+; ")
_REFERENCE = re.compile(r"url\(#")
_PLACE = re.compile(r" ?([A-Za-z]) ?")
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")


class Canvas:
    """A drawing of `width` by `height` pixels. `name` is its own on the page.

    `direction` "rtl" mirrors every place that is given.
    """

    def __init__(self, name: str, width: float, height: float, direction: str = "ltr") -> None:
        self.name, self.width, self.height = name, width, height
        self._mirror = direction == "rtl"
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        self._axes = figure.add_axes((0, 0, 1, 1), frame_on=False)
        self._axes.set_xlim(0, width)
        self._axes.set_ylim(height, 0)
        self._axes.set_axis_off()
        self._figure = figure
        self._drawn = 0  # what is drawn later lies above

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        anchor: Anchor = "start",
        ink: Ink = "ink",
        bold: bool = False,
        within: float | None = None,
    ) -> None:
        """Write one line whose base line is at `y`; cut short where it is wider than `within`."""
        shown = fit(text)
        if within is not None:
            shown = shortened(shown, within, size * _BOLD if bold else size)
        self._axes.text(
            self._x(x),
            y,
            shown,
            fontsize=size,
            ha=_HA[_MIRRORED[anchor] if self._mirror else anchor],
            va="baseline",
            color=_COLOURS[ink],
            fontweight="bold" if bold else "normal",
            parse_math=False,  # a dollar sign is one
            clip_on=False,
            zorder=self._above(),
        )

    def lines(
        self,
        x: float,
        y: float,
        text: str,
        within: float,
        *,
        size: float = 12,
        ink: Ink = "ink",
        bold: bool = False,
    ) -> float:
        """Write `text` in as many lines as it needs from `y` on; return where the next would be."""
        for line in broken(fit(text), within, size * _BOLD if bold else size):
            self.text(x, y, Written(line), size=size, ink=ink, bold=bold)
            y += size * 1.4
        return y

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        ink: Ink,
        *,
        hatched: bool = False,
        outline: Ink | None = None,
    ) -> None:
        """Fill a rectangle whose upper left corner is at (x, y); with stripes where `hatched`."""
        left = self.width - x - width if self._mirror else x
        edge = (left, left + width), (lambda _: y), (lambda _: y + height)
        self._fill(
            Rectangle((left, y), width, height),
            ink,
            stripes=_stripes(*edge) if hatched else None,
            outline=outline,
        )

    def area(self, upper: Sequence[Point], lower: Sequence[Point], ink: Ink) -> None:
        """Fill what is between two lines, so that what lies below is seen through it."""
        shape = Polygon([(self._x(x), y) for x, y in (*upper, *reversed(lower))], closed=True)
        shape.set_alpha(_SHEER)
        self._fill(shape, ink)

    def line(
        self, points: Sequence[Point], ink: Ink = "line", *, width: float = 1, dashed: bool = False
    ) -> None:
        """Draw a line through `points`."""
        self._axes.plot(
            [self._x(x) for x, _ in points],
            [y for _, y in points],
            color=_COLOURS[ink],
            linewidth=width,
            linestyle=(0, (3, 3)) if dashed else "-",
            solid_capstyle="butt",
            marker="",
            clip_on=False,
            zorder=self._above(),
        )

    def mark(
        self, x: float, y: float, ink: Ink, *, square: bool = False, filled: bool = True
    ) -> None:
        """Draw a dot, or a square; hollow where not `filled`."""
        at = self._x(x)
        shape: Patch = Rectangle((at - 4.5, y - 4.5), 9, 9) if square else Circle((at, y), radius=5)
        self._fill(shape, ink if filled else "paper", outline=ink, width=2)

    def arrow(self, x: float, y: float, ink: Ink) -> None:
        """Draw the head of an arrow that points to where lines of writing end."""
        self.line([(x - 6, y - 4.5), (x, y), (x - 6, y + 4.5)], ink, width=2)

    def band(
        self,
        start: tuple[float, float, float],
        end: tuple[float, float, float],
        ink: Ink,
        *,
        hatched: bool = False,
        outline: Ink | None = None,
    ) -> None:
        """Fill a ribbon from (x, top, bottom) to (x, top, bottom)."""
        (x0, top0, low0), (x1, top1, low1) = start, end
        middle = (x0 + x1) / 2
        points = [
            (x0, top0), (middle, top0), (middle, top1), (x1, top1),
            (x1, low1), (middle, low1), (middle, low0), (x0, low0), (x0, top0),
        ]  # fmt: skip
        curve = [Path.CURVE4] * 3
        codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
        path = Path([(self._x(x), y) for x, y in points], codes)
        left, right = sorted((self._x(x0), self._x(x1)))

        def edge(one: float, other: float) -> Callable[[float], float]:
            return lambda x: _curve(one, other, (x - self._x(x0)) / (self._x(x1) - self._x(x0)))

        stripes = _stripes((left, right), edge(top0, top1), edge(low0, low1)) if hatched else None
        self._fill(PathPatch(path), ink, stripes=stripes, outline=outline)

    def svg(self, title: str, description: str) -> Markup:
        """Return the picture with its title and description, to stand in a page."""
        settings: dict[Any, Any] = {
            "svg.fonttype": "none",
            "svg.hashsalt": self.name,
            "svg.image_inline": True,
            "path.simplify": False,
            "axes.unicode_minus": False,
        }
        buffer = io.BytesIO()
        with mpl.rc_context(settings), warnings.catch_warnings():
            # Letters that matplotlib's own font lacks are drawn by the browser, with its fonts.
            warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
            self._figure.savefig(buffer, format="svg", metadata={"Date": None})
        return self._made_fit(buffer.getvalue(), title, description)

    def _x(self, x: float) -> float:
        return self.width - x if self._mirror else x

    def _above(self) -> int:
        self._drawn += 1
        return self._drawn

    def _fill(
        self,
        shape: Patch,
        ink: Ink,
        *,
        stripes: Path | None = None,
        outline: Ink | None = None,
        width: float = 1,
    ) -> None:
        shape.set_facecolor(_COLOURS[_WASHES.get(ink, "paper") if stripes else ink])
        shape.set_linewidth(width if outline else 0)
        if outline:
            shape.set_edgecolor(_COLOURS[outline])
        drawn = [shape]
        if stripes:
            drawn.append(PathPatch(stripes, fill=False, edgecolor=_COLOURS[ink], linewidth=_STRIPE))
        for each in drawn:
            each.set_clip_on(False)
            each.set_zorder(self._above())
            self._axes.add_patch(each)

    def _made_fit(self, drawn: bytes, title: str, description: str) -> Markup:
        root = ElementTree.fromstring(drawn)  # noqa: S314
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag.rpartition("}")[2] in {"metadata", "style"}:
                    parent.remove(child)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
            element.tail = None
            if not (element.text or "").strip():
                element.text = None
            if _LINK in element.attrib:
                element.set("href", f"#{self.name}-{element.attrib.pop(_LINK)[1:]}")
            for key, value in list(element.attrib.items()):
                element.set(key, self._value(key, value))
            if element.tag == "g":
                element.attrib.pop("id", None)
            if element.attrib.get("transform", "").startswith("rotate(-0 "):
                del element.attrib["transform"]
        root.attrib = {
            "viewBox": f"0 0 {self.width:g} {self.height:g}",
            "width": f"{self.width:g}",
            "height": f"{self.height:g}",
            "role": "img",
            "aria-labelledby": f"{self.name}-t {self.name}-d",
        }
        for place, (tag, text) in enumerate((("title", title), ("desc", description))):
            told = ElementTree.Element(tag, {"id": f"{self.name}-{tag[0]}"})
            told.text = fit(text)
            root.insert(place, told)
        return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704

    def _value(self, key: str, value: str) -> str:
        if key == "id":
            return f"{self.name}-{value}"
        if key == "style":
            value = _FONT.sub(_font, value)
        value = _COLOUR.sub(lambda found: f"var(--{_NAMES[found.group()]})", value)
        value = _REFERENCE.sub(f"url(#{self.name}-", value)
        if key in {"d", "x", "y", "width", "height", "transform"}:
            value = _DECIMALS.sub(lambda found: f"{float(found.group()):.1f}", value)
        if key == "d":  # most of a page with many pictures
            return _PLACE.sub(r"\1", " ".join(value.split()))
        return " ".join(value.split())


def _font(found: re.Match[str]) -> str:
    if found[2] is None:
        return ""
    weight = f"; font-weight: {found[1]}" if found[1] else ""
    return f"font-size: {found[2]}px{weight}"


def _stripes(
    ends: tuple[float, float], top: Callable[[float], float], low: Callable[[float], float]
) -> Path | None:
    """Return slanting lines between two edges, cut off at both `ends`; None where there is no room.

    They are lines, and no pattern to fill with: a browser that prints makes images of patterns.
    """
    left, right = ends
    slant = abs(low(left) - top(left))  # 45 degrees
    points: list[Point] = []
    for number in range(math.ceil((right - left + slant) / _STEP)):
        x = left - slant + (number + 0.5) * _STEP
        first, last = max(x, left), min(x + slant, right)
        if last - first > 0.2:
            for at in (first, last):
                up = (at - x) / slant
                points.append((round(at, 1), low(at) + (top(at) - low(at)) * up))
    if not points:
        return None
    return Path(points, [Path.MOVETO, Path.LINETO] * (len(points) // 2))


def _curve(one: float, other: float, part: float) -> float:
    """Return where a ribbon's edge stands at `part` (0..1) of its way, as `Canvas.band` draws it.

    Its control points lie in the middle, so that the way x(t) is (3t - 3t² + 2t³) / 2 of it.
    """
    low, high = 0.0, 1.0
    for _ in range(20):
        t = (low + high) / 2
        if (3 * t - 3 * t**2 + 2 * t**3) / 2 < part:
            low = t
        else:
            high = t
    t = (low + high) / 2
    return one + (other - one) * (3 * t**2 - 2 * t**3)


def wide(text: str, size: float) -> float:
    """Return about how wide `text` is in pixels, in whatever font the reader has."""
    return sum(_wide(letter) for letter in text) * size


def _wide(letter: str) -> float:
    if unicodedata.category(letter) in ("Cf", "Mn"):  # marks of direction, vowel signs: no width
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    if letter in "il.,:;|!' ()[]fjtI":
        return 0.37
    return 0.76 if letter.isupper() or letter in "mw%—→…" else 0.61


def shortened(text: str, within: float, size: float) -> str:
    """Return `text`, cut with an ellipsis where it is wider than `within` pixels."""
    if wide(text, size) <= within:
        return text
    left, kept = within / size - _wide("…"), 0
    for letter in text:
        left -= _wide(letter)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def broken(text: str, within: float, size: float) -> list[str]:
    """Return `text` in lines of at most `within` pixels; a word that is wider is cut."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and wide(longer, size) <= within:
            lines[-1] = longer
        else:
            lines.append(shortened(word, within, size))
    return lines
