"""Databases of addresses: both layouts, what they do not know, and files that are none."""

from __future__ import annotations

import importlib.util
import ipaddress
from pathlib import Path

import pytest
from geo_rig import GERMANY, KENYA, database
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.region.exits import data_folder, found_databases, open_databases

A, B = "geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17"


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Two that agree about one address and not about another."""
    return [
        database(tmp_path / "a.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "DE"}),
        database(
            tmp_path / "b.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "RO"}, nested=True
        ),
    ]


def test_each_database_is_asked_in_either_layout_and_signs_its_answer(two: list[Path]) -> None:
    with open_databases(two) as databases:
        assert databases.sources == (A, B)
        assert databases.locate(KENYA) == (("KE", A), ("KE", B))
        assert databases.locate(GERMANY) == (("DE", A), ("RO", B))


@pytest.mark.parametrize("address", ["10.0.0.1", "203.0.113.7", "2001:db8::1", "", "x", "1.2.3"])
def test_what_a_database_does_not_know_has_no_answer(two: list[Path], address: str) -> None:
    with open_databases(two) as databases:
        assert databases.locate(address) == ()


def test_an_address_of_the_other_protocol_is_unknown_to_a_database_of_one(tmp_path: Path) -> None:
    path = database(tmp_path / "four.mmdb", {"196.216.2.0/24": "KE"}, version=4)
    with open_databases([path]) as databases:
        assert [each.state for each in databases.answers(KENYA)] == ["known"]
        assert [each.state for each in databases.answers("2001:db8::1")] == ["unknown"]


def test_an_address_of_ip_version_6_is_found(tmp_path: Path) -> None:
    path = database(tmp_path / "a.mmdb", {"2c0f:fe08::/32": "KE"})
    with open_databases([path]) as databases:
        assert databases.locate("2c0f:fe08::1") == (("KE", A),)


@pytest.mark.parametrize(
    "record",
    [
        {"country_code": code}
        for code in ("", "ZZ", "EU", "XX", "A1", "T1", "Kenya", "KEN", "K3", 7, None, ["KE"])
    ]
    + [{"country": {"iso_code": "ZZ"}}, {"country": {}}, {"country": 4}, {}, {"city": "Nairobi"}],
)
def test_a_record_without_a_country_is_no_answer(tmp_path: Path, record: dict[str, object]) -> None:
    clean = {key: value for key, value in record.items() if value is not None}
    path = database(tmp_path / "a.mmdb", {"196.216.2.0/24": clean})
    with open_databases([path]) as databases:
        assert [each.state for each in databases.answers(KENYA)] == ["unknown"]
        assert databases.locate(KENYA) == ()


def test_a_code_in_small_letters_is_a_country(tmp_path: Path) -> None:
    path = database(tmp_path / "a.mmdb", {"196.216.2.0/24": "ke"})
    with open_databases([path]) as databases:
        assert databases.locate(KENYA) == (("KE", A),)


def test_a_damaged_database_says_so_and_the_others_answer(two: list[Path]) -> None:
    content = two[0].read_bytes()
    code = content.index(b"country_code")
    # The map that follows is made to point outside the file.
    two[0].write_bytes(content[: code - 2] + b"\x38\xff\xff\xff" + content[code + 2 :])
    with open_databases(two) as databases:
        assert [each.state for each in databases.answers(KENYA)] == ["damaged", "known"]
        assert databases.locate(KENYA) == (("KE", B),)


@pytest.mark.parametrize("content", [b"", b"\x00" * 4000, b"PK\x03\x04 a zip", b"x" * 100_000])
def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.mmdb"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"wrong\.mmdb is not a MaxMind database") as found:
        open_databases([path])
    assert "geo fetch" in found.value.fix


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.mmdb cannot be read"):
        open_databases([tmp_path / "none.mmdb"])


def test_without_the_extra_the_remedy_is_its_installation(
    two: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as found:
        open_databases(two)
    assert found.value.fix == "pip install 'evenhand[geo]'"


def test_without_paths_those_of_the_data_folder_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "evenhand" / "geo"
    with open_databases([]) as none:
        assert none.sources == ()
        assert none.locate(KENYA) == ()
    for name in ("b.mmdb", "a.mmdb"):
        database(data_folder() / name, {"196.216.2.0/24": "KE"})
    (data_folder() / "README").touch()
    assert [path.name for path in found_databases()] == ["a.mmdb", "b.mmdb"]
    with open_databases([]) as databases:
        assert databases.sources == (A, B)


def test_a_relative_data_home_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "here")
    assert data_folder() == Path("~/.local/share/evenhand/geo").expanduser()


def test_a_name_that_could_mean_something_is_signed_without_it(tmp_path: Path) -> None:
    path = database(tmp_path / "my db \x1b[31m.mmdb", {"196.216.2.0/24": "KE"})
    with open_databases([path]) as databases:
        assert databases.sources == ("geo:my_db___31m.mmdb 2026-06-17",)


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blocks")
    return database(folder / "a.mmdb", {"100.64.0.0/10": "KE", "2c0f::/16": "TZ"})


@given(st.ip_addresses())
def test_every_address_is_where_its_network_is(
    blocks: Path, address: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> None:
    expected: tuple[tuple[str, str], ...] = ()
    for network, country in (("100.64.0.0/10", "KE"), ("2c0f::/16", "TZ")):
        if address in ipaddress.ip_network(network):
            expected = ((country, A),)
    with open_databases([blocks]) as databases:
        assert databases.locate(str(address)) == expected


@given(st.text())
def test_no_text_is_an_error(blocks: Path, text: str) -> None:
    with open_databases([blocks]) as databases:
        assert len(databases.answers(text)) <= 1
