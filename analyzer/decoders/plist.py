"""Apple property lists, binary and XML."""

from __future__ import annotations

import datetime
import plistlib
from xml.parsers.expat import ExpatError

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint

_BINARY = b"bplist00"


def _body(content: bytes, _hint: Hint, _budget: Budget) -> object:
    if not content.startswith(_BINARY) and b"<plist" not in content[:512]:
        return MISS
    try:
        tree: object = plistlib.loads(content)
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, IndexError):
        return MISS
    except (OverflowError, RecursionError, TypeError, AttributeError, MemoryError, EOFError):
        return MISS  # what plistlib does with damaged files is not documented
    return _plain(tree)


def _plain(tree: object) -> object:
    """Return the tree with dates and archive references as text and numbers.

    An object of a binary list may stand in several places, or inside itself; each container is
    converted once, and the walk over the result is bounded like any other.
    """
    done: dict[int, object] = {}
    pending: list[tuple[object, object]] = []

    def convert(value: object) -> object:
        if isinstance(value, dict | list):
            if id(value) not in done:
                done[id(value)] = {} if isinstance(value, dict) else []
                pending.append((value, done[id(value)]))
            return done[id(value)]
        if isinstance(value, datetime.datetime):
            return value.isoformat()
        return value.data if isinstance(value, plistlib.UID) else value

    root = convert(tree)
    while pending:
        source, target = pending.pop()
        if isinstance(source, dict) and isinstance(target, dict):
            target.update((str(name), convert(value)) for name, value in source.items())
        elif isinstance(source, list) and isinstance(target, list):
            target.extend(map(convert, source))
    return root


DECODERS.register("plist")(
    Decoder(
        body=_body,
        media=(
            "application/x-plist",
            "application/x-apple-plist",
            "application/x-apple-binary-plist",
        ),
        starts=b"b<",
        sure=True,
        guesses=True,
        rank=30,
    )
)
