"""One session on its way from the capture to its folder of findings."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.bundle import read_session
from analyzer.errors import UserError
from analyzer.examining import Batch, persona_of
from analyzer.extract.planted import prepare
from analyzer.frames.freshness import capture_digest
from analyzer.frames.hands import Answer, Hands
from analyzer.frames.kept import META, make_empty, session_row
from analyzer.frames.memory import give_back
from analyzer.frames.piecework import Checked, Job, Piece, Workshop, problem_codes
from analyzer.frames.rows import Rows
from analyzer.knowledge import load_knowledge
from analyzer.models import Session
from analyzer.pipeline import Analysis, began_of
from analyzer.readers.bundle import Span, read_spans, read_steps, without_pauses
from analyzer.study import Study
from analyzer.sums import SUMS, write_sums

if TYPE_CHECKING:
    from analyzer.frames.schema import Writer


@dataclass(frozen=True, slots=True)
class Task:
    """One session to analyse."""

    bundle: Path
    folder: Path
    fingerprint: str
    study: Study
    witnesses: tuple[Path, ...]


class Reading:
    """Has the pieces of a session examined, and writes what comes of them, in their order."""

    def __init__(self, task: Task, those: Hands, workshop: Workshop) -> None:
        self.name = task.bundle.name
        self._task = task
        self._hands = those
        self._workshop = workshop
        self._sealed = (task.bundle / SUMS).is_file()
        self._pieces: deque[Answer[Piece]] = deque()
        self._spans: deque[Span] = deque()
        self._codes: Counter[str] = Counter()
        self._steps: tuple[tuple[float, str], ...] = ()
        self._wrong: UserError | None = None
        self._job: Job | None = None
        session: Session | None = None
        try:
            session = read_session(task.bundle)
            self._steps = without_pauses(read_steps(task.bundle))
            began = began_of(self._steps)
            spans = read_spans(task.bundle, those.span)
        except UserError as error:
            self._wrong = error
        else:
            prepared = prepare(persona_of(task.study, session).values)
            give_back()
            self._job = Job(task.bundle, session, began, task.study, prepared)
            self._spans += spans
        self._checked: Answer[Checked] | None = those.check(
            task.bundle, session, task.witnesses, sealed=self._sealed
        )

    @property
    def waiting(self) -> int:
        """How many answers have been asked for and not been taken."""
        return len(self._pieces) + (self._checked is not None)

    def begin_piece(self) -> bool:
        """Have the next piece examined; False if there is none."""
        if not self._spans or self._job is None:
            return False
        self._pieces.append(self._hands.examine(self._job, self._spans.popleft()))
        return True

    def write(self) -> Iterator[None]:
        """Write the folder; stop after each piece, so that others can be begun.

        SHA256SUMS comes last: without it the rest does not count.
        """
        make_empty(self._task.folder)
        try:
            about = yield from self._tables()
        except UserError as error:
            # The evidence's fault: counted, named in every report, and in no comparison.
            self._spans.clear()
            self._pieces.clear()
            make_empty(self._task.folder)
            about = {
                "excluded": error.message,
                "problems": {"read/excluded": 1},
                "warning": "",
            }
        about |= {"name": self.name, "fingerprint": self._task.fingerprint}
        text = json.dumps(about, indent=2, sort_keys=True)
        folder = self._task.folder
        (folder / META).write_text(f"{text}\n", encoding="utf-8")
        write_sums(folder, folder.iterdir())

    def _tables(self) -> Generator[None, None, dict[str, Any]]:
        """Write the tables; return what meta.json says of them."""
        from analyzer.frames.schema import Writer  # noqa: PLC0415 - who only extracts has none

        if self._checked is None:
            raise RuntimeError("a session is written once")
        answer, self._checked = self._checked, None
        checked = answer()
        if checked.wrong:
            raise UserError(checked.wrong)
        if self._job is None:
            raise self._wrong or UserError("it cannot be read")
        if self._job.session.id != self.name:
            raise UserError(f"its folder is not named as its session, {self._job.session.id}")
        analysis = self._analysis(self._job, checked.witnesses)
        with Writer(self._task.folder) as writer:
            self._add(writer, analysis.first())
            while self._pieces or self.begin_piece():
                piece = self._pieces.popleft()()
                if piece.rest:
                    self._pieces.appendleft(self._hands.examine(self._job, piece.rest))
                writer.add(piece.rows)
                analysis.add(piece.account)
                self._codes.update(piece.codes)
                yield
            self._add(writer, analysis.last())
            whole = analysis.whole()
            rows = Rows(self.name)
            rows.whole(whole)
            writer.add(rows.packed())
        row = session_row(
            whole.session,
            whole.phases,
            whole.exchanges,
            capture_digest(self._task.bundle),
            checked.content,
            checked.prints,
            self._steps,
        )
        unclosed = f"{self.name} was never closed: see `evenhand recover`"
        return {
            "excluded": "",
            "problems": self._codes,
            "warning": "" if self._sealed else unclosed,
            "row": row,
        }

    def _analysis(self, job: Job, sound: Sequence[Path]) -> Analysis:
        extractor = self._workshop.extractor(job.study, job.session, job.prepared)
        return Analysis(job.bundle, job.study, load_knowledge(), sound, extractor)

    def _add(self, writer: Writer, batch: Batch) -> None:
        rows = Rows(self.name)
        rows.batch(batch)
        writer.add(rows.packed())
        self._codes.update(problem_codes(batch))
