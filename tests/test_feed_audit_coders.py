"""Who coded what is compared, and how well they agree: what that forbids."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from feed_audits import audit_of, compared

from analyzer.feed.audit_coders import CodersGate
from analyzer.feed.coding.agreement import agreement
from analyzer.feed.coding.codes import Codes
from analyzer.feed.coding.plan import Plan
from analyzer.feed.measures import FeedRow
from analyzer.feed.measures.records import FeedVerdict, MeasureName
from analyzer.statistics import Interval
from reports.feed.figures import Figures
from reports.feed.limits import agreement as told_agreement

KEYS = ("depressive", "neutral")
MEASURED = {"depressive"}
KENYA, STATES = ("KE", "seeded"), ("US", "seeded")
BETWEEN, WITHIN = [(KENYA, STATES)], [(KENYA, ("KE", "control"))]
# Every fourth item is a measured one.
ITEMS = {f"{side}-{n}": KEYS[n % 4 > 0] for side in ("KE", "US") for n in range(400)}
SHOWN = {
    KENYA: {key for key in ITEMS if key.startswith("KE")},
    ("KE", "control"): {key for key in ITEMS if key.startswith("KE")},
    STATES: {key for key in ITEMS if key.startswith("US")},
}


def row(measure: MeasureName = "share", verdict: FeedVerdict = "higher") -> FeedRow:
    held = Interval(2.0, 4.0)
    return FeedRow(
        measure, None, "KE seeded", "US seeded", False, 3.0, held, None, None, 0.01, 0.01, True,
        verdict, (),
    )  # fmt: skip


def coded(by: Mapping[str, str], wrong: float = 0.0) -> dict[str, dict[str, str]]:
    """Return the codes of coders (name -> beginning of their items), who err apart."""
    chance = Random(1)
    return {
        coder: {
            key: KEYS[1 - KEYS.index(code)] if chance.random() < wrong else code
            for key, code in ITEMS.items()
            if key.startswith(whose)
        }
        for coder, whose in by.items()
    }


def reasons(
    by_coder: Mapping[str, Mapping[str, str]],
    of: FeedRow | None = None,
    *,
    within: bool = False,
) -> dict[str, float]:
    gate = CodersGate(Codes(by_coder, {}, 0), SHOWN, ITEMS, MEASURED)
    found = gate.reasons(of or row(), WITHIN if within else BETWEEN)
    return {each.code: each.have for each in found}


def test_two_coders_of_all_items_who_agree_forbid_nothing() -> None:
    assert reasons(coded({"ada": "", "ben": ""})) == {}


def test_coders_of_one_side_each_forbid_rows_between_the_sides_only() -> None:
    apart = coded({"amina": "KE", "baraka": "KE", "carol": "US", "dave": "US"})
    assert reasons(apart) == {"coders_apart": 0.0}
    assert reasons(apart, row("ads_formal")) == {}  # which nobody codes
    assert reasons(apart, within=True) == {}


def test_one_coder_of_most_items_of_both_sides_is_enough_and_of_half_is_not() -> None:
    codes = coded({"amina": "KE", "carol": "US", "eve": ""})
    assert reasons(codes) == {}
    codes["eve"] = {key: code for key, code in codes["eve"].items() if int(key[3:]) < 200}
    assert reasons(codes) == {"coders_apart": 0.5}


def test_items_that_a_plan_gave_out_are_of_the_same_people_on_both_sides() -> None:
    coders = ("ada", "ben", "cam", "dan")
    plan = Plan(1, "", coders, tuple(sorted(ITEMS)), each=2)
    codes = {who: {key: ITEMS[key] for key in plan.order(who)} for who in coders}
    assert reasons(codes) == {}
    for_all = [key for key in ITEMS if len(plan.coders_of(key)) == 4]
    assert 0.06 < len(for_all) / len(ITEMS) < 0.14
    assert {len(plan.coders_of(key)) for key in ITEMS} == {2, 4}
    assert all(0.4 < len(given) / len(ITEMS) < 0.7 for given in codes.values())
    # Another coder takes items from all others; who does not have to give one away keeps it.
    more = Plan(1, "", (*coders, "eva"), plan.items, each=2)
    assert all({*more.coders_of(key)} <= {*plan.coders_of(key), "eva"} for key in ITEMS)


def test_codes_by_chance_decide_nothing_and_show_nothing_to_be_alike() -> None:
    chance = coded({"ada": "", "ben": ""}, wrong=0.5)
    for verdict in ("higher", "same"):
        found = reasons(chance, row(verdict=verdict))
        assert found.keys() == {"agreement"}
        assert found["agreement"] < 0.1


def test_to_be_alike_takes_codes_that_can_be_relied_on() -> None:
    tentative = coded({"ada": "", "ben": ""}, wrong=0.045)
    assert reasons(tentative) == {}
    assert reasons(tentative, row(verdict="same"))["agreement"] < 0.8


def test_a_side_on_which_coders_do_not_agree_counts_for_its_rows() -> None:
    codes = coded({"ada": "", "ben": ""})
    missed = {key: "neutral" for key in SHOWN[KENYA] if int(key[3:]) < 240}
    codes["ben"] |= missed
    assert reasons(codes, within=True)["agreement"] < 0.6
    gate = CodersGate(Codes(codes, {}, 0), SHOWN, ITEMS, MEASURED)
    assert not list(gate.reasons(row(), [(STATES, ("US", "control"))]))


@pytest.mark.parametrize("items", [0, 1, 2])
def test_agreement_on_hardly_any_item_is_not_known(items: int) -> None:
    codes = coded({"ada": "", "ben": ""})
    codes["ben"] = {key: ITEMS[key] for key in sorted(ITEMS)[:items]}
    assert reasons(codes, within=True)["agreement_unknown"] == items


def test_without_codes_there_is_nothing_to_say_of_coders() -> None:
    gate = CodersGate(Codes({}, {}, 0), SHOWN, {}, MEASURED)
    assert list(gate.reasons(row(), BETWEEN)) == []


def test_coders_without_a_common_item_are_not_said_to_be_reliable() -> None:
    apart = coded({"amina": "KE", "baraka": "KE", "carol": "US", "dave": "US"})
    found = agreement(apart, KEYS, frozenset(MEASURED))
    told = " ".join(str(each) for each in told_agreement(found, Figures()))
    assert "can be relied on" not in told
    assert "no item in common" in told
    same = audit_of(compared()).agreement
    assert "no item in common" not in " ".join(map(str, told_agreement(same, Figures())))
