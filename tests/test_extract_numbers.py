"""Planted values that are numbers, in the spellings that no list holds."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract.planted import Planted
from analyzer.extract.writings import phone_digits, split_phone
from analyzer.models import Leaf

PLANTED = Planted(
    (
        ("person.phone", "+254712345678"),
        ("loc.precise", "-1.29517,36.81667"),
        ("demo.birthdate", "2012-08-17"),
    )
)


def leaf(value: str, path: str = "x") -> Leaf:
    return Leaf("1", "body", path, value, ())


def told(*values: str, planted: Planted = PLANTED, name: str = "p") -> list[str]:
    """Return the data types found in leaves with `values`."""
    hits = planted.find([leaf(value, f"{name}.{at}") for at, value in enumerate(values)]).hits
    return [planted.values[hit.value][0] for hit in hits]


@pytest.mark.parametrize(
    "text",
    [
        "0712345678",
        "712345678",
        "+254 712 345 678",
        "+254-712-345-678",
        "254.712.345.678",
        "(0712) 345-678",
        "+254 (0) 712345678",
        "+254 (0)712 345 678",
        "00 254 712 345 678",
        "tel:+254-712-345-678",
        "call (0712) 345-678, please",
        "07 12 34 56 78",
        hashlib.sha256(b"0712345678").hexdigest(),
        hashlib.sha256(b"712345678").hexdigest(),
        hashlib.md5(b"254712345678").hexdigest(),
    ],
)
def test_a_phone_number_is_found_however_it_is_spaced(text: str) -> None:
    assert told(text) == ["person.phone"]


@pytest.mark.parametrize(
    "text",
    ["0712345679", "1712345678", "7123456789", "3.712345678", "0712 345 67", "x712345678", "2547"],
)
def test_other_numbers_are_no_phone_number(text: str) -> None:
    assert told(text) == []


def test_the_code_of_the_country_is_set_apart() -> None:
    assert split_phone("+254712345678") == ("254", "712345678")
    assert split_phone("+4915112345678") == ("49", "15112345678")
    assert split_phone("0012025550123") == ("1", "2025550123")
    assert split_phone("0712 345 678") == ("", "712345678")
    assert split_phone("254 712 345 678") == ("254", "712345678")
    assert "39061234567" in phone_digits("+39 06 1234567")
    assert phone_digits("+254 712") == []


@given(
    st.text(alphabet="0123456789", min_size=8, max_size=8),
    st.lists(st.sampled_from(["", " ", "-", ".", "/"]), min_size=12, max_size=12),
)
def test_any_spacing_of_any_number_is_found(rest: str, gaps: list[str]) -> None:
    planted = Planted((("person.phone", f"+2547{rest}"),))
    digits = f"2547{rest}"
    spaced = "".join(digit + gap for digit, gap in zip(digits, [*gaps[:11], ""], strict=True))
    assert told(f"+{spaced}", planted=planted) == ["person.phone"]


@pytest.mark.parametrize(
    "text",
    [
        "-1.2951699495315552",
        repr(struct.unpack("f", struct.pack("f", 36.81667))[0]),
        "-1.295174",
        "-1,29517",
        "36,8166694",
        "lat:-1.2951699495;",
    ],
)
def test_a_coordinate_is_compared_as_a_number(text: str) -> None:
    assert told(text, name="geo.lat") == ["loc.precise"]
    assert told(text) == (["loc.precise"] if "lat" in text else [])


@pytest.mark.parametrize(
    "text", ["1.2951699495", "-1.29519", "-1.2951", "11.2951699", "-1.29518123", "3-1.2951699495"]
)
def test_a_number_nearby_is_no_coordinate(text: str) -> None:
    assert told(text, name="geo.lat") == []


def test_scaled_coordinates_count_where_both_are_there() -> None:
    assert told("-129517", name="geo") == []
    assert told("-129517", "3681667") == []
    assert told("-129517", "3681667", name="geo") == ["loc.precise"] * 2
    assert told("-12951699", "368166695", name="geo") == ["loc.precise"] * 2
    assert told("-129517", "3681767", name="geo") == []
    far_east = Planted((("loc.precise", "1.23456,151.20699"),))
    single = repr(struct.unpack("f", struct.pack("f", 151.20699))[0])
    assert told(single, planted=far_east, name="longitude") == ["loc.precise"]


@pytest.mark.parametrize(
    "text",
    [
        "17 Aug 2012",
        "Aug 17 2012",
        "August 17, 2012",
        "17 August 2012",
        "08/17/12",
        "2012/8/17",
        "17-8-2012",
        "1345161600",
        "1345161600000",
        "1345150800000",  # midnight in Nairobi
        "1345141800",  # in Kolkata
        "1345150800.000",
    ],
)
def test_a_birth_date_is_found_however_it_is_written(text: str) -> None:
    assert told(text, name="user.birthday") == ["demo.birthdate"]
    assert told(text) == []


@pytest.mark.parametrize(
    "text", ["1345150801", "t=1345150800000 ms", "18 Aug 2012", "5120817", "1345075199"]
)
def test_other_moments_are_no_birth_date(text: str) -> None:
    assert told(text, name="user.birth") == []


@settings(deadline=None)
@given(st.dates(datetime(1990, 1, 1).date(), datetime(2020, 1, 1).date()), st.integers(-28, 28))
def test_midnight_is_found_in_every_zone(day: object, half_hours: int) -> None:
    planted = Planted((("demo.birthdate", str(day)),))
    moment = datetime.fromisoformat(str(day)).replace(tzinfo=UTC)
    seconds = int((moment + timedelta(minutes=30 * half_hours)).timestamp())
    assert told(str(seconds), planted=planted, name="dob") == ["demo.birthdate"]
    assert told(str(seconds * 1000), planted=planted, name="dob") == ["demo.birthdate"]
    assert told(str(seconds + 1), planted=planted, name="dob") == []


def test_a_birth_date_of_six_digits_needs_a_name() -> None:
    assert PLANTED.find([leaf("120817", "user.dob")]).hits != ()
    assert PLANTED.find([leaf("120818", "user.dob")]).hits == ()


@pytest.mark.parametrize(
    "names",
    [
        ("birth_year", "birth_month", "birth_day"),
        ("y", "m", "d"),
        ("dobYear", "dobMonth", "dobDay"),
    ],
)
def test_a_birth_date_in_three_leaves_is_found(names: tuple[str, str, str]) -> None:
    leaves = [
        leaf(value, f"user.birth.{name}")
        for name, value in zip(names, ("2012", "08", "17"), strict=True)
    ]
    [hit] = PLANTED.find(leaves).hits
    assert hit.leaf == leaves[0]
    other_day = [*leaves[:2], leaf("18", f"user.birth.{names[2]}")]
    assert PLANTED.find(other_day).hits == ()
    elsewhere = [*leaves[:2], leaf("17", f"parent.{names[2]}")]
    assert PLANTED.find(elsewhere).hits == ()
    release = [leaf("2012", "os.y"), leaf("08", "os.m"), leaf("17", "os.d")]
    assert PLANTED.find(release).hits == ()
    assert PLANTED.find([leaf("2012", "year")]).hits == ()


@given(st.text(alphabet="0123456789+-(). ,/", max_size=60))
def test_no_run_of_digits_breaks_the_search(text: str) -> None:
    for hit in PLANTED.find([leaf(text)]).hits:
        assert hit.text in text


def test_the_find_is_told_as_it_stands_after_other_letters() -> None:
    leaves = [leaf("Wanjikũ", "a"), leaf("sĩmũ: (0712) 345-678 ũ", "b")]
    [hit] = PLANTED.find(leaves).hits
    assert (hit.leaf, hit.text) == (leaves[1], "(0712) 345-678")
    assert PLANTED.find(leaves).hits == (hit,)
