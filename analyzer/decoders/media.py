"""Which media types are for eyes and ears, or for a browser to show or run. Not a decoder itself.

Such bodies are no leaves and no problem either: there is nothing in them to decode. What a type
promises is believed only as far as it can be seen in the first bytes.
"""

from __future__ import annotations

from analyzer.decoders.text import utf8

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
    b"II*\0",  # TIFF
    b"MM\0*",
    b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",
    b"fLaC",
    b"#!AMR",
    b"caff",
    b"FLV\x01",
    b"OTTO",
    b"ttcf",
)
# Too short, or too common elsewhere, to prove anything of a body that nobody called media.
_WEAK_MAGIC = (
    b"BM",
    b"\xff\x0a",  # JPEG XL
    b"\x00\x00\x02\x00",  # cursors
    *(bytes((0xFF, second)) for second in (0xE2, 0xE3, 0xF1, 0xF2, 0xF3, 0xF8, 0xF9, 0xFA, 0xFB)),
    b"\x0b\x77",  # AC-3
    b"\x00\x00\x01\xb3",  # MPEG
    b"\x00\x00\x01\xba",
    b"\x1f\x43\xb6\x75",  # a piece of a WebM stream
    b"\x00\x01\x00\x00",  # TrueType
    b"true",
)
_BOXES = frozenset(  # with which an MP4 file or a piece of a stream may begin
    (b"styp", b"moof", b"sidx", b"moov", b"mdat", b"free", b"skip", b"wide", b"emsg", b"prft")
)
# Types of which every form begins with one of these. Not MPEG-TS: as HLS sends it, it is encrypted.
_SHOWN_BY_MAGIC = frozenset(
    f"{family}/{subtype}"
    for family, subtypes in {
        "image": "jpeg jpg pjpeg png apng x-png gif webp avif heic heif bmp x-ms-bmp tiff jxl jp2"
        " x-icon vnd.microsoft.icon",
        "audio": "mpeg mp3 mp4 m4a x-m4a aac x-aac aacp ogg opus webm wav x-wav wave flac x-flac"
        " amr 3gpp x-caf ac3",
        "video": "mp4 quicktime webm x-matroska 3gpp ogg x-flv x-msvideo mpeg x-m4v",
        "font": "woff woff2 ttf otf sfnt collection",
        "application": "font-woff font-woff2 x-font-ttf x-font-woff wasm mp4 ogg",
    }.items()
    for subtype in subtypes.split()
)


def is_media_type(media: str) -> bool:
    """Whether the media type (lower case, no parameters) is shown, played or run."""
    return media in _TYPES or media.startswith(_FAMILIES)


def is_media(content: bytes) -> bool:
    """Whether the first bytes are those of a picture, a sound, a film, a font or WebAssembly."""
    return content.startswith(_MAGIC) or content[4:8] == b"ftyp"


def belies(media: str, content: bytes) -> bool:
    """Whether the first bytes of `content` are none that the media type could begin with.

    Another kind of media is no lie worth telling: servers mix them up. A type without known first
    bytes is believed, and so is what is UTF-8: an error message, or what a recorder has mangled.
    """
    if media not in _SHOWN_BY_MAGIC or is_media(content):
        return False
    if content.startswith(_WEAK_MAGIC) or content[4:8] in _BOXES:
        return False
    return utf8(content) is None


def is_written(media: str) -> bool:
    """Whether what the media type stands for is text: pages, scripts, play lists."""
    if media == "image/svg+xml":
        return True
    return media in _TYPES and media not in _SHOWN_BY_MAGIC and "font" not in media
