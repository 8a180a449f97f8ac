from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract.bits import LONGEST, Bits, NotConsentError
from analyzer.extract.consent import decode_gcd, decode_tcf, decode_us_privacy
from analyzer.extract.gpp import SECTIONS, UsSection, decode_gpp, decode_us_section

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FIELDS = {
    "version": "version",
    "cmpId": "cmp_id",
    "cmpVersion": "cmp_version",
    "consentScreen": "consent_screen",
    "consentLanguage": "consent_language",
    "vendorListVersion": "vendor_list_version",
    "specialFeatureOptins": "special_features",
    "purposeConsents": "purposes",
    "purposeLegitimateInterests": "purposes_legitimate",
    "vendorConsents": "vendors",
    "vendorLegitimateInterests": "vendors_legitimate",
}
FIELDS_2 = {
    "policyVersion": "policy_version",
    "isServiceSpecific": "service_specific",
    "purposeOneTreatment": "purpose_one_treatment",
    "publisherCountryCode": "publisher_country",
    "publisherConsents": "publisher_purposes",
    "publisherLegitimateInterests": "publisher_legitimate",
    "numPubRestrictions": "restrictions",
    "segments": "segments",
}


class Writer:
    """Writes what `Bits` reads."""

    def __init__(self) -> None:
        self.bits = ""

    def put(self, number: int, width: int) -> Writer:
        self.bits += f"{number:0{width}b}"
        return self

    def text(self) -> str:
        padded = self.bits + "0" * (-len(self.bits) % 6)
        return "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def tc_string(purposes: set[int], *, legitimate: set[int] | None = None) -> str:
    out = Writer().put(2, 6).put(17_000_000_000, 36).put(17_000_000_000, 36)
    out.put(7, 12).put(1, 12).put(0, 6).put(4, 6).put(13, 6).put(48, 12).put(4, 6).put(0, 2)
    out.put(0, 12)
    for chosen in (purposes, legitimate or set()):
        for purpose in range(1, 25):
            out.put(purpose in chosen, 1)
    out.put(0, 1).put(10, 6).put(4, 6)
    for _ in range(2):
        out.put(0, 16).put(0, 1)
    return out.put(0, 12).text()


def instant(tenths: int) -> str:
    day = datetime.fromtimestamp(tenths / 10, UTC)
    return day.strftime("%Y-%m-%dT%H:%M:%S.") + f"{tenths % 10}00Z"


def test_tc_strings_say_what_the_reference_libraries_read(shared_data: Path) -> None:
    checked = 0
    for name in ("tcf.json", "tcf-reference-encoded.json"):
        for entry in json.loads((shared_data / "consent-strings" / name).read_text()):
            found = decode_tcf(entry["tcString"])
            assert found is not None, entry["tcString"]
            expected = entry.get("decoded")
            if expected is None:  # the reference refuses "consent is the default"; it is valid
                continue
            assert instant(found.created) == expected["created"]
            assert instant(found.last_updated) == expected["lastUpdated"]
            # For version 1 the reference prints constants that such a string does not hold.
            fields = FIELDS | (FIELDS_2 if found.version == 2 else {})
            for theirs, ours in fields.items():
                if theirs in expected:
                    value = getattr(found, ours)
                    plain = sorted(value) if isinstance(value, frozenset) else value
                    assert plain == expected[theirs], (theirs, entry["tcString"])
            checked += 1
    assert checked == 76


def same_section(found: UsSection | None, expected: dict[str, Any]) -> None:
    assert found is not None
    for field, value in expected.items():
        if field == "Version":
            assert found.version == value
        elif field == "Gpc":
            assert bool(found.gpc) is value
        elif field != "GpcSegmentType":
            ours = found.fields[field]
            # The reference cuts the longer lists of the newer layout to the length of the older.
            assert ours[: len(value) if isinstance(value, list) else 1] == (
                tuple(value) if isinstance(value, list) else (value,)
            ), (found.name, field)


def test_gpp_strings_say_what_the_reference_libraries_read(shared_data: Path) -> None:
    entries = json.loads((shared_data / "consent-strings" / "gpp.json").read_text())
    for entry in entries:
        found = decode_gpp(entry["gpp"])
        assert found is not None
        assert list(found.ids) == entry["sectionIds"]
        read = entry["decoded"]
        assert {section.name for section in found.us} == {
            name for name in read if name.startswith("us") and name != "uspv1"
        }
        for section in found.us:
            same_section(section, read[section.name])
        if "uspv1" in read:
            usp = found.us_privacy
            assert usp is not None
            assert (usp.notice, usp.opt_out_sale, usp.lspa_covered) == (
                read["uspv1"]["Notice"],
                read["uspv1"]["OptOutSale"],
                read["uspv1"]["LspaCovered"],
            )
        if "tcfeuv2" in read:
            assert found.tcf is not None
            chosen = [at for at, on in enumerate(read["tcfeuv2"]["PurposeConsents"], 1) if on]
            assert sorted(found.tcf.purposes) == chosen
        if "tcfcav1" in read:
            assert found.canada is not None
            for ours, theirs in (
                (found.canada.express, "PurposesExpressConsent"),
                (found.canada.implied, "PurposesImpliedConsent"),
            ):
                assert sorted(ours) == [
                    at for at, on in enumerate(read["tcfcav1"][theirs], 1) if on
                ]
    assert len(entries) == 9


