"""Measures the feeds of a large study, made up: ``feed [ITEMS]``, by default 1,000,000.

The items are those of `analyzer.simulation.feed_accounts`, in a file of the format in which a study
keeps them; a process of its own reads and measures them. Half as many come first, to see whether
memory grows with them.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.feed.measures import ADS, STATES, columns_of_batches, measure
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)
from benchmarks import timing

_SIDES = ("KE", "US")
_EACH = 16
_PER_HOUR = 244  # items of an account, on average
_BATCH = 65_536
MOST_SECONDS = 60
MOST_GROWTH = 1.15  # of the peak, for twice as many items
_SCHEMA = pa.schema(
    [
        ("account", pa.string()),
        ("item_key", pa.string()),
        ("feed_s", pa.float64()),
        ("ad", pa.string()),
        ("engaged", pa.bool_()),
        ("state", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took for so many showings."""

    items: int
    seconds: float
    peak_mb: float


def written(items: int, folder: Path) -> Path:
    """Write about so many showings, account by account; return the file."""
    path = folder / f"{items}.parquet"
    hours = items / (_EACH * 4 * _PER_HOUR)
    names = dict(enumerate(CATEGORIES))
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        for number, account in enumerate(accounts_of(_SIDES, _EACH, hours)):
            columns = simulate(FeedDeclaration(), [account], seed=number)
            table = {
                "account": [account.name] * columns.account.size,
                "item_key": [
                    f"{names[int(category)]}-{int(key)}"
                    for category, key in zip(columns.category, columns.key, strict=True)
                ],
                "feed_s": pa.array(columns.feed_s, from_pandas=True),
                "ad": [ADS[each] for each in columns.ad],
                "engaged": columns.engaged,
                "state": [STATES[each] for each in columns.state],
            }
            waiting.append(pa.table(table, schema=_SCHEMA))
            # Groups of one size in small files and large ones: the reader works group by group.
            while sum(each.num_rows for each in waiting) >= _BATCH:
                whole = pa.concat_tables(waiting)
                writer.write_table(whole.slice(0, _BATCH))
                waiting = [whole.slice(_BATCH)]
        writer.write_table(pa.concat_tables(waiting))
    return path


def measured(items: int, folder: Path) -> Measured:
    """Measure so many showings in a process of its own."""
    path = written(items, folder)
    run = timing.run([sys.executable, "-m", "benchmarks.feed", "--measure", str(path), str(items)])
    return Measured(int(run.output), run.seconds, run.peak_mb)


def _measure(path: Path, items: int) -> int:
    """Measure a file; return the number of items that were shown."""
    accounts = accounts_of(_SIDES, _EACH, items / (_EACH * 4 * _PER_HOUR))
    # Every item that is not in a category of its own was coded "other".
    codes = {
        key: key.partition("-")[0]
        for batch in pq.ParquetFile(path).iter_batches(_BATCH, columns=["item_key"])
        for key in batch.column(0).unique().to_pylist()
    }
    # A file at a time, as it comes: a scan of a data set reads ahead as much as it can.
    chunks = columns_of_batches(
        pq.ParquetFile(path).iter_batches(_BATCH),
        [each.name for each in accounts],
        codes,
        CATEGORIES,
    )
    comparison = measure(chunks, accounts, CATEGORIES, {POSITIVE}, _SIDES)
    return sum(each.shown for each in comparison.accounts)


def main() -> None:
    """Print seconds and peak memory; end with 1 where a goal was missed."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--measure"]:
        print(_measure(Path(arguments[1]), int(arguments[2])))
        return
    items = int(arguments[0]) if arguments else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        small, large = (measured(each, Path(folder)) for each in (items // 2, items))
    print("| items that were shown | seconds | peak, MB |\n|--:|--:|--:|")
    for each in (small, large):
        print(f"| {each.items:,} | {each.seconds:.1f} | {each.peak_mb:.0f} |")
    met = large.seconds < MOST_SECONDS and large.peak_mb < MOST_GROWTH * small.peak_mb
    print(f"\nUnder {MOST_SECONDS} s in flat memory: {'yes' if met else 'NO'}.")
    sys.exit(not met)


if __name__ == "__main__":
    main()
