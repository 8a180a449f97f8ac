"""What the name of a field has to say for a number in it to be a birth date, a place or a phone."""

from __future__ import annotations

import re
from typing import Final

BIRTH: Final = ("birth", "dob", "bday", "born", "age")
PHONE: Final = ("phone", "mobile", "msisdn", "cell", "tel", "whatsapp", "sms")
DEGREES: Final = ("latitude", "longitude", "lat", "lon", "lng", "long")
PLACE: Final = (*DEGREES, "coord", "geo", "gps", "loc", "position", "point", "place", "x", "y")
# Short words are whole ones: "dob" is in "adobe", "age" in "page".
_WORDS: Final = {
    BIRTH: (
        r"birth|geburt|naissance|nacimiento|nascimento"
        r"|(?<![a-z])(?:(?:user|child|kid|player)?dob|bday|born|age)(?![a-z])"
    ),
    PHONE: (
        r"phone|mobile|msisdn|whatsapp"
        r"|(?<![a-z])(?:tel|cell|sms|cell_?number)(?![a-z])"
    ),
    PLACE: (
        r"latitude|longitude|coord|geo|gps|latlng|location|position"
        r"|(?<![a-z])(?:lat|lon|lng|long|ll|loc|point|place|center|x|y)(?![a-z])"
    ),
    DEGREES: r"latitude|longitude|(?<![a-z])(?:lat|lon|lng|long)(?![a-z])",
}
_IN_NAME: Final = {keys: re.compile(words) for keys, words in _WORDS.items()}
_SIGN: Final = rb"(?:%(?:25)*(?:22|3d|3a|3e|20|2b)|[\"'\\ :=>+(/])"
_BEFORE: Final = {
    keys: re.compile(
        rb"(?:" + words.encode() + rb")(?:[_\-]?[a-z]{1,12}){0,2}" + _SIGN + rb"{1,8}\Z"
    )
    for keys, words in _WORDS.items()
}
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REACH: Final = 64  # bytes before a value in which its name stands


def fits(path: str, keys: tuple[str, ...]) -> bool:
    """Tell whether the name of the field at `path`, or what holds it, has one of `keys`.

    The keys of this module may stand anywhere in the path, others in its last two steps.

    >>> fits("app.userDob", BIRTH), fits("adobe.page", BIRTH), fits("a.zipCode", ("zip",))
    (True, False, True)
    """
    known = _IN_NAME.get(keys)
    if known is not None:
        return known.search(_HUMP.sub("_", path).lower()) is not None
    name = ".".join(path.lower().rsplit(".", 2)[-2:])
    return any(key in name for key in keys)


def stands_before(text: bytes, start: int, first: int, keys: tuple[str, ...]) -> bool:
    """Tell whether a name with one of `keys` stands right before text[start], not before `first`.

    `text` is lower case and was not taken apart: ``{"dob": "2012...``, ``dob=2012``.
    """
    known = _BEFORE.get(keys)
    return known is not None and known.search(text[max(first, start - _REACH) : start]) is not None
