"""Writes consent strings for the tests, by the same layouts: not the encoder of any product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from analyzer.extract.sections import Restriction, Value
from analyzer.knowledge.consent_layouts import ConsentField, ConsentLayout, consent_layouts

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WHEN = 17_000_000_000  # tenths of seconds: November 2023


class Writer:
    """Writes what `Bits` reads."""

    def __init__(self) -> None:
        self.bits = ""

    def put(self, number: int, width: int) -> Writer:
        self.bits += f"{number:0{width}b}" if width else ""
        return self

    def ranges(self, ids: frozenset[int]) -> Writer:
        runs: list[tuple[int, int]] = []
        for each in sorted(ids):
            if runs and runs[-1][1] == each - 1:
                runs[-1] = (runs[-1][0], each)
            else:
                runs.append((each, each))
        self.put(len(runs), 12)
        for first, last in runs:
            self.put(first != last, 1).put(first, 16)
            if first != last:
                self.put(last, 16)
        return self

    def vendors(self, ids: frozenset[int], *, as_ranges: bool, version: int = 2) -> Writer:
        most = max(ids, default=0)
        self.put(most, 16).put(as_ranges, 1)
        if as_ranges:
            return (self.put(0, 1) if version == 1 else self).ranges(ids)
        for at in range(1, most + 1):
            self.put(at in ids, 1)
        return self

    def fibonacci(self, number: int) -> Writer:
        known = [1, 2]
        while known[-1] <= number:
            known.append(known[-1] + known[-2])
        digits = ""
        for each in reversed(known[:-1]):
            digits = ("1" if each <= number else "0") + digits
            number -= each if each <= number else 0
        self.bits += digits.rstrip("0") + "1"
        return self

    def sections(self, ids: Sequence[int]) -> Writer:
        self.put(len(ids), 12)
        last = 0
        for each in ids:
            self.put(0, 1).fibonacci(each - last)
            last = each
        return self

    def text(self) -> str:
        padded = self.bits + "0" * (-len(self.bits) % 6)
        return "".join(ALPHABET[int(padded[at : at + 6], 2)] for at in range(0, len(padded), 6))


def write_fields(
    layout: Sequence[ConsentField], fields: Mapping[str, Value], *, as_ranges: bool = False
) -> str:
    """Return a segment with `fields`; what is not among them is 0, empty or ``AA``."""
    out = Writer()
    for field in layout:
        _put(out, field, fields, as_ranges=as_ranges)
    return out.text()


def _put(out: Writer, field: ConsentField, fields: Mapping[str, Value], *, as_ranges: bool) -> None:
    value = fields.get(field.name, 0)
    size = int(str(fields.get(field.size_of, 0))) if field.size_of else field.size
    ids = value if isinstance(value, frozenset) else frozenset()
    listed = value if isinstance(value, tuple) else ()
    if field.kind in {"int", "flag", "time"}:
        assert isinstance(value, int)
        out.put(value, {"int": size, "flag": 1, "time": 36}[field.kind])
    elif field.kind == "letters":
        for letter in str(value or "A" * size):
            out.put(ord(letter) - ord("A"), 6)
    elif field.kind == "bits":
        for at in range(1, size + 1):
            out.put(at in ids, 1)
    elif field.kind == "pairs":
        for each in listed or (0,) * size:
            assert isinstance(each, int)
            out.put(each, 2)
    elif field.kind in {"vendors", "vendors_v1"}:
        out.vendors(ids, as_ranges=as_ranges, version=1 if field.kind == "vendors_v1" else 2)
    else:
        out.put(len(listed), 12)
        for restriction in listed:
            assert isinstance(restriction, Restriction)
            out.put(restriction.purpose, 6).put(restriction.type, 2).ranges(restriction.vendors)


def layout_of(section: int) -> ConsentLayout:
    """Return the newest layout of `section`."""
    return consent_layouts()[section][0]


def tc_string(purposes: set[int], *, legitimate: set[int] | None = None, **more: Value) -> str:
    """Write the core of a TC string of version 2."""
    fields: dict[str, Value] = {
        "Version": 2,
        "Created": WHEN,
        "LastUpdated": WHEN,
        "CmpId": 7,
        "ConsentLanguage": "EN",
        "PolicyVersion": 4,
        "PublisherCountryCode": "KE",
        "PurposeConsents": frozenset(purposes),
        "PurposeLegitimateInterests": frozenset(legitimate or ()),
        **more,
    }
    return write_fields(layout_of(2).fields, fields)


def us_section(section: int, **fields: Value) -> str:
    """Write the core of a US section in its version 1 (2 for the national one)."""
    version = layout_of(section).versions[0]
    return write_fields(layout_of(section).fields, {"Version": version, **fields})


def gpp_string(sections: Mapping[int, str]) -> str:
    """Write a GPP string with `sections`, by id."""
    ids = sorted(sections)
    header = Writer().put(3, 6).put(1, 6).sections(ids).text()
    return "~".join([header, *(sections[each] for each in ids)])


def instant(tenths: int) -> str:
    """Return the time that `tenths` of seconds stand for as the reference prints it."""
    day = datetime.fromtimestamp(tenths / 10, UTC)
    return day.strftime("%Y-%m-%dT%H:%M:%S.") + f"{tenths % 10}00Z"
