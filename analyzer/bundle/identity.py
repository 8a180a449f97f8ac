"""Whether two bundles hold the same recording, whatever their files and names are.

Two recordings never agree in what was sent and when, to the millisecond, and in when they began. So
that is what a recording is known by: not the bytes of its files, which packing, comments and ids
change.

Two recorders of the same minutes agree less: each begins, ends and counts milliseconds in its own
way. They are known by a sample of what both have: the same request, of the same content, in the
same two seconds. What two phones send at once differs in its identifiers, nearly always.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from analyzer.bundle import store
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.models import Session

_CONTENT = (
    "SELECT method, url, request_body, response_body, round(t_s, 3) FROM exchange ORDER BY id",
    "SELECT exchange, seq, from_client, body, round(t_s, 3) FROM message ORDER BY exchange, seq",
)


def content_digest(path: Path, session: Session) -> str:
    """Return the SHA-256 of what was exchanged in the bundle `path` of `session`, and when.

    Empty where there is no exchange: such a recording cannot be known again. `UserError` if its
    database cannot be read.
    """
    whole = hashlib.sha256()
    known = False
    try:
        with closing(store.open_to_read(path / store.DATABASE)) as database:
            for query in _CONTENT:
                for row in database.execute(query):
                    known = True
                    whole.update(f"{row!r}\n".encode())
                whole.update(b"\n")
    except store.DAMAGED as error:
        raise UserError(f"{path} is damaged", f"{error}; try `evenhand verify`") from None
    if not known:
        return ""
    whole.update(session.started.encode("utf-8", "backslashreplace"))
    return whole.hexdigest()


MOST_PRINTS: Final = 256
_TOGETHER: Final = 2.0  # seconds
_LEAST_SHARED: Final = 3
_REQUESTS: Final = "SELECT method, url, request_body, t_s FROM exchange"


class Overlap(NamedTuple):
    """Of the exchanges that could be compared, how many two recordings share, and of how many."""

    shared: int
    of: int  # exchanges of the one that has fewer

    @property
    def is_same(self) -> bool:
        """Whether most of the shorter recording is in the longer one as well."""
        return self.shared >= _LEAST_SHARED and self.shared * 2 >= self.of

    @property
    def is_some(self) -> bool:
        """Whether so much is in both that it cannot be by chance."""
        return self.shared >= _LEAST_SHARED and self.shared * 5 >= self.of


def exchange_prints(path: Path, session: Session) -> tuple[int, ...]:
    """Return what exchanges of the bundle `path` are known by: 48 bits each, the smallest ones.

    They are the same ones in another recording of the same exchanges, so that a sample of
    `MOST_PRINTS` of each is enough. `UserError` if its database cannot be read.
    """
    try:
        began = instant(session.started)
    except ValueError:
        return ()
    try:
        with closing(store.open_to_read(path / store.DATABASE)) as database:
            prints: set[int] = set()
            for row in database.execute(_REQUESTS):
                prints.add(_print(row, began))
                if len(prints) > 16 * MOST_PRINTS:  # of any number of them, hold these
                    prints = set(sorted(prints)[:MOST_PRINTS])
    except store.DAMAGED as error:
        raise UserError(f"{path} is damaged", f"{error}; try `evenhand verify`") from None
    return tuple(sorted(prints)[:MOST_PRINTS])


def overlap(a: Collection[int], b: Collection[int]) -> Overlap:
    """Return what two recordings share by their prints.

    >>> overlap((1, 2, 3, 4), (2, 3, 4, 5, 6)), overlap((1, 2), ())
    (Overlap(shared=3, of=4), Overlap(shared=0, of=0))
    """
    # Beyond the last one of a full sample nothing is known of that recording.
    ends = [max(each) for each in (a, b) if len(each) >= MOST_PRINTS]
    end = min(ends, default=1 << 48)
    of_a, of_b = ({each for each in prints if each <= end} for prints in (a, b))
    return Overlap(len(of_a & of_b), min(len(of_a), len(of_b)))


def _print(row: tuple[str, str, bytes | None, float], began: float) -> int:
    method, url, body, t_s = row
    moment = round((began + t_s) / _TOGETHER)
    told = f"{method} {url}\n{(body or b'').hex()}\n{moment}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(told, digest_size=6).digest(), "big")
