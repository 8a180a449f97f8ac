"""`evenhand import`: recordings of other programs become sessions of an arm.

The source is told by its content. It stays as it is; the session keeps its name and SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from analyzer.bundle import BundleWriter, RecordingError, new_session, read_session
from analyzer.bundle.identity import Overlap
from analyzer.errors import UserError
from analyzer.models import Arm, Event, Exchange, Problem, Session
from analyzer.readers import (
    HEAD,
    READERS,
    Asked,
    HeedingReader,
    Message,
    Reader,
    Reading,
    Record,
)
from analyzer.readers.adopting import adopt_bundle
from analyzer.readers.held import SOURCE_SESSION, SOURCE_SHA256, Held
from analyzer.readers.unpacking import unpacked
from analyzer.readers.witnessing import time_of
from analyzer.study import Study
from analyzer.sums import SUMS

SOURCE_NAME, SOURCE_FORMAT, SOURCE_ORIGIN = "source-name", "source-format", "source-origin"
_KINDS = "use HAR, a mitmproxy flow dump, pcap, pcapng or a session bundle"
_WITNESSES = "a witness is a packet capture, `dumpsys netstats` or an App Privacy Report"
_OPTIONS = {"phones": "--phone", "keys": "--keys", "app": "--app", "uid": "--uid"}
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file. `total` is None where damage hides how much there was.

    `problems` are gathered: many of one kind are one, which says how often.
    """

    path: Path
    session: Session
    read: int
    total: int | None
    extent: str  # the same in words, as in "3 of 4 entries"
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the imported sessions belong."""

    study: Study
    arm: Arm
    phase: str
    repeat: int | None
    block: str
    device: str
    planted: Sequence[str]
    held: Held
    beside: Session | None
    asked: Asked


def import_files(
    study: Study,
    arm_label: str,
    paths: Sequence[Path],
    *,
    phase: str | None = None,
    repeat: int | None = None,
    block: str = "",
    device: str = "",
    planted: Sequence[str] = (),
    beside: Session | None = None,
    asked: Asked = Asked(),  # noqa: B008 - it is frozen
) -> list[Imported]:
    """Import each of `paths` as one session of the arm, in order.

    With `beside`, they are independent witnesses of that session (`witnessing.session_beside`), and
    only what happened at its time is taken. `asked` is what the user said of the files.
    `phase` is one of the study's (default: the first); `repeat` can be given for a single file;
    `planted` are the digests of the persona's values. A file of which only a part can be read is
    imported, and its session says so. `UserError` in one line for an arm or phase that does not
    exist, for what is no capture, and for a file that the arm has already; files before it in
    `paths` have then been imported, and the line says so. The same recording in other wrapping is
    imported with a problem "copy", another one of the same minutes with a problem "overlap", and a
    comparison counts one of the two.
    """
    arm, first, held = study.arm(arm_label), study.phase(phase), Held(study.captures, arm_label)
    if beside is not None:
        if asked.keys:
            raise UserError("of a witness only names are wanted", "leave out --keys, or --beside")
        if beside.arm.label != arm_label:
            raise UserError(f"{beside.id} is of another arm", "leave out --arm")
        asked = replace(asked, during=time_of(beside), app=asked.app or study.app)
    place = _Place(study, arm, first, repeat, block, device, planted, held, beside, asked)
    if repeat is not None and len(paths) != 1:
        raise UserError("a repeat is the number of one session", "import one file at a time")
    digests = [_digest(path) for path in paths]
    held.refuse_files(list(paths), digests, beside.id if beside else "")
    done: list[Imported] = []
    for path, digest in zip(paths, digests, strict=True):
        try:
            done.append(_noted(place, _import_file(place, path, digest)))
        except UserError as error:
            if not done:
                raise
            told = f"{error.message} ({len(done)} files before it were imported)"
            raise UserError(told, error.fix) from None
    return done


def _digest(path: Path) -> str:
    """SHA-256 of a file; of a bundle's folder that of the sums that stand for all its files."""
    source = path / SUMS if path.is_dir() else path
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe can be read only once
        raise UserError(f"{path} is not a file", "save what it gives to a file first")
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        if path.is_dir():
            raise UserError(f"{path} is a folder but not a closed session bundle", _KINDS) from None
        raise UserError(f"{path} does not exist", "check the name") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or "check its rights") from None


