"""Every form in which a recommender audit is written: its files, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from analyzer.errors import UserError
from reports.feed.markdown import feed_markdown
from reports.feed.page import render_feed
from reports.feed.pictured import exposure
from reports.feed.record import feed_record, feed_record_json
from reports.feed.tables import feed_files
from reports.feed.view import view
from reports.feed.workbook import feed_workbook
from reports.language import Language
from reports.pdf import page_pdf
from reports.pictures.alone import alone, as_png

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

Files = Iterator[tuple[str, bytes]]
# The ending of each form of one file; the others are several tables.
SINGLE: Final = {
    "html": ".html", "json": ".json", "pdf": ".pdf", "markdown": ".md", "xlsx": ".xlsx",
    "svg": ".svg", "png": ".png",
}  # fmt: skip
TABLES: Final = ("csv", "parquet")
PICTURES: Final = ("svg", "png")  # the share over feed time, without the page around it
USUAL: Final = ("html", "json")
_MACHINES: Final = ("json", *TABLES)  # in English, whatever the reader speaks


def name(audit: Audit) -> str:
    """Return how the files of an audit begin."""
    return f"feed-{audit.sides[0].name}-{audit.sides[1].name}"


def files(audit: Audit, forms: tuple[str, ...], languages: tuple[str, ...]) -> Files:
    """Yield (what stands behind the name of the audit, content) of every file.

    In other languages than English the code of the language stands before the ending.
    """
    for form in dict.fromkeys(forms):
        for code in ("en",) if form in _MACHINES else dict.fromkeys(languages):
            mark = "" if code == "en" else f".{code}"
            for ending, content in _written(audit, form, Language(code)):
                yield f"{mark}{ending}", content


def _written(audit: Audit, form: str, language: Language) -> Files:
    if form in TABLES:
        yield from feed_files(feed_record(audit), form)
    elif form == "json":
        yield ".json", feed_record_json(feed_record(audit)).encode()
    elif form == "markdown":
        yield ".md", feed_markdown(view(audit, language)).encode()
    elif form in PICTURES:
        yield f".{form}", _picture(audit, form, language)
    elif form == "xlsx":
        yield ".xlsx", feed_workbook(audit, language)
    elif form == "pdf":
        yield ".pdf", page_pdf(render_feed(audit, language), audit.ended)
    else:
        yield ".html", render_feed(audit, language).encode()


def _picture(audit: Audit, form: str, language: Language) -> bytes:
    drawn = exposure(view(audit, language))
    if drawn is None:
        raise UserError(
            "there is nothing to draw: no account has enough coded items in a window of feed time",
            "record longer, or let people code more: evenhand feed code",
        )
    picture = alone(drawn.wide)
    return as_png(picture) if form == "png" else picture.svg.encode()
