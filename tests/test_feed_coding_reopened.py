"""Further coders and items that are settled already: what is said before and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_rig import done, run
from coding_rig import TEXTS, feed_study, fill_in

import analyzer.local_page
from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.codes import decide, final_codes, record

KEYS = [key for key, *_ in TEXTS]
AGAIN = "again for a decision"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four items settled (k01 by a decision), one open, one not coded."""
    root = feed_study(tmp_path / "study")
    done("feed", "code", "export", "--coder", "anna", "--coder", "ben", root=root)
    book = load_codebook()
    record(root, "anna", dict.fromkeys(KEYS[:5], "neutral"), book)
    ben = {"k01": "hopeless", "k05": "self_harm"}
    record(root, "ben", dict.fromkeys(KEYS[1:4], "neutral") | ben, book)
    decide(root, "cam", "k01", "hopeless", book)
    assert len(final_codes(root)) == 4
    return root


def export(root: Path, *coders: str) -> str:
    named = [word for coder in coders for word in ("--coder", coder)]
    return str(run("feed", "code", "export", *named, root=root).output)


def test_export_says_how_many_items_are_settled_already(root: Path) -> None:
    assert "4 items are settled already: one more code reopens" in export(root, "anna", "dan")
    assert "settled already" not in export(root, "anna", "ben")  # who have coded them all


def test_a_first_export_has_nothing_to_warn_of(tmp_path: Path) -> None:
    assert "settled" not in export(feed_study(tmp_path / "study"), "anna", "ben")


def test_import_says_how_many_settled_items_wait_again(root: Path) -> None:
    export(root, "dan")
    sheet = root / "feed" / "coding" / "sheets" / "dan.csv"
    fill_in(sheet, {"k02": "neutral", "k03": "neutral"})
    assert AGAIN not in done("feed", "code", "import", sheet, root=root)
    fill_in(sheet, {"k01": "hopeless", "k02": "neutral", "k03": "eating", "k05": "neutral"})
    said = done("feed", "code", "import", sheet, root=root)
    assert f"2 items that were settled wait {AGAIN}" in said
    assert len(final_codes(root)) == 2


@pytest.mark.parametrize(
    ("coder", "before", "after"), [("dan", True, True), ("dan", True, False), ("ben", False, False)]
)
def test_the_page_says_it_before_and_after(
    root: Path, monkeypatch: pytest.MonkeyPatch, coder: str, before: bool, after: bool
) -> None:
    export(root, "dan")

    class Served:
        port = 1

        def serve_forever(self) -> None:
            if after:
                record(root, coder, {"k02": "eating"}, load_codebook(), "page")
            raise KeyboardInterrupt

    monkeypatch.setattr(analyzer.local_page, "local_server", lambda app, port: Served())
    said = str(run("feed", "code", "page", "--coder", coder, root=root).output)
    assert ("4 items are settled already" in said) is before
    assert (f"1 item that was settled waits {AGAIN}" in said) is after
