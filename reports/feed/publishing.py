"""A recommender audit as it may be published: nothing of creators, nor of the study's people.

The records of an audit hold no text, name or id of what strangers wrote. What could still lead
somewhere goes here: digests of items, names of accounts and of coders, the words that the study
looks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TypeVar

from analyzer.feed.audit_records import AccountState, Audit
from analyzer.feed.measures.records import AccountFigures
from analyzer.said import Said
from reports.feed.record import numbered

_T = TypeVar("_T", AccountState, AccountFigures)


def account_numbers(names: Iterable[str], key: bytes) -> dict[str, str]:
    """Return what each account is called in what is published: "account 1" and so on.

    The order is drawn with the study's `key`: neither that of the names nor that in which the study
    declares them would hide who is who from those who know the names.
    """

    def drawn(name: str) -> bytes:
        return blake2b(f"published account\0{name}".encode(), key=key[:64]).digest()

    known = sorted({name for name in names if name}, key=drawn)
    return {name: f"account {number}" for number, name in enumerate(known, 1)}


def published(audit: Audit, numbers: Mapping[str, str]) -> Audit:
    """Return `audit` with accounts by number, arm by arm in their order, and without digests.

    `numbers` are those of all accounts of the study (`account_numbers`).
    """
    place = {name: order for order, name in enumerate(numbers)}
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
            accounts=tuple(
                replace(each, name=numbers[each.name])
                for each in _ordered(compared.accounts, place)
            ),
        ),
        accounts=tuple(
            replace(each, name=numbers[each.name]) for each in _ordered(audit.accounts, place)
        ),
        elsewhere=tuple(numbers[each] for each in sorted(audit.elsewhere, key=place.__getitem__)),
        agreement=numbered(audit.agreement),
        drives=tuple(
            replace(each, account=numbers.get(each.account, ""), by=()) for each in audit.drives
        ),
        cautions=tuple(replace(each, text=_said(each.text, numbers)) for each in audit.cautions),
        examples=tuple(
            replace(each, account=numbers.get(each.account, ""), key="") for each in audit.examples
        ),
    )


def _ordered(accounts: Sequence[_T], place: Mapping[str, int]) -> list[_T]:
    """Return `accounts` by arm, in the order of the arms, and in each by number."""
    arms = list(dict.fromkeys((each.side, each.role) for each in accounts))
    return sorted(accounts, key=lambda each: (arms.index((each.side, each.role)), place[each.name]))


def _said(text: Said, names: Mapping[str, str]) -> Said:
    """Return a sentence with the numbers of the accounts that are filled in."""
    return text.of(**{name: _filled(value, names) for name, value in text.parameters.items()})


def _filled(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, Said):
        return _said(value, names)
    if isinstance(value, tuple):
        listed = [name for name in names if name in value]  # the order of a list tells, too
        rest = [each for each in value if not (isinstance(each, str) and each in names)]
        return tuple(_filled(each, names) for each in (*listed, *rest))
    return names.get(value, value) if isinstance(value, str) else value
