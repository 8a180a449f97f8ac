"""The record beside the page: everything that the page says, described by a schema."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest
import reporting
import synthetic
from reporting import HOSTILE, Page, poisoned
from test_reports_joined import LINKAGE

from analyzer.comparison import Comparison
from analyzer.knowledge import load_knowledge
from reports.html import render_html
from reports.record import FORMAT, record, record_json, schema, schema_text

SCHEMA = json.loads(schema_text())


def hostile() -> Comparison:
    """What a capture brought, with text in it that nobody should obey."""
    comparison = reporting.sent_only_in_kenya()
    return replace(
        comparison,
        evidence=poisoned(comparison.evidence),
        recipients=poisoned(comparison.recipients),
        coverage=poisoned(comparison.coverage),
    )


def told(comparison: Comparison, **more: Any) -> Any:
    return json.loads(record_json(record(comparison, synthetic.knowledge(), **more)))


def test_the_schema_that_is_kept_is_that_of_the_records() -> None:
    assert schema() == SCHEMA, "python -m reports.record"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    "comparison",
    [
        reporting.sent_only_in_kenya(),
        reporting.with_adults(),
        reporting.one_session_each(),
        reporting.nothing_found(),
        hostile(),
    ],
    ids=["differences", "adults", "too few", "nothing", "hostile"],
)
def test_every_record_is_as_the_schema_says(comparison: Comparison) -> None:
    found = told(comparison)
    jsonschema.validate(found, SCHEMA)
    assert found["format"] == FORMAT


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("comparison"),
        lambda found: found.update(format="other"),
        lambda found: found["comparison"]["deltas"][0].update(verdict="maybe"),
        lambda found: found["comparison"]["gates"][0].pop("title"),
    ],
)
def test_the_schema_refuses_what_is_no_record(spoil: Any) -> None:
    found = told(reporting.sent_only_in_kenya())
    spoil(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_a_record_holds_all_of_the_comparison() -> None:
    comparison = reporting.sent_only_in_kenya()
    found = told(comparison)["comparison"]
    assert set(found) == {field.name for field in fields(Comparison)}
    assert [row["id"] for row in found["deltas"]] == [row.id for row in comparison.deltas]
    assert [row["passed"] for row in found["gates"]] == [row.passed for row in comparison.gates]


def test_a_record_holds_linkage_and_who_received_what() -> None:
    comparison = reporting.sent_only_in_kenya()
    found = told(comparison, linkage=LINKAGE)
    jsonschema.validate(found, SCHEMA)
    assert found["linkage"]["handovers"][0]["taker"] == "Glint"
    assert [each["owner"] for each in found["recipients"]] == [
        each.owner for each in comparison.recipients
    ]


def test_a_record_explains_its_ids_and_names_the_law() -> None:
    found = told(reporting.sent_only_in_kenya())
    assert [each["id"] for each in found["data_types"]] == [
        "ad.interest", "dev.model", "id.advertising",
    ]  # fmt: skip
    assert {each["id"] for each in found["law"]} == {"dsa", "dpa"}
    assert all(each["sources"] for each in found["law"])
    assert {each["id"] for each in found["measures"]} >= {"delay", "precision"}
    assert len(found["answer"]) == 3


def test_a_record_holds_the_numbers_and_the_protection_that_the_page_begins_with() -> None:
    comparison = reporting.sent_only_in_kenya()
    found = told(comparison)
    page = render_html(comparison, synthetic.knowledge())
    text = " ".join(Page(page).text.split())
    assert found["facts"]
    for fact in found["facts"]:
        assert f"{fact['title']}" in text
        assert " ".join(f"{fact['value']} {fact['note']}".split()) in text
    for sentence in (*found["answer"], *found["limits"]):
        assert " ".join(sentence.split()) in text
    levels = {(each["side"], each["country"], each["age"]) for each in found["protection"]}
    assert levels == {("a", "DE", 13), ("b", "KE", 13)}
    assert {law for each in found["protection"] for law in each["law"]} <= {
        each["id"] for each in found["law"]
    }
    assert found["countries"] is None


def test_captured_text_is_kept_and_obeyed_by_nobody() -> None:
    comparison = reporting.sent_only_in_kenya()
    comparison = replace(comparison, app=HOSTILE)
    text = record_json(record(comparison, load_knowledge()))
    assert text.isascii()
    assert "\x1b" not in text
    assert "\x7f" not in text
    assert json.loads(text)["comparison"]["app"] == HOSTILE


def test_what_no_schema_knows_is_not_written() -> None:
    whole = record(reporting.sent_only_in_kenya(), synthetic.knowledge())
    with pytest.raises(NotImplementedError, match="complex"):
        record_json(replace(whole, title=1j))  # type: ignore[arg-type]


def test_writing_the_schema_anew_would_change_nothing() -> None:
    assert json.dumps(schema(), indent=2, sort_keys=True) + "\n" == schema_text()
