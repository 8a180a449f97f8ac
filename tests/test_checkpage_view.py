"""The page as markup: escaped, self-contained, and of every language."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from checkpage_rig import every_kind_of_phone

from addons.checkpage_device import Device
from addons.checkpage_logic import Check, examine
from addons.checkpage_view import View
from addons.checkpage_visits import Visit
from addons.checkpage_words import LANGUAGES

PIXEL = Device("android", 14, "Pixel 7", "chromium")
TOKEN = "0123456789abcdef"
VIEW = View("mitmproxy")


def visit(device: Device = PIXEL, *, trusted: bool = False) -> Visit:
    made = Visit(TOKEN, "10.0.0.1", device, ("en",))
    made.trusted = trusted
    return made


def page(*checks: Check, of: Visit | None = None, language: str = "en", **options: bool) -> str:
    settings = {"secure": False, "whole": True, **options}
    return VIEW.render(of or visit(), checks, language, lang="", **settings)


class Links(HTMLParser):
    """Collects where a page points to, and its attributes that would run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.to: set[str] = set()
        self.active: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.to |= {value or "" for name, value in attrs if name in ("href", "src")}
        self.active += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def test_nothing_comes_from_outside() -> None:
    links = Links(page(Check("authority", "bad", "bad", action="do")))
    assert links.active == []
    ours = re.compile(
        rf"/(ca\.cer|\?lang=[a-z]{{2}})?|(https:)?//{TOKEN}\.(dns|six|tls)\.phone\.check/"
    )
    assert all(ours.fullmatch(link) for link in links.to), links.to


def test_the_policy_allows_exactly_the_style_and_script_of_the_page() -> None:
    text = page()
    for tag in ("style", "script"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in View("").policy
    assert "unsafe" not in View("").policy
    assert View("").policy.startswith("default-src 'none'")


def test_what_a_phone_says_is_escaped() -> None:
    nasty = '<img src=x onerror="alert(1)">'
    text = page(
        Check("device", "ok", "ok", facts={"device": nasty}),
        Check("private", "bad", "bad_doh", action="do_doh", facts={"host": nasty}),
        of=visit(Device("android", 14, nasty, "chromium")),
    )
    assert nasty not in text
    assert Links(text).active == []


@pytest.mark.parametrize(
    ("checks", "headline"),
    [
        ([Check("device", "ok", "ok", facts={"device": "x"})], "This phone is ready"),
        ([Check("exit", "unknown", "unknown")], "This phone is ready"),
        ([Check("dns", "unknown", "waiting", waiting=True)], "Checking …"),
        ([Check("dns", "bad", "bad", action="do_other")], "1 thing to do"),
        (
            [
                Check("dns", "bad", "bad", action="do_other"),
                Check("ipv6", "bad", "bad", action="do"),
                Check("clock", "unknown", "waiting", waiting=True),
            ],
            "2 things to do",
        ),
    ],
)
def test_the_headline_says_how_it_stands(checks: list[Check], headline: str) -> None:
    text = page(*checks)
    assert re.findall(r"<h1>(.*?)</h1>", text) == [headline]
    waiting = any(check.waiting for check in checks)
    assert ('http-equiv="refresh"' in text) == waiting  # for browsers without scripts
    assert f'data-settled="{int(not waiting)}"' in text


MISSING = Check("authority", "bad", "bad", action="do")


@pytest.mark.parametrize(
    ("device", "file", "step", "versions"),
    [
        (PIXEL, "/ca.cer", "More security &amp; privacy", 0),
        (Device("android", 12, "", "chromium"), "/ca.cer", "Security &gt; Encryption", 0),
        (Device("android", 9, "", "chromium"), "/ca.cer", "VPN and apps", 0),
        (Device("android", None, "", "chromium"), "/ca.cer", "More security &amp; privacy", 3),
        (Device("ios", 18, "iPhone", "safari"), "/ca.pem", "Certificate Trust Settings", 0),
        (Device(), "/ca.cer", "trusted for websites", 0),
    ],
)
def test_who_lacks_the_certificate_gets_the_file_and_the_steps_of_the_phone(
    device: Device, file: str, step: str, versions: int
) -> None:
    text = page(MISSING, of=visit(device))
    assert f'href="{file}"' in text
    assert step in text
    assert text.count("<details") == versions


def test_who_has_it_gets_neither() -> None:
    text = page(Check("authority", "ok", "ok"))
    assert "/ca.cer" not in text
    assert "Encryption" not in text


def test_only_a_browser_that_hides_its_model_is_sent_to_https() -> None:
    hidden = Device("android", None, "", "chromium")
    assert f"https://phone.check/?v={TOKEN}" in page(of=visit(hidden, trusted=True))
    for other in (
        page(of=visit(hidden)),
        page(of=visit(hidden, trusted=True), secure=True),
        page(of=visit(trusted=True)),
    ):
        assert "https://phone.check/" not in other


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phone_has_a_page_in_every_language(language: str) -> None:
    pages = {
        page(*examine(evidence, expectation), language=language, whole=False)
        for evidence, expectation in every_kind_of_phone()
        if evidence.age_s
    }
    assert len(pages) > 100
    assert not any(set(text) & set("{}") for text in pages)
    assert f'<html lang="{language}">' in page(language=language)
