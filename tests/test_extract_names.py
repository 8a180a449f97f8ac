from __future__ import annotations

import pytest
from data_types import data_type

from analyzer.extract.names import Names

NAMES = Names(
    {
        each.id: each
        for each in (
            data_type("id.device", "device_id", "did", shapes=("uuid", "hex", "int")),
            data_type("loc.precise", "latitude", "geo.lat", shapes=("decimal", "geo")),
            data_type("demo.language", "app_language", shapes=("language",)),
            data_type("loc.coarse", "city"),
        )
    }
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("device_id", "id.device"),
        ("deviceId", "id.device"),
        ("DEVICE-ID", "id.device"),
        ("data.0.device_id", "id.device"),
        ("device_id.0", "id.device"),
        ("device.id", "id.device"),
        ("x.geo.lat", "loc.precise"),
        ("geo.0.lat", "loc.precise"),
        ("lat", ""),
        ("device_ids", ""),
        ("my_device_id", ""),
        ("device_id.kind", ""),
        ("3.1.2", ""),
        ("", ""),
    ],
)
def test_the_end_of_a_path_names_a_type_as_a_whole(path: str, expected: str) -> None:
    assert NAMES.at("body", path) == expected


def test_the_longest_name_wins() -> None:
    names = Names({each.id: each for each in (data_type("a", "lat"), data_type("b", "geo_lat"))})
    assert names.at("query", "geo.lat") == "b"
    assert names.at("query", "x.lat") == "a"


def test_only_parts_with_names_are_read_by_name() -> None:
    assert NAMES.at("header", "device-id") == "id.device"
    assert NAMES.at("cookie", "did") == "id.device"
    assert NAMES.at("path", "did") == ""
    assert NAMES.at("response", "did") == ""
    assert NAMES.at("response_cookie", "did") == ""


@pytest.mark.parametrize(
    ("data_type_id", "value", "expected"),
    [
        ("id.device", "3f2b8c1a-7d4e-4f60-9a1b-2c3d4e5f6071", True),
        ("id.device", "7123456789012345678", True),
        ("id.device", "0a1b2c3d4e5f6a7b", True),
        ("id.device", "some words", False),
        ("id.device", "00000000-0000-0000-0000-000000000000", False),
        ("id.device", "", False),
        ("loc.precise", "-1.2834", True),
        ("loc.precise", "true", False),
        ("demo.language", "sw-KE", True),
        ("demo.language", "1", False),
        ("loc.coarse", "Nairobi", True),
        ("loc.coarse", '{"a": 1}', False),
        ("loc.coarse", "null", False),
        ("loc.coarse", "x" * 1025, False),
    ],
)
def test_the_value_has_to_look_right(data_type_id: str, value: str, expected: bool) -> None:
    assert NAMES.accepts(data_type_id, value) is expected
