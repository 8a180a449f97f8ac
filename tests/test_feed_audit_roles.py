"""Accounts that did not watch as their roles say: they are named, and what they forbid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from feed_audits import protocol

from analyzer.feed.audit_roles import Roles
from analyzer.feed.protocol import Account
from analyzer.feed.records import Role
from analyzer.simulation.feed_accounts import POSITIVE

OTHER = "neutral"
# How long 30 items of what matches, and 30 others, were watched; and which of them wholly.
Watching = tuple[tuple[float, int], tuple[float, int]]
LOOKED_LONGER: Watching = ((20.0, 28), (3.0, 1))
ALIKE: Watching = ((10.0, 12), (10.0, 12))
SHORTER: Watching = ((10.0, 26), (10.0, 5))  # items, that is; they are watched as long
LONGER: Watching = ((24.0, 30), (12.0, 30))  # items; all are watched to their end
LESS: Watching = ((3.0, 1), (20.0, 28))


def account(name: str, role: Role) -> Account:
    return Account(name, "KE-13", role, "blue" if role == "seeded" else "", "1")


def shown(name: str, watched: Watching, items: int = 30) -> Any:
    """What an account was shown, as an audit reads it."""
    rows: list[dict[str, Any]] = []
    for (seconds, wholly), kind in zip(watched, (POSITIVE, OTHER), strict=True):
        rows += [
            {"account": name, "item_key": f"{kind}-{number}", "watch_s": seconds,
             "engaged": number < wholly}
            for number in range(items)
        ]  # fmt: skip
    rows.append({"account": name, "item_key": "uncoded", "watch_s": 900.0, "engaged": True})
    rows.append({"account": name, "item_key": f"{POSITIVE}-0", "watch_s": None, "engaged": None})
    return pa.RecordBatch.from_pylist(rows)


def roles(watched: Sequence[tuple[str, Role, Watching]], items: int = 30) -> Roles:
    categories = {f"{kind}-{number}": kind for kind in (POSITIVE, OTHER) for number in range(30)}
    accounts = [(account(name, role), "KE") for name, role, _ in watched]
    found = Roles(accounts, protocol(), categories)
    for name, _, how in watched:
        found.look(shown(name, how, items))
    return found


@pytest.mark.parametrize(
    ("role", "watched", "kept"),
    [
        ("seeded", LOOKED_LONGER, True),
        ("seeded", ALIKE, False),
        ("seeded", LESS, False),
        ("control", ALIKE, True),
        ("control", SHORTER, True),
        ("control", LONGER, True),
        ("control", LESS, True),
        ("control", LOOKED_LONGER, False),
        ("observed", LESS, True),
        ("observed", LOOKED_LONGER, True),
    ],
)
def test_a_role_shows_in_what_is_watched_longer(role: Role, watched: Watching, kept: bool) -> None:
    assert roles([("ke-1", role, watched)]).unkept == ([] if kept else ["ke-1"])


def test_of_a_few_items_nothing_is_said_but_of_all_accounts_as_one() -> None:
    assert roles([("ke-1", "seeded", LESS)], items=19).unkept == []
    assert roles([("ke-1", "seeded", LESS)], items=20).unkept == ["ke-1"]
    both: list[tuple[str, Role, Watching]] = [
        ("ke-1", "seeded", LESS), ("ke-2", "seeded", LESS), ("us-1", "control", LOOKED_LONGER),
    ]  # fmt: skip
    found = roles(both, items=12)
    assert found.unkept == ["ke-1", "ke-2"]
    assert [each.have for each in found.reasons([("KE", "seeded")])] == [1.0]
    kept: list[tuple[str, Role, Watching]] = [
        ("ke-1", "seeded", LOOKED_LONGER), ("ke-2", "seeded", LOOKED_LONGER),
    ]  # fmt: skip
    assert roles(kept, items=12).unkept == []


def test_one_of_five_accounts_forbids_nothing_and_two_do() -> None:
    four: list[tuple[str, Role, Watching]] = [
        (f"ke-{number}", "seeded", LOOKED_LONGER) for number in range(4)
    ]
    one = roles([*four, ("ke-4", "seeded", LESS), ("ke-c", "control", ALIKE)])
    assert one.unkept == ["ke-4"]
    assert list(one.reasons([("KE", "seeded"), ("KE", "control")])) == []
    two = roles([*four[:3], ("ke-3", "seeded", LESS), ("ke-4", "seeded", LESS)])
    [reason] = two.reasons([("KE", "seeded"), ("KE", "control")])
    assert (reason.code, reason.have, reason.need) == ("role_not_kept", 0.4, 0.2)
    assert list(two.reasons([("US", "seeded"), ("KE", "control")])) == []
