from __future__ import annotations

import ast
import gettext
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel import Locale
from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from reports.locales import __main__ as command
from reports.locales import catalogues
from reports.locales.sources import CODE, template

ROOT = Path(__file__).parent.parent
NUMBERS = (*range(1001), 1_000_000, 1_000_001, 2_000_000)


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return template()


def of(code: str, body: str) -> Catalog:
    plural = catalogues.read(code).plural_forms
    header = f'msgid ""\nmsgstr ""\n"Plural-Forms: {plural}\\n"\n\n'
    return read_po(io.StringIO(header + body), locale=code, charset="utf-8")


def english(*ids: Any) -> Catalog:
    found = Catalog()
    for each in ids:
        found.add(each)
    return found


def whats(code: str, body: str, *ids: Any) -> list[str]:
    catalogue = of(code, body)
    catalogues.update(catalogue, english(*ids))
    return [flaw.what for flaw in catalogues.flaws(code, catalogue, english(*ids))]


@pytest.mark.parametrize("code", catalogues.TRANSLATED)
def test_every_language_says_everything(code: str, texts: Catalog) -> None:
    found = [str(flaw) for flaw in catalogues.flaws(code, catalogues.read(code), texts)]
    assert found == []


@pytest.mark.parametrize("code", catalogues.TRANSLATED)
def test_plural_forms_are_those_of_cldr(code: str) -> None:
    forms, rule = catalogues.forms(code), Locale.parse(code).plural_form
    catalogue = catalogues.read(code)
    assert catalogue.num_plurals == len(forms)
    chosen = gettext.c2py(catalogue.plural_expr)
    assert [forms[chosen(number)] for number in NUMBERS] == [rule(number) for number in NUMBERS]


def test_arabic_has_six_plural_forms() -> None:
    assert catalogues.forms("ar") == ("zero", "one", "two", "few", "many", "other")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("ontology.yaml", "advertising ID"),
        ("signals.yaml", "Global Privacy Control"),
        ("regions.yaml", "Global Majority"),
        ("law.yaml", "Digital Services Act (Regulation 2022/2065), Article 26(3)"),
        ("owners.csv", "advertising"),
    ],
)
def test_the_texts_of_data_files_are_found(source: str, text: str, texts: Catalog) -> None:
    message = texts.get(text)
    assert message is not None
    assert (f"analyzer/data/{source}", 0) in message.locations


def test_what_is_translated_stays_and_what_is_no_longer_said_is_kept_aside() -> None:
    catalogue = of("de", 'msgid "old"\nmsgstr "alt"\n\nmsgid "here"\nmsgstr "hier"\n')
    catalogues.update(catalogue, english("here", "new"))
    told = {message.id: message.string or "" for message in catalogue if message.id}
    assert told == {"here": "hier", "new": ""}
    assert [message.string for message in catalogue.obsolete.values()] == ["alt"]
    catalogues.update(catalogue, english("old", "here"))
    message = catalogue.get("old")
    assert message is not None
    assert message.string == "alt"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('msgid "{a} is"\nmsgstr "{a} ist"', ""),
        ('msgid "{a} is"\nmsgstr ""', "not translated"),
        ('#, fuzzy\nmsgid "{a} is"\nmsgstr "{a} ist"', "fuzzy"),
        ('msgid "{a} is"\nmsgstr "{b} ist"', "placeholders differ (b for a)"),
        ('msgid "{a} is"\nmsgstr "{a ist"', "placeholders differ"),
        ('msgid "{a} is"\nmsgstr "{a} ist "', "spaces at the ends differ"),
        ('msgid "{a} is"\nmsgstr "<b>{a}</b> ist"', "markup differs"),
    ],
)
def test_a_translation_that_cannot_be_used_is_found(body: str, what: str) -> None:
    found = whats("de", body, "{a} is")
    assert len(found) == bool(what)
    assert all(each.startswith(what) for each in found)


