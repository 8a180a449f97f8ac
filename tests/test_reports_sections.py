"""The page: what is announced, counted, and compared country by country."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import paging
import reporting
import synthetic
from reporting import Page
from synthetic import findings, frames, sessions

from analyzer.compare import compare
from analyzer.compare.cautions import waivers
from analyzer.said import say
from reports.counted import counted
from reports.flows import flows
from reports.html import render_html


@cache
def words() -> str:
    countries = paging.lands()
    return Page(
        render_html(
            paging.everything(), synthetic.knowledge(), paging.linked(), countries=countries
        )
    ).words()


def test_an_app_that_does_not_exist_is_announced_before_anything_else() -> None:
    told = "An exercise: this app does not exist."
    text = Page(
        render_html(replace(paging.everything(), fictional=True), synthetic.knowledge())
    ).words()
    assert text.index(told) < text.index("evenhand · study")
    assert told not in words()


def test_a_waiver_is_told_once_on_the_first_screen() -> None:
    comparison = paging.everything()
    warned = replace(comparison, warnings=(*waivers(comparison.gates), "Something else."))
    head = Page(render_html(warned, synthetic.knowledge())).words().partition("Contents")[0]
    assert head.count("the demo never leaves this machine") == 1
    assert "Something else." in head


def test_every_number_says_what_it_counts() -> None:
    comparison = paging.everything()
    text = words()
    for each, kind in zip(counted(comparison)[1:], ("data", "signal", "magnitude"), strict=True):
        rows = comparison.magnitudes if kind == "magnitude" else comparison.deltas
        assert each.total == sum(getattr(row, "kind", kind) == kind for row in rows) > 0
        assert f"{each.title}{each.meaning}" in text
    assert counted(comparison)[0].total == len(flows(comparison)) == 3


def test_every_number_of_what_is_the_same_says_how_near_that_is() -> None:
    text = words()
    assert "the same on both sides, to within 40 points" in text
    assert "the same in all, to within 40 points, " in text
    found = [each for each in counted(paging.everything()) if each.same]
    assert found
    assert all(f"{each.same}{each.within}" in text for each in found)
    assert "0within" not in text


def test_countries_stand_in_the_order_of_their_protection_with_pairs_of_like_law() -> None:
    text = words()
    heads = "What, and to whom Phase Brazil6 sessions Germany6 sessions France6 sessions Kenya6"
    assert heads in text
    assert "profiling minors for advertising is banned: Brazil, Germany, France" in text
    assert "Brazil and Germany (profiling minors for advertising is banned)" in text
    assert "more in Brazil: loc.precise to Waymark (use)" in text
    assert "rows that differ: 0; the same: 1; not decided: 1" in text
    assert "These tests have a q of their own, beside those of the two sides" in text
    assert "India *2 sessions" in text
    assert (
        "Country by country"
        not in Page(render_html(reporting.nothing_found(), synthetic.knowledge())).words()
    )


def test_where_no_two_countries_have_like_law_it_says_so() -> None:
    alone = replace(paging.lands(), alike=())
    html = render_html(paging.everything(), synthetic.knowledge(), countries=alone)
    assert "have the same level of protection" in Page(html).words()


def test_rows_of_many_countries_that_no_table_holds_are_counted() -> None:
    one = paging.lands()
    many = replace(one, rows=one.rows * 60)
    html = render_html(paging.everything(), synthetic.knowledge(), countries=many)
    assert (
        "Rows that are not shown here: 140; evenhand matrix --all has them." in Page(html).words()
    )


def test_the_same_thing_is_not_both_beyond_adults_and_not() -> None:
    comparison = paging.everything()
    [row] = [each for each in comparison.deltas if each.phase == "launch" and each.a.k < each.b.k]
    html = Page(render_html(comparison, synthetic.knowledge())).words()
    beyond, _, rest = html.partition("Not shown to go beyond")
    assert row.subject in beyond
    assert row.subject not in rest.partition("Who receives it")[0]


def test_what_one_side_spares_its_children_is_told_from_what_another_adds() -> None:
    every = range(1, 13)
    added = reporting.with_adults()  # sent in Kenya only, of children only
    spared = compare(  # sent of all but the children of Germany
        frames(
            sessions(12, "DE-13", "DE-30", "KE-13", "KE-30"),
            [row for arm in ("DE-30", "KE-13", "KE-30") for row in findings(arm, every)],
        ),
        synthetic.study(),
        synthetic.knowledge(),
        "DE",
        "KE",
    )
    added_words, spared_words = (
        Page(render_html(each, synthetic.knowledge())).words() for each in (added, spared)
    )
    wider = "in 1 the gap between their children is wider than that between their adults"
    assert wider in added_words
    assert wider in spared_words
    assert "children are spared there" not in added_words
    assert (
        "In 1 of them data was sent in fewer sessions of children than of adults where less was"
        " sent: children are spared there." in spared_words
    )


def test_commands_in_sentences_are_code_and_captured_grave_accents_are_not() -> None:
    warned = replace(
        paging.everything(), warnings=(say("run `evenhand analyze` on {x}", x="`<b>`"),)
    )
    html = render_html(warned, synthetic.knowledge())
    assert "run <code>evenhand analyze</code> on <bdi>`&lt;b&gt;`</bdi>" in html
