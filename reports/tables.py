"""Findings and comparisons for other programs: CSV, JSON, Markdown, Parquet.

The same comparison gives the same bytes. Nothing here holds a captured value; what stands around
values (hosts, paths, names of phases) is captured too, and is made harmless for the program that
opens the table.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.extract.shapes import visible
from analyzer.models import Delta
from reports import words

# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def deltas_frame(comparison: Comparison) -> pd.DataFrame:
    """Return one row for each delta: what, who, k of n on each side, verdict, effect, p, q."""
    return pd.DataFrame([_row(delta) for delta in comparison.deltas], columns=list(_COLUMNS))


def deltas_csv(comparison: Comparison) -> str:
    """Return `deltas_frame` as CSV (RFC 4180, but for line ends of one character)."""
    buffer = io.StringIO()
    _harmless(deltas_frame(comparison)).to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue()


def comparison_json(comparison: Comparison) -> str:
    """Return everything that the comparison holds, as indented JSON with sorted keys."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(comparison, option=options).decode()


def comparison_markdown(comparison: Comparison) -> str:
    """Return the rows as one Markdown table for each recipient."""
    a, b = _cell(comparison.a.title), _cell(comparison.b.title)
    lines = [
        f"# {a} and {b}: {_cell(comparison.app)}",
        "",
        f"{comparison.a.sessions} sessions against {comparison.b.sessions}.",
        "k/n: seen in k of n sessions. Difference and 95% interval in percentage points.",
    ]
    lines += [f"\n> **Warning:** {_cell(warning)}" for warning in comparison.warnings]
    for recipient, rows in words.by_recipient(comparison):
        name = words.recipient_name(recipient.owner, recipient.sites)
        lines += [
            "",
            f"## {_cell(name)} ({recipient.party} party)",
            "",
            f"| what | phase | {a} | {b} | difference | q | verdict | id |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [_markdown_row(delta, comparison) for delta in rows]
    return "\n".join(lines) + "\n"


def write_table(frame: pd.DataFrame, path: Path) -> int:
    """Write `frame` to `path` in the format that its ending names; return the number of rows.

    `UserError` where the ending is not .csv, .json or .parquet, or where the disk refuses.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        known = ", ".join(_WRITERS)
        raise UserError(f"{path.name} has no known ending", f"use one of {known}")
    try:
        write(frame, path)
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
    return len(frame)


_COLUMNS: dict[str, Callable[[Delta], Any]] = {
    "id": lambda delta: delta.id,
    "kind": lambda delta: delta.kind,
    "owner": lambda delta: delta.owner,
    "party": lambda delta: delta.party,
    "hosts": lambda delta: " ".join(delta.hosts),
    "subject": lambda delta: delta.subject,
    "state": lambda delta: delta.state,
    "phase": lambda delta: delta.phase,
    "a_k": lambda delta: delta.a.k,
    "a_n": lambda delta: delta.a.n,
    "b_k": lambda delta: delta.b.k,
    "b_n": lambda delta: delta.b.n,
    "verdict": lambda delta: delta.verdict,
    "reason": lambda delta: delta.reason,
    "enough": lambda delta: delta.enough,
    "effect": lambda delta: delta.effect,
    "low": lambda delta: delta.low,
    "high": lambda delta: delta.high,
    "p": lambda delta: delta.p,
    "q": lambda delta: delta.q,
    "less_adults": lambda delta: delta.contrast.effect if delta.contrast else None,
    "less_adults_low": lambda delta: delta.contrast.low if delta.contrast else None,
    "less_adults_high": lambda delta: delta.contrast.high if delta.contrast else None,
    "examples": lambda delta: " ".join(delta.examples),
    "law": lambda delta: " ".join(delta.law),
}


def _row(delta: Delta) -> dict[str, Any]:
    return {name: value(delta) for name, value in _COLUMNS.items()}


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.map(_no_formula)


def _no_formula(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = visible(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _markdown_row(delta: Delta, comparison: Comparison) -> str:
    cells = (
        words.subject(delta),
        delta.phase,
        words.share(delta.a),
        words.share(delta.b),
        f"{words.points(delta.effect)} {words.interval(delta.low, delta.high)}",
        words.probability(delta.q),
        words.verdict(delta, comparison.a.title, comparison.b.title),
        delta.id,
    )
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Return `text` as Markdown that shows it: no markup, no link, no new cell."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*[]|#!~":
        shown = shown.replace(character, f"\\{character}")
    return shown.replace("\n", " ")


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    _harmless(frame).to_csv(path, index=False, lineterminator="\n")


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(frame.to_json(orient="records", indent=2) + "\n", encoding="utf-8")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False, compression="zstd")


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".parquet": _write_parquet,
}
