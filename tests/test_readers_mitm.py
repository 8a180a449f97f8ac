from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from foreign_files import dump, http_flow, of_kind, websocket_flow, written
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.test import tflow

from analyzer.errors import UserError
from analyzer.models import Event, Exchange, Problem
from analyzer.readers import READERS, Message, Reading, Record, mitm_frames


def read(path: Path) -> tuple[Reading, list[Record]]:
    reading = READERS.entries()["mitm"]().read(path)
    return reading, list(reading)


def read_bytes(content: bytes) -> tuple[Reading, list[Record]]:
    with tempfile.TemporaryDirectory() as folder:
        return read(written(Path(folder) / "x.mitm", content))


def test_a_flow_becomes_an_exchange_with_the_bytes_of_the_wire() -> None:
    flow = http_flow(3)
    flow.request.headers.fields = (
        (b"Host", b"api.pebblo.example"), (b"Content-Encoding", b"gzip"), (b"X", b"\xff"),
    )  # fmt: skip
    flow.request.raw_content = b"\x1f\x8b not really"
    flow.request.http_version = "HTTP/2.0"
    flow.server_conn.peername = ("203.0.113.7", 443)
    _, records = read_bytes(dump(flow))
    (exchange,) = of_kind(records, Exchange)
    assert exchange.url == "https://api.pebblo.example/v1/3"
    assert exchange.request_body == b"\x1f\x8b not really"
    assert exchange.request_headers[1:] == (("Content-Encoding", "gzip"), ("X", "\udcff"))
    assert exchange.status == 200
    assert exchange.response_body == b"message"
    assert exchange.server_ip == "203.0.113.7"
    assert exchange.transport == "h2"
    assert exchange.complete


def test_times_count_from_the_earliest_request_whatever_the_order() -> None:
    reading, records = read_bytes(dump(http_flow(5), http_flow(2)))
    assert reading.started == 1_700_000_002.0
    assert [exchange.t_s for exchange in of_kind(records, Exchange)] == [3.0, 0.0]


def test_web_socket_messages_follow_their_handshake() -> None:
    _, records = read_bytes(dump(websocket_flow()))
    assert isinstance(records[0], Exchange)
    assert of_kind(records, Message) == [
        Message("1", 1.0, True, True, b'{"hello": 1}'),
        Message("1", 2.5, False, False, b"\x08\xff"),
    ]


def test_tcp_udp_and_dns_flows_are_events() -> None:
    tcp, udp, dns = tflow.ttcpflow(), tflow.tudpflow(), tflow.tdnsflow(resp=True)
    tcp.server_conn.sni = "mqtt.pebblo.example"
    assert [len(message.content) for message in tcp.messages] == [5, 7]
    _, records = read_bytes(dump(tcp, udp, dns))
    found = [(e.kind, e.host, e.reason, e.bytes_up, e.bytes_down) for e in of_kind(records, Event)]
    assert found[0] == ("non_http", "mqtt.pebblo.example", "tcp", 5, 7)
    assert found[1][:3] == ("non_http", "address", "udp")
    assert found[2][:3] == ("dns", "dns.google", "question")
    assert min(found[2][3:]) > 0


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("[Errno 60] Connect call failed ('123.58.180.8', 80)", "server not reached"),
        ("stream reset by client (CANCEL)", "client hung up"),
        ("Certificate verify failed: hostname mismatch", "TLS with the server failed"),
        ("Connection killed.", "stopped by the proxy's user"),
        ("who knows", "no answer"),
    ],
)
def test_a_failed_flow_says_why_in_fixed_words(message: str, reason: str) -> None:
    _, records = read_bytes(dump(http_flow(error=message, answered=False)))
    (exchange,) = of_kind(records, Exchange)
    (event,) = of_kind(records, Event)
    assert exchange.status is None
    assert not exchange.complete
    assert (event.kind, event.host, event.reason) == ("error", "api.pebblo.example", reason)


def test_an_answer_that_broke_off_is_incomplete() -> None:
    _, records = read_bytes(dump(http_flow(error="stream reset by client (CANCEL)")))
    (exchange,) = of_kind(records, Exchange)
    assert exchange.status == 200
    assert not exchange.complete
    assert not of_kind(records, Event)


def test_a_body_that_was_not_kept_is_a_problem() -> None:
    flow = http_flow()
    flow.request.raw_content = None
    _, records = read_bytes(dump(flow))
    assert not of_kind(records, Exchange)[0].complete
    assert [problem.code for problem in of_kind(records, Problem)] == ["body_left_out"]


def test_a_file_cut_anywhere_keeps_every_whole_flow() -> None:
    parts = [dump(http_flow(number)) for number in range(4)]
    raw = b"".join(parts)
    ends = [sum(map(len, parts[: n + 1])) for n in range(4)]
    for cut in range(ends[0], len(raw), 97):
        reading, records = read_bytes(raw[:cut])
        whole = sum(end <= cut for end in ends)
        assert reading.read == len(of_kind(records, Exchange)) == whole
        damaged = f"{whole} flows, then the file is damaged"
        assert reading.extent() == (f"{whole} of {whole} flows" if cut in ends else damaged)


def test_a_cut_behind_any_closing_brace_is_seen() -> None:
    first, second = dump(http_flow(0)), dump(http_flow(1))
    for cut in range(1, len(second)):
        if second[cut - 1 : cut] == b"}":
            reading, _ = read_bytes(first + second[:cut])
            assert reading.extent() == "1 flows, then the file is damaged"


