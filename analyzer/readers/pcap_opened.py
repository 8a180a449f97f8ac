"""A packet capture whose TLS secrets are known: what was said, and whom the rest was said to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from analyzer.models import Event, Exchange, Problem
from analyzer.readers.pcap_files import PacketFile
from analyzer.readers.pcap_http import Held, HttpConnection, Talk
from analyzer.readers.pcap_keys import KeyLog
from analyzer.readers.pcap_streams import Connection, Piece, Streams
from analyzer.readers.pcap_tls import TlsConnection, Unreadable

_TLS_HELLO = b"\x16"
_CONNECT = b"CONNECT "
_MAX_HEAD = 64 * 1024
_LOST = "packets of it are missing"


class _Open:
    """A connection that is being read."""

    def __init__(self, connection: Connection, keys: KeyLog, held: Held) -> None:
        self.tls = TlsConnection(keys)
        self.http = HttpConnection(str(ip_address(connection.server)), held)
        self.is_tls: bool | None = None
        self.ended: set[bool] = set()
        self.is_read = False  # something of it was opened
        self.host = ""  # of the last request
        self._heads: dict[bool, bytes] | None = None  # what was said to and by a proxy before TLS

    def inside(self, data: bytes, *, from_client: bool) -> bytes:
        """Return `data` without what a client and its proxy say before TLS begins."""
        if self.is_tls is None and data:
            asks = from_client and data[:1] == _CONNECT[:1]
            self.is_tls = asks or data[:1] == _TLS_HELLO
            if asks:
                self._heads = {True: b"", False: b""}
        if self._heads is None or from_client not in self._heads:
            return data
        head, end, rest = (self._heads[from_client] + data).partition(b"\r\n\r\n")
        if end:
            del self._heads[from_client]
        elif len(head) > _MAX_HEAD:
            self.is_tls = False
        else:
            self._heads[from_client] = head
        return rest


class OpenedCapture:
    """Reads the exchanges of a capture with its secrets.

    `exchanges` first; then `read` are the connections that were read as a whole (addresses and
    ports of client and server, as `Flows` has them), and `problems` say what could not be.
    """

    def __init__(self, path: Path, keys: KeyLog, phones: Collection[bytes], started: float) -> None:
        self._path = path
        self._keys = keys
        self._phones = frozenset(phones)
        self._started = started
        self._held = Held()
        self._open: dict[Connection, _Open] = {}
        self._number = 0
        self._unread: set[bytes] = set()
        self._whys: Counter[str] = Counter()
        self.read: set[bytes] = set()

    def exchanges(self) -> Iterator[Exchange | Event]:
        """Yield each exchange when it is over, those that never were at the end.

        An event says how many bytes of a connection were opened and yet not read.
        """
        with self._path.open("rb", buffering=0) as file:
            for piece in Streams().pieces(PacketFile(file)):
                address = len(piece.connection.server)
                if not self._phones or piece.connection.key[:address] in self._phones:
                    yield from self._piece(piece)
        for connection in list(self._open):
            yield from self._close(connection)

    def problems(self) -> Iterator[Problem]:
        """Say what could not be read, and why."""
        for why, count in sorted(self._whys.items()):
            yield Problem("", "read", "not_decrypted", f"{count} connections: {why}")
        if self._keys.odd:
            told = f"{self._keys.odd} lines of the log of secrets are of no known form"
            yield Problem("", "read", "odd_line", told)

    def _piece(self, piece: Piece) -> Iterator[Exchange | Event]:
        connection = piece.connection
        state = self._open.get(connection)
        if state is None:
            if not piece.data and not piece.lost:
                return
            state = self._open[connection] = _Open(connection, self._keys, self._held)
        data = state.inside(piece.data, from_client=piece.from_client)
        if state.is_tls is False:
            connection.done = True
            del self._open[connection]
            return
        try:
            if piece.lost:
                raise Unreadable(_LOST)
            for from_client, content in state.tls.feed(data, from_client=piece.from_client):
                state.is_read = True
                for talk in state.http.feed(piece.moment, content, from_client=from_client):
                    yield self._exchange(state, connection, talk)
        except Unreadable as error:
            self._whys[str(error)] += 1
            self._unread.add(connection.key)
            connection.done = True
            yield from self._close(connection)
            return
        if piece.ended:
            state.ended.add(piece.from_client)
            if len(state.ended) == 2:
                yield from self._close(connection)

    def _close(self, connection: Connection) -> Iterator[Exchange | Event]:
        state = self._open.pop(connection)
        if not state.is_read:
            return
        for talk in state.http.end():
            yield self._exchange(state, connection, talk)
        if connection.has_gap:
            self._whys[_LOST] += 1
            self._unread.add(connection.key)
        if connection.key in self._unread:  # the rest of it is told with its host
            self.read.discard(connection.key)
            return
        self.read.add(connection.key)
        up, down = state.http.unread
        if up or down:
            began = max(0.0, connection.began - self._started)
            yield Event(began, "non_http", state.host, "the rest of it is not HTTP", up, down)

    def _exchange(self, state: _Open, connection: Connection, talk: Talk) -> Exchange:
        self._number += 1
        with suppress(ValueError):
            state.host = urlsplit(talk.url).hostname or ""
        return Exchange(
            id=str(self._number),
            session="",
            t_s=max(0.0, talk.moment - self._started),
            phase="",
            method=talk.method,
            url=talk.url,
            request_headers=talk.request_headers,
            request_body=bytes(talk.request_body),
            status=talk.status,
            response_headers=talk.response_headers,
            response_body=bytes(talk.response_body),
            server_ip=str(ip_address(connection.server)),
            transport=talk.transport,
            complete=talk.request_whole and talk.response_whole and not talk.cut,
            truncated=talk.cut,
        )
