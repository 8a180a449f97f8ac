"""The audit of a feed as commands make it: with a bar on a terminal while it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.cli.options import progress

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit
    from analyzer.study import Study


def audited(study: Study, a: str, b: str) -> Audit:
    """Return `analyzer.feed.audit.audit` of two sides, and show how far it is."""
    from analyzer.feed.audit import audit

    with progress("Auditing the feed") as advance:
        return audit(study, a, b, progress=advance)
