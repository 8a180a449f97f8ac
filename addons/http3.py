"""Keeps HTTP/3 connections alive where mitmproxy would hang up.

A sender that has had no answer for some milliseconds sends the end of a stream again, as QUIC wants
it (RFC 9000, 13.3). mitmproxy up to 12.3 takes that for data after the end, and closes the whole
connection with "stream already ended" (its issue 8043): apps lose requests under way, above all on
a busy machine.
"""

from __future__ import annotations

from aioquic.h3.events import H3Event
from mitmproxy.proxy.layers.http import _http3
from mitmproxy.proxy.layers.http._http_h3 import LayeredH3Connection
from mitmproxy.proxy.layers.quic import QuicStreamDataReceived, QuicStreamEvent


class PatientConnection(LayeredH3Connection):
    """Passes over an end that comes a second time."""

    def handle_stream_event(self, event: QuicStreamEvent) -> list[H3Event]:
        """As in mitmproxy; without data after the end, which aioquic rejects by itself."""
        if isinstance(event, QuicStreamDataReceived) and not event.data:
            stream = self._stream.get(event.stream_id)
            if stream is not None and stream.ended:
                return []
        return super().handle_stream_event(event)


def be_patient() -> None:
    """Let all HTTP/3 connections of this process that begin from now on be patient ones."""
    vars(_http3)["LayeredH3Connection"] = PatientConnection
