"""OkHttp behind the recorder: what it says is read, and a real pin is noticed and lived with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import okhttp_rig
import pytest
from capture_rig import Recording, Server, patterned
from netns_recorder import recorder
from netns_rig import phone_namespace
from okhttp_rig import CallFailedError, OkHttp, compiled
from tap import Tap
from tls_tap import TlsTap

from analyzer.bundle import verify
from analyzer.models import Connection, TrustState
from analyzer.readers.bundle import read_connections, read_exchanges
from analyzer.trust import HUNG_UP, events, judge

pytestmark = pytest.mark.capture
API = "https://api.app.example"
PINNED = "pinned.other.example"
UP, DOWN = patterned(300_000), patterned(2_000_000)
NOTICED_S = 3.0  # until a client that has hung up without a word is known to have
# What TLS 1.3 adds: handshake, certificate and tickets; then 22 bytes to each record, and records
# have some kilobytes, 16 at most.
HANDSHAKE = 4096
RECORDS = 0.01


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return compiled(tmp_path_factory.mktemp("okhttp"))


@pytest.fixture
def inner(server: Server) -> Iterator[TlsTap]:
    with TlsTap(server, PINNED) as running:
        yield running


@pytest.fixture
def tap(inner: TlsTap, server: Server) -> Iterator[Tap]:
    with Tap(inner.address) as running:
        server.elsewhere = {PINNED: running.address}
        yield running
        server.elsewhere = {}


def states(path: Path, host: str) -> list[TrustState]:
    every = read_connections(path)
    return [state for each, state in zip(every, judge(every), strict=True) if each.host == host]


def rows(path: Path, host: str) -> list[Connection]:
    return [each for each in read_connections(path) if each.host == host]


def is_refused_without_a_word(phone: OkHttp, path: Path, protocol: str) -> None:
    """Make a call that the pin forbids; while the session runs, its connection is noticed."""
    before = len(rows(path, PINNED))
    with pytest.raises(CallFailedError, match="SSLPeerUnverifiedException"):
        phone.call(f"https://{PINNED}/bytes?n=1", protocol=protocol)
    deadline = time.monotonic() + NOTICED_S
    while [each.outcome for each in rows(path, PINNED)[before:]] != ["silent"]:
        assert time.monotonic() < deadline, rows(path, PINNED)
        time.sleep(0.05)


def is_pinned_and_works(phone: OkHttp, path: Path, protocol: str) -> None:
    """Two calls that the pin forbids, then calls as if nobody were between."""
    assert phone.call(f"{API}/bytes?n=9", protocol=protocol).protocol == protocol
    is_refused_without_a_word(phone, path, protocol)
    is_refused_without_a_word(phone, path, protocol)
    assert states(path, PINNED) == ["pinned", "pinned"]
    echoed = phone.call(f"https://{PINNED}/echo", UP, protocol=protocol)
    assert (echoed.status, echoed.protocol, echoed.body) == (200, protocol, UP)
    got = phone.call(f"https://{PINNED}/bytes?n={len(DOWN)}", protocol=protocol)
    assert (got.status, got.body) == (200, DOWN)


def the_bytes_agree(path: Path, tap: Tap, inner: TlsTap) -> None:
    """The rows' bytes are the server's raw ones, and those inside TLS but for what TLS adds."""
    assert states(path, PINNED) == ["pinned", "pinned", "passed"]
    *refused, passed = rows(path, PINNED)
    assert {(each.reason, each.bytes_up, each.bytes_down) for each in refused} == {(HUNG_UP, 0, 0)}
    assert (passed.bytes_up, passed.bytes_down) == (tap.up, tap.down)
    assert tap.connections == 1  # the server never saw the calls that were refused
    assert inner.up > len(UP)
    assert inner.down > len(UP) + len(DOWN)
    for raw, inside in ((passed.bytes_up, inner.up), (passed.bytes_down, inner.down)):
        assert 0 < raw - inside < HANDSHAKE + RECORDS * inside
    # It is told as two refusals and one connection that passed, and nothing of it was recorded.
    told = [each.kind for each in events(read_connections(path)) if each.host == PINNED]
    assert told == ["tls_refused", "tls_refused", "tls_passthrough"]
    assert {each.url for each in read_exchanges(path)} == {f"{API}/bytes?n=9"}


@pytest.mark.parametrize("protocol", ["h2", "http/1.1"])
def test_a_real_pin_is_noticed_passed_on_and_counted_behind_a_proxy(
    tmp_path: Path,
    java: list[str],
    server: Server,
    confdir: Path,
    tap: Tap,
    inner: TlsTap,
    protocol: str,
) -> None:
    with Recording(tmp_path, server, confdir) as running:
        authorities = [running.authority, server.authority]
        pin = (PINNED, inner.pin)
        with OkHttp(java, authorities, proxy=running.port, pin=pin) as phone:
            is_pinned_and_works(phone, running.path, protocol)
        tap.settle()
    assert verify(running.path) == []
    the_bytes_agree(running.path, tap, inner)


def test_a_real_pin_is_noticed_passed_on_and_counted_behind_a_tunnel(
    tmp_path: Path, java: list[str], server: Server, tap: Tap, inner: TlsTap
) -> None:
    with (
        recorder(tmp_path, server) as running,
        phone_namespace(running.config()) as inside,
    ):
        authorities = [running.authority, server.authority]
        with OkHttp(java, authorities, pin=(PINNED, inner.pin), inside=inside) as phone:
            is_pinned_and_works(phone, running.path, "h2")
        tap.settle()
        assert running.end() == "terminated"
    assert verify(running.path) == []
    the_bytes_agree(running.path, tap, inner)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_where_there_is_no_okhttp_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(okhttp_rig, "JARS", (tmp_path / "okhttp.jar",))
    with pytest.raises(outcome, match="libokhttp-java"):
        compiled(tmp_path)
