"""The private files of items: `feed/items/<session>.parquet` of a study, and whether they are new.

They hold what strangers wrote. Nobody but their owner may read them (mode 0600), and nothing of
their texts goes into findings, reports or exports. Beside each stands `<session>.json`: what the
file depends on, how much of the feed was understood, and which problems there were.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.alone import alone
from analyzer.at_once import at_once
from analyzer.bundle import broken, list_bundles, read_session, running_bundles
from analyzer.bundle.store import DATABASE
from analyzer.errors import UserError
from analyzer.feed.adapters import Adapter, load_adapters
from analyzer.feed.columns import (
    SERVED,
    SHOWINGS,
    WHOLE,
    item_columns,
    item_of,
    served_table,
    servings_table,
    showings,
)
from analyzer.feed.columns import with_fates as joined_batch
from analyzer.feed.driven import drive_digest, drive_log, driven_watches
from analyzer.feed.feed_time import FeedClock
from analyzer.feed.items import completed
from analyzer.feed.joining import Served, awake_steps, join, known_until
from analyzer.feed.kept import (
    SessionItems,
    describe,
    folder,
    forget,
    fresh,
    make_folder,
    private,
    read_about,
)
from analyzer.feed.log_lines import lines_of
from analyzer.feed.reading import FeedReading, read_feed
from analyzer.feed.records import Item, Serving, Watch
from analyzer.feed.untold import with_untold
from analyzer.frames.freshness import files_digest, program
from analyzer.instants import instant, iso
from analyzer.models import Session
from analyzer.readers.bundle import read_steps
from analyzer.study import Study
from analyzer.workers import processes

FORMAT: Final = 1
_Task = tuple[Study, Path, Sequence[Adapter], Collection[str], str]
_GROUP: Final = 2_000  # servings that are held at once
_MOST_DETAILS: Final = 20_000  # items of a session of which more is told elsewhere


@dataclass(frozen=True, slots=True)
class ItemsSummary:
    """What `update` did; `sessions` in the order of their names."""

    done: tuple[str, ...]
    unchanged: tuple[str, ...]
    sessions: tuple[SessionItems, ...]
    warnings: tuple[str, ...]
    broken: tuple[tuple[str, str], ...] = ()  # sessions that are no evidence any more, and why


def adapters_of(study: Study) -> tuple[Adapter, ...]:
    """Return the adapters of the program and those in the study's own folder `feeds`."""
    own = study.root / "feeds"
    return load_adapters(own.resolve()) if own.is_dir() else load_adapters()


def account_of(session: Session) -> str:
    """Return whose feed it is: the account, else the persona of the arm, else the session alone."""
    named = str(getattr(session, "account", ""))
    if named or not session.persona:
        return named or session.id
    return f"{session.arm.label}/{session.persona}"


