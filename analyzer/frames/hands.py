"""Who examines the pieces of a study: this process, or several others."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from analyzer.errors import UserError
from analyzer.frames.piecework import Checked, Job, Piece, Workshop, check, examine_in_worker
from analyzer.models import Session
from analyzer.readers.bundle import Span
from analyzer.workers import EXTRACTING, uninterrupted, worker_context

T = TypeVar("T")
Answer = Callable[[], T]  # waits for it; raises what came of it instead
_AHEAD: Final = 2  # pieces that wait for a worker, so that none waits for a piece


class Hands(Protocol):
    """Examines and checks.

    `most` is how many answers may be waited for at a time, `span` how many exchanges are best
    examined at a time.
    """

    most: int
    span: int

    def examine(self, job: Job, span: Span) -> Answer[Piece]:
        """Begin to examine a span of a session."""
        ...

    def check(
        self, bundle: Path, session: Session | None, witnesses: tuple[Path, ...], *, sealed: bool
    ) -> Answer[Checked]:
        """Begin to check the files of a session."""
        ...


class Alone:
    """This process: everything is done when its answer is asked for."""

    most = 1
    span = 100  # more would take memory, and save nothing

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def examine(self, job: Job, span: Span) -> Answer[Piece]:
        """Examine a span when asked."""
        return lambda: self._workshop.examine(job, span)

    def check(
        self, bundle: Path, session: Session | None, witnesses: tuple[Path, ...], *, sealed: bool
    ) -> Answer[Checked]:
        """Check the files when asked."""
        return lambda: check(bundle, session, witnesses, sealed=sealed)


class Pool:
    """Several processes. Jobs are handed over pickled, each once for all of its spans."""

    span = 250

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self.most = workers + _AHEAD
        self._pool = pool
        self._packed: tuple[Job, bytes] | None = None

    def examine(self, job: Job, span: Span) -> Answer[Piece]:
        """Have a worker examine a span."""
        if self._packed is None or self._packed[0] is not job:
            self._packed = job, pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
        future = self._begin(examine_in_worker, job.bundle, self._packed[1], span)
        return lambda: _unpacked(_answer(future))

    def check(
        self, bundle: Path, session: Session | None, witnesses: tuple[Path, ...], *, sealed: bool
    ) -> Answer[Checked]:
        """Have a worker check the files."""
        future = self._begin(partial(check, bundle, session, witnesses, sealed=sealed))
        return lambda: _answer(future)

    def _begin(self, work: Callable[..., T], *given: object) -> Future[T]:
        try:
            with uninterrupted():
                return self._pool.submit(work, *given)
        except BrokenProcessPool:
            raise Ended from None


class Ended(Exception):  # noqa: N818 - it is one event
    """A worker was ended from outside."""


@contextmanager
def hands(workers: int, workshop: Workshop) -> Iterator[Hands]:
    """Give `workers` processes of their own; this process where that is one.

    `workshop` is what this process works with. `UserError` where a worker was ended from outside.
    """
    if workers < 2:
        yield Alone(workshop)
        return
    with ProcessPoolExecutor(workers, mp_context=worker_context(EXTRACTING)) as pool:
        try:
            yield Pool(pool, workers)
        except Ended:
            raise UserError(
                "a process that extracts was ended from outside",
                "if memory is short, use fewer: --jobs 1",
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _answer(future: Future[T]) -> T:
    try:
        return future.result()
    except BrokenProcessPool:
        raise Ended from None


def _unpacked(packed: bytes) -> Piece:
    piece: Piece = pickle.loads(packed)  # noqa: S301 - made by our own worker
    return piece
