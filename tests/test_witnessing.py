"""Witnesses of a session: packets in its bundle, and what an app's bytes say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import recording
from foreign_files import client_hello, dns_query, ethernet, pcapng, tcp, tls_record, udp
from recording import post

from analyzer.bundle import BundleWriter, new_session
from analyzer.errors import UserError
from analyzer.findings import Coverage
from analyzer.knowledge import load_knowledge
from analyzer.models import Measured, Problem
from analyzer.pipeline import Analysed, analyse_bundle
from analyzer.readers.witnessing import (
    PACKETS,
    captured_bytes,
    counted_bytes,
    session_beside,
    share,
    unseen_bytes,
)
from analyzer.study import Study

PHONE, MACHINE, OTHER = "192.168.7.20", "192.168.7.2", "192.168.7.30"
SERVER = "93.184.216.34"


def greeting(phone: str, name: str, server: str = SERVER, port: int = 40_000) -> bytes:
    return ethernet(tcp(phone, port, server, 443, tls_record(client_hello(name))))


def bundle_of(
    study: Study,
    *packets: bytes,
    phones: tuple[str, ...] = (PHONE,),
    machine: tuple[str, ...] = (MACHINE,),
) -> Path:
    """A session with one connection of each phone, and packets beside it."""
    session = new_session(study, study.arm("KE-13"), origin="proxy")
    writer = BundleWriter.create(study.captures, session, phase="use")
    writer.add_exchange(post())
    for phone in phones:
        writer.connections.open(t_s=0.1, phone=phone, host="read.example", transport="tcp")
    for address in machine:
        writer.add_measured("recorder_address", address, "packets")
    if packets:
        (writer.path / PACKETS).write_bytes(pcapng(*packets, link=1))
    writer.close("stopped")
    return writer.path


def analysed(study: Study, bundle: Path, *witnesses: Path) -> Analysed:
    return analyse_bundle(bundle, study, load_knowledge(), witnesses)


def unseen(found: Analysed) -> set[str]:
    return {each.host for each in found.coverage if each.unseen}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return recording.study(tmp_path)


def test_hosts_that_only_the_packets_show_are_blind_spots(study: Study) -> None:
    bundle = bundle_of(
        study, greeting(PHONE, "hidden.example"), greeting(PHONE, "read.example", port=40_001)
    )
    assert unseen(analysed(study, bundle)) == {"hidden.example"}


def test_only_the_phones_own_connections_count(study: Study) -> None:
    bundle = bundle_of(
        study,
        greeting(PHONE, "hidden.example"),
        greeting(OTHER, "bystander.example"),
        greeting(MACHINE, "upstream.example"),
        greeting(PHONE, "to-the-proxy.example", server=MACHINE),
    )
    assert unseen(analysed(study, bundle)) == {"hidden.example"}


def test_a_machine_that_is_its_own_phone_says_nothing(study: Study) -> None:
    bundle = bundle_of(study, greeting(MACHINE, "upstream.example"), phones=(MACHINE,))
    found = analysed(study, bundle)
    assert unseen(found) == set()
    assert found.problems == ()


def test_a_phone_of_which_the_interface_shows_nothing_is_a_problem_and_no_blind_spot(
    study: Study,
) -> None:
    tunnelled = ethernet(udp(PHONE, 50_000, MACHINE, 51_820, b"\4" + bytes(100)))
    bundle = bundle_of(study, tunnelled, phones=("10.0.0.1",))
    found = analysed(study, bundle)
    assert unseen(found) == set()
    assert [each.problem.code for each in found.problems] == ["no_packets"]


@pytest.mark.parametrize("content", [b"", b"\x0a\x0d\x0d\x0a", b"nothing of the kind"])
def test_a_broken_file_of_packets_is_a_problem(study: Study, content: bytes) -> None:
    bundle = bundle_of(study)
    (bundle / PACKETS).write_bytes(content)
    assert [each.problem.code for each in analysed(study, bundle).problems] == ["no_packets"]


def test_the_local_network_and_questions_are_no_blind_spots(study: Study) -> None:
    bundle = bundle_of(
        study,
        ethernet(udp(PHONE, 5353, "224.0.0.251", 5353, b"hello")),
        ethernet(udp(PHONE, 68, "255.255.255.255", 67, b"hello")),
        ethernet(udp(PHONE, 1900, "192.168.7.1", 1900, b"hello")),
        ethernet(udp(PHONE, 5000, "192.168.7.1", 53, dns_query("asked.example"))),
        ethernet(udp(PHONE, 5001, SERVER, 9999, b"hello")),
    )
    assert unseen(analysed(study, bundle)) == {SERVER}


def test_the_phone_may_come_by_an_address_of_ipv6_that_stands_for_one_of_ipv4(
    study: Study,
) -> None:
    bundle = bundle_of(study, greeting(PHONE, "hidden.example"), phones=(f"::ffff:{PHONE}",))
    assert unseen(analysed(study, bundle)) == {"hidden.example"}


def netstats_witness(study: Study, bundle: Path, number: int, source: str = "netstats") -> Path:
    session = new_session(study, study.arm("KE-13"), origin="netstats", beside=bundle.name)
    writer = BundleWriter.create(study.captures, session, phase="use")
    writer.add_measured("app_bytes_up", "1000", source, 0.0)
    writer.add_measured("app_bytes_down", str(number - 1000), source, 0.0)
    writer.close("imported")
    return writer.path


def test_an_app_that_sent_much_more_than_was_captured_is_a_problem(study: Study) -> None:
    bundle = bundle_of(study)
    captured = captured_bytes(bundle)
    assert captured > 100
    much = netstats_witness(study, bundle, 3_000_000)
    [placed] = analysed(study, bundle, much).problems
    assert placed.problem == Problem(
        "", "read", "app_bytes_unseen", f"3.0 MB by the app, {captured} bytes captured"
    )
    assert placed.host == ""


def test_an_app_whose_bytes_were_nearly_all_captured_is_none(study: Study) -> None:
    bundle = bundle_of(study)
    enough = netstats_witness(study, bundle, int(captured_bytes(bundle) * 1.1) + 1000)
    assert unseen_bytes(enough, 10**7) is None
    assert unseen_bytes(enough, 0) is not None
    other = netstats_witness(study, bundle, 3_000_000, source="adb")
    assert unseen_bytes(other, 0) is None


def test_bytes_are_those_of_one_source_only() -> None:
    rows = [
        Measured(0.0, "app_bytes_up", "10", "netstats"),
        Measured(0.0, "app_bytes_down", "30", "netstats"),
        Measured(0.0, "app_bytes_up", "999", "adb"),
        Measured(0.0, "app_bytes_up", "-5", "netstats"),
    ]
    assert counted_bytes(rows) == 40
    assert counted_bytes(rows[2:3]) is None


@pytest.mark.parametrize(
    ("counted", "captured", "told"),
    [
        (999, 0, "999 bytes by the app, 0 bytes captured"),
        (12_345_678, 11_900_000, "12.3 MB by the app, 11.9 MB captured"),
        (3_000_000_000, 4000, "3.0 GB by the app, 4.0 kB captured"),
    ],
)
def test_shares_are_told_in_round_numbers(counted: int, captured: int, told: str) -> None:
    assert share(counted, captured) == told


def test_a_witness_or_an_open_session_has_no_witnesses(study: Study) -> None:
    bundle = bundle_of(study)
    witness = netstats_witness(study, bundle, 5000)
    assert session_beside(study, bundle.name).id == bundle.name
    with pytest.raises(UserError, match="is itself a witness: name the session that it is of"):
        session_beside(study, witness.name)
    crashed = recording.record(study, "KE-13", 7, [replace(post(), id="1")], close=False)
    with pytest.raises(UserError, match="has not ended"):
        session_beside(study, crashed.name)
    with pytest.raises(UserError, match="no session 'XX'"):
        session_beside(study, "XX")


def test_coverage_of_a_session_without_witnesses_has_none_unseen(study: Study) -> None:
    rows: tuple[Coverage, ...] = analysed(study, bundle_of(study)).coverage
    assert {each.unseen for each in rows} == {0}
