"""HTTP/1.1 and HTTP/2 as both sides said it, turned into requests and answers.

h11 reads HTTP/1.1; hyperframe and hpack read HTTP/2. What follows an upgrade (WebSocket) is not
read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import h11
from hpack import Decoder
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PushPromiseFrame,
    RstStreamFrame,
)

from analyzer.bundle.store import KEEP
from analyzer.models import Headers
from analyzer.readers.pcap_tls import Unreadable

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_REQUEST = re.compile(rb"[A-Z]{3,20} \S")
_MAX_HEAD = 256 * 1024
_MAX_FRAME = 1 << 20
_MAX_STREAMS = 10_000
_MAX_HELD = 256 << 20  # bytes of unfinished bodies, of all connections together
_NOT_HTTP = "what it says is not HTTP"
_Raw = tuple[bytes, bytes]


@dataclass(slots=True)
class Held:
    """How many bytes of unfinished bodies are kept, of all connections."""

    size: int = 0


@dataclass(slots=True, eq=False)
class Talk:
    """A request and its answer, as far as they were heard."""

    moment: float
    transport: str
    method: str = ""
    url: str = ""
    request_headers: Headers = ()
    request_body: bytearray = field(default_factory=bytearray)
    request_whole: bool = False
    status: int | None = None
    response_headers: Headers = ()
    response_body: bytearray = field(default_factory=bytearray)
    response_whole: bool = False
    cut: int = 0  # bytes of either body that were not kept

    def keep(self, data: bytes, held: Held, *, from_client: bool) -> None:
        """Take a piece of a body."""
        body = self.request_body if from_client else self.response_body
        room = max(0, min(KEEP - len(body), _MAX_HELD - held.size))
        body += data[:room]
        held.size += min(room, len(data))
        self.cut += max(0, len(data) - room)


class HttpConnection:
    """Takes what both sides of one connection say, and gives each exchange when it is over."""

    def __init__(self, server: str, held: Held) -> None:
        self._server = server
        self._held = held
        self._first = self._early = b""  # of the client, of the server
        self._inner: _Http1 | _Http2 | None = None

    def feed(self, moment: float, data: bytes, *, from_client: bool) -> Iterator[Talk]:
        """Yield the exchanges that are over now; `Unreadable` for what is not HTTP."""
        said = [(from_client, data)]
        if self._inner is None:
            self._choose(data, from_client=from_client)
            said = [(True, self._first), (False, self._early)]
        if self._inner is not None:
            try:
                for who, words in said:
                    for talk in self._inner.feed(moment, words, from_client=who):
                        self._release(talk)
                        yield talk
            except (h11.ProtocolError, HPACKError, HyperframeError):
                raise Unreadable(_NOT_HTTP) from None

    def end(self) -> Iterator[Talk]:
        """Yield those that are not over, which they never will be."""
        for talk in self._inner.end() if self._inner is not None else ():
            self._release(talk)
            yield talk

    @property
    def unread(self) -> tuple[int, int]:
        """How many bytes the client and the server said after they changed to another protocol."""
        return self._inner.unread if isinstance(self._inner, _Http1) else (0, 0)

    def _release(self, talk: Talk) -> None:
        self._held.size -= len(talk.request_body) + len(talk.response_body)

    def _choose(self, data: bytes, *, from_client: bool) -> None:
        """Tell by its first words which HTTP a client speaks."""
        if not from_client:  # a server of HTTP/2 may be the first to speak
            self._early += data
            if len(self._early) > _MAX_HEAD:
                raise Unreadable(_NOT_HTTP)
            return
        self._first += data
        if _PREFACE.startswith(self._first[: len(_PREFACE)]):
            if len(self._first) >= len(_PREFACE):
                self._first = self._first[len(_PREFACE) :]
                self._inner = _Http2(self._server, self._held)
        elif _REQUEST.match(self._first):
            self._inner = _Http1(self._server, self._held)
        elif len(self._first) > 24:
            raise Unreadable(_NOT_HTTP)


class _Http1:
    """HTTP/1.1: answers come in the order of the requests."""

    def __init__(self, server: str, held: Held) -> None:
        self._server = server
        self._held = held
        self._talks: deque[Talk] = deque()
        self._asking: Talk | None = None
        self._answered: list[Talk] = []  # while their requests go on
        self._requests = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        self._answers: h11.Connection | None = None
        self._early = b""  # of the server, before its request was read
        self._upgrading = b""  # of the client, until the server has agreed to something else
        self._other = False  # they have changed to another protocol
        self.unread = (0, 0)  # bytes of it, up and down

    def feed(self, moment: float, data: bytes, *, from_client: bool) -> Iterator[Talk]:
        if self._other:
            up, down = self.unread
            size = len(data)
            self.unread = (up + size, down) if from_client else (up, down + size)
            return
        if from_client:
            if self._talks and _upgrades(self._talks[-1]):
                self._upgrading += data
                if len(self._upgrading) > _MAX_HEAD:
                    raise Unreadable(_NOT_HTTP)
            else:
                self._ask(moment, data)
            data = b""
            yield from self._answered_and_asked()
        self._early += data
        yield from self._answer()

    def end(self) -> Iterator[Talk]:
        """The server has said all: an answer without a length ends here."""
        if self._talks and self._answers is not None:
            with suppress(h11.ProtocolError):  # it has a length, and was not all there
                self._answers.receive_data(b"")
                yield from self._take(self._talks[0], self._answers)
        yield from (*self._answered, *self._talks)
        self._answered.clear()
        self._talks.clear()

    def _answered_and_asked(self) -> Iterator[Talk]:
        yield from (talk for talk in self._answered if talk.request_whole)
        self._answered = [talk for talk in self._answered if not talk.request_whole]

    def _ask(self, moment: float, data: bytes) -> None:
        if not data:  # to h11 that would be the end
            return
        self._requests.receive_data(data)
        while True:
            event = self._requests.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Request):
                headers = _headers(event.headers.raw_items())
                self._asking = Talk(moment, "http/1.1", event.method.decode())
                self._asking.request_headers = headers
                self._asking.url = self._url(event.target, headers)
                self._talks.append(self._asking)
            elif isinstance(event, h11.Data) and self._asking is not None:
                self._asking.keep(bytes(event.data), self._held, from_client=True)
            elif isinstance(event, h11.EndOfMessage) and self._asking is not None:
                self._asking.request_whole = True
                rest, _ = self._requests.trailing_data
                self._requests = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
                if _upgrades(self._asking):
                    self._upgrading = rest
                    return
                if rest:
                    self._requests.receive_data(rest)

    def _answer(self) -> Iterator[Talk]:
        while self._talks and self._early:
            talk = self._talks[0]
            if self._answers is None:
                self._answers = _awaiting(talk)
            self._answers.receive_data(self._early)
            self._early = b""
            yield from self._take(talk, self._answers)
        if len(self._early) > _MAX_HEAD:
            raise Unreadable(_NOT_HTTP)

    def _take(self, talk: Talk, answers: h11.Connection) -> Iterator[Talk]:
        while True:
            event = answers.next_event()
            if isinstance(event, h11.Response | h11.InformationalResponse):
                if isinstance(event, h11.Response) or event.status_code == 101:
                    talk.status = event.status_code
                    talk.response_headers = _headers(event.headers.raw_items())
                if event.status_code == 101:
                    self._other = True
            elif isinstance(event, h11.Data):
                talk.keep(bytes(event.data), self._held, from_client=False)
            elif not isinstance(event, h11.EndOfMessage) and not self._other:
                return  # more has to come
            if isinstance(event, h11.EndOfMessage) or self._other:
                talk.response_whole = True
                self._early = answers.trailing_data[0]
                self._answers = None
                self._answered.append(self._talks.popleft())
                yield from self._answered_and_asked()
                if self._other:
                    self.unread = len(self._upgrading), len(self._early)
                if self._upgrading and not self._other:
                    waited, self._upgrading = self._upgrading, b""
                    self._ask(talk.moment, waited)
                return

    def _url(self, target: bytes, headers: Headers) -> str:
        path = target.decode("latin-1")
        if "://" in path:
            return path
        hosts = [value for name, value in headers if name.lower() == "host"]
        return f"https://{hosts[0] if hosts else self._server}{path}"


def _awaiting(talk: Talk) -> h11.Connection:
    """Return what reads the answer of `talk`: how it ends depends on the method."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
    headers = [("host", "h")]
    if _upgrades(talk):
        headers += [("connection", "upgrade"), ("upgrade", "other")]
    connection.send(h11.Request(method=talk.method, target="/", headers=headers))
    connection.send(h11.EndOfMessage())
    return connection


