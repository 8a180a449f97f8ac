"""Extraction: evenhand beside TrackHAR, on the same HAR file, each as a whole process.

TrackHAR (npm) is what a user would pick instead. It is measured as its users run it: with its
adapters only, and with the persona's values as `indicatorValues`, the only way in which it looks
at requests for which it has no adapter. evenhand decodes every request, applies its rules and
names, and searches the persona's values with all their hashes and encodings. TrackHAR is one
process; evenhand is measured as one, and as the processes that it takes by itself on this machine.

``python -m benchmarks.extraction [REQUESTS [ROUNDS]]``; it fails where a goal is missed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.extract.needles import needles
from analyzer.workers import EXTRACTING_MB, fitting
from benchmarks import analyse_study
from benchmarks.analyse_study import processes
from benchmarks.corpus import Phone, write_corpus
from benchmarks.timing import Run, run
from benchmarks.trackhar_parity.reading import missing

HERE = Path(__file__).parent
REQUESTS = 20_000
ROUNDS = 5
NONE, TWENTY, MANY = "no values", "20 values", "200 values"
PEERS = (NONE, TWENTY, MANY)  # that TrackHAR is measured with, too
MB, MIB = 1e6, 2**20
FEW_NEEDLES, ALL_NEEDLES = "200 needles", "20,000 needles"


@dataclass(frozen=True, slots=True)
class Contender:
    """One program and how it is started; it prints what it found as a line of JSON."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of two contenders that is asked for; `least` for more is better."""

    what: str
    ratio: float
    asked: float
    least: bool = True

    @property
    def met(self) -> bool:
        """Whether the ratio is what is asked for."""
        return self.ratio >= self.asked if self.least else self.ratio <= self.asked

    def __str__(self) -> str:
        bound = f"{'at least' if self.least else 'at most'} {self.asked:g}"
        return f"{self.what:62} {self.ratio:>7.2f}  {bound:14} {'met' if self.met else 'MISSED'}"


def benchmark(requests: int = REQUESTS, rounds: int = ROUNDS) -> tuple[str, bool]:
    """Run everything, `rounds` times in turn; return tables of medians and ratios, and whether all
    goals were met.
    """
    peer = _trackhar()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        har = folder / "corpus.har"
        phone = write_corpus(har, requests)
        results = _rounds(_contenders(folder, har, phone, peer), rounds)
        floor = json.loads(run(_module("decode_floor", har, rounds)).output)
        counts = sorted({1, 2, fitting(EXTRACTING_MB)})
        studies = analyse_study.measured(
            folder, requests, min(rounds, analyse_study.ROUNDS), counts
        )
        long = folder / "long.har"
        write_corpus(long, 10 * requests)
        longer = run(_module("extract_har", long, folder / f"{MANY}.json"))
        longest = run(_module("extract_har", long, folder / f"{NONE}.json"))
    goals = _goals(results, studies, floor, longest)
    lines = [
        f"Extraction from a HAR of {requests:,} requests; {rounds} rounds, all in turn.",
        "seconds: median (least to most) of the whole process, start included.",
        "",
        f"{'':44} {'seconds':>22} {'req/s':>8} {'peak MB':>8}  found",
        *(_row(name, each, requests) for name, each in results.items()),
        (
            f"a recording ten times as long: peak {longest.peak_mb:.0f} MB with {NONE},"
            f" {longer.peak_mb:.0f} MB with {MANY}"
        ),
        _worked(results),
        (
            f"decoding: {floor['decode_us']} us a request of {floor['leaves']} leaves; inflate and"
            f" orjson alone {floor['floor_us']} us"
        ),
        "",
        "evenhand analyze; peak: of the command, and of each process that helps it",
        *analyse_study.rows(studies, requests),
        "",
        *map(str, goals),
    ]
    if peer is None:
        lines.append("TrackHAR was not measured: npm is not here, or could not install it.")
    return "\n".join(lines), all(goal.met for goal in goals)


def _worked(results: Mapping[str, Sequence[Run]]) -> str:
    """Say how much of the time of single processes a processor worked for them.

    Where it is little, the machine had other work, and the ratios tell of that as well.
    """
    alone = [each for name, runs in results.items() if processes(1) in name for each in runs]
    share = [each.busy_seconds / each.seconds for each in alone]
    return (
        f"of the seconds of single processes a processor worked {statistics.median(share):.0%}"
        f" ({min(share):.0%} to {max(share):.0%}); below 90%, other work was going on"
    )


def _rounds(contenders: Sequence[Contender], rounds: int) -> dict[str, list[Run]]:
    results: dict[str, list[Run]] = {each.name: [] for each in contenders}
    for _ in range(rounds):
        for contender in contenders:
            results[contender.name].append(run(contender.command))
    return results


