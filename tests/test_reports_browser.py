"""The page in a real browser: on screens, telephones and paper, by keyboard, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paging
import pytest
import reporting
import synthetic
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from reporting import HOSTILE

from analyzer.comparison import Comparison
from analyzer.extract.shapes import visible
from reports.html import render_html
from reports.language import LANGUAGES, Language

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

pytestmark = pytest.mark.browser

COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "everything": paging.everything,
    "one session each": reporting.one_session_each,
    "nothing found": reporting.nothing_found,
    "many recipients": lambda: reporting.many_recipients(12),
    "hostile text": lambda: reporting.poisoned(paging.everything()),
    "endless words": lambda: reporting.poisoned(reporting.with_adults(), "x" * 300),
}
A4 = {"width": 688, "height": 1000}  # what the margins leave of 210 mm, at 96 pixels an inch
# WCAG 2.2 AA, and what axe-core holds to be good practice beside it.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPEN = "document.querySelectorAll('details').forEach(each => each.open = true)"
SHOWN = "[...document.querySelectorAll('table.rows > tbody')].filter(each => !each.hidden)"


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

    def faults(self) -> list[str]:
        """Return what axe-core finds wrong with the page, all of it opened."""
        self.ask(OPEN)
        # Of what is in order one node is enough: to hand over all takes as long as to look at it.
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=options).response["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, comparison in COMPARISONS.items():
        found[name] = folder / f"{name.replace(' ', '-')}.html"
        full = name == "everything"
        linkage = paging.linked() if full else None
        lands = paging.lands() if full else None
        text = render_html(comparison(), synthetic.knowledge(), linkage, countries=lands)
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def show(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Shown]]:
    contexts = []

    def shown(name: str | Path, **options: Any) -> Shown:
        context = browser.new_context(**options)
        contexts.append(context)
        return Shown(context.new_page(), name if isinstance(name, Path) else pages[name])

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


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("everything", 360, "dark"),
        ("everything", 1600, "light"),
        ("one session each", 360, "light"),
        ("nothing found", 1600, "dark"),
    ],
)
def test_nobody_is_shut_out(name: str, width: int, scheme: str, show: Callable[..., Shown]) -> None:
    shown = show(name, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert shown.faults() == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_nobody_is_shut_out_in_any_language(
    code: str, show: Callable[..., Shown], tmp_path: Path
) -> None:
    path = tmp_path / f"{code}.html"
    text = render_html(
        replace(paging.everything(), fictional=True),
        synthetic.knowledge(),
        paging.linked(),
        Language(code),
        paging.lands(),
    )
    path.write_text(text, encoding="utf-8")
    shown = show(path, viewport={"width": 360, "height": 900})
    assert shown.faults() == []
    assert shown.messages == []
    assert shown.ask("document.documentElement.scrollWidth") <= 360


def test_it_holds_the_same_without_javascript(show: Callable[..., Shown]) -> None:
    # A page whose scripts may not run cannot be asked by one, but it can be read.
    shown = show("everything", java_script_enabled=False)
    without = " ".join((shown.page.locator("main").text_content() or "").split())
    with_it = " ".join((show("everything").page.locator("main").text_content() or "").split())
    assert without == with_it.replace("Rows shown: 6 of 6", "").replace("  ", " ")
    assert not shown.page.locator("#filters").is_visible()
    drawer = shown.page.locator("table.rows details").first
    drawer.locator("summary").click()
    assert drawer.locator("pre").first.is_visible()


def test_captured_markup_is_text_and_nothing_of_it_runs(show: Callable[..., Shown]) -> None:
    shown = show("hostile text")
    assert shown.ask("document.querySelectorAll('img, iframe, object').length") == 0
    assert shown.ask("document.querySelectorAll('script').length") == 1
    text = shown.ask("document.body.textContent")
    assert f"Waymark{visible(HOSTILE)}" in text
    assert text.count("<script>alert(1)</script>") > 50
    assert shown.messages == []


def test_nothing_else_can_run_even_if_markup_got_in(show: Callable[..., Shown]) -> None:
    shown = show("everything")
    shown.ask("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')")
    shown.ask(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.ran = 1'}))"
    )
    shown.page.wait_for_timeout(100)
    assert shown.ask("window.ran") is None
    assert any("Content Security Policy" in message for message in shown.messages)


@pytest.mark.parametrize("name", COMPARISONS)
def test_tables_scroll_but_never_the_page_sideways(name: str, show: Callable[..., Shown]) -> None:
    shown = show(name)
    shown.ask(OPEN)
    for width in (360, 800, 1600):
        shown.page.set_viewport_size({"width": width, "height": 844})
        assert shown.ask("document.documentElement.scrollWidth") <= width
        assert shown.ask(outside(width)) == []


def outside(width: int) -> str:
    """Return an expression for what reaches over the edge of a screen."""
    return f"""[...document.querySelectorAll('body *')].filter(each =>
        !each.closest('.scroll, .sr, .skip, svg')
        && each.getBoundingClientRect().right > {width + 1})
        .map(each => each.outerHTML.slice(0, 99))"""


def test_each_screen_gets_one_drawing_of_each_picture(show: Callable[..., Shown]) -> None:
    for width, drawn in ((360, 340), (1600, 760)):
        shown = show("everything", viewport={"width": width, "height": 844})
        widths = shown.ask(
            "[...document.querySelectorAll('figure svg')].filter(each => each.checkVisibility())"
            ".map(each => each.viewBox.baseVal.width)"
        )
        assert widths == [drawn] * 7


@pytest.mark.parametrize("name", COMPARISONS)
def test_on_paper_no_table_is_wider_than_the_page(name: str, show: Callable[..., Shown]) -> None:
    shown = show(name, viewport=A4)
    shown.page.emulate_media(media="print")
    clipped = """[...document.querySelectorAll('.scroll, .sides, ul, p, h1, h2, h3')].filter(each =>
        each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.ask(clipped) == []
    assert shown.ask("document.documentElement.scrollWidth") <= A4["width"]


def test_on_paper_all_is_open_and_light(show: Callable[..., Shown]) -> None:
    shown = show("everything", viewport=A4, color_scheme="dark")
    shown.page.emulate_media(media="print", color_scheme="dark")
    ground = shown.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert shown.page.locator("#rows pre").first.is_visible()
    assert not shown.page.locator("#filters").is_visible()
    pdf = shown.page.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 5 <= len(boxes) <= 20
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}


