"""A damaged consent string is told as such, is never half read, and raises nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from consent_writer import ALPHABET, WHEN, Writer, gpp_string, tc_string, us_section
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract import Extractor
from analyzer.extract.bits import LONGEST, Bits, NotConsentError
from analyzer.extract.consent import read_tcf, read_us_privacy
from analyzer.extract.google_consent import read_additional_consent, read_gcd
from analyzer.extract.gpp import read_gpp
from analyzer.extract.readings import blank
from analyzer.extract.sections import read_section
from analyzer.knowledge import load_knowledge
from analyzer.knowledge.consent_layouts import consent_layouts
from analyzer.models import Exchange, Problem

READERS: tuple[Callable[[str], object], ...] = (
    read_tcf,
    read_gpp,
    read_us_privacy,
    read_gcd,
    read_additional_consent,
)


def sent(query: str) -> tuple[Problem, ...]:
    """Return the problems of a request with `query`, and see that its value is in none."""
    exchange = Exchange(
        "1", "s", 0.0, "use", "GET", f"https://px.example/p?{query}", (), b"", 200, (), b"", None,
        "h2", True, 0,
    )  # fmt: skip
    found = Extractor(load_knowledge(), (), b"k" * 32, 13).extract(exchange)
    value = query.partition("=")[2]
    assert not any(value in problem.detail for problem in found.problems if value)
    return found.problems


def told(query: str) -> list[str]:
    return [problem.detail for problem in sent(query) if problem.code == "bad_consent_string"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (tc_string({3})[:-3], "ends too soon"),
        (tc_string({3})[:20], "ends too soon"),
        ("D" + tc_string({3})[1:], "unknown version"),
        ("A" + tc_string({3})[1:], "unknown version"),
        (tc_string({3})[:9] + "!" + tc_string({3})[10:], "not base64url"),
        (tc_string({3}) + "xyz", "more than its fields"),
        (tc_string({3}) + ".", "ends too soon"),
        (tc_string({3}) + ".!!!", "not base64url"),
        (tc_string({3}) + ".4AAA", "unknown segment"),
        (tc_string({3}) + ".IAAA.IAAA", "a segment twice"),
        (tc_string({3}) + ".IAAA" * 12, "too many segments"),
        (tc_string({3}, Created=WHEN + 10**9), "impossible time"),
        (tc_string({3}, LastUpdated=1), "impossible time"),
        (tc_string({3}, ConsentLanguage="az"), "impossible letters"),
        ("C" + "A" * LONGEST, "too long"),
    ],
)
def test_damage_is_told_by_its_kind(text: str, why: str) -> None:
    with pytest.raises(NotConsentError, match=f"^{why}$"):
        read_tcf(text)


def test_a_damaged_string_is_a_counted_problem() -> None:
    for query, detail in (
        (f"gdpr_consent={tc_string({3})[:-3]}", "tcf: ends too soon"),
        ("gpp=DBABLA~B", "gpp: section 7: ends too soon"),
        ("gpp=DBABLA", "gpp: wrong number of sections"),
        ("us_privacy=1YNX", "us_privacy: not four characters of its alphabet"),
        ("addtl_consent=2~1.2", "additional_consent: not lists of numbers"),
    ):
        assert told(query) == [detail], query
    assert sent("gpp=DBABLA~B")[0] == Problem(
        "1", "extract", "bad_consent_string", "gpp: section 7: ends too soon"
    )


def test_a_sound_string_and_an_unfilled_place_are_no_problem() -> None:
    for query in (
        f"gdpr_consent={tc_string({1, 3})}",
        f"gpp={gpp_string({7: us_section(7)})}",
        "us_privacy=1YNN",
        "addtl_consent=2~1~dv.2",
        "gdpr_consent=",
        "gdpr_consent=$%7BGDPR_CONSENT_755%7D",
        "gdpr_consent=undefined",
        "gpp=%25%25GPP%25%25",
        "us_privacy=[US_PRIVACY]",
        "gpp_sid=7,8",
    ):
        assert told(query) == [], query


@pytest.mark.parametrize(
    "text",
    [
        # Made in the manner of Google's click and impression parameters, which begin alike.
        "CAESEJx0k2Qv8Yd1mQkXJ0d4Zx0",
        "C8dQ2xkYVaVr5Z4uQ9vKvw8PZ3xgf2rOxlYxQ6Uj7h9kQ0KmZ1xWv0pNnB2rTgk5sLq",
        "CmQ1aW9Rk3BzYVJx0KmZ1Wv0pNnB2rTgk5sLqPZ3xgf2rOxlYxQ6Uj7h9kQ",
        "BmQ1aW9Rk3BzYVJx0KmZ1Wv0pNnB2rTgk5sLqPZ3xgf2rOxlYxQ6Uj7h9kQ",
    ],
)
def test_what_only_looks_like_a_tc_string_is_read_nowhere(text: str) -> None:
    with pytest.raises(NotConsentError):
        read_tcf(text)
    for key in ("ai", "avi", "bgai", "xai", "sai", "id"):
        for value in (text, tc_string({1, 3, 4})):
            exchange = Exchange(
                "1", "s", 0.0, "use", "GET", f"https://googleads.g.doubleclick.net/a?{key}={value}",
                (), b"", 200, (), b"", None, "h2", True, 0,
            )  # fmt: skip
            found = Extractor(load_knowledge(), (), b"k" * 32).extract(exchange)
            assert (found.signals, found.problems) == ((), ())


def test_a_cut_reference_string_is_refused_or_says_the_same(shared_data: Path) -> None:
    entries = json.loads((shared_data / "consent-strings" / "tcf.json").read_text())
    refused = 0
    for entry in entries:
        text = entry["tcString"]
        whole = read_tcf(text)
        for end in range(1, len(text), 7):
            try:
                found = read_tcf(text[:end])
            except NotConsentError:
                refused += 1
                continue
            assert found.fields.items() <= whole.fields.items(), (text, end)
    assert refused > 300


@settings(deadline=None, max_examples=300)
@given(
    st.sets(st.integers(1, 10)),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(ALPHABET + ".~=!é"))),
)
def test_random_damage_raises_nothing_else(
    purposes: set[int], changes: list[tuple[int, str]]
) -> None:
    for whole in (tc_string(purposes), gpp_string({2: tc_string(purposes), 7: us_section(7)})):
        text = list(whole)
        for at, char in changes:
            text[at % len(text)] = char
        harmless("".join(text))


@settings(deadline=None)
@given(st.text(alphabet=ALPHABET + ".~", max_size=300), st.sampled_from(["", "B", "C", "DB", "1"]))
def test_no_text_makes_a_reader_fail(text: str, head: str) -> None:
    harmless(head + text)


@settings(deadline=None)
@given(st.text(max_size=100))
def test_no_text_of_any_kind_makes_a_reader_fail(text: str) -> None:
    for head in ("", "C", "DBABLA~", "2~"):
        harmless(head + text)


def harmless(text: str) -> None:
    blank(text)
    for reader in READERS:
        with suppress(NotConsentError):
            reader(text)
    for section in consent_layouts():
        with suppress(NotConsentError):
            read_section(section, text)


def test_a_string_that_claims_millions_of_vendors_is_refused_at_once() -> None:
    out = Writer()
    out.bits = "".join(f"{ALPHABET.index(char):06b}" for char in tc_string({3}))[:213]
    out.put(0xFFFF, 16).put(1, 1).put(0xFFF, 12)
    for _ in range(2500):
        out.put(1, 1).put(1, 16).put(0xFFFF, 16)
    started = time.perf_counter()
    with pytest.raises(NotConsentError, match="impossible range"):
        read_tcf(out.text())
    assert time.perf_counter() - started < 1


def test_ranges_must_be_possible() -> None:
    for first, last in ((0, 0), (5, 3), (1, 9)):
        out = Writer().put(8, 16).put(1, 1).put(1, 12).put(1, 1).put(first, 16).put(last, 16)
        with pytest.raises(NotConsentError, match="impossible range"):
            Bits(out.text()).vendors()


def test_bits_end_where_the_text_does() -> None:
    bits = Bits("_A")
    assert (bits.number(6), bits.left) == (63, 6)
    with pytest.raises(NotConsentError, match="ends too soon"):
        bits.number(7)
    with pytest.raises(NotConsentError, match="not base64url"):
        Bits("a b")
    with pytest.raises(NotConsentError, match="not base64url"):
        Bits("AA=====")
    for endless in ("AA", "A" * 400):
        with pytest.raises(NotConsentError):
            Bits(endless).fibonacci()
    with pytest.raises(NotConsentError, match="a choice that is not defined"):
        Bits("_").pairs(1)
