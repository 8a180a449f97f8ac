"""What could be read of a host, and what could not."""

from __future__ import annotations

import base64
import random
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import recording
from recording import EMAIL, GAID, post, record

from analyzer import coverage
from analyzer.bundle import BundleWriter, new_session
from analyzer.compare import compare
from analyzer.coverage import Exchanged, Hosts
from analyzer.findings import Coverage
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.models import (
    Connection,
    Destination,
    Event,
    EventKind,
    Exchange,
    Outcome,
    Problem,
    Transport,
    TrustState,
)
from analyzer.trust import CUT_SHORT, PAGE_IPV4

HOST = "app.waymark.example"


def covered(
    *exchanges: Exchange, events: tuple[Event, ...] = (), problems: tuple[Problem, ...] = ()
) -> dict[str, Coverage]:
    hosts = Hosts(lambda host: Destination(host.lower(), "site", "owner", "third", ""))
    for exchange in exchanges:
        hosts.exchange(HOST, exchange, problems)
    for event in events:
        hosts.event(event)
    return {each.host: each for each in hosts.coverage("s")}


def event(kind: EventKind, up: int = 0, down: int = 0, host: str = HOST) -> Event:
    return Event(0.0, kind, host, "", up, down)


def problem(code: str, part: str = "body") -> Problem:
    return Problem("1", "decode", code, f"{part}: 12 bytes")


def test_bytes_of_bodies_and_headers_are_counted() -> None:
    asked = post("a=1")
    path = asked.url.partition(HOST)[2]
    found = covered(asked, asked)[HOST]
    assert found.exchanges == 2
    assert found.bytes_up == 2 * (len(f"{asked.method}{path}") + 3 + len("content-type") + 33 + 4)
    assert found.bytes_down > 0


def test_what_is_sent_in_an_address_counts_as_sent() -> None:
    """A pixel tracker gets everything in its address."""
    pixel = replace(post(), method="GET", request_body=b"", request_headers=())
    short = covered(replace(pixel, url=f"https://{HOST}"))[HOST].bytes_up
    long = covered(replace(pixel, url=f"https://{HOST}/p?q={'x' * 900}"))[HOST].bytes_up
    bare = covered(replace(pixel, url=f"https://{HOST}?q={'é' * 9}"))[HOST].bytes_up
    assert (short, long, bare) == (len("GET/"), len("GET/p?q=") + 900, len("GET?q=") + 18)
    message = replace(pixel, method="WS", request_body=b"hello")
    assert covered(message)[HOST].bytes_up == 5


def test_several_problems_of_one_request_are_one_unread_request() -> None:
    found = covered(post(), problems=(problem("opaque_body"), problem("too_deep")))[HOST]
    assert (found.opaque, found.opaque_down) == (1, 0)


def test_an_unread_answer_is_counted_apart() -> None:
    found = covered(post(), problems=(problem("bad_json", "response"),))[HOST]
    assert (found.opaque, found.opaque_down) == (0, 1)


def test_an_unread_picture_is_not_counted() -> None:
    found = covered(post(answer=("image/png", b"x")), problems=(problem("too_large", "response"),))[
        HOST
    ]
    assert (found.opaque, found.opaque_down) == (0, 0)


def test_what_is_only_called_a_picture_is_counted() -> None:
    found = covered(
        post(answer=("image/png", b"x")), problems=(problem("opaque_value", "response"),)
    )[HOST]
    assert (found.opaque, found.opaque_down) == (0, 1)


def test_an_unread_value_is_an_unread_request() -> None:
    found = covered(post(), problems=(problem("opaque_value", "query"),))[HOST]
    assert (found.opaque, found.opaque_down) == (1, 0)


@pytest.mark.parametrize(
    ("exchange", "cut", "cut_down"),
    [
        (post(), 0, 0),
        (post(complete=False, status=None), 1, 0),
        (post(complete=False), 0, 1),
        (post(complete=False, answer=("video/mp4", b"")), 0, 0),
        (post("x" * 99, complete=False, truncated=5), 1, 0),
        (post("x", complete=False, truncated=5, answer=("text/html", b"xx")), 0, 1),
        (post("", complete=False, truncated=5), 1, 0),
        (post("", complete=False, truncated=5, method="GET"), 0, 1),
    ],
)
def test_a_cut_request_is_worse_than_a_cut_answer(
    exchange: Exchange, cut: int, cut_down: int
) -> None:
    found = covered(exchange)[HOST]
    assert (found.cut, found.cut_down) == (cut, cut_down)


def test_what_was_cut_off_is_not_called_undecodable_too() -> None:
    found = covered(post(complete=False), problems=(problem("truncated", "response"),))[HOST]
    assert (found.opaque, found.opaque_down, found.cut_down) == (0, 0, 1)