def test_rows_are_filtered_by_keyboard_and_their_number_is_announced(
    show: Callable[..., Shown],
) -> None:
    page = show("everything").page
    assert page.locator("#told").text_content() == "Rows shown: 6 of 6"
    page.locator("select[name=recipient]").focus()
    page.keyboard.press("ArrowDown")
    number = page.evaluate(f"{SHOWN}.length")
    assert 0 < number < 6
    assert page.locator("#told").text_content() == f"Rows shown: {number} of 6"
    owners = page.evaluate(f"{SHOWN}.map(each => each.rows[0].cells[1].textContent)")
    assert len(set(owners)) == 1
    page.locator("button[type=reset]").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('told').textContent === 'Rows shown: 6 of 6'")
    assert page.evaluate(f"{SHOWN}.length") == 6


def test_columns_are_sorted_by_keyboard_both_ways(show: Callable[..., Shown]) -> None:
    page = show("everything").page
    head = page.locator("#rows thead th").nth(4)
    values = (
        "[...document.querySelectorAll('#rows > tbody')].map(each => each.dataset.n.split(' ')[1])"
    )
    for order in ("ascending", "descending"):
        head.locator("button").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == order
        found = [float(each) for each in page.evaluate(values)]
        assert found == sorted(found, reverse=order == "descending")
        assert len(set(found)) > 1
    assert page.locator("#told").text_content() == "Sorted by Global_Majority"


def test_a_claim_leads_to_its_row_and_opens_the_evidence(show: Callable[..., Shown]) -> None:
    shown = show("everything")
    shown.page.locator(".answer a").click()
    shown.page.wait_for_function("document.querySelector(':target details')?.open")
    assert shown.page.locator(":target pre").first.is_visible()


def test_a_link_into_a_closed_table_opens_it(show: Callable[..., Shown]) -> None:
    page = show("everything").page
    row = page.locator("#rows-same > tbody").first.get_attribute("id")
    page.evaluate(f"location.hash = '{row}'")
    page.wait_for_function("document.querySelector('details.same-rows').open")
    assert page.locator(f"#{row} pre").first.is_visible()


def test_everything_that_can_be_used_is_reached_with_the_tab_key(
    show: Callable[..., Shown],
) -> None:
    page = show("everything", viewport={"width": 360, "height": 900}).page
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], summary, select, button, .scroll')]"
        ".filter(each => each.checkVisibility({contentVisibilityAuto: false})).length"
    )
    seen = set()
    for _ in range(3 * wanted):
        page.keyboard.press("Tab")
        place = page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        if place in seen:
            break
        seen.add(place)
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring != "none" or page.evaluate("document.activeElement === document.body")
    assert len(seen) >= wanted


def test_a_large_page_opens_in_two_seconds(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text(render_html(paging.large(), synthetic.knowledge()), encoding="utf-8")
    assert path.stat().st_size < 5_000_000
    took = []
    for _ in range(3):
        page = browser.new_page()
        page.goto(path.as_uri())
        took.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        page.close()
    assert min(took) < 2000, took
