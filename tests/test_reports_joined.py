"""The page's tables of who can join what on one person."""

from __future__ import annotations

from dataclasses import replace

import reporting
import synthetic

from analyzer.linkage import Group, Handover, Linkable, Linkage, Tally
from analyzer.models import Count
from reports.html import render_html
from reports.joined import spread, ties

GLINT = Linkable(
    group="DE",
    owner="Glint",
    parent="Glimmer Holding",
    party="third",
    tracker="yes",
    same_company=False,
    count=Count(2, 6),
    identifiers=("id.advertising", ""),
    types=("dev.model", "loc.precise"),
    smallest=1,
    median=1.5,
    largest=2,
    common=("dev.model",),
    common_count=1,
    diffaudit=Count(2, 6),
)
HANDOVER = Handover(
    giver="Waymark",
    giver_party="third",
    taker="Glint",
    taker_party="third",
    taker_tracker="yes",
    way="redirect",
    certain=True,
    same_company=False,
    data_types=("id.advertising",),
    shapes=("uuid",),
    transformed=(),
    values=1,
    tallies=(Tally("DE", Count(0, 6)), Tally("KE", Count(6, 6))),
    sessions=("KE-13-r01",),
    example="KE-13-r01/4",
)
LINKAGE = Linkage(
    groups=(Group("DE", "Germany", ()), Group("KE", "Kenya", ())),
    warnings=("The accounts can be linked.",),
    handovers=(HANDOVER,),
    bridges=(),
    persistent=(),
    linkable=(GLINT, replace(GLINT, group="KE", count=Count(6, 6), types=("beh.search",))),
    diffaudit=(),
    places=(),
    knowledge="",
)


def test_an_owner_has_one_row_with_both_sides() -> None:
    [row] = ties(LINKAGE, str.upper).joined
    assert (row.owner, row.parent) == ("Glint", "Glimmer Holding")
    assert [side.count for side in row.sides if side] == [Count(2, 6), Count(6, 6)]
    assert row.types == ("DEV.MODEL", "LOC.PRECISE", "BEH.SEARCH")
    assert row.identifiers == ("ID.ADVERTISING",)


def test_a_side_that_has_nothing_of_an_owner_says_so() -> None:
    [row] = ties(replace(LINKAGE, linkable=(GLINT,)), str).joined
    assert row.sides == (GLINT, None)


def test_first_parties_and_owners_without_an_identifier_are_no_rows() -> None:
    first = replace(GLINT, party="first")
    never = replace(GLINT, owner="Tallyho", count=Count(0, 6))
    assert ties(replace(LINKAGE, linkable=(first, never)), str).joined == ()


def test_what_stays_in_one_company_or_is_uncertain_is_not_handed_on() -> None:
    [row] = ties(LINKAGE, str).handed
    assert row.counts == (Count(0, 6), Count(6, 6))
    inside, unsure = replace(HANDOVER, same_company=True), replace(HANDOVER, certain=False)
    assert ties(replace(LINKAGE, handovers=(inside, unsure)), str).handed == ()


def test_a_value_that_nothing_names_is_told_by_its_shape() -> None:
    [row] = ties(replace(LINKAGE, handovers=(replace(HANDOVER, data_types=("",)),)), str).handed
    assert row.what == ("uuid",)


def test_long_tables_say_how_much_is_not_shown() -> None:
    many = tuple(replace(GLINT, owner=f"Owner {number}") for number in range(50))
    found = ties(replace(LINKAGE, linkable=many, handovers=(HANDOVER,) * 45), str)
    assert (len(found.joined), found.more_joined) == (40, 10)
    assert (len(found.handed), found.more_handed) == (40, 5)


def test_a_range_is_told_where_there_is_one() -> None:
    assert spread(GLINT) == "1.5 (1 to 2)"
    assert spread(replace(GLINT, smallest=3, median=3.0, largest=3)) == "3"


def test_the_page_tells_it_and_escapes_it() -> None:
    comparison = reporting.sent_only_in_kenya()
    hostile = replace(GLINT, owner="<script>alert(1)</script>")
    page = render_html(
        comparison, synthetic.knowledge(), replace(LINKAGE, linkable=(hostile, GLINT))
    )
    assert "Who can recognise a child" in page
    assert "Glimmer Holding" in page
    assert "sent on by a redirect" in page
    assert "The accounts can be linked." in page
    assert "<script>alert(1)" not in page
    assert "not seen" in page


def test_a_page_without_linkage_says_nothing_of_it() -> None:
    page = render_html(reporting.sent_only_in_kenya(), synthetic.knowledge())
    assert 'id="linkage"' not in page
    assert "#linkage" not in page
