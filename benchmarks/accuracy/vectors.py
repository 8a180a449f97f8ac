"""Reads the labelled set: each leaf of a request with the data types that are right for it."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ruamel.yaml import YAML

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.places import REQUEST_PARTS
from analyzer.knowledge import Knowledge, Tracker
from analyzer.models import Exchange, Leaf

FOLDER: Final = Path(__file__).parent / "vectors"
# Read while the words were chosen, whatever the hash says: their pages came up beside others.
_SEEN: Final = frozenset(("segment", "mixpanel", "adjust"))
_HELD_OUT_SHARE: Final = 3
_ALSO: Final = {"meta": "facebook", "twitter": "x", "singular-net": "singular"}
# Headers that say nothing beyond HTTP; a rule reads what is in the others.
_OWN_HEADERS: Final = frozenset(("content-type", "cookie", "host"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A leaf and the data types that are right for it; none: it is no personal data."""

    origin: str  # the vendor
    source: str
    leaf: Leaf
    exchange: Exchange
    types: frozenset[str]
    by_rule: bool  # labelled by a rule of a tracker, not by hand


def held_out(origin: str) -> bool:
    """Tell whether `origin` was kept out of sight while the words were chosen: a third, by hash.

    What was seen in spite of it is not.
    """
    first = hashlib.sha256(origin.encode()).digest()[0]
    return first % _HELD_OUT_SHARE == 0 and origin not in _SEEN


def read_vectors(folder: Path = FOLDER) -> list[Labelled]:
    """Return every leaf of the vectors that were labelled by hand.

    `ValueError` names a label that no leaf of its request has.
    """
    found: list[Labelled] = []
    for path in sorted(folder.glob("*.yaml")):
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        for number, vector in enumerate(content["vectors"]):
            source = str(vector.get("source", content["source"]))
            exchange = build_exchange(vector["request"], f"{path.stem}/{number}")
            found += _by_hand(vendor(path.stem), source, exchange, vector)
    return found


def _by_hand(
    origin: str, source: str, exchange: Exchange, vector: Mapping[str, Any]
) -> list[Labelled]:
    labels = {_place(place): str(types) for place, types in vector["labels"].items()}
    arguable = set(map(_place, vector.get("open", ())))
    unused = set(labels) | arguable
    found = []
    for leaf in sent(exchange):
        place = leaf.path if leaf.part == "body" else f"{leaf.part}:{leaf.path}"
        unused.discard(place)
        if place in arguable:
            continue
        types = frozenset(labels[place].split("|")) if place in labels else frozenset()
        found.append(Labelled(origin, source, leaf, exchange, types, False))
    if unused:
        raise ValueError(f"{exchange.id}: no leaf has the label of {', '.join(sorted(unused))}")
    return found


def _place(written: object) -> str:
    """Names of headers are compared in lower case, as decoding gives them."""
    text = str(written)
    return text.lower() if text.startswith("header:") else text


def read_rules(knowledge: Knowledge) -> list[Labelled]:
    """Return the leaves that rules find in the examples beside them.

    What no rule finds there is not counted: nobody said that it is no personal data.
    """
    found: list[Labelled] = []
    extractor = Extractor(knowledge, (), b"k" * 32)
    for tracker in knowledge.trackers:
        if tracker.fictional or not tracker.owner:
            continue
        origin = origin_of(tracker)
        for number, (example, endpoint) in enumerate(_examples(tracker)):
            exchange = build_exchange(example, f"{tracker.file}/{number}")
            rules = {rule.rule_id: rule for rule in endpoint}
            types: dict[tuple[str, str], set[str]] = {}
            for match in extractor.extract(exchange, decode(exchange)).matches:
                if match.rule_id in rules:
                    types.setdefault((match.part, match.path), set()).add(match.data_type)
            found += [
                Labelled(origin, tracker.source, leaf, exchange, frozenset(right), True)
                for leaf in sent(exchange)
                if (right := types.get((leaf.part, leaf.path)))
            ]
    return found


def origin_of(tracker: Tracker) -> str:
    """Return the name under which a tracker's examples and its vectors belong together."""
    return vendor(tracker.file.rpartition("/")[2].removesuffix(".yaml"))


def vendor(name: str) -> str:
    """Return the vendor that a file is about; some have several files.

    >>> vendor("trackhar-criteo-2"), vendor("bytedance-pixel"), vendor("google-ads")
    ('criteo', 'bytedance', 'google-ads')
    """
    bare = re.sub(r"-[0-9]+$", "", name.removeprefix("trackhar-"))
    return _ALSO.get(bare, "bytedance" if bare.startswith(("bytedance", "tiktok")) else bare)


def _examples(tracker: Tracker) -> Iterable[tuple[Mapping[str, Any], Any]]:
    for endpoint in tracker.endpoints:
        for example in endpoint.hits:
            yield example.request, endpoint.fields


def sent(exchange: Exchange) -> list[Leaf]:
    """Return the leaves of the request, the plumbing of HTTP apart."""
    return [
        leaf
        for leaf in decode(exchange).leaves
        if leaf.part in REQUEST_PARTS
        and leaf.part not in ("host", "path")
        and not (leaf.part == "header" and leaf.path.lower() in _OWN_HEADERS)
    ]


def distinct(labelled: Iterable[Labelled]) -> list[Labelled]:
    """Return `labelled` with each key once, whoever sends it: companies share their formats.

    Of several vendors one that was not held out has it, so that a key seen once counts as seen.
    """
    first: dict[tuple[str, str, frozenset[str]], Labelled] = {}
    for each in sorted(labelled, key=lambda each: (each.by_rule, held_out(each.origin))):
        steps = [step for step in each.leaf.path.lower().split(".") if not step.isdigit()]
        first.setdefault((each.leaf.part, ".".join(steps), each.types), each)
    return list(first.values())


def build_message(given: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Return headers and body of what a vector or an example says of a request or an answer."""
    headers = {str(name): str(value) for name, value in given.get("headers", {}).items()}
    body, kind = b"", ""
    if "form" in given:
        body = urlencode(given["form"], doseq=True).encode()
        kind = "application/x-www-form-urlencoded"
    elif "json" in given:
        body = json.dumps(given["json"], default=str).encode()
        kind = "application/json"
    elif "body_base64" in given:
        body = b64decode("".join(str(given["body_base64"]).split()), validate=True)
    elif "body" in given:
        body = str(given["body"]).encode()
    if kind and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = kind
    return headers, body


def build_exchange(
    request: Mapping[str, Any], own: str, response: Mapping[str, Any] | None = None
) -> Exchange:
    """Build the request that a vector or an example of a rule describes, and its answer."""
    headers, body = build_message(request)
    if cookies := request.get("cookies"):
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    url = str(request["url"])
    if "query" in request:
        url += ("&" if urlsplit(url).query else "?") + urlencode(request["query"])
    told, answer = build_message(response or {})
    setting = [
        ("Set-Cookie", f"{name}={value}; Path=/")
        for name, value in (response or {}).get("cookies", {}).items()
    ]
    return Exchange(
        id=own,
        session="accuracy",
        t_s=0.0,
        phase="use",
        method=str(request.get("method", "GET")),
        url=url,
        request_headers=tuple(headers.items()),
        request_body=body,
        status=200,
        response_headers=(*told.items(), *setting),
        response_body=answer,
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )
