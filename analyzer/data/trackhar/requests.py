"""A request that holds given values at the places that an adapter of TrackHAR describes.

The steps by which TrackHAR decodes are gone back, one after the other: what it parses as JSON is
written as JSON, what it takes out of Base64 is put into it. So TrackHAR finds the values, too.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from analyzer.data.trackhar.adapters import Adapter, Fact, Step
from analyzer.data.trackhar.jsonpaths import FILTERS, Tree, put, take, tokens

# Facts that cannot stand in one request: each group is a request of its own.
_APART: Mapping[str, tuple[str, ...]] = {
    "google/firebaseinstallations": (
        r".*x-firebase-client-decoded\.",
        r".*-decoded-fields",
        r".*-client-fields",
    ),
    "google/googledatatransport-firelog-batchlog-protobuf": (r"1\.1\.",),
    "mopub/ads": (r".*!@\.match",),
}
# Facts without which TrackHAR does not take a request for one of the adapter.
_ALWAYS = frozenset({("google/firebaseinstallations", "fid")})
# Facts that TrackHAR never finds: it describes a cookie that no step of the adapter decodes.
_NEVER = frozenset({("adagio/4dex-u-setuid", "uidsParsed.uids.*.uid")})
# Adapters whose requests are told apart by a text that stands in them.
_FIXED: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "facebook/graph-activities-qs": (("format", "json"), ("sdk", "android")),
}
_LINKS = ("res.query.url", "res.query.cb", "relativeUrls")  # query strings of a URL
_EXAMPLE_URL = "https://sync.example/?"


@dataclass(frozen=True, slots=True)
class Request:
    """A request. `tree` is the body that is written as JSON, if it is."""

    method: str
    url: str
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes
    media: str  # media type of the body, or empty
    tree: Any


def groups(adapter: Adapter) -> Iterator[tuple[Fact, ...]]:
    """Yield the facts of `adapter` that can stand in one request together."""
    rest = [fact for fact in adapter.facts if _possible(adapter, fact)]
    always = tuple(fact for fact in rest if (adapter.name, fact.path) in _ALWAYS)
    for pattern in _APART.get(adapter.name, ()):
        yield always + tuple(fact for fact in rest if re.match(pattern, fact.path))
        rest = [fact for fact in rest if not re.match(pattern, fact.path)]
    yield tuple(rest)


def _possible(adapter: Adapter, fact: Fact) -> bool:
    return (adapter.name, fact.path) not in _NEVER


def request(adapter: Adapter, url: str, values: Iterable[tuple[Fact, Any]]) -> Request:
    """Return a request to `url` with `values` where `adapter` looks for them."""
    found: Tree = {}
    for fact, value in values:
        context = found.get(fact.context)
        found[fact.context] = put(context, tokens(fact.path), value)
    if fixed := _FIXED.get(adapter.name):
        found["body"] = {**dict(fixed), **(found.get("body") or {})}
    state: Tree = {"res": found}
    for step in reversed(adapter.steps):
        _back(state, step)
    body = state.get("body", b"")
    query, headers = state.get("query", ""), state.get("header") or {}
    parsers = (step.function for step in adapter.steps if step.input == "body")
    media = _MEDIA.get(next(parsers, ""), "") if body else ""
    data = body.encode() if isinstance(body, str) else body
    return Request(
        method="POST" if data else "GET",
        url=f"{url}?{query}" if query else url,
        headers={name: str(value) for name, value in headers.items()},
        cookies={name: str(value) for name, value in (state.get("cookie") or {}).items()},
        body=data,
        media=media,
        tree=json.loads(data) if media == "application/json" else None,
    )


_MEDIA = {
    "parseJson": "application/json",
    "parseQueryString": "application/x-www-form-urlencoded",
    "decodeProtobuf": "application/x-protobuf",
}


def _back(state: Tree, step: Step) -> None:
    """Undo one step of decoding."""
    out = tokens(step.output)
    value = take(state, out)
    if value is None or value in ({}, []):
        return
    link = step.input in _LINKS
    target = tokens(step.input)
    if step.maps:
        pieces = [_written(step, each, link=link) for each in value]
        if "*" in target:
            at = target.index("*")
            items = [put(None, target[at + 1 :], piece) for piece in pieces]
            known = _at(state, target[:at])
            if isinstance(known, list):
                for number, piece in enumerate(pieces):
                    put(known[number], target[at + 1 :], piece)
            else:
                put(state, target[:at], items)
        else:
            put(state, target, pieces)
        return
    if step.function == "getProperty":
        into = (*target, *tokens(step.path))
        several = isinstance(value, list) and step.path.startswith("$.")
        for each in value if several else [value]:
            _merge(state, into, each)
        return
    put(state, target, _written(step, value, link=link))


def _at(tree: Any, path: Sequence[str]) -> Any:
    for head in path:
        tree = tree.get(head) if isinstance(tree, dict) else None
    return tree


def _merge(state: Tree, path: tuple[str, ...], value: Any) -> None:
    """Put `value` at `path`; what already stands there as a table is kept beside it."""
    known = _at(state, path)
    if isinstance(known, dict) and isinstance(value, dict):
        value = {**known, **value}
    if any(each.startswith("?@parent") for each in path):
        _put_log(state, path, value)
        return
    put(state, path, value)


def _put_log(state: Tree, path: tuple[str, ...], value: Any) -> None:
    """Put `value` into an event of the log that the filter in `path` names (FireLog)."""
    at = next(number for number, each in enumerate(path) if each.startswith("?@parent"))
    name = FILTERS[path[at][1:]][1]["@parent"]["logSourceName"]
    body = _at(state, path[:2])
    logs = body.setdefault("logRequest", [])
    plain = next((log for log in logs if "logSourceName" not in log), None)
    if plain is not None:  # the log that other facts already stand in
        plain["logSourceName"] = name
    for log in logs:
        if log["logSourceName"] == name:
            break
    else:
        log = {"logSourceName": name}
        logs.append(log)
    events = log.setdefault("logEvent", [{}])
    events[0][path[-1]] = value


def _written(step: Step, value: Any, *, link: bool) -> Any:
    if step.function == "getProperty":
        return put(None, tokens(step.path), value)
    made = _WRITERS[step.function](value)
    if step.function == "split":
        return step.separator.join(value)
    return f"{_EXAMPLE_URL}{made}" if link else made


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _query(value: Any) -> str:
    return "&".join(f"{quote(name, safe='[]')}={quote(text)}" for name, text in _pairs(value))


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _pairs(inner, f"{name}[{at}]")
    else:
        yield name, str(value)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _token(value: Any) -> str:
    head = urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    claims = urlsafe_b64encode(_json(value).encode()).rstrip(b"=").decode()
    return f"{head}.{claims}.ZXhhbXBsZQ"


def _gzip(value: Any) -> bytes:
    """Compress `value` to the same bytes in every Python: one byte names the system otherwise."""
    made = gzip.compress(_bytes(value), mtime=0)
    return made[:9] + b"\xff" + made[10:]


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*made, number))


def _protobuf(value: Mapping[str, Any]) -> bytes:
    made = b""
    for name, given in sorted(value.items(), key=lambda pair: int(pair[0])):
        # A field that is repeated must stand there twice, or nobody can tell that it is.
        twice = given * 2 if isinstance(given, list) and len(given) == 1 else given
        for each in twice if isinstance(twice, list) else [twice]:
            number = int(name)
            if isinstance(each, int):
                made += _varint(number << 3) + _varint(each)
            else:
                data = _protobuf(each) if isinstance(each, dict) else _bytes(each)
                made += _varint(number << 3 | 2) + _varint(len(data)) + data
    return made


_WRITERS: Mapping[str, Callable[[Any], Any]] = {
    "parseJson": _json,
    "parseQueryString": _query,
    "decodeBase64": lambda value: b64encode(_bytes(value)).decode(),
    "gunzip": _gzip,
    "decodeJwt": _token,
    "decodeUrl": lambda value: quote(str(value)),
    "decodeProtobuf": _protobuf,
    "ensureArray": lambda value: value,
    "split": lambda value: value,
}