@pytest.mark.parametrize(
    ("kind", "field"),
    [("tls_refused", "refused"), ("gap", "cut"), ("quic", "refused"), ("blocked", "blocked")],
)
def test_events_count_against_their_host(kind: EventKind, field: str) -> None:
    assert getattr(covered(events=(event(kind),))[HOST], field) == 1


def test_refused_quic_is_no_loss_where_the_app_came_back_over_tcp() -> None:
    assert covered(post(), events=(event("quic"),))[HOST].refused == 0


@pytest.mark.parametrize("kind", ["tls_passthrough", "non_http", "quic", "host_seen"])
def test_bytes_that_nobody_read_are_counted(kind: EventKind) -> None:
    found = covered(events=(event(kind, 10, 20),))[HOST]
    assert (found.unread_up, found.unread_down) == (10, 20)


@pytest.mark.parametrize("kind", ["dns", "error"])
def test_names_asked_for_are_no_coverage(kind: EventKind) -> None:
    assert covered(events=(event(kind),)) == {}


def test_a_connection_without_a_name_is_kept() -> None:
    found = covered(events=(event("tls_refused", host=""),))[""]
    assert (found.refused, found.owner, found.site) == (1, "", "")


def connection(
    state: TrustState,
    host: str = HOST,
    *,
    transport: Transport = "tcp",
    tls: str = "",
    outcome: Outcome = "open",
    reason: str = "",
    address: str = "192.0.2.1:443",
) -> tuple[Connection, TrustState]:
    return (
        Connection(
            1, 0.0, 1.0, "10.0.0.1", host, address, transport, "", tls, outcome, reason, 0, 0
        ),
        state,
    )


def test_connections_are_counted_by_what_became_of_them() -> None:
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    states: list[TrustState] = [
        "decrypted", "decrypted", "plaintext", "ca_refused", "pinned", "pin_suspected", "passed",
        "quic_refused", "tcp", "udp", "blocked", "unused", "open", "failed",
    ]  # fmt: skip
    for state in states:
        hosts.connection(*connection(state))
    hosts.connection(*connection("decrypted", "phone.check"))
    [found] = hosts.coverage("s")
    assert (found.decrypted, found.plaintext, found.ca_refused, found.pinned) == (2, 1, 1, 1)
    assert (found.pin_suspected, found.passed, found.quic_refused) == (1, 1, 1)
    assert (found.other, found.blocked) == (2, 1)
    assert found.lost == 2  # open, failed


def lost(*connections: tuple[Connection, TrustState], read: bool) -> int:
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    if read:
        hosts.exchange(HOST, post(), ())
    for each in connections:
        hosts.connection(*each)
    return sum(each.lost for each in hosts.coverage("s"))


@pytest.mark.parametrize(
    ("of", "unread", "read"),
    [
        (connection("failed"), 1, 1),
        (connection("failed", transport="quic"), 1, 0),
        (connection("open"), 1, 0),
        (connection("open", transport="quic", tls="TLSv1.3"), 1, 0),
        (connection("unused", tls="TLSv1.3"), 1, 0),
        (connection("unused", reason=CUT_SHORT), 1, 0),
        (connection("unused"), 0, 0),  # it never began a handshake
        (connection("open", "", address=""), 0, 0),  # nor said where to
        (connection("decrypted", tls="TLSv1.3"), 0, 0),
        (connection("open", "phone.check"), 0, 0),
    ],
)
def test_connections_that_came_to_nothing_are_lost_unless_the_host_was_read(
    of: tuple[Connection, TrustState], unread: int, read: int
) -> None:
    assert lost(of, of, read=False) == 2 * unread
    assert lost(of, of, read=True) == 2 * read


@pytest.mark.parametrize("state", ["tcp", "udp", "passed"])
def test_what_only_has_the_name_of_the_recorders_pages_is_counted(
    state: Literal["tcp", "udp", "passed"],
) -> None:
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    hosts.connection(*connection(state, "x.mitm.it", outcome=state))
    hosts.connection(*connection("plaintext", "", outcome="plain", address=f"{PAGE_IPV4}:80"))
    [found] = hosts.coverage("s")
    assert (found.host, found.passed + found.other) == ("x.mitm.it", 1)


def test_a_connection_without_a_name_is_counted_by_its_address() -> None:
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    hosts.connection(*connection("tcp", ""))
    assert [each.host for each in hosts.coverage("s")] == ["192.0.2.1"]


