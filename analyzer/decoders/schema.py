"""Protocol Buffers by a known schema: fields get their names. Not a decoder itself.

Which schema holds is a matter of where a message goes (`analyzer/data/schemas`). It is believed
only as far as it fits: a field of the wrong wire type, or a message in which most fields are
unknown, and it is read without a schema instead. Fields that the schema does not know keep their
numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache

from analyzer.decoders.text import is_text, utf8
from analyzer.decoders.wire_types import double, fields, fixed32, fixed64, short_float, varint
from analyzer.knowledge.formats import SCALARS, Field, Schema, formats
from analyzer.knowledge.load import DATA

_WIRE = {
    "double": 1, "fixed64": 1, "sfixed64": 1, "float": 5, "fixed32": 5, "sfixed32": 5,
    "string": 2, "bytes": 2,
}  # fmt: skip
_WIDTH = {1: 8, 5: 4}
_DEEPEST = 32
_MOST_FIELDS = 100_000
Guess = Callable[[bytes], object]


class _Misfit(Exception):  # noqa: N818 - never leaves this file
    """The message is not what the schema says."""


@lru_cache(2048)
def schemas_at(host: str, path: str, answer: bool) -> tuple[tuple[Schema, str], ...]:
    """Return (schema, name of the message) of what is exchanged with `path` of `host`."""
    found: list[tuple[Schema, str]] = []
    for schema in formats(DATA).schemas:
        for place in schema.places:
            message = place.response if answer else place.request
            if message and place.holds(host, path):
                found.append((schema, message))
    return tuple(found)


def place_of(url: str) -> tuple[str, str]:
    """Return the host (lower case, no port) and the path of `url`."""
    rest = url.partition("://")[2].partition("#")[0].partition("?")[0]
    authority, slash, path = rest[:2048].partition("/")
    return authority.rpartition("@")[2].partition(":")[0].lower(), slash + path


def read_named(content: bytes, schema: Schema, message: str, guess: Guess) -> object | None:
    """Return `content` as `message` of `schema`, or None where it does not fit.

    `guess` reads a length-delimited field that the schema does not know.
    """
    reader = _Named(schema.messages, guess)
    try:
        tree = reader.message(content, message, 1)
    except (_Misfit, ValueError):
        return None
    return tree if reader.known and reader.known >= reader.unknown else None


class _Named:
    """Reads messages by name; counts the fields that the schema knew and did not."""

    def __init__(self, messages: Mapping[str, Mapping[int, Field]], guess: Guess) -> None:
        self._messages = messages
        self._guess = guess
        self.known = 0
        self.unknown = 0

    def message(self, data: bytes, name: str, depth: int) -> dict[str, object]:
        """Return the fields of `data`; raises `_Misfit` or `ValueError`."""
        if depth > _DEEPEST:
            raise _Misfit
        schema = self._messages[name]
        found: dict[str, object] = {}
        for number, kind, raw in fields(data):
            field = schema.get(number)
            if field is None:
                self.unknown += 1
                _add(found, str(number), self._unknown(kind, raw))
            elif field.label == "map":
                self.known += 1
                self._entry(found, field, kind, raw, depth)
            else:
                self.known += 1
                self._field(found, field, kind, raw, depth)
            if self.known + self.unknown > _MOST_FIELDS:
                raise _Misfit
        return found

    def _field(
        self, found: dict[str, object], field: Field, kind: int, raw: int | bytes, depth: int
    ) -> None:
        values = self._packed(field, kind, raw)
        if values is None:
            values = [self._value(field, kind, raw, depth)]
        if field.label == "repeated":
            many = found.setdefault(field.name, [])
            if isinstance(many, list):
                many.extend(values)
        else:
            for value in values:
                _add(found, field.name, value)

    def _entry(
        self, found: dict[str, object], field: Field, kind: int, raw: int | bytes, depth: int
    ) -> None:
        """Add an entry of a map: a message with a key (1) and a value (2)."""
        if kind != 2 or not isinstance(raw, bytes):
            raise _Misfit
        key, value = "", None
        for number, inner, content in fields(raw):
            if number == 1:
                text = utf8(content) if isinstance(content, bytes) else str(content)
                if text is None:
                    raise _Misfit
                key = text
            elif number == 2:
                value = self._value(field, inner, content, depth)
            else:
                raise _Misfit
        entries = found.setdefault(field.name, {})
        if isinstance(entries, dict):
            _add(entries, key, value)

    def _packed(self, field: Field, kind: int, raw: int | bytes) -> list[object] | None:
        """Return the numbers of a packed field; None where it is not one."""
        scalar = field.types[0]
        wire = _WIRE.get(scalar, 0)
        if field.label != "repeated" or kind != 2 or wire == 2 or scalar not in SCALARS:
            return None
        if not isinstance(raw, bytes):
            return None
        if wire:
            width = _WIDTH[wire]
            if len(raw) % width:
                raise _Misfit
            pieces = [raw[at : at + width] for at in range(0, len(raw), width)]
            return [_scalar(scalar, piece) for piece in pieces]
        values: list[object] = []
        position = 0
        while position < len(raw):
            number, position = varint(raw, position)
            if position < 0:
                raise _Misfit
            values.append(_scalar(scalar, number))
        return values

    def _value(self, field: Field, kind: int, raw: int | bytes, depth: int) -> object:
        if field.types[0] in SCALARS:
            if kind != _WIRE.get(field.types[0], 0):
                raise _Misfit
            return _scalar(field.types[0], raw)
        if kind != 2 or not isinstance(raw, bytes):
            raise _Misfit
        *others, last = field.types
        for name in others:
            inner = read_named_strictly(self._messages, name, raw, self._guess, depth)
            if inner is not None:
                return inner
        return _scalar(last, raw) if last in SCALARS else self.message(raw, last, depth + 1)

    def _unknown(self, kind: int, raw: int | bytes) -> object:
        if isinstance(raw, int):
            return raw
        if kind == 2:
            return self._guess(raw)
        return fixed32(raw) if kind == 5 else fixed64(raw)


def read_named_strictly(
    messages: Mapping[str, Mapping[int, Field]], name: str, raw: bytes, guess: Guess, depth: int
) -> object | None:
    """Return `raw` as the message `name` if every field of it is known, else None."""
    reader = _Named(messages, guess)
    try:
        tree = reader.message(raw, name, depth + 1)
    except (_Misfit, ValueError):
        return None
    return tree if reader.known and not reader.unknown else None


def _add(found: dict[str, object], name: str, value: object) -> None:
    """Add a value; a name that is repeated although it should not be keeps them all."""
    if name not in found:
        found[name] = value
        return
    known = found[name]
    if isinstance(known, list):
        known.append(value)
    else:
        found[name] = [known, value]


def _scalar(kind: str, raw: int | bytes) -> object:
    if isinstance(raw, int):
        if kind == "bool":
            return bool(raw)
        if kind in ("sint32", "sint64"):
            return (raw >> 1) ^ -(raw & 1)
        signed = kind in ("int32", "int64", "enum")
        return raw - 2**64 if signed and raw >= 2**63 else raw
    if kind == "string":
        text = utf8(raw)
        if text is None or not is_text(text):
            raise _Misfit
        return text
    if kind == "bytes":
        return raw
    if kind == "double":
        return double(raw)
    if kind == "float":
        return short_float(raw)
    form = {"fixed32": "<I", "sfixed32": "<i", "fixed64": "<Q", "sfixed64": "<q"}[kind]
    number: int = struct.unpack(form, raw)[0]
    return number
