"""Server-sent events: the data of each event, with its name where it has one."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint
from analyzer.decoders.text import utf8

_SNIFF = re.compile(r"\s*+(?:(?::[^\n]*|event:[^\n]*|id:[^\n]*|retry:[^\n]*)\r?\n)*+data:")
_BLANK = re.compile(r"\r?\n\r?\n|\r\r")


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    text = utf8(content)
    if text is None:
        return MISS
    if hint.announced != "sse" and not _SNIFF.match(text):
        return MISS
    events: list[object] = []
    for block in _BLANK.split(text, budget.limits.max_leaves):
        event: dict[str, object] = {}
        data: list[str] = []
        for line in block.splitlines():
            name, _, value = line.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
            elif name in ("event", "id"):
                event[name] = value.removeprefix(" ")
        if data:
            event["data"] = "\n".join(data)
        if event:
            events.append(event)
    return events or MISS


DECODERS.register("sse")(
    Decoder(body=_body, media=("text/event-stream",), starts=b"dei:r", rank=25)
)
