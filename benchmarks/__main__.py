"""Runs every benchmark: ``python -m benchmarks``; it fails where a goal is missed."""

from __future__ import annotations

import sys

from benchmarks import extraction, pcap, recording


def main() -> None:
    """Print the table of each benchmark; end with 1 where a goal was missed."""
    print("Measuring; this takes a quarter of an hour ...", file=sys.stderr)
    told, met = extraction.benchmark()
    print(told)
    print()
    print(pcap.benchmark())
    print()
    print(recording.benchmark())
    sys.exit(not met)


if __name__ == "__main__":
    main()