def _noted(place: _Place, imported: Imported) -> Imported:
    """Take note of what was imported; say so if the arm has the same recording already."""
    bundle = place.study.captures / imported.session.id
    holder = place.held.holder_of(bundle, imported.session)
    place.held.add(bundle, imported.session)
    if place.beside:
        return imported
    if holder:
        detail = f"the same recording as {holder}: a comparison counts one"
        told = [Problem("", "read", "copy", detail)]
    else:
        told = [
            Problem("", "read", "overlap", _twice(other, same))
            for other, same in place.held.overlapping(bundle, imported.session)
        ]
    return replace(imported, problems=(*imported.problems, *told))


def _twice(other: str, same: Overlap) -> str:
    counted = "a comparison counts one" if same.is_same else "they do not count as two"
    return (
        f"in part the same minutes as {other} ({same.shared} of {same.of} exchanges that were"
        f" compared are in both): {counted}"
    )


def _import_file(place: _Place, path: Path, digest: str) -> Imported:
    try:
        if path.is_dir():
            return _adopt(place, path, path, digest)
        with unpacked(path) as plain:
            if plain.path.is_dir():
                return _adopt(place, path, plain.path, digest)
            name, reader = _reader(path, plain.path)
            _ask(path, reader, place.asked)
            reading = reader.read(plain.path)
            if plain.torn:
                reading.cut.append("the compressed file ends too early or is damaged")
            return _import(place, path, reading, _source(path, digest, name, reading))
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None
    except RecordingError as error:
        raise UserError(f"{path} cannot be imported", str(error)) from None


def _reader(path: Path, plain: Path) -> tuple[str, Reader]:
    with plain.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise UserError(f"{path} is empty", "export it again")
    for name, kind in READERS.entries().items():
        reader = kind()
        if reader.sniff(head):
            return name, reader
    raise UserError(f"{path} is no capture that evenhand knows", _KINDS)


def _ask(path: Path, reader: Reader, asked: Asked) -> None:
    """Tell a reader what the user said of the file; `UserError` where that is not for its kind."""
    heeds = reader.heeds if isinstance(reader, HeedingReader) else frozenset()
    if asked.during and "during" not in heeds:
        raise UserError(f"{path} is no witness", _WITNESSES)
    for name, option in _OPTIONS.items():
        given = getattr(asked, name)
        if given and name not in heeds and not (name == "app" and asked.during):
            raise UserError(f"{option} does not concern {path}", "leave it out")
    if isinstance(reader, HeedingReader):
        reader.asked = asked


def _source(path: Path, digest: str, name: str, reading: Reading) -> list[tuple[str, str]]:
    told = [(f"source:{_plain(tool)}", _plain(version)) for tool, version in reading.tools]
    return [
        (SOURCE_NAME, _plain(path.name)),
        (SOURCE_SHA256, digest),
        (SOURCE_FORMAT, name),
        *told,
    ]


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)[:200]


def _adopt(place: _Place, path: Path, folder: Path, digest: str) -> Imported:
    if place.beside:
        raise UserError(f"{path} is a session, not a witness of one", _WITNESSES)
    before = read_session(folder)
    place.held.refuse_session(path, before)
    source = [
        (SOURCE_NAME, _plain(path.name)),
        (SOURCE_SHA256, digest),
        (SOURCE_FORMAT, "bundle"),
        (SOURCE_SESSION, _plain(before.id)),
        (SOURCE_ORIGIN, _plain(dict(before.tools).get(SOURCE_ORIGIN, before.origin))),
    ]
    session = adopt_bundle(
        place.study,
        place.arm,
        folder,
        name=path.name,
        repeat=place.repeat,
        block=place.block,
        device=place.device,
        planted=place.planted,
        tools=source,
    )
    number = dict(session.counts).get("exchanges", 0)
    return Imported(path, session, number, number, f"{number} of {number} exchanges", ())