def test_what_only_a_witness_saw_is_a_blind_spot() -> None:
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    hosts.exchange(HOST, post(), ())
    hosts.connection(*connection("decrypted", "read.example"))
    for host in (HOST, "read.example", "unseen.example", "phone.check"):
        hosts.witness(event("host_seen", 10, 20, host))
    hosts.witness(event("dns", 0, 0, "asked.example"))
    found = {each.host: each for each in hosts.coverage("s")}
    assert set(found) == {HOST, "read.example", "unseen.example"}
    assert (found[HOST].unseen, found[HOST].unread_up) == (0, 0)
    assert (found["read.example"].unseen, found["read.example"].unread_up) == (0, 0)
    unseen = found["unseen.example"]
    assert (unseen.unseen, unseen.unread_up, unseen.unread_down) == (1, 10, 20)


@pytest.mark.parametrize("beside", [True, False])
def test_a_difference_that_a_host_past_the_recorder_could_explain_is_never_called_one(
    tmp_path: Path, beside: bool
) -> None:
    study = recording.study(tmp_path)
    for repeat in range(1, 7):
        record(study, "DE-13", repeat, [post()])
        bundle = record(study, "KE-13", repeat, [post("nothing=1", "api.pebblo.example")])
        session = new_session(
            study,
            study.arms["KE-13"],
            repeat=repeat + 20,
            origin="pcap",
            beside=bundle.name if beside else "",
        )
        witness = BundleWriter.create(study.captures, session, phase="use")
        witness.add_event(event("host_seen", 500, 600))
        witness.close("imported")
    analyse(study, jobs=1)
    found = compare(load_frames(study), study, load_knowledge(), "DE-13", "KE-13")
    [row] = [each for each in found.deltas if each.subject == "id.advertising"]
    assert row.verdict == ("insufficient" if beside else "only_a")
    assert [each.owner for each in found.blind_spots] == (["Waymark"] if beside else [])


def test_a_new_witness_makes_the_findings_out_of_date(tmp_path: Path) -> None:
    study = recording.study(tmp_path)
    bundle = record(study, "DE-13", 1, [post()])
    analyse(study, jobs=1)
    session = new_session(study, study.arms["DE-13"], origin="pcap", beside=bundle.name)
    BundleWriter.create(study.captures, session, phase="use").close("imported")
    assert bundle.name in analyse(study, jobs=1).done


def verdict_with(tmp_path: Path, length: int) -> tuple[str, str]:
    """Send the e-mail address in Germany, `length` random bytes under its name in Kenya; compare.

    Return the verdict about the address and the reason for it.
    """
    study, knowledge = recording.study(tmp_path), load_knowledge()
    for repeat in range(1, 7):
        secret = base64.urlsafe_b64encode(random.Random(repeat).randbytes(length)).decode()
        for arm, value in (("DE-13", EMAIL), ("KE-13", secret)):
            record(study, arm, repeat, [post(f"gps_adid={GAID}&v2={value}")])
    analyse(study, jobs=1)
    found = compare(load_frames(study), study, knowledge, "DE", "KE")
    [row] = [each for each in found.deltas if each.subject == "person.email"]
    assert (row.a.k, row.a.n, row.b.k) == (6, 6, 0)
    return row.verdict, row.reason


def test_a_cipher_in_its_place_does_not_prove_that_nothing_was_sent(tmp_path: Path) -> None:
    verdict, reason = verdict_with(tmp_path, 400)
    assert verdict == "insufficient"
    assert reason


def test_a_token_in_its_place_is_too_short_to_hide_it(tmp_path: Path) -> None:
    assert verdict_with(tmp_path, 32) == ("only_a", "")


def test_hosts_beyond_the_bound_are_counted_together_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coverage, "MOST_HOSTS", 3)
    hosts = Hosts(lambda host: Destination(host, "site", "owner", "third", ""))
    assert not hosts.problems
    for number in (1, 2, 3, 4, 5, 2):
        hosts.exchange(f"h{number}.example", post("a=1"), ())
    hosts.event(event("tls_refused", host="h9.example"))
    found = {each.host: each.exchanges for each in hosts.coverage("s")}
    assert found == {"": 2, "h1.example": 1, "h2.example": 2, "h3.example": 1}
    assert hosts.exchanges == 6
    told = [(each.code, each.detail) for each in hosts.problems]
    assert told == [("too_many_hosts", "3 times beyond 3 hosts")]


def test_counts_of_pieces_add_up_to_those_of_the_whole() -> None:
    exchanges = [post(f"a={number}", complete=number != 2) for number in range(4)]
    whole, pieces = (
        Hosts(lambda host: Destination(host, "site", "owner", "third", "")) for _ in range(2)
    )
    where = whole.destination(HOST)
    for each in exchanges:
        whole.exchange(HOST, each, (problem("opaque_body"),))
    for piece in (exchanges[:3], exchanges[3:]):
        counts = Exchanged()
        for each in piece:
            counts.exchange(each, (problem("opaque_body"),))
        pieces.add({where: counts})
    assert pieces.coverage("s") == whole.coverage("s")
    assert whole.coverage("s")[0].opaque == 4
