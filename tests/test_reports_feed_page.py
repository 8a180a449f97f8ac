"""The page of a recommender audit: what it holds, in what order, and what is never in it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import paging
import pytest
import reporting
import synthetic
from feed_audits import audit_of, compared
from reporting import BIDI, HOSTILE, Page

from analyzer.extract.shapes import visible
from analyzer.feed.driven import Drive
from reports.feed.crisis import crisis
from reports.feed.page import render_feed
from reports.feed.sections import sections
from reports.html import render_html
from reports.language import LANGUAGES, Language

SECTIONS = ["exposure", "onset", "compared", "ads", "common", "examples", "coding", "method"]
AUDITS = {
    "ten times": lambda: audit_of(compared()),
    "alike": lambda: audit_of(compared(amplified=1.0)),
    "few accounts": lambda: audit_of(compared(each=3, hours=2.5, uncoded=0.3)),
    "nothing coded": lambda: audit_of(compared(each=2, hours=1.0, uncoded=1.0)),
}


@cache
def html_of(name: str) -> str:
    return render_feed(AUDITS[name]())


def text_of(html: str) -> str:
    body = re.sub(r"<(script|style|svg).*?</\1>", "", html.partition("<body")[2], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", body).split())


@pytest.mark.parametrize("name", AUDITS)
def test_the_sections_stand_in_their_order_and_the_contents_name_each(name: str) -> None:
    found = Page(html_of(name))
    assert [each["id"] for each in found.named("h2") if "id" in each] == SECTIONS
    assert [each["aria-labelledby"] for each in found.named("section")] == SECTIONS
    contents = html_of(name).partition("<nav")[2].partition("</nav>")[0]
    assert re.findall(r'href="#(\w+)"', contents) == SECTIONS
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", AUDITS)
def test_it_has_no_script_and_names_no_address(name: str) -> None:
    assert "<script" not in html_of(name)
    assert "script-src" not in html_of(name)
    assert re.findall(r'(?:href|src)="(?!#|tel:|data:,")[^"]*"', html_of(name)) == []


def test_whom_to_call_stands_before_everything_else() -> None:
    body = html_of("ten times").partition("<body")[2]
    assert body.index('class="crisis"') < body.index("<header") < body.index("<h1")
    assert body.index('href="tel:988"') < body.index("<h1")


@pytest.mark.parametrize(
    ("code", "countries", "found"),
    [
        ("en", ["KE"], {"KE", "GB", "US"}),
        ("es", ["KE", "PH"], {"KE", "PH", "ES", "MX"}),
        ("ar", ["US"], {"US"}),
    ],
)
def test_lines_are_of_the_countries_compared_and_of_those_who_read_the_language(
    code: str, countries: list[str], found: set[str]
) -> None:
    language = Language(code)
    told = crisis(countries, language)
    assert {each.country for each in told.calls} == {language.country(each) for each in found}


def test_where_no_line_is_known_for_anybody_all_are_told() -> None:
    told = crisis(["DK"], Language("ar"))
    assert len({each.country for each in told.calls}) > 8
    assert all(re.fullmatch(r"\+?\d+", each.dialled) for each in told.calls)


def test_an_invented_app_is_called_so_on_the_page_and_in_the_picture() -> None:
    assert html_of("ten times").count("this app does not exist") == 3  # a page, two widths
    real = render_feed(replace(AUDITS["ten times"](), fictional=False))
    assert "this app does not exist" not in real


def test_the_picture_says_by_itself_what_it_shows() -> None:
    picture = sections(AUDITS["ten times"]()).exposure
    assert picture is not None
    for drawn in (picture.wide, picture.narrow):
        words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawn))
        for told in ("Share of the feed: Depressive content", "Kenya", "United States of America",
                     "11 times the share", "accounts with an interest: 8", "0%", "6 h",
                     "95% interval", "study pebblo"):  # fmt: skip
            assert told in words, told
        described = re.findall(r"<desc[^>]*>([^<]*)</desc>", drawn)[0]
        assert "Kenya, accounts with an interest: 35%, 49%" in described


def test_a_share_that_nobody_can_tell_is_not_drawn_and_that_is_said() -> None:
    found = sections(AUDITS["nothing coded"]())
    assert found.exposure is None
    assert "No share can be told" in text_of(html_of("nothing coded"))


def test_the_table_has_what_the_picture_has() -> None:
    found = sections(AUDITS["ten times"]())
    curves = {(each.side, each.role): each for each in found.view.audit.comparison.curves}
    first = found.stretches[0].cells
    assert len(found.stretches) == 6
    for arm, cell in zip(found.view.arms, first, strict=True):
        share = curves[arm.coverage.side, arm.coverage.role].points[0].share
        assert cell[0] == found.view.figures.value("share", share.value)


def test_accounts_stand_by_onset_and_those_without_one_say_so() -> None:
    found = sections(AUDITS["ten times"]())
    seeded, control = found.accounts[0][1], found.accounts[1][1]
    times = [each.figures.onset_s or 0.0 for each in seeded]
    assert times == sorted(times)
    assert {str(each.onset) for each in control} == {"not reached"}


def test_examples_name_neither_item_nor_account() -> None:
    audit = AUDITS["ten times"]()
    rows = (
        html_of("ten times").partition('aria-labelledby="examples"')[2].partition("</section>")[0]
    )
    assert "Depressive content" in rows
    for each in audit.examples:
        assert each.key not in html_of("ten times")
        assert each.account not in rows


def test_nothing_that_others_wrote_becomes_markup_or_hides() -> None:
    audit = AUDITS["ten times"]()
    bad = f"{HOSTILE}{BIDI}"
    poisoned = replace(
        audit,
        study=bad,
        app=bad,
        accounts=tuple(replace(each, name=bad, interest=bad) for each in audit.accounts),
        coding=replace(audit.coding, codebook=bad),
        labels={key: {"en": bad} for key in audit.labels},
        comparison=replace(
            audit.comparison,
            accounts=tuple(replace(each, name=bad) for each in audit.comparison.accounts),
        ),
    )
    html = render_feed(poisoned)
    assert "<script" not in html
    assert "<img" not in html
    assert not {"\u200f", "\u202e", "\u2066"} & set(html)
    assert visible(HOSTILE).replace("<", "&lt;").partition("&")[0] in html


@pytest.mark.parametrize("code", LANGUAGES)
def test_in_every_language_numbers_are_whole(code: str) -> None:
    html = render_feed(AUDITS["ten times"](), Language(code))
    assert "U+20" not in html  # marks of direction that were taken for what others wrote
    assert Page(html).named("html") == [{"lang": code, "dir": Language(code).direction}]


def test_what_the_driver_did_is_told_where_there_was_one() -> None:
    audit = AUDITS["ten times"]()
    assert "driver" not in text_of(html_of("ten times"))
    drives = (
        Drive("s1", "KE-seeded-0", 1200, 300, 7, 280, (), "feed_time", "1",
              (("code", 40), ("own", 250), ("signs", 10))),
        Drive("s2", "KE-control-0", 900, 0, 0, 0, (), "locked", "2"),
        Drive("s3", "US-control-0", 100, 0, 0, 0, (), "minutes", "3"),
    )  # fmt: skip
    told = text_of(render_feed(replace(audit, drives=drives)))
    assert "swiped through: 3. Items in them: 2,200; of the interest of their account: 300;" in told
    assert "of which nothing said what they were: 7." in told
    assert "terms and hashtags of the protocol: 250, codes that people had settled: 40, two" in told
    assert "Why sessions ended: its time was over: 2, trouble with the phone" in told
    alone = text_of(render_feed(replace(audit, drives=drives[1:2])))
    assert "What decided" not in alone


def test_the_picture_follows_the_answer_so_that_both_fit_on_a_sheet_of_paper() -> None:
    html = html_of("ten times")
    answer, picture = html.index('class="answer"'), html.index('class="picture')
    meaning = html.index("Measured items are those")
    assert answer < picture < meaning < html.index("<nav")
    assert "Measured items are those" in html_of("nothing coded")


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render_feed(AUDITS["ten times"]()) == html_of("ten times")


def test_the_page_of_a_report_has_the_feed_and_whom_to_call_only_where_there_is_an_audit() -> None:
    without = render_html(paging.everything(), synthetic.knowledge())
    assert 'id="feed"' not in without
    assert 'class="crisis"' not in without
    both = render_html(
        reporting.sent_only_in_kenya(), synthetic.knowledge(), feed=AUDITS["ten times"]()
    )
    body = both.partition("<body")[2]
    assert body.index('class="crisis"') < body.index("<h1")
    assert 'href="#feed"' in body
    ids = re.findall(r' id="([^"]+)"', both)
    assert len(ids) == len(set(ids))


def test_marked_ads_and_the_first_engagement_of_control_accounts_are_explained() -> None:
    text = text_of(html_of("ten times"))
    assert "Of control accounts, which engage with nothing, from their first measured item." in text
    for arm in compared().coverage:
        ads = f"+ {arm.left_out:,} (Advertisements that the platform marks)"
        assert f"{arm.shown:,} {ads}" in text.replace(f"{arm.shown:,}+", f"{arm.shown:,} +")
    none = tuple(replace(each, left_out=0) for each in compared().coverage)
    without = render_feed(audit_of(replace(compared(), coverage=none)))
    assert "(Advertisements that the platform marks)" not in text_of(without)
