"""The same work on each of many things, by several processes; what came of it in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from analyzer.errors import UserError
from analyzer.workers import uninterrupted, worker_context

T = TypeVar("T")


def at_once(
    work: Callable[..., T], given: Sequence[tuple[Any, ...]], jobs: int, preload: str
) -> Generator[T, None, None]:
    """Yield what `work` returns for each of `given` (its arguments), in that order.

    By `jobs` processes that are forked with the module `preload`, or by this one where that, or
    what is to be done, is one. No more is begun than there are processes: who closes the iterator
    waits for that alone. What `work` raises, is raised; `UserError` where a process was ended from
    outside.
    """
    jobs = min(jobs, len(given))
    if jobs < 2:
        for each in given:
            yield work(*each)
        return
    with ProcessPoolExecutor(jobs, mp_context=worker_context(preload)) as pool:
        try:
            yield from _in_order(pool, work, given, jobs)
        except BrokenProcessPool:
            raise UserError(
                "a process that did part of the work was ended from outside",
                "if memory is short, use fewer: --jobs 1",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    work: Callable[..., T],
    given: Sequence[tuple[Any, ...]],
    jobs: int,
) -> Iterator[T]:
    upcoming = deque(given)
    begun: deque[Future[T]] = deque()
    while begun or upcoming:
        running = [each for each in begun if not each.done()]
        while upcoming and len(running) < jobs:
            with uninterrupted():
                running.append(pool.submit(work, *upcoming.popleft()))
            begun.append(running[-1])
        if begun[0].done():
            yield begun.popleft().result()
        else:
            wait(running, return_when=FIRST_COMPLETED)
