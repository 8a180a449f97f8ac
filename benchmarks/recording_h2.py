"""Client and server of `benchmarks.recording` over HTTP/2."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from h2.config import H2Configuration  # type: ignore[import-untyped]
from h2.connection import H2Connection  # type: ignore[import-untyped]
from h2.events import DataReceived, StreamEnded  # type: ignore[import-untyped]


class Answers:
    """Answers each request that has come whole, on one connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._speaker = H2Connection(H2Configuration(client_side=False))
        self._speaker.initiate_connection()
        self._waiting: list[tuple[int, bytes]] = []
        self._transport.write(self._speaker.data_to_send())

    def received(self, data: bytes, body: bytes) -> None:
        """Take bytes; answer what they complete with `body`."""
        for event in self._speaker.receive_data(data):
            if isinstance(event, DataReceived):
                _acknowledge(self._speaker, event)
            elif isinstance(event, StreamEnded):
                length = ("content-length", str(len(body)))
                self._speaker.send_headers(event.stream_id, [(":status", "200"), length])
                self._waiting.append((event.stream_id, body))
        self._send()
        self._transport.write(self._speaker.data_to_send())

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for stream, body in waiting:
            room = self._speaker.local_flow_control_window(stream)
            if room < len(body):
                self._waiting.append((stream, body))
                continue
            self._speaker.send_data(stream, body, end_stream=True)


async def ask(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    authority: str,
    bodies: Sequence[bytes],
) -> int:
    """Post `bodies`, one after the other; return how many were answered."""
    speaker = H2Connection()
    speaker.initiate_connection()
    fields = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", authority),
        (":path", "/"),
    ]
    for number, body in enumerate(bodies):
        stream = speaker.get_next_available_stream_id()
        speaker.send_headers(stream, [*fields, ("content-length", str(len(body)))])
        speaker.send_data(stream, body, end_stream=True)
        ended = False
        while not ended:
            writer.write(speaker.data_to_send())
            received = await reader.read(65536)
            if not received:
                return number
            for event in speaker.receive_data(received):
                if isinstance(event, DataReceived):
                    _acknowledge(speaker, event)
                ended = ended or isinstance(event, StreamEnded)
    return len(bodies)


def _acknowledge(speaker: H2Connection, event: DataReceived) -> None:
    if event.flow_controlled_length:
        speaker.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
