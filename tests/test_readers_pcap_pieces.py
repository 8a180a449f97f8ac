"""Logs of TLS secrets line by line, and any bytes at all as TLS and as HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_files import pcap, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.readers.pcap_http import Held, HttpConnection
from analyzer.readers.pcap_keys import KeyLog, read_keys
from analyzer.readers.pcap_tls import TlsConnection, Unreadable


def test_the_log_of_mitmproxy_begins_with_an_empty_line(tmp_path: Path) -> None:
    log = KeyLog()
    log.add([b"\n", b"# a comment\n", b"CLIENT_RANDOM " + b"07" * 32 + b" " + b"ab" * 48 + b"\r\n"])
    assert log.get("CLIENT_RANDOM", b"\7" * 32) == b"\xab" * 48
    assert log.odd == 0


@pytest.mark.parametrize(
    "line",
    [
        b"CLIENT_RANDOM 07 ab", b"CLIENT_RANDOM " + b"07" * 32, b"nonsense", b"\xff" * 100,
        b"CLIENT_RANDOM " + b"07" * 32 + b" abc", b"x" * 5000,
    ],
)  # fmt: skip
def test_odd_lines_of_a_log_are_counted(line: bytes) -> None:
    log = KeyLog()
    log.add([line])
    assert (log.secrets, log.odd) == ({}, 1)


def test_a_file_without_secrets_is_refused(tmp_path: Path) -> None:
    capture = written(tmp_path / "a.pcap", pcap())
    with pytest.raises(UserError, match="holds no TLS secrets: take the file that SSLKEYLOGFILE"):
        read_keys(capture, written(tmp_path / "keys", b"\n"))
    with pytest.raises(UserError, match="cannot be read"):
        read_keys(capture, tmp_path / "nowhere")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=8))
def test_no_bytes_make_tls_fail_otherwise(said: list[tuple[bool, bytes]]) -> None:
    tls = TlsConnection(KeyLog())
    try:
        for from_client, data in said:
            assert list(tls.feed(data, from_client=from_client)) == []
    except Unreadable:
        pass


FRAMES = st.builds(
    lambda kind, flags, stream, body: len(body).to_bytes(3) + bytes([kind, flags])
    + stream.to_bytes(4) + body,
    st.integers(0, 10), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=40),
)  # fmt: skip
WORDS = st.one_of(
    st.binary(max_size=60),
    FRAMES,
    st.sampled_from(
        [
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 101 Go\r\n\r\n",
            b"HEAD / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ]
    ),
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(st.booleans(), WORDS), max_size=12))
def test_no_words_make_http_fail_otherwise_and_no_body_stays_held(
    said: list[tuple[bool, bytes]],
) -> None:
    held = Held()
    http = HttpConnection("203.0.113.7", held)
    found = []
    try:
        for from_client, data in said:
            found += list(http.feed(1.0, data, from_client=from_client))
    except Unreadable:
        pass
    found += list(http.end())
    assert held.size == 0
    assert all(each.url for each in found)
