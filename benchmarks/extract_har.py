"""The way from a HAR file to matches, without a store between: ``extract_har FILE VALUES [JOBS]``.

With several processes this one reads, and the others decode and extract.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.planted import Prepared, prepare
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.readers.har import HarReader
from analyzer.workers import EXTRACTING, worker_context

AT_A_TIME = 250  # exchanges that are handed to a process
AHEAD = 2  # pieces that wait for one
KEY = b"0" * 32
Values = tuple[tuple[str, str], ...]
Matches = list[tuple[object, ...]]
_extractors: list[Extractor] = []  # of a helper: one


def main(har: Path, values: Path, jobs: int) -> None:
    """Print how many requests were read and how many values were found in them."""
    persona: Values = tuple((kind, value) for kind, value in json.loads(values.read_text()))
    requests = found = 0
    for count, matches in _alone(har, persona) if jobs == 1 else _shared(har, persona, jobs):
        requests += count
        found += matches
    print(json.dumps({"requests": requests, "values": found}))


def _alone(har: Path, persona: Values) -> Iterator[tuple[int, int]]:
    extractor = Extractor(load_knowledge(), persona, KEY)
    for exchange in _exchanges(har):
        yield 1, len(extractor.extract(exchange, decode(exchange)).matches)


def _shared(har: Path, persona: Values, jobs: int) -> Iterator[tuple[int, int]]:
    context = worker_context(EXTRACTING)  # it loads while this process prepares the search
    prepared = prepare(persona)
    exchanges = _exchanges(har)
    with ProcessPoolExecutor(jobs, context, _begin, (persona, prepared)) as pool:
        waiting: deque[tuple[int, Future[bytes]]] = deque()
        while True:
            while len(waiting) < jobs + AHEAD and (some := list(islice(exchanges, AT_A_TIME))):
                waiting.append((len(some), pool.submit(_extract, some)))
            if not waiting:
                return
            count, future = waiting.popleft()
            matches: Matches = pickle.loads(future.result())
            yield count, len(matches)


def _exchanges(har: Path) -> Iterator[Exchange]:
    return (each for each in HarReader().read(har).records if isinstance(each, Exchange))


def _begin(persona: Values, prepared: Prepared) -> None:
    _extractors.append(Extractor(load_knowledge(), persona, KEY, None, prepared))


def _extract(exchanges: Sequence[Exchange]) -> bytes:
    [extractor] = _extractors
    matches: Matches = []
    for each in exchanges:
        matches += map(tuple, extractor.extract(each, decode(each)).matches)
    return pickle.dumps(matches, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
