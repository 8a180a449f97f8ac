"""Lets mitmproxy take two parts of HTTP/1 that it breaks connections off for, or mistakes.

Trailers raise an exception in it, and an informational answer (103 Early Hints) is taken for the
final one, which then never reaches the app. Here, trailers are recorded and passed on; of
informational answers none is (mitmproxy drops those of HTTP/2 as well), since what nobody asked
for changes no answer (RFC 9110, 15.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import Any

from h11._receivebuffer import ReceiveBuffer
from mitmproxy.http import Headers
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    RequestEndOfMessage,
    RequestTrailers,
    ResponseEndOfMessage,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._http1 import Http1Client, Http1Connection, Http1Server

from addons.chunks import GatheringReader, gather_chunks

Commands = Generator[commands.Command, Any, None]
_TRAILERS = (RequestTrailers, ResponseTrailers)
_ENDS = (RequestEndOfMessage, ResponseEndOfMessage)
_LAST_CHUNK = b"0\r\n\r\n"
_INFORMATIONAL = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9]{2}[ \r\n]")  # 101 is a final one
_DONE = "_evenhand"  # marks methods that are ours already
_PENDING = "_evenhand_trailers"


def read_all_of_http1() -> None:
    """Let the connections of this process that begin from now on be read so."""
    gather_chunks()
    _replace(Http1Connection, "read_body", _reading_trailers)
    _replace(Http1Client, "read_headers", _passing_over)
    _replace(Http1Client, "send", _sending_trailers)
    _replace(Http1Server, "send", _sending_trailers)


def _replace(layer: type, name: str, by: Callable[[Any], Any]) -> None:
    original = getattr(layer, name)
    if not hasattr(original, _DONE):
        method = by(original)
        setattr(method, _DONE, True)
        setattr(layer, name, method)


def _reading_trailers(original: Callable[[Any, events.Event], Commands]) -> Any:
    def read_body(self: Http1Connection, event: events.Event) -> Commands:
        reader = self.body_reader
        for command in original(self, event):
            if (
                isinstance(command, ReceiveHttp)
                and isinstance(command.event, _ENDS)
                and isinstance(reader, GatheringReader)
                and reader.trailers
            ):
                kind = (
                    RequestTrailers
                    if isinstance(command.event, RequestEndOfMessage)
                    else ResponseTrailers
                )
                trailers, reader.trailers = Headers(reader.trailers), ()
                yield ReceiveHttp(kind(command.event.stream_id, trailers))
            yield command

    return read_body


def _passing_over(original: Callable[[Any, events.Event], Commands]) -> Any:
    def read_headers(self: Http1Client, event: events.Event) -> Commands:
        if isinstance(event, events.DataReceived) and self.request:
            pass_over_informational(self.buf)
        yield from original(self, event)

    return read_headers


def pass_over_informational(buffer: ReceiveBuffer) -> None:
    """Take the heads of informational answers that are whole from the beginning of `buffer`."""
    while _INFORMATIONAL.match(bytes(buffer)):
        if buffer.maybe_extract_lines() is None:
            return


def _sending_trailers(original: Callable[[Any, HttpEvent], Commands]) -> Any:
    def send(self: Http1Connection, event: HttpEvent) -> Commands:
        if isinstance(event, _TRAILERS):
            setattr(self, _PENDING, event.trailers)  # until the end of the body, which is next
            return
        trailers = vars(self).pop(_PENDING, None) if isinstance(event, _ENDS) else None
        for command in original(self, event):
            if trailers and isinstance(command, commands.SendData) and command.data == _LAST_CHUNK:
                yield commands.SendData(command.connection, _last_chunk(trailers))
            else:
                yield command

    return send


def _last_chunk(trailers: Headers) -> bytes:
    """The end of a body in chunks, with the trailers that came from the other side."""
    lines = [
        b"%s: %s\r\n" % (name, value)
        for name, value in trailers.fields
        if not re.search(rb"[\r\n\0]", name + value)  # HTTP/2 frames could smuggle lines in
    ]
    return b"0\r\n" + b"".join(lines) + b"\r\n"
