"""Runs every benchmark: ``python -m benchmarks``."""

from __future__ import annotations

import sys

from benchmarks import extraction, pcap, recording


def main() -> None:
    """Print the table of each benchmark."""
    print("Measuring; this takes a quarter of an hour ...", file=sys.stderr)
    print(extraction.benchmark())
    print()
    print(pcap.benchmark())
    print()
    print(recording.benchmark())


if __name__ == "__main__":
    main()
