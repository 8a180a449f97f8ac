"""From bytes to text, and what counts as text. Not a decoder itself."""

from __future__ import annotations

import re

from analyzer.decoders import Number, Pairs

# Never `codecs.lookup` of a captured name: some codecs are quadratic, and aliases are many.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "ucs-2": "utf-16",
    "utf-32": "utf-32",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 15)},
    **{f"windows-{page}": f"cp{page}" for page in (1250, 1253, 1254, 1255, 1257, 1258, 874)},
    "windows-1251": "cp1251",
    "windows-1256": "cp1256",
    "koi8-r": "koi8-r",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_STRUCTURE = re.compile(
    r"[@:/=&;,|{}<>\s]|^\+?[0-9]{6,}$|^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
)


_LEAST_READ = 4


def is_text(text: str) -> bool:
    """Whether `text` has no control characters but tabs and line ends."""
    return text.isprintable() or not _CONTROL.search(text)


def has_structure(text: str) -> bool:
    """Whether `text` reads like something that was written: a separator, a long number, a UUID."""
    return _STRUCTURE.search(text) is not None


def utf8(content: bytes) -> str | None:
    """Return `content` as UTF-8, or None."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _in(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset)
    except UnicodeDecodeError:
        return None


def to_text(content: bytes, charset: str = "", *, announced: bool = True) -> str | None:
    """Return `content` as text by its byte order mark, `charset`, UTF-8 or CP-1252; None if binary.

    An unknown or unfitting `charset` is ignored. CP-1252 stands in for Latin-1, as in browsers;
    some bytes of a cipher fit it too, so without a charset it takes that text was `announced`.
    """
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        wide = _in(content, "utf-32")
        if wide is not None:
            return wide
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _in(content, "utf-16")
    named = _CHARSETS.get(charset, "")
    if named:
        text = _in(content, named)
        if text is not None and (is_text(text) or named == "utf-8"):
            return text
    # ASCII in UTF-16 is half zeros; that is proof enough for what nobody called text.
    zeros = 4 if announced else 9 / 4 if len(content) >= 8 else 0
    if b"\0" in content[:2] and len(content) % 2 == 0 and content.count(0) * zeros >= len(content):
        wide = _in(content, "utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
        if wide is not None and is_text(wide):
            return wide
    if len(content) % 4 == 0 and content.count(0) * 4 >= len(content) * 3 > 0:
        wide = _in(content, "utf-32-le" if content[:1] != b"\0" else "utf-32-be")
        if wide is not None and is_text(wide):
            return wide
    text = utf8(content)
    if text is not None or not (named or announced):
        return text
    text = _in(content, "cp1252")
    return text if text is not None and is_text(text) else None


# Of what can be unpacked or read in turn; of zlib the headers that are in use.
_MAGIC = (
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"bplist00",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
)


def legible(content: bytes) -> bool:
    """Whether bytes are text, or begin like something that can be read in turn."""
    if content.startswith(_MAGIC):
        return True
    text = utf8(content)
    return text is not None and is_text(text)


def is_readable(tree: object, size: int) -> bool:
    """Whether names and texts are half of what `tree` was read from, `size` bytes, or more.

    Bytes that are neither text nor begin like something that can be read count on neither side.
    """
    read = 0
    pending = [tree]
    while pending:
        each = pending.pop()
        if isinstance(each, str) and not isinstance(each, Number):
            read += len(each)
        elif isinstance(each, bytes):
            if legible(each):
                read += len(each)
            else:
                size -= len(each)
        elif isinstance(each, dict):
            pending += each
            pending += each.values()
        elif isinstance(each, Pairs):
            pending += [part for pair in each for part in pair]
        elif isinstance(each, list):
            pending += each
    return read >= _LEAST_READ and read * 2 >= size


def clean(text: str) -> str:
    """Return `text` with U+FFFD for lone surrogates, so that it can be encoded."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def without_surrogates(tree: object) -> object:
    """Return a tree of JSON with `clean` text."""
    if isinstance(tree, Number):
        return tree
    if isinstance(tree, str):
        return clean(tree)
    if isinstance(tree, Pairs):
        return Pairs([(clean(name), without_surrogates(value)) for name, value in tree])
    if isinstance(tree, dict):
        return {clean(name): without_surrogates(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [without_surrogates(value) for value in tree]
    return tree
