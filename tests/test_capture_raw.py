"""What servers and apps may say by the letter of HTTP/1, and what they leave when all is killed."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
from capture_rig import Recording, RecordingProcess
from raw_server import RawServer, answering, raw_client, until

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


def test_trailers_pass_and_are_recorded(tmp_path: Path, confdir: Path) -> None:
    got: list[bytes] = []
    end = b"5;ext=1\r\nhello\r\n0\r\nX-T: tv\r\n\r\n"
    whole = b"4\r\nlast\r\n0\r\n\r\n"
    answers = {
        b"/one": b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n" + end,
        b"/two": b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n" + whole,
    }
    with (
        RawServer(tmp_path, answering(answers, got)) as server,
        Recording(tmp_path, server, confdir) as running,
        raw_client(running.port, running.authority) as app,
    ):
        head = b"POST /one HTTP/1.1\r\n" + HOST + CHUNKED
        app.sendall(head + b"\r\n4;foo=bar\r\nwxyz\r\n0\r\nX-R: 9\r\nX-S: a b\r\n\r\n")
        first = until(app, b"0\r\nX-T: tv\r\n\r\n")
        assert first.endswith(b"\r\n5\r\nhello\r\n0\r\nX-T: tv\r\n\r\n")
        app.sendall(head.replace(b"/one", b"/two") + b"\r\n1\r\na\r\n0\r\n\r\n")
        assert until(app, b"0\r\n\r\n").endswith(b"\r\n\r\n" + whole)
        running.stop()
    assert got[0].endswith(b"4\r\nwxyz\r\n0\r\nX-R: 9\r\nX-S: a b\r\n\r\n")
    assert got[1].endswith(b"1\r\na\r\n0\r\n\r\n")
    one, two = read_exchanges(running.path)
    assert (one.request_body, one.response_body, one.complete) == (b"wxyz", b"hello", True)
    assert one.request_headers[-2:] == (("X-R", "9"), ("X-S", "a b"))
    assert one.response_headers[-1] == ("X-T", "tv")
    assert (two.request_body, two.response_body, two.complete) == (b"a", b"last", True)
    assert running.sealed is not None
    assert running.sealed.complete
    assert dict(running.sealed.counts)["hook_errors"] == 0


@pytest.mark.parametrize("status", [b"103 Early Hints", b"102 Processing", b"100 Continue", b"199"])
def test_an_informational_answer_is_not_taken_for_the_answer(
    tmp_path: Path, confdir: Path, status: bytes
) -> None:
    def answer(connection: ssl.SSLSocket) -> None:
        for number in range(2):
            until(connection, b"\r\n\r\n")
            early = b"HTTP/1.1 " + status + b"\r\nLink: </a>\r\n\r\n"
            final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            if number:
                connection.sendall(early[:11])
                time.sleep(0.05)
                connection.sendall(early[11:] + early)
                time.sleep(0.05)
                connection.sendall(final)
            else:
                connection.sendall(early + final)

    with (
        RawServer(tmp_path, answer) as server,
        Recording(tmp_path, server, confdir) as running,
        raw_client(running.port, running.authority) as app,
    ):
        for _ in range(2):
            app.sendall(b"GET /early HTTP/1.1\r\n" + HOST + b"\r\n")
            assert until(app, b"ok") == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        running.stop()
    assert [(e.status, e.response_body, e.complete) for e in read_exchanges(running.path)] == [
        (200, b"ok", True),
        (200, b"ok", True),
    ]


def test_a_request_that_is_refused_as_ambiguous_has_its_whole_url(
    tmp_path: Path, confdir: Path
) -> None:
    with (
        RawServer(tmp_path, answering({}, [])) as server,
        Recording(tmp_path, server, confdir) as running,
        raw_client(running.port, running.authority) as app,
    ):
        both = CHUNKED + b"Content-Length: 4\r\n\r\n"
        app.sendall(b"POST /smug HTTP/1.1\r\n" + HOST + both + b"3\r\nabc\r\n0\r\n\r\n")
        assert b" 400 " in until(app, b"\r\n")
        running.stop()
    [exchange] = read_exchanges(running.path)
    assert (exchange.url, exchange.status) == ("https://api.app.example/smug", None)
