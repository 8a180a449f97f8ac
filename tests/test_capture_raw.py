"""What servers and apps may say by the letter of HTTP/1, and what they leave when all is killed."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
from capture_rig import RecordingProcess
from raw_server import RawServer, raw_client, until

from analyzer.bundle import recover
from analyzer.models import Exchange
from analyzer.readers.bundle import read_exchanges

pytestmark = pytest.mark.capture
HOST = b"Host: api.app.example\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
PIECES = [b"%x\r\n%s\r\n" % (4096, b"%04d" % n * 1024) for n in range(40)]
BODY = b"".join(b"%04d" % n * 1024 for n in range(40))


def recovered(path: Path) -> Exchange:
    session = recover(path)
    assert not session.complete
    assert session.partial
    [exchange] = read_exchanges(path)
    assert not exchange.complete
    return exchange


def test_what_a_server_had_of_a_request_is_in_a_killed_recording(
    tmp_path: Path, confdir: Path
) -> None:
    got: list[bytes] = []

    def listen(connection: ssl.SSLSocket) -> None:
        while piece := connection.recv(65536):
            got.append(piece)

    with (
        RawServer(tmp_path, listen) as server,
        RecordingProcess(tmp_path, server, confdir) as running,
        raw_client(running.port, confdir / "mitmproxy-ca-cert.pem") as app,
    ):
        kind = b"Content-Type: application/json\r\n"
        app.sendall(b"POST /track HTTP/1.1\r\n" + HOST + kind + CHUNKED + b"\r\n")
        while b"\r\n\r\n" not in b"".join(got):
            time.sleep(0.01)
        [live] = read_exchanges(running.path)
        assert live.url == "https://api.app.example/track"
        for piece in PIECES:
            app.sendall(piece)
        time.sleep(1.6)  # more than LATEST_S, and nothing follows
        running.process.kill()
        running.process.wait()
    assert sum(map(len, got)) > len(BODY)
    assert recovered(running.path).request_body == BODY


def test_what_an_app_had_of_an_answer_is_in_a_killed_recording(
    tmp_path: Path, confdir: Path
) -> None:
    def poll(connection: ssl.SSLSocket) -> None:
        until(connection, b"\r\n\r\n")
        kind = b"Content-Type: text/plain\r\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + kind + CHUNKED + b"\r\n")
        for piece in PIECES:
            connection.sendall(piece)
        connection.recv(1)

    with (
        RawServer(tmp_path, poll) as server,
        RecordingProcess(tmp_path, server, confdir) as running,
        raw_client(running.port, confdir / "mitmproxy-ca-cert.pem") as app,
    ):
        app.sendall(b"GET /poll HTTP/1.1\r\n" + HOST + b"\r\n")
        assert until(app, b"\r\n\r\n").startswith(b"HTTP/1.1 200")
        [live] = read_exchanges(running.path)
        assert live.status == 200
        assert until(app, b"0039" * 1024).endswith(b"0039\r\n")
        time.sleep(1.3)
        running.process.kill()
        running.process.wait()
    exchange = recovered(running.path)
    assert (exchange.status, exchange.response_body) == (200, BODY)
