"""Decoding beside what no decoder can be faster than: ``decode_floor FILE ROUNDS``.

The floor is to decompress and parse the same bodies in C and to do nothing with them. Prints the
microseconds per request of both, in turn, in one process.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import orjson

from analyzer.decode import decode
from analyzer.models import Exchange
from analyzer.readers.har import HarReader


def main(har: Path, rounds: int) -> None:
    """Print the medians as a line of JSON."""
    exchanges = [each for each in HarReader().read(har) if isinstance(each, Exchange)]
    bodies = [each.request_body for each in exchanges]
    for each in exchanges:  # fills the memories, as the first minutes of a recording do
        decode(each)
    gc.collect()
    gc.freeze()  # what is held here only for measuring
    floor: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        floor.append(_timed(lambda: _least(bodies)))
        ours.append(_timed(lambda: _decoded(exchanges)))
    count = len(exchanges) / 1e6
    print(
        json.dumps(
            {
                "floor_us": round(statistics.median(floor) / count, 2),
                "decode_us": round(statistics.median(ours) / count, 2),
                "leaves": round(sum(len(decode(each).leaves) for each in exchanges) / count / 1e6),
            }
        )
    )


def _least(bodies: list[bytes]) -> None:
    for body in bodies:
        content = zlib.decompress(body, 31) if body[:2] == b"\x1f\x8b" else body
        if content[:1] in (b"{", b"["):
            orjson.loads(content)


def _decoded(exchanges: list[Exchange]) -> None:
    for each in exchanges:
        decode(each)


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