def test_a_damaged_flow_does_not_cost_the_next_one() -> None:
    middle = dump(http_flow(1)).replace(b"7:request;", b"7:reqXest;")
    reading, records = read_bytes(dump(http_flow(0)) + middle + dump(http_flow(2)))
    assert reading.extent() == "2 of 3 flows"
    assert [exchange.url[-1] for exchange in of_kind(records, Exchange)] == ["0", "2"]
    assert [(p.exchange, p.code) for p in of_kind(records, Problem)] == [("2", "bad_flow")]


def test_a_length_beyond_the_file_takes_no_memory() -> None:
    reading, _ = read_bytes(dump(http_flow()) + b"999999999999:" + b"x" * 50)
    assert reading.extent() == "1 flows, then the file is damaged"


def test_a_flow_beyond_the_bound_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mitm_frames, "MAX_FLOW", 20_000)
    big = http_flow(1)
    big.request.raw_content = b"x" * 20_000
    reading, _ = read_bytes(dump(http_flow(0), big))
    assert reading.extent() == "1 flows, then the file is damaged"


def test_a_file_damaged_in_its_first_flow_is_refused() -> None:
    with pytest.raises(UserError, match="damaged in its first flow"):
        read_bytes(dump(http_flow())[:-20])


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 7), st.binary(max_size=20))
def test_flipped_bits_never_fail(place: int, bit: int, tail: bytes) -> None:
    raw = bytearray(dump(websocket_flow(), http_flow(1), tflow.ttcpflow()))
    raw[place % len(raw)] ^= 1 << bit
    try:
        reading, records = read_bytes(bytes(raw) + tail)
    except UserError:
        return
    assert reading.total is None or reading.read <= reading.total
    assert len(of_kind(records, Exchange)) <= 2


def test_every_flipped_bit_of_a_flows_frame_is_survived() -> None:
    raw = dump(http_flow(), tflow.tdnsflow())
    outcomes: Counter[str] = Counter()
    for place in range(0, len(raw), 11):
        damaged = bytearray(raw)
        damaged[place] ^= 0x04
        try:
            reading, _ = read_bytes(bytes(damaged))
        except UserError:
            outcomes["refused"] += 1
        else:
            outcomes["whole" if reading.read == 2 else "part"] += 1
    assert outcomes["part"] > 10  # it does reach the places where mitmproxy raises
    assert outcomes["whole"] > 10


@pytest.mark.parametrize(
    ("name", "exchanges", "messages"),
    [
        ("dumpfile-011", 1, 0),
        ("dumpfile-018", 1, 0),
        ("dumpfile-019", 1, 0),
        ("dumpfile-10", 1, 0),
        ("dumpfile-19", 1, 0),
        ("dumpfile-7", 2, 0),
        # Six flows, but two are WebSockets whose handshake stands before them.
        ("dumpfile-7-websocket", 4, 6),
    ],
)
def test_dumps_of_every_format_are_read(
    shared_data: Path, name: str, exchanges: int, messages: int
) -> None:
    reading, records = read(shared_data / "mitmproxy-dumps" / f"{name}.mitm")
    assert reading.total == reading.read
    assert len(of_kind(records, Exchange)) == exchanges
    assert len(of_kind(records, Message)) == messages
    assert all(message.content for message in of_kind(records, Message))
    handshakes = {message.exchange for message in of_kind(records, Message)}
    assert handshakes <= {exchange.id for exchange in of_kind(records, Exchange)}


def test_a_web_socket_without_its_handshake_keeps_its_server(shared_data: Path) -> None:
    _, records = read(shared_data / "mitmproxy-dumps" / "dumpfile-7-websocket.mitm")
    assert {exchange.url.split("?")[0] for exchange in of_kind(records, Exchange)} == {
        "http://echo.websocket.org/",
        "http://echo.websocket.org:80/",
        "https://echo.websocket.org/",
    }
    assert "no_handshake" in [problem.code for problem in of_kind(records, Problem)]


def test_a_format_too_old_for_mitmproxy_is_named(shared_data: Path) -> None:
    reading, records = read(shared_data / "mitmproxy-dumps" / "dumpfile-010.mitm")
    assert reading.extent() == "0 of 1 flows"
    assert [problem.detail for problem in of_kind(records, Problem)] == [
        "mitmproxy cannot read flow format version (0, 10)"
    ]


@pytest.mark.parametrize(
    "name",
    ["diff_data", "error_log", "event_stream", "incomplete_log", "successful_log", "websocket"],
)
def test_a_session_kept_as_dump_and_as_har_has_the_same_requests(
    shared_data: Path, name: str
) -> None:
    folder = shared_data / "mitmproxy-dumps" / "flows"
    _, dumped = read(folder / f"{name}.mitm")
    exported = list(READERS.entries()["har"]().read(folder / f"{name}.har"))

    def told(records: list[Record]) -> list[tuple[object, ...]]:
        return [
            (e.method, e.url, e.status, round(e.t_s, 3), e.transport, body(e))
            for e in of_kind(records, Exchange)
        ]

    def body(exchange: Exchange) -> bytes:
        coded = any(name.lower() == "content-encoding" for name, _ in exchange.request_headers)
        return b"" if coded else exchange.request_body  # HAR has it decoded

    assert told(dumped) == told(exported)
    assert [(m.from_client, m.is_text, m.content) for m in of_kind(dumped, Message)] == [
        (m.from_client, m.is_text, m.content) for m in of_kind(exported, Message)
    ]
