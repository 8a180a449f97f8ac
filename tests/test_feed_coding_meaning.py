"""What may stand in the column `category`, and where a coder is told so."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_rig import done, mistake
from coding_rig import feed_study, fill_in, read_csv
from openpyxl import load_workbook

from analyzer.errors import UserError
from analyzer.feed.codebook import OURS, load_codebook
from analyzer.feed.coding.codes import load_codes
from analyzer.feed.coding.ledger import read
from analyzer.feed.coding.meaning import Meanings

TWO = ("--coder", "anna", "--coder", "ben")
KEYS = load_codebook().keys


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return feed_study(tmp_path / "study")


def test_sheet_and_codebook_say_what_to_write(root: Path) -> None:
    done("feed", "code", "export", *TWO, "--format", "csv", root=root)
    sheets = root / "feed" / "coding" / "sheets"
    assert {row["one_of"] for row in read_csv(sheets / "anna.csv")} == {" | ".join(KEYS)}
    assert f"for each row: {', '.join(KEYS)}. " in (sheets / "codebook.txt").read_text("utf-8")
    done("feed", "code", "export", *TWO, "--format", "xlsx", root=root)
    book = load_workbook(sheets / "anna.xlsx")
    said = " ".join(str(cell.value) for row in book["Codebook"].iter_rows() for cell in row)
    assert f"for each row: {', '.join(KEYS)}. " in said
    assert f"{len(KEYS)}. {load_codebook().categories[-1].name()}" in said


@pytest.mark.parametrize(
    ("cell", "category"),
    [
        ("", ""), ("  ", ""), (KEYS[0], KEYS[0]), (KEYS[0].upper(), KEYS[0]),
        ("1", KEYS[0]), ("2.0", KEYS[1]), (" 3. ", KEYS[2]), (str(len(KEYS)), KEYS[-1]),
        ("suicidio y  AUTOLESIONES", "self_harm"), ("kujiua NA kujidhuru", "self_harm"),
        ("Suici\u0301dio e automutilac\u0327a\u0303o", "self_harm"),  # letters and accents apart
        ("الانتحار وإيذاء النفس", "self_harm"),
    ],
)  # fmt: skip
def test_key_number_and_label_of_any_language_are_understood(cell: str, category: str) -> None:
    assert Meanings(load_codebook()).category(cell, "row 2") == category


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("0", "use one of"), (str(len(KEYS) + 1), "use one of"), ("7.5", "use one of"),
        ("-1", "use one of"), ("selfharm", "did you mean self_harm? use one of"),
        ("Depresive", "did you mean depressive? use one of"),
        ("Trastornos de la alimentacion", "did you mean eating? use one of"),
        ("x" * 100_000, "use one of"),
    ],
)  # fmt: skip
def test_what_is_no_category_is_refused_with_the_nearest(cell: str, fix: str) -> None:
    with pytest.raises(UserError) as wrong:
        Meanings(load_codebook()).category(cell, "row 2")
    line = str(wrong.value)
    assert line.startswith("row 2 has no category of the codebook: ")
    assert f"': {fix} {', '.join(KEYS)}" in line
    assert len(line) < 400


def test_a_name_of_two_categories_is_refused_and_a_key_is_not(root: Path) -> None:
    text = OURS.read_text(encoding="utf-8")
    changed = text.replace("en: Depressive content", "en: Hopeless").replace(
        "en: Disordered eating", "en: Neutral things, sw: hopeless", 1
    )
    own = root / "codebook.yaml"
    own.write_text(changed.replace("sw: Ulaji uliovurugika, ", "", 1), encoding="utf-8")
    meanings = Meanings(load_codebook(own))
    assert meanings.category("hopeless", "row 2") == "hopeless"
    with pytest.raises(UserError, match="'HOPELESS', which is the name of several categories"):
        meanings.category("HOPELESS", "row 2")


def test_numbers_and_labels_of_a_sheet_come_in_and_a_wrong_one_loses_nothing(root: Path) -> None:
    done("feed", "code", "export", *TWO, root=root)
    sheet = root / "feed" / "coding" / "sheets" / "anna.csv"
    fill_in(sheet, {"k01": "3", "k02": "7", "k05": "10"})
    whole = sheet.read_bytes()
    assert "has no category of the codebook: '10'" in mistake(
        "feed", "code", "import", sheet, root=root
    )
    assert read(root) == []
    assert sheet.read_bytes() == whole
    fill_in(sheet, {"k01": "3", "k02": "7", "k05": "Suicide ET automutilation"})
    done("feed", "code", "import", sheet, root=root)
    assert load_codes(root).by_coder["anna"] == {
        "k01": KEYS[2], "k02": KEYS[6], "k05": "self_harm",
    }  # fmt: skip
