"""Whether two bundles hold the same recording, whatever their files and names are.

Two recordings never agree in what was sent and when, to the millisecond. So that is what a
recording is known by: not the bytes of its files, which packing, comments and ids change.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from analyzer.bundle import store
from analyzer.errors import UserError
from analyzer.models import Session

_FEW = 5  # exchanges; so few may agree by chance (the first is at 0 s), so the start counts as well
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
    rows = 0
    try:
        with closing(store.open_to_read(path / store.DATABASE)) as database:
            for query in _CONTENT:
                for row in database.execute(query):
                    rows += 1
                    whole.update(f"{row!r}\n".encode())
                whole.update(b"\n")
    except store.DAMAGED as error:
        raise UserError(f"{path} is damaged", f"{error}; try `evenhand verify`") from None
    if not rows:
        return ""
    if rows < _FEW:
        whole.update(session.started.encode("utf-8", "backslashreplace"))
    return whole.hexdigest()
