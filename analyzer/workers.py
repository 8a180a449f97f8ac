"""Processes that do part of a command's work, and that Ctrl-C does not reach.

Nothing heavy is imported here: a command starts them before it has loaded what it needs itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final

EXTRACTING: Final = "analyzer.frames.warm"  # what processes that extract are forked with
EXTRACTING_MB: Final = 200  # what each may take, with what it has to send
LITTLE: Final = 2_000_000  # bytes of captures for which processes cost more than they save
_MEMINFO: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")


def worker_context(preload: str) -> ForkServerContext:
    """Return a context whose processes are forked from a server that has imported `preload`.

    The server has one thread and has imported everything: forking this process, with threads of
    libraries in it, would not be safe, and spawning would import everything in each worker.

    Ctrl-C goes to every process of the terminal. The server and its workers leave it to the command
    they work for, which ends them; each of them would print a traceback otherwise.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", preload])
    resource_tracker.ensure_running()  # its start would undo what follows
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block: a worker must not be left half started.

    Blocking the signal would not do: another thread, of a library, would get it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def fitting(each_mb: int) -> int:
    """Return how many processes of `each_mb` megabytes this machine can work with; one at least.

    One for each core that this process may use, fewer where the memory does not suffice.
    """
    memory = _available_mb()
    return max(1, _cores() if memory is None else min(_cores(), memory // each_mb))


def processes(files: Iterable[Path]) -> int:
    """Return how many processes read these captures where nobody says it; one for little."""
    size = sum(file.stat().st_size for file in files if file.is_file())
    return fitting(EXTRACTING_MB) if size >= LITTLE else 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _available_mb() -> int | None:
    """Return the megabytes that are to be had, None where the system does not tell.

    A container has less than its machine.
    """
    told: list[int] = []
    try:
        with _MEMINFO.open(encoding="utf-8") as lines:
            told += [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvail")]
        limit = (_CGROUP / "memory.max").read_text(encoding="utf-8").strip()
        if limit.isdecimal():
            used = int((_CGROUP / "memory.current").read_text(encoding="utf-8"))
            told.append(max(0, int(limit) - used))
    except (OSError, ValueError):
        pass  # no Linux, or no cgroups
    return min(told) >> 20 if told else None
