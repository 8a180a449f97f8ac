"""Which recordings an arm has already: one that is taken twice would count as two.

In two arms the same recording is allowed, as a test of the method; a comparison says so loudly.
"""

from __future__ import annotations

from pathlib import Path

from analyzer.bundle import list_bundles, read_session
from analyzer.bundle.identity import Overlap, content_digest, exchange_prints, overlap
from analyzer.errors import UserError
from analyzer.models import Session

SOURCE_SHA256, SOURCE_SESSION = "source-sha256", "source-session"
_FIX = "leave it out"


class Held:
    """The recordings of an arm: by the files they came from, by their ids and by their content."""

    def __init__(self, captures: Path, arm: str) -> None:
        self._arm = arm
        self._files: dict[tuple[str, str], str] = {}  # SHA-256, witness of -> session
        self._ids: dict[str, str] = {}  # id, here or where it was recorded -> session
        self._bundles: list[tuple[Path, Session]] = []
        self._contents: dict[Path, str] = {}
        self._prints: dict[Path, tuple[int, ...]] = {}
        for bundle in list_bundles(captures):
            try:
                self.add(bundle, read_session(bundle))
            except UserError:  # `analyze` and `verify` complain of it
                continue

    def add(self, bundle: Path, session: Session) -> None:
        """Take note of one more."""
        for identifier in origins(session):  # of every arm: two bundles cannot have one id
            self._ids[identifier] = session.id
        if session.arm.label != self._arm:
            return
        self._files[dict(session.tools).get(SOURCE_SHA256, ""), session.beside] = session.id
        if not session.beside:
            self._bundles.append((bundle, session))

    def refuse_files(self, paths: list[Path], digests: list[str], beside: str = "") -> None:
        """Raise `UserError` for a file that a session was made of, or that is named twice.

        A witness can be one of several sessions, but of each only once: `beside` is the session's.
        """
        seen: dict[str, Path] = {}
        for path, digest in zip(paths, digests, strict=True):
            if (digest, beside) in self._files:
                raise _twice(path, self._files[digest, beside])
            if digest in seen:
                raise UserError(f"{path} was given already, as {seen[digest].name}", _FIX)
            seen[digest] = path

    def refuse_session(self, path: Path, session: Session) -> None:
        """Raise `UserError` if `session`, which is in `path`, was recorded or taken over here."""
        for identifier in origins(session):
            if identifier in self._ids:
                raise _twice(path, self._ids[identifier])

    def holder_of(self, bundle: Path, session: Session) -> str:
        """Return the id of a session of the arm that holds the same recording; "" without one."""
        content = content_digest(bundle, session)
        number = dict(session.counts).get("exchanges")
        for other, held in self._bundles:
            stated = dict(held.counts).get("exchanges", number)  # never closed: nobody counted
            if content and stated == number and self._content(other, held) == content:
                return held.id
        return ""

    def overlapping(self, bundle: Path, session: Session) -> list[tuple[str, Overlap]]:
        """Return the sessions of the arm that hold some of the same traffic, and how much of it.

        Two phones at once send none of the same: sessions of two devices are not compared.
        """
        found: list[tuple[str, Overlap]] = []
        for other, held in self._bundles:
            two = session.device and held.device and session.device != held.device
            if other == bundle or two:
                continue
            same = overlap(self._known_by(bundle, session), self._known_by(other, held))
            if same.is_some:
                found.append((held.id, same))
        return found

    def _known_by(self, bundle: Path, session: Session) -> tuple[int, ...]:
        if bundle not in self._prints:
            try:
                self._prints[bundle] = exchange_prints(bundle, session)
            except UserError:
                self._prints[bundle] = ()
        return self._prints[bundle]

    def _content(self, bundle: Path, session: Session) -> str:
        if bundle not in self._contents:
            try:
                self._contents[bundle] = content_digest(bundle, session)
            except UserError:
                self._contents[bundle] = ""
        return self._contents[bundle]


def origins(session: Session) -> set[str]:
    """Return the ids that the recording of `session` has had."""
    return {session.id, dict(session.tools).get(SOURCE_SESSION, session.id)}


def _twice(path: Path, holder: str) -> UserError:
    return UserError(f"{path} is in the arm already, as {holder}", _FIX)
