"""A study whose feed has been read already: items to code, without a recording."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from recording import STUDY

from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.plan import Plan, planned, write_plan
from analyzer.feed.columns import WHOLE

TEXTS = (
    ("k01", "nobody in this house sees me", ("sadtok",)),
    ("k02", "easy mandazi recipe", ("food",)),
    ("k03", "=SUM(1+1) is my love language", ()),
    ("k04", "<img src=x onerror=ran=1> hello @some.one", ("<b>tag</b>",)),
    ("k05", "no quiero seguir viviendo", ("triste",)),
    ("k06", "", ()),
)
_SCHEMA = pa.schema(
    [WHOLE.field(name) for name in ("item_key", "text", "language", "hashtags", "state")]
)


def feed_study(
    root: Path, texts: Iterable[tuple[str, str, Sequence[str]]] = TEXTS, state: str = "shown"
) -> Path:
    """Write a study with the items `texts` (key, text, hashtags), each served twice; its folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.toml").write_text(STUDY, encoding="utf-8")
    add_items(root, "KE-13-r01", texts, state)
    return root


def add_items(
    root: Path, session: str, texts: Iterable[tuple[str, str, Sequence[str]]], state: str = "shown"
) -> None:
    """Write the items of one more session of the study, and what stands for its capture."""
    capture = root / "captures" / session
    capture.mkdir(parents=True, exist_ok=True)
    (capture / "session.json").touch()
    rows = [
        {
            "item_key": key,
            "text": text,
            "language": "en",
            "hashtags": list(tags),
            "state": state,
        }
        for key, text, tags in texts
    ]
    folder = root / "feed" / "items"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows * 2, schema=_SCHEMA), folder / f"{session}.parquet")


def given_out(root: Path, *coders: str, keys: Iterable[str] = ()) -> Plan:
    """Plan all `TEXTS`, or `keys`, for `coders`."""
    codebook = load_codebook()
    plan = planned(None, keys or [key for key, *_ in TEXTS], coders, 1, codebook.version)
    write_plan(root, plan)
    return plan


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of an exported sheet."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


def fill_in(path: Path, codes: Mapping[str, str], **changes: str) -> None:
    """Fill a sheet in, item by item; `changes` sets a column in all rows."""
    rows = [row | {"category": codes.get(row["item"], "")} | changes for row in read_csv(path)]
    rewrite(path, rows)


def rewrite(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows as a spreadsheet would."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
