"""Exchanges made for the tests of decoding."""

from __future__ import annotations

import itertools

from analyzer.decode import Decoded, Limits, decode
from analyzer.models import Exchange, Headers

URL = "https://api.example/"


def exchange(
    body: bytes = b"",
    content_type: str = "",
    encoding: str = "",
    *,
    url: str = URL,
    headers: Headers = (),
    answer: bytes = b"",
    answer_headers: Headers = (),
    method: str = "POST",
    complete: bool = True,
    truncated: int = 0,
) -> Exchange:
    """Return an exchange whose request or answer has the given body and headers."""
    own: Headers = ()
    if content_type:
        own += (("Content-Type", content_type),)
    if encoding:
        own += (("Content-Encoding", encoding),)
    return Exchange(
        id="7",
        session="s",
        t_s=0.0,
        phase="use",
        method=method,
        url=url,
        request_headers=(*headers, *own),
        request_body=body,
        status=200,
        response_headers=answer_headers,
        response_body=answer,
        server_ip=None,
        transport="h2",
        complete=complete,
        truncated=truncated,
    )


def read(body: bytes, content_type: str = "", encoding: str = "") -> dict[str, str]:
    """Return path to value of the leaves of a request body; each path must be there once."""
    rows = rows_of(decode(exchange(body, content_type, encoding)))
    paths = [path for path, _, _ in rows]
    assert len(set(paths)) == len(paths), paths
    return {path: value for path, value, _ in rows}


def rows_of(decoded: Decoded, part: str = "body") -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (path, value, steps) of the leaves of one part."""
    return [(leaf.path, leaf.value, leaf.steps) for leaf in decoded.leaves if leaf.part == part]


def rows(body: bytes, content_type: str = "", encoding: str = "") -> list[tuple[str, str, str]]:
    """Return (path, value, steps joined by a slash) of the leaves of a request body."""
    found = rows_of(decode(exchange(body, content_type, encoding)))
    return [(path, value, "/".join(steps)) for path, value, steps in found]


def codes(body: bytes, content_type: str = "", encoding: str = "", **more: int) -> list[str]:
    """Return the codes of the problems of a request body, with `Limits` given by name."""
    limits = Limits(**more)
    return [
        problem.code for problem in decode(exchange(body, content_type, encoding), limits).problems
    ]


def varint(number: int) -> bytes:
    """Return `number` as a protobuf varint."""
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | str | bytes) -> bytes:
    """Return one protobuf field: a varint, or what has a length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    content = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(content)) + content


def multipart(parts: dict[str, bytes], boundary: str = "xYzZy") -> bytes:
    """Return a multipart/form-data body."""
    blocks = itertools.chain.from_iterable(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode(),
            content,
            b"\r\n",
        )
        for name, content in parts.items()
    )
    return b"".join(blocks) + f"--{boundary}--\r\n".encode()


def shown(value: object) -> str:
    """Return a scalar as a leaf shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def flat(tree: object, path: str = "") -> list[tuple[str, str]]:
    """Return (path, value) of the leaves of `tree`, written independently of the program."""
    prefix = f"{path}." if path else ""
    if isinstance(tree, dict):
        return [row for key, value in tree.items() for row in flat(value, prefix + key)]
    if isinstance(tree, list):
        return [row for at, value in enumerate(tree) for row in flat(value, prefix + str(at))]
    return [(path, shown(tree))]
