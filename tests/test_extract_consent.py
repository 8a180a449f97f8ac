"""TC strings, and the short strings of the US and of Google, are read in every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from consent_writer import WHEN, instant, layout_of, tc_string, write_fields
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract.bits import NotConsentError
from analyzer.extract.consent import (
    consented,
    permits_profiling,
    read_tcf,
    read_us_privacy,
    told_tcf,
)
from analyzer.extract.google_consent import read_additional_consent, read_gcd
from analyzer.extract.sections import Restriction, Section, Value
from analyzer.knowledge.consent_layouts import consent_layouts

# What the reference prints for version 1 although such a string does not hold it.
NOT_IN_VERSION_1: dict[str, Any] = {
    "policyVersion": 2,
    "isServiceSpecific": False,
    "purposeOneTreatment": False,
    "publisherCountryCode": "AA",
}
# The reference refuses them ("consent is the default"); the specification has them.
BY_DEFAULT = {
    "BOxgOqAOxgOqAAAABBENC2-AAAAtHAA": 721,
    "BOOzQoAOOzQoAAPAFSENCW-AIBACDACAADABkAHg": 25,
}


def as_reference(section: Section, name: str) -> Any:
    """Return the field that the reference calls `name` in the form in which it prints it."""
    if name == "version":
        return section.version
    if name == "segments":
        return section.segments
    if name == "numPubRestrictions":
        return len(section.restrictions("PublisherRestrictions"))
    value = section.fields.get(name[0].upper() + name[1:])
    if name in {"created", "lastUpdated"}:
        assert isinstance(value, int)
        return instant(value)
    if value is None:  # in a segment that this string does not have, or of version 2 only
        return NOT_IN_VERSION_1.get(name, [])
    return sorted(value) if isinstance(value, frozenset) else value


@pytest.mark.parametrize("name", ["tcf.json", "tcf-reference-encoded.json"])
def test_tc_strings_say_in_every_field_what_the_reference_reads(
    shared_data: Path, name: str
) -> None:
    entries = json.loads((shared_data / "consent-strings" / name).read_text())
    checked = 0
    for entry in entries:
        found = read_tcf(entry["tcString"])
        if "decoded" not in entry:
            assert len(found.ids("VendorConsents")) == BY_DEFAULT[entry["tcString"]]
            continue
        for field, expected in entry["decoded"].items():
            assert as_reference(found, field) == expected, (field, entry["tcString"])
            checked += 1
    assert checked == {"tcf.json": 16 * 23, "tcf-reference-encoded.json": 60 * 18}[name]


def value_of(kind: str, size: int) -> st.SearchStrategy[Value]:
    ids = st.frozensets(st.integers(1, 400), max_size=30)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "int": st.integers(0, (1 << size) - 1),
        "flag": st.booleans(),
        "time": st.integers(WHEN, WHEN + 10_000),
        "letters": st.text(alphabet="ABCXYZ", min_size=size, max_size=size),
        "bits": st.frozensets(st.integers(1, max(size, 1))),
        "vendors": ids,
        "vendors_v1": ids,
        "restrictions": st.lists(
            st.builds(Restriction, st.integers(1, 24), st.integers(0, 2), ids), max_size=4
        ).map(tuple),
    }
    return kinds[kind]


@pytest.mark.parametrize("version", [1, 2])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_tc_string_reads_back_as_it_was_written(version: int, data: st.DataObject) -> None:
    layout = layout_of(version)
    as_ranges = data.draw(st.booleans())
    written: dict[str, Value] = {}
    texts: list[str] = []
    chosen = data.draw(st.sets(st.sampled_from(sorted(layout.segments)))) if version == 2 else ()
    for fields in (layout.fields, *(layout.segments[each] for each in sorted(chosen))):
        for field in fields:
            size = int(str(written[field.size_of])) if field.size_of else field.size
            written[field.name] = data.draw(value_of(field.kind, size))
            if field.name.endswith("SegmentType"):
                written[field.name] = next(k for k, v in layout.segments.items() if v == fields)
            if field.kind == "bits" and not size:
                written[field.name] = frozenset()
        written |= {"Version": version, "Created": WHEN, "LastUpdated": WHEN + 1}
        texts.append(write_fields(fields, written, as_ranges=as_ranges))
    found = read_tcf(".".join(texts))
    assert dict(found.fields) == written
    assert found.segments == len(texts)


def test_profiling_is_purpose_three_or_four_on_either_ground() -> None:
    for purposes, legitimate, consent, permitted in (
        ({1, 2}, set(), False, False),
        ({3}, set(), True, True),
        ({1}, {4}, False, True),
        (set(), {7, 8}, False, False),
    ):
        found = read_tcf(tc_string(purposes, legitimate=legitimate))
        assert (consented(found), permits_profiling(found)) == (consent, permitted)


@pytest.mark.parametrize(("purpose", "permitted"), [(1, False), (2, True), (3, True), (5, False)])
def test_in_version_1_personalisation_and_selection_are_profiling(
    purpose: int, permitted: bool
) -> None:
    fields: dict[str, Value] = {"Version": 1, "PurposeConsents": frozenset({purpose})}
    found = read_tcf(write_fields(consent_layouts()[1][0].fields, fields))
    assert permits_profiling(found) is permitted


def test_what_a_string_says_is_told_in_short() -> None:
    text = tc_string({1, 2, 7}, legitimate={9}, VendorConsents=frozenset({3, 755}))
    told = "TCF 2, policy 4: consent 1,2,7; interest 9; 2 vendors; CMP 7"
    assert told_tcf(read_tcf(text)) == told
    assert told_tcf(read_tcf(tc_string(set()))) == "TCF 2, policy 4: consent none; 0 vendors; CMP 7"


def test_padding_of_base64_is_no_damage() -> None:
    text = tc_string({1, 3})
    for padded in (text + "=", text + "==", text + "A", f" {text}\n", text.replace("-", "+")):
        assert read_tcf(padded).ids("PurposeConsents") == {1, 3}


def test_us_privacy_is_four_characters() -> None:
    assert str(read_us_privacy("1yYn")) == "1YYN"
    for text in ("1YN", "2YNN", "1YNNN", "1XNN", ""):
        with pytest.raises(NotConsentError):
            read_us_privacy(text)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("11p1p1p1p5", "pppp"),
        ("11t1t1t1t5", "tttt"),
        ("13l3l3l3l1", "llll"),
        ("11q1p1u1m5", "qpum"),
    ],
)
def test_consent_mode_has_four_letters(text: str, letters: str) -> None:
    assert str(read_gcd(text)) == letters


@pytest.mark.parametrize("text", ["", "G111", "11p1p1p5", "11p1p1p1p", "11p1p1p1p55555"])
def test_what_has_no_four_letters_is_no_consent_mode(text: str) -> None:
    with pytest.raises(NotConsentError):
        read_gcd(text)


@pytest.mark.parametrize(
    ("text", "version", "consented_to", "disclosed"),
    [
        ("1~1.35.41.101", 1, {1, 35, 41, 101}, set()),
        ("1~", 1, set(), set()),
        ("2~1.35.41.101~dv.9.21.81", 2, {1, 35, 41, 101}, {9, 21, 81}),
        ("2~~dv.1.2", 2, set(), {1, 2}),
        ("2~7~dv.", 2, {7}, set()),
    ],
)
def test_additional_consent_lists_providers(
    text: str, version: int, consented_to: set[int], disclosed: set[int]
) -> None:
    found = read_additional_consent(text)
    assert (found.version, found.consented, found.disclosed) == (
        version,
        frozenset(consented_to),
        frozenset(disclosed),
    )


@pytest.mark.parametrize(
    "text", ["", "3~1", "2~1.2", "2~1~dv", "1~1..2", "2~a~dv.1", "1~1.", "2~" + "1." * 20_000]
)
def test_what_lists_no_providers_is_no_additional_consent(text: str) -> None:
    with pytest.raises(NotConsentError):
        read_additional_consent(text)
