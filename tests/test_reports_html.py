"""The page: what it says, how it is built, and that captured text stays text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
import reporting
import synthetic
from reporting import BIDI, HOSTILE, Page

from analyzer.comparison import Comparison, RegionProof
from analyzer.extract.shapes import visible
from analyzer.knowledge import load_knowledge
from analyzer.models import Arm, Count
from reports.html import render_html

COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "a difference": reporting.sent_only_in_kenya,
    "adult controls": reporting.with_adults,
    "one session each": reporting.one_session_each,
    "nothing found": reporting.nothing_found,
    "many recipients": lambda: reporting.many_recipients(12),
}


def page(comparison: Comparison) -> Page:
    return Page(render_html(comparison, synthetic.knowledge()))


@pytest.fixture(scope="module")
def kenya() -> Page:
    return page(reporting.sent_only_in_kenya())


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_is_one_well_formed_document_in_english(name: str) -> None:
    html = render_html(COMPARISONS[name](), synthetic.knowledge())
    assert html.startswith("<!doctype html>\n<html lang=")
    found = Page(html)
    assert found.named("html") == [{"lang": "en"}]
    [policy] = [
        each["content"]
        for each in found.named("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", COMPARISONS)
def test_headings_are_in_order(name: str) -> None:
    levels = [
        int(tag[1]) for tag, _ in page(COMPARISONS[name]()).tags if re.fullmatch("h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_id_is_there_once_and_every_link_leads_to_one(name: str) -> None:
    found = page(COMPARISONS[name]())
    ids = found.attributes("id")
    assert len(ids) == len(set(ids))
    links = [each["href"] for each in found.named("a")]
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("name", COMPARISONS)
def test_tables_have_captions_and_headers_that_say_what_they_head(name: str) -> None:
    found = page(COMPARISONS[name]())
    tables = found.named("table")
    assert len(found.named("caption")) == len(tables) > 0
    scopes = [each.get("scope") for each in found.named("th")]
    assert set(scopes) <= {"col", "row", "rowgroup"}
    assert "row" in scopes


def test_nothing_is_loaded_and_nothing_runs(kenya: Page) -> None:
    names = {tag for tag, _ in kenya.tags}
    assert names.isdisjoint({"script", "img", "iframe", "object", "embed", "form", "base"})
    assert kenya.attributes("src") == []
    assert [each["href"] for each in kenya.named("link")] == ["data:,"]
    assert not [name for _, each in kenya.tags for name in each if name.startswith("on")]


def test_the_key_finding_is_told_in_a_sentence(kenya: Page) -> None:
    assert (
        "Sent only in Kenya: in 6 of 6 sessions, against 0 of 6 in Germany (phase use)"
        " Waymark (third party, attribution): id.advertising "
    ) in kenya.words()


def test_a_signal_is_told_by_what_it_does(kenya: Page) -> None:
    text = kenya.words()
    assert "Set to a value that protects the child, only in Germany: in 6 of 6 sessions" in text
    assert "Set to a value that does not protect the child, only in Kenya: in 6 of 6" in text
    assert text.count("Waymark (third party, attribution): adjust.ff_coppa") == 2


def test_a_value_is_told_where_it_is_one_and_not_where_only_its_shape_is_known() -> None:
    comparison = reporting.sent_only_in_kenya()
    known = load_knowledge()
    text = Page(render_html(comparison, known)).words()
    assert "adjust.ff_coppa set to 1, a value that does not protect the child" in text
    assert "adjust.ff_coppa set to 1, a value that protects the child" in text
    shapes = tuple(
        replace(each, shape="text:<=64") if each.kind == "signal" else each
        for each in comparison.evidence
    )
    text = Page(render_html(replace(comparison, evidence=shapes), known)).words()
    assert "adjust.ff_coppa set to a value that does not protect the child" in text


def test_what_findings_have_in_common_is_said_once() -> None:
    found = page(reporting.many_recipients(12))
    text = found.words()
    assert text.count("Sent only in Kenya: in 6 of 6 sessions, against 0 of 6 in Germany") == 1
    listed = text[text.index("Sent only") : text.index("A kind of transmission is")]
    assert listed.count("(third party, attribution): id.advertising") == 12
    assert "sessions" not in listed[listed.index("(phase use)") :]


def test_where_findings_differ_each_says_its_own_numbers_and_phases() -> None:
    comparison = reporting.sent_only_in_kenya()
    [row] = [row for row in comparison.deltas if row.subject == "id.advertising"]
    other = replace(row, id="d1", subject="id.device", phase="launch", b=Count(5, 6), examples=())
    text = page(replace(comparison, deltas=(*comparison.deltas, other))).words()
    assert (
        "Sent only in Kenya Waymark (third party, attribution): id.advertising: in 6 of 6" in text
    )
    assert "id.device: in 5 of 6 sessions, against 0 of 6 in Germany (phase launch)" in text


def test_what_could_not_be_decided_says_why_and_what_would_do(kenya: Page) -> None:
    [row] = [
        each for each in reporting.sent_only_in_kenya().deltas if each.verdict == "insufficient"
    ]
    assert (
        f"insufficient: {row.reason}; {row.enough} sessions a side could decide it" in kenya.words()
    )


def test_blind_spots_and_problems_are_told(kenya: Page) -> None:
    text = kenya.words()
    assert "Kenya: Lockstep: 2 connections could not be read (1 of 6 sessions" in text
    assert "1 \u00d7 opaque body (Kenya, 1 session)" in text


def test_the_question_is_asked_only_where_these_sides_can_answer_it() -> None:
    comparison = reporting.sent_only_in_kenya()
    question = "Does Pebblo treat children the same wherever they live?"
    assert question in page(comparison).words()
    grown = replace(comparison.b, arms=(Arm("KE-30", "KE", 30, "accepted"),))
    assert question not in page(replace(comparison, b=grown)).words()
    neighbours = replace(comparison.b, countries=("DE",))
    assert question not in page(replace(comparison, b=neighbours)).words()


def test_a_bloc_is_no_more_than_the_countries_that_were_measured() -> None:
    text = page(reporting.with_adults()).words()
    assert "Global_Majority (set up as Kenya; location not verified)" in text
    assert "Set up as Kenya; location not verified. 1 of its 2 countries." in text


@pytest.mark.parametrize("name", COMPARISONS)
def test_no_place_is_called_measured_where_nothing_was(name: str) -> None:
    found = page(COMPARISONS[name]())
    text = found.words()
    n = COMPARISONS[name]().a.sessions
    count = f"{n} session{'s' if n != 1 else ''}"
    assert re.search(r"measured in (Germany|Kenya|Eea|Global)", text, re.IGNORECASE) is None
    assert text.index("Location not verified.") < text.index("Key findings")
    assert f"was shown in 0 of {count} of {COMPARISONS[name]().a.title} (set up as Germany)" in text


def test_a_proven_location_is_told_as_such_and_needs_no_warning() -> None:
    comparison = reporting.sent_only_in_kenya()
    both = replace(comparison, regions=tuple(_shown(each) for each in comparison.regions))
    text = page(both).words()
    assert "Location not verified" not in text
    assert "Kenya (as Kenya, where the traffic was shown to leave from)" in text
    one = replace(
        comparison,
        regions=tuple(_shown(e) if e.side == "a" else e for e in comparison.regions),
    )
    text = page(one).words()
    assert "Kenya (set up as Kenya; location not verified)" in text
    assert "was shown in 0 of 6 sessions of Kenya (set up as Kenya)." in text


def test_a_location_that_is_proven_of_some_or_contradicted_says_of_how_many() -> None:
    comparison = reporting.sent_only_in_kenya()
    *others, last, odd = comparison.regions
    mixed = (*map(_shown, others), replace(last, verdict="contradicted"), odd)
    text = page(replace(comparison, regions=mixed)).words()
    assert "set up as Kenya; location verified in 4 of 6 sessions, contradicted in 1)" in text
    assert "was shown in 4 of 6 sessions of Kenya (set up as Kenya; contradicted in 1)." in text


def _shown(proof: RegionProof) -> RegionProof:
    return replace(proof, verdict="proven")


@pytest.mark.parametrize(
    ("children", "told", "not_told"),
    [
        (True, "Each of these differences goes beyond that between the adult", "Not shown to go"),
        (False, "Not shown to go beyond the difference between the adult", "Each of these"),
    ],
)
def test_what_adults_show_too_is_not_told_as_a_matter_of_children(
    children: bool, told: str, not_told: str
) -> None:
    text = page(reporting.with_adults(children)).words()
    assert told in text
    assert not_told not in text
    assert f"in {int(children)} of these it goes beyond the difference between the adult" in text


def test_with_one_session_each_the_page_says_first_that_there_is_no_verdict() -> None:
    comparison = reporting.one_session_each()
    found = page(comparison)
    text = found.words()
    assert text.index("No verdict. None of the 4 rows of this page could be decided") < text.index(
        "Key findings"
    )
    assert "A difference was found" not in text
    assert {"class": "findings"} not in found.named("ul")
    rows = [each for each in found.named("tr") if each.get("class", "").startswith("v-only")]
    assert rows == []


def test_with_one_session_each_every_row_has_its_count_and_how_many_would_do() -> None:
    comparison = reporting.one_session_each()
    text = page(comparison).words()
    assert len(comparison.deltas) == 4
    for row in comparison.deltas:
        assert row.enough is not None
        line = text[text.index(f"{row.subject} {row.subject}") :]
        assert f"{row.a.k}/1 {row.b.k}/1" in line
        assert f"{row.enough} sessions a side could decide it" in line


def test_finding_nothing_is_not_told_as_finding_that_nothing_was_sent() -> None:
    text = page(reporting.nothing_found()).words()
    assert "Nothing was recognised." in text
    assert "That is not evidence that none was sent" in text


def test_the_matrix_takes_what_fits_and_says_what_it_leaves_out() -> None:
    found = page(reporting.many_recipients(12))
    headings = [each for each in found.named("th") if each.get("scope") == "col"]
    assert len(headings) >= 11
    assert "2 more recipients with no more differences" in found.words()


def test_a_warning_is_told_once(kenya: Page) -> None:
    comparison = replace(
        reporting.sent_only_in_kenya(), warnings=("Left out: KE-13-r07, because of its egress.",)
    )
    assert page(comparison).words().count("KE-13-r07") == 1
    assert "KE-13-r07" not in kenya.words()


def test_hostile_text_is_shown_as_text() -> None:
    clean = page(reporting.sent_only_in_kenya())
    found = page(reporting.poisoned(reporting.sent_only_in_kenya()))
    assert [tag for tag, _ in found.tags if tag in {"script", "img"}] == []
    assert len(found.named("table")) == len(clean.named("table"))
    assert {name for _, each in found.tags for name in each} == {
        name for _, each in clean.tags for name in each
    }
    shown = visible(HOSTILE)
    for name in (
        "Waymark", "app.waymark.example", "KE-13-r01", "Pebblo", "use", "gps_adid", "form", "uuid",
        "its documentation", "waymark/session#advertising_id", "2 connections could not be read",
        "mitmproxy", "Kenya", "KE-13", "made up",
    ):  # fmt: skip
        assert name + shown in found.text, name


def test_no_character_that_hides_or_reorders_text_is_in_the_page() -> None:
    html = render_html(reporting.poisoned(reporting.sent_only_in_kenya()), synthetic.knowledge())
    assert not set(html) & {*BIDI[:1], *BIDI[4:], "\x00", "\x1b", "\x9b", "\x7f", "\r", "\t"}
    html.encode("utf-8")  # and no lone surrogate


def test_very_long_text_is_no_trouble() -> None:
    found = page(reporting.poisoned(reporting.sent_only_in_kenya(), "x" * 5_000))
    assert "Waymark" + "x" * 5_000 in found.text


def test_the_same_comparison_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib, reporting, synthetic\n"
        "from reports.html import render_html\n"
        "text = render_html(reporting.with_adults(), synthetic.knowledge())\n"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1


def test_every_colour_of_text_stands_out_from_every_ground() -> None:
    css = files("reports").joinpath("templates/report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", css))
    for text in ("ink", "soft", "a", "b"):
        for ground in ("paper", "wash", "a-wash", "b-wash", "q-wash"):
            ratio = contrast(colours[text], colours[ground])
            assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"  # WCAG 2.2, AA


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
