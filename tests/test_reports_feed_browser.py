"""The page of a recommender audit in a real browser: on screens, telephones and paper."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    # What is far below is not laid out before it is scrolled to.
    shown.page.add_style_tag(content="main > section { content-visibility: visible !important; }")
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


def test_a_picture_of_the_whole_page_leaves_no_section_out(show: Callable[..., Shown]) -> None:
    page = show("ten").page
    left_out = page.evaluate(
        "() => [...document.querySelectorAll('main > section')]"
        ".filter(each => getComputedStyle(each).contentVisibility !== 'visible')"
        ".map(each => each.id)"
    )
    assert left_out == []
