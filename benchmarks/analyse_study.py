"""`evenhand analyze` with one process and with more, on several sessions and on a single one.

The command is run as a user runs it, start included; what is written is compared byte by byte.

``python -m benchmarks.analyse_study [REQUESTS [ROUNDS]]``
"""

from __future__ import annotations

import datetime
import hashlib
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from analyzer.readers.importing import import_files
from analyzer.study import FILE, load_study
from analyzer.study_template import study_text
from analyzer.workers import EXTRACTING_MB, fitting
from benchmarks.corpus import write_corpus
from benchmarks.timing import Run, run

REQUESTS = 24_000
ROUNDS = 3
SESSIONS = 4
_PROGRAM = "from analyzer.cli import main; main()"


class Study:
    """A study of one arm, with so many requests in so many sessions."""

    def __init__(self, folder: Path, sessions: int, requests: int) -> None:
        self.name = f"{sessions} sessions" if sessions > 1 else "1 session"
        self.requests = requests
        self._folder = folder
        self._files: dict[str, str] = {}
        folder.mkdir()
        text = study_text("speed", "com.example.app", ("example.com",), datetime.date(2026, 11, 22))
        (folder / FILE).write_text(text, encoding="utf-8")
        study = load_study(folder)
        for number in range(sessions):
            har = folder / "corpus.har"
            write_corpus(har, requests // sessions, seed=number)
            import_files(study, "KE-13", [har])
            har.unlink()

    def analyse(self, jobs: int) -> Run:
        """Analyse it with so many processes; `RuntimeError` if other findings come of it."""
        words = ["analyze", "--force", "--jobs", str(jobs), "--study", str(self._folder)]
        done = run([sys.executable, "-c", _PROGRAM, *words])
        files = {
            str(path.relative_to(self._folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((self._folder / "findings").rglob("*.parquet"))
        }
        if self._files and files != self._files:
            raise RuntimeError(f"{jobs} processes have written something else")
        self._files = files
        return done


def measured(
    folder: Path, requests: int, rounds: int, counts: Sequence[int]
) -> Mapping[str, Sequence[Run]]:
    """Return the runs with each of `counts` processes, in turn, by what was analysed with what."""
    studies = [Study(folder / f"study-{each}", each, requests) for each in (SESSIONS, 1)]
    results: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for study in studies:
            for jobs in counts:
                results.setdefault(f"{study.name}, {processes(jobs)}", []).append(
                    study.analyse(jobs)
                )
    return results


def processes(jobs: int) -> str:
    """Return how a number of processes is called."""
    name = "1 process" if jobs == 1 else f"{jobs} processes"
    return f"{name} (default)" if jobs == fitting(EXTRACTING_MB) else name


def speed_up(results: Mapping[str, Sequence[Run]], study: str, jobs: int) -> float:
    """Return how many times as fast as one process `jobs` of them are, by the median round."""
    alone, shared = (results[f"{study}, {processes(each)}"] for each in (1, jobs))
    return statistics.median(a.seconds / b.seconds for a, b in zip(alone, shared, strict=True))


def rows(results: Mapping[str, Sequence[Run]], requests: int) -> list[str]:
    """Return a line for each contender."""
    lines: list[str] = []
    for name, runs in results.items():
        seconds = [each.seconds for each in runs]
        middle = statistics.median(seconds)
        spread = f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        columns = zip(*(each.peaks_mb for each in runs), strict=False)
        peaks = [round(statistics.median(each)) for each in columns]
        lines.append(f"{name:44} {spread:>22} {requests / middle:>8,.0f}  {_told(peaks)}")
    return lines


def _told(peaks: Sequence[int]) -> str:
    first, *others = peaks
    return f"{first} MB" + (f", and {', '.join(map(str, sorted(others)))}" if others else "")


def benchmark(requests: int = REQUESTS, rounds: int = ROUNDS) -> str:
    """Measure, and return a table of medians and the ratios."""
    counts = sorted({1, 2, fitting(EXTRACTING_MB)})
    with tempfile.TemporaryDirectory() as name:
        results = measured(Path(name), requests, rounds, counts)
    studies = dict.fromkeys(each.partition(",")[0] for each in results)
    lines = [
        f"evenhand analyze, {requests:,} requests in all; {rounds} rounds, all in turn.",
        "seconds: median (least to most), start included; peak: of the command, of each helper.",
        "",
        f"{'':44} {'seconds':>22} {'req/s':>8}  peak",
        *rows(results, requests),
        "",
    ]
    for study in studies:
        for jobs in counts[1:]:
            times = speed_up(results, study, jobs)
            lines.append(f"{study}: {processes(jobs)}, times one: {times:.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(benchmark(*map(int, sys.argv[1:3])))
