"""Writing rules as a tracker file, in the form that those written by hand have."""

from __future__ import annotations

import json
import re
import textwrap
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from analyzer.data.trackhar.meanings import Home
from analyzer.data.trackhar.requests import Request
from analyzer.data.trackhar.rules import Field, Service, Shown

_WIDTH = 99
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_GLUE = "\x00"  # a space at which no line is broken
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_HEAD = """\
# Made by analyzer/data/update_trackhar.py from what TrackHAR {version} (CC0-1.0) describes.
# Do not edit: it holds what the files written by hand lack. To change a rule, write it there and
# run the script again, which then leaves it out here.
"""


def sheet(version: str, home: Home, source: str, services: Sequence[Service]) -> str:
    """Return the text of a file with `services`; `source` is that of rules which name no other."""
    lines = [_HEAD.format(version=version).rstrip("\n"), f"owner: {_scalar(home.owner)}"]
    if home.sites:
        lines.append(f"sites: {_list(home.sites)}")
    lines += [f"purpose: {home.purpose}", f"source: {_scalar(source)}", "grade: O", "endpoints:"]
    for service in services:
        lines += [*_service(service, source), ""]
    return "\n".join(lines).rstrip("\n").replace(_GLUE, " ") + "\n"


def _service(service: Service, source: str) -> Iterator[str]:
    yield f"  - id: {service.id}"
    yield from _wrapped("    ", f"hosts: {_list(service.hosts)}")
    yield from _wrapped("    ", f"paths: {_list(service.paths)}")
    yield "    fields:"
    for field in service.fields:
        yield from _wrapped("      ", f"- {_field(field, source)}", hanging=3)
    yield "    examples:"
    yield "      hit:"
    for shown in service.hits:
        yield from _shown(shown)
    yield "      miss:"
    for request in service.misses:
        yield from _wrapped("        ", f"- request: {_request(request)}", hanging=4)


def _shown(shown: Shown) -> Iterator[str]:
    yield from _wrapped("        ", f"- request: {_request(shown.request)}", hanging=4)
    yield from _wrapped("          ", f"finds: {_table(shown.finds)}")


def _field(field: Field, source: str) -> str:
    told: dict[str, Any] = {"id": field.id, "type": field.type, "part": field.part}
    told |= {"path": field.paths[0]} if len(field.paths) == 1 else {"paths": list(field.paths)}
    if field.not_values:
        told["not_values"] = list(field.not_values)
    if field.shapes:
        told["shape"] = list(field.shapes)
    told["reason"] = field.reason
    if field.source != source:
        told["source"] = field.source
    if field.grade != "O":
        told["grade"] = field.grade
    return _table(told)


def _request(request: Request) -> str:
    told: dict[str, Any] = {"method": request.method, "url": request.url}
    if request.headers:
        told["headers"] = dict(request.headers)
    if request.cookies:
        told["cookies"] = dict(request.cookies)
    if request.media == "application/json":
        told["json"] = request.tree
    elif request.media == "application/x-www-form-urlencoded":
        text = request.body.decode()
        form = dict(parse_qsl(text))
        told["form"] = form
        if "%5B" in text or "[" in text:
            del told["form"]
            told.setdefault("headers", {})["Content-Type"] = request.media
            told["body"] = text
    elif request.body:
        told.setdefault("headers", {})["Content-Type"] = request.media
        told["body_base64"] = b64encode(request.body).decode()
    return _table(told)


def _table(given: Mapping[str, Any]) -> str:
    pairs = (f"{_scalar(key)}:{_GLUE}{_any(value)}" for key, value in given.items())
    return "{" + ", ".join(pairs) + "}"


def _list(given: Iterable[Any]) -> str:
    return "[" + ", ".join(map(_any, given)) + "]"


def _any(value: Any) -> str:
    if isinstance(value, Mapping):
        return _table(value)
    return _list(value) if isinstance(value, list | tuple) else _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False).replace(" ", _GLUE)


def _wrapped(indent: str, text: str, *, hanging: int = 2) -> list[str]:
    lines = textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent + " " * hanging,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(_GLUE, " ") for line in lines]
