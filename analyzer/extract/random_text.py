"""Tells text that a machine drew at random, such as a token, from words that people wrote.

Keys and segments of paths are words: `googleAdId2`, `iso3166Alpha2`, `utm_source`. Taken apart at
their capitals and digits they fall into words; a token falls into pieces that are none.
"""

from __future__ import annotations

import re
from typing import Final

_RUN: Final = re.compile(r"[A-Za-z0-9]{10,512}")
_PIECE: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_SWITCH: Final = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_UNSPEAKABLE: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
_MOST_SWITCHES: Final = 3  # iso3166Alpha2 has three
# Pieces of one or two letters that stand in names of keys.
_SHORT_PIECES: Final = (
    "a ab ad ai am an as at av b be by cc cm cn cp db dn do dt e ec ed en es eu fb ga gb gl go hd"
    " hz i id if in io ip is it js kb km ma mb md me ml mm ms my n nd no ns of ok on op or os pm pt"
    " px qa qq rd re s sd sh so st tc th to ts tt tv tz ua ui up us v vc vm vs we wx x y z"
)
_SHORT: Final = frozenset(_SHORT_PIECES.split())


def is_random(text: str) -> bool:
    """Tell whether `text` holds ten or more letters and digits in a row that are no words.

    >>> is_random("Zx9secretTOKENqW"), is_random("iso3166Alpha2"), is_random("utm_source")
    (True, False, False)
    """
    return len(text) >= 10 and any(_is_token(run) for run in _RUN.findall(text))


def _is_token(run: str) -> bool:
    if len(_SWITCH.findall(run)) > _MOST_SWITCHES:
        return True
    odd = sum(map(_is_odd, _PIECE.findall(run)))
    if odd < 2:
        return False
    return odd > 2 or any(map(str.isdigit, run))


def _is_odd(piece: str) -> bool:
    """Tell whether a piece is no word: too short and not known, or not to be spoken."""
    if piece[0].isdigit():
        return False
    if len(piece) <= 2:
        return piece.lower() not in _SHORT
    return not piece.isupper() and _UNSPEAKABLE.search(piece) is not None
