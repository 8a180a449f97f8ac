"""Findings and comparisons for other programs: CSV, JSON, Markdown, Parquet.

The same comparison gives the same bytes. Nothing here holds a captured value; what stands around
values (hosts, paths, names of phases) is captured too, and is made harmless for the program that
opens the table.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from analyzer import amounts
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.extract.shapes import visible
from analyzer.models import Contrast, Delta
from reports import words
from reports.dictionary import DELTA
from reports.dictionary_columns import Table, plain
from reports.location import unverified
from reports.reach import reach
from reports.record import Record

if TYPE_CHECKING:
    from reports.feed.record import FeedRecord

# A cell that begins with one of these, plain or full-width, is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Units of what is measured in parts of one.
_PARTS = frozenset({"share", "difference of shares", "probability", "seconds", "in its unit"})
# What Markdown obeys; then what GitHub makes links of unasked, and underscores outside of words.
_MARKUP = re.compile(
    r"[\\`*\[\]|#!~]|(?<=www)\.|:(?=//)|@|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])", re.IGNORECASE
)


def deltas_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row for each delta: what, who, k of n on each side, verdict, effect, p, q.

    `waived` names the checks that do not hold, and that the study does without: of every row.
    """
    rows = [[plain(each.value(delta)) for each in DELTA] for delta in comparison.deltas]
    frame = pd.DataFrame(rows, columns=[each.name for each in DELTA])
    waived = [gate.name for gate in comparison.gates if gate.waived and not gate.passed]
    return frame.assign(waived=" ".join(waived))


def table_frame(table: Table, record: Record | FeedRecord) -> pd.DataFrame:
    """Return a table of a report; its columns are those of the data dictionary."""
    rows = list(table.cells(record))
    return pd.DataFrame(
        {
            each.name: pd.Series(cells := [row[at] for row in rows], dtype=_kind(each.unit, cells))
            for at, each in enumerate(table.columns)
        }
    )


def _kind(unit: str, values: Sequence[Any]) -> str:
    """Return the type of a column, which an empty one has as well."""
    if unit in ("", "yes or no"):
        return "boolean" if unit else "string"
    whole = unit not in _PARTS and all(value is None or type(value) is int for value in values)
    return "Int64" if whole else "float64"


def table_bytes(frame: pd.DataFrame, form: str) -> bytes:
    """Return `frame` as a file of the form "csv", "json" or "parquet"."""
    buffer = io.BytesIO()
    _WRITERS[f".{form}"](frame, buffer)
    return buffer.getvalue()


def deltas_csv(comparison: Comparison) -> str:
    """Return `deltas_frame` as CSV (RFC 4180, but for line ends of one character)."""
    buffer = io.StringIO()
    _harmless(deltas_frame(comparison)).to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def comparison_json(comparison: Comparison) -> str:
    """Return everything that the comparison holds, as indented JSON with sorted keys.

    It is plain ASCII: a terminal has nothing to obey in it, and captured text stays as it was.
    """
    text = json.dumps(asdict(comparison), indent=2, sort_keys=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Return the rows as one Markdown table for each recipient."""
    a, b = cell(comparison.a.title), cell(comparison.b.title)
    lines = [
        f"# {a} and {b}: {cell(comparison.app)}",
        "",
        f"{amounts.number(comparison.a.sessions, 'session')} against {comparison.b.sessions}.",
        "k/n: seen in k of n sessions. Difference: the second side less the first, and its 95%",
        "interval, in percentage points.",
    ]
    if told := unverified(comparison):
        lines.append(f"\n> **Location not verified:** {cell(told)}")
    lines += [f"\n> **Warning:** {cell(warning)}" for warning in comparison.warnings]
    rows = comparison.deltas
    if rows and all(row.verdict == "insufficient" for row in rows):
        lines.append(
            f"\n> **No verdict:** none of {amounts.number(len(rows), 'row')} could be decided."
        )
    adults = any(row.contrast for row in rows)
    beyond = " difference of differences |" if adults else ""
    for recipient, mine in words.by_recipient(comparison):
        name = words.recipient_name(recipient.owner, recipient.sites)
        lines += [
            "",
            f"## {cell(name)} ({recipient.party} party)",
            "",
            f"| what | phase | {a} | {b} | difference |{beyond} q | verdict | id |",
            "|---" * (8 + adults) + "|",
        ]
        lines += [_markdown_row(row, comparison, adults) for row in mine]
    return "\n".join(lines) + "\n"


def write_table(frame: pd.DataFrame, path: Path) -> int:
    """Write `frame` to `path` in the format that its ending names; return the number of rows.

    The file is readable by its owner only, and appears whole or not at all. `UserError` where the
    ending is not .csv, .json or .parquet, or where the disk refuses.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        known = ", ".join(_WRITERS)
        raise UserError(f"{path.name} has no known ending", f"use one of {known}")
    part = path.with_name(f"{path.name}.part")
    try:
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            write(frame, file)
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return len(frame)


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.map(_no_formula)


def _no_formula(cell: object) -> object:
    if isinstance(cell, np.ndarray | list | tuple):
        cell = " ".join(map(str, cell))
    if not isinstance(cell, str):
        return cell
    text = visible(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _markdown_row(delta: Delta, comparison: Comparison, adults: bool) -> str:
    cells = [
        words.subject(delta),
        delta.phase,
        words.share(delta.a),
        words.share(delta.b),
        _difference(delta),
        words.probability(delta.q),
        _verdict(delta, comparison),
        delta.id,
    ]
    if adults:
        cells.insert(5, _difference(delta.contrast) if delta.contrast else "")
    return "| " + " | ".join(map(cell, cells)) + " |"


def _verdict(delta: Delta, comparison: Comparison) -> str:
    told = words.verdict(delta, comparison.a.title, comparison.b.title)
    narrow = reach(delta)
    return f"{told}; {narrow}" if narrow else told


def _difference(of: Delta | Contrast) -> str:
    return f"{words.change(of.effect)} {words.change_interval(of.low, of.high)}"


def cell(text: str) -> str:
    """Return `text` as Markdown that shows it: no markup, no link, no new cell."""
    shown = _MARKUP.sub(r"\\\g<0>", visible(text))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _write_csv(frame: pd.DataFrame, file: BinaryIO) -> None:
    _harmless(frame).to_csv(file, index=False, lineterminator="\n")


def _write_json(frame: pd.DataFrame, file: BinaryIO) -> None:
    file.write((frame.to_json(orient="records", indent=2) + "\n").encode())


def _write_parquet(frame: pd.DataFrame, file: BinaryIO) -> None:
    frame.to_parquet(file, index=False, compression="zstd")


_WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO], None]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".parquet": _write_parquet,
}
