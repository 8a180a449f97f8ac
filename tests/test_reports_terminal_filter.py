"""Which rows are shown, and that showing fewer changes nothing of what is said of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reporting
import synthetic

from analyzer.comparison import BlindSpot, Comparison
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge, load_knowledge
from reports.terminal_filter import Filter, narrowed

KNOWN = synthetic.knowledge()


@pytest.fixture
def whole() -> Comparison:
    return reporting.sent_only_in_kenya()


@pytest.fixture
def owned() -> Knowledge:
    """Waymark belongs to a holding."""
    return replace(KNOWN, owners=replace(KNOWN.owners, parents={"Waymark": "Meridian Holding"}))


def subjects(comparison: Comparison) -> set[str]:
    return {row.subject for row in comparison.deltas}


@pytest.mark.parametrize("name", ["Waymark", "waymark", "WAY", "Meridian Holding", "merid"])
def test_a_recipient_has_its_name_how_that_begins_and_the_company_above(
    whole: Comparison, owned: Knowledge, name: str
) -> None:
    shown = narrowed(whole, Filter(owners=(name,)), owned)
    assert {row.owner for row in shown.deltas} == {"Waymark"}
    assert {row.owner for row in shown.magnitudes} == {"Waymark"}
    assert [each.owner for each in shown.recipients] == ["Waymark"]
    assert shown.blind_spots == ()


def test_a_whole_name_is_not_how_another_begins(whole: Comparison) -> None:
    longer = tuple(
        replace(row, owner="Waymark Ads") if row.owner == "Bidriver" else row
        for row in whole.deltas
    )
    both = replace(
        whole,
        deltas=longer,
        recipients=tuple(
            replace(each, owner="Waymark Ads") if each.owner == "Bidriver" else each
            for each in whole.recipients
        ),
    )
    one = narrowed(both, Filter(owners=("waymark",)), KNOWN)
    assert {row.owner for row in one.deltas} == {"Waymark"}
    two = narrowed(both, Filter(owners=("waym",)), KNOWN)
    assert {row.owner for row in two.deltas} == {"Waymark", "Waymark Ads"}


def test_a_recipient_of_whom_nothing_could_be_read_is_known(whole: Comparison) -> None:
    shown = narrowed(whole, Filter(owners=("Lockstep",)), KNOWN)
    assert not shown.deltas
    assert not shown.magnitudes
    assert [spot.owner for spot in shown.blind_spots] == ["Lockstep"]


def test_a_recipient_that_nobody_knows_by_name_goes_by_its_site(whole: Comparison) -> None:
    sites = tuple(
        replace(each, owner="") if each.owner == "Waymark" else each for each in whole.recipients
    )
    rows = tuple(replace(row, owner="") if row.owner == "Waymark" else row for row in whole.deltas)
    shown = narrowed(
        replace(whole, recipients=sites, deltas=rows, magnitudes=()),
        Filter(owners=("waymark.ex",)),
        KNOWN,
    )
    assert {row.subject for row in shown.deltas} == {
        row.subject for row in whole.deltas if row.owner == "Waymark"
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("id.advertising", {"id.advertising"}),
        ("identifiers", {"id.advertising"}),
        ("id", {"id.advertising"}),
        ("advertising and inferences", {"ad.interest"}),
        ("adjust.ff_coppa", {"adjust.ff_coppa"}),
    ],
)
def test_a_type_is_a_data_type_a_group_or_a_signal(
    whole: Comparison, name: str, expected: set[str]
) -> None:
    assert subjects(narrowed(whole, Filter(types=(name,)), KNOWN)) == expected


def test_signals_only_or_without_them(whole: Comparison) -> None:
    only = narrowed(whole, Filter(signals=True), KNOWN)
    assert {row.kind for row in only.deltas} == {"signal"}
    assert only.magnitudes == ()
    none = narrowed(whole, Filter(signals=False), KNOWN)
    assert {row.kind for row in none.deltas} == {"data"}
    assert none.magnitudes == whole.magnitudes


def test_only_what_is_new_is_what_a_has_not_at_all(whole: Comparison) -> None:
    shown = narrowed(whole, Filter(only_new=True), KNOWN)
    assert {row.verdict for row in shown.deltas} == {"only_b"}
    assert all(row.a.k == 0 for row in shown.deltas)


def test_a_phase_leaves_out_what_is_measured_of_the_session(whole: Comparison) -> None:
    shown = narrowed(whole, Filter(phases=("use",)), KNOWN)
    assert shown.deltas == whole.deltas
    assert shown.magnitudes == ()


def test_all_have_to_hold(whole: Comparison) -> None:
    wanted = Filter(owners=("way",), types=("identifiers", "device"), only_new=True)
    assert subjects(narrowed(whole, wanted, KNOWN)) == {"id.advertising"}


def test_verdicts_and_q_stay_those_of_the_whole(whole: Comparison) -> None:
    before = {row.id: row for row in whole.deltas}
    for wanted in (Filter(owners=("Waymark",)), Filter(signals=True), Filter(only_new=True)):
        shown = narrowed(whole, wanted, KNOWN)
        assert shown.deltas
        assert all(row == before[row.id] for row in shown.deltas)
        assert sum(each.rows for each in shown.tallies) == len(shown.deltas)
        named = {each for row in shown.deltas for each in row.examples}
        assert {each.id for each in shown.evidence} >= named
        assert (shown.noise, shown.gates, shown.sensitivities) == (
            whole.noise,
            whole.gates,
            whole.sensitivities,
        )


def test_without_a_filter_nothing_is_left_out(whole: Comparison) -> None:
    assert narrowed(whole, Filter(), KNOWN) is whole


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (Filter(owners=("Waymrk",)), "no recipient 'Waymrk': did you mean Waymark?"),
        (Filter(owners=("zzz",)), "no recipient 'zzz': there are Bidriver, Lockstep, Waymark"),
        (Filter(owners=("",)), "no recipient '': there are Bidriver, Lockstep, Waymark"),
        (
            Filter(types=("id.adverising",)),
            "no data type, group or signal 'id.adverising': did you mean id.advertising?",
        ),
        (Filter(phases=("used",)), "no phase 'used': did you mean use?"),
    ],
)
def test_an_unknown_name_is_a_mistake_with_those_that_are_near(
    whole: Comparison, wanted: Filter, complaint: str
) -> None:
    with pytest.raises(UserError) as raised:
        narrowed(whole, wanted, KNOWN)
    assert str(raised.value).startswith(complaint.rstrip("?"))


def test_blind_spots_of_everyone_stay(whole: Comparison) -> None:
    everyone = BlindSpot("a", "", "", (), 1, 6, ("cut off",), "")
    shown = narrowed(
        replace(whole, blind_spots=(*whole.blind_spots, everyone)),
        Filter(owners=("Waymark",)),
        KNOWN,
    )
    assert shown.blind_spots == (everyone,)


def test_a_type_may_be_named_as_it_is_shown(whole: Comparison) -> None:
    known = load_knowledge()
    for name in ("advertising ID", "Advertising id", "id.advertising"):
        assert subjects(narrowed(whole, Filter(types=(name,)), known)) == {"id.advertising"}
    assert subjects(narrowed(whole, Filter(types=("signals",)), known)) == {"adjust.ff_coppa"}
