"""Several JSON documents, one a line."""

from __future__ import annotations

from analyzer.decoders import DECODERS, MISS, Budget, Checked, Decoder, Hint, Layer
from analyzer.decoders.json import read_json

_MOST = 20_000  # lines of a string


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    lines = [line for line in content.split(b"\n", budget.limits.max_leaves) if line.strip()]
    announced = hint.announced == "ndjson"
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
