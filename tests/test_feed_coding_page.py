"""The coding page without a browser: who may ask, what is stored, when there is rest."""

from __future__ import annotations

import html
import re
import string
import tomllib
from pathlib import Path

import pytest
from coding_rig import feed_study, given_out
from flask.testing import FlaskClient

from analyzer.errors import UserError
from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding import words as coding_words
from analyzer.feed.coding.codes import load_codes, record
from analyzer.feed.coding.desk import Desk
from analyzer.feed.coding.page import coding_app
from analyzer.feed.coding.words import LANGUAGES, crisis_lines, words

TOKEN = "t" * 32
HOME = f"/{TOKEN}/"
LOCAL = {"base_url": "http://127.0.0.1:5000", "headers": {"Origin": "http://127.0.0.1:5000"}}
BOOK = load_codebook()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = feed_study(tmp_path / "study")
    given_out(root, "anna", "ben")
    return root


def client(root: Path, **more: object) -> FlaskClient:
    desk = Desk(root, BOOK, **({"coder": "anna"} | more))  # type: ignore[arg-type]
    return coding_app(desk, TOKEN).test_client()


def shown(page: FlaskClient) -> str:
    return page.get(HOME, **LOCAL).text


def item(text: str) -> str:
    found = re.search(r'name="item" value="(\w+)"', text)
    return found[1] if found else ""


def choose(page: FlaskClient, category: str) -> str:
    key = item(shown(page))
    answer = page.post(f"{HOME}code", data={"item": key, "category": category}, **LOCAL)
    assert answer.status_code == 303
    return key


def test_only_this_machine_with_the_token_and_the_pages_own_origin(root: Path) -> None:
    page = client(root)
    assert page.get(HOME, base_url="http://evil.example:5000").status_code == 403
    assert page.get("/wrong/", **LOCAL).status_code == 404
    assert page.post(f"{HOME}begin", base_url="http://127.0.0.1:5000").status_code == 403
    evil = {"base_url": "http://127.0.0.1:5000", "headers": {"Origin": "http://evil.example"}}
    assert (
        page.post(f"{HOME}code", data={"item": "k01", "category": "eating"}, **evil).status_code
        == 403
    )
    answer = page.get(HOME, **LOCAL)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert load_codes(root).by_coder == {}


def test_the_notice_comes_first_with_the_crisis_lines(root: Path) -> None:
    page = client(root)
    first = shown(page)
    assert words("en")["notice_1"] in first
    assert "988" in first
    assert item(first) == ""
    page.post(f"{HOME}begin", **LOCAL)
    assert item(shown(page))


def test_each_choice_is_stored_at_once_and_the_coders_own_order_is_kept(root: Path) -> None:
    page = client(root)
    page.post(f"{HOME}begin", **LOCAL)
    order = [choose(page, "neutral") for _ in range(6)]
    assert sorted(order) == ["k01", "k02", "k03", "k04", "k05", "k06"]
    assert words("en")["finished"] in shown(page)
    assert load_codes(root).by_coder["anna"] == dict.fromkeys(order, "neutral")
    other = client(root, coder="ben")
    other.post(f"{HOME}begin", **LOCAL)
    assert [choose(other, "neutral") for _ in range(6)] != order


def test_what_another_coder_chose_shows_nowhere(root: Path) -> None:
    record(root, "ben", {f"k0{number}": "eating" for number in range(1, 7)}, BOOK)
    page = client(root)
    page.post(f"{HOME}begin", **LOCAL)
    text = shown(page)
    assert "0 of 6 coded" in text
    assert 'id="chosen"' not in text
    assert "ben" not in re.sub(r"<style.*?</style>|<script.*?</script>", "", text, flags=re.DOTALL)


def test_pressed_twice_counts_once_and_undo_brings_it_back(root: Path) -> None:
    page = client(root)
    page.post(f"{HOME}begin", **LOCAL)
    key = choose(page, "neutral")
    page.post(f"{HOME}code", data={"item": key, "category": "eating"}, **LOCAL)
    assert load_codes(root).by_coder["anna"] == {key: "neutral"}
    page.post(f"{HOME}undo", **LOCAL)
    assert load_codes(root).by_coder["anna"] == {}
    assert item(shown(page)) == key
    page.post(f"{HOME}undo", **LOCAL)  # there is nothing more to take back
    bad = page.post(f"{HOME}code", data={"item": key, "category": "sadness"}, **LOCAL)
    assert bad.status_code == 409


