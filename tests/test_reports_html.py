"""The page: what it holds, how it is built, and that captured text stays text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import paging
import pytest
import reporting
import synthetic
from reporting import BIDI, HOSTILE, Page

from analyzer.comparison import Comparison, RegionVerdict
from analyzer.extract.shapes import visible
from analyzer.knowledge import load_knowledge
from reports.html import render_html
from reports.templating import fingerprint, source

COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "a difference": reporting.sent_only_in_kenya,
    "adult controls": reporting.with_adults,
    "one session each": reporting.one_session_each,
    "nothing found": reporting.nothing_found,
    "many recipients": lambda: reporting.many_recipients(12),
    "everything": paging.everything,
}
SECTIONS = (
    "collected", "receivers", "signals", "consent", "age", "countries", "linkage", "blind",
    "measured", "robust", "method", "law", "evidence",
)  # fmt: skip


@cache
def html_of(name: str) -> str:
    if name != "everything":
        return render_html(COMPARISONS[name](), synthetic.knowledge())
    return render_html(
        paging.everything(), synthetic.knowledge(), paging.linked(), countries=paging.lands()
    )


@cache
def page_of(name: str) -> Page:
    return Page(html_of(name))


def page(comparison: Comparison) -> Page:
    return Page(render_html(comparison, synthetic.knowledge()))


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_is_one_well_formed_document_in_english(name: str) -> None:
    assert html_of(name).startswith("<!doctype html>\n<html lang=")
    found = page_of(name)
    assert found.named("html") == [{"lang": "en", "dir": "ltr"}]


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_sections_stand_in_their_order_and_the_contents_name_each(name: str) -> None:
    found = page_of(name)
    sections = [each for each in SECTIONS if each != "countries" or name == "everything"]
    assert [each["id"] for each in found.named("h2") if "id" in each] == sections
    assert [each["aria-labelledby"] for each in found.named("section")] == sections
    contents = html_of(name).partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'href="#(\w+)"', contents) == sections


@pytest.mark.parametrize("name", COMPARISONS)
def test_headings_are_in_order(name: str) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(name).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", COMPARISONS)
def test_every_id_is_there_once_and_every_link_leads_to_one(name: str) -> None:
    found = page_of(name)
    ids = found.attributes("id")
    assert len(ids) == len(set(ids))
    links = [each["href"] for each in found.named("a")]
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)
    labels = " ".join(found.attributes("aria-labelledby")).split()
    assert set(labels) <= set(ids)
    patterns = set(re.findall(r"url\(#([\w-]+)\)", html_of(name)))
    assert patterns <= set(ids)


@pytest.mark.parametrize("name", COMPARISONS)
def test_tables_have_captions_and_headers_that_say_what_they_head(name: str) -> None:
    found = page_of(name)
    tables = found.named("table")
    assert len(found.named("caption")) == len(tables) > 0
    scopes = [each.get("scope") for each in found.named("th")]
    assert set(scopes) <= {"col", "row", "rowgroup"}
    assert "row" in scopes


def test_nothing_is_loaded_and_only_the_page_s_own_script_runs() -> None:
    found = page_of("everything")
    names = [tag for tag, _ in found.tags]
    assert {"img", "iframe", "object", "embed", "base"}.isdisjoint(names)
    assert names.count("script") == 1
    assert found.attributes("src") == []
    assert [each["href"] for each in found.named("link")] == ["data:,"]
    assert not [name for _, each in found.tags for name in each if name.startswith("on")]
    [policy] = [each["content"] for each in found.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'")
    assert f"script-src {fingerprint(source('report.js'))};" in policy
    script = html_of("everything").partition("<script>")[2].partition("</script>")[0]
    assert fingerprint(script) in policy


def test_each_picture_says_what_it_shows_and_has_a_table_behind_it() -> None:
    found = page_of("everything")
    drawn = [each for each in found.named("svg") if each.get("role") == "img"]
    assert len(drawn) == 2 * 7  # flows, phases, delays, ages, countries, coverage, intervals
    assert len(found.named("title")) == 1 + len(drawn)
    assert len(found.named("desc")) == len(drawn)
    text = found.words()
    assert text.count("The same as a table") == 4
    for table in ("Coverage by host, as a table", "Everything that was measured, as a table"):
        assert table in text


def test_a_finding_is_told_in_a_heading_and_leads_to_its_row() -> None:
    text = page_of("a difference").words()
    assert (
        "Sent only for Kenya: in 6 of 6 sessions, and in 0 of 6 for Germany Phases: use."
        " Waymark (third party, attribution) id.advertising"
    ) in text


def test_a_signal_is_told_by_what_it_does() -> None:
    text = page_of("a difference").words()
    assert "Only for Germany: set to a value that protects the child (in 6 of 6" in text
    assert "Only for Kenya: set to a value that does not protect the child (in 6 of 6" in text


def test_a_value_is_told_where_it_is_one_and_not_where_only_its_shape_is_known() -> None:
    comparison = reporting.sent_only_in_kenya()
    known = load_knowledge()
    told = "set to a value that does not protect the child (1)"
    assert told in Page(render_html(comparison, known)).words()
    shapes = tuple(
        replace(each, shape="text:<=64") if each.kind == "signal" else each
        for each in comparison.evidence
    )
    text = Page(render_html(replace(comparison, evidence=shapes), known)).words()
    assert told not in text
    assert "set to a value that does not protect the child (text" not in text


def test_what_findings_have_in_common_is_said_once() -> None:
    text = page_of("many recipients").words()
    assert text.count("Sent only for Kenya: in 6 of 6 sessions, and in 0 of 6 for Germany") == 1
    listed = text[text.index("Sent only") : text.index("Who receives it From")]
    assert listed.count("(third party, attribution) id.advertising") == 12
    assert listed.count("sessions") == 1


def test_what_could_not_be_decided_says_why_and_what_would_do() -> None:
    rows = reporting.sent_only_in_kenya().deltas
    [row] = [each for each in rows if each.verdict == "insufficient"]
    assert (
        f"Not decided: {row.reason}. Sessions on each side that could decide it: {row.enough}."
        in page_of("a difference").words()
    )


def test_blind_spots_and_problems_are_told() -> None:
    text = page_of("a difference").words()
    assert "Kenya: Lockstep, in 1 of 6 sessions: 2 connections could not be read" in text
    assert "of an unknown format Kenya 1 1" in text


def test_checks_that_fail_are_told_at_once_with_the_reason_to_do_without() -> None:
    text = page_of("everything").words()
    head = text[: text.index("Contents")]
    assert "A check failed. “The sessions of both sides are equally long” does not hold" in head
    assert "the study does without it. “Every session left from its country” does not hold" in head
    assert "concerned: 1." in head
    assert "reason: the demo never leaves this machine" in head
    assert "rows not decided because of it: 3" in text


def test_what_else_could_have_been_chosen_is_told_with_what_would_change() -> None:
    text = page_of("everything").words()
    assert "Without Kenya: no country is left" in text
    assert "With B instead: verdicts that would be others: 2" in text
    assert "Without instrumented sessions: every verdict is the same" in text


def test_what_is_sent_before_consent_is_counted_by_side() -> None:
    told = "flows of personal data to third parties that were seen before consent was answered:"
    text = page_of("everything").words()
    assert f"Global_Majority: {told} 2; in every session: 2." in text
    unmarked = page(replace(paging.everything(), consent="")).words()
    assert told not in unmarked
    assert "The study marks no phase in which the app asks for consent" in unmarked


def test_where_servers_are_is_told_where_a_database_knows_and_else_that_none_does() -> None:
    text = page_of("everything").words()
    assert "Germany, United States of America" in text
    text = page_of("a difference").words()
    assert "the study names no database of addresses" in text
    assert "Servers in" not in text


def test_measured_values_stand_with_their_units_and_what_is_not_bounded() -> None:
    text = page_of("everything").words()
    assert "1.5 s (0.4 s to 12.0 s, n = 12)" in text
    assert "\u00d71.01 (… to \u00d71.11)" in text
    assert "it was never sent for Germany" in text


def test_each_row_opens_onto_its_exchanges_without_any_value() -> None:
    text = page_of("everything").words()
    assert "app.waymark.example device.ifa=<uuid>" in text
    assert (
        "KE-13 r01 · 30.0 s after the phone was ready · exchange 1 · finding f0-1"
        " · capture 000000000000…" in text
    )
    assert "body of the request gps_adid · decoded: form · waymark/session" in text


def placed(verdicts: Sequence[RegionVerdict]) -> str:
    """Return the words of a page on two sides of six sessions, with these verdicts in turn."""
    made = reporting.sent_only_in_kenya()
    regions = tuple(
        replace(each, verdict=verdicts[place % len(verdicts)])
        for place, each in enumerate(made.regions)
    )
    return page(replace(made, regions=regions)).words()


def test_no_place_is_called_measured_where_nothing_was() -> None:
    text = placed(["unproven"])
    assert re.search(r"measured in (Germany|Kenya)", text, re.IGNORECASE) is None
    assert text.count("Shown to leave from there in 0 of 6 sessions.") == 2
    assert text.index("Shown to leave from there") < text.index("Contents")
    assert "That its traffic left from there was shown in 0 of 12 sessions." in text


def test_a_proven_location_is_told_as_such() -> None:
    text = placed(["proven"])
    assert text.count("Every session was shown to leave from there.") == 2
    assert "That its traffic left from there was shown in" not in text
    text = placed(["proven", "proven", "contradicted"])
    assert "Shown to leave from there in 4 of 6 sessions. Contradicted in 2." in text


@pytest.mark.parametrize("children", [True, False])
def test_what_adults_show_too_is_not_told_as_a_matter_of_children(children: bool) -> None:
    text = page(reporting.with_adults(children)).words()
    assert ("Each of these differences goes beyond that between the adult" in text) is children
    assert ("Not shown to go beyond the difference between the adult" in text) is not children
    assert (
        f"Of 1 rows of data and signals that differ between the regions, in {int(children)} the gap"
        in text
    )


def test_the_matrix_takes_what_fits_and_says_what_it_leaves_out() -> None:
    assert "Recipients not shown here, none with more differences: 2." in (
        page_of("many recipients").words()
    )


def test_many_warnings_do_not_push_the_findings_away() -> None:
    html = html_of("everything")
    assert html.count("Something is odd in session") == 5
    folded = html.partition('<details class="warning">')[2].partition("</details>")[0]
    assert folded.count("Something is odd in session") == 3


def test_hostile_text_is_shown_as_text() -> None:
    clean = page_of("everything")
    found = Page(
        render_html(
            reporting.poisoned(paging.everything()),
            synthetic.knowledge(),
            paging.linked(),
            countries=reporting.poisoned(paging.lands()),
        )
    )
    assert [tag for tag, _ in found.tags if tag in {"script", "img"}] == ["script"]
    assert len(found.named("table")) == len(clean.named("table"))
    assert {name for _, each in found.tags for name in each} == {
        name for _, each in clean.tags for name in each
    }
    shown = visible(HOSTILE)
    for name in (
        "Waymark", "app.waymark.example", "KE-13-r01", "Pebblo", "use", "gps_adid", "form", "uuid",
        "its documentation", "waymark/session#advertising_id", "mitmproxy", "KE-13", "made up",
        "the demo never leaves this machine",
    ):  # fmt: skip
        assert name + shown in found.text, name


def test_no_character_that_hides_or_reorders_text_is_in_the_page() -> None:
    html = render_html(reporting.poisoned(paging.everything()), synthetic.knowledge())
    assert not set(html) & {*BIDI[:1], *BIDI[4:], "\x00", "\x1b", "\x9b", "\x7f", "\r", "\t"}
    html.encode("utf-8")  # and no lone surrogate


def test_very_long_text_is_no_trouble() -> None:
    found = page(reporting.poisoned(reporting.sent_only_in_kenya(), "x" * 5_000))
    assert "Waymark" + "x" * 5_000 in found.text


def test_a_large_comparison_makes_a_page_of_less_than_five_megabytes() -> None:
    comparison = paging.large()
    assert len(comparison.deltas) == 4500
    lands = replace(paging.lands(), rows=paging.lands().rows * 60)
    html = render_html(comparison, synthetic.knowledge(), countries=lands)
    assert len(html.encode()) < 5_000_000
    assert html.count('<tbody id="d') == 4500
    assert "is told without excerpts" in html


def test_the_same_comparison_gives_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib, paging, synthetic\n"
        "from reports.html import render_html\n"
        "text = render_html(paging.everything(), synthetic.knowledge(), paging.linked())\n"
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


def test_every_colour_of_text_stands_out_from_every_ground_by_day_and_by_night() -> None:
    css = files("reports").joinpath("templates/report.css").read_text(encoding="utf-8")
    day, night = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    for theme in (day, night):
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme))
        for text in ("ink", "soft", "a", "b", "link"):
            for ground in ("paper", "wash", "a-wash", "b-wash", "q-wash"):
                ratio = contrast(colours[text], colours[ground])
                assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"  # WCAG 2.2, AA


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (``#rrggbb``) by WCAG."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
