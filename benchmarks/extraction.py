"""Extraction: evenhand beside TrackHAR, on the same HAR file, each as a whole process.

TrackHAR (npm) is what a user would pick instead. It is measured as its users run it: once with its
adapters only, once with the persona's values as `indicatorValues`, the only way in which it looks
at requests for which it has no adapter. evenhand decodes every request, applies its rules and
names, and searches the persona's values with all their hashes and encodings.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import write_corpus
from benchmarks.timing import run

HERE = Path(__file__).parent
REQUESTS = 20_000
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Contender:
    """One program and how it is started; it prints what it found as a line of JSON."""

    name: str
    command: tuple[str, ...]


def benchmark(requests: int = REQUESTS, rounds: int = ROUNDS) -> str:
    """Run all contenders in turn, `rounds` times, and return a table of medians and ratios."""
    peer = _trackhar()
    with tempfile.TemporaryDirectory() as folder:
        contenders = _contenders(Path(folder), requests, peer)
        for contender in contenders:  # a round that is not counted fills the caches
            run(contender.command)
        results = [[run(contender.command) for contender in contenders] for _ in range(rounds)]
    lines = [
        f"Extraction from a HAR of {requests:,} requests; {rounds} rounds, all in turn.",
        "seconds: median (least to most) of the whole process; ratio: to evenhand, round by round.",
        "",
        f"{'':44} {'seconds':>22} {'req/s':>8} {'ratio':>6} {'peak MB':>8}  found",
    ]
    for place, contender in enumerate(contenders):
        seconds = [result[place].seconds for result in results]
        ratios = [result[place].seconds / result[0].seconds for result in results]
        middle = statistics.median(seconds)
        spread = f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        lines.append(
            f"{contender.name:44} {spread:>22} {requests / middle:>8,.0f} "
            f"{statistics.median(ratios):>6.2f} {results[0][place].peak_mb:>8.0f}  "
            f"{results[0][place].output}"
        )
    if peer is None:
        lines.append("TrackHAR was not measured: npm is not here, or could not install it.")
    return "\n".join(lines)


def _contenders(folder: Path, requests: int, peer: Path | None) -> list[Contender]:
    har, values = folder / "corpus.har", folder / "values.json"
    phone = write_corpus(har, requests)
    values.write_text(json.dumps([[kind, value] for _, kind, value in phone.values]))
    ours = (sys.executable, "-m", "benchmarks.extract_har", str(har), str(values))
    contenders = [Contender("evenhand: decode all, rules, names, values", ours)]
    if peer is None:
        return contenders
    indicators, none = folder / "indicators.json", folder / "none.json"
    by_property: dict[str, list[str]] = {}
    for name, _, value in phone.values:
        by_property.setdefault(name, []).append(value)
    indicators.write_text(json.dumps(by_property))
    none.write_text("{}")
    script = ("node", str(peer), str(har))
    return [
        *contenders,
        Contender("TrackHAR: adapters only", (*script, str(none))),
        Contender("TrackHAR: adapters and the persona's values", (*script, str(indicators))),
    ]


def _trackhar() -> Path | None:
    """Install TrackHAR beside the script, where npm is; None where it cannot be had."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    if not (HERE / "node_modules" / "trackhar").is_dir():
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        if subprocess.run(command, cwd=HERE, capture_output=True, check=False).returncode != 0:
            return None
    return HERE / "trackhar.mjs"