def test_after_so_many_harmful_items_there_is_rest_and_it_takes_its_time(root: Path) -> None:
    clock = Clock()
    page = client(root, pause_after=2, clock=clock, rest_s=60)
    page.post(f"{HOME}begin", **LOCAL)
    choose(page, "eating")
    choose(page, "neutral")
    assert item(shown(page))
    choose(page, "self_harm")
    assert words("en")["rest"] in shown(page)
    page.post(f"{HOME}code", data={"item": "k01", "category": "eating"}, **LOCAL)
    assert len(load_codes(root).by_coder["anna"]) == 3
    page.post(f"{HOME}rest", **LOCAL)
    assert item(shown(page)) == ""  # not yet
    clock.now += 61
    page.post(f"{HOME}rest", **LOCAL)
    assert item(shown(page))
    choose(page, "eating")  # counted anew
    assert item(shown(page))


def test_markup_of_strangers_is_text(root: Path) -> None:
    page = client(root)
    page.post(f"{HOME}begin", **LOCAL)
    seen = ""
    for _ in range(6):
        seen += shown(page)
        choose(page, "neutral")
    assert "<img" not in seen
    assert "&lt;img src=x onerror=ran=1&gt; hello @…" in seen
    assert "#&lt;b&gt;tag&lt;/b&gt;" in seen


def test_who_was_given_nothing_cannot_code(root: Path) -> None:
    with pytest.raises(UserError, match="no items were given to 'eve'"):
        Desk(root, BOOK, "eve")
    with pytest.raises(UserError, match="the page is not in 'de'"):
        coding_app(Desk(root, BOOK, "anna"), TOKEN, language="de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_blanks(root: Path, language: str) -> None:
    place = Path(coding_words.__file__).parent / "locales"

    def blanks(texts: dict[str, str]) -> dict[str, set[str]]:
        return {
            key: {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for key, text in texts.items()
        }

    english = tomllib.loads((place / "en.toml").read_text(encoding="utf-8"))
    texts = tomllib.loads((place / f"{language}.toml").read_text(encoding="utf-8"))
    assert blanks(texts) == blanks(english)
    assert language == "en" or all(texts[key] != english[key] for key in ("notice_1", "rest_1"))
    desk = Desk(root, BOOK, "anna")
    page = coding_app(desk, TOKEN, language=language, countries=["KE"]).test_client()
    assert f'<html lang="{language}">' in shown(page)
    assert "Kenya Red Cross" in shown(page)
    desk.begin()
    said = html.unescape(shown(page))
    assert all(each.name(language) in said for each in BOOK.categories)


@pytest.mark.parametrize(
    ("countries", "language", "number"),
    [
        ((), "en", "112"),
        (("US",), "en", "911"),
        (("KE",), "sw", "999, 112, 911"),
        (("KE", "US"), "es", "Kenia: 999, 112, 911; Estados Unidos: 911"),
        (("BR",), "pt", "112"),  # of which we know none
        (("BR", "US"), "en", "United States: 911; 112"),
    ],
)
def test_the_page_names_the_emergency_numbers_of_the_country(
    root: Path, countries: tuple[str, ...], language: str, number: str
) -> None:
    desk = Desk(root, BOOK, "anna")
    app = coding_app(desk, TOKEN, language=language, countries=countries)
    text = html.unescape(shown(app.test_client()))
    assert words(language).say("emergency", number=number) in text


def test_the_lines_beside_the_sheets_name_the_emergency_numbers_of_countries() -> None:
    text = coding_words.lines_text()
    assert "Kenya: 999, 112, 911; " in text
    assert "United States: 911 or the emergency number of where you are" in text


def test_every_crisis_line_has_its_source_and_a_country_without_one_shows_all() -> None:
    known = crisis_lines()
    assert {each.country for each in known.lines} >= {
        "US",
        "KE",
        "PH",
        "TZ",
        "ES",
        "MX",
        "PT",
        "BR",
        "FR",
    }
    assert all(each.source for each in known.lines)
    assert [each.country for each in known.of(["PH"])] == ["PH"]
    assert known.of(["NZ"]) == known.lines
