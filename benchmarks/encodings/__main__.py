"""Prints what is found and what is not: ``python -m benchmarks.encodings [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import asdict

from benchmarks.encodings.identifiers import IDENTIFIERS
from benchmarks.encodings.measuring import DEEPEST, Measured, measure

_SHOWN = 60  # misses


def table(measured: Measured) -> str:
    """Return the result as a table for people: found of tried, by way and by identifier."""
    names = [each.name for each in IDENTIFIERS]
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    depths: dict[int, list[bool]] = defaultdict(list)
    for each in measured.tries:
        counts[each.way, each.identifier].append(each.found)
        depths[each.depth].append(each.found)
    ways = list(dict.fromkeys(each.way for each in measured.tries))
    width = max(map(len, ways))
    heads = [name[:8] for name in names]
    lines = [" " * width + " " + " ".join(f"{head:>8}" for head in heads)]
    for way in ways:
        cells = []
        for name in names:
            tried = counts.get((way, name), [])
            cells.append(f"{sum(tried)}/{len(tried)}".rjust(8) if tried else " " * 8)
        lines.append(f"{way:{width}} " + " ".join(cells))
    lines.append("")
    lines += [
        f"inside {depth} layers: {sum(found)} of {len(found)} found"
        for depth, found in sorted(depths.items())
    ]
    found = sum(each.found for each in measured.tries)
    lines.append(
        f"all: {found} of {len(measured.tries)} found ({measured.share():.2%}), "
        f"{len(names)} identifiers, {len(ways)} ways, to depth {DEEPEST}"
    )
    missed = [each for each in measured.tries if not each.found]
    lines += [
        f"  missed: {each.identifier}, {each.way}, in {each.carrier}: {' > '.join(each.layers)}"
        for each in missed[:_SHOWN]
    ]
    decoys = sum(measured.kinds.values())
    lines.append(f"decoys: {sum(measured.reported.values())} of {decoys:,} reported")
    lines += [
        f"  {kind}: {measured.reported[kind]} of {count:,}"
        for kind, count in (*measured.kinds.items(), *_unknown(measured).items())
    ]
    return "\n".join(lines)


def _unknown(measured: Measured) -> dict[str, int]:
    return {kind: 0 for kind in measured.reported if kind not in measured.kinds}


def main() -> None:
    """Measure, and print the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encodings")
    parser.add_argument("--json", action="store_true", help="every try, as JSON")
    parser.add_argument("--decoys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1, help="tries of each way at each depth")
    given = parser.parse_args()
    print("Measuring; this takes a minute ...", file=sys.stderr)
    measured = measure(given.decoys, given.rounds)
    print(json.dumps(asdict(measured)) if given.json else table(measured))


if __name__ == "__main__":
    main()
