"""`evenhand feed diff` on simulated studies: what it says, how it ends, and what it never says."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_rig import done, mistake, run

from analyzer.exporters.searching import Search
from analyzer.feed import store
from analyzer.feed.audit import audit
from analyzer.simulation.feed_accounts import FeedDeclaration
from analyzer.simulation.feed_bundles import write_study
from analyzer.simulation.feed_codes import simulate_codes
from analyzer.study import load_study
from reports.feed.record import feed_schema
from reports.feed.view import view
from reports.tables import cell


def written(root: Path, amplified: float, each: int = 6) -> Path:
    declared = FeedDeclaration(amplification=dict.fromkeys(("KE", "US"), amplified))
    truth = write_study(root, declared, seed=2, each=each, hours=0.35, sessions=1)
    store.update(truth.study)
    simulate_codes(root)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("amplified"), 12.0)


@pytest.fixture(scope="module")
def null(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("null"), 1.0)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts in each group: what is published of a session is the same of each."""
    return written(tmp_path_factory.mktemp("small"), 12.0, each=2)


def record_of(root: Path, code: int) -> dict[str, Any]:
    told = done("feed", "diff", "KE", "US", "--json", root=root, code=code)
    found: dict[str, Any] = json.loads(told)
    return found


def test_a_recommender_that_amplifies_is_a_difference(root: Path) -> None:
    text = done("feed", "diff", "KE", "US", root=root, code=1)
    assert "times [" in text
    assert "+  Share of measured items" in text
    assert "! An exercise" in text


def test_the_record_is_whole_and_follows_its_schema(root: Path) -> None:
    content = record_of(root, 1)
    jsonschema.Draft202012Validator(feed_schema()).validate(content)
    assert [each["name"] for each in content["sides"]] == ["KE", "US"]
    assert len(content["accounts"]) == 24
    table = done("feed", "diff", "KE", "US", "--format", "csv", root=root, code=1)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(content["comparison"]["rows"])
    text = done("feed", "diff", "KE", "US", "--format", "markdown", root=root, code=1)
    assert text.startswith("# What the feed shows: Kenya and United States of America")


def test_between_the_sides_nothing_differs(root: Path) -> None:
    text = done("feed", "diff", "KE", "US", "--between", root=root)
    assert "No difference is shown between Kenya" in text or "No verdict" in text


def test_strict_ends_with_2_where_a_row_is_not_decided(root: Path) -> None:
    done("feed", "diff", "KE", "US", "--strict", root=root, code=2)


def test_a_null_recommender_is_no_difference(null: Path) -> None:
    text = done("feed", "diff", "KE", "US", root=null)
    assert "times [" not in text


def test_sides_that_cannot_be_compared_are_trouble(root: Path, tmp_path: Path) -> None:
    assert "BR" in mistake("feed", "diff", "KE", "BR", root=root, code=2)
    assert mistake("feed", "diff", "KE", "US", root=tmp_path, code=2)


@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown"])
def test_nothing_of_whoever_made_an_item_is_in_any_form(
    root: Path, tmp_path: Path, form: str
) -> None:
    planted = what_strangers_wrote(root)
    assert len(planted) > 200
    told = run("feed", "diff", "KE", "US", "--all", "--format", form, root=root).stdout
    ending = {"text": "txt", "markdown": "md"}.get(form, form)
    (tmp_path / f"feed.{ending}").write_text(told, encoding="utf-8")
    leaks = [each for each in Search(planted).folder(tmp_path) if each.data_type]
    assert not leaks
    # The search is one that finds them.
    (tmp_path / f"feed.{ending}").write_text(f"{told}\n{planted[0][1]}", encoding="utf-8")
    if form in ("text", "markdown"):
        assert [each for each in Search(planted).folder(tmp_path) if each.data_type]


def test_a_published_copy_tells_what_the_feed_shows_and_nothing_of_whoever_made_an_item(
    small: Path, tmp_path: Path
) -> None:
    done("analyze", root=small)
    folder = tmp_path / "published"
    done("publish", folder, "KE", "US", "--lang", "en,sw", root=small)
    names = {path.name for path in folder.iterdir()}
    assert {"feed-KE-US.html", "feed-KE-US.sw.html", "feed-KE-US.json", "feed-schema.json"} <= names
    assert "feed-KE-US.feed_rows.csv" in names
    assert sum(name.endswith(".redacted.jsonl") for name in names) == 8
    record = json.loads((folder / "feed-KE-US.json").read_text(encoding="utf-8"))
    schema = json.loads((folder / "feed-schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(record)
    assert all(each["name"].startswith("account ") for each in record["accounts"])
    assert record["examples"]
    assert all(each["account"].startswith("account ") for each in record["examples"])
    search = Search([*what_strangers_wrote(small), *names_of_accounts(small)])
    for path in folder.iterdir():
        content = path.read_bytes()
        if path.name.startswith("feed-"):
            assert not [leak for leak in search.file(path.name, content) if leak.data_type]
        for _, account in names_of_accounts(small):
            assert account.encode() not in path.name.encode() + content
    told = list(csv.DictReader((folder / "KE-US.sessions.csv").open(encoding="utf-8")))
    whose = {each["persona"] for each in told}
    assert whose == {each["name"] for each in record["accounts"]}


def test_a_published_copy_begins_with_what_the_feed_shows(root: Path, tmp_path: Path) -> None:
    done("analyze", root=root)
    folder = tmp_path / "published"
    done("publish", folder, "KE", "US", "--no-sessions", root=root)
    text = (folder / "README.md").read_text(encoding="utf-8")
    shown = view(audit(load_study(root), "KE", "US"))
    assert len(shown.headlines) == 2
    places = [text.index(cell(str(each.lead))) for each in shown.headlines]
    whole = json.loads((folder / "KE-US.json").read_text(encoding="utf-8"))
    assert places == sorted(places)
    assert places[-1] < text.index(whole["answer"][0])
    assert "`feed-KE-US.html`" in text
    assert "one account only" not in text
    assert "names, handles and ids" in text


def names_of_accounts(root: Path) -> list[tuple[str, str]]:
    declared = load_study(root).feed
    assert declared
    return [("account", each) for each in declared["accounts"]]


def what_strangers_wrote(root: Path) -> list[tuple[str, str]]:
    """Texts, ids and digests of the items of the first of the study's sessions."""
    found: set[str] = set()
    batch = next(store.load_items(load_study(root)))
    for row in batch.slice(0, 80).to_pylist():
        found |= {row["text"], row["native"], row["item_key"], row["author_key"], *row["hashtags"]}
    return [("creator", each) for each in sorted(found) if len(each) >= 6]