def _import(place: _Place, path: Path, reading: Reading, source: list[tuple[str, str]]) -> Imported:
    problems: Counter[Problem] = Counter()
    records = iter(reading)
    first = _first(records, problems)
    if first is None and not reading.read:
        why = next((f": {problem.detail}" for problem in problems), "")
        if place.beside:
            raise UserError(
                f"{path} holds nothing of the time of {place.beside.id}{why}",
                f"it was recorded from {place.beside.started} to {place.beside.ended} (UTC)",
            )
        raise UserError(f"{path} holds nothing readable ({reading.extent()}){why}", _KINDS)
    session = new_session(
        place.study,
        place.arm,
        repeat=place.repeat,
        block=place.block,
        device=place.device or _plain(reading.device),
        origin=dict(source)[SOURCE_FORMAT],
        tools=source,
        planted=place.planted,
        started=reading.started,
        beside=place.beside.id if place.beside else "",
    )
    writer = BundleWriter.create(place.study.captures, session, phase=place.phase)
    try:
        last = _write(writer, chain([first] if first else [], records), problems)
        session = _close(writer, reading, problems, last)
    except BaseException:  # half an import is none, also after Ctrl-C
        writer.close("failed")
        shutil.rmtree(writer.path, ignore_errors=True)
        raise
    return Imported(
        path, session, reading.read, reading.total, reading.extent(), _gathered(problems)
    )


def _first(records: Iterator[Record], problems: Counter[Problem]) -> Record | None:
    """Return the first record that can be stored; what went wrong before it is counted."""
    for record in records:
        if not isinstance(record, Problem):
            return record
        problems[_kind(record)] += 1
    return None


def _write(writer: BundleWriter, records: Iterator[Record], problems: Counter[Problem]) -> float:
    """Store every record; return the time of the last one."""
    numbers: dict[str, int] = {}
    last = 0.0
    for record in records:
        if isinstance(record, Problem):
            problems[_kind(record)] += 1
            continue
        last = max(last, record.t_s)
        if isinstance(record, Exchange):
            numbers[record.id] = writer.add_exchange(record)
        elif isinstance(record, Message):
            writer.add_message(
                numbers[record.exchange],
                record.from_client,
                record.is_text,
                record.content,
                record.t_s,
            )
        elif isinstance(record, Event):
            writer.add_event(record)
        else:
            writer.add_measured(record.topic, record.value, record.source, record.t_s)
    return last


def _close(
    writer: BundleWriter, reading: Reading, problems: Counter[Problem], last: float
) -> Session:
    if reading.total is None or reading.read < reading.total:
        writer.mark_incomplete(f"read {reading.extent()}")
        problems[Problem("", "read", "damaged", f"read {reading.extent()}")] += 1
    for sentence in reading.cut:
        writer.mark_incomplete(sentence)
    extra = {"read": reading.read}
    if reading.total is not None:
        extra["total"] = reading.total
    for problem, number in problems.items():
        name = f"problem:{problem.code}"
        extra[name] = extra.get(name, 0) + number
    ended = None if reading.started is None else reading.started + last
    return writer.close("imported", extra=extra, ended=ended)


def _kind(problem: Problem) -> Problem:
    """Return the problem without its place, so that equal ones can be counted."""
    return Problem("", problem.stage, problem.code, problem.detail)


def _gathered(problems: Counter[Problem]) -> tuple[Problem, ...]:
    return tuple(
        problem
        if number == 1
        else Problem("", problem.stage, problem.code, f"{problem.detail} ({number} times)")
        for problem, number in problems.items()
    )
