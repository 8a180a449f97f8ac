"""How much of a side could be read, in one sentence."""

from __future__ import annotations

from dataclasses import fields

import pytest

from analyzer.comparison import CoverageRow, Which
from reports.coverage import CONNECTIONS, host_lines, side_coverage


def row(host: str, side: Which = "a", /, **changed: int) -> CoverageRow:
    numbers = {each.name: 0 for each in fields(CoverageRow) if each.type == "int"}
    numbers |= {"k": 1, "n": 6} | changed
    return CoverageRow(side=side, owner="Waymark", party="third", site="x", host=host, **numbers)


def test_hosts_are_read_in_part_or_not_at_all() -> None:
    rows = [
        row("whole", exchanges=3, bytes_up=90, bytes_down=10, decrypted=2),
        row("part", exchanges=1, bytes_up=100, pinned=1, refused=1),
        row("passed", unread_up=100, passed=1),
        row("elsewhere", "b", exchanges=9, bytes_up=9000),
    ]
    found = side_coverage(rows, "a")
    assert found.sentence == (
        "of 1 of 3 hosts everything could be read, of 1 a part, of 1 nothing; 67% of the bytes;"
        " 100 B passed unread"
    )
    assert found.connections == (
        ("decrypted", 2),
        ("passed through unread", 1),
        ("refused by a pinned certificate", 1),
    )


@pytest.mark.parametrize("what", ["refused", "unread_down", "opaque", "cut", "blocked", "unseen"])
def test_whatever_hides_something_keeps_a_host_from_being_read_completely(what: str) -> None:
    found = side_coverage([row("host", exchanges=3, **{what: 1})], "a")
    assert (found.whole, found.part) == (0, 1)
    [line] = host_lines([row("host", exchanges=3, **{what: 1})])
    assert line.unread


def test_a_side_that_nobody_saw_anything_of_has_no_share() -> None:
    assert side_coverage([], "b").share is None
    assert side_coverage([row("refused", refused=1)], "a").sentence == (
        "of 0 of 1 host everything could be read, of 1 nothing"
    )


def test_every_kind_of_connection_has_a_column() -> None:
    assert set(CONNECTIONS) <= {each.name for each in fields(CoverageRow)}