def test_us_sections_say_what_the_reference_libraries_read(shared_data: Path) -> None:
    checked = 0
    for entry in json.loads((shared_data / "consent-strings" / "gpp-sections.json").read_text()):
        if entry["sectionId"] in SECTIONS:
            same_section(decode_us_section(entry["sectionId"], entry["encoded"]), entry["decoded"])
            checked += 1
    assert checked >= 16


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_each_us_section_reads_back_what_was_written(section: int) -> None:
    name, layouts = SECTIONS[section]
    for version, layout in layouts.items():
        out = Writer().put(version or 1, 6)
        expected: dict[str, tuple[int, ...]] = {}
        at = 0
        for field, count in layout:
            expected[field] = tuple((at + step) % 3 for step in range(count))
            for value in expected[field]:
                out.put(value, 2)
            at += count
        found = decode_us_section(section, out.text() + ".YA")
        assert found is not None
        assert (found.name, found.fields, found.gpc) == (name, expected, True)


def test_profiling_is_purpose_three_or_four_on_either_ground() -> None:
    for purposes, legitimate, expected in (
        ({1, 2}, set(), False),
        ({3}, set(), True),
        ({1}, {4}, True),
        (set(), {7, 8}, False),
    ):
        found = decode_tcf(tc_string(purposes, legitimate=legitimate))
        assert found is not None
        assert found.profiling is expected
        assert found.consent_language == "EN"


def test_a_damaged_further_segment_does_not_spoil_the_core() -> None:
    text = tc_string({1, 3})
    for tail in (".", ".!!!", ".YAAAAAAAAAA", ".IAAA.QAAA"):
        found = decode_tcf(text + tail)
        assert found is not None
        assert found.purposes == {1, 3}


@pytest.mark.parametrize(
    "text",
    [
        # Made in the manner of Google's click and impression parameters, which begin alike.
        "CAESEJx0k2Qv8Yd1mQkXJ0d4Zx0",
        "C8dQ2xkYVaVr5Z4uQ9vKvw8PZ3xgf2rOxlYxQ6Uj7h9kQ0KmZ1xWv0pNnB2rTgk5sLq",
        "CmQ1aW9Rk3BzYVJx0KmZ1Wv0pNnB2rTgk5sLqPZ3xgf2rOxlYxQ6Uj7h9kQ",
        "BmQ1aW9Rk3BzYVJx0KmZ1Wv0pNnB2rTgk5sLqPZ3xgf2rOxlYxQ6Uj7h9kQ",
        "",
        "C",
        "CP",
        "CPSG_8",
        "DBABLA~BVQqAAAAAgA.QA",
        "1YNN",
        "COrEAV4OrXx94ACABBENAHCIAD AAAAAAA",
    ],
)
def test_what_only_looks_like_a_tc_string_is_none(text: str) -> None:
    assert decode_tcf(text) is None


@settings(deadline=None)
@given(st.text(alphabet=ALPHABET + ".~", max_size=300), st.sampled_from(["", "B", "C", "DB", "1"]))
def test_no_text_makes_a_decoder_fail(text: str, head: str) -> None:
    decode_tcf(head + text)
    decode_gpp(head + text)
    decode_us_privacy(head + text)
    decode_gcd(head + text)
    for section in SECTIONS:
        decode_us_section(section, head + text)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_no_text_of_any_kind_makes_a_decoder_fail(text: str) -> None:
    for head in ("", "C", "DBABLA~"):
        decode_tcf(head + text)
        decode_gpp(head + text)
    decode_us_privacy(text)
    decode_gcd(text)


def test_a_string_that_claims_ten_thousand_vendors_is_bounded() -> None:
    out = Writer()
    out.bits = "".join(f"{ALPHABET.index(char):06b}" for char in tc_string({3}))[:213]
    out.put(0xFFFF, 16).put(1, 1).put(0xFFF, 12)
    for _ in range(200):
        out.put(1, 1).put(1, 16).put(0xFFFF, 16)
    assert decode_tcf(out.text()) is not None
    assert decode_tcf("C" * (LONGEST + 1)) is None
    assert decode_gpp("DB" + "A" * (5 * LONGEST)) is None


def test_a_gpp_string_whose_sections_do_not_fit_its_header_is_none() -> None:
    assert decode_gpp("DBABLA~BVQqAAAAAgA.QA") is not None
    assert decode_gpp("DBABLA") is None
    assert decode_gpp("DBABLA~BVQqAAAAAgA.QA~1YNN") is None
    damaged = decode_gpp("DBABLA~!!")
    assert damaged is not None
    assert (damaged.ids, damaged.us) == ((7,), ())


def test_bits_past_the_end_are_zeros_and_what_is_no_bits_is_refused() -> None:
    bits = Bits("_A")
    assert (bits.number(6), bits.number(12), bits.left) == (63, 0, 0)
    with pytest.raises(NotConsentError):
        Bits("a b")
    with pytest.raises(NotConsentError):
        Bits("A", 12)
    with pytest.raises(NotConsentError):
        Bits("AA").fibonacci()


def test_us_privacy_is_four_characters() -> None:
    found = decode_us_privacy("1yYn")
    assert found is not None
    assert str(found) == "1YYN"
    for text in ("1YN", "2YNN", "1YNNN", "1XNN", "", "1YNN "[:3]):
        assert decode_us_privacy(text) is None


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("11p1p1p1p5", "pppp"),
        ("11t1t1t1t5", "tttt"),
        ("13l3l3l3l1", "llll"),
        ("11q1p1u1m5", "qpum"),
        ("", None),
        ("G111", None),
        ("11p1p1p5", None),
    ],
)
def test_consent_mode_has_four_letters(text: str, letters: str | None) -> None:
    found = decode_gcd(text)
    assert (None if found is None else str(found)) == letters
