"""Whether two bundles hold the same recording, whatever their files and names are.

Two recordings never agree in what was sent and when, to the millisecond, and in when they began. So
that is what a recording is known by: not the bytes of its files, which packing, comments and ids
change.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from analyzer.bundle import store
from analyzer.errors import UserError
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
