"""The local page in a real browser: the numbers that were written, and text that stays text."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from live_rig import PHONE, Recording, record_now, stepped_study
from werkzeug.serving import BaseWSGIServer

from analyzer.amounts import size
from analyzer.bundle import add_step
from analyzer.live.serving import page_server
from analyzer.readers.bundle import read_steps
from analyzer.study import Study

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
TOKEN = "t" * 32
HOSTILE = "<img src=x onerror=window.ran=1>"
PHONE_SIZE = {"width": 390, "height": 844}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


class Shown:
    """A page in a browser, and what it asked for and complained of."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.messages: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.address = address
        page.goto(address)

    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def wait_for(self, pattern: str) -> None:
        self.page.get_by_text(re.compile(pattern)).first.wait_for(timeout=10_000)


Show = Callable[..., Shown]


@pytest.fixture
def show(browser: Browser, study: Study) -> Iterator[Show]:
    servers: list[BaseWSGIServer] = []
    contexts = []

    def shown(*recordings: Recording, **options: Any) -> Shown:
        bundles = [recording.path for recording in recordings]
        server = page_server(study, bundles, port=0, token=TOKEN)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        contexts.append(browser.new_context(**options))
        return Shown(contexts[-1].new_page(), f"http://127.0.0.1:{server.port}/{TOKEN}/")

    shown.servers = servers  # type: ignore[attr-defined]
    yield shown
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()


def figures(shown: Shown) -> dict[str, str]:
    rows: list[list[str]] = shown.page.evaluate(
        "[...document.querySelectorAll('.figures li')].map(each =>"
        " [each.querySelector('span').textContent, each.querySelector('b').textContent])"
    )
    return dict(rows)


def filled(recording: Recording) -> None:
    for number in range(25):
        recording.ask(f"https://api.pebblo.example/feed/{number}", b"n=1", b"x" * 4000)
    recording.ask()
    recording.connect("ads.bidriver.example", "silent")
    recording.connect("ads.bidriver.example", "silent")
    recording.connect("ads.bidriver.example", "passed", up=3000, down=90_000)
    recording.writer.add_checkup(PHONE, "time_zone", "bad", "Europe/Berlin")


def test_the_numbers_are_those_that_were_written_and_follow_what_is_written(
    show: Show, study: Study
) -> None:
    recording = record_now(study)
    filled(recording)
    shown = show(recording)
    assert figures(shown) == {
        "requests": "26", "messages": "0", "in flight": "0", "connections": "29",
    }  # fmt: skip
    assert f"{size(recording.up + recording.down)} read" in shown.text()
    assert f"{size(93_000)} passed unread" in shown.text()
    share = 100 * (recording.up + recording.down) / (recording.up + recording.down + 93_000)
    width = shown.page.locator("rect.read").get_attribute("width")
    assert float(width or 0) == pytest.approx(share, abs=0.01)
    shown.wait_for("^advertising ID$")
    assert "advertising ID to Waymark" in shown.text()
    assert "Pinned, cannot be read: Bidriver" in shown.text()
    number = recording.ask("https://late.pebblo.example/now", finished=False)
    shown.wait_for(r"late\.pebblo\.example")
    assert figures(shown)["in flight"] == "1"
    recording.answer(number)
    in_flight = shown.page.locator(".figures li", has_text="in flight")
    in_flight.get_by_text("0", exact=True).wait_for(timeout=10_000)
    assert figures(shown)["requests"] == "27"
    assert {url.rpartition("/")[2] for url in shown.requests if not url.startswith("data:")} == {
        "", "snapshot.json",
    }  # fmt: skip
    assert shown.messages == []


def test_nothing_is_drawn_anew_that_did_not_change(show: Show, study: Study) -> None:
    recording = record_now(study)
    filled(recording)
    shown = show(recording)
    shown.wait_for("last seen 00:0[2-9] ago")
    shown.page.evaluate(
        "window.kept = document.querySelector('.requests tbody tr');"
        " window.changes = 0;"
        " new MutationObserver(all => window.changes += all.filter(each =>"
        " !each.target.closest('.told, .phones, footer')).length)"
        ".observe(document.querySelector('main'),"
        " {subtree: true, childList: true, attributes: true, characterData: true})"
    )
    shown.page.wait_for_timeout(2500)
    assert shown.page.evaluate("window.changes") == 0
    assert shown.page.evaluate("document.contains(window.kept)")