def _upgrades(talk: Talk) -> bool:
    return any(name.lower() == "upgrade" for name, _ in talk.request_headers)


class _Side2:
    """One side of HTTP/2."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self.decoder = Decoder(max_header_list_size=_MAX_HEAD)
        self.decoder.max_allowed_table_size = _MAX_HEAD  # the other side's settings allow less
        self.block: tuple[int, bool, bool] | None = None  # stream, its last, a promise
        self.head = b""


class _Http2:
    """HTTP/2: every exchange is a stream of its own."""

    def __init__(self, server: str, held: Held) -> None:
        self._server = server
        self._held = held
        self._sides = {True: _Side2(), False: _Side2()}
        self._talks: dict[int, Talk] = {}
        self._last = 0  # the client's latest stream

    def feed(self, moment: float, data: bytes, *, from_client: bool) -> Iterator[Talk]:
        side = self._sides[from_client]
        side.waiting += data
        at = 0
        while at + 9 <= len(side.waiting):
            frame, length = Frame.parse_frame_header(memoryview(bytes(side.waiting[at : at + 9])))
            if length > _MAX_FRAME:
                raise Unreadable(_NOT_HTTP)
            if at + 9 + length > len(side.waiting):
                break
            if isinstance(
                frame,
                DataFrame | HeadersFrame | ContinuationFrame | PushPromiseFrame | RstStreamFrame,
            ):
                frame.parse_body(memoryview(bytes(side.waiting[at + 9 : at + 9 + length])))
                yield from self._frame(moment, side, frame, from_client=from_client)
            at += 9 + length
        del side.waiting[:at]

    def end(self) -> Iterator[Talk]:
        yield from (talk for talk in self._talks.values() if talk.method)
        self._talks.clear()

    def _frame(
        self, moment: float, side: _Side2, frame: Frame, *, from_client: bool
    ) -> Iterator[Talk]:
        stream, last = frame.stream_id, "END_STREAM" in frame.flags
        if isinstance(frame, DataFrame):
            talk = self._talks.get(stream)
            if talk is not None:
                talk.keep(bytes(frame.data), self._held, from_client=from_client)
                if last:
                    yield from self._over(stream, from_client=from_client)
        elif isinstance(frame, RstStreamFrame):
            if talk := self._talks.pop(stream, None):
                yield from (talk,) if talk.method else ()
        elif isinstance(frame, HeadersFrame | PushPromiseFrame | ContinuationFrame):
            if not isinstance(frame, ContinuationFrame):
                side.block = stream, last, isinstance(frame, PushPromiseFrame)
                side.head = b""
            side.head += bytes(frame.data)
            if len(side.head) > _MAX_HEAD:
                raise Unreadable(_NOT_HTTP)
            if "END_HEADERS" in frame.flags and side.block is not None:
                stream, last, promise = side.block
                side.block = None
                fields = [
                    (bytes(name), bytes(value))
                    for name, value, *_ in side.decoder.decode(side.head, raw=True)
                ]
                if not promise:
                    self._head(moment, stream, fields, from_client=from_client)
                if last and not promise:
                    yield from self._over(stream, from_client=from_client)

    def _head(self, moment: float, stream: int, fields: list[_Raw], *, from_client: bool) -> None:
        pseudo = {name: value.decode("latin-1") for name, value in fields if name[:1] == b":"}
        headers = _headers([each for each in fields if each[0][:1] != b":"])
        # A capture may show an answer before its request.
        if stream > self._last and (from_client or stream % 2) and stream not in self._talks:
            if len(self._talks) >= _MAX_STREAMS:
                raise Unreadable("it has too many streams")
            self._talks[stream] = Talk(moment, "h2")
        talk = self._talks.get(stream)
        if talk is None:
            return
        if from_client and not talk.method:
            self._last = max(self._last, stream)
            talk.method, talk.request_headers = pseudo.get(b":method", "GET"), headers
            host = pseudo.get(b":authority") or next(
                (value for name, value in headers if name == "host"), self._server
            )
            talk.url = f"{pseudo.get(b':scheme', 'https')}://{host}{pseudo.get(b':path', '')}"
        elif from_client:
            talk.request_headers += headers
        elif b":status" not in pseudo:
            talk.response_headers += headers
        elif pseudo[b":status"].isdecimal() and int(pseudo[b":status"]) >= 200:
            talk.status, talk.response_headers = int(pseudo[b":status"]), headers

    def _over(self, stream: int, *, from_client: bool) -> Iterator[Talk]:
        """One side has said all; when both have, the exchange is over."""
        talk = self._talks.get(stream)
        if talk is None:
            return
        talk.request_whole |= from_client
        talk.response_whole |= not from_client
        if talk.request_whole and talk.response_whole:
            del self._talks[stream]
            yield talk


def _headers(fields: list[_Raw]) -> Headers:
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "backslashreplace"))
        for name, value in fields
    )
