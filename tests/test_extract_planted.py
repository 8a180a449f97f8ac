from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
import unicodedata
import uuid
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract.needles import SHORTEST, TRANSFORMATIONS, needles
from analyzer.extract.planted import Planted
from analyzer.models import Leaf, Part

EMAIL = "Amina.K+kid@mail.example"
PHONE = "+254 712 345678"
BIRTHDATE = "2013-04-05"
PLACE = "-1.283412,36.816745"
GAID = "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"
VALUES = (
    ("person.email", EMAIL),
    ("person.phone", PHONE),
    ("demo.birthdate", BIRTHDATE),
    ("loc.precise", PLACE),
    ("id.advertising", GAID),
    ("person.name", "Wanjikũ Njeri"),
)
PLANTED = Planted(VALUES)


def leaf(value: str, path: str = "x", part: Part = "body") -> Leaf:
    return Leaf("1", part, path, value, ())


NAMES = {"demo.birthdate": "user.birthday", "loc.precise": "geo.lat", "": "x"}


def told(text: str, planted: Planted = PLANTED, path: str = "x") -> list[tuple[str, str]]:
    """Return (data type, transformation) of what is found in one leaf."""
    hits = planted.find([leaf(text, path)]).hits
    return [(planted.values[hit.value][0], hit.transformed) for hit in hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EMAIL, ("person.email", "raw")),
        (EMAIL.lower(), ("person.email", "raw")),
        (EMAIL.upper(), ("person.email", "raw")),
        (f"mailto:{EMAIL}?subject=x", ("person.email", "raw")),
        (quote(EMAIL, safe=""), ("person.email", "url")),
        (quote(quote(EMAIL, safe=""), safe=""), ("person.email", "url")),
        (f"q=1&e%3D{quote(EMAIL, safe='')}%26x", ("person.email", "url")),
        (EMAIL.encode().hex(), ("person.email", "hex")),
        (EMAIL.encode().hex().upper(), ("person.email", "hex")),
        (hashlib.md5(EMAIL.lower().encode()).hexdigest(), ("person.email", "md5")),
        (hashlib.sha1(EMAIL.encode()).hexdigest(), ("person.email", "sha1")),
        (hashlib.sha256(EMAIL.lower().encode()).hexdigest().upper(), ("person.email", "sha256")),
        (hashlib.sha512(EMAIL.upper().encode()).hexdigest(), ("person.email", "sha512")),
        (
            base64.b64encode(hashlib.sha256(EMAIL.lower().encode()).digest()).decode(),
            ("person.email", "sha256"),
        ),
        ("+254712345678", ("person.phone", "format")),
        ("254712345678", ("person.phone", "format")),
        ("00254712345678", ("person.phone", "format")),
        ("0712345678", ("person.phone", "format")),
        ("+254-712-345678", ("person.phone", "format")),
        ("tel:%2B254712345678", ("person.phone", "url")),
        (hashlib.sha256(b"+254712345678").hexdigest(), ("person.phone", "sha256")),
        (hashlib.sha256(b"254712345678").hexdigest(), ("person.phone", "sha256")),
        (BIRTHDATE, ("demo.birthdate", "raw")),
        ("20130405", ("demo.birthdate", "format")),
        ("05/04/2013", ("demo.birthdate", "format")),
        ("04/05/2013", ("demo.birthdate", "format")),
        ("5.4.2013", ("demo.birthdate", "format")),
        ("2013-04-05T00:00:00.000Z", ("demo.birthdate", "format")),
        ("1365120000000", ("demo.birthdate", "format")),
        (hashlib.sha256(b"20130405").hexdigest(), ("demo.birthdate", "sha256")),
        (GAID.upper(), ("id.advertising", "raw")),
        (GAID.replace("-", ""), ("id.advertising", "format")),
        (hashlib.md5(GAID.upper().encode()).hexdigest(), ("id.advertising", "md5")),
        ("-1.283412", ("loc.precise", "raw")),
        ("-1.28341200000000012", ("loc.precise", "raw")),
        ("36.81674", ("loc.precise", "rounded")),
        ("-12834120", ("loc.precise", "format")),
        ("36816745", ("loc.precise", "format")),
        ("lat=-1.2834&lon=36.8167", ("loc.precise", "rounded")),
        ("-1.283,36.817", ("loc.precise", "rounded")),
        ("WANJIKŨ NJERI", ("person.name", "raw")),
        ("Wanjik\\u0169 Njeri", ("person.name", "escaped")),
        (quote("Wanjikũ Njeri"), ("person.name", "url")),
        ("wanjik%C5%A9+njeri", ("person.name", "url")),
    ],
)
def test_a_planted_value_is_found_however_it_is_written(
    text: str, expected: tuple[str, str]
) -> None:
    path = NAMES.get(expected[0], "x")
    assert told(text, path=path) == [expected]
    if text.isdigit() and len(text) == 13:
        return  # a moment has to be all of a field
    assert told(f'{{"a": "{text}", "b": 1}}', path=path) == [expected]
    name = path.rpartition(".")[2]
    assert told(f'{{"{name}": "{text}", "b": 1}}') == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "x" + EMAIL,
        EMAIL + "s",
        "1254712345678",
        "2547123456789",
        "120130405",
        "201304055",
        "3-1.2834",
        "1.283412",
        "-1.28349,36.81679",
        "136.81674",
        "36.8167",
        "-1.283",
        "a" + GAID,
        "Wanjikũs Njeri",
        hashlib.sha256(EMAIL.encode()).hexdigest()[:-1],
        base64.b64encode(EMAIL.encode()).decode().swapcase(),
        "2013",
        "",
    ],
)
def test_what_only_resembles_a_planted_value_is_no_hit(text: str) -> None:
    assert told(text) == []


