"""What outcomes mean, given the others of the same phone."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.models import Connection, Outcome, Transport, TrustState
from analyzer.trust import (
    CUT_SHORT,
    HANDSHAKE,
    HUNG_UP,
    HUNG_UP_EARLY,
    OWN_HOSTS,
    PAGE_IPV4,
    QUIET,
    REFUSED,
    events,
    is_own,
    judge,
    tally,
)

PHONES = ("10.0.0.1", "10.0.0.2")
HOSTS = ("a.example", "b.example", "c.example", "")
_WITH_TLS = {"read", "silent"}


def row(
    outcome: Outcome,
    host: str = "a.example",
    t_s: float = 1.0,
    *,
    phone: str = PHONES[0],
    transport: Transport = "tcp",
    reason: str | None = None,
    tls: str | None = None,
    address: str = "198.51.100.7:443",
) -> Connection:
    if tls is None:
        tls = "TLSv1.3" if outcome in _WITH_TLS else ""
    if reason is None:
        reason = REFUSED if outcome == "refused" else ""
    ended = t_s + 0.9
    return Connection(
        1, t_s, ended, phone, host, address, transport, "", tls, outcome, reason, 3, 4
    )


rows = st.builds(
    row,
    st.sampled_from(get_args(Outcome)),
    st.sampled_from(HOSTS),
    st.integers(0, 4).map(float),
    phone=st.sampled_from(PHONES),
    transport=st.sampled_from(get_args(Transport)),
    reason=st.sampled_from([None, HUNG_UP, QUIET, HUNG_UP_EARLY, HANDSHAKE, CUT_SHORT]),
    tls=st.sampled_from([None, "", "TLSv1.2"]),
    address=st.sampled_from(["198.51.100.7:443", "2001:db8::7:443", ""]),
)
sessions = st.lists(rows, max_size=8)
READ = row("read", "read.example", 2.0)


@pytest.mark.parametrize(
    ("outcome", "alone", "trusted"),
    [
        ("read", "decrypted", "decrypted"),
        ("plain", "plaintext", "plaintext"),
        ("refused", "ca_refused", "pinned"),
        ("silent", "pin_suspected", "pin_suspected"),
        ("passed", "passed", "passed"),
        ("quic_refused", "quic_refused", "quic_refused"),
        ("tcp", "tcp", "tcp"),
        ("udp", "udp", "udp"),
        ("blocked", "blocked", "blocked"),
        ("failed", "failed", "failed"),
        ("open", "open", "open"),
    ],
)
def test_each_outcome_alone_and_beside_something_that_was_read(
    outcome: Outcome, alone: TrustState, trusted: TrustState
) -> None:
    assert judge([row(outcome)]) == (alone,)
    assert judge([row(outcome), READ])[0] == trusted


def test_two_silences_are_a_pin_if_the_phone_trusts_us_else_a_refusal() -> None:
    twice = [row("silent", reason=HUNG_UP), row("silent", reason=HUNG_UP, t_s=2.0)]
    assert judge(twice) == ("ca_refused", "ca_refused")
    assert judge([*twice, READ])[:2] == ("pinned", "pinned")
    assert judge([twice[0], row("silent", "b.example"), READ])[:2] == ("pin_suspected",) * 2


def test_connections_that_stay_open_and_say_nothing_are_no_pin_however_many() -> None:
    assert set(judge([*[row("silent", t_s=t_s, reason=QUIET) for t_s in range(9)], READ])[:9]) == {
        "pin_suspected"
    }


def test_a_silent_connection_to_a_host_that_is_read_is_a_preconnect() -> None:
    found = judge([row("silent"), row("silent", t_s=9.0), row("read", t_s=5.0)])
    assert found == ("unused", "unused", "decrypted")


@pytest.mark.parametrize(("outcome", "reason"), [("silent", HUNG_UP), ("refused", HUNG_UP_EARLY)])
def test_connections_that_hang_up_at_the_same_time_are_one_decision(
    outcome: Outcome, reason: str
) -> None:
    many = [row(outcome, t_s=1.0 + at / 10, reason=reason) for at in range(6)]
    assert judge([*many, READ])[:6] == ("pin_suspected",) * 6
    assert judge([*many, row(outcome, t_s=2.0, reason=reason), READ])[:7] == ("pinned",) * 7


def test_who_hangs_up_once_during_the_handshake_refused_no_certificate() -> None:
    once, alert = row("refused", reason=HUNG_UP_EARLY), row("refused", "b.example")
    assert judge([once]) == ("pin_suspected",)
    assert judge([once, alert, READ]) == ("pin_suspected", "pinned", "decrypted")
    twice = [once, row("silent", t_s=3.0, reason=HUNG_UP)]
    assert judge(twice) == ("ca_refused",) * 2
    assert judge([*twice, READ])[:2] == ("pinned",) * 2


def test_who_was_shown_no_certificate_refused_none_however_often() -> None:
    cut = [row("silent", t_s=float(at), tls="", reason=CUT_SHORT) for at in range(5)]
    assert judge([*cut, READ])[:5] == ("unused",) * 5
    assert list(events(cut)) == []


def test_a_host_that_is_read_by_one_part_and_refused_without_a_word_by_another() -> None:
    read = row("read", t_s=1.0)
    early = row("silent", t_s=0.0, reason=HUNG_UP)
    silent = [row("silent", t_s=float(at), reason=HUNG_UP) for at in (3, 5)]
    quiet = [row("silent", t_s=float(at), reason=QUIET) for at in (7, 8, 9)]
    assert judge([read, silent[0], early]) == ("decrypted", "unused", "unused")
    assert judge([read, silent[0], silent[0]]) == ("decrypted", "unused", "unused")
    assert judge([read, *silent, early]) == (
        "decrypted", "pin_suspected", "pin_suspected", "unused",
    )  # fmt: skip
    assert judge([read, *quiet]) == ("decrypted", *["unused"] * 3)


def test_what_never_began_a_handshake_is_unused() -> None:
    assert judge([row("silent", tls=""), READ])[0] == "unused"


def test_a_host_that_refused_before_it_was_read_was_without_the_authority() -> None:
    early = [row("refused", t_s=1.0), row("refused", "b.example", t_s=1.0)]
    late = [row("read", t_s=5.0), row("refused", "b.example", t_s=6.0)]
    assert judge([*early, *late]) == ("ca_refused", "ca_refused", "decrypted", "pinned")


def test_a_host_of_which_one_part_of_the_app_refuses_us_is_suspected_only() -> None:
    rows = [READ, row("refused", t_s=3.0), row("read", t_s=4.0), row("refused", t_s=5.0)]
    assert judge(rows) == ("decrypted", "pin_suspected", "decrypted", "pin_suspected")


def test_quic_that_fails_is_no_pin() -> None:
    rows = [
        row("refused", transport="quic"),
        row("silent", transport="quic"),
        row("silent", transport="quic"),
    ]
    assert judge([*rows, READ])[:3] == ("quic_refused",) * 3


@pytest.mark.parametrize("outcome", ["tcp", "blocked", "failed"])
def test_tls_that_came_to_nothing_readable_shows_trust_as_well(outcome: Outcome) -> None:
    other = row(outcome, "other.example", tls="TLSv1.3")
    assert judge([row("refused"), other])[0] == "pinned"
    assert judge([row("refused"), dataclasses.replace(other, tls="")])[0] == "ca_refused"


def test_the_address_stands_for_a_host_without_a_name() -> None:
    twice = [
        row("silent", "", t_s, address="198.51.100.7:443", reason=HUNG_UP) for t_s in (1.0, 2.0)
    ]
    other = row("silent", "", address="198.51.100.8:443", reason=HUNG_UP)
    assert judge([*twice, other, READ])[:3] == ("pinned", "pinned", "pin_suspected")
    assert [each.host for each in events([other])] == ["198.51.100.8"]


def test_quic_that_fell_back_says_so() -> None:
    refused = row("quic_refused", transport="quic", reason="QUIC was refused")
    [lost] = events([refused])
    [back] = events([refused, row("read")])
    [other] = events([refused, row("read", "b.example"), row("read", transport="quic")])
    assert lost.reason == other.reason == "QUIC was refused"
    assert "over TCP" in back.reason
    assert {each.kind for each in (lost, back)} == {"quic"}


def test_events_are_told_in_the_words_of_the_state() -> None:
    told = {
        state: [(each.kind, each.reason) for each in events(found)]
        for state, found in {
            "ca": [row("refused", reason="the app refused the certificate")],
            "pin": [row("refused", reason="the app refused the certificate"), READ],
            "blocked": [row("blocked", reason="refused: elsewhere")],
            "silent": [row("silent", reason=HUNG_UP)],
            "unused": [row("silent", tls="")],
            "read": [READ],
        }.items()
    }
    assert told == {
        "ca": [("tls_refused", "the phone does not trust the certificate authority")],
        "pin": [("tls_refused", "the app pins its certificate")],
        "blocked": [("blocked", "refused: elsewhere")],
        "silent": [("host_seen", HUNG_UP)],
        "unused": [],
        "read": [],
    }


@pytest.mark.parametrize("host", [*OWN_HOSTS, "x.phone.check", "PHONE.CHECK."])
def test_the_recorders_own_pages_show_trust_and_are_not_told(host: str) -> None:
    assert judge([row("refused"), row("read", host)])[0] == "pinned"
    assert list(events([row("refused", host)])) == []
    assert tally([row("read", host)])["hosts"] == 0


@pytest.mark.parametrize("host", ["", str(PAGE_IPV4), "[fd00:198:19::7]", "fd00:198:19::7"])
def test_the_addresses_of_the_check_page_are_its_own(host: str) -> None:
    page = row("plain", host, address=f"{PAGE_IPV4}:80")
    assert tally([page])["hosts"] == 0
    assert list(events([dataclasses.replace(page, outcome="blocked")])) == []


@pytest.mark.parametrize("outcome", ["tcp", "udp", "passed"])
@pytest.mark.parametrize("host", ["x.mitm.it", "phone.check", str(PAGE_IPV4)])
def test_what_only_has_the_name_of_the_recorders_pages_is_told(host: str, outcome: Outcome) -> None:
    other = row(outcome, host)
    assert tally([other])["hosts"] == 1
    assert [each.host for each in events([other])] == [host]
    assert is_own(host)


@pytest.mark.parametrize("host", ["198.19.255.253", "fd00:198:1a::1", "check", "notmitm.it", "::x"])
def test_other_names_and_addresses_are_not_the_recorders(host: str) -> None:
    assert not is_own(host)


@given(sessions, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(found: list[Connection], random: object) -> None:
    numbered = [dataclasses.replace(each, id=number) for number, each in enumerate(found)]
    mixed = list(numbered)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    before = {each.id: state for each, state in zip(numbered, judge(numbered), strict=True)}
    after = {each.id: state for each, state in zip(mixed, judge(mixed), strict=True)}
    assert before == after


@given(sessions)
def test_other_phones_do_not_matter(found: list[Connection]) -> None:
    for phone in PHONES:
        mine = [each for each in found if each.phone == phone]
        assert judge(mine) == tuple(
            state for each, state in zip(found, judge(found), strict=True) if each.phone == phone
        )


@given(sessions)
def test_something_more_that_was_read_makes_pins_of_refusals_and_changes_nothing_else(
    found: list[Connection],
) -> None:
    pairs = {(state, state) for state in get_args(TrustState)}
    for phone in PHONES:
        more = [*found, dataclasses.replace(READ, phone=phone)]
        for before, after in zip(judge(found), judge(more), strict=False):
            assert (before, after) in pairs | {("ca_refused", "pinned")}


@given(sessions)
def test_when_the_session_began_does_not_matter(found: list[Connection]) -> None:
    moved = [
        dataclasses.replace(each, t_s=each.t_s + 1024.0, ended_s=(each.ended_s or 0.0) + 1024.0)
        for each in found
    ]
    assert judge(moved) == judge(found)


@given(sessions)
def test_states_events_and_tallies_agree(found: list[Connection]) -> None:
    states = Counter(judge(found))
    counts = tally(found)
    assert {name: n for name, n in counts.items() if name.startswith("connections_")} == {
        f"connections_{state}": n for state, n in states.items()
    }
    told = list(events(found))
    silent = {"decrypted", "plaintext", "unused", "open"}
    assert len(told) == sum(n for state, n in states.items() if state not in silent)
    assert counts["unread_up"] == 3 * len(found)


@given(sessions)
def test_hosts_that_are_read_are_never_called_pinned(found: list[Connection]) -> None:
    read = {(each.phone, each.host) for each in found if each.outcome == "read" and each.host}
    for each, state in zip(found, judge(found), strict=True):
        if (each.phone, each.host) in read:
            assert state != "pinned"
