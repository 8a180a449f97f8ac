"""The page of a recommender audit in a real browser: on screens, telephones and paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdf
import pytest
import reporting
import synthetic
from feed_audits import audit_of, compared
from test_reports_browser import A4, OPEN, Shown, outside

from reports.feed.page import render_feed
from reports.html import render_html
from reports.language import Language

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("feeds")
    ten = audit_of(compared())
    texts = {
        "ten": render_feed(ten),
        "ar": render_feed(ten, Language("ar")),
        "few": render_feed(audit_of(compared(each=3, hours=2.5, uncoded=0.3))),
        "none": render_feed(audit_of(compared(each=2, hours=1.0, uncoded=1.0))),
        "report": render_html(reporting.sent_only_in_kenya(), synthetic.knowledge(), feed=ten),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.fixture
def show(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Shown]]:
    contexts = []

    def shown(name: str, **options: Any) -> Shown:
        context = browser.new_context(**options)
        contexts.append(context)
        return Shown(context.new_page(), pages[name])

    yield shown
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("ten", 360, "dark"), ("ar", 1600, "light"), ("few", 1600, "dark"), ("none", 360, "light"),
     ("report", 360, "light")],
)  # fmt: skip
def test_nobody_is_shut_out_and_nothing_is_asked_for(
    name: str, width: int, scheme: str, show: Callable[..., Shown], pages: dict[str, Path]
) -> None:
    shown = show(name, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert shown.faults() == []
    assert [url for url in shown.requests if not url.startswith("data:")] == [pages[name].as_uri()]
    assert shown.messages == []


@pytest.mark.parametrize("name", ["ten", "ar", "few", "none", "report"])
def test_tables_scroll_but_never_the_page_sideways(name: str, show: Callable[..., Shown]) -> None:
    shown = show(name)
    shown.ask(OPEN)
    for width in (360, 800, 1600):
        shown.page.set_viewport_size({"width": width, "height": 844})
        assert shown.ask("document.documentElement.scrollWidth") <= width
        assert shown.ask(outside(width)) == []


@pytest.mark.parametrize(
    ("width", "name"), [(360, "ten"), (1200, "ten"), (1200, "ar"), (360, "few")]
)
def test_no_word_of_a_picture_is_cut_off_at_its_edge(
    width: int, name: str, show: Callable[..., Shown]
) -> None:
    shown = show(name, viewport={"width": width, "height": 900})
    cut = """[...document.querySelectorAll('figure svg')].filter(each => each.checkVisibility())
        .flatMap(svg => [...svg.querySelectorAll('text')].filter(text => {
            const [at, frame] = [text.getBoundingClientRect(), svg.getBoundingClientRect()];
            return at.left < frame.left - 2 || at.right > frame.right + 2
                || at.bottom > frame.bottom + 2;
        }).map(text => text.textContent))"""
    assert shown.ask(cut) == []


def test_on_paper_the_answer_and_its_picture_are_on_the_first_page(
    show: Callable[..., Shown],
) -> None:
    shown = show("ten", viewport=A4, color_scheme="dark")
    shown.page.emulate_media(media="print", color_scheme="dark")
    ground = shown.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    end = shown.ask("document.querySelector('header figure').getBoundingClientRect().bottom")
    assert end <= A4["height"]
    clipped = """[...document.querySelectorAll('.scroll, ul, p, h1, h2, h3')].filter(each =>
        each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.ask(clipped) == []
    pdf = shown.page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 5 <= len(boxes) <= 14


def test_whom_to_call_is_the_first_thing_on_a_telephone(show: Callable[..., Shown]) -> None:
    shown = show("ten", viewport={"width": 360, "height": 740})
    top, low = shown.ask(
        "(at => [at.top, at.bottom])(document.querySelector('.crisis').getBoundingClientRect())"
    )
    assert 0 <= top < 60
    assert low < 740


@pytest.mark.parametrize("name", ["ten", "report"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_picture_of_the_whole_page_leaves_nothing_out(
    name: str, width: int, show: Callable[..., Shown]
) -> None:
    shown = show(name, viewport={"width": width, "height": 900})
    shown.ask(OPEN)
    left_out = """[...document.querySelectorAll('main *')].filter(each =>
        each.checkVisibility() && !each.checkVisibility({contentVisibilityAuto: true})
        ).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.ask(left_out) == []


@pytest.mark.parametrize("name", ["ten", "ar", "few"])
def test_on_a_telephone_the_first_column_stays_where_a_table_is_scrolled(
    name: str, show: Callable[..., Shown]
) -> None:
    shown = show(name, viewport={"width": 360, "height": 900})
    shown.ask(OPEN)
    away = """[...document.querySelectorAll('.scroll')].map(box => {
        if (box.scrollWidth < box.clientWidth + 30) return null;
        box.scrollLeft = (document.dir === 'rtl' ? -1 : 1) * box.scrollWidth;
        const frame = box.getBoundingClientRect();
        return [...box.querySelectorAll('tr:not(.group) > :first-child')].filter(cell => {
            const at = cell.getBoundingClientRect();
            return at.left < frame.left - 1 || at.right > frame.right + 1
                || at.width > 0.5 * frame.width || Math.abs(box.scrollLeft) < 20
                || getComputedStyle(cell).backgroundColor === 'rgba(0, 0, 0, 0)';
        }).map(cell => cell.textContent);
    }).filter(each => each)"""
    found = shown.ask(away)
    assert len(found) >= 5
    assert [each for cells in found for each in cells] == []


def test_no_page_of_paper_but_the_last_is_half_empty(show: Callable[..., Shown]) -> None:
    page = show("ten", viewport=A4).page
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    ends = [lowest(each) for each in pypdf.PdfReader(io.BytesIO(paper)).pages]
    assert [round(each, 2) for each in ends[:-1] if each < 0.7] == []


def lowest(page: pypdf.PageObject) -> float:
    """Return how far down its text reaches, its page number left out: 0 is the top, 1 the end."""
    height, found = float(page.mediabox.height), [0.0]

    def note(text: str, matrix: list[float], place: list[float], *_: object) -> None:
        down = 1 - (matrix[5] + matrix[3] * place[5]) / height
        if text.strip() and down < 0.93:
            found.append(down)

    page.extract_text(visitor_text=note)
    return max(found)


def test_what_divides_figures_in_arabic_is_an_arabic_comma(pages: dict[str, Path]) -> None:
    html = pages["ar"].read_text(encoding="utf-8")
    text = re.sub(r"<style>.*?</style>|<bdi>.*?</bdi>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert re.findall(r"[^A-Za-z][,;]\s", text) == []
    assert len(re.findall(r"\[[^\]]*[0-9][^\]]*،\s[^\]]*\]", text)) > 50
