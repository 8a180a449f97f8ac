"""``python -m benchmarks.trackhar_parity [--json] FILE.har ...``; without a file, one of its own.

TrackHAR runs beside this program on each file. Printed are the recall of its pairs of request and
data type, each miss with its place, what only this program finds and by which method, and how many
requests a second each reads. The exit code is 1 where something is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer.errors import UserError
from benchmarks.trackhar_parity.comparison import Adapters, Parity, compare
from benchmarks.trackhar_parity.reading import ours, theirs
from benchmarks.trackhar_parity.synthesis import write_har


def main(arguments: Sequence[str]) -> int:
    """Print the comparison for each file that `arguments` name; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trackhar_parity")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE.har")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args(arguments)
    results = [*_results(asked.files)]
    if asked.json:
        told = [{**asdict(each), "recall": each.recall} for each in results]
        print(json.dumps(told, indent=1))
    else:
        print("\n\n".join(map(_table, results)))
    return 1 if any(each.misses for each in results) else 0


def _results(files: Sequence[Path]) -> Iterator[Parity]:
    adapters = Adapters()
    with TemporaryDirectory() as folder:
        if not files:
            own = Path(folder) / "adapters.har"
            write_har(own)
            files = [own]
        for file in files:
            yield compare(file.name, adapters, theirs(file), ours(file))


def _table(result: Parity) -> str:
    lines = [
        f"{result.file}: {result.requests:,} requests, {result.listed:,} findings of TrackHAR",
        f"  recall    {result.recall:.1%} of {result.pairs:,} pairs (request, kind of data)"
        + (f", {result.excepted} excepted" if result.excepted else ""),
        f"  rate      {result.our_rate:,.0f} requests/s here, {result.their_rate:,.0f} TrackHAR",
        "  alone     " + (_counts(result.alone) or "nothing") + " (pairs that only we have)",
    ]
    if result.alone_types:
        lines.append(f"            {_counts(result.alone_types)}")
    lines += [
        f"  missed    request {each.entry + 1}: {each.adapter} {each.property} at {each.place}"
        for each in result.misses
    ]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as mistake:
        sys.exit(f"trackhar_parity: {mistake}")
