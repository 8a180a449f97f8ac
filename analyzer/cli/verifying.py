"""What `evenhand verify` checks: sessions, findings, reports, the custody log, copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.bundle.sealing import is_locked, is_sealed
from analyzer.bundle.seals import TIMESTAMP, has_seal
from analyzer.custody import disclosed, log, timestamps
from analyzer.custody.keys import own_fingerprint, shown, whose
from analyzer.custody.seal import SEAL, Seal, digest, read_seal
from analyzer.custody.signed_sums import SUMS_SIGNATURE, check_signature
from analyzer.errors import UserError
from analyzer.frames.freshness import capture_digest
from analyzer.study import Study
from analyzer.sums import SUMS, check_sums, read_sums, sha256, unlisted

Kind = Literal["capture", "findings", "out", "custody", "copy"]
State = Literal["intact", "broken", "cut_off", "recording"]


@dataclass(slots=True)
class Checked:
    """What was looked at, a sentence for each thing that is wrong, and what else is to be said.

    `signer`: the fingerprint of the key that signed it, "" where none did; None where nothing of
    its kind is signed.
    """

    kind: Kind
    path: Path
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    signer: str | None = None
    state: State = "intact"

    def settled(self) -> Checked:
        """Return this, as broken where there are faults."""
        if self.faults and self.state == "intact":
            self.state = "broken"
        return self


class Verifying:
    """Checks with what was asked for: the key `signed_by` (its fingerprint, or how that begins).

    `authority` is a PEM file with the certificates of an authority for time-stamps.
    """

    def __init__(self, signed_by: str = "", authority: Path | None = None) -> None:
        self._signed_by = signed_by.replace(" ", "").lower()
        self._authority = authority
        self._own = own_fingerprint()
        self._logs: dict[Path, log.Read] = {}

    def known(self, root: Path) -> log.Read:
        """Return the custody log of the study `root`."""
        found = self._logs.get(root)
        if found is None:
            found = self._logs[root] = log.read(root)
        return found

    def session(self, path: Path) -> Checked:
        """Check one bundle; `UserError` where it is none."""
        done = Checked("capture", path)
        if is_locked(path):
            done.state = "recording"
            return done
        known = self.known(path.absolute().parent.parent)
        entry = known.sealed().get(path.name)
        logged = str(entry.details.get("seal", "")) if entry else ""
        done.faults = verify(path, logged=logged, rows=True)
        # One whose end was written had its SHA256SUMS: that somebody removed them is no crash.
        if done.faults and not is_sealed(path) and read_session(path).ended is None:
            done.state = "cut_off"
            return done
        self._seal(path, done, known, logged)
        return done.settled()

    def _seal(self, path: Path, done: Checked, known: log.Read, logged: str) -> None:
        try:
            content = (path / SEAL).read_bytes()
            seal = read_seal(content)
        except (OSError, ValueError):
            if not done.faults:
                done.told.append("It has no seal: it was recorded with an older version.")
                self._demand(done, "")
            return
        if seal.number and not logged:
            done.faults.append(f"{log.LOG} does not have the sealing of it.")
        done.signer = seal.signer
        self._demand(done, seal.signer)
        self._timestamp(path, done, content, known)

    def _demand(self, done: Checked, signer: str) -> None:
        if self._signed_by and not signer.startswith(self._signed_by):
            done.faults.append(f"It is not signed by the key {shown(self._signed_by)}.")

    def _timestamp(self, path: Path, done: Checked, content: bytes, known: log.Read) -> None:
        stamp = path / TIMESTAMP
        listed = known.last("stamps").get(path.name)
        if not stamp.is_file():
            if listed and listed.get("seal") == digest(content):
                done.faults.append(f"{TIMESTAMP} is missing.")
            return
        if listed and sha256(stamp) != listed.get("sha256"):
            done.faults.append(f"{TIMESTAMP} was changed after it was fetched.")
            return
        self._say_stamp(done, stamp.read_bytes(), content, TIMESTAMP)

    def _say_stamp(self, done: Checked, stamp: bytes, content: bytes, name: str) -> None:
        wrong, said = timestamps.check(stamp, content, self._authority)
        if wrong:
            done.faults.append(f"{name} {wrong}.")
        elif said:
            when = f"Time-stamp of {said.time} by {said.authority}" if said.time else "Time-stamp"
            done.told.append(f"{when}: {said.checked}.")

    def findings(self, study: Study) -> Iterator[Checked]:
        """Check what was made of each session."""
        for path in sorted(study.findings.glob("*")):
            if not path.is_dir():
                continue
            name = f"{study.findings.name}/{path.name}"
            done = self._folder("findings", path, "they were made", "evenhand analyze", name)
            if not done.faults:
                done.faults += _not_of(path / "meta.json", study, "evenhand analyze")
            yield done.settled()

    def results(self, study: Study) -> Iterator[Checked]:
        """Check what is in `out`."""
        if not (study.out / SUMS).exists() and study.out.name not in self.known(study.root).last(
            "sums"
        ):
            return
        name = study.out.name
        done = self._folder("out", study.out, "it was written", "evenhand report", name)
        if not done.faults:
            for record in sorted(study.out.glob("*.json")):
                done.faults += _not_of(record, study, "evenhand report")
        yield done.settled()

    def result(self, folder: Path, name: str) -> Checked:
        """Check one file of an `out` folder."""
        done = self._folder("out", folder, "it was written", "evenhand report", folder.name, name)
        done.path = folder / name
        return done.settled()

    def _folder(
        self, kind: Kind, folder: Path, since: str, again: str, name: str, only: str = ""
    ) -> Checked:
        """Check a folder, or one file of it, against its SHA256SUMS, and these against the log."""
        done = Checked(kind, folder)
        try:
            listed, done.faults = read_sums(folder)
        except (OSError, ValueError):
            done.faults = [f"There is no readable {SUMS} (see `{again}`)."]
            return done
        root = folder.absolute().parent if kind == "out" else folder.absolute().parent.parent
        logged = self.known(root).last("sums").get(name)
        if logged and sha256(folder / SUMS) != logged:
            done.faults.insert(0, f"{SUMS} was changed after {since}: {log.LOG} has another.")
        if only:
            if only not in listed:
                done.faults.append(f"{SUMS} does not list {only}.")
            listed = {each: sums for each, sums in listed.items() if each == only}
        done.faults += check_sums(folder, listed, since)
        if kind == "findings":  # what else lies in `out` is somebody's own
            done.faults += unlisted(folder, listed, since, lambda _: False)
        return done

    def copy(self, folder: Path) -> Checked:
        """Check a folder that was published or redacted."""
        done = Checked("copy", folder)
        since = "it was made"
        try:
            listed, wrong = read_sums(folder)
        except (OSError, ValueError):
            done.faults = [f"There is no readable {SUMS}."]
            return done.settled()
        done.faults, done.signer = check_signature(folder, since)
        if not any(fault.startswith(f"{SUMS} ") for fault in done.faults):
            done.faults += wrong + check_sums(folder, listed, since)
        harmless = {SUMS_SIGNATURE, ".DS_Store"}
        done.faults += unlisted(folder, listed, since, lambda file: file.name in harmless)
        for name in sorted(listed):
            if name.endswith(disclosed.ENDING) and (folder / name).is_file():
                self._redacted(folder / name, done)
        self._demand(done, done.signer)
        return done.settled()

    def redacted(self, file: Path) -> Checked:
        """Check one redacted session by itself."""
        done = Checked("copy", file)
        done.signer = self._redacted(file, done)
        self._demand(done, done.signer)
        return done.settled()

    def _redacted(self, file: Path, done: Checked) -> str:
        found = disclosed.read_copy(file)
        done.faults += found.faults
        if found.seal and not found.faults:
            done.told.append(_proven(found, found.seal, self._own))
            if found.timestamp:
                self._say_stamp(
                    done, found.timestamp, found.sealed, f"The time-stamp in {file.name}"
                )
        return found.signer

    def custody(self, study: Study) -> Iterator[Checked]:
        """Check the chain of the custody log, and that what was sealed is still there."""
        from analyzer.feed.custody import faults_of_feed

        known = self.known(study.root)
        done = Checked("custody", study.root / log.LOG, list(known.faults))
        there = {path.name: path for path in list_bundles(study.captures)}
        if not known.there:
            if any(_seal(path) for path in there.values()):
                done.faults.append(f"{log.LOG} is missing: sessions here were sealed with it.")
                yield done.settled()
            return
        noted = {str(each.details.get("session")) for each in known.entries if each.what == "noted"}
        last = known.sealed()
        before = ""
        for entry in known.entries:
            if entry.what != "sealed":
                continue
            name = str(entry.details.get("session"))
            if entry is last[name]:
                done.faults += _in_chain(name, there.get(name), entry, before, noted)
            before = str(entry.details.get("seal", ""))
        done.faults += faults_of_feed(study.root, known.entries)
        unsigned = sum(not each.key for each in known.entries)
        signers = sorted({each.by for each in known.entries if each.key})
        if unsigned:
            done.told.append(f"{unsigned} of {len(known.entries)} entries are not signed.")
        others = [each for each in signers if each != self._own]
        done.told += [f"Entries are signed by {named(each, self._own)}." for each in others]
        yield done.settled()


def named(fingerprint: str, own: str) -> str:
    """Say whose key it is."""
    told = {
        "own": "the key of this computer",
        "trusted": "a key that is trusted here",
        "unknown": "a key that is not known here",
    }
    return f"{shown(fingerprint)}, {told[whose(fingerprint, own)]}"


def _proven(found: disclosed.Copy, seal: Seal, own: str) -> str:
    who = f"signed by {named(found.signer, own)}" if found.signer else "not signed"
    return (
        f"{seal.session}: sealed on {seal.sealed}, {who}; {found.shown} fields are shown and"
        f" proven, {found.withheld} are withheld."
    )


def _in_chain(
    name: str, path: Path | None, entry: log.Entry, before: str, noted: set[str]
) -> Iterator[str]:
    """Yield what is wrong with the place of a session in the chain of seals."""
    if path is None:
        if name not in noted:
            yield (
                f"{name} was sealed on {entry.at} and is not here any more"
                " (if it was taken out, say why: `evenhand custody --note`)."
            )
        return
    seal = _seal(path)
    if seal and seal.previous != before:
        yield f"The seal of {name} does not follow the one that was made before it."


def _seal(bundle: Path) -> Seal | None:
    """Return the seal of a bundle that was sealed in a study."""
    if not has_seal(bundle):
        return None
    try:
        seal = read_seal((bundle / SEAL).read_bytes())
    except (OSError, ValueError):
        return None
    return seal if seal.number else None


def _not_of(record: Path, study: Study, again: str) -> Iterator[str]:
    """Yield the sessions of which a record was made when they were not what they are now."""
    try:
        found = orjson.loads(record.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return
    for name, capture in sorted(_captures(found, record)):
        bundle = study.captures / name
        if bundle.is_dir() and is_sealed(bundle) and capture_digest(bundle) != capture:
            yield f"{record.name} was made of {name} as it is not any more (see `{again}`)."


def _captures(found: Any, record: Path) -> Iterator[tuple[str, str]]:
    """Yield each session that a record names, with the digest of its capture then."""
    if not isinstance(found, dict):
        return
    inner = found.get("comparison")
    rows = inner.get("sessions") if isinstance(inner, dict) else None
    for row in rows if isinstance(rows, list) else [found]:
        if not isinstance(row, dict) or not isinstance(row.get("capture"), str):
            continue
        name = row.get("id", record.parent.name)
        if isinstance(name, str) and name and "/" not in name and name not in {".", ".."}:
            yield name, row["capture"]


def is_copy(path: Path) -> bool:
    """Whether `path` is a folder that was published or redacted, and no session."""
    try:
        read_session(path)
    except UserError:
        return (path / SUMS).is_file() and not (path / "capture.sqlite").exists()
    return False
