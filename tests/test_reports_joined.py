"""The page's tables of who can join what on one person."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reporting
import synthetic

from analyzer.linkage import Group, Handover, Linkable, Linkage, Tally
from analyzer.models import Count
from reports.html import render_html
from reports.joined import ties
from reports.linkage import print_linkage
from reports.words import spread

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
    a, b = row.sides
    assert a
    assert b
    assert (a.types, b.types) == (("DEV.MODEL", "LOC.PRECISE"), ("BEH.SEARCH",))
    assert a.identifiers == ("ID.ADVERTISING", "an identifier that nothing names")


def test_an_identifier_stands_on_the_side_that_sent_it() -> None:
    installed = replace(GLINT, identifiers=("id.installation",))
    both = (installed, replace(GLINT, group="KE"))
    a, b = ties(replace(LINKAGE, linkable=both), str).joined[0].sides
    assert a
    assert b
    assert a.identifiers == ("id.installation",)
    assert "id.installation" not in b.identifiers


def test_a_side_without_an_identifier_that_stays_is_told_from_one_that_sent_nothing() -> None:
    none = replace(GLINT, group="KE", count=Count(0, 6), identifiers=(), types=())
    found = replace(LINKAGE, linkable=(GLINT, none))
    assert ties(found, str).joined[0].sides[1] is not None
    page = render_html(reporting.sent_only_in_kenya(), synthetic.knowledge(), found)
    assert "got data, but no identifier that stays" in page
    assert "not seen" not in page[page.index('id="linkage"') :].partition("<h3>")[0]


def test_a_side_that_has_nothing_of_an_owner_says_so() -> None:
    [row] = ties(replace(LINKAGE, linkable=(GLINT,)), str).joined
    assert row.sides[0] is not None
    assert row.sides[1] is None


def test_first_parties_and_owners_without_an_identifier_are_no_rows() -> None:
    first = replace(GLINT, party="first")
    never = replace(GLINT, owner="Tallyho", count=Count(0, 6))
    assert ties(replace(LINKAGE, linkable=(first, never)), str).joined == ()


def test_what_stays_in_one_company_or_is_uncertain_is_not_handed_on() -> None:
    [row] = ties(LINKAGE, str).handed
    assert row.counts == (Count(0, 6), Count(6, 6))
    inside, unsure = replace(HANDOVER, same_company=True), replace(HANDOVER, certain=False)
    assert ties(replace(LINKAGE, handovers=(inside, unsure)), str).handed == ()


@pytest.mark.parametrize("side", ["giver_party", "taker_party"])
def test_first_parties_are_not_among_the_two_companies(
    side: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = replace(HANDOVER, **{side: "first"})  # type: ignore[arg-type]
    found = replace(LINKAGE, handovers=(first,))
    assert ties(found, str).handed == ()
    print_linkage(found)
    assert "Waymark to Glint" not in capsys.readouterr().out
    print_linkage(found, every=True)
    assert "Waymark to Glint" in capsys.readouterr().out


def test_what_was_sent_to_both_has_no_order(capsys: pytest.CaptureFixture[str]) -> None:
    found = replace(LINKAGE, handovers=(replace(HANDOVER, way="shared"),))
    page = render_html(reporting.sent_only_in_kenya(), synthetic.knowledge(), found)
    assert "<bdi>Waymark</bdi> and <bdi>Glint</bdi>" in page
    print_linkage(found)
    assert "Waymark and Glint" in capsys.readouterr().out
    page = render_html(reporting.sent_only_in_kenya(), synthetic.knowledge(), LINKAGE)
    assert "<bdi>Waymark</bdi> to <bdi>Glint</bdi>" in page


def test_what_an_answer_held_unsent_is_no_handover(capsys: pytest.CaptureFixture[str]) -> None:
    held = replace(HANDOVER, giver="", giver_party="", way="unsent", certain=False)
    found = replace(LINKAGE, handovers=(held,))
    assert ties(found, str).handed == ()
    print_linkage(found)
    assert "in an answer" not in capsys.readouterr().out
    print_linkage(found, every=True)
    text = capsys.readouterr().out
    assert "in an answer; not seen to be sent in this session" in text
    assert "Waymark" not in text


def test_columns_of_the_terminal_are_aligned_and_explained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    longer = replace(HANDOVER, giver="A company with a long name", data_types=("",))
    print_linkage(replace(LINKAGE, handovers=(HANDOVER, longer)))
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert (
        len({line.index("a redirect took it there") for line in lines if "redirect" in line}) == 1
    )
    assert "an identifier that nothing names (uuid)" in text
    assert "no order is known" in text
    assert "\t" not in text


def test_why_diffaudit_counts_more_is_told_where_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_linkage(LINKAGE)
    assert "Fewer sessions than by DiffAudit" not in capsys.readouterr().out
    never = replace(GLINT, count=Count(0, 6), diffaudit=Count(6, 6))
    print_linkage(replace(LINKAGE, linkable=(never,)))
    assert "Fewer sessions than by DiffAudit" in capsys.readouterr().out


def test_a_value_that_nothing_names_is_told_by_its_shape() -> None:
    [row] = ties(replace(LINKAGE, handovers=(replace(HANDOVER, data_types=("",)),)), str).handed
    assert row.what == ("an identifier that nothing names (uuid)",)


def test_long_tables_say_how_much_is_not_shown() -> None:
    many = tuple(replace(GLINT, owner=f"Owner {number}") for number in range(50))
    found = ties(replace(LINKAGE, linkable=many, handovers=(HANDOVER,) * 45), str)
    assert (len(found.joined), found.more_joined) == (40, 10)
    assert (len(found.handed), found.more_handed) == (40, 5)


def test_a_range_is_told_where_there_is_one() -> None:
    assert spread(GLINT.smallest, GLINT.median, GLINT.largest) == "1.5 (1 to 2)"
    assert spread(3, 3.0, 3) == "3"


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


def test_a_page_without_linkage_says_that_identifiers_were_not_looked_at() -> None:
    page = render_html(reporting.sent_only_in_kenya(), synthetic.knowledge())
    assert "This page was made without an analysis of identifiers." in page
    assert "The same identifier at two companies" not in page
