"""Coding in a real browser: two coders, a disagreement, its adjudication; and the page itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from cli_rig import done, told
from coding_rig import TEXTS, feed_study, given_out
from werkzeug.serving import BaseWSGIServer

from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.codes import final_codes, load_codes
from analyzer.feed.coding.desk import Desk
from analyzer.feed.coding.page import coding_app
from analyzer.local_page import local_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
TOKEN = "t" * 32
BOOK = load_codebook()
TEXT = {key: text for key, text, _ in TEXTS}
PHONE = {"width": 360, "height": 740}
ANNA = {
    "k01": "depressive", "k02": "neutral", "k03": "neutral", "k04": "neutral", "k05": "self_harm",
    "k06": "unclear",
}  # fmt: skip
BEN = ANNA | {"k01": "hopeless"}

Show = Callable[..., "Page"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = feed_study(tmp_path / "study")
    given_out(root, "anna", "ben")
    return root


@pytest.fixture
def show(browser: Browser, root: Path) -> Iterator[Show]:
    servers: list[BaseWSGIServer] = []
    contexts = []
    messages: list[str] = []
    requests: list[str] = []

    def shown(coder: str, language: str = "en", options: Any = None, **more: Any) -> Page:
        app = coding_app(Desk(root, BOOK, coder, **more), TOKEN, language=language)
        server = local_server(app, 0)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        contexts.append(browser.new_context(**(options or {})))
        page: Page = contexts[-1].new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"http://127.0.0.1:{server.port}/{TOKEN}/")
        return page

    yield shown
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    assert messages == []
    assert all(url.startswith(("http://127.0.0.1:", "data:")) for url in requests)


def begin(page: Page) -> None:
    with page.expect_navigation():
        page.click("#begin")


def key_of(page: Page) -> str:
    return str(page.locator("input[name=item]").get_attribute("value"))


def code_all(page: Page, codes: dict[str, str], *, by_key: bool) -> list[str]:
    """Code item by item until nothing is left; return the texts that were seen."""
    begin(page)
    seen = []
    while page.locator("#code").count():
        quote = page.locator("blockquote")
        seen.append(quote.inner_text() if quote.count() else "")
        category = codes[key_of(page)]
        with page.expect_navigation():
            if by_key:
                page.keyboard.press(str(BOOK.keys.index(category) + 1))
            else:
                page.click(f"#code button[value={category}]")
    return seen


def test_two_coders_disagree_and_a_third_person_decides(root: Path, show: Show) -> None:
    anna, ben = show("anna"), show("ben")
    first = code_all(anna, ANNA, by_key=True)
    second = code_all(ben, BEN, by_key=False)
    assert "That was all" in anna.inner_text("main")
    assert sorted(first) == sorted(second)
    assert first != second  # each in her own order
    assert load_codes(root).by_coder == {"anna": ANNA, "ben": BEN}
    assert load_codes(root).open() == ["k01"]
    assert "k01" not in final_codes(root)
    found = told("feed", "code", "agreement", root=root)
    assert (found["both"], found["pairs"][0]["same"]) == (6, 5)

    carol = show("carol", adjudicate=True)
    begin(carol)
    assert carol.inner_text("#progress") == "0 of 1 decided"
    assert carol.inner_text("blockquote") == TEXT["k01"]
    assert set(carol.locator("#chosen li").all_inner_texts()) == {
        BOOK.category("depressive").name(), BOOK.category("hopeless").name(),
    }  # fmt: skip
    assert "anna" not in carol.content()
    with carol.expect_navigation():
        carol.keyboard.press(str(BOOK.keys.index("depressive") + 1))
    assert "That was all" in carol.inner_text("main")
    assert final_codes(root) == ANNA
    assert done("feed", "code", "adjudicate", root=root) == ""

    with carol.expect_navigation():
        carol.keyboard.press("u")
    assert carol.inner_text("blockquote") == TEXT["k01"]
    assert "k01" not in final_codes(root)


def test_undo_by_key_brings_the_last_item_back(root: Path, show: Show) -> None:
    page = show("anna")
    begin(page)
    key = key_of(page)
    with page.expect_navigation():
        page.keyboard.press("1")
    assert key_of(page) != key
    with page.expect_navigation():
        page.keyboard.press("u")
    assert key_of(page) == key
    assert load_codes(root).by_coder["anna"] == {}


def test_after_harmful_items_the_button_waits(root: Path, show: Show) -> None:
    page = show("anna", pause_after=2, rest_s=1.0)
    begin(page)
    for _ in range(2):
        with page.expect_navigation():
            page.keyboard.press("1")
    assert "Time to rest" in page.inner_text("main")
    assert page.locator("#go_on").is_disabled()
    page.wait_for_selector("#go_on:not([disabled])", timeout=5000)
    page.click("#go_on")
    page.wait_for_selector("#code")
    assert len(load_codes(root).by_coder["anna"]) == 2


def test_it_works_without_script(root: Path, show: Show) -> None:
    page = show("anna", options={"java_script_enabled": False})
    code_all(page, ANNA, by_key=False)
    assert load_codes(root).by_coder == {"anna": ANNA}


def test_what_strangers_wrote_stays_text(show: Show) -> None:
    page = show("anna")
    begin(page)
    for _ in TEXTS:
        assert page.evaluate("document.querySelectorAll('main img, main b:not(dd b)').length") == 0
        assert page.evaluate("window.ran") is None
        with page.expect_navigation():
            page.keyboard.press(str(BOOK.keys.index("neutral") + 1))


@pytest.mark.parametrize("language", ["en", "fil"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_breaks_no_rule_of_accessibility(
    show: Show, language: str, scheme: str
) -> None:
    page = show("anna", language, {"viewport": PHONE, "color_scheme": scheme}, pause_after=1)
    for step in ("#begin", f"#code button[value={BOOK.keys[0]}]", ""):
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.response["violations"] == [], found.generate_report()
        if step:
            with page.expect_navigation():
                page.click(step)
