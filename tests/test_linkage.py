"""What ties the data of one person together is counted, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import synthetic
from linkage_rig import frames, identifier, knowledge, server

from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.linkage import Linkage, linkage
from analyzer.models import Count

ONE, TWO, THREE = (f"KE-13-r0{number}" for number in (1, 2, 3))
KE = [synthetic.session("KE-13", number, persona="achieng") for number in (1, 2, 3)]
DE = [synthetic.session("DE-13", number, persona="lene", device="tablet") for number in (1, 2, 3)]


def linked(found: Frames, sides: tuple[str, str] | None = None) -> Linkage:
    return linkage(found, synthetic.study(), knowledge(), sides)


def ways(found: Linkage) -> list[tuple[str, str, str]]:
    return [(each.giver, each.taker, each.way) for each in found.handovers]


def set_by(of: str, owner: str, **changed: object) -> dict[str, object]:
    return identifier(of, owner, **{"direction": "set", "part": "response_cookie", **changed})  # type: ignore[arg-type]


def test_a_cookie_sync_names_who_handed_it_to_whom() -> None:
    chain = [
        set_by(ONE, "Alpha", t_s=1.0),
        set_by(ONE, "Alpha", t_s=1.0, part="response_header", leads_to="in.beta.example"),
        identifier(ONE, "Beta", t_s=1.1),
        set_by(ONE, "Beta", t_s=1.1, part="response_header", leads_to="x.gamma.example"),
        identifier(ONE, "Gamma", t_s=1.2),
    ]
    found = linked(frames(KE, chain))
    assert ways(found) == [("Alpha", "Beta", "redirect"), ("Beta", "Gamma", "redirect")]
    [bridge] = found.bridges
    assert [hop.owner for hop in bridge.hops] == ["Alpha", "Beta", "Gamma"]
    assert found.handovers[0].tallies[0].count == Count(1, 3)
    assert found.handovers[0].example == f"{ONE}/11"


def test_a_value_that_one_sets_and_the_phone_sends_to_another_came_from_the_first() -> None:
    rows = [
        set_by(ONE, "Pebblo", party="first"),
        identifier(ONE, "Pebblo", t_s=2.0, party="first"),
        identifier(ONE, "Beta", t_s=3.0),
        identifier(ONE, "Gamma", t_s=4.0),
    ]
    found = linked(frames(KE, rows))
    assert ways(found) == [("Pebblo", "Beta", "set"), ("Pebblo", "Gamma", "set")]
    assert found.handovers[0].giver_party == "first"


def test_a_value_of_the_phone_is_shared_not_handed_over() -> None:
    rows = [identifier(ONE, "Alpha"), identifier(ONE, "Beta", t_s=2.0)]
    assert ways(linked(frames(KE, rows))) == [("Alpha", "Beta", "shared")]


def test_what_an_answer_holds_unsent_has_no_giver_and_is_never_certain() -> None:
    rows = [identifier(ONE, "Alpha"), set_by(ONE, "Beta", t_s=2.0, part="response")]
    rows = [row | {"data_type": "person.email"} for row in rows]
    [row] = linked(frames(KE, rows)).handovers
    assert (row.giver, row.giver_party, row.taker, row.way) == ("", "", "Beta", "unsent")
    assert not row.certain
    assert not row.same_company


def test_a_profile_that_an_answer_shows_first_is_not_set_by_it() -> None:
    rows = [
        set_by(ONE, "Alpha", part="response", data_type="person.email"),
        identifier(ONE, "Beta", t_s=2.0, data_type="person.email"),
        identifier(ONE, "Gamma", t_s=3.0, data_type="person.email"),
    ]
    assert ways(linked(frames(KE, rows))) == [("", "Alpha", "unsent"), ("Beta", "Gamma", "shared")]


def test_what_an_answer_held_and_the_phone_then_sent_there_too_is_shared() -> None:
    rows = [
        identifier(ONE, "Beta"),
        set_by(ONE, "Alpha", t_s=2.0),
        identifier(ONE, "Alpha", t_s=3.0),
    ]
    assert ways(linked(frames(KE, rows))) == [("Alpha", "Beta", "shared")]


def test_an_answer_that_only_echoes_sets_nothing() -> None:
    echo = set_by(ONE, "Alpha", part="response_header", direction="echoed")
    after = identifier(ONE, "Beta", t_s=2.0)
    assert ways(linked(frames(KE, [echo, after]))) == []
    sent = identifier(ONE, "Alpha", t_s=1.0)
    assert ways(linked(frames(KE, [echo, sent, after]))) == [("Alpha", "Beta", "shared")]
    leading = echo | {"leads_to": "x.beta.example"}
    assert ways(linked(frames(KE, [leading, after]))) == [("Alpha", "Beta", "redirect")]


def test_what_is_shared_has_no_order() -> None:
    rows = [identifier(ONE, "Beta"), identifier(ONE, "Alpha", t_s=2.0)]
    rows += [identifier(TWO, "Alpha"), identifier(TWO, "Beta", t_s=2.0)]
    [row] = linked(frames(KE, rows)).handovers
    assert (row.giver, row.taker, row.tallies[0].count) == ("Alpha", "Beta", Count(2, 3))


def test_what_comes_again_is_judged_over_all_and_told_of_the_sides() -> None:
    grown = [synthetic.session("KE-30", at, persona="otieno") for at in (1, 2)]
    every = [*KE, *DE, *grown]
    rows = [identifier(of, "Alpha") for of in (ONE, "KE-30-r01")]
    rows += [identifier(of, "Alpha", digest="bb") for of in ("KE-30-r01", "KE-30-r02")]
    rows = [row | {"data_type": "id.device"} for row in rows]
    found = linked(frames(every, rows), ("DE-13", "KE-13"))
    [row] = found.persistent
    assert (row.digest, row.personas, row.sessions) == ("aa", ("achieng",), (ONE,))
    assert (row.scope, row.count) == ("device", Count(1, 3))
    assert len(linked(frames(every, rows)).persistent) == 2


def test_a_value_that_nothing_names_may_be_a_constant() -> None:
    rows = [identifier(ONE, owner) for owner in ("Alpha", "Beta")]
    [row] = linked(frames(KE, rows)).handovers
    assert not row.certain
    [row] = linked(frames(KE, [*rows, identifier(ONE, "Beta", part="cookie")])).handovers
    assert row.certain
    [row] = linked(frames(KE, [each | {"data_type": "id.device"} for each in rows])).handovers
    assert row.certain
    again = [*rows, identifier(TWO, "Alpha")]
    assert not linked(frames(KE, again)).handovers[0].certain  # there is no other persona
    assert linked(frames([*KE, *DE], again)).handovers[0].certain


def test_one_owner_alone_is_no_bridge() -> None:
    rows = [identifier(ONE, "Alpha"), identifier(ONE, "Alpha", t_s=2.0, host="y.alpha.example")]
    assert linked(frames(KE, rows)).bridges == ()
    apart = [identifier(ONE, "Alpha"), identifier(TWO, "Beta")]
    assert linked(frames(KE, apart)).bridges == ()


def test_sister_companies_are_told_from_strangers() -> None:
    rows = [
        identifier(ONE, "Adjust", parent="AppLovin"),
        identifier(ONE, "AppLovin", t_s=2.0),
        identifier(ONE, "Beta", t_s=3.0),
    ]
    found = linked(frames(KE, rows)).handovers
    assert [(each.taker, each.same_company) for each in found] == [
        ("AppLovin", True),
        ("Beta", False),
    ]


def test_an_identifier_that_survives_is_counted_over_the_sessions_of_its_persona() -> None:
    rows = [identifier(ONE, "Alpha"), identifier(THREE, "Beta")]
    [found] = linked(frames([*KE, *DE], rows)).persistent
    assert (found.scope, found.count, found.certain) == ("persona", Count(2, 3), True)
    assert (found.owners, found.personas) == (("Alpha", "Beta"), ("achieng",))


def test_one_session_alone_shows_nothing_that_survives() -> None:
    rows = [identifier(ONE, "Alpha"), identifier(ONE, "Beta")]
    assert linked(frames([*KE, *DE], rows)).persistent == ()


def test_a_device_that_is_recognised_under_another_persona_is_a_warning() -> None:
    same_phone = [{**each, "device": "pixel"} for each in DE]
    other = synthetic.session("BR-13", 1, persona="ana", device="tablet")
    rows = [identifier(ONE, "Alpha"), identifier("DE-13-r01", "Alpha")]
    found = linked(frames([*KE, *same_phone, other], rows))
    [row] = found.persistent
    assert (row.scope, row.certain, row.count) == ("device", True, Count(2, 6))
    [warning] = found.warnings
    assert "the device is recognised" in warning
    assert "achieng and lene" in warning


def test_with_one_device_only_a_nameless_value_may_be_a_constant() -> None:
    same_phone = [{**each, "device": "pixel"} for each in DE]
    rows = [identifier(ONE, "Alpha"), identifier("DE-13-r01", "Alpha")]
    found = linked(frames([*KE, *same_phone], rows))
    assert [(each.scope, each.certain) for each in found.persistent] == [("device", False)]
    assert found.warnings == ()
    named = [row | {"data_type": "id.advertising"} for row in rows]
    assert linked(frames([*KE, *same_phone], named)).warnings


def test_a_constant_of_the_app_is_no_identifier() -> None:
    every = [str(each["id"]) for each in [*KE, *DE]]
    rows = [identifier(of, owner) for of in every for owner in ("Alpha", "Beta")]
    found = linked(frames([*KE, *DE], rows))
    assert (found.persistent, found.handovers, found.warnings) == ((), (), ())
    account = [row | {"data_type": "id.account"} for row in rows]
    found = linked(frames([*KE, *DE], account))
    assert [each.scope for each in found.persistent] == ["everywhere"]
    assert found.warnings


def data(of: str, owner: str, *types: str, **changed: object) -> list[dict[str, object]]:
    return [synthetic.finding(of, owner, each, **changed) for each in types]


def test_an_owner_joins_what_it_gets_beside_an_identifier_that_stays() -> None:
    rows = [identifier(of, "Waymark", data_type="id.advertising") for of in (ONE, TWO)]
    sent = [
        *data(ONE, "Waymark", "id.advertising", "dev.model", "ad.interest"),
        *data(TWO, "Waymark", "id.advertising", "dev.model"),
        *data(THREE, "Waymark", "dev.model"),
        *data(ONE, "Tallyho", "dev.model"),
    ]
    waymark, tallyho = linked(frames(KE, rows, sent)).linkable
    assert (waymark.owner, waymark.count) == ("Waymark", Count(2, 3))
    assert (waymark.smallest, waymark.median, waymark.largest) == (1, 1.5, 2)
    assert waymark.types == ("ad.interest", "dev.model")
    assert waymark.identifiers == ("id.advertising",)
    assert waymark.common == ("ad.interest", "dev.model")
    # Linkable for DiffAudit: an identifier's class, and one of personal information.
    assert waymark.diffaudit == Count(1, 3)
    assert (tallyho.owner, tallyho.count, tallyho.largest) == ("Tallyho", Count(0, 3), 0)


def test_an_identifier_that_is_fresh_in_every_session_links_nothing() -> None:
    rows = [identifier(of, "Waymark", digest=of, data_type="id.account") for of in (ONE, TWO)]
    sent = [each for of in (ONE, TWO) for each in data(of, "Waymark", "dev.model")]
    [row] = linked(frames(KE, rows, sent)).linkable
    assert row.count == Count(0, 3)
    [alone] = linked(frames(KE[:1], rows[:1], sent[:1])).linkable
    assert alone.count == Count(1, 1)  # of one session nobody can tell: it is made to stay


def test_privacy_signals_and_answers_are_not_collected() -> None:
    rows = [identifier(of, "Waymark", data_type="id.advertising") for of in (ONE, TWO)]
    sent = [
        *data(ONE, "Waymark", "id.advertising", "ad.privacy_signal"),
        *data(ONE, "Waymark", "dev.model", part="response"),
    ]
    [row] = linked(frames(KE, rows, sent)).linkable
    assert row.count == Count(0, 3)


def test_diffaudit_counts_third_party_sites_over_all_sessions() -> None:
    sent = [
        *data(ONE, "Waymark", "id.advertising"),
        *data(TWO, "Waymark", "ad.interest"),
        *data(ONE, "Tallyho", "dev.model", tracker="unknown"),
        *data(ONE, "Glint", "ad.interest"),
        *data(ONE, "Pebblo", "id.advertising", "ad.interest", party="first"),
    ]
    [row] = linked(frames(KE, (), sent)).diffaudit
    assert (row.sites, row.linkable, row.trackers) == (
        3, ("waymark.example",), ("waymark.example",),
    )  # fmt: skip
    assert (row.identifiers_only, row.personal_only) == (1, 1)
    assert row.largest_set == ("Device Software Identifiers", "Inference About Users")
    assert (row.smallest, row.median, row.largest, row.common_count) == (2, 2, 2, 1)


def test_a_third_party_of_the_apps_own_company_is_named_as_such() -> None:
    sent = [
        *data(ONE, "Pebblo", "dev.model", party="first", parent="Holding"),
        *data(ONE, "Glint", "dev.model", parent="Holding"),
        *data(ONE, "Waymark", "dev.model"),
    ]
    found = {each.owner: each.same_company for each in linked(frames(KE, (), sent)).linkable}
    assert found == {"Glint": True, "Pebblo": False, "Waymark": False}


def test_sides_are_those_of_a_comparison() -> None:
    rows = [identifier(ONE, "Alpha"), identifier(ONE, "Beta", t_s=2.0)]
    found = linked(frames([*KE, *DE], rows), ("DE", "KE"))
    assert [group.name for group in found.groups] == ["DE", "KE"]
    [row] = found.handovers
    assert [each.count for each in row.tallies] == [Count(0, 3), Count(1, 3)]
    with pytest.raises(UserError, match="would stand on both sides"):
        linked(frames([*KE, *DE], rows), ("KE", "KE-13"))


def test_sessions_that_are_no_evidence_are_left_out_and_named() -> None:
    abroad = [*KE[:2], {**KE[2], "egress": "FR"}]
    rows = [identifier(THREE, "Alpha"), identifier(THREE, "Beta", t_s=2.0)]
    found = linked(frames(abroad, rows))
    assert found.bridges == ()
    assert found.warnings[0].startswith(f"Left out: {THREE}")


def test_countries_of_servers_are_counted_by_owner() -> None:
    rows = [
        server(ONE, "app.waymark.example", "DE"),
        server(TWO, "app.waymark.example", "DE"),
        server(TWO, "app.waymark.example", "IE"),
    ]
    found = frames(KE, (), data(ONE, "Waymark", "dev.model"), rows)
    places = [(each.owner, each.country, each.count) for each in linked(found).places]
    assert places == [("Waymark", "DE", Count(2, 3)), ("Waymark", "IE", Count(1, 3))]
    assert linked(frames(KE)).places == ()


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [identifier(of, owner) for of in (ONE, TWO) for owner in ("Beta", "Alpha", "Gamma")]
    sent = [each for of in (ONE, TWO) for each in data(of, "Waymark", "dev.model", "ad.interest")]
    forward, backward = frames(KE, rows, sent), frames(KE[::-1], rows[::-1], sent[::-1])
    assert linked(forward) == linked(replace(backward, excluded=()))


def test_a_session_that_a_gate_leaves_out_counts_nowhere() -> None:
    short = synthetic.session("KE-13", 4, persona="achieng", ended="2026-11-04T10:00:05.000Z")
    rows = [identifier(each, owner) for each in (ONE, "KE-13-r04") for owner in ("Alpha", "Beta")]
    found = linked(frames([*KE, short], rows))
    assert found.groups[0].sessions == (ONE, TWO, THREE)
    assert found.persistent == ()  # it came in one session that counts
    assert {each.session for each in found.bridges} == {ONE}
    [warning] = [each for each in found.warnings if each.startswith("Left out")]
    assert "KE-13-r04, because it was broken off after 5 s" in warning


def test_checks_that_a_pair_does_not_pass_are_told_with_its_linkage() -> None:
    later = [each | {"app_version": "2.0"} for each in DE]
    warnings = linked(frames([*KE, *later]), ("DE", "KE")).warnings
    assert any("The version of the app" in each and "2.0 for Germany" in each for each in warnings)
    assert not any("version of the app" in each for each in linked(frames([*KE, *later])).warnings)


def test_where_no_session_of_an_arm_may_count_they_are_shown() -> None:
    made = frames([*KE, *DE])
    bare = replace(made, region=made.region.iloc[0:0], sessions=made.sessions.assign(egress=""))
    found = linked(bare, ("DE", "KE"))
    assert [len(each.sessions) for each in found.groups] == [3, 3]
    assert any("Where each session was recorded is proven" in each for each in found.warnings)
