"""Credentials out of what is exported: whoever gets a file must not be able to act as the persona.

What counts is the name: of a header, a query parameter, a form field or a JSON key. Identifiers are
kept, because they are what a study is about.
"""

from __future__ import annotations

import re

from analyzer.models import Headers

REDACTED = "[redacted]"
_MARK = REDACTED.encode()
_SECRET_HEADERS = frozenset({"cookie", "cookie2", "set-cookie", "set-cookie2"})
_SECRET_HEADER = re.compile(
    r"token|secret|api-?key|passw|session|authoriz|authentic|(?<![a-z])auth(?![a-z])|"
    r"[cx]srf|credential|jwt|sid-guard"
)
_KEY = (
    rb"[A-Za-z0-9_.\[\]-]{0,40}?(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|"
    rb"session[_-]?(?:id|key|ss)?|authorization|credentials?|jwt|otp|[cx]srf|cookies?)(?:_?ss)?"
)
_PLAIN = re.compile(
    rb'("' + _KEY + rb'"\s*:\s*)(?:"((?:[^"\\]|\\.)*+)"|(-?[0-9][0-9.eE+-]*))', re.IGNORECASE
)
_NESTED = re.compile(
    rb'(?<!\\)(?P<q>\\{1,15}")' + _KEY + rb"(?P=q)\s*:\s*(?P=q)(?P<value>.*?)(?P=q)",
    re.IGNORECASE | re.DOTALL,
)
_PAIR = re.compile(
    rb"(?<![A-Za-z0-9_.\[\]-])(" + _KEY + rb"(?:%5B[^=&]{0,40}%5D)?=)([^&;#\s\"'<>\\]+)",
    re.IGNORECASE,
)
_PART = re.compile(
    rb'(name="' + _KEY + rb'"[^\r\n]{0,200}\r\n(?:[^\r\n]+\r\n){0,10}\r\n)([^\r\n]+)', re.IGNORECASE
)
_USER = re.compile(r"(?<=://)[^/@?#\s]+@")


class Redactor:
    """Replaces credentials and counts them. With `active` False everything stays."""

    def __init__(self, *, active: bool) -> None:
        self._active = active
        self._found = 0

    def headers(self, headers: Headers) -> Headers:
        """Return the headers with the values of secret ones replaced as a whole."""
        return tuple((name, self._header(name, value)) for name, value in headers)

    def _header(self, name: str, value: str) -> str:
        if not self._active or not value:
            return value
        lower = name.lower()
        if lower in _SECRET_HEADERS or _SECRET_HEADER.search(lower):
            self._found += 1
            return REDACTED
        return self.url(value)

    def url(self, url: str) -> str:
        """Return a URL, or a header that may hold one, without credentials in it."""
        if not self._active or ("=" not in url and "@" not in url):
            return url
        bare, users = _USER.subn("redacted@", url)
        self._found += users
        raw = bare.encode("utf-8", "surrogatepass")
        return self._pairs(raw).decode("utf-8", "surrogatepass")

    def text(self, content: bytes) -> bytes:
        """Return a body without content coding, with credentials in it replaced; binary stays."""
        if not self._active or not content:
            return content
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return content
        content, plain = _PLAIN.subn(rb'\g<1>"' + _MARK + rb'"', content)
        content, nested = _NESTED.subn(_nested, content)
        content, parts = _PART.subn(rb"\g<1>" + _MARK, content)
        self._found += plain + nested + parts
        return self._pairs(content)

    def _pairs(self, content: bytes) -> bytes:
        content, found = _PAIR.subn(rb"\g<1>" + _MARK, content)
        self._found += found
        return content

    def told(self) -> list[str]:
        """Say what was replaced, and what this cannot find."""
        if not self._active:
            return []
        what = f"{self._found} values with the names of credentials, replaced by {REDACTED}"
        return [f"{what}; those in binary bodies or under other names are still there"]


def _nested(found: re.Match[bytes]) -> bytes:
    start, end = found.span("value")
    base = found.start()
    return found[0][: start - base] + _MARK + found[0][end - base :]