def test_a_coarse_coordinate_counts_only_beside_its_other_half() -> None:
    assert PLANTED.find([leaf("-1.283")]).hits == ()
    assert PLANTED.find([leaf("-1.283", "a"), leaf("36.817", "b")]).hits == ()
    both = PLANTED.find([leaf("-1.283", "lat"), leaf("36.817", "lon")]).hits
    assert [(hit.leaf.path, hit.transformed) for hit in both if hit.leaf] == [
        ("lat", "rounded"),
        ("lon", "rounded"),
    ]
    halves = Planted((("loc.precise", "-1.283412"), ("loc.precise", "36.816745")))
    assert halves.find([leaf("-1.283")]).hits == ()
    assert len(halves.find([leaf("-1.283,36.817")]).hits) == 2
    assert told("36.816745", halves, "geo.longitude") == [("loc.precise", "raw")]
    assert told("36.816745", halves, "price") == []
    assert len(halves.find([leaf("36.816745", "a"), leaf("-1.283412", "b.c.d")]).hits) == 2


def test_short_numbers_count_only_where_their_name_says_what_they_are() -> None:
    planted = Planted((("person.address", "00100"), ("id.account", "123456")))
    assert planted.too_short == ()
    assert told("00100", planted) == told("123456", planted) == []
    for path in ("zip", "user.postalCode", "address.postcode.0"):
        [hit] = planted.find([leaf("00100", path)]).hits
        assert (hit.value, hit.transformed) == (0, "raw")
    assert planted.find([leaf("a 00100 b", "zip"), leaf("00101", "zip")]).hits == ()
    assert planted.find([leaf("00100", "user.id")]).hits == ()
    assert [hit.value for hit in planted.find([leaf("123456", "user.id")]).hits] == [1]
    seven = Planted((("id.account", "1234567"),))
    assert told("1234567", seven) == [("id.account", "raw")]
    assert told("1 1234567", seven) == []


