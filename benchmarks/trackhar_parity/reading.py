"""What the two programs read in a HAR file. No value is kept on either side."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from analyzer.decode import decode
from analyzer.errors import UserError
from analyzer.extract import Extracted, Extractor
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.readers.har import HarReader

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "node_modules" / "trackhar"
_LONGEST_RUN_S = 600
_RUNS = 3  # the best counts, as in trackhar.mjs: small files are read before anything is warm


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of TrackHAR; `entry` counts from 0."""

    entry: int
    adapter: str
    property: str
    context: str
    path: str


@dataclass(frozen=True, slots=True)
class Theirs:
    """What TrackHAR finds in a file of `entries` requests, and how long its reading took."""

    findings: tuple[Finding, ...]
    entries: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Ours:
    """What this program finds, by entry (from 0), and how long decoding and extracting took."""

    found: Mapping[int, Extracted]
    seconds: float


def missing() -> str:
    """Return why TrackHAR cannot be run here, or an empty text."""
    if shutil.which("node") is None:
        return "node is not installed"
    return "" if PACKAGE.is_dir() else "trackhar is not installed: `npm install` in benchmarks/"


def theirs(har: Path) -> Theirs:
    """Run TrackHAR on `har`; `UserError` where it cannot be run or cannot read the file."""
    if lack := missing():
        raise UserError("TrackHAR cannot be run", lack)
    done = subprocess.run(
        ["node", str(HERE / "trackhar.mjs"), str(har)],
        capture_output=True, text=True, check=False, timeout=_LONGEST_RUN_S,
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise UserError(f"TrackHAR cannot read {har.name}", lines[-1] if lines else "no reason")
    told = json.loads(done.stdout)
    findings = tuple(
        Finding(at, each["adapter"], each["property"], each["context"], each["path"])
        for at, entry in enumerate(told["entries"])
        for each in entry or ()
    )
    return Theirs(findings, len(told["entries"]), float(told["seconds"]))


def ours(har: Path) -> Ours:
    """Read `har` with this program; no seeded values are looked for."""
    extractor = Extractor(load_knowledge(), (), b"parity" * 4)
    exchanges = [each for each in HarReader().read(har) if isinstance(each, Exchange)]
    found: dict[int, Extracted] = {}
    seconds = math.inf
    for _ in range(_RUNS):
        begin = perf_counter()
        found = {int(each.id) - 1: extractor.extract(each, decode(each)) for each in exchanges}
        seconds = min(seconds, perf_counter() - begin)
    return Ours(found, seconds)
