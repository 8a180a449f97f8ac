"""The page in every language: what it says of itself, and that nothing of it breaks."""

from __future__ import annotations

import re
from functools import cache

import pytest
import reporting
from reporting import HOSTILE, MARKUP, Page

from analyzer.knowledge import load_knowledge
from reports.html import render_html
from reports.language import LANGUAGES, Language

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{[a-z_]+\}")


@cache
def page(code: str) -> str:
    return render_html(reporting.with_adults(), load_knowledge(), language=Language(code))


def words(code: str) -> str:
    return Page(re.sub(r"<script>.*?</script>", "", page(code), flags=re.DOTALL)).words()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_names_its_language_and_its_direction(code: str) -> None:
    html = re.search(r"<html [^>]*>", page(code))
    assert html is not None
    assert html.group() == f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">'


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_placeholder_is_filled_in(code: str) -> None:
    assert PLACEHOLDER.findall(words(code)) == []


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_the_page_says_the_names_of_data_and_countries_in_its_language(code: str) -> None:
    text, language = words(code), Language(code)
    assert language.country("KE") in text
    assert language.term("advertising ID") in text


def test_english_is_what_is_said_without_a_language() -> None:
    assert page("en") == render_html(reporting.with_adults(), load_knowledge())


@pytest.mark.parametrize("code", ["de", "ar"])
def test_what_was_captured_is_escaped_and_visible_in_other_languages_too(code: str) -> None:
    poisoned = reporting.poisoned(reporting.sent_only_in_kenya())
    html = render_html(poisoned, load_knowledge(), language=Language(code))
    assert HOSTILE not in html
    assert MARKUP not in html
    assert not {"\u202e", "\u200f", "\x1b", "\x00"} & set(html)
