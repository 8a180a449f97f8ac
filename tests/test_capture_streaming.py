"""Bodies that flow on while a bounded copy is kept, hook by hook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer
from mitmproxy.http import Headers, HTTPFlow, Message, Request, Response
from mitmproxy.test import tflow, tutils

from addons.capture import Capture
from addons.guard import Guard
from addons.streaming import COLLECT, SMALL, Tee, is_small
from analyzer.bundle import BundleWriter, RecordingError
from analyzer.readers.bundle import read_exchanges


@pytest.fixture
def writer(tmp_path: Path) -> BundleWriter:
    return a_writer(a_study(tmp_path))


@pytest.fixture
def guard(writer: BundleWriter) -> Guard:
    return Guard(writer, lambda _: None)


def nothing() -> None:
    """Neither begins nor ends."""


def a_tee(
    guard: Guard, message: Message, keep: Callable[[bytes], None], end: Callable[[], None]
) -> Tee:
    assert isinstance(message, Request | Response)
    return Tee(guard, "body", begin=nothing, keep=keep, end=end, message=message)


def answer(**headers: str) -> Message:
    fields = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return tutils.tresp(headers=Headers(fields))


def test_the_last_piece_of_a_known_length_waits_until_the_exchange_is_recorded(
    guard: Guard,
) -> None:
    done: list[str] = []
    tee = a_tee(guard, answer(content_length="6"), lambda _: None, lambda: done.append("end"))
    assert tee(b"abc") == [b"abc"]
    assert tee(b"def") == []
    assert done == []
    assert tee(b"") == [b"def"]
    assert done == ["end"]
    assert tee.rest() == b"abcdef"


def test_an_empty_piece_in_the_middle_is_not_the_end(guard: Guard) -> None:
    done: list[str] = []
    tee = a_tee(guard, answer(content_length="6"), lambda _: None, lambda: done.append("end"))
    assert tee(b"") == []
    tee(b"abc")
    assert tee(b"") == []
    assert done == []


@pytest.mark.parametrize(
    ("kind", "at_once"),
    [
        ("text/event-stream; charset=utf-8", True),
        ("application/grpc+proto", True),
        ("application/json", False),
    ],
)
def test_pieces_that_mean_something_are_kept_at_once(
    guard: Guard, kind: str, at_once: bool
) -> None:
    kept: list[bytes] = []
    tee = a_tee(guard, answer(content_type=kind), kept.append, lambda: None)
    tee(b"one")
    assert kept == ([b"one"] if at_once else [])


def test_what_has_passed_is_kept_a_second_later_though_nothing_follows(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addons.streaming.LATEST_S", 0.05)
    kept: list[bytes] = []

    async def pass_two() -> None:
        tee = a_tee(guard, answer(), kept.append, lambda: None)
        whole = a_tee(guard, answer(), kept.append, lambda: None)
        tee(b"one ")
        tee(b"two")
        whole(b"ended")
        assert whole.rest() == b"ended"
        assert kept == []
        await asyncio.sleep(0.15)
        assert kept == [b"one two"]
        assert tee.kept
        tee(b"three")
        guard.stop()
        await asyncio.sleep(0.15)

    asyncio.run(pass_two())
    assert kept == [b"one two"]


def test_no_more_than_a_little_is_held_in_memory(guard: Guard) -> None:
    kept: list[bytes] = []
    tee = a_tee(guard, answer(), kept.append, lambda: None)
    piece = b"x" * (COLLECT // 3)
    for _ in range(10):
        assert tee(piece) == [piece]
    assert [len(part) // len(piece) for part in kept] == [4, 4]
    assert len(tee.rest()) == 2 * len(piece)


def test_a_tee_lets_nothing_through_once_recording_has_failed(guard: Guard) -> None:
    def full(_: bytes) -> None:
        raise RecordingError("the disk is full")

    tee = a_tee(guard, answer(content_type="text/event-stream"), full, lambda: None)
    assert tee(b"unrecorded") == []
    assert guard.stopped
    assert tee(b"more") == []


@pytest.mark.parametrize(
    ("version", "headers", "small"),
    [
        (b"HTTP/1.1", [], True),
        (b"HTTP/1.1", [(b"content-length", b"10")], True),
        (b"HTTP/1.1", [(b"content-length", str(SMALL + 1).encode())], False),
        (b"HTTP/1.1", [(b"transfer-encoding", b"chunked")], False),
        (b"HTTP/1.1", [(b"content-length", b"-4")], False),
        (b"HTTP/2.0", [], False),
        (b"HTTP/2.0", [(b"content-length", b"10")], True),
    ],
)
def test_a_request_is_held_back_only_if_it_is_known_to_be_small(
    version: bytes, headers: list[tuple[bytes, bytes]], small: bool
) -> None:
    assert is_small(tutils.treq(http_version=version, headers=Headers(headers))) is small


@pytest.mark.parametrize(
    ("status", "headers", "small"),
    [
        (200, [], False),
        (204, [], True),
        (200, [(b"content-length", b"10")], True),
        (200, [(b"transfer-encoding", b"chunked")], False),
    ],
)
def test_an_answer_is_held_back_only_if_it_is_known_to_be_small(
    status: int, headers: list[tuple[bytes, bytes]], small: bool
) -> None:
    response = tutils.tresp(status_code=status, headers=Headers(headers))
    assert is_small(tutils.treq(), response) is small


def stream(message: Message) -> Callable[[bytes], list[bytes]]:
    tee = message.stream
    assert isinstance(tee, Tee)
    return tee


def grpc() -> HTTPFlow:
    flow = tflow.tflow()
    fields = Headers([(b"content-type", b"application/grpc")])
    flow.request = tutils.treq(http_version=b"HTTP/2.0", content=None, headers=fields)
    flow.response = None
    return flow


@pytest.mark.parametrize("at_once", [True, False], ids=["grpc", "json"])
def test_an_answer_that_ends_before_the_request_is_one_exchange(
    writer: BundleWriter, guard: Guard, at_once: bool
) -> None:
    capture = Capture(writer, guard)
    flow = grpc()
    kind = b"application/grpc" if at_once else b"application/json"
    flow.request.headers = Headers([(b"content-type", kind)])
    capture.requestheaders(flow)
    stream(flow.request)(b"one ")
    fields = Headers([(b"content-type", kind)])
    flow.response = tutils.tresp(content=None, headers=fields)
    capture.responseheaders(flow)
    stream(flow.response)(b"early")
    stream(flow.response)(b"")
    capture.response(flow)
    stream(flow.request)(b"two")
    stream(flow.request)(b"")
    capture.request(flow)
    assert guard.counts == {}
    writer.close("stopped")
    [exchange] = read_exchanges(writer.path)
    assert (exchange.request_body, exchange.response_body) == (b"one two", b"early")
    assert exchange.complete
    assert exchange.transport == "h2"


def test_a_stream_that_breaks_off_keeps_what_has_passed(writer: BundleWriter, guard: Guard) -> None:
    capture = Capture(writer, guard)
    flow = grpc()
    capture.requestheaders(flow)
    stream(flow.request)(b"asked")
    flow.response = tutils.tresp(content=None, headers=Headers())
    capture.responseheaders(flow)
    stream(flow.response)(b"half an ans")
    flow.error = tflow.terr("Client disconnected: 'secret'")
    capture.error(flow)
    writer.close("stopped")
    [exchange] = read_exchanges(writer.path)
    assert (exchange.request_body, exchange.response_body) == (b"asked", b"half an ans")
    assert not exchange.complete
    assert b"secret" not in (writer.path / "capture.sqlite").read_bytes()


@pytest.mark.parametrize(
    ("method", "length", "begun"),
    [(b"POST", [], 1), (b"GET", [], 0), (b"POST", [(b"content-length", b"9")], 0)],
)
def test_a_request_that_may_flow_is_stored_before_any_of_it_is_forwarded(
    writer: BundleWriter,
    guard: Guard,
    method: bytes,
    length: list[tuple[bytes, bytes]],
    begun: int,
) -> None:
    capture = Capture(writer, guard)
    flow = grpc()
    flow.request.data.method = method
    flow.request.headers = Headers(length)
    capture.requestheaders(flow)
    assert writer.counts["exchanges"] == begun
    if not length:
        stream(flow.request)(b"a piece")
        assert writer.counts["exchanges"] == 1


def test_a_url_has_a_scheme_also_where_the_request_could_not_be_read(
    writer: BundleWriter, guard: Guard
) -> None:
    capture = Capture(writer, guard)
    for fields in ([(b"host", b"api.app.example")], []):
        flow = tflow.tflow(err=True)
        flow.request = tutils.treq(
            scheme=b"", host="", port=0, authority=b"", headers=Headers(fields), path=b"/smug"
        )
        flow.client_conn.tls, flow.client_conn.sni = True, "sni.app.example"
        capture.error(flow)
    flow = tflow.tflow(err=True)
    flow.request = tutils.treq(method=b"CONNECT", scheme=b"", authority=b"api.app.example:8443")
    capture.error(flow)
    writer.close("stopped")
    assert [each.url for each in read_exchanges(writer.path)] == [
        "https://api.app.example/smug",
        "https://sni.app.example/smug",
        "https://api.app.example:8443",
    ]
