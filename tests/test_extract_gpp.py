"""GPP strings: the header and each section, in each of its layouts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from consent_writer import Writer, gpp_string, instant, tc_string, us_section, write_fields

from analyzer.extract.bits import Bits, NotConsentError
from analyzer.extract.consent import read_us_privacy
from analyzer.extract.gpp import read_gpp, told_gpp
from analyzer.extract.sections import Restriction, Section, Value, read_section
from analyzer.knowledge.consent_layouts import ConsentLayout, consent_layouts

US_LAYOUTS = [
    pytest.param(layout, id=f"{layout.section}-{layout.title}")
    for layouts in consent_layouts().values()
    for layout in layouts
    if layout.name.startswith("us")
]
# Not in the reference's strings: its decoders cut the longer lists of the newer national layout to
# the length of the older one.
CUT = {"SensitiveDataProcessing": 12, "KnownChildSensitiveDataConsents": 2}


def same(section: Section, name: str, expected: Any) -> None:
    """Check one field against what the reference prints, which has a default for each segment."""
    where = (section.name, name)
    if name not in section.fields:  # of a segment that this string does not have
        assert name.endswith("SegmentType") or not expected or not any(expected), where
        return
    value = section.fields[name]
    if name in {"Created", "LastUpdated"}:
        assert isinstance(value, int)
        assert instant(value) == expected, where
    elif isinstance(value, frozenset):
        booleans = bool(expected) and isinstance(expected[0], bool)
        ids = [at for at, on in enumerate(expected, 1) if on] if booleans else expected
        assert sorted(value) == ids, where
    elif isinstance(value, tuple) and value and isinstance(value[0], Restriction):
        told = [
            {"key": r.purpose, "type": r.type, "ids": sorted(r.vendors)}
            for r in section.restrictions(name)
        ]
        assert told == expected, where
    elif isinstance(value, tuple):
        cut = CUT[name] if section.name == "usnat" and name in CUT else len(value)
        assert list(value[:cut]) == expected, where
    else:
        assert value == expected, where


def test_gpp_strings_say_in_every_field_what_the_reference_reads(shared_data: Path) -> None:
    entries = json.loads((shared_data / "consent-strings" / "gpp.json").read_text())
    checked = 0
    for entry in entries:
        found = read_gpp(entry["gpp"])
        assert list(found.ids) == entry["sectionIds"]
        assert not found.damaged
        by_name = {section.name: section for section in found.sections.values()}
        assert {*by_name, *(["uspv1"] if found.us_privacy else [])} == set(entry["decoded"])
        for name, fields in entry["decoded"].items():
            if name == "uspv1":
                assert found.us_privacy is not None
                assert str(found.us_privacy) == "".join(map(str, fields.values()))
                continue
            for field, expected in fields.items():
                same(by_name[name], field, expected)
                checked += 1
    assert (len(entries), checked) == (9, 480)


def test_sections_say_in_every_field_what_the_reference_reads(shared_data: Path) -> None:
    entries = json.loads((shared_data / "consent-strings" / "gpp-sections.json").read_text())
    for entry in entries:
        if entry["sectionId"] == 6:
            assert str(read_us_privacy(entry["encoded"])) == "".join(
                map(str, entry["decoded"].values())
            )
            continue
        found = read_section(entry["sectionId"], entry["encoded"])
        for field, expected in entry["decoded"].items():
            same(found, field, expected)
    assert len({entry["sectionId"] for entry in entries}) == 18


def example(layout: ConsentLayout) -> dict[str, Value]:
    """Return values for all fields of `layout`, no two neighbours alike."""
    made: dict[str, Value] = {}
    for at, field in enumerate(layout.fields):
        if field.kind == "pairs":
            made[field.name] = tuple((at + step) % 3 for step in range(field.size))
        elif field.kind == "int" and field.size == 2:
            made[field.name] = at % 3
    return made


@pytest.mark.parametrize("layout", US_LAYOUTS)
def test_each_us_layout_reads_back_what_was_written(layout: ConsentLayout) -> None:
    written = example(layout) | (
        {"Version": layout.versions[0]} if layout.versions else {"MspaVersion": 1}
    )
    if layout.set_from:
        written["MspaServiceProviderMode"] = 2
    if layout.has_header:
        written |= {"MspaVersion": 5}
    text = write_fields(layout.fields, written)
    ((kind, fields),) = layout.segments.items()
    more: dict[str, Value] = (
        {"GpcSegmentType": 1, "Gpc": True}
        if layout.type_bits
        else {"SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2, 1)}
    )
    text += "." + write_fields(fields, more)
    if layout.has_header:
        header = Writer().put(layout.section, 6).put(1, 6).sections([kind]).text()
        text = f"{header}.{text}"
    found = read_section(layout.section, text)
    assert dict(found.fields) == written | more
    assert (found.name, found.segments) == (layout.name, 2)


@pytest.mark.parametrize(
    ("section", "text", "expected"),
    [
        # From the tests of the IAB's own encoder, which wrote no header in 2025.
        (24, "BVVU.YA", {"MspaVersion": 1, "SaleOptOut": 1, "Gpc": True}),
        (
            25,
            "BVVV.kkk",
            {
                "KnownChildSensitiveDataConsents": 1,
                "SensitiveDataProcessing": (2, 1, 0, 2, 1, 0, 2, 1),
            },
        ),
        (24, "BQAA", {"MspaCoveredTransaction": 1, "SaleOptOut": 0}),
    ],
)
def test_states_of_2025_are_read_in_their_first_form(
    section: int, text: str, expected: dict[str, Value]
) -> None:
    found = read_section(section, text)
    assert {name: found.fields[name] for name in expected} == expected


def test_the_header_names_sections_as_numbers_and_ranges() -> None:
    # The examples of the specification.
    assert read_gpp("DBABM~" + tc_string({1})).ids == (2,)
    assert read_gpp("DBACNY~" + tc_string({1}) + "~1YNN").ids == (2, 6)
    assert Bits(Writer().sections([3, 5, 8]).text()).fibonacci_ranges() == (3, 5, 8)
    bits = Writer().put(2, 12).put(0, 1).fibonacci(3).put(1, 1).fibonacci(2).fibonacci(3)
    assert Bits(bits.text()).fibonacci_ranges() == (3, 5, 6, 7, 8)


def test_sections_are_told_in_short() -> None:
    text = gpp_string(
        {2: tc_string({3}), 6: "1YNN", 8: us_section(8, SaleOptOut=1, SharingOptOut=2), 40: "x"}
    )
    assert told_gpp(read_gpp(text)) == (
        "GPP TCF 2, policy 4: consent 3; 0 vendors; CMP 7; "
        "usca: sale opted out, sharing not opted out, children 0,0; uspv1 1YNN; section 40 not read"
    )


def test_a_damaged_section_is_told_and_the_others_are_read() -> None:
    found = read_gpp(gpp_string({7: us_section(7, SaleOptOut=1), 8: "B!", 9: "BV"}))
    assert set(found.sections) == {7}
    assert dict(found.damaged) == {8: "not base64url", 9: "ends too soon"}
    assert told_gpp(found).endswith("section 8 damaged; section 9 damaged")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("DBABLA", "wrong number of sections"),
        ("DBABLA~BVQqAAAAAgA.QA~1YNN", "wrong number of sections"),
        ("CPXxRfA", "unknown version"),
        ("DCABLA~BVQqAAAAAgA", "unknown version"),
        ("DBA", "ends too soon"),
        ("DB~", "ends too soon"),
        ("DBABLA!~B", "not base64url"),
        ("DB" + "A" * 70_000, "too long"),
    ],
)
def test_a_string_whose_header_is_damaged_is_none(text: str, why: str) -> None:
    with pytest.raises(NotConsentError, match=why):
        read_gpp(text)