def update(
    study: Study,
    bundles: Sequence[Path] | None = None,
    *,
    phases: Collection[str] = (),
    force: bool = False,
    jobs: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> ItemsSummary:
    """Bring the files of items up to date with the captures; all of the study's by default.

    `phases`: those in which the feed is on the screen; none given: all but the set-up. Sessions
    that are being recorded are left for later, and those that were changed since they were closed,
    or that cannot be read, are left out. What was found in captures that are gone is removed.
    `jobs` processes read (default: as many as `analyse` would take); what is written does not
    depend on it. A script that gives no `jobs=1` calls this under
    `if __name__ == "__main__":`, as `multiprocessing` wants it. `UserError` where another process
    does the same.
    `progress` is told (sessions done, of, the last one's name).
    """
    adapters = adapters_of(study)
    live = {path.resolve() for path in running_bundles(study.captures)}
    place = make_folder(study)
    try:
        with alone(place):
            there = list_bundles(study.captures)
            _tidy(place, {path.name for path in there} if study.captures.is_dir() else None)
            wanted = there if bundles is None else bundles
            known: dict[Path, SessionItems | None] = {}
            made: dict[Path, SessionItems | str] = {}
            tasks: list[_Task] = []
            for bundle in wanted:
                if bundle.resolve() in live:
                    continue
                known[bundle] = None
                try:
                    current = _fingerprint(study, bundle, adapters, phases)
                except UserError as error:
                    made[bundle] = error.message
                    forget(place / bundle.name)
                    continue
                known[bundle] = None if force else fresh(place / bundle.name, current)
                if known[bundle] is None:
                    tasks.append((study, bundle, adapters, phases, current))
            workers = jobs or processes(task[1] / DATABASE for task in tasks)
            old = len(known) - len(tasks) - len(made)
            with closing(at_once(_made, tasks, workers, "analyzer.feed.warm")) as found:
                for (_, bundle, *_), each in zip(tasks, found, strict=True):
                    made[bundle] = each
                    if isinstance(each, str):
                        forget(place / bundle.name)
                    if progress:
                        progress(old + len(made), len(known), bundle.name)
    except BlockingIOError:
        what = f"another process is writing {place}"
        raise UserError(what, "wait until it is done") from None
    return ItemsSummary(
        done=tuple(bundle.name for bundle, each in made.items() if not isinstance(each, str)),
        unchanged=tuple(bundle.name for bundle, about in known.items() if about),
        sessions=with_untold(
            [
                each
                for bundle, about in known.items()
                if not isinstance(each := about or made[bundle], str)
            ],
            summaries(study),
        ),
        warnings=tuple(
            f"{bundle.name} is still being recorded" for bundle in wanted if bundle not in known
        ),
        broken=tuple((bundle.name, each) for bundle, each in made.items() if isinstance(each, str)),
    )


def _made(
    study: Study,
    bundle: Path,
    adapters: Sequence[Adapter],
    phases: Collection[str],
    current: str,
) -> SessionItems | str:
    """Write the file of one session; say why not, if it was changed or cannot be read."""
    try:
        return broken(bundle) or _write(study, bundle, adapters, phases, current)
    except UserError as error:
        return error.message


def _tidy(place: Path, there: Collection[str] | None) -> None:
    """Remove texts of strangers that nobody needs from `place`.

    What processes left half written that were killed, and what was found in captures that are gone:
    `there` are those that are not, None where that is unknown.
    """
    left = [path for ending in ("draft", "part") for path in place.glob(f"*.{ending}")]
    if there is not None:
        kept = [path for ending in ("json", "parquet") for path in place.glob(f"*.{ending}")]
        left += [path for path in kept if path.stem not in there]
    for path in left:
        with suppress(OSError):
            path.unlink()


def load_showings(
    study: Study, phases: Collection[str] = (), *, refresh: bool = True
) -> pa.RecordBatchReader:
    """Return what was served in all sessions of `study`, as `columns.SHOWINGS`, batch by batch.

    Sessions of one account follow one another, in the order in which they began, and so does their
    feed time. The files are brought up to date first, unless not to `refresh`.
    """
    if refresh:
        update(study, phases=phases)
    return pa.RecordBatchReader.from_batches(SHOWINGS, _showings(study))


def load_items(study: Study) -> Iterator[pa.RecordBatch]:
    """Yield what is in the private files, texts and all, as `columns.WHOLE`."""
    for about in summaries(study):
        with pq.ParquetFile(folder(study) / f"{about.session}.parquet") as file:
            yield from file.iter_batches(_GROUP)


def summaries(study: Study) -> list[SessionItems]:
    """Return what is known of each file, by account, in the order in which its sessions began.

    Of sessions whose capture is gone nothing is known.
    """
    there = {path.name for path in list_bundles(study.captures)}
    found = [
        about
        for path in sorted(folder(study).glob("*.json"))
        if path.stem in there
        and (about := read_about(path))
        and path.with_suffix(".parquet").is_file()
    ]
    return sorted(found, key=lambda each: (each.account, each.started, each.session))


def _showings(study: Study) -> Iterator[pa.RecordBatch]:
    before: Counter[str] = Counter()
    for about in summaries(study):
        since = float(before[about.account])
        with pq.ParquetFile(folder(study) / f"{about.session}.parquet") as file:
            for batch in file.iter_batches(_GROUP):
                yield showings(batch, about.account, about.arm, about.session, since)
        before[about.account] += about.feed_s  # type: ignore[assignment]


def _fingerprint(
    study: Study, bundle: Path, adapters: Sequence[Adapter], phases: Collection[str]
) -> str:
    """Return the SHA-256 of all that the items of `bundle` depend on."""
    key = blake2b(b"feed", key=study.key[:64], digest_size=16).hexdigest()
    adapted = [(each.id, each.digest) for each in adapters]
    drive = drive_digest(drive_log(study.root, bundle.name))
    parts = [FORMAT, files_digest(bundle), adapted, key, sorted(phases), drive, program()]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _write(
    study: Study,
    bundle: Path,
    adapters: Sequence[Adapter],
    phases: Collection[str],
    current: str,
) -> SessionItems:
    session = read_session(bundle)
    place = folder(study)
    draft = place / f"{bundle.name}.{os.getpid()}.draft"
    final = place / f"{bundle.name}.{os.getpid()}.part"
    try:
        reading = read_feed(bundle, adapters, study.key)
        slim, watches, details = _draft(reading, draft)
        driven = driven_watches(drive_log(study.root, bundle.name), bundle.name)
        told = lines_of(watches, driven, ((each.key, each.t_s) for each in slim))
        ended = _ended(session, slim, watches)
        steps, idle = awake_steps(read_steps(bundle), slim, told.lines, ended)
        clock = FeedClock(steps, ended, phases)
        fates, unserved = join(slim, told.lines, clock)
        at = bare = 0
        with (
            pq.ParquetFile(draft) as file,
            private(final) as stream,
            pq.ParquetWriter(stream, WHOLE, compression="zstd") as writer,
        ):
            for batch in file.iter_batches(_GROUP):
                some = fates[at : at + batch.num_rows]
                whole = _completed(batch, details)
                bare += _bare(whole)
                writer.write_batch(joined_batch(whole, some))
                at += batch.num_rows
        found = Counter(
            feed_bare=bare,
            feed_log_silent=sum(fate.silent for fate in fates),
            feed_surface_open=sum(fate.open and not fate.lines for fate in fates),
            feed_log_impossible=told.impossible,
            feed_log_thin=int(told.thin),
            feed_idle=int(idle > 0),
        )
        about = SessionItems(
            session=bundle.name,
            account=account_of(session),
            arm=session.arm.label,
            started=session.started,
            ended=iso(instant(session.started) + ended),
            feed_s=clock.at(known_until(slim, told.lines)),
            states=_counted(fate.state for fate in fates),
            marked=sum(
                fate.state == "shown" and serving.ad == "formal"
                for fate, serving in zip(fates, slim, strict=True)
            ),
            ads=_counted(serving.ad for serving in slim),
            watch_s=round(sum(fate.watch_s or 0.0 for fate in fates), 3),
            unserved=unserved,
            health=reading.health,
            told=reading.told,
            problems=tuple(sorted((reading.problems + found).items())),
        )
        final.replace(place / f"{bundle.name}.parquet")
        describe(place, bundle.name, about, current)
        return about
    finally:
        for path in (draft, final):
            with suppress(OSError):
                path.unlink()


def _draft(reading: FeedReading, draft: Path) -> tuple[list[Served], list[Watch], dict[str, Item]]:
    """Write the servings as they come; return what joining needs, and what is told elsewhere."""
    slim: list[Served] = []
    watches: list[Watch] = []
    details: dict[str, Item] = {}
    waiting: list[Serving] = []
    with (
        private(draft) as stream,
        pq.ParquetWriter(
            stream, SERVED, compression="none", use_dictionary=False, write_statistics=False
        ) as writer,
    ):
        for found in reading:
            if isinstance(found, Serving):
                waiting.append(found)
                slim.append(_slim(found))
                if len(waiting) == _GROUP:
                    writer.write_table(servings_table(waiting))
                    waiting.clear()
            elif isinstance(found, Watch):
                watches.append(found)
            elif isinstance(found, Item) and len(details) < _MOST_DETAILS:
                known = details.get(found.key)
                details[found.key] = completed(known, found) if known else found
        if waiting:
            writer.write_table(servings_table(waiting))
    return _timed(slim, details), watches, details


def _slim(serving: Serving) -> Served:
    item = serving.item
    return Served(
        item.key, serving.exchange, serving.t_s, serving.surface, serving.batch,
        item.duration_s, item.ad, item.author,
    )  # fmt: skip


def _timed(slim: list[Served], details: dict[str, Item]) -> list[Served]:
    """Return the servings with the durations that only another answer told."""
    return [
        replace(each, duration_s=details[each.key].duration_s)
        if each.duration_s is None and each.key in details
        else each
        for each in slim
    ]


def _completed(batch: pa.RecordBatch, details: dict[str, Item]) -> pa.RecordBatch:
    """Return `batch` with what other answers told of its items."""
    if not any(key in details for key in batch.column("item_key").to_pylist()):
        return batch
    rows = [_more(row, details.get(row["item_key"])) for row in batch.to_pylist()]
    [made] = served_table(rows).combine_chunks().to_batches()
    return made


def _bare(batch: pa.RecordBatch) -> int:
    """Return how many servings have neither text nor author: nobody can say what they are."""
    texts, authors = batch.column("text").to_pylist(), batch.column("author_key").to_pylist()
    return sum(not text and not author for text, author in zip(texts, authors, strict=True))


def _more(row: dict[str, Any], more: Item | None) -> dict[str, Any]:
    return row | item_columns(completed(item_of(row), more)) if more else row


def _ended(session: Session, slim: Sequence[Served], watches: Sequence[Watch]) -> float:
    """Return when the session ended: as it says, or with the last that was seen."""
    last = max([0.0, *(each.t_s for each in slim), *(each.t_s for each in watches)])
    return max(last, instant(session.ended) - instant(session.started)) if session.ended else last


def _counted(values: Iterator[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items()))