def test_values_too_short_to_search_are_told() -> None:
    planted = Planted((("demo.gender", "f"), ("person.name", "Amina"), ("demo.age", "13")))
    assert planted.too_short == ("demo.gender", "demo.age")
    assert told("Amina", planted) == [("person.name", "raw")]
    assert Planted(()).find([leaf("Amina")]).hits == ()


def test_the_deepest_leaf_tells_and_containers_do_not() -> None:
    inner = json.dumps({"mail": EMAIL})
    leaves = [leaf(inner, "data"), leaf(EMAIL, "data.mail"), leaf(EMAIL, "database")]
    paths = [hit.leaf.path for hit in PLANTED.find(leaves).hits if hit.leaf]
    assert paths == ["data.mail", "database"]
    other_part = [leaf(inner, "data", "query"), leaf(EMAIL, "data.mail")]
    assert len(PLANTED.find(other_part).hits) == 2


def test_bytes_that_no_decoder_took_apart_are_searched_too() -> None:
    opaque = b"\x01\x93zz" + EMAIL.encode() + b"q\x00\xff"
    (hit,) = PLANTED.find([leaf("nothing")], [opaque, opaque]).hits
    assert (hit.leaf, hit.transformed, hit.text) == (None, "raw", EMAIL)
    assert PLANTED.find([leaf(EMAIL)], [opaque]).hits[0].leaf is not None
    assert len(PLANTED.find([leaf(EMAIL)], [opaque]).hits) == 1
    assert PLANTED.find([], [opaque]).hits[0].leaf is None
    digest = hashlib.sha256(EMAIL.encode()).digest()
    (hit,) = PLANTED.find([], [b"\x00" + digest + b"\x00"]).hits
    assert hit.transformed == "sha256"


def test_a_find_across_two_leaves_is_none() -> None:
    half = len(EMAIL) // 2
    assert PLANTED.find([leaf(EMAIL[:half], "a"), leaf(EMAIL[half:], "b")]).hits == ()


def test_paths_are_masked() -> None:
    assert PLANTED.mask(f"users.{EMAIL.lower()}.age") == "users.{person.email}.age"
    assert PLANTED.mask("by_name.Wanjikũ Njeri") == "by_name.{person.name}"
    assert PLANTED.mask("device.geo.lat") == "device.geo.lat"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amina.k@mail.example", "person.email"),
        ("aminak@mail.example", "person.email"),
        (hashlib.sha256(b"aminak@mail.example").hexdigest(), "person.email"),
        ("amina.k+kid.at.mail.example", "person.email"),
        ("amina.k kid@mail.example", "person.email"),
        (hashlib.md5(EMAIL.lower().encode() + b"\n").hexdigest(), "person.email"),
        (hashlib.sha1(EMAIL.encode() + b" ").hexdigest(), "person.email"),
        (
            hashlib.sha256(hashlib.md5(EMAIL.lower().encode()).hexdigest().encode()).hexdigest(),
            "person.email",
        ),
        (GAID.replace("-", "_"), "id.advertising"),
        (base64.b64encode(uuid.UUID(GAID).bytes).decode(), "id.advertising"),
        (base64.urlsafe_b64encode(uuid.UUID(GAID).bytes).decode(), "id.advertising"),
        (unicodedata.normalize("NFD", "Wanjikũ Njeri"), "person.name"),
        ("Wanjiku Njeri", "person.name"),
    ],
)
def test_what_vendors_do_to_a_value_first_is_undone(text: str, expected: str) -> None:
    assert [data_type for data_type, _ in told(text)] == [expected]


def test_a_value_in_the_name_of_a_parameter_is_found_once() -> None:
    planted = Planted(VALUES)
    leaves = [leaf("1", f"seen.{EMAIL}.{at}", "query") for at in range(3)]
    for _ in range(2):
        [hit] = planted.find(leaves).hits
        assert (hit.leaf, hit.transformed) == (leaves[0], "raw")
    assert len(planted.find([*leaves, leaf(EMAIL)]).hits) == 1
    for _ in range(2):
        assert planted.find([leaf("1", "seen.other")]).hits == ()


