"""Where mitmproxy itself fails, the session says so."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer
from capture_rig import Recording, Server
from mitmproxy.proxy.layers.http import HttpStream
from raw_server import raw_client, until

from addons.crashes import BROKEN, watching
from addons.guard import Guard
from analyzer.bundle import BundleWriter


@dataclass
class Under:
    """A session under way."""

    writer: BundleWriter
    guard: Guard


@pytest.fixture
def session(tmp_path: Path) -> Under:
    writer = a_writer(a_study(tmp_path))
    return Under(writer, Guard(writer, lambda _: None))


def test_what_mitmproxy_logs_of_its_own_failures_marks_the_session_without_its_words(
    session: Under,
) -> None:
    log = logging.getLogger("mitmproxy.proxy.server")
    with watching([session]):
        log.error("connection handler has crashed: b'private'")
        try:
            raise ValueError("private")
        except ValueError:
            log.exception("mitmproxy has crashed!")
    log.error("mitmproxy has crashed!")
    assert session.guard.counts == {BROKEN: 2}
    sealed = session.writer.close("stopped")
    assert (sealed.complete, sealed.partial) == (False, (BROKEN,))
    written = [path.read_bytes() for path in session.writer.path.iterdir() if path.is_file()]
    assert not any(b"private" in content for content in written)


def test_what_is_no_failure_of_mitmproxy_marks_nothing(session: Under) -> None:
    with watching([session]):
        logging.getLogger("mitmproxy").error("TLS handshake failed")
        logging.getLogger("mitmproxy").warning("something has crashed")
        logging.getLogger("another").error("it has crashed")
    assert session.guard.counts == {}
    assert session.writer.close("stopped").complete


@pytest.mark.capture
def test_a_session_in_which_mitmproxy_broke_off_is_incomplete(
    tmp_path: Path, server: Server, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise NotImplementedError("private")

    with Recording(tmp_path, server, confdir, lanes=({}, {})) as running:
        monkeypatch.setattr(HttpStream, "start_request_stream", broken)
        with raw_client(running.port, running.authority) as app:
            head = b"POST /echo HTTP/1.1\r\nHost: api.app.example\r\n"
            app.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            app.settimeout(0.3)
            with pytest.raises(TimeoutError):  # it hangs: nobody else would say so
                until(app, b"\r\n\r\n")
        running.stop()
    for session in running.sealed_all:
        assert not session.complete
        assert BROKEN in session.partial
        assert dict(session.counts)["hook_errors"] >= 1
