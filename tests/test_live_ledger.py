"""Connections are judged as `analyzer.trust` judges all of them, in bounded memory."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.live import ledger
from analyzer.live.ledger import Ledger
from analyzer.models import Connection, Outcome, TrustState
from analyzer.trust import HUNG_UP, HUNG_UP_EARLY, REFUSED, judge

REASONS = {"refused": REFUSED, "silent": HUNG_UP}


def connection(number: int, host: str, outcome: Outcome, phone: str = "10.0.0.1") -> Connection:
    return Connection(
        id=number,
        t_s=float(number),
        ended_s=number + 0.5,
        phone=phone,
        host=host,
        address="192.0.2.1:443",
        transport="tcp",
        alpn="h2",
        tls="TLSv1.3",
        outcome=outcome,
        reason=REASONS.get(outcome, ""),
        bytes_up=number,
        bytes_down=2 * number,
    )


def counted(taken: Ledger) -> Counter[TrustState]:
    found: Counter[TrustState] = Counter()
    for each in taken.judged():
        found[each.state] += each.count
    return found


def noted(connections: Sequence[Connection]) -> Ledger:
    taken = Ledger()
    for each in connections:
        taken.note(each)
    return taken


OUTCOMES: tuple[Outcome, ...] = ("read", "refused", "silent", "passed", "plain", "tcp")


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(OUTCOMES), st.sampled_from("12")),
        max_size=40,
    )
)
def test_it_judges_as_if_all_were_at_hand(
    told: list[tuple[str, Outcome, str]],
) -> None:
    connections = [connection(at, *each) for at, each in enumerate(told, 1)]
    assert counted(noted(connections)) == Counter(judge(connections))


def a_session(rows: int) -> list[Connection]:
    """Refused until the authority is trusted; one host that pins, one silently, many read."""
    early = [connection(at, f"h{at % 2}", "refused") for at in range(1, 20)]
    hosts: list[tuple[str, Outcome]] = [
        ("pinned", "refused"), ("quiet", "silent"), ("h0", "read"), ("h1", "read"), ("p", "passed"),
    ]  # fmt: skip
    return early + [connection(at, *hosts[at % len(hosts)]) for at in range(20, rows)]


def test_older_connections_are_judged_as_before_when_only_their_kinds_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "_MOST_RECENT", 50)
    connections = a_session(3000)
    taken = noted(connections)
    assert counted(taken) == Counter(judge(connections))
    assert len(taken._recent) == 50
    assert len(taken._older) < 30
    assert sum(each.up for each in taken.judged()) == sum(each.bytes_up for each in connections)
    assert sum(each.down for each in taken.judged()) == sum(each.bytes_down for each in connections)


@pytest.mark.parametrize(("outcome", "reason"), [("silent", HUNG_UP), ("refused", HUNG_UP_EARLY)])
@pytest.mark.parametrize("together", [True, False])
def test_whether_older_ones_hung_up_at_the_same_time_is_known_when_only_their_kind_is_kept(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome, reason: str, together: bool
) -> None:
    monkeypatch.setattr(ledger, "_MOST_RECENT", 1)
    connections = [
        dataclasses.replace(connection(at, "h", outcome), reason=reason, t_s=0.5, ended_s=at + 9.0)
        for at in range(1, 20)
    ]
    if not together:
        connections[3] = dataclasses.replace(connections[3], t_s=11.0)
    connections += [connection(at, "other", "read") for at in range(30, 40)]
    found = counted(noted(connections))
    assert found == Counter(judge(connections))
    assert found["pin_suspected" if together else "pinned"] == 19


def test_nothing_is_lost_beyond_all_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_MOST_RECENT", "_MOST_GROUPS", "_MOST_LIVE"):
        monkeypatch.setattr(ledger, name, 20)
    connections = [connection(at, f"h{at}", OUTCOMES[at % 6]) for at in range(1, 2001)]
    taken = noted(connections)
    assert sum(counted(taken).values()) == 2000
    assert sum(each.up for each in taken.judged()) == sum(each.bytes_up for each in connections)
    assert len(taken._older) + len(taken._beyond) + len(taken._first_read) < 100


def test_a_connection_that_changes_counts_once() -> None:
    taken = Ledger()
    opened = connection(1, "h", "open")
    taken.note(dataclasses.replace(opened, ended_s=None))
    assert counted(taken) == {"open": 1}
    taken.note(dataclasses.replace(opened, ended_s=None, outcome="read"))
    taken.note(dataclasses.replace(opened, outcome="read"))
    assert counted(taken) == {"decrypted": 1}
    assert taken.phones == {"10.0.0.1": (1.0, 1)}
