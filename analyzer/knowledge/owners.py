"""`owners.csv`, `owners_supplement.csv`, `parents.csv`: who is behind a domain, and above them.

`owners.csv` is made by `update_owners.py` from a public list and is not edited by hand; the
supplement is ours and wins, and the sites that a tracker file declares win over both. Lines that
begin with ``#`` are comments; the first one of `owners.csv` is the attribution. A parent that
nobody has looked up is checked, and not told.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from analyzer.knowledge.records import PURPOSES, Fault, OwnerEntry, Owners, Tracker

COLUMNS = ("domain", "owner", "category", "source")
PARENT_COLUMNS = ("owner", "parent", "verified", "source")
_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def read_owner_file(name: str, text: str) -> tuple[dict[str, OwnerEntry], str, list[Fault]]:
    """Return the entries by domain, the first comment, and what is wrong, of one CSV file."""
    entries: dict[str, OwnerEntry] = {}
    faults: list[Fault] = []
    for line, row in _rows(name, text, COLUMNS, faults):
        if fault := _fault(row, entries):
            faults.append(Fault(name, line, fault))
        else:
            entries[row[0]] = OwnerEntry(*row)
    comment = next((each for each in text.splitlines() if each.startswith("#")), "")
    return entries, comment.lstrip("# "), faults


def read_parents(
    name: str, text: str, known: Collection[str]
) -> tuple[Mapping[str, str], list[Fault]]:
    """Return the verified parents by owner, and what is wrong. `known` are all owners there are."""
    parents: dict[str, str] = {}
    every: set[str] = set()
    faults: list[Fault] = []
    above: dict[str, int] = {}  # parent -> line of the first that names it
    for line, row in _rows(name, text, PARENT_COLUMNS, faults):
        if fault := _parent_fault(row, every, known):
            faults.append(Fault(name, line, fault))
            continue
        owner, parent, verified, _ = row
        every.add(owner)
        above.setdefault(parent, line)
        if verified == "yes":
            parents[owner] = parent
    faults += [
        Fault(name, line, f"{parent!r} has a parent itself: name the top company")
        for parent, line in above.items()
        if parent in every
    ]
    return parents, faults


def _rows(
    name: str, text: str, columns: tuple[str, ...], faults: list[Fault]
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and values of each row, without comments and the header."""
    rows = csv.reader(text.splitlines())
    header: list[str] | None = None
    for row in rows:
        if not row or row[0].startswith("#"):
            continue
        if header is None:
            header = row
            if tuple(row) != columns:
                faults.append(
                    Fault(name, rows.line_num, f"the columns are not {','.join(columns)}")
                )
        elif len(row) != len(columns):
            faults.append(Fault(name, rows.line_num, f"has {len(row)} values, not {len(columns)}"))
        else:
            yield rows.line_num, row


def _parent_fault(row: list[str], every: set[str], known: Collection[str]) -> str:
    owner, parent, verified, source = row
    if owner not in known:
        return f"owner {owner!r} is in no list of owners"
    if owner in every:
        return f"{owner!r} is there twice"
    if not parent or parent == owner:
        return f"{owner!r} has no parent but itself"
    if verified not in ("yes", "no"):
        return f"verified is {verified!r}; use yes or no"
    if not source or (verified == "yes" and not source.startswith(("http://", "https://"))):
        return f"{owner!r} has no source that can be opened"
    return ""


def _fault(row: list[str], entries: dict[str, OwnerEntry]) -> str:
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
    parents: Mapping[str, str],
) -> Owners:
    """Return all entries as one table."""
    entries = {**listed, **supplement}
    for tracker in trackers:
        for site in tracker.sites:
            known = entries.get(site)
            purpose = tracker.purpose or (known.category if known else "")
            source = tracker.source or tracker.file
            entries[site] = OwnerEntry(site, tracker.owner, purpose, source)
    return Owners(entries, attribution, parents)
