"""The page in a real browser: on a screen, on a telephone, on paper, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import reporting
import synthetic
from reporting import HOSTILE
from test_reports_joined import LINKAGE

from analyzer.comparison import Comparison
from analyzer.extract.shapes import visible
from reports.html import render_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

pytestmark = pytest.mark.browser

COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "a difference": reporting.sent_only_in_kenya,
    "adult controls": reporting.with_adults,
    "one session each": reporting.one_session_each,
    "many recipients": lambda: reporting.many_recipients(12),
    "hostile text": lambda: reporting.poisoned(reporting.sent_only_in_kenya()),
    "endless words": lambda: reporting.poisoned(reporting.with_adults(), "x" * 300),
}
A4 = {"width": 703, "height": 1000}  # what the margins leave of 210 mm, at 96 pixels an inch


class Shown:
    """A page in a browser, and what it asked for and complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.messages: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", self._dismiss)
        page.goto(path.as_uri())

    def _dismiss(self, dialog: Dialog) -> None:
        self.messages.append(dialog.message)
        dialog.dismiss()

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, comparison in COMPARISONS.items():
        found[name] = folder / f"{name.replace(' ', '-')}.html"
        text = render_html(comparison(), synthetic.knowledge())
        found[name].write_text(text, encoding="utf-8")
    return found


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


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_asks_for_nothing_and_complains_of_nothing(
    name: str, show: Callable[..., Shown], pages: dict[str, Path]
) -> None:
    shown = show(name)
    assert [url for url in shown.requests if not url.startswith("data:")] == [pages[name].as_uri()]
    assert shown.messages == []


def test_it_reads_the_same_without_javascript(show: Callable[..., Shown]) -> None:
    # A page whose scripts may not run cannot be asked by one, but it can be read.
    with_it = show("adult controls").page.locator("body").inner_text()
    without = show("adult controls", java_script_enabled=False).page.locator("body").inner_text()
    assert without == with_it
    assert "Each of these differences goes beyond that between the adult controls" in without


def test_captured_markup_is_text_and_nothing_of_it_runs(show: Callable[..., Shown]) -> None:
    shown = show("hostile text")
    assert shown.ask("document.querySelectorAll('script, img, iframe, object').length") == 0
    text = shown.ask("document.body.textContent")
    assert f"Waymark{visible(HOSTILE)}" in text
    assert text.count("<script>alert(1)</script>") > 50
    assert shown.messages == []


def test_nothing_can_run_even_if_markup_got_in(show: Callable[..., Shown]) -> None:
    shown = show("a difference")
    shown.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')")
    shown.page.wait_for_timeout(100)
    assert shown.ask("window.ran") is None
    assert any("Content Security Policy" in message for message in shown.messages)


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_telephone_scrolls_tables_but_never_the_page_sideways(
    name: str, show: Callable[..., Shown]
) -> None:
    shown = show(name, viewport={"width": 390, "height": 844})
    assert shown.ask("document.documentElement.scrollWidth") <= 390
    outside = """[...document.querySelectorAll('body *')].filter(each =>
        !each.closest('.scroll') && !each.closest('.sr')
        && each.getBoundingClientRect().right > 391).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.ask(outside) == []


def test_headings_of_the_matrix_keep_their_words_whole(show: Callable[..., Shown]) -> None:
    # A word that is broken has more than one box.
    broken = """[...document.querySelectorAll('.matrix thead .name')].flatMap(each => {
        const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT), found = [];
        while (walker.nextNode()) for (const word of walker.currentNode.data.matchAll(/\\S+/g)) {
            const range = document.createRange();
            range.setStart(walker.currentNode, word.index);
            range.setEnd(walker.currentNode, word.index + word[0].length);
            if (range.getClientRects().length > 1) found.push(word[0]);
        }
        return found;
    })"""
    for name in ("a difference", "many recipients"):
        for width in (390, 1280):
            shown = show(name, viewport={"width": width, "height": 844})
            assert shown.page.locator(".matrix thead .name").count() > 0
            assert shown.ask(broken) == []


def test_on_a_telephone_a_few_recipients_fit_beside_each_other(
    show: Callable[..., Shown],
) -> None:
    shown = show("a difference", viewport={"width": 390, "height": 844})
    matrix = "document.querySelector('.matrix')"
    assert shown.ask(f"{matrix}.scrollWidth <= {matrix}.parentElement.clientWidth")


@pytest.mark.parametrize("name", COMPARISONS)
def test_on_paper_no_table_is_wider_than_the_page(name: str, show: Callable[..., Shown]) -> None:
    shown = show(name, viewport=A4)
    shown.page.emulate_media(media="print")
    clipped = """[...document.querySelectorAll('.scroll, .sides, ul, p, h1, h2, h3')].filter(each =>
        each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.ask(clipped) == []
    assert shown.ask("document.documentElement.scrollWidth") <= A4["width"]


@pytest.mark.parametrize(("name", "most"), [("a difference", 5), ("many recipients", 7)])
def test_it_prints_on_a_few_sheets_of_a4(name: str, most: int, show: Callable[..., Shown]) -> None:
    pdf = show(name).page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 2 <= len(boxes) <= most
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}


def test_tables_that_scroll_can_be_reached_with_the_keyboard(show: Callable[..., Shown]) -> None:
    shown = show("adult controls", viewport={"width": 390, "height": 844})
    unreachable = """[...document.querySelectorAll('*')].filter(each =>
        each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX === 'auto'
        && (each.tabIndex !== 0 || !each.getAttribute('aria-label'))).length"""
    assert shown.ask(unreachable) == 0


def test_a_row_leads_to_its_evidence(show: Callable[..., Shown]) -> None:
    shown = show("a difference")
    shown.page.locator("table.rows td.id a").first.click()
    assert shown.ask("document.querySelector(':target').closest('table').className") == "proofs"


def test_who_can_join_what_is_readable_on_a_telephone(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "joined.html"
    path.write_text(
        render_html(reporting.sent_only_in_kenya(), synthetic.knowledge(), LINKAGE), "utf-8"
    )
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(path.as_uri())
    table = page.locator("table.ties").first
    outside = "each => each.scrollWidth > each.parentElement.clientWidth"
    assert not table.evaluate(outside)
    assert table.locator(".which").first.is_visible()  # the heads of the columns are not
    # One line for each name: its box is no higher than its line.
    height = table.locator("th[scope=row] bdi").first.evaluate(
        "each => each.getClientRects().length"
    )
    assert height == 1
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not table.evaluate(outside)
    assert not table.locator(".which").first.is_visible()
    page.close()
