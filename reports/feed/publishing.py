"""A recommender audit as it may be published: nothing of creators, nor of the study's people.

The records of an audit hold no text, name or id of what strangers wrote. What could still lead
somewhere goes here: digests of items, names of accounts and of coders, the words that the study
looks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzer.feed.audit_records import Audit
from analyzer.said import Said
from reports.feed.record import numbered


def published(audit: Audit) -> Audit:
    """Return `audit` with accounts by number, in the order of the study, and without digests."""
    names = {name: f"account {number}" for number, name in enumerate(_names(audit), 1)}
    compared = audit.comparison
    return replace(
        audit,
        protocol=replace(
            audit.protocol,
            accounts={},
            interests={
                name: replace(each, terms=(), hashtags=())
                for name, each in audit.protocol.interests.items()
            },
        ),
        comparison=replace(
            compared,
            accounts=tuple(replace(each, name=names[each.name]) for each in compared.accounts),
        ),
        accounts=tuple(replace(each, name=names[each.name]) for each in audit.accounts),
        elsewhere=tuple(names[each] for each in audit.elsewhere),
        agreement=numbered(audit.agreement),
        drives=tuple(
            replace(each, account=names.get(each.account, ""), by=()) for each in audit.drives
        ),
        cautions=tuple(replace(each, text=_said(each.text, names)) for each in audit.cautions),
        examples=tuple(
            replace(each, account=names.get(each.account, ""), key="") for each in audit.examples
        ),
    )


def _names(audit: Audit) -> list[str]:
    """Return every account's name once: those of the sides, then those that are elsewhere."""
    told = (each.name for some in (audit.accounts, audit.comparison.accounts) for each in some)
    return list(dict.fromkeys((*told, *audit.elsewhere)))


def _said(text: Said, names: Mapping[str, str]) -> Said:
    """Return a sentence with the numbers of the accounts that are filled in."""
    return text.of(**{name: _filled(value, names) for name, value in text.parameters.items()})


def _filled(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Said):
        return _said(value, names)
    if isinstance(value, tuple):
        return tuple(_filled(each, names) for each in value)
    return names.get(value, value) if isinstance(value, str) else value
