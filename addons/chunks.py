"""Takes together what came together of a body in chunks, and reads what follows it.

mitmproxy passes a streamed body on chunk by chunk, each in a TLS record and a packet of its own,
also where a dozen of them came at once: that costs every program on the way more than recording
does. The sizes of chunks mean nothing (RFC 9112, 7.1), and nothing waits here for more to come.
Trailers are set aside: mitmproxy's own reading of HTTP/1 ends with an exception where it sees some.
"""

from __future__ import annotations

from h11 import Data, EndOfMessage, ProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.proxy.layers.http import _http1


class GatheringReader(ChunkedReader):
    """Reads all the chunks that are there as one. `trailers` are what came after the last."""

    def __init__(self) -> None:
        super().__init__()
        self.trailers: tuple[tuple[bytes, bytes], ...] = ()
        self._next: EndOfMessage | ProtocolError | None = None

    def __call__(self, buf: ReceiveBuffer) -> Data | EndOfMessage | None:
        """Take what `buf` holds; what follows the data (an end, an error) is for the next call."""
        following, self._next = self._next, None
        pieces: list[bytes] = []
        while following is None:
            try:
                event = super().__call__(buf)
            except ProtocolError as error:
                following = error
                break
            if not isinstance(event, Data):
                following = event
                break
            pieces.append(bytes(event.data))
        if pieces:
            self._next = following
            return Data(data=b"".join(pieces))
        if isinstance(following, ProtocolError):
            raise following
        if isinstance(following, EndOfMessage) and following.headers:
            self.trailers = tuple((bytes(n), bytes(v)) for n, v in following.headers.raw_items())
            return EndOfMessage()
        return following


def gather_chunks() -> None:
    """Let bodies of this process that begin from now on be read so."""
    vars(_http1)["ChunkedReader"] = GatheringReader