def test_captured_markup_is_text_and_nothing_of_it_runs(show: Show, study: Study) -> None:
    recording = record_now(study)
    recording.ask(f"https://{HOSTILE}.example/{HOSTILE}", method=HOSTILE)
    recording.writer.add_checkup(HOSTILE, HOSTILE, "bad", HOSTILE)
    recording.writer.add_measured("time_zone", HOSTILE, HOSTILE)
    add_step(recording.path, f"{HOSTILE} first")
    shown = show(recording)
    first = shown.page.locator("article").inner_text()
    add_step(recording.path, f"{HOSTILE} second")
    recording.ask(f"https://second.{HOSTILE}.example/{HOSTILE}", method="POST")
    shown.wait_for(f"{HOSTILE} second")
    for text in (first, shown.page.locator("article").inner_text()):
        assert text.count(HOSTILE) >= 4
    assert shown.page.evaluate("document.querySelectorAll('img, iframe').length") == 0
    assert shown.page.evaluate("window.ran") is None
    shown.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=ran=1>')"
    )
    shown.page.wait_for_timeout(200)
    assert shown.page.evaluate("window.ran") is None
    assert all("Content Security Policy" in message for message in shown.messages)


def test_one_button_begins_the_next_phase_in_every_session(show: Show, study: Study) -> None:
    recordings = [record_now(study, arm) for arm in ("DE-13", "KE-13")]
    shown = show(*recordings, viewport={"width": 1300, "height": 900})
    boxes = [shown.page.locator("article").nth(at).bounding_box() for at in range(2)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert shown.page.locator("button").count() == 1
    shown.page.get_by_role("button", name="consent").click()
    shown.page.get_by_role("button", name="use").click()
    shown.wait_for("This is the last phase of the study")
    assert shown.page.locator("button").is_disabled()
    for recording in recordings:
        assert [name for _, name in read_steps(recording.path)] == list(study.phases)
    assert shown.messages == []


def test_it_works_without_javascript(show: Show, study: Study) -> None:
    recording = record_now(study)
    filled(recording)
    shown = show(recording, java_script_enabled=False)
    assert "26\nrequests" in shown.text()
    shown.page.get_by_role("button", name="consent").click()
    shown.page.get_by_role("button", name="use").wait_for(timeout=10_000)
    assert [name for _, name in read_steps(recording.path)] == ["first launch", "consent"]
    recording.ask()
    shown.page.get_by_text("27", exact=True).wait_for(timeout=10_000)  # it loads itself again


def test_a_page_elsewhere_cannot_mark_a_phase(
    show: Show, study: Study, browser: Browser, tmp_path: Path
) -> None:
    recording = record_now(study)
    shown = show(recording)
    evil = tmp_path / "evil.html"
    evil.write_text(
        f"<form method=post action='{shown.address}step'><input name=phase value=consent>"
        "<button>go</button></form>",
        encoding="utf-8",
    )
    page = browser.new_page()
    page.goto(evil.as_uri())
    with page.expect_navigation() as navigation:
        page.locator("button").click()
    answer = navigation.value
    page.close()
    assert answer is not None
    assert answer.status == 403
    assert len(read_steps(recording.path)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_red_banner_can_be_read_in_any_light(show: Show, study: Study, scheme: str) -> None:
    recording = record_now(study)
    recording.connect("api.pebblo.example", "refused")
    shown = show(recording, color_scheme=scheme)
    banner = shown.page.locator("article .alarm")
    assert "does not trust the certificate authority" in banner.inner_text()
    contrast = shown.page.evaluate(_CONTRAST)
    assert contrast >= 4.5


_CONTRAST = """() => {
  const light = (text) => {
    const parts = text.match(/[0-9.]+/g).slice(0, 3).map(Number).map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const banner = document.querySelector("article .alarm");
  const shades = [light(getComputedStyle(banner).backgroundColor),
                  light(getComputedStyle(banner.querySelector("strong")).color)].sort();
  return (shades[1] + 0.05) / (shades[0] + 0.05);
}"""


def test_a_telephone_never_scrolls_the_page_sideways(show: Show, study: Study) -> None:
    recording = record_now(study)
    filled(recording)
    recording.ask(f"https://{'long' * 15}.{'names' * 12}.example/{'p' * 300}")
    shown = show(recording, viewport=PHONE_SIZE)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= PHONE_SIZE["width"]
    outside = """[...document.querySelectorAll('body *')].filter(each =>
        !each.closest('.scroll') && !each.closest('.sr')
        && each.getBoundingClientRect().right > 391).map(each => each.outerHTML.slice(0, 99))"""
    assert shown.page.evaluate(outside) == []


def test_it_says_when_it_hears_nothing_any_more(show: Show, study: Study) -> None:
    recording = record_now(study)
    recording.ask()
    shown = show(recording)
    assert "no longer hears" not in shown.text()
    recording.writer.close("stopped")
    shown.wait_for("No session is being recorded")
    [server] = show.servers  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    shown.wait_for("no longer hears from evenhand")
    assert figures(shown)["request"] == "1"
