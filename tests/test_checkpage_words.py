"""The catalogues: complete, of one shape, with a sentence for everything that the page can say."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from checkpage_rig import every_kind_of_phone

import addons.checkpage_words
from addons.checkpage_logic import examine
from addons.checkpage_view import ANDROID_GUIDES
from addons.checkpage_words import LANGUAGES, choose_language, words
from analyzer.joining.guides import load_guides

FOLDER = Path(addons.checkpage_words.__file__).parent / "locales"


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Texts by their path; of a list each item."""
    found: dict[str, str] = {}
    for key, value in table.items():
        items = value if isinstance(value, dict) else {key: value}
        if isinstance(value, dict):
            found |= flat(items, f"{prefix}{key}.")
        elif isinstance(value, list):
            found |= {f"{prefix}{key}.{number}": item for number, item in enumerate(value)}
        else:
            found[f"{prefix}{key}"] = value
    return found


def catalogue(language: str) -> dict[str, str]:
    return flat(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ENGLISH = catalogue("en")


def test_there_is_a_file_for_each_language_and_no_other() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_every_text_and_fills_in_the_same(language: str) -> None:
    texts = catalogue(language)
    assert set(texts) == set(ENGLISH)
    for key, text in texts.items():
        assert text == text.strip() != ""
        assert blanks(text) == blanks(ENGLISH[key]), key
        assert len(text) < 260
        assert not set(text) & set("<>&") - {">", "&"}


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_nothing_was_left_in_english(language: str) -> None:
    texts = catalogue(language)
    same = {key for key, text in texts.items() if text == ENGLISH[key] and len(text.split()) > 1}
    assert same <= {"device.ok"}


CHECKS = {key.partition(".")[0] for key in ENGLISH if key.endswith(".title")} - {"page"}
ALL_SAID = {
    (check.name, check.code, check.action): check
    for evidence, expectation in every_kind_of_phone()
    for check in examine(evidence, expectation)
}


def test_every_text_about_a_check_is_said_of_some_phone_and_there_is_one_for_each() -> None:
    said = {f"{name}.{code}" for name, code, _ in ALL_SAID if code != "waiting"}
    said |= {f"{name}.{action}" for name, _, action in ALL_SAID if action}
    said |= {f"{name}.title" for name, _, _ in ALL_SAID}
    assert said == {key for key in ENGLISH if key.partition(".")[0] in CHECKS}
    assert len(CHECKS) == 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_about_a_check_can_be_filled_in(language: str) -> None:
    said = words(language)
    for check in ALL_SAID.values():
        facts = said.localized(check.facts) | {"mode": said.mode("x"), "authority": "mitmproxy"}
        for key in filter(None, (check.code, check.action)):
            if key != "waiting":
                text = said.say(check.name, key, **facts)
                assert not set(text) & set("{}")


def test_every_version_that_the_setup_page_knows_has_its_steps_here() -> None:
    for guide in load_guides().of("android"):
        fitting = next(key for first, key, _ in ANDROID_GUIDES if guide.first >= first)
        assert fitting == guide.id.replace(".", "_")
    assert words("en").steps("ios")


@pytest.mark.parametrize(
    ("wanted", "spoken", "chosen"),
    [
        ("", ("sw-KE", "en"), "sw"),
        ("", ("ja-JP", "fr-FR"), "fr"),
        ("pt", ("de",), "pt"),
        ("xx", ("de",), "de"),
        ("<b>", (), "en"),
        ("", ("ja",), "en"),
        ("", (), "en"),
    ],
)
def test_the_page_speaks_the_phones_language(
    wanted: str, spoken: tuple[str, ...], chosen: str
) -> None:
    assert choose_language(wanted, spoken) == chosen


def test_places_are_called_as_people_call_them() -> None:
    facts = {
        "country": "KE",
        "zone": "Asia/Kolkata",
        "expected_zone": "Africa/Nairobi",
        "expected_language": "sw-KE en-KE",
        "language": "de-DE",
        "seconds": "7200",
        "host": "dns.google",
    }
    assert words("de").localized(facts) == {
        "country": "Kenia",
        "zone": "Kolkata",
        "expected_zone": "Nairobi",
        "expected_language": "Suaheli (Kenia) oder Englisch (Kenia)",
        "language": "Deutsch (Deutschland)",
        "seconds": "7200",
        "duration": "2 Stunden",
        "host": "dns.google",
    }


def test_what_has_no_name_in_a_language_is_told_as_it_is() -> None:
    said = words("sw").localized({"country": "ZZZ", "zone": "Etc/UTC", "language": "qaa-KE"})
    assert said == {"country": "ZZZ", "zone": "UTC", "language": "qaa-KE"}


def test_where_there_are_many_zones_the_country_is_named() -> None:
    zones = "America/Adak America/Chicago America/Denver America/New_York"
    said = words("en").localized({"country": "US", "expected_zone": zones})
    assert said["expected_zone"] == "United States"
