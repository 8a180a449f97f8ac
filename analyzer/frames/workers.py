"""Processes that do part of a command's work, and that Ctrl-C does not reach."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext


def worker_context(preload: str) -> ForkServerContext:
    """Return a context whose processes are forked from a server that has imported `preload`.

    The server has one thread and has imported everything: forking this process, with threads of
    libraries in it, would not be safe, and spawning would import everything in each worker.

    Ctrl-C goes to every process of the terminal. The server and its workers leave it to the command
    they work for, which ends them; each of them would print a traceback otherwise.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
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
