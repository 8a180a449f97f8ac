"""Times a command as a whole, with all processes that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_EVERY = 0.05  # seconds; a look at four processes takes a third of a millisecond


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run: wall-clock seconds, peak memory of its largest process, last line it said.

    `busy_seconds` of processors are those of the process itself and of what it waited for.
    `peaks_mb` are those of all processes, the command first; where there is no /proc only its own.
    """

    seconds: float
    busy_seconds: float
    peak_mb: float
    output: str
    peaks_mb: tuple[float, ...] = ()


def run(command: Sequence[str]) -> Run:
    """Run `command` to its end; `RuntimeError` if it fails."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no output to read")
        peaks: dict[int, float] = {}
        over = threading.Event()
        watching = threading.Thread(target=_watch, args=(process.pid, peaks, over))
        watching.start()
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watching.join()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    if not peaks:
        # The peak that the system tells counts the process that started it, before it became this.
        unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes on macOS, kilobytes elsewhere
        peaks[process.pid] = usage.ru_maxrss / unit
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        max(peaks.values()),
        output.strip().splitlines()[-1],
        tuple(peaks[pid] for pid in sorted(peaks, key=lambda pid: (pid != process.pid, pid))),
    )


def _watch(pid: int, peaks: dict[int, float], over: threading.Event) -> None:
    """Note the peak of each process that descends from `pid`, in MB, until it is over."""
    while not over.wait(_EVERY):
        for each in _family(pid):
            try:
                status = (_PROC / str(each) / "status").read_text().split()
                peak = int(status[status.index("VmHWM:") + 1]) * 1.024e-3
            except (OSError, ValueError):
                continue  # it has just ended
            peaks[each] = max(peak, peaks.get(each, 0.0))


def _family(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                found += _family(int(child))
    except OSError:
        pass
    return found
