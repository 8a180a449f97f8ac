"""Reads a section of a consent string by the layouts of `consent_strings.yaml`.

What is not such a section, or is damaged, raises `NotConsentError` with the reason in fixed words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from analyzer.extract.bits import Bits, NotConsentError
from analyzer.knowledge.consent_layouts import ConsentField, ConsentLayout, consent_layouts

# A time outside of these means that the text is something else.
_FIRST_TENTH: Final = 14_832_288_000  # 2017-01-01; the reference encoders also write 0
_LAST_TENTH: Final = 41_024_448_000  # 2100-01-01
_DAY: Final = 864_000  # one of the reference strings was made hours after its update
_MOST_SEGMENTS: Final = 8


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a publisher restricts: a purpose, how (0 to 3), and for which vendors."""

    purpose: int
    type: int
    vendors: frozenset[int]


Value = int | bool | str | tuple[int, ...] | frozenset[int] | tuple[Restriction, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section that was read: `fields` by the specification's names, of all its segments.

    A time is in tenths of seconds since 1970; sets hold ids from 1. `segments` counts them, the
    first included, without a header.
    """

    id: int
    name: str
    fields: Mapping[str, Value]
    segments: int

    @property
    def version(self) -> int:
        """Return what the section says its version is; 1 where it does not say."""
        return self.number("Version") or 1

    def number(self, name: str) -> int:
        """Return the number in the field `name`; 0 where there is none."""
        value = self.fields.get(name, 0)
        return value if isinstance(value, int) else 0

    def ids(self, name: str) -> frozenset[int]:
        """Return the ids in the field `name`; none where there is no such field."""
        value = self.fields.get(name, frozenset())
        return value if isinstance(value, frozenset) else frozenset()

    def choices(self, name: str) -> tuple[int, ...]:
        """Return the choices in the field `name`, one or several; none where there is no field."""
        value = self.fields.get(name, ())
        if isinstance(value, tuple):
            return tuple(each for each in value if isinstance(each, int))
        return (value,) if isinstance(value, int) else ()

    def restrictions(self, name: str) -> tuple[Restriction, ...]:
        """Return the publisher's restrictions in the field `name`."""
        value = self.fields.get(name, ())
        found = value if isinstance(value, tuple) else ()
        return tuple(each for each in found if isinstance(each, Restriction))


def read_section(number: int, text: str) -> Section:
    """Read `text` as the section with the id `number`; `NotConsentError` where it is none."""
    core, *further = text.split(".")
    if len(further) > _MOST_SEGMENTS:
        raise NotConsentError("too many segments")
    bits = Bits(core)
    layout = _layout(number, bits)
    fields: dict[str, Value] = {}
    if layout.has_header:
        fields["Version"], kinds = _header(bits)
        if not further:
            raise NotConsentError("ends too soon")
        core, *further = further
        bits = Bits(core)
    else:
        kinds = ()
    _read(bits, layout.fields, fields)
    for at, segment in enumerate(further):
        kind = kinds[at] if layout.has_header and at < len(kinds) else None
        _further(layout, Bits(segment), kind, fields)
    if layout.has_header and len(kinds) != len(further):
        raise NotConsentError("wrong number of segments")
    _times(fields)
    return Section(number, layout.name, fields, 1 + len(further))


def _layout(number: int, bits: Bits) -> ConsentLayout:
    head = bits.peek(6)
    for layout in consent_layouts().get(number, ()):
        known = not layout.versions or head in layout.versions
        if layout.has_header:
            known = head == number
        if known and (not layout.set_from or bits.is_set_from(layout.set_from)):
            return layout
    raise NotConsentError("unknown version")


def _header(bits: Bits) -> tuple[int, tuple[int, ...]]:
    bits.number(6)
    version = bits.number(6)
    if version != 1:
        raise NotConsentError("unknown version")
    # 0, the core, cannot be written in Fibonacci coding: it is there without being named.
    kinds = bits.fibonacci_ranges()
    bits.end()
    return version, kinds


def _further(layout: ConsentLayout, bits: Bits, told: int | None, fields: dict[str, Value]) -> None:
    kind = bits.peek(layout.type_bits) if layout.type_bits else told or next(iter(layout.segments))
    if kind not in layout.segments or (told is not None and told != kind):
        raise NotConsentError("unknown segment")
    _read(bits, layout.segments[kind], fields)


def _read(bits: Bits, layout: tuple[ConsentField, ...], fields: dict[str, Value]) -> None:
    for field in layout:
        if field.name in fields:
            raise NotConsentError("a segment twice")
        fields[field.name] = _value(bits, field, fields)
    bits.end()


def _value(bits: Bits, field: ConsentField, fields: Mapping[str, Value]) -> Value:
    size = cast("int", fields[field.size_of]) if field.size_of else field.size
    match field.kind:
        case "int":
            return bits.pairs(1)[0] if size == 2 else bits.number(size)
        case "flag":
            return bits.flag()
        case "time":
            return bits.number(36)
        case "letters":
            return bits.letters(size)
        case "bits":
            return bits.positions(size)
        case "pairs":
            return bits.pairs(size)
        case "vendors":
            return bits.vendors()
        case "vendors_v1":
            return bits.vendors_v1()
        case "restrictions":
            return tuple(
                Restriction(bits.number(6), bits.number(2), bits.ranges())
                for _ in range(bits.number(12))
            )
        case "fibonacci":
            return bits.fibonacci_ranges()


def _times(fields: Mapping[str, Value]) -> None:
    if "Created" not in fields:
        return
    created, updated = cast("int", fields["Created"]), cast("int", fields["LastUpdated"])
    for tenths in (created, updated):
        if tenths and not _FIRST_TENTH <= tenths <= _LAST_TENTH:
            raise NotConsentError("impossible time")
    if updated < created - _DAY:
        raise NotConsentError("impossible time")
