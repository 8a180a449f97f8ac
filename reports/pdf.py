"""The page on paper: printed to PDF by the Chromium of this machine, which asks nobody anything.

Breaks, contents and numbers at the foot are the page's own (its print style); the numbers in its
contents are put in here. The same page gives the same
bytes with the same Chromium and fonts: the dates that Chromium writes are replaced.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Final

from pypdf import PdfReader

from reports.chromium import made_of

# Skia writes dates of this form only, and uncompressed; what replaces one has its length.
_DATE: Final = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}([+-]\d\d'\d\d'\))")
_NO_DATE: Final = "19700101000000"
# The contents of a page, and what they lead to.
_NAV: Final = re.compile(r"<nav\b.*?</nav>", re.DOTALL)
_ENTRY: Final = re.compile(r'<a href="#([A-Za-z][\w-]*)"')
_CONTENTS: Final = (
    "nav { break-inside: avoid; }"
    "nav ol { columns: 2; column-gap: 3em; }"
    "nav a { display: flex; gap: .6em; justify-content: space-between; }"
    "nav a::after { min-width: 1.8em; text-align: end; font-variant-numeric: tabular-nums; }"
)
_WIDEST: Final = 88  # as wide as any number that there may be, so that nothing moves
_PASSES: Final = 3  # two, but for a page whose contents moved it


def page_pdf(page: str, moment: str = "") -> bytes:
    """Return an HTML page, as it prints, as PDF with an outline and pages in its contents.

    The contents are the links in ``nav``. No browser knows on which page they lead while it lays
    out; so the page is printed, and printed again with the numbers that this has shown. `moment`
    (ISO 8601) is the date that the PDF bears; "" is the first of 1970. `UserError` where there is
    no Chromium, or it does not print.
    """
    entries = tuple(dict.fromkeys(_ENTRY.findall(found[0] if (found := _NAV.search(page)) else "")))
    numbers: Mapping[str, int] = dict.fromkeys(entries, _WIDEST)
    written = _printed(_numbered(page, numbers))
    for _ in range(_PASSES if entries else 0):
        shown = _pages(written, entries)
        if shown == numbers:
            break
        numbers = shown
        written = _printed(_numbered(page, numbers))
    digits = re.sub(r"\D", "", moment)[:14].ljust(14, "0") if moment else _NO_DATE
    return _DATE.sub(rb"\g<1>" + digits.encode() + rb"\g<2>", written)


def _numbered(page: str, numbers: Mapping[str, int]) -> str:
    """Return `page` with a style sheet that puts these numbers behind its contents."""
    rules = [f'nav a[href="#{name}"]::after {{ content: "{at}"; }}' for name, at in numbers.items()]
    style = f"<style>{_CONTENTS}{''.join(rules)}</style>"
    return page.replace("</head>", f"{style}</head>", 1) if rules else page


def _pages(written: bytes, entries: tuple[str, ...]) -> dict[str, int]:
    """Return on which page, counted from 1, each entry of the contents begins."""
    read = PdfReader(io.BytesIO(written))
    places = read.named_destinations
    found = {}
    for name in entries:
        place = places.get(f"/{name}")
        at = None if place is None else read.get_destination_page_number(place)
        if at is not None:
            found[name] = at + 1
    return found


def _printed(page: str) -> bytes:
    """Print once."""
    return made_of(page, ".pdf", "--no-pdf-header-footer", "--generate-pdf-document-outline")
