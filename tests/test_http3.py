"""HTTP/3 connections outlive a repeated end of a stream, and nothing else that is wrong."""

from __future__ import annotations

import pytest
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import _http3
from mitmproxy.proxy.layers.http._http_h3 import LayeredH3Connection
from mitmproxy.proxy.layers.quic import (
    CloseQuicConnection,
    QuicStreamDataReceived,
    SendQuicStreamData,
)
from mitmproxy.test.tflow import tclient_conn

from addons.http3 import PatientConnection, be_patient

CONNECTION = tclient_conn()


def a_request() -> bytes:
    """Headers and data of a request, as they are on stream 0."""
    sender = LayeredH3Connection(CONNECTION, is_client=True)
    names = ((":method", "POST"), (":scheme", "https"), (":authority", "a.example"), (":path", "/"))
    sender.send_headers(0, [(name.encode(), value.encode()) for name, value in names])
    sender.send_data(0, b"body")
    sent = [each for each in sender.transmit() if isinstance(each, SendQuicStreamData)]
    return b"".join(each.data for each in sent if each.stream_id == 0)


def received(http: LayeredH3Connection, *pieces: tuple[bytes, bool]) -> list[H3Event]:
    found: list[H3Event] = []
    for data, end in pieces:
        found += http.handle_stream_event(QuicStreamDataReceived(CONNECTION, 0, data, end))
    return found


def closed(http: LayeredH3Connection) -> bool:
    return any(isinstance(command, CloseQuicConnection) for command in http.transmit())


@pytest.mark.parametrize("patient", [True, False])
def test_the_end_of_a_stream_may_be_repeated(patient: bool) -> None:
    kind = PatientConnection if patient else LayeredH3Connection
    http = kind(CONNECTION, is_client=False)
    request = a_request()
    first, second, *rest = received(http, (request, False), (b"", True), (b"", True))
    assert isinstance(first, HeadersReceived)
    assert isinstance(second, DataReceived)
    assert [each for each in rest if isinstance(each, DataReceived) and each.data] == []
    # The other half says why all this: once mitmproxy has mended it, the module can go.
    assert closed(http) is not patient


def test_data_after_the_end_is_still_an_error() -> None:
    http = PatientConnection(CONNECTION, is_client=False)
    received(http, (a_request(), True), (b"more", False))
    assert closed(http)


def test_an_end_without_data_is_an_end() -> None:
    http = PatientConnection(CONNECTION, is_client=False)
    last = received(http, (a_request(), False), (b"", True))[-1]
    assert isinstance(last, DataReceived)
    assert last.stream_ended


def test_mitmproxy_uses_the_patient_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http3, "LayeredH3Connection", LayeredH3Connection)
    be_patient()
    client = tclient_conn()
    assert isinstance(_http3.Http3Server(Context(client, Options())).h3_conn, PatientConnection)
