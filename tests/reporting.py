"""Comparisons to report on, and a reader of pages, for the tests of the reports."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any, TypeVar

import synthetic
from synthetic import blind, finding, findings, frames, sessions, signal

from analyzer.compare import compare
from analyzer.comparison import Comparison
from reports.templating import fingerprint, source

MARKUP = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
BIDI = "\u202ekid\u2066\u200f"
CONTROL = "\x00\x1b[2J\x9b31m\x7f\r\n\t"
HOSTILE = MARKUP + BIDI + CONTROL + "\ud800'`|*_@&amp;"
Record = TypeVar("Record")
_FIXED = {
    # What the program or its knowledge writes, and looks up.
    "kind", "side", "which", "role", "party", "state", "part", "method", "stage", "consent",
    "verdict", "alternative", "subject", "law", "measure", "level",
}  # fmt: skip
_BLOCKS = {
    "p", "li", "div", "td", "th", "dt", "dd", "caption", "h1", "h2", "h3", "h4", "small", "summary",
    "pre", "b", "option", "title", "desc", "text", "nav", "button", "label",
}  # fmt: skip
_VOID = {"meta", "link", "br"}


def sent_only_in_kenya(n: int = 6) -> Comparison:
    """`n` sessions on each side: an advertising ID only in Kenya, the rest alike or not decided."""
    every, half = range(1, n + 1), range(1, n // 2 + 1)
    found = [
        *findings("KE-13", every),
        *findings("DE-13", every, data_type="dev.model", path="model"),
        *findings("KE-13", every, data_type="dev.model", path="model"),
        *findings("KE-13", half, data_type="ad.interest", path="tags", owner="Bidriver"),
    ]
    signals = [signal(f"DE-13-r{repeat:02d}", "protective") for repeat in every]
    signals += [signal(f"KE-13-r{repeat:02d}", "non_protective") for repeat in every]
    return compare(
        frames(
            sessions(n, "DE-13", "KE-13"),
            found,
            signals=signals,
            coverage=[
                blind("DE-13-r01", exchanges=3, bytes_up=1200, bytes_down=34_000),
                blind("KE-13-r01", "Lockstep", refused=2),
            ],
            problems=[
                {
                    "session": "KE-13-r01",
                    "exchange": "1",
                    "host": "app.waymark.example",
                    "stage": "decode",
                    "code": "opaque_body",
                    "detail": "",
                }
            ],
        ),
        synthetic.study(),
        synthetic.knowledge(),
        "DE",
        "KE",
    )


def with_adults(children: bool = True) -> Comparison:
    """Twelve sessions of each arm. The ID is sent in Kenya: of children only, or of adults too."""
    every = range(1, 13)
    found = findings("KE-13", every)
    found += [] if children else findings("KE-30", every)
    return compare(
        frames(sessions(12, "DE-13", "DE-30", "KE-13", "KE-30"), found),
        synthetic.study(),
        synthetic.knowledge(),
        "eea",
        "global_majority",
    )


def one_session_each() -> Comparison:
    """A study that can carry no verdict."""
    return sent_only_in_kenya(1)


def nothing_found() -> Comparison:
    """Sessions in which nothing was recognised."""
    return compare(
        frames(sessions(6, "DE-13", "KE-13")), synthetic.study(), synthetic.knowledge(), "DE", "KE"
    )


def many_recipients(count: int) -> Comparison:
    """An ID for many recipients, some of them with names that are long."""
    owners = [f"Recipient {number} of advertising" for number in range(count)]
    found = [
        finding(f"KE-13-r{repeat:02d}", owner, host=f"ads.{number}.a-long-name-of-a-host.example")
        for number, owner in enumerate(owners)
        for repeat in range(1, 7)
    ]
    return compare(
        frames(sessions(6, "DE-13", "KE-13"), found),
        synthetic.study(),
        synthetic.knowledge(),
        "DE",
        "KE",
    )


def poisoned(record: Record, text: str = HOSTILE) -> Record:
    """`record` with `text` behind every piece of text in it that a capture could have brought."""
    found: Record = _poisoned(record, text)
    return found


def _poisoned(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return value + text if value else value
    if isinstance(value, tuple):
        return tuple(_poisoned(each, text) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{
                field.name: _poisoned(getattr(value, field.name), text)
                for field in fields(value)
                if field.name not in _FIXED or is_dataclass(getattr(value, field.name))
            },
        )
    return value


def its_own_script_and_no_other(html: str) -> bool:
    """Say whether a page has one script, to the byte that of the program, and may run no other."""
    script = source("report.js")
    written = re.findall(r"<script.*?</script", html, re.DOTALL | re.IGNORECASE)
    [policy] = [
        each["content"]
        for each in Page(html).named("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    return (
        written == [f"<script>{script}</script"]
        and re.findall(r"script-src [^;]*;", policy) == [f"script-src {fingerprint(script)};"]
        and policy.startswith("default-src 'none';")
    )


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, its text, and whether it nests."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()
        self.text += "\n" * (tag in _BLOCKS)

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["style"], ["script"]):
            self.text += data

    def attributes(self, name: str) -> list[str]:
        """Return the values of an attribute, in the order of the page."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    def named(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every element of one name."""
        return [attributes for name, attributes in self.tags if name == tag]

    def words(self) -> str:
        """Return the text with every run of white space made one space."""
        return " ".join(self.text.split())
