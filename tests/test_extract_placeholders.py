"""Values that say nothing."""

from __future__ import annotations

import pytest

from analyzer.extract.placeholders import PLACEHOLDERS, says_nothing
from analyzer.knowledge import load_knowledge


@pytest.mark.parametrize(
    ("data_type", "value", "meant"),
    [
        ("loc.wifi_cell", "02:00:00:00:00:00", "02:1a:2b:3c:4d:5e"),
        ("id.device", "9774d56d682e549c", "9774d56d682e549d"),
        ("id.ip", "127.0.0.1", "41.90.1.2"),
        ("id.ip", "0.0.0.0", "10.0.0.7"),
        ("id.ip", "::1", "2001:db8::1"),
        ("soc.contacts", "0", "12"),
        ("id.account", " 0 ", "10"),
        ("person.username", "Guest", "guest.wanjiku"),
        ("person.credentials", "********", "*secret*"),
        ("person.email", "null@null.com", "ada@null.com"),
        ("demo.birthdate", "1900-01-01", "1999-01-01"),
        ("demo.birthdate", "1900-01-01T00:00:00Z", "2013-01-01T00:00:00Z"),
    ],
)
def test_a_placeholder_says_nothing_under_its_type(data_type: str, value: str, meant: str) -> None:
    assert says_nothing(data_type, value)
    assert not says_nothing(data_type, meant)


def test_a_placeholder_of_one_type_is_a_value_of_another() -> None:
    assert not says_nothing("dev.state", "0")
    assert not says_nothing("demo.gender", "0")
    assert not says_nothing("dev.network", "127.0.0.1")
    assert not says_nothing("id.account", "x" * 1000)


def test_each_placeholder_is_of_a_known_type_and_says_why() -> None:
    known = load_knowledge().types
    for each in PLACEHOLDERS:
        assert known.keys() >= set(each.types)
        assert each.reason
        assert each.source
        for data_type in each.types:
            assert all(says_nothing(data_type, value) for value in each.values)
