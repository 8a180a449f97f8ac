"""Several JSON documents, one a line, or one right after the other (a stream in chunks)."""

from __future__ import annotations

import json
import re

from analyzer.decoders import DECODERS, MISS, Budget, Checked, Decoder, Hint, Layer
from analyzer.decoders.json import read_json

_MOST = 20_000  # lines of a string
_LONGEST_STREAM = 8 * 1024 * 1024  # bytes of documents that no lines divide
_NEXT = re.compile(rb"[}\]]\s*[{\[]")  # what one document ends with, and the next begins with
_BLANK = re.compile(r"\s*")
_decode = json.JSONDecoder().raw_decode


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    lines = [line for line in content.split(b"\n", budget.limits.max_leaves) if line.strip()]
    announced = hint.announced == "ndjson"
    if not hint.doubtful and not _whole(lines):
        stream = _stream(content, budget)
        if stream:
            return stream
    if not lines or (len(lines) < 2 and not announced):
        return MISS
    if not announced:
        # A log in which nearly each line is an object; a page of JavaScript has no such lines.
        objects = sum(line.strip()[:1] + line.strip()[-1:] in (b"{}", b"[]") for line in lines)
        if objects * 2 < len(lines):
            return MISS
        if hint.doubtful and not any(isinstance(read_json(line), Checked) for line in lines[:3]):
            return MISS
    return [Layer(line, "application/json") for line in lines]


def _whole(lines: list[bytes]) -> bool:
    """Whether the first lines are documents."""
    return len(lines) > 1 and all(isinstance(read_json(line), Checked) for line in lines[:3])


def _stream(content: bytes, budget: Budget) -> list[Layer]:
    """Return the documents that follow one another, of which the last may be cut."""
    if len(content) > _LONGEST_STREAM or not _NEXT.search(content):
        return []
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return []
    found: list[Layer] = []
    at = 0
    while at < len(text) and len(found) < _MOST and not budget.late():
        try:
            value, end = _decode(text, at)
        except (ValueError, RecursionError):
            rest = Layer(text[at:].encode(), "application/json", fault="bad_encoding")
            return [*found, rest] if len(found) > 1 and text[at] in "{[" else []
        if not isinstance(value, dict | list):
            return []
        found.append(Layer(text[at:end].encode(), "application/json"))
        begins = _BLANK.match(text, end)
        at = begins.end() if begins else end
    return found if len(found) > 1 else []


def _text(text: str) -> object:
    if "\n" not in text or text.lstrip()[:1] not in ("{", "["):
        return MISS
    lines = [line for line in text.split("\n", _MOST) if line.strip()]
    if len(lines) < 2 or not all(isinstance(read_json(line), Checked) for line in lines[:3]):
        return MISS
    return [Layer(line, "application/json") for line in lines]


DECODERS.register("ndjson")(
    Decoder(
        body=_body,
        text=_text,
        media=(
            "application/x-ndjson",
            "application/ndjson",
            "application/x-jsonlines",
            "application/jsonlines",
            "application/jsonl",
            "application/x-json-stream",
            "application/json-seq",
        ),
        starts=b"{[",
        guesses=True,
        rank=20,
        marks="{[",
    )
)
