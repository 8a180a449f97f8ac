"""The page on paper, printed by a real Chromium and read back by another program."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pypdf
import pytest
import reporting
import synthetic

from analyzer.errors import UserError
from reports import pdf
from reports.chromium import VARIABLE, find_chromium
from reports.html import render_html
from reports.language import Language
from reports.pdf import page_pdf

MOMENT = "2026-11-20T08:00:07Z"


@pytest.fixture(scope="module")
def chromium() -> Path:
    found = find_chromium()
    if found is None:
        reason = "no Chromium on this machine (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def printed(language: str = "en") -> pypdf.PdfReader:
    page = render_html(
        reporting.sent_only_in_kenya(), synthetic.knowledge(), None, Language(language)
    )
    return pypdf.PdfReader(io.BytesIO(page_pdf(page, MOMENT)))


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_the_page_is_printed_on_a4_with_contents_and_numbers() -> None:
    read = printed()
    sizes = {(round(page.mediabox.width), round(page.mediabox.height)) for page in read.pages}
    assert sizes == {(595, 842)}
    assert len(read.pages) > 3
    texts = [" ".join(page.extract_text().split()) for page in read.pages]
    assert "Waymark" in " ".join(texts)
    numbered = [
        re.search(rf"\b{at}\b.{{0,6}}\b{len(texts)}\b", text[-40:] + " " + text[:40]) is not None
        for at, text in enumerate(texts, 1)
    ]
    assert sum(numbered) >= len(texts) - 1  # the first may bear none
    assert read.outline
    assert read.metadata is not None
    assert str(read.metadata["/CreationDate"]).startswith("D:20261120080007")
    assert not read.is_encrypted


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_the_contents_say_on_which_page_each_part_begins() -> None:
    read = printed()
    texts = [" ".join(page.extract_text().split()) for page in read.pages]
    contents = next(text.split("Contents", 1)[1] for text in texts if "Contents" in text)
    for name, heading in {
        "collected": "What is collected", "method": "Method and limits", "law": "Law by date",
    }.items():  # fmt: skip
        place = read.named_destinations[f"/{name}"]
        at = read.get_destination_page_number(place)
        assert at is not None
        assert heading in texts[at]
        assert re.search(rf"\b{heading} {at + 1}\b", contents)


def test_a_page_without_contents_is_left_as_it_is() -> None:
    page = "<head></head><p><a href='#x'>x</a><nav></nav>"
    assert pdf._numbered(page, {}) == page
    assert '#x"]::after { content: "7"; }' in pdf._numbered(page, {"x": 7})


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_arabic_is_printed() -> None:
    texts = " ".join(page.extract_text() for page in printed("ar").pages)
    assert re.search("[\u0600-\u06ff\ufb50-\ufeff]{3}", texts)


@pytest.mark.browser
@pytest.mark.usefixtures("chromium")
def test_the_same_page_gives_the_same_bytes_and_nothing_is_asked_of_the_network() -> None:
    page = "<title>t</title><p>Hello</p><img src='http://127.0.0.1:9/x.png'>"
    assert page_pdf(page, MOMENT) == page_pdf(page, MOMENT)
    assert b"D:19700101000000" in page_pdf(page)


def test_without_a_chromium_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("reports.chromium._APPS", ())
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UserError, match="no Chromium or Chrome was found") as caught:
        page_pdf("")
    assert "apt-get install chromium" in caught.value.fix
    monkeypatch.setenv(VARIABLE, "no-such-browser")
    with pytest.raises(UserError, match="EVENHAND_CHROMIUM names no-such-browser"):
        page_pdf("")


def test_a_browser_that_prints_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 0\n", encoding="ascii")
    program.chmod(0o700)
    monkeypatch.setenv(VARIABLE, str(program))
    assert find_chromium() == program
    with pytest.raises(UserError, match="made no file"):
        page_pdf("<p>x")
    monkeypatch.setattr("reports.chromium._SECONDS", 0.2)
    program.write_text("#!/bin/sh\nexec sleep 5\n", encoding="ascii")
    with pytest.raises(UserError, match=r"made no file within 0\.2 s"):
        page_pdf("<p>x")


def test_the_one_that_playwright_keeps_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / ".cache/ms-playwright/chromium-1200/chrome-linux/chrome"
    kept.parent.mkdir(parents=True)
    kept.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("reports.chromium._APPS", ())
    assert find_chromium() == kept
