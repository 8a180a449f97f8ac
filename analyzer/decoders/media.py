"""Which media types are for eyes and ears, or for a browser to show or run. Not a decoder itself.

Such bodies are no leaves and no problem either: there is nothing in them to decode.
"""

from __future__ import annotations

_FAMILIES = ("image/", "audio/", "video/", "font/", "model/")
_TYPES = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "text/vtt",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "application/xhtml+xml",
        "application/wasm",
        "application/font-woff",
        "application/font-woff2",
        "application/x-font-ttf",
        "application/x-font-woff",
        "application/vnd.ms-fontobject",
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "application/dash+xml",
        "application/mp4",
        "application/ogg",
    }
)
_MAGIC = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"wOFF",
    b"wOF2",
    b"\0asm",
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\x00",  # ICO
)


def is_media_type(media: str) -> bool:
    """Whether the media type (lower case, no parameters) is shown, played or run."""
    return media in _TYPES or media.startswith(_FAMILIES)


def is_media(content: bytes) -> bool:
    """Whether the first bytes are those of a picture, a sound, a film, a font or WebAssembly."""
    return content.startswith(_MAGIC) or content[4:8] == b"ftyp"
