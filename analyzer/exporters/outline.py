"""A session without its values, as HAR: who was asked what, when, under which names, in what shape.

Nothing that was sent or answered is in it: of a body there are the paths of its values with their
shapes, of headers, cookies and queries the names. Names are captured, too: what looks like a value,
names somebody, or holds a seeded value in any way of writing, is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from analyzer import __version__
from analyzer.decode import decode
from analyzer.exporters.creators import Creators, creators_of
from analyzer.exporters.har import VERSIONS, iso
from analyzer.exporters.people import People
from analyzer.exporters.searching import pieces
from analyzer.exporters.session import Conversation, Recorded
from analyzer.extract.planted import Planted
from analyzer.extract.shapes import safe_path, safe_url, shape
from analyzer.feed.adapters import Adapter, load_adapters
from analyzer.models import Exchange, Headers, Leaf, Part

WITHHELD: Final = "{seeded value}"
_MEDIA: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}", re.IGNORECASE)
# Letters and digits in one long run: nobody has to read it, and case may have been lost on the way.
_MIXED: Final = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{12,}")
_METHOD: Final = re.compile(r"[A-Z]{1,16}")
_MOST_KNOWN: Final = 20_000
_MOST_LINES: Final = 2_000  # values of one body


class Outliner:
    """Takes values out of everything; `seeded` are those of all personas of the study.

    `adapters` are those of the feeds in which strangers are; none given: all that are known.
    """

    def __init__(
        self, seeded: Sequence[tuple[str, str]], adapters: Sequence[Adapter] | None = None
    ) -> None:
        self._planted = Planted(seeded)
        self._adapters = load_adapters() if adapters is None else adapters
        self._people = People()
        self._creators = Creators()
        self._known: dict[str, str] = {}
        self._learnt: Path | None = None

    def learn(self, recorded: Recorded) -> None:
        """Take note of whom a session names, unless it was the last that was learnt."""
        if self._learnt == recorded.path:
            return
        self._people, self._known, self._learnt = People(), {}, recorded.path
        self._creators = creators_of(recorded.path, self._adapters)
        for conversation in recorded.conversations():
            self._people.learn(decode(conversation.exchange).leaves)
            for message in conversation.messages:
                self._people.learn(_sent(conversation.exchange, message.content))

    def write(self, recorded: Recorded, file: BinaryIO) -> None:
        """Write a session, entry by entry, as HAR 1.2."""
        # Read twice: somebody may be in a path before an answer says that this is a name.
        self.learn(recorded)
        creator = {"name": "evenhand", "version": __version__}
        head = {"version": "1.2", "creator": creator, "comment": "outline: no values", "pages": []}
        file.write(b'{"log":' + orjson.dumps(head)[:-1] + b',"entries":[')
        for number, conversation in enumerate(recorded.conversations()):
            entry = orjson.dumps(self._entry(conversation))
            file.write((b",\n" if number else b"\n") + entry)
        file.write(b"\n]}}\n")

    def name(self, text: str) -> str:
        """Return a name, a path or a host with nothing in it that may be a value."""
        return self._safe(text, safe_path)

    def url(self, text: str) -> str:
        """Return a URL with nothing in it that may be a value."""
        return self._safe(text, safe_url)

    def _safe(self, text: str, make: Any) -> str:
        known = self._known.get(text)
        if known is None:
            known = self._people.without(make(self._planted.mask(text)))
            known = _MIXED.sub("{token}", self._creators.without(known))
            # Seeded values are looked for in what is left, and however that is written.
            leaves = [Leaf("", "body", known, known, ())]
            leaves += [Leaf("", "body", "", piece, ()) for piece in pieces(known)]
            if self._planted.find(leaves, [known.encode("utf-8", "replace")]).hits:
                known = WITHHELD
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[text] = known
        return known

    def _entry(self, conversation: Conversation) -> dict[str, Any]:
        exchange = conversation.exchange
        leaves = decode(exchange).leaves
        version = VERSIONS.get(exchange.transport, "HTTP/1.1")
        request: dict[str, Any] = {
            "method": exchange.method if _METHOD.fullmatch(exchange.method) else "?",
            "url": self.url(exchange.url),
            "httpVersion": version,
            "cookies": self._pairs(leaves, "cookie"),
            "headers": self._headers(exchange.request_headers),
            "queryString": self._pairs(leaves, "query"),
            "headersSize": -1,
            "bodySize": len(exchange.request_body),
        }
        if exchange.request_body:
            media = _media(exchange.request_headers)
            request["postData"] = {"mimeType": media, "text": self._body(leaves, "body")}
        content: dict[str, Any] = {
            "size": len(exchange.response_body),
            "mimeType": _media(exchange.response_headers),
        }
        if exchange.response_body:
            content["text"] = self._body(leaves, "response")
        entry: dict[str, Any] = {
            "startedDateTime": iso(conversation.at),
            "time": 0,
            "comment": f"exchange {exchange.id}, phase {self.name(exchange.phase)}",
            "request": request,
            "response": {
                "status": exchange.status or 0,
                "statusText": "",
                "httpVersion": version if exchange.status else "",
                "cookies": self._pairs(leaves, "response_cookie"),
                "headers": self._headers(exchange.response_headers),
                "content": content,
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": len(exchange.response_body) if exchange.status else -1,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
        }
        if conversation.messages:
            entry["_resourceType"] = "websocket"
            entry["_webSocketMessages"] = [
                {
                    "type": "send" if message.from_client else "receive",
                    "time": message.at,
                    "opcode": 1 if message.is_text else 2,
                    "data": self._message(exchange, message.content),
                }
                for message in conversation.messages
            ]
        return entry

    def _message(self, exchange: Exchange, content: bytes) -> str:
        return self._body(_sent(exchange, content), "body")

    def _headers(self, headers: Headers) -> list[dict[str, str]]:
        return [
            {"name": self.name(name).lower(), "value": f"{{{shape(value)}}}"}
            for name, value in headers
        ]

    def _pairs(self, leaves: Sequence[Leaf], part: Part) -> list[dict[str, str]]:
        return [
            {"name": self.name(leaf.path), "value": f"{{{shape(leaf.value)}}}"}
            for leaf in leaves
            if leaf.part == part
        ]

    def _body(self, leaves: Sequence[Leaf], part: Part) -> str:
        lines = [
            f"{self.name(leaf.path) or '.'}: {{{shape(leaf.value)}}}"
            for leaf in leaves
            if leaf.part == part
        ]
        more = len(lines) - _MOST_LINES
        return "\n".join(lines[:_MOST_LINES] + ([f"… and {more} more"] if more > 0 else []))


def _sent(exchange: Exchange, content: bytes) -> Sequence[Leaf]:
    """Return what a message of the WebSocket of `exchange` holds."""
    message = Exchange(
        "", "", 0.0, "", "WS", exchange.url, (), content, None, (), b"", None, "ws", True, 0
    )
    return decode(message).leaves


def _media(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() == "content-type" and (found := _MEDIA.match(value.strip())):
            return found[0].lower()
    return ""
