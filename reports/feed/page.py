"""The page of a recommender audit: whom to call, the answer, the picture, and what is behind it.

It has no script, asks for nothing, and holds nothing that a creator wrote, said or is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import words
from reports.feed.sections import sections
from reports.language import Language
from reports.templating import source, template

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

PAGE = "feed/page.html.j2"


def render_feed(audit: Audit, language: Language | None = None) -> str:
    """Return the page as text, in English where no `language` is named.

    The same audit and language give the same text.
    """
    language = language or Language()
    return template(language, PAGE).render(
        audit=audit,
        feed=sections(audit, language),
        style=source("report.css"),
        fictional=words.FICTIONAL,
        days=language.days(audit.started, audit.ended) if audit.started else "",
    )
