"""A session bundle as exporters need it: each exchange together with its WebSocket messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analyzer.bundle import read_session, store
from analyzer.decoders import DECODERS, Budget, Hint, Layer, Limits
from analyzer.models import Exchange, Headers
from analyzer.readers.bundle import read_events, read_exchanges, read_steps

_KINDS = {
    "tls_refused": "refused TLS connections",
    "tls_passthrough": "connections that passed unread",
    "quic": "QUIC attempts",
    "dns": "DNS questions",
    "non_http": "connections without HTTP",
    "gap": "gaps",
    "host_seen": "hosts of which only the name is known",
    "error": "requests' errors",
}


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A WebSocket message. `at`: seconds since 1970."""

    from_client: bool
    is_text: bool
    content: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """An exchange, when it began (seconds since 1970), and the messages of its WebSocket."""

    exchange: Exchange
    at: float
    messages: tuple[SentMessage, ...]


class Recorded:
    """A session bundle. `UserError` if it is not one or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.session = read_session(path)
        moment = datetime.fromisoformat(self.session.started)
        self.started = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
        self.steps = read_steps(path)

    def conversations(self) -> Iterator[Conversation]:
        """Yield every exchange with its messages, one at a time."""
        current: Exchange | None = None
        messages: list[SentMessage] = []
        with closing(store.open_to_read(self.path / store.DATABASE)) as database:
            for exchange in read_exchanges(self.path):
                if exchange.method == "WS":
                    number, _, position = exchange.id.partition(".w")
                    row = database.execute(
                        "SELECT from_client, is_text FROM message WHERE exchange=? AND seq=?",
                        (int(number), int(position)),
                    ).fetchone()
                    messages.append(self._message(exchange, *row))
                    continue
                if current:
                    yield Conversation(current, self.started + current.t_s, tuple(messages))
                current, messages = exchange, []
        if current:
            yield Conversation(current, self.started + current.t_s, tuple(messages))

    def _message(self, exchange: Exchange, from_client: int, is_text: int | None) -> SentMessage:
        content = exchange.request_body if from_client else exchange.response_body
        text = _is_utf8(content) if is_text is None else bool(is_text)
        return SentMessage(bool(from_client), text, content, self.started + exchange.t_s)

    def lost_events(self) -> list[str]:
        """Say what happened beside the exchanges, which no other format can hold."""
        kinds = Counter(event.kind for event in read_events(self.path))
        return [f"{number} {_KINDS[kind]}" for kind, number in sorted(kinds.items())]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def without_coding(body: bytes, headers: Headers) -> bytes | None:
    """Undo the content coding that `headers` name; the body itself where they name none.

    None where it cannot be undone within the bounds of `decode`.
    """
    named = ",".join(value for name, value in headers if name.lower() == "content-encoding")
    for coding in reversed([part.strip().lower() for part in named.split(",")]):
        if coding in {"", "identity"}:
            continue
        decoder = next((d.body for d in DECODERS.entries().values() if coding in d.codings), None)
        if decoder is None:
            return None
        found = decoder(body, Hint(announced=coding), Budget(Limits()))
        if not isinstance(found, Layer) or found.fault or not isinstance(found.content, bytes):
            return None
        body = found.content
    return body
