"""A real Chromium as a Pixel 7 opens the page through the real proxy: what is said and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import checkpage_rig
import pytest
from capture_rig import Recording, Server
from playwright.sync_api import Browser

from analyzer.readers.bundle import read_checkups, read_exchanges, read_measured

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.capture, pytest.mark.browser]
PIXEL = (
    "Mozilla/5.0 (Linux; Android {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Mobile Safari/537.36"
)
BEHIND_PROXY = {"dns": "off", "ipv6": "off", "private": "off"}
GOOD = {
    "reached": "ok", "authority": "ok", "clock": "ok", "time_zone": "ok", "language": "ok",
    "exit": "ok", "device": "ok", **BEHIND_PROXY,
}  # fmt: skip


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    (tmp_path / "server").mkdir()
    (tmp_path / checkpage_rig.EXIT).write_text("KE")
    with (
        Server(tmp_path / "server") as server,
        Recording(tmp_path, server, tmp_path / "conf", extra=(checkpage_rig.kenya,)) as running,
    ):
        yield running


@contextlib.contextmanager
def phone(
    browser: Browser,
    recording: Recording,
    locale: str = "en-KE",
    zone: str = "Africa/Nairobi",
    *,
    trusting: bool = True,
    scripts: bool = True,
    agent: str = "14; Pixel 7",
) -> Iterator[Page]:
    """A phone that has opened the page, 360 px wide, set to a language and a time zone."""
    context = browser.new_context(
        user_agent=PIXEL.format(agent),
        viewport={"width": 360, "height": 740},
        is_mobile=True,
        has_touch=True,
        locale=locale,
        timezone_id=zone,
        java_script_enabled=scripts,
        ignore_https_errors=trusting,
        proxy={"server": recording.proxy},
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.goto("http://phone.check/")
    page.wait_for_selector('#result[data-settled="1"]', timeout=20_000)
    yield page
    context.close()
    # Not even the policy of the page was violated.
    assert [each for each in complaints if "ERR_CERT_AUTHORITY_INVALID" not in each] == []


def shown(page: Page) -> dict[str, Any]:
    """The states on the page."""
    script = "all => Object.fromEntries(all.map(one => [one.id, one.dataset.state]))"
    found: dict[str, Any] = page.eval_on_selector_all("article", script)
    return found


def stored(recording: Recording) -> dict[str, str]:
    """The last stored state of each check."""
    recording.stop()
    return {each.name: each.state for each in read_checkups(recording.path)}


def test_a_good_phone_is_all_green(browser: Browser, recording: Recording) -> None:
    with phone(browser, recording) as page:
        assert page.inner_text("h1") == "This phone is ready"
        assert shown(page) == GOOD
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == 360  # nothing sticks out
    assert stored(recording) == GOOD
    measured = {each.topic: each.value for each in read_measured(recording.path)}
    offset = int(measured.pop("clock_offset_s"))
    assert abs(offset) <= 1
    assert measured == {
        "locale": "en-KE", "time_zone": "Africa/Nairobi", "os": "Android 14", "device": "Pixel 7",
    }  # fmt: skip
    assert list(read_exchanges(recording.path)) == []


@pytest.mark.parametrize(
    ("planted", "check", "headline", "words"),
    [
        (
            {"locale": "sw-KE", "trusting": False},
            "authority",
            "Kuna jambo 1 la kufanya",
            ("Simu hii bado haiamini cheti chetu.", "Pakua cheti", "evenhand-ca.crt"),
        ),
        (
            {"locale": "en-KE", "trusting": False},
            "authority",
            "1 thing to do",
            ("does not trust our certificate", "More security & privacy"),
        ),
        (
            {"locale": "en-KE", "zone": "Europe/Berlin"},
            "time_zone",
            "1 thing to do",
            ("This phone's time zone is Berlin.", "choose Nairobi"),
        ),
        (
            {"locale": "de-DE"},
            "language",
            "1 Sache ist zu tun",
            ("Deutsch (Deutschland)", "Suaheli (Kenia) oder Englisch (Kenia)"),
        ),
        (
            {"locale": "fr-FR"},
            "language",
            "1 chose à faire",
            ("français (France)", "swahili (Kenya) ou anglais (Kenya)"),
        ),
        ({"locale": "es-MX"}, "language", "Queda 1 cosa por hacer", ("español (México)",)),
        ({"locale": "pt-BR"}, "language", "Falta 1 coisa", ("português (Brasil)",)),
    ],
)
def test_a_planted_fault_is_named_in_the_phones_language_and_no_other_is(
    browser: Browser,
    recording: Recording,
    planted: dict[str, Any],
    check: str,
    headline: str,
    words: tuple[str, ...],
) -> None:
    with phone(browser, recording, **planted) as page:
        assert page.inner_text("h1") == headline
        assert shown(page) == GOOD | {check: "bad"}
        text = page.inner_text(f"#{check}")
        assert [each for each in words if each not in text] == []
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.get_attribute("html", "lang") == planted["locale"][:2]
    assert stored(recording) == GOOD | {check: "bad"}


def test_what_was_put_right_turns_green(browser: Browser, recording: Recording) -> None:
    with phone(browser, recording, trusting=False) as page:
        assert shown(page)["authority"] == "bad"
        page.click("text=Check again")
        page.wait_for_selector('#authority[data-state="bad"]')
    with phone(browser, recording) as page:
        assert shown(page) == GOOD
    recording.stop()
    found = [each.state for each in read_checkups(recording.path) if each.name == "authority"]
    assert found == ["bad", "ok"]


def test_a_browser_without_scripts_is_checked_as_far_as_it_goes(
    browser: Browser, recording: Recording
) -> None:
    with phone(browser, recording, "sw-KE", scripts=False) as page:
        assert page.inner_text("h1") == "Simu hii iko tayari"
        expected = GOOD | {"clock": "unknown", "time_zone": "unknown"}
        assert shown(page) == expected
    assert stored(recording) == expected


def test_a_browser_that_hides_its_model_is_asked_over_https(
    browser: Browser, recording: Recording
) -> None:
    with phone(browser, recording, agent="10; K") as page:
        page.wait_for_url("https://phone.check/**")
        page.wait_for_selector('#result[data-settled="1"]')
        assert shown(page) == GOOD
    assert stored(recording)["authority"] == "ok"


def test_without_a_certificate_a_hidden_version_is_asked_of_the_reader(
    browser: Browser, recording: Recording
) -> None:
    with phone(browser, recording, agent="10; K", trusting=False) as page:
        assert page.locator("#authority summary").all_inner_texts() == [
            "Android 14 +",
            "Android 11, 12, 13",
            "Android 7, 8, 9, 10",
        ]
        assert page.locator("#authority details[open]").count() == 1
        with page.expect_download() as download:
            page.click("#authority .button")
        assert download.value.suggested_filename == "evenhand-ca.crt"
        page.goto("http://phone.check/?lang=fr")
        page.wait_for_selector('#result[data-settled="1"]')
        assert "a été téléchargé" in page.inner_text("#authority")
