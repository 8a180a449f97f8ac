"""`owners.csv` and `owners_supplement.csv`: who is behind a domain.

`owners.csv` is made by `update_owners.py` from a public list and is not edited by hand; the
supplement is ours and wins, and the sites that a tracker file declares win over both. Lines that
begin with ``#`` are comments; the first one of `owners.csv` is the attribution.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from analyzer.knowledge.records import PURPOSES, Fault, OwnerEntry, Owners, Tracker

COLUMNS = ("domain", "owner", "category", "source")
_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def read_owner_file(name: str, text: str) -> tuple[dict[str, OwnerEntry], str, list[Fault]]:
    """Return the entries by domain, the first comment, and what is wrong, of one CSV file."""
    entries: dict[str, OwnerEntry] = {}
    faults: list[Fault] = []
    comment = ""
    rows = csv.reader(text.splitlines())
    header: list[str] | None = None
    for row in rows:
        if not row:
            continue
        if row[0].startswith("#"):
            comment = comment or ",".join(row).lstrip("# ")
        elif header is None:
            header = row
            if tuple(row) != COLUMNS:
                faults.append(
                    Fault(name, rows.line_num, f"the columns are not {','.join(COLUMNS)}")
                )
        else:
            if fault := _fault(row, entries):
                faults.append(Fault(name, rows.line_num, fault))
                continue
            entries[row[0]] = OwnerEntry(row[0], row[1], row[2], row[3])
    return entries, comment, faults


def _fault(row: list[str], entries: dict[str, OwnerEntry]) -> str:
    if len(row) != len(COLUMNS):
        return f"has {len(row)} values, not {len(COLUMNS)}"
    domain, owner, category, source = row
    if not _DOMAIN.fullmatch(domain):
        return f"{domain!r} is not a domain in lower case"
    if domain in entries:
        return f"{domain!r} is there twice"
    if not owner or not source:
        return f"{domain!r} has no {'source' if owner else 'owner'}"
    if category and category not in PURPOSES:
        return f"category is {category!r}; use one of {', '.join(PURPOSES)}, or leave it empty"
    return ""


def with_trackers(
    listed: dict[str, OwnerEntry],
    supplement: dict[str, OwnerEntry],
    attribution: str,
    trackers: Iterable[Tracker],
) -> Owners:
    """Return all entries as one table."""
    entries = {**listed, **supplement}
    for tracker in trackers:
        for site in tracker.sites:
            known = entries.get(site)
            purpose = tracker.purpose or (known.category if known else "")
            source = tracker.source or tracker.file
            entries[site] = OwnerEntry(site, tracker.owner, purpose, source)
    return Owners(entries, attribution)
