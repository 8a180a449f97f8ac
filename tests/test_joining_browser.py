"""Both pages in a real browser: on a desk, on a phone, without JavaScript; the codes read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from joining_rig import HOSTILE, phone, scan

from analyzer.joining import Join
from analyzer.joining.page import phone_app, setup_app
from analyzer.joining.serving import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

TOKEN = "of-the-operator"
BASE = "http://192.168.100.200:8090"
DESK: dict[str, Any] = {"viewport": {"width": 1200, "height": 900}}
PIXEL: dict[str, Any] = {
    "viewport": {"width": 412, "height": 839},
    "device_scale_factor": 2.625,
    "is_mobile": True,
    "has_touch": True,
}
SMALL: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "color_scheme": "dark"}
WIDEST = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def joins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Join, ...]:
    folder = tmp_path_factory.mktemp("phones")
    return (
        phone(folder, app_id="com.example." + "x" * 80),
        phone(folder, "X" * 64, mode="regular", port=8080),
        phone(folder, HOSTILE, study=HOSTILE),
    )


@pytest.fixture(scope="module")
def addresses(joins: tuple[Join, ...]) -> Iterator[dict[str, str]]:
    operator = serve(setup_app(joins, token=TOKEN, phone_base=BASE), "127.0.0.1", 0)
    phones = serve(phone_app(joins), "127.0.0.1", 0)
    found = {
        f"phone {at}": f"http://{phones.address}/{each.token}/" for at, each in enumerate(joins)
    }
    yield {"set-up": f"http://{operator.address}/{TOKEN}/", **found}
    operator.close()
    phones.close()


class Shown:
    """A page in a browser, and what it complained of."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.messages: list[str] = []
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: self.messages.append(dialog.message))
        page.goto(url)

    def choose(self, *labels: str) -> None:
        """Tap tabs by their label, in the first phone of the page."""
        section = self.page.locator("section.phone").first
        for label in labels:
            section.locator("label:visible", has_text=label).first.click()


@pytest.fixture
def show(browser: Browser, addresses: dict[str, str]) -> Iterator[Callable[..., Shown]]:
    contexts = []

    def shown(name: str, **options: Any) -> Shown:
        context = browser.new_context(**options)
        contexts.append(context)
        return Shown(context.new_page(), addresses[name])

    yield shown
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["set-up", "phone 0", "phone 1", "phone 2"])
@pytest.mark.parametrize("device", [DESK, PIXEL, SMALL], ids=["desk", "Pixel 7", "360 pixels"])
def test_no_page_is_wider_than_its_screen(
    name: str, device: dict[str, Any], show: Callable[..., Shown]
) -> None:
    shown = show(name, **device)
    assert shown.page.evaluate(WIDEST) <= 0
    for summary in shown.page.locator("summary:visible").all():
        summary.click()
    assert shown.page.evaluate(WIDEST) <= 0
    if name == "set-up":
        for arm in shown.page.locator(".arms > label").all():
            arm.click()
            shown.page.locator("section.phone:visible > .tabs > label", has_text="iPhone").click()
            assert shown.page.evaluate(WIDEST) <= 0
    assert shown.messages == []


@pytest.mark.parametrize("device", [DESK, PIXEL, SMALL], ids=["desk", "Pixel 7", "360 pixels"])
def test_the_codes_can_be_scanned_from_the_screen(
    device: dict[str, Any], joins: tuple[Join, ...], show: Callable[..., Shown], tmp_path: Path
) -> None:
    shown = show("set-up", **device)
    first = shown.page.locator("section.phone").first

    def read() -> list[str]:
        found: list[str] = []
        for code in first.locator(".qr:visible").all():
            code.scroll_into_view_if_needed()
            found += scan(code.screenshot(), tmp_path)
        return found

    join = joins[0]
    page_of_the_phone = f"{BASE}/{join.token}/"
    assert read() == [join.android_whole.rstrip(), page_of_the_phone, join.android.rstrip()]
    shown.choose("iPhone")
    first.locator("summary", has_text="Only the tunnel").click()
    assert read() == [f"{page_of_the_phone}evenhand.mobileconfig", join.ios.rstrip()]


def test_tabs_work_without_javascript(show: Callable[..., Shown]) -> None:
    shown = show("set-up", java_script_enabled=False, **DESK)
    first = shown.page.locator("section.phone").first
    assert first.get_by_text("Scan from QR code").is_visible()
    assert not first.get_by_text("Certificate Trust Settings").first.is_visible()
    shown.choose("iPhone", "16")
    assert not first.get_by_text("Scan from QR code").is_visible()
    assert first.get_by_role("heading", name="iOS 15 and 16").is_visible()
    assert not first.get_by_role("heading", name="iOS 18 and later").is_visible()


def test_one_phone_is_shown_at_a_time_each_under_a_tab_of_its_own(
    show: Callable[..., Shown], joins: tuple[Join, ...]
) -> None:
    shown = show("set-up", java_script_enabled=False, **DESK)
    sections = shown.page.locator("section.phone")
    assert [each.is_visible() for each in sections.all()] == [True, False, False]
    shown.page.locator(".arms > label", has_text="X" * 64).click()
    assert [each.is_visible() for each in sections.all()] == [False, True, False]
    assert sections.nth(1).get_by_text("Lead the phone here").first.is_visible()
    box = shown.page.locator("body").bounding_box()
    assert box is not None
    assert box["height"] < 2600
    shown.page.keyboard.press("ArrowLeft")  # the tabs are one group
    assert [each.is_visible() for each in sections.all()] == [True, False, False]


def test_tabs_can_be_reached_by_keyboard(show: Callable[..., Shown]) -> None:
    shown = show("set-up", **DESK)
    first = shown.page.locator("section.phone").first
    first.locator("input").first.focus()
    shown.page.keyboard.press("ArrowRight")
    assert first.get_by_role("heading", name="iOS 18 and later").is_visible()


def test_a_click_selects_the_whole_configuration(
    joins: tuple[Join, ...], show: Callable[..., Shown]
) -> None:
    shown = show("set-up", **DESK)
    shown.page.locator("summary:visible", has_text="The same as text").first.click()
    shown.page.locator("pre:visible").first.click()
    selected = shown.page.evaluate("getSelection().toString()")
    assert selected.strip() == joins[0].android_whole.strip()


def test_hostile_names_are_shown_and_do_nothing(show: Callable[..., Shown]) -> None:
    for name in ("set-up", "phone 2"):
        shown = show(name)
        assert "<script>alert(1)</script>" in shown.page.locator("body").inner_text()
        assert shown.page.locator("script, img, iframe").count() == 0
        assert shown.messages == []


def test_a_phone_downloads_its_certificate_with_one_tap(
    joins: tuple[Join, ...], show: Callable[..., Shown]
) -> None:
    agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile"
    shown = show("phone 0", user_agent=agent, **PIXEL)
    with shown.page.expect_download() as download:
        shown.page.get_by_role("link", name="Certificate").tap()
    assert download.value.suggested_filename == "evenhand-ca.crt"
    assert Path(download.value.path()).read_bytes() == joins[0].authority.der
