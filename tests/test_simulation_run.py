"""Sessions through the real proxy: what the phone, the servers and the store say is the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from analyzer.bundle import verify
from analyzer.errors import UserError
from analyzer.models import Exchange
from analyzer.readers.bundle import (
    read_connections,
    read_events,
    read_exchanges,
    read_steps,
)
from analyzer.simulation import run
from analyzer.simulation.declaration import load_declaration
from analyzer.simulation.demo import prepare_demo
from analyzer.simulation.expected import expected
from analyzer.simulation.log import Seen, seen
from analyzer.simulation.plan import plan
from analyzer.simulation.run import Recorded, record_scenes, run_all, scene_of
from analyzer.simulation.servers import Servers

pytestmark = pytest.mark.capture


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    study = prepare_demo(tmp_path_factory.mktemp("demo"))
    told: list[tuple[int, int, str]] = []
    sessions = run_all(
        study, ["DE-13", "KE-13"], repeats=2, jobs=2, progress=lambda *a: told.append(a)
    )
    assert [(done, total) for done, total, _ in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {name for _, _, name in told} == {session.session.id for session in sessions}
    return sessions


def as_seen(exchange: Exchange) -> Seen:
    """The store's view, in the words of the other two."""
    status = None if exchange.method == "WS" else exchange.status
    url = exchange.url
    if urlsplit(url).hostname == "live.pebblo.example":
        url = url.replace("https:", "wss:")
    return seen(exchange.method, url, exchange.request_body, status, exchange.response_body)


def readable(seen: Iterable[Seen], unread: Collection[str]) -> list[Seen]:
    """All but what was passed on unread."""
    return sorted((each for each in seen if urlsplit(each.url).hostname not in unread), key=repr)


def test_phone_servers_and_store_agree_to_the_byte(recorded: list[Recorded]) -> None:
    for session in recorded:
        stored = sorted(map(as_seen, read_exchanges(session.bundle)), key=repr)
        unread = expected(session.scene).unread
        assert stored == readable(session.phone.seen, unread)
        assert stored == readable(session.served, unread)
        assert len(stored) >= 20


def test_the_exchanges_are_stored_whole_in_the_planned_order_and_phase(
    recorded: list[Recorded],
) -> None:
    for session in recorded:
        stored = [e for e in read_exchanges(session.bundle) if e.method != "WS"]
        planned = [request for request in plan(session.scene) if not request.pinned]
        assert [(e.phase, e.method, urlsplit(e.url).path) for e in stored] == [
            (request.phase, request.method, urlsplit(request.url).path) for request in planned
        ]
        assert all(e.complete and not e.truncated for e in stored)
        assert [name for _, name in read_steps(session.bundle)] == ["launch", "consent", "use"]


def test_http2_is_spoken_but_for_the_websocket(recorded: list[Recorded]) -> None:
    for exchange in read_exchanges(recorded[0].bundle):
        live = urlsplit(exchange.url).hostname == "live.pebblo.example"
        assert (exchange.transport == "h2") is not live


def test_the_pinned_host_refuses_the_proxy_and_is_then_passed_on(
    recorded: list[Recorded],
) -> None:
    for session in recorded:
        unread = expected(session.scene).unread
        assert set(session.phone.refused) == unread
        refused = {e.host for e in read_events(session.bundle) if e.kind == "tls_refused"}
        assert refused == unread
        connections = [c for c in read_connections(session.bundle) if c.host in unread]
        assert [c.outcome for c in connections] == ["refused", "passed"] * len(unread)
        hidden = [s for s in session.phone.seen if urlsplit(s.url).hostname in unread]
        assert hidden
        assert sorted(hidden) == sorted(
            s for s in session.served if urlsplit(s.url).hostname in unread
        )


def test_the_bundles_are_sealed_and_describe_their_arm(recorded: list[Recorded]) -> None:
    assert [(r.session.arm.label, r.session.repeat) for r in recorded] == [
        ("DE-13", 1), ("KE-13", 1), ("DE-13", 2), ("KE-13", 2),
    ]  # fmt: skip
    for session in recorded:
        assert verify(session.bundle) == []
        assert session.session.complete
        assert len(session.session.planted) == 7


def test_a_host_without_a_server_here_is_refused_and_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = prepare_demo(tmp_path)
    scene = scene_of(study, load_declaration(), "DE-13", 1)
    with Servers(tmp_path / "servers", [scene]) as servers:
        known = servers.addresses(scene)
        lost = "reports.mendly.example"
        without = {host: where for host, where in known.items() if host != lost}
        monkeypatch.setattr(servers, "addresses", lambda _: without)
        (session,) = record_scenes(study, [scene], servers, tmp_path / "proxy", 1)
    answers = {urlsplit(s.url).hostname: s.status for s in session.phone.seen if s.method != "WS"}
    assert answers[lost] == 502
    assert {status for host, status in answers.items() if host != lost} <= {101, 200, 302}
    assert lost in {e.host for e in read_events(session.bundle) if e.kind == "blocked"}
    assert lost not in {urlsplit(s.url).hostname for s in session.served}


def test_a_process_that_dies_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(RuntimeError, match="ended without an answer"):
        run._in_process("no_such_function", None)


def test_an_arm_that_is_not_in_the_study_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="XX-13"):
        run_all(prepare_demo(tmp_path), ["XX-13"], repeats=1)
