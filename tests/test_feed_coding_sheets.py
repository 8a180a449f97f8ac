"""Sheets: what they tell coders, what they do not, and what comes back from them."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from cli_rig import done, mistake
from coding_rig import TEXTS, add_items, feed_study, fill_in, read_csv, rewrite
from openpyxl import load_workbook

from analyzer.feed.codebook import OURS, load_codebook
from analyzer.feed.coding.codes import final_codes, load_codes
from analyzer.feed.coding.ledger import read
from analyzer.feed.coding.material import pieces, readable
from analyzer.feed.records import Hashtag, Item

KEYS = [key for key, *_ in TEXTS]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return feed_study(tmp_path / "study")


def export(root: Path, *more: object) -> Path:
    words = ("feed", "code", "export", "--coder", "anna", "--coder", "ben", *more)
    done(*words, root=root)
    return root / "feed" / "coding" / "sheets"


def test_each_item_is_there_once_for_each_coder_in_another_order(root: Path) -> None:
    sheets = export(root)
    anna, ben = read_csv(sheets / "anna.csv"), read_csv(sheets / "ben.csv")
    assert sorted(row["item"] for row in anna) == sorted(row["item"] for row in ben) == KEYS
    assert [row["item"] for row in anna] != [row["item"] for row in ben]
    assert [row["row"] for row in anna] == [str(number) for number in range(1, len(KEYS) + 1)]
    assert {row["coder"] for row in ben} == {"ben"}


def test_nothing_in_a_sheet_tells_whose_feed_it_was(root: Path) -> None:
    sheets = export(root)
    for file in sheets.iterdir():
        assert oct(file.stat().st_mode & 0o777) == "0o600"
        if file.suffix == ".csv":
            assert list(read_csv(file)[0]) == [
                "row", "text", "hashtags", "category", "one_of", "item", "coder", "codebook",
            ]  # fmt: skip
            text = file.read_text(encoding="utf-8-sig")
            assert "KE-13" not in text
            assert "some.one" not in text
            assert "@…" in text


def test_the_same_seed_gives_the_same_bytes_and_another_another_order(tmp_path: Path) -> None:
    texts = [(f"k{number:03}", f"text {number}", ()) for number in range(40)]
    made = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        sheets = export(feed_study(tmp_path / name, texts), "--seed", seed, "--format", "xlsx")
        made.append((sheets / "anna.xlsx").read_bytes())
    assert made[0] == made[1] != made[2]


def test_a_sample_is_drawn_and_a_later_export_adds_to_it(tmp_path: Path) -> None:
    texts = [(f"k{number:03}", f"text {number}", ()) for number in range(40)]
    root = feed_study(tmp_path / "study", texts)
    before = {row["item"] for row in read_csv(export(root, "--sample", 10) / "anna.csv")}
    assert len(before) == 10
    after = {row["item"] for row in read_csv(export(root) / "anna.csv")}
    assert before < after
    assert len(after) == 40


def test_items_that_were_never_shown_are_not_given_out(tmp_path: Path) -> None:
    root = feed_study(tmp_path / "study")
    add_items(root, "KE-13-r02", [("k99", "prefetched only", ())], "prefetched")
    assert {row["item"] for row in read_csv(export(root) / "anna.csv")} == set(KEYS)


def test_a_formula_is_text_in_both_kinds_of_sheet(root: Path) -> None:
    csv_cells = [row["text"] for row in read_csv(export(root) / "anna.csv")]
    assert "'=SUM(1+1) is my love language" in csv_cells
    book = load_workbook(io.BytesIO((export(root, "--format", "xlsx") / "anna.xlsx").read_bytes()))
    cells = {cell.value: cell.data_type for row in book["Code"].iter_rows() for cell in row}
    assert cells["=SUM(1+1) is my love language"] == "s"


def test_the_workbook_offers_the_categories_and_holds_the_codebook(root: Path) -> None:
    book = load_workbook(export(root, "--format", "xlsx") / "anna.xlsx")
    [choice] = book["Code"].data_validations.dataValidation
    assert choice.formula1 == f'"{",".join(load_codebook().keys)}"'
    said = " ".join(str(cell.value) for row in book["Codebook"].iter_rows() for cell in row)
    for each in load_codebook().categories:
        assert each.definition in said
    assert "Take a break" in said


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_was_filled_in_comes_back_and_agreed_codes_are_final(root: Path, form: str) -> None:
    sheets = export(root, "--format", form)
    wanted = {
        "anna": {"k01": "depressive", "k02": "neutral", "k05": "self_harm"},
        "ben": {"k01": "hopeless", "k02": "neutral", "k05": "self_harm"},
    }
    for coder, codes in wanted.items():
        path = sheets / f"{coder}.{form}"
        if form == "csv":
            fill_in(path, codes)
        else:
            book = load_workbook(path)
            for row in book["Code"].iter_rows(min_row=2):
                row[3].value = codes.get(str(row[4].value))
            book.save(path)
    said = done(
        "feed", "code", "import", sheets / f"anna.{form}", sheets / f"ben.{form}", root=root
    )
    assert "anna: 3 coded, 3 of them new or changed, 3 blank" in said
    assert load_codes(root).by_coder == wanted
    assert final_codes(root) == {"k02": "neutral", "k05": "self_harm"}
    assert load_codes(root).open() == ["k01"]


def test_importing_twice_adds_nothing_and_a_change_of_mind_adds_a_line(root: Path) -> None:
    sheet = export(root) / "anna.csv"
    fill_in(sheet, {"k01": "depressive"})
    done("feed", "code", "import", sheet, root=root)
    assert "0 of them new" in done("feed", "code", "import", sheet, root=root)
    fill_in(sheet, {"k01": "hopeless"})
    done("feed", "code", "import", sheet, root=root)
    assert [entry.category for entry in read(root)] == ["depressive", "hopeless"]
    assert load_codes(root).by_coder == {"anna": {"k01": "hopeless"}}


def test_labels_other_cases_and_semicolons_are_understood(root: Path) -> None:
    sheet = export(root) / "anna.csv"
    rows = read_csv(sheet)
    said = dict(zip(KEYS, ("DEPRESSIVE", "Not about mental health", " Suicide and self-harm ",
                           "Ne parle pas de santé mentale", "", ""), strict=True))  # fmt: skip
    lines = [";".join(rows[0])]
    lines += [
        f'1;"{row["text"]}";;{said[row["item"]]};;{row["item"]};anna;{row["codebook"]}'
        for row in rows
    ]
    sheet.write_text("\r\n".join(lines), encoding="utf-8")
    done("feed", "code", "import", sheet, root=root)
    assert load_codes(root).by_coder["anna"] == {
        "k01": "depressive", "k02": "neutral", "k03": "self_harm", "k04": "neutral",
    }  # fmt: skip


def spoil(path: Path, how: str) -> None:
    rows = read_csv(path)
    at = {row["item"]: number for number, row in enumerate(rows)}
    if how == "category":
        rows[2]["category"] = "sadness"
    elif how == "key":
        rows[2]["item"] = rows[2]["item"] + "0"
    elif how == "twice":
        rows[3] = rows[2]
    elif how == "missing":
        rows = rows[:-2]
    elif how == "sorted":
        first, second = at["k01"], at["k02"]
        rows[first]["text"], rows[second]["text"] = rows[second]["text"], rows[first]["text"]
    elif how == "column":
        for row in rows:
            del row["category"]
    else:
        for row in rows:
            row.update({"codebook": "0" * 16} if how == "codebook" else {"coder": how})
    rewrite(path, rows)


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ("category", "row 4 has no category of the codebook: 'sadness': use one of self_harm, "),
        ("key", "row 4 has a key that was not given out: copy the column `item`"),
        ("twice", "row 5 is the same item as row 4: take one of them out"),
        ("missing", "lacks 2 of 6 rows: put them back (blank is fine), or say --partial"),
        ("sorted", "has the text of another item, or an edited one: sort whole rows only"),
        ("column", "has no column 'category'"),
        ("codebook", "was coded by codebook '0000000000000000'"),
        ("eve", "is by 'eve', to whom no sheet was given: use one of anna, ben"),
    ],
)
def test_a_spoilt_sheet_is_refused_in_one_line_and_nothing_is_stored(
    root: Path, how: str, complaint: str
) -> None:
    sheets = export(root)
    fill_in(sheets / "ben.csv", {"k01": "neutral"})
    spoil(sheets / "anna.csv", how)
    line = mistake("feed", "code", "import", sheets / "ben.csv", sheets / "anna.csv", root=root)
    assert complaint in line
    assert read(root) == []


def test_files_that_are_no_sheets_are_refused_in_one_line(root: Path, tmp_path: Path) -> None:
    export(root)
    for name, content in (
        ("empty.csv", b""), ("latin.csv", b"item;caf\xe9"), ("zip.xlsx", b"PK\x03\x04"),
        ("quote.csv", b'item,category,coder,codebook\n"' + b"x" * 2_000_000),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(content)
        assert name in mistake("feed", "code", "import", tmp_path / name, root=root)
    assert "cannot be read" in mistake("feed", "code", "import", tmp_path / "none.csv", root=root)


def damage(path: Path, how: str) -> None:
    """Change an exported workbook as discs, mails and passwords do."""
    whole = path.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for each in old.infolist():
            content = old.read(each)
            if ("sheet1" in each.filename and how == "sheet") or (
                "styles" in each.filename and how == "styles"
            ):
                content = b"<a><b></a>"
            elif "sheet1" in each.filename and how == "types":
                content = re.sub(rb't="\w+"', b't="d"', content)
            new.writestr(each, content)
    changed = out.getvalue()
    if how == "bytes":
        changed = whole[:800] + bytes(50) + whole[850:]
    elif how == "password":
        locked = bytearray(whole)
        for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
            place = -1
            while (place := whole.find(mark, place + 1)) >= 0:
                locked[place + at] |= 1
        changed = bytes(locked)
    path.write_bytes(changed)


@pytest.mark.parametrize("how", ["sheet", "styles", "types", "bytes", "password"])
def test_a_damaged_workbook_is_refused_in_one_line(root: Path, how: str) -> None:
    path = export(root, "--format", "xlsx") / "anna.xlsx"
    damage(path, how)
    assert "anna.xlsx" in mistake("feed", "code", "import", path, root=root)
    assert read(root) == []


def test_what_is_no_file_is_not_read(root: Path) -> None:
    export(root)
    for path in ("/dev/zero", root):
        assert "is no file" in mistake("feed", "code", "import", path, root=root)


def test_with_more_coders_each_item_goes_to_some_and_a_part_to_all(root: Path) -> None:
    add_items(root, "KE-13-r02", [(f"m{n:03}", f"text {n}", ()) for n in range(100)])
    more = ("--coder", "cam", "--coder", "dan", "--each", 2)
    sheets = export(root, *more)
    given = {who: {row["item"] for row in read_csv(sheets / f"{who}.csv")}
             for who in ("anna", "ben", "cam", "dan")}  # fmt: skip
    times = Counter(key for keys in given.values() for key in keys)
    assert len(times) == 106
    assert set(times.values()) == {2, 4}
    fill_in(sheets / "cam.csv", dict.fromkeys(given["cam"], "neutral"))
    said = done("feed", "code", "import", sheets / "cam.csv", root=root)
    assert f"cam: {len(given['cam'])} coded" in said
    rewrite(sheets / "cam.csv", read_csv(sheets / "cam.csv")[1:])
    line = mistake("feed", "code", "import", sheets / "cam.csv", root=root)
    assert f"lacks 1 of {len(given['cam'])} rows" in line
    export(root)  # the same again, without saying it
    assert {row["item"] for row in read_csv(sheets / "dan.csv")} == given["dan"]


def test_what_is_to_be_done_first_is_said(tmp_path: Path) -> None:
    root = feed_study(tmp_path / "study")
    assert "export` first" in mistake("feed", "code", "import", tmp_path / "a.csv", root=root)
    (root / "feed" / "items" / "KE-13-r01.parquet").unlink()
    line = mistake("feed", "code", "export", "--coder", "anna", root=root)
    assert "run `evenhand feed items` first" in line
    line = mistake(
        "feed", "code", "export", "--coder", "../anna", root=feed_study(tmp_path / "two")
    )
    assert "is no name of a coder" in line


def test_another_codebook_starts_anew_and_says_what_is_not_counted(root: Path) -> None:
    sheet = export(root) / "anna.csv"
    fill_in(sheet, {"k01": "depressive"})
    done("feed", "code", "import", sheet, root=root)
    ours = OURS.read_text(encoding="utf-8")
    (root / "codebook.yaml").write_text(ours.replace("dwells on", "dwells upon"), encoding="utf-8")
    assert "put the codebook back, or export again" in mistake(
        "feed", "code", "import", sheet, root=root
    )
    export(root)
    assert load_codes(root).by_coder == {}
    assert "1 codes by other versions of the codebook" in done(
        "feed", "code", "agreement", root=root
    )


def test_coders_see_no_controls_no_mentions_and_not_more_than_4000_letters() -> None:
    assert readable("a\x00b\u202ec\u200dd @you.and.me me@x.example") == "a bc\u200dd @… @…"
    assert len(readable("x" * 100_000)) == 4000
    assert readable("two\nlines") == "two\nlines"


def test_items_become_pieces_once_each() -> None:
    def item(key: str, text: str) -> Item:
        return Item(
            "tiktok_app", key, "7", "a", text, "en", (Hashtag("fyp", 0, 4),), "", None, "", None,
            None, None, None, "none", (), (),
        )  # fmt: skip

    found = pieces([item("k", "short"), item("k", "longer text"), item("m", "")])
    assert list(found) == ["k", "m"]
    assert found["k"].text == "longer text"
    assert found["k"].hashtags == ("fyp",)


def test_a_crash_while_writing_loses_only_the_line_that_was_not_finished(root: Path) -> None:
    sheet = export(root) / "anna.csv"
    fill_in(sheet, {"k01": "depressive"})
    done("feed", "code", "import", sheet, root=root)
    log = root / "feed" / "coding" / "log.jsonl"
    with log.open("ab") as file:
        file.write(b'{"by":"anna","item":"k02","categ')
    assert len(read(root)) == 1
    fill_in(sheet, {"k01": "depressive", "k02": "neutral"})
    done("feed", "code", "import", sheet, root=root)
    assert [entry.item for entry in read(root)] == ["k01", "k02"]
    assert oct(log.stat().st_mode & 0o777) == "0o600"


def test_a_line_of_the_log_that_was_changed_is_found(root: Path) -> None:
    sheet = export(root) / "anna.csv"
    fill_in(sheet, {"k01": "depressive", "k02": "neutral", "k05": "neutral"})
    done("feed", "code", "import", sheet, root=root)
    log = root / "feed" / "coding" / "log.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"depressive"', b'"eating"', 1))
    assert "was changed: restore the file" in mistake("feed", "code", "agreement", root=root)
