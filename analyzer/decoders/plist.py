"""Apple property lists, binary and XML."""

from __future__ import annotations

import datetime
import plistlib
import struct
from xml.parsers.expat import ExpatError

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint

_BINARY = b"bplist00"
_TRAILER = struct.Struct(">6xBBQQQ")
_MOST_EMPTY = 4096  # bytes of slack, by 16, for markers counted twice


def _body(content: bytes, _hint: Hint, _budget: Budget) -> object:
    binary = content.startswith(_BINARY)
    if not binary and b"<plist" not in content[:512]:
        return MISS
    if binary and not _is_sound(content):
        return MISS
    try:
        tree: object = plistlib.loads(content)
    except (plistlib.InvalidFileException, ExpatError, ValueError):
        return MISS
    except (
        LookupError,
        OverflowError,
        RecursionError,
        TypeError,
        AttributeError,
        MemoryError,
        EOFError,
    ):
        return MISS  # what plistlib does with damaged files is not documented
    return _plain(tree)


def _is_sound(content: bytes) -> bool:
    """Whether the objects of a binary list together are no larger than the list.

    plistlib reads each object from its offset, and many offsets may point into the same bytes: a
    list of eight megabytes could ask for a million arrays of a million entries.
    """
    if len(content) < _TRAILER.size + len(_BINARY):
        return False
    offset_size, ref_size, count, _top, table = _TRAILER.unpack(content[-_TRAILER.size :])
    end = table + count * offset_size
    if not 0 < offset_size <= 8 or not 0 < ref_size <= 8 or end > len(content) - _TRAILER.size:
        return False
    room = len(content) + 16 * _MOST_EMPTY
    for at in range(table, end, offset_size):
        start = int.from_bytes(content[at : at + offset_size])
        if start >= len(content):
            return False
        kind, size = content[start] >> 4, content[start] & 15
        if size == 15 and kind in (4, 5, 6, 10, 11, 12, 13):
            width = 1 << (content[start + 1] & 3) if start + 1 < len(content) else 1
            size = int.from_bytes(content[start + 2 : start + 2 + width])
        unit = {6: 2, 10: ref_size, 11: ref_size, 12: ref_size, 13: 2 * ref_size}.get(kind, 1)
        room -= 1 + size * unit
        if room < 0:
            return False
    return True


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
