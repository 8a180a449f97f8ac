"""What an exchange looks like around a finding, without anything that was sent.

It is made from the path of the value, the decoders that led there and the shape of the value: the
capture is not read for it, so that no value can slip in.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.models import Part

_DEEPEST = 12
_TREES = frozenset({"json", "msgpack", "cbor", "plist", "ndjson", "sse", "jwt"})
_FIELDS = frozenset({"protobuf", "grpc", "thrift"})


def excerpt(part: Part, path: str, steps: Sequence[str], shape: str, transformed: str = "") -> str:
    """Return one or more lines that show where a value of this `shape` stood.

    >>> print(excerpt("body", "device.ifa", ("json",), "uuid"))
    {"device": {"ifa": <uuid>}}
    >>> print(excerpt("query", "gps_adid", (), "uuid", "sha256"))
    ?gps_adid=<sha256(uuid)>
    """
    disguised = transformed not in ("", "raw")
    value = f"<{transformed}({shape})>" if disguised else f"<{shape}>"
    names = path.split(".")
    if part in ("body", "response"):
        return _body(path, names, steps, value)
    if part == "query":
        return f"?{names[0]}={_inside(names[1:], value)}"
    if part in ("header", "response_header"):
        return f"{names[0]}: {_inside(names[1:], value)}"
    if part == "cookie":
        return f"Cookie: {names[0]}={_inside(names[1:], value)}"
    if part == "response_cookie":
        return f"Set-Cookie: {names[0]}={_inside(names[1:], value)}"
    if part == "path":
        return f"/…/{value}" if path != "0" else f"/{value}"
    return value


def _body(path: str, names: Sequence[str], steps: Sequence[str], value: str) -> str:
    last = steps[-1] if steps else ""
    if last in _TREES and len(names) <= _DEEPEST:
        return _tree(names, value)
    if last == "form":
        return f"{path}={value}"
    if last in _FIELDS:
        return f"#{path} = {value}"
    return f"{path} = {value}"


def _inside(names: Sequence[str], value: str) -> str:
    """Return what stands in a text that holds more than the value."""
    return f"{'.'.join(names)} = {value}" if names else value


def _tree(names: Sequence[str], value: str) -> str:
    text = value
    for name in reversed(names):
        if name.isdigit():
            text = f"[{text}]" if name == "0" else f"[…, {text}]"
        else:
            text = f'{{"{name}": {text}}}'
    return text