@pytest.mark.parametrize(
    ("code", "told", "what"),
    [
        ("de", ["eins", "{number} viele"], ""),
        ("de", ["{number} eins", "viele"], "placeholders differ"),
        ("fr", ["un", "{number} m", "{number} n"], "placeholders differ"),  # none is "one" there
        ("ar", ["a", "b", "c", "{number} d", "{number} e", "{number} f"], ""),
        ("ar", ["a", "b", "c", "d", "{number} e", "{number} f"], "placeholders differ"),
        ("ar", ["a", "b"], "2 plural forms, where CLDR has 6"),
        ("ar", ["a", "b", "c", "", "{number} e", "{number} f"], "not translated"),
    ],
)
def test_a_plural_form_names_its_number_unless_it_says_it(
    code: str, told: list[str], what: str
) -> None:
    message = Message(("{number} thing", "{number} things"), tuple(told))
    found = list(catalogues.faults(code, message))
    assert len(found) == bool(what)
    assert all(each.startswith(what) for each in found)


def test_a_catalogue_that_is_not_up_to_date_is_found() -> None:
    catalogue = of("de", 'msgid "old"\nmsgstr "alt"\n')
    found = [flaw.what for flaw in catalogues.flaws("de", catalogue, english("new"))]
    assert [each.split(":")[0] for each in found] == ["not in the catalogue", "no longer said"]


def test_what_is_missing_is_listed_filled_in_and_then_no_longer_missing() -> None:
    catalogue = of("es", 'msgid "a"\nmsgstr "b"\n')
    catalogues.update(catalogue, english("a", "{x} c", ("{number} d", "{number} ds")))
    asked = catalogues.missing("es", catalogue)
    assert [(each["id"], each.get("forms")) for each in asked] == [
        ("{x} c", None),
        ("{number} d", ["one", "many", "other"]),
    ]
    asked[0]["translation"] = "c {x}"
    asked[1]["translation"] = {"one": "un d", "many": "{number} de d", "other": "{number} d"}
    assert catalogues.fill("es", catalogue, asked) == []
    assert catalogues.missing("es", catalogue) == []


def test_a_wrong_translation_is_not_filled_in() -> None:
    catalogue = of("es", 'msgid "{x} c"\nmsgstr "c {x}"\n')
    wrong = catalogues.fill("es", catalogue, {"{x} c": "c {y}", "unknown": "z", "other": ""})
    assert [flaw.text for flaw in wrong] == ["{x} c", "unknown"]
    message = catalogue.get("{x} c")
    assert message is not None
    assert message.string == "c {x}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalogues, "_FOLDER", tmp_path)
    monkeypatch.setattr(command, "template", lambda: english("first", "second"))
    return tmp_path


def test_the_command_makes_lists_fills_and_checks_catalogues(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == 0
    assert sorted(each.name for each in folder.iterdir()) == sorted(catalogues.TRANSLATED)
    assert command.main(["--check"]) == 1
    capsys.readouterr()
    for code in catalogues.TRANSLATED:
        assert command.main(["missing", code]) == 0
        asked = json.loads(capsys.readouterr().out)
        file = folder / "filled.json"
        file.write_text(json.dumps([{**each, "translation": "x"} for each in asked]))
        assert command.main(["fill", code, str(file)]) == 0
        assert capsys.readouterr().out == f"{code}: 2 texts, 0 to be translated\n"
    before = [catalogues.path(code).read_bytes() for code in catalogues.TRANSLATED]
    assert command.main(["--check"]) == 0
    assert command.main([]) == 0
    assert [catalogues.path(code).read_bytes() for code in catalogues.TRANSLATED] == before


def literal(call: ast.Call, count: int) -> bool:
    return all(
        isinstance(each, ast.Constant) and isinstance(each.value, str) for each in call.args[:count]
    )


def says(tree: ast.AST) -> Iterator[tuple[ast.Call, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "say":
                yield node, 1
            elif node.func.id == "say_many":
                yield node, 2


@pytest.mark.parametrize("folder_name", CODE)
def test_sentences_are_literals_so_that_they_are_found(folder_name: str) -> None:
    hidden = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in sorted((ROOT / folder_name).rglob("*.py"))
        for call, count in says(ast.parse(file.read_text(encoding="utf-8")))
        if not literal(call, count)
    ]
    assert hidden == []
