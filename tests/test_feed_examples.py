"""Runs the examples beside every adapter: exactly these items, lines of the log and problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from feed_rig import ADAPTERS, KEY, details, exchange, problems, read, servings, watches

from analyzer.feed.adapters import Adapter
from analyzer.feed.items import item_key
from analyzer.feed.records import Item

EACH = [pytest.param(adapter, id=name) for name, adapter in ADAPTERS.items()]


def plain(item: Item, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What an example says of an item, as the item has it."""
    row = asdict(item) | {
        "hashtags": [[tag.name, tag.start, tag.end] for tag in item.hashtags],
        "warnings": list(item.warnings),
        "ad_reasons": list(item.ad_reasons),
    }
    return {name: row[name] for name in wanted}


@pytest.mark.parametrize("adapter", EACH)
def test_the_examples_of_an_adapter_hit_what_they_say(adapter: Adapter) -> None:
    for at, example in enumerate(adapter.hits):
        found, _ = read([exchange(example)], [adapter])
        finds = example["finds"]
        wanted = [dict(each) for each in finds.get("servings", [])]
        got = servings(found)
        assert len(got) == len(wanted), f"hit {at}: {found}"
        for serving, each in zip(got, wanted, strict=True):
            assert serving.surface == each.pop("surface", serving.surface), f"hit {at}"
            assert plain(serving.item, each) == each, f"hit {at}"
        more = finds.get("details", [])
        assert [plain(item, each) for item, each in zip(details(found), more, strict=True)] == more
        lines = [dict(each) for each in finds.get("watches", [])]
        for line, each in zip(watches(found), lines, strict=True):
            assert line.key == item_key(adapter, each.pop("native"), KEY)
            row = asdict(line)
            assert {name: row[name] for name in each} == each, f"hit {at}"
        assert problems(found) == [], f"hit {at}"


@pytest.mark.parametrize("adapter", EACH)
def test_the_examples_of_an_adapter_that_must_not_hit_do_not(adapter: Adapter) -> None:
    for at, example in enumerate(adapter.misses):
        found, _ = read([exchange(example)], [adapter])
        assert not servings(found), f"miss {at}"
        assert not watches(found), f"miss {at}"
        assert problems(found) == example.get("problems", []), f"miss {at}"


@pytest.mark.parametrize("adapter", EACH)
def test_every_adapter_shows_items_a_log_and_a_format_that_changed(adapter: Adapter) -> None:
    assert any(example["finds"].get("servings") for example in adapter.hits)
    assert any(example["finds"].get("watches") for example in adapter.hits)
    assert any("feed_format" in example.get("problems", []) for example in adapter.misses)
    ads = {
        each.get("ad") for hit in adapter.hits for part in hit["finds"].values() for each in part
    }
    assert "formal" in ads


@pytest.mark.parametrize("adapter", EACH)
def test_what_one_adapter_reads_no_other_one_reads_too(adapter: Adapter) -> None:
    for example in adapter.hits:
        alone, _ = read([exchange(example)], [adapter])
        together, _ = read([exchange(example)])
        assert [s.item.platform for s in servings(together)] == [adapter.id] * len(servings(alone))
        assert len(watches(together)) == len(watches(alone))