def _row(name: str, runs: Sequence[Run], requests: int) -> str:
    seconds = [each.seconds for each in runs]
    middle = statistics.median(seconds)
    spread = f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
    peak = statistics.median(each.peak_mb for each in runs)
    return f"{name:44} {spread:>22} {requests / middle:>8,.0f} {peak:>8.0f}  {runs[0].output}"


def _goals(
    results: Mapping[str, Sequence[Run]],
    studies: Mapping[str, Sequence[Run]],
    floor: Mapping[str, float],
    longest: Run,
) -> list[Goal]:
    def ratio(above: str, below: str) -> float:
        pairs = zip(results[above], results[below], strict=True)
        return statistics.median(a.seconds / b.seconds for a, b in pairs)

    def peak(name: str) -> float:
        return statistics.median(each.peak_mb for each in results[name])

    goals: list[Goal] = []
    if f"TrackHAR: {NONE}" in results:
        for jobs in sorted({1, fitting(EXTRACTING_MB)}):
            for values, asked in ((NONE, 1), (TWENTY, 4), (MANY, 25)):
                times = ratio(f"TrackHAR: {values}", _ours(values, jobs))
                goals.append(
                    Goal(f"rate, times TrackHAR's: {values}, {processes(jobs)}", times, asked)
                )
        share = peak(_ours(MANY, 1)) / peak(f"TrackHAR: {MANY}")
        goals.append(Goal(f"memory, share of TrackHAR's: {MANY}", share, 0.5, least=False))
    cost = ratio(_ours(ALL_NEEDLES, 1), _ours(FEW_NEEDLES, 1))
    goals.append(
        Goal(f"time of {ALL_NEEDLES}, times that of {FEW_NEEDLES}", cost, 1.5, least=False)
    )
    share = floor["floor_us"] / floor["decode_us"]
    goals.append(Goal("decode and flatten, share of the speed of inflate and orjson", share, 0.1))
    for study in dict.fromkeys(name.partition(",")[0] for name in studies):
        times = analyse_study.speed_up(studies, study, 2)
        goals.append(Goal(f"analyze, {study}: two processes, times one", times, 1.6))
    most = longest.peak_mb * MB / MIB
    goals.append(Goal("peak MiB without needles, ten times as long", most, 150, least=False))
    helpers = [
        max(run.peaks_mb[1:]) for name in studies for run in studies[name] if run.peaks_mb[1:]
    ]
    if helpers:
        most = statistics.median(helpers) * MB / MIB
        goals.append(Goal("peak MiB of a process that helps analyze", most, 150, least=False))
    return goals


def _ours(values: str, jobs: int) -> str:
    return f"evenhand, {processes(jobs)}: {values}"


def _module(name: str, *arguments: object) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments))


def _contenders(folder: Path, har: Path, phone: Phone, peer: Path | None) -> list[Contender]:
    contenders: list[Contender] = []
    for name, count in _counts(phone).items():
        values = folder / f"{name}.json"
        values.write_text(json.dumps([[kind, value] for _, kind, value in phone.values[:count]]))
        for jobs in sorted({1, fitting(EXTRACTING_MB)}) if name in PEERS else [1]:
            ours = _module("extract_har", har, values, jobs)
            contenders.append(Contender(_ours(name, jobs), ours))
        if peer is not None and name in PEERS:
            by_property: dict[str, list[str]] = {}
            for kind, _, value in phone.values[:count]:
                by_property.setdefault(kind, []).append(value)
            indicators = folder / f"indicators-{count}.json"
            indicators.write_text(json.dumps(by_property))
            theirs = ("node", str(peer), str(har), str(indicators))
            contenders.append(Contender(f"TrackHAR: {name}", theirs))
    return contenders


def _counts(phone: Phone) -> dict[str, int]:
    """Return how many values each contender searches; as many as make so many needles."""
    counts = {NONE: 0, TWENTY: 20, MANY: 200}
    for name, wanted in ((FEW_NEEDLES, 200), (ALL_NEEDLES, 20_000)):
        count = 1
        while _needles(phone, count) < wanted:
            count += 1 + count // 20
        counts[name] = count
    return counts


def _needles(phone: Phone, count: int) -> int:
    return len(needles(tuple((kind, value) for _, kind, value in phone.values[:count])))


def _trackhar() -> Path | None:
    """Install TrackHAR beside the script, where npm is; None where it cannot be had."""
    subprocess.run(["sh", HERE.parent / ".ci" / "peers"], capture_output=True, check=False)
    return None if missing() else HERE / "trackhar.mjs"


if __name__ == "__main__":
    told, met = benchmark(*map(int, sys.argv[1:3]))
    print(told)
    sys.exit(not met)
