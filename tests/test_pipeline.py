"""One session through all stages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import recording
from hypothesis import given
from hypothesis import strategies as st
from recording import EMAIL, GAID, post, record

from analyzer.bundle import BundleWriter, new_session
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Event
from analyzer.pipeline import Analysed, analyse_bundle, exchange_order, identify
from analyzer.study import SETUP, Study


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return recording.study(tmp_path)


def places(found: Analysed) -> list[tuple[str, str, str, str]]:
    return [
        (each.phase, each.destination.owner, each.match.data_type, each.match.method)
        for each in found.findings
    ]


def test_what_happens_while_the_phone_is_set_up_is_no_evidence(
    study: Study, knowledge: Knowledge
) -> None:
    session = new_session(study, study.arms["KE-13"], origin="proxy")
    writer = BundleWriter.create(study.captures, session, phase=SETUP)
    writer.add_exchange(post(host="early.waymark.example", t_s=1.0))
    writer.add_event(Event(1.5, "tls_refused", "app.waymark.example", "early", 0, 0))
    number = writer.connections.open(
        t_s=2.0, phone="10.0.0.1", transport="tcp", host="late.example"
    )
    writer.connections.change(number, outcome="refused")
    writer.add_step("use", 5.0)
    writer.add_exchange(post(t_s=6.0))
    writer.close("stopped")
    analysed = analyse_bundle(writer.path, study, knowledge)
    assert analysed.exchanges == 1
    assert analysed.phases == ("use",)
    assert {each.phase for each in analysed.findings} == {"use"}
    [host] = analysed.coverage
    assert (host.host, host.refused, host.ca_refused) == ("app.waymark.example", 0, 0)


def test_what_was_sent_becomes_findings_with_place_and_owner(
    study: Study, knowledge: Knowledge
) -> None:
    bundle = record(study, "KE-13", exchanges=[post()])
    found = analyse_bundle(bundle, study, knowledge)
    assert ("first launch", "Waymark", "id.advertising", "rule") in places(found)
    [finding] = [each for each in found.findings if each.match.data_type == "id.advertising"]
    assert finding.session == bundle.name
    assert finding.destination.party == "third"
    assert finding.match.path == "gps_adid"
    assert found.exchanges == 1


def test_a_step_begins_a_phase(study: Study, knowledge: Knowledge) -> None:
    sent = [post(t_s=1.0), post(t_s=9.0)]
    bundle = record(study, "KE-13", exchanges=sent, steps=[("use", 5.0)])
    found = analyse_bundle(bundle, study, knowledge)
    assert found.phases == ("first launch", "use")
    phases = [each.phase for each in found.findings if each.match.data_type == "id.advertising"]
    assert phases == ["first launch", "use"]


def test_the_seeded_values_of_the_persona_are_found_wherever_they_are(
    study: Study, knowledge: Knowledge
) -> None:
    bundle = record(study, "KE-13", exchanges=[post(f"x={EMAIL}", "t.else.example", "/z")])
    found = analyse_bundle(bundle, study, knowledge)
    assert ("first launch", "else.example", "person.email", "planted") in places(found)


def test_no_captured_value_is_in_what_comes_out(study: Study, knowledge: Knowledge) -> None:
    bundle = record(study, "KE-13", exchanges=[post(f"gps_adid={GAID}&x={EMAIL}")])
    told = repr(analyse_bundle(bundle, study, knowledge))
    assert GAID not in told
    assert EMAIL not in told


def test_analysing_twice_gives_the_same(study: Study, knowledge: Knowledge) -> None:
    bundle = record(study, "KE-13", exchanges=[post(), post(host="api.pebblo.example")])
    assert analyse_bundle(bundle, study, knowledge) == analyse_bundle(bundle, study, knowledge)


def test_every_finding_has_an_id_of_its_own(study: Study, knowledge: Knowledge) -> None:
    bundle = record(study, "KE-13", exchanges=[post(), post(), post("a=1&b=2")])
    found = analyse_bundle(bundle, study, knowledge)
    ids = [each.id for each in found.findings]
    assert len(ids) > 1
    assert len(set(ids)) == len(ids)


def test_an_undecodable_request_is_a_problem_and_a_blind_spot(
    study: Study, knowledge: Knowledge
) -> None:
    secret = post(request_headers=(), request_body=bytes(range(128, 256)) * 8)
    found = analyse_bundle(record(study, "KE-13", exchanges=[secret]), study, knowledge)
    assert [(each.host, each.problem.code) for each in found.problems] == [
        ("app.waymark.example", "opaque_body")
    ]
    [host] = found.coverage
    assert (host.opaque, host.opaque_down, host.owner) == (1, 0, "Waymark")


def test_what_passed_beside_the_exchanges_is_covered(study: Study, knowledge: Knowledge) -> None:
    events = [
        Event(1.0, "tls_refused", "API.Lockstep.example", "unknown ca", 0, 0),
        Event(2.0, "tls_passthrough", "t.else.example", "policy", 100, 2000),
    ]
    found = analyse_bundle(record(study, "KE-13", events=events), study, knowledge)
    by_host = {each.host: each for each in found.coverage}
    assert by_host["api.lockstep.example"].refused == 1
    passed = by_host["t.else.example"]
    assert (passed.unread_up, passed.unread_down, passed.exchanges) == (100, 2000, 0)


def test_a_folder_that_is_no_bundle_is_refused(
    tmp_path: Path, study: Study, knowledge: Knowledge
) -> None:
    with pytest.raises(UserError):
        analyse_bundle(tmp_path / "nothing", study, knowledge)


def test_a_persona_that_was_taken_out_of_the_study_is_no_error(
    study: Study, knowledge: Knowledge
) -> None:
    bundle = record(study, "KE-13", exchanges=[post()])
    bare = replace(study, personas={}, persona_of={}, arms={})
    assert analyse_bundle(bundle, bare, knowledge).findings


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_ids_differ_where_the_parts_differ(left: list[str], right: list[str]) -> None:
    assert (identify("f", *left) == identify("f", *right)) == (left == right)


@given(st.permutations(["1", "2", "2.w1", "2.w2", "2.w10", "10", "10.w1"]))
def test_messages_come_after_their_handshake_and_before_the_next_request(ids: list[str]) -> None:
    assert sorted(ids, key=exchange_order) == ["1", "2", "2.w1", "2.w2", "2.w10", "10", "10.w1"]


def test_a_value_in_the_name_of_a_host_is_found_and_not_shown(
    tmp_path: Path, knowledge: Knowledge
) -> None:
    study = recording.study(tmp_path, f'{recording.STUDY}"id.advertising" = "{GAID}"\n')
    hosts = (f"{GAID}.id.adjust.com", f"{EMAIL.replace('@', '.at.')}.t2.example", "t2.example")
    sent = [
        replace(post(""), id=str(at), url=f"https://{host}/x", request_headers=())
        for at, host in enumerate(hosts)
    ]
    refused = Event(1.0, "tls_refused", GAID.replace("-", "") + ".t2.example", "", 0, 0)
    found = analyse_bundle(
        record(study, "KE-13", exchanges=sent, events=[refused]), study, knowledge
    )
    told = [(each.match.data_type, each.match.part) for each in found.findings]
    assert told == [("id.advertising", "host"), ("person.email", "host")]
    assert [each.destination.owner for each in found.findings] == ["Adjust", "t2.example"]
    assert {each.host for each in found.coverage} == {
        "{id.advertising}.id.adjust.com",
        "{person.email}.t2.example",
        "{id.advertising}.t2.example",
        "t2.example",
    }
    assert {(each.host, each.exchanges, each.refused) for each in found.coverage} >= {
        ("{id.advertising}.t2.example", 0, 1),
        ("{id.advertising}.id.adjust.com", 1, 0),
    }
    for value in (GAID, GAID.replace("-", ""), EMAIL.partition("@")[0]):
        assert value.lower() not in repr(found).lower()
