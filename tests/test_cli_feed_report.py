"""`evenhand feed report`, and the feed in `evenhand report`, on a simulated study."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from cli_rig import done, mistake

from analyzer.feed import store
from analyzer.simulation.feed_accounts import FeedDeclaration
from analyzer.simulation.feed_bundles import write_study
from analyzer.simulation.feed_codes import simulate_codes
from reports.feed.record import feed_schema


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("feed")
    truth = write_study(root, FeedDeclaration(), seed=2, each=2, hours=0.2, sessions=1)
    store.update(truth.study)
    simulate_codes(root)
    return root


def test_page_and_record_are_written_in_every_language_asked_for(root: Path) -> None:
    done("feed", "report", "KE", "US", "--lang", "en,es", root=root)
    names = {path.name for path in (root / "out").glob("feed-*")}
    assert names == {"feed-KE-US.html", "feed-KE-US.es.html", "feed-KE-US.json"}
    page = (root / "out" / "feed-KE-US.es.html").read_text(encoding="utf-8")
    assert '<html lang="es"' in page
    assert 'href="tel:024"' in page  # where a reader of Spanish may be
    record = json.loads((root / "out" / "feed-KE-US.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(feed_schema()).validate(record)


def test_one_file_has_the_form_of_its_ending(root: Path, tmp_path: Path) -> None:
    done("feed", "report", "KE", "US", "-o", tmp_path / "feed.md", root=root)
    assert (tmp_path / "feed.md").read_text(encoding="utf-8").startswith("# What the feed shows")
    mistake("feed", "report", "KE", "US", "-o", tmp_path / "feed.doc", root=root)
    mistake("feed", "report", "KE", "US", "-o", tmp_path / "f.md", "-f", "json", root=root)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.md"]


def test_the_report_of_the_study_has_the_feed(root: Path, tmp_path: Path) -> None:
    done("analyze", root=root)
    done("report", "KE", "US", "-f", "html", "-o", tmp_path, root=root)
    page = (tmp_path / "KE-US.html").read_text(encoding="utf-8")
    assert re.search(r'<h2 id="feed">', page)
    assert 'href="tel:116"' in page.partition("<h1")[0]


def test_picture_and_workbook_are_files_of_their_own(root: Path, tmp_path: Path) -> None:
    said = mistake("feed", "report", "KE", "US", "-f", "svg", "-o", tmp_path, root=root)
    assert "nothing to draw" in said  # 12 minutes of feed time have no whole hour
    study = root / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(re.sub(r"window_minutes = \d+", "window_minutes = 12", text), encoding="utf-8")
    try:
        done("feed", "report", "KE", "US", "-f", "svg,xlsx", "-o", tmp_path, root=root)
        done("feed", "report", "KE", "US", "-o", tmp_path / "picture.svg", root=root)
    finally:
        study.write_text(text, encoding="utf-8")
    assert {path.suffix for path in tmp_path.glob("feed-KE-US.*")} == {".svg", ".xlsx"}
    svg = (tmp_path / "feed-KE-US.svg").read_text(encoding="utf-8")
    assert svg.startswith("<?xml")
    assert ">10 min</text>" in svg
    assert (tmp_path / "picture.svg").read_text(encoding="utf-8") == svg