def b64(offset: int) -> Callable[[str], str]:
    def write(value: str) -> str:
        data = ("#" * offset + value + "#" * (2 - offset)).encode()
        return base64.b64encode(data).decode()

    return write


def hashed(name: str) -> Callable[[str], str]:
    return lambda value: hashlib.new(name, value.encode()).hexdigest()


WRITERS: dict[str, Callable[[str], str]] = {
    "raw": lambda value: value,
    "lower": str.lower,
    "upper": str.upper,
    "url": lambda value: quote(value, safe=""),
    "hex": lambda value: value.encode().hex(),
    "b64_0": b64(0),
    "b64_1": b64(1),
    "b64_2": b64(2),
    "b64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    **{name: hashed(name) for name in ("md5", "sha1", "sha256", "sha512")},
}
CARRIERS: dict[str, Callable[[str], list[Leaf]]] = {
    "bare": lambda text: [leaf(text)],
    "json": lambda text: [leaf(json.dumps({"a": [1, text]}))],
    "form": lambda text: [leaf(urlencode({"k": text, "z": "1"}))],
    "sentence": lambda text: [leaf(f"one ({text}), two")],
    "many": lambda text: [leaf("other", f"p{at}") for at in range(30)] + [leaf(text, "last")],
}
values = st.text(alphabet="abcdefghjkmnpqrstuvwxyzABCDEFGH0123456789._", min_size=9, max_size=40)


@settings(max_examples=150, deadline=None)
@given(
    values.filter(lambda text: any(map(str.isalpha, text)) and text[0].isalnum()),
    st.sampled_from(sorted(WRITERS)),
    st.sampled_from(sorted(CARRIERS)),
)
def test_any_value_is_found_in_any_writing_within_any_carrier(
    value: str, writer: str, carrier: str
) -> None:
    planted = Planted((("id.account", value),))
    hits = planted.find(CARRIERS[carrier](WRITERS[writer](value))).hits
    assert [planted.values[hit.value] for hit in hits] == [("id.account", value)]
    assert hits[0].transformed in TRANSFORMATIONS


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=20), st.binary(max_size=400))
def test_random_text_gives_no_hit(texts: list[str], payload: bytes) -> None:
    leaves = [leaf(text, f"p{at}") for at, text in enumerate(texts)]
    assert PLANTED.find(leaves, [payload]).hits == ()


@settings(deadline=None)
@given(st.text(min_size=1, max_size=30), st.sampled_from([each for each, _ in VALUES]))
def test_any_seeded_text_makes_valid_needles(text: str, data_type: str) -> None:
    for needle in needles(((data_type, text),)):
        assert len(needle.data) >= (3 if needle.needs or needle.keys else SHORTEST)
        assert len(needle.data) == len(needle.given)
        assert needle.transformed in TRANSFORMATIONS
    Planted(((data_type, text),)).find([leaf(text)], [text.encode("utf-8", "surrogatepass")])


def test_twenty_thousand_needles_cost_no_more_than_a_few_times_two_hundred() -> None:
    few = Planted((("id.account", "account-00000-q7kz"),))
    many = Planted(tuple(("id.account", f"account-{at:05}-q7kz") for at in range(280)))
    assert len(needles(many.values)) >= 20_000 > 100 * len(needles(few.values))
    leaves = [leaf(f"value {at} of some forty characters, text", f"p{at}") for at in range(56)]

    def cost(planted: Planted) -> float:
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(100):
                planted.find(leaves)
            best = min(best, time.perf_counter() - start)
        return best

    assert cost(many) < 8 * cost(few)


def test_a_body_that_repeats_a_value_without_end_is_bounded() -> None:
    start = time.perf_counter()
    finds = PLANTED.find([leaf((EMAIL + " ") * 60_000)], [gzip.compress(b"x")])
    assert [hit.transformed for hit in finds.hits] == ["raw"]
    assert time.perf_counter() - start < 10
