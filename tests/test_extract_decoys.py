"""Planted values inside longer tokens, or under names that say something else, are no finds."""

from __future__ import annotations

import base64
import hashlib

import pytest

from analyzer.extract.extractor import Extractor
from analyzer.extract.planted import Planted
from analyzer.knowledge import load_knowledge
from analyzer.models import Leaf
from benchmarks.encodings.carriers import request


def leaf(value: str, path: str = "x") -> Leaf:
    return Leaf("1", "body", path, value, ())


DECOYED = Planted(
    (
        ("person.email", "wanjiru.otieno@bluemail-ke.org"),
        ("person.name", "Wanjiru Otieno"),
        ("person.username", "quorbel_fan7"),
        ("loc.wifi_cell", "Otieno_Home"),
        ("demo.birthdate", "2012-11-07"),
        ("loc.precise", "-1.28347,36.81791"),
        ("person.phone", "+254712904583"),
    )
)


def told(text: str, planted: Planted, path: str = "x") -> list[tuple[str, str]]:
    """Return (data type, transformation) of what is found in one leaf."""
    hits = planted.find([leaf(text, path)]).hits
    return [(planted.values[hit.value][0], hit.transformed) for hit in hits]


@pytest.mark.parametrize(
    "text",
    [
        "wanjiru.otieno+kid@bluemail-ke.org",
        "wanjiru.otieno@bluemail-ke.org.ke",
        "wanjiru.otieno@bluemail-ke.org-x.com",
        "wanjiru.otieno@bluemail-ke.orgs",
        "my.wanjiru.otieno@bluemail-ke.org",
        "not-wanjiru.otieno@bluemail-ke.org",
        "my_wanjiru.otieno%40bluemail-ke.org",
        "wanjiru.otieno@elsewhere.example",
        "x.wanjiruotieno@elsewhere.example",
        "wanjiru-otieno-street",
        "the_wanjiru_otieno",
        "quorbel_fan7-fan",
        "quorbel_fan7@gmail.com",
        "x.quorbel_fan7",
        "Otieno_Home_EXT",
        "my-otieno_home",
        "20121107",
        "2012-11-07",
        "Wed, 07 Nov 2012 00:00:00 GMT",
        "x-20121107-1",
        "07/11/2012",
        "1352246400",
        "36.81791",
        "-1.28347",
        "3681791",
        "id-712904583-x",
        "n 712904583 of 5",
        "id-254712904583",
        "254712904583_1",
        base64.b64encode(b'{"released": "2012-11-07"}').decode(),
        base64.b64encode(b"id-712904583-x").decode(),
    ],
)
@pytest.mark.parametrize("path", ["x", "app.build", "adobe.page", "message.id"])
def test_a_value_inside_a_longer_token_or_without_a_fitting_name_is_no_hit(
    text: str, path: str
) -> None:
    assert told(text, DECOYED, path) == []
    assert told(f'{{"id": "{text}"}}', DECOYED, path) == []
    document = f'{{"id": "{text}"}}'.encode()
    assert DECOYED.find([], [document]).hits == ()
    if not text.endswith("orgs"):  # in binary, one letter may be a length or a tag
        assert DECOYED.find([], [b"\x01\x05" + document]).hits == ()


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("Mail wanjiru.otieno@bluemail-ke.org. Thanks", "x", "person.email"),
        ("<wanjiru.otieno@bluemail-ke.org>", "x", "person.email"),
        ("u=wanjiru.otieno@bluemail-ke.org&n=2", "x", "person.email"),
        ("wanjiru.otieno", "x", "person.name"),
        ("/p/wanjiru-otieno/", "x", "person.name"),
        ("https://social.example/@quorbel_fan7?x", "x", "person.username"),
        ("It is quorbel_fan7.", "x", "person.username"),
        ("Otieno_Home", "x", "loc.wifi_cell"),
        ("20121107", "user.dateOfBirth", "demo.birthdate"),
        ("07/11/2012", "child.born", "demo.birthdate"),
        ("2012-11-07", "userDob", "demo.birthdate"),
        ("1352246400", "bday.value", "demo.birthdate"),
        ("dob=20121107", "x", "demo.birthdate"),
        (hashlib.sha256(b"20121107").hexdigest(), "x", "demo.birthdate"),
        ("36.81791", "lng", "loc.precise"),
        ("-1.28347,36.81791", "x", "loc.precise"),
        ("712904583", "x", "person.phone"),
        ("n 712904583 of 5", "user.phone", "person.phone"),
        ('{"x": "712904583"}', "x", "person.phone"),
        ("254712904583@s.chat.example", "x", "person.phone"),
    ],
)
def test_a_value_that_stands_for_itself_is_a_hit(text: str, path: str, expected: str) -> None:
    assert [data_type for data_type, _ in told(text, DECOYED, path)] == [expected]


@pytest.mark.parametrize("offset", [0, 1, 2])
@pytest.mark.parametrize("before", ["my.", "not-", "a+", "zz"])
def test_a_longer_token_is_seen_through_base64_and_hex(offset: int, before: str) -> None:
    mail = DECOYED.values[0][1]
    for token, expected in ((before + mail, []), (mail + ".ke", []), (mail, ["person.email"])):
        text = "#" * offset + f'{{"x": "{token}"}}'
        for encoded in (base64.b64encode(text.encode()).decode(), text.encode().hex()):
            assert [data_type for data_type, _ in told(encoded, DECOYED)] == expected


def test_a_value_inside_a_find_of_another_is_told_only_where_it_stands_alone_too() -> None:
    planted = Planted((("person.name", "Wanjiru Otieno"), ("beh.search", "Wanjiru Otieno shoes")))
    assert told("q=Wanjiru Otieno shoes", planted) == [("beh.search", "raw")]
    both = told("q=Wanjiru Otieno shoes&for=Wanjiru Otieno", planted)
    assert [data_type for data_type, _ in both] == ["person.name", "beh.search"]


def test_coarse_halves_far_apart_in_one_text_are_no_place() -> None:
    assert told("-1.283 to 36.818", DECOYED, "note") == [("loc.precise", "rounded")]
    assert told("-1.283" + " to" * 60 + " 36.818", DECOYED, "note") == []


def test_a_planted_value_overrules_the_name_of_its_field() -> None:
    gaid = "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"
    extractor = Extractor(load_knowledge(), (("id.advertising", gaid),), b"k" * 32)
    for value, expected in ((gaid, {"id.advertising"}), (gaid[:-1] + "4", {"id.device"})):
        sent = request(f"https://nobody.example/x?device_id={value}")
        found = {each.data_type for each in extractor.extract(sent).matches if each.part == "query"}
        assert found == expected
