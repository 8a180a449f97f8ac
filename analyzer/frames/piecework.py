"""What is done in the processes that extract: one piece of a session at a time, and its checks.

A server imports this module before it forks them, so that all they need is there at once: the
knowledge, too, and what is made of it. Nothing here may need pandas or pyarrow.
"""

from __future__ import annotations

import gc
import pickle
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from analyzer.bundle import broken, verify
from analyzer.bundle.identity import content_digest, exchange_prints
from analyzer.errors import UserError
from analyzer.examining import Account, Batch, Examiner, persona_of
from analyzer.extract import Extractor
from analyzer.extract.planted import Prepared
from analyzer.frames.rows import Packed, Rows
from analyzer.knowledge import load_knowledge
from analyzer.models import Session
from analyzer.readers.bundle import Span, read_exchanges
from analyzer.study import Study

_MOST_EXTRACTORS: Final = 2  # that a process keeps: each remembers what it has seen


class Job(NamedTuple):
    """One session that is examined in pieces."""

    bundle: Path
    session: Session
    began: float
    study: Study
    prepared: Prepared


class Piece(NamedTuple):
    """What came of a span. `rest` is what is left of it, where it was too much at once."""

    rows: Packed
    account: Account
    codes: Counter[str]  # of problems
    rest: Span | None


class Checked(NamedTuple):
    """What is known of the files of a session. `wrong` is a sentence, "" where they are sound."""

    wrong: str
    witnesses: tuple[Path, ...]  # those that are as they were recorded
    content: str  # its digest
    prints: tuple[int, ...]


class Workshop:
    """Keeps what several pieces need: the extractor of a persona, the examiner of a session."""

    def __init__(self) -> None:
        self._extractors: OrderedDict[object, Extractor] = OrderedDict()
        self._examined: tuple[Path, Examiner] | None = None

    def extractor(self, study: Study, session: Session, prepared: Prepared) -> Extractor:
        """Return the extractor for `session`, which may have served others of the same kind."""
        values, age = persona_of(study, session).values, session.arm.age
        key = (values, study.key, age)
        found = self._extractors.get(key)
        if found is None:
            if len(self._extractors) >= _MOST_EXTRACTORS:
                self._extractors.popitem(last=False)
            found = Extractor(load_knowledge(), values, study.key, age, prepared)
            self._extractors[key] = found
        self._extractors.move_to_end(key)
        return found

    def examiner(self, job: Job) -> Examiner:
        """Return the examiner of a session."""
        if self._examined is None or self._examined[0] != job.bundle:
            extractor = self.extractor(job.study, job.session, job.prepared)
            examiner = Examiner(job.session, job.began, job.study, load_knowledge(), extractor)
            self._examined = job.bundle, examiner
        return self._examined[1]

    def examine(self, job: Job, span: Span) -> Piece:
        """Examine the exchanges of `span`, or the first of them if they take much memory.

        `UserError` where they cannot be read.
        """
        rows, codes = Rows(job.session.id), Counter[str]()
        examiner = self.examiner(job)
        examiner.account()  # of a piece that could not be read to its end
        rest: Span | None = None
        for exchange in read_exchanges(job.bundle, span):
            if exchange.t_s < job.began:
                continue
            batch = examiner.exchange(exchange)
            rows.batch(batch)
            if batch.problems:
                codes.update(problem_codes(batch))
            if examiner.is_full:
                rest = span.after(exchange.id)
                break
        return Piece(rows.packed(), examiner.account(), codes, rest)


def problem_codes(batch: Batch) -> Iterator[str]:
    """Yield stage and code of each problem."""
    return (f"{each.problem.stage}/{each.problem.code}" for each in batch.problems)


def check(
    bundle: Path, session: Session | None, witnesses: Sequence[Path], *, sealed: bool
) -> Checked:
    """Compare the files of a session with what they were; `UserError` where that is impossible."""
    if sealed and (wrong := broken(bundle)):
        return Checked(wrong, (), "", ())
    # A witness that was changed since it was recorded is none.
    sound = tuple(each for each in witnesses if not verify(each))
    if session is None:
        return Checked("", sound, "", ())
    return Checked("", sound, content_digest(bundle, session), exchange_prints(bundle, session))


class _Worker:
    """What a worker process holds."""

    def __init__(self) -> None:
        self._workshop = Workshop()
        self._job: tuple[Path, Job] | None = None

    def examine(self, bundle: Path, packed: bytes, span: Span) -> Piece:
        if self._job is None or self._job[0] != bundle:
            self._job = bundle, pickle.loads(packed)  # noqa: S301 - made by our own command
        return self._workshop.examine(self._job[1], span)


_worker: Final = _Worker()


def examine_in_worker(bundle: Path, packed: bytes, span: Span) -> bytes:
    """Do `Workshop.examine` for the job `packed`, that of `bundle`; return the piece pickled."""
    return pickle.dumps(_worker.examine(bundle, packed, span), pickle.HIGHEST_PROTOCOL)


def warm_up() -> None:
    """Load what every worker needs, before they are forked."""
    with suppress(UserError):  # whoever asked for them has the same knowledge, and says so
        Extractor(load_knowledge(), (), b"")
    gc.collect()
    gc.freeze()  # what is there now is never garbage, and stays shared
