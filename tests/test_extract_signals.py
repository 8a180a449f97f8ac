from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import Decoded
from analyzer.extract import Extractor
from analyzer.extract.verdicts import reader
from analyzer.knowledge import FieldMatch, Knowledge, Owners, SignalDef
from analyzer.knowledge.signals import DECODERS
from analyzer.models import Exchange, Leaf, Part, Signal

UUID = "3f2b8c1a-7d4e-4f60-9a1b-2c3d4e5f6071"
COPPA = SignalDef(
    id="openrtb.regs_coppa",
    title="COPPA applies",
    stack="OpenRTB",
    where="",
    meaning="",
    values="",
    fields=(
        FieldMatch(("body",), ("**.regs.coppa",)),
        FieldMatch(("query",), ("coppa",), ("ads.example",), ("/bid",)),
    ),
    not_on_wire="",
    decode="",
    protective=("1", "true"),
    non_protective=("0",),
    no_signal=("",),
    contradicted_by=(FieldMatch(("body",), ("**.device.ifa", "**.device.geo.lat")),),
    grade="S",
    verified=True,
    source="https://iab.example",
)
TCF_ALL = "COv_eg6Ov_eg6AOADBENAaCgAP_AAH_AACiQAVEUQQoAIQAqIoghAAQgAA.YAAAAAAAAAAAAAAAAAA"
TCF_NONE = "CPSG_8APSG_8AAAAAAENAACAAAAAAAAAAAAAAAAAAAAA.QAAA.IAAA"


def signals(
    definition: SignalDef,
    *leaves: Leaf,
    url: str = "https://ads.example/bid",
    age: int | None = 13,
) -> tuple[Signal, ...]:
    known = Knowledge({}, {definition.id: definition}, {}, {}, (), Owners({}, ""), (), "")
    exchange = Exchange(
        "1", "s", 0.0, "use", "POST", url, (), b"", 200, (), b"", None, "h2", True, 0
    )
    extractor = Extractor(known, (), b"k" * 32, age)
    return extractor.extract(exchange, Decoded(leaves, (), ())).signals


def leaf(path: str, value: str, part: Part = "body") -> Leaf:
    return Leaf("1", part, path, value, ())


def verdict(definition: SignalDef, value: str, age: int | None = 13) -> tuple[str, str]:
    found = reader(definition).read(value, age)
    return found.value, found.verdict


def test_a_signal_is_told_with_its_value_and_place() -> None:
    (signal,) = signals(COPPA, leaf("req.regs.coppa", "1"))
    assert signal == Signal(
        "1", "openrtb.regs_coppa", "1", "protective", "signal#openrtb.regs_coppa", "body",
        "req.regs.coppa", (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown", "expected"),
    [
        ("1", "1", "protective"),
        ("True", "true", "protective"),
        ("0", "0", "non_protective"),
        ("", "", "no_signal"),
        ("2", "int", "no_signal"),
        ("ada@mail.example", "email", "no_signal"),
    ],
)
def test_a_value_outside_of_the_vocabulary_is_shown_as_its_shape(
    value: str, shown: str, expected: str
) -> None:
    assert verdict(COPPA, value) == (shown, expected)


@pytest.mark.parametrize(
    ("against", "expected"),
    [
        (leaf("device.ifa", UUID), "contradictory"),
        (leaf("device.geo.lat", "-1.28"), "contradictory"),
        (leaf("device.ifa", "00000000-0000-0000-0000-000000000000"), "protective"),
        (leaf("device.ifa", ""), "protective"),
        (leaf("device.geo.lat", "0.0"), "protective"),
        (leaf("device.ifa", UUID, "query"), "protective"),
        (leaf("ifa", UUID), "protective"),
    ],
)
def test_a_protective_value_is_contradicted_by_what_it_forbids(
    against: Leaf, expected: str
) -> None:
    for leaves in ((leaf("regs.coppa", "1"), against), (against, leaf("regs.coppa", "1"))):
        assert [each.verdict for each in signals(COPPA, *leaves)] == [expected]


def test_only_a_protective_value_can_be_contradicted() -> None:
    (signal,) = signals(COPPA, leaf("regs.coppa", "0"), leaf("device.ifa", UUID))
    assert signal.verdict == "non_protective"


def test_a_place_may_be_bound_to_hosts_and_paths() -> None:
    asked = leaf("coppa", "1", "query")
    assert len(signals(COPPA, asked)) == 1
    assert signals(COPPA, asked, url="https://other.example/bid") == ()
    assert signals(COPPA, asked, url="https://ads.example/other") == ()
    assert signals(COPPA, leaf("regs.gdpr", "1")) == ()


def test_answers_are_read_as_well() -> None:
    definition = replace(COPPA, fields=(FieldMatch(("response",), ("mode",)),))
    (signal,) = signals(definition, leaf("mode", "0", "response"))
    assert (signal.part, signal.verdict) == ("response", "non_protective")


def test_an_identifier_that_should_be_absent() -> None:
    gaid = replace(
        COPPA, id="tiktok.gaid", protective=("absent", "zero_uuid"), non_protective=("re:.+",)
    )
    assert verdict(gaid, "00000000-0000-0000-0000-000000000000") == ("uuid:zero", "protective")
    assert verdict(gaid, UUID) == ("uuid", "non_protective")
    assert verdict(gaid, "") == ("", "no_signal")
    without = replace(gaid, non_protective=())
    assert verdict(without, UUID) == ("uuid", "non_protective")
    for nothing in ("0.0", "0", "null"):
        assert verdict(without, nothing)[1] != "non_protective"


def test_a_pattern_that_takes_anything_shows_no_value() -> None:
    closed = replace(COPPA, protective=("re:G1[01]0",), non_protective=("re:G1.1",))
    assert verdict(closed, "G100") == ("G100", "protective")
    assert verdict(closed, "G111") == ("G111", "non_protective")
    opened = replace(COPPA, protective=("re:[0-9]+",), non_protective=())
    assert verdict(opened, "254712345678") == ("int", "protective")


NATIONAL = "GPP usnat: sale {0}, sharing {0}, ads {0}, children {1}"
ALL_TOLD = (
    "TCF 2, policy 2: consent 1,2,3,4,5,6,7,8,9,10; interest 2,3,4,5,6,7,8,9,10; 9 vendors; CMP 14"
)


@pytest.mark.parametrize(
    ("decode", "value", "expected"),
    [
        ("tcf", TCF_NONE, ("TCF 2, policy 2: consent none; 0 vendors; CMP 0", "protective")),
        ("tcf", TCF_ALL, (ALL_TOLD, "non_protective")),
        ("tcf", "CAESEJx0k2Qv8Yd1mQkXJ0d4Zx0", ("base64", "no_signal")),
        ("tcf_purposes", "11000010", ("consent 1,2,7", "protective")),
        ("tcf_purposes", "1111", ("consent 1,2,3,4", "non_protective")),
        ("tcf_purposes", "0", ("consent none", "protective")),
        ("tcf_purposes", "1121", ("int", "no_signal")),
        ("us_privacy", "1YYN", ("1YYN", "protective")),
        ("us_privacy", "1YNN", ("1YNN", "non_protective")),
        ("us_privacy", "1---", ("1---", "no_signal")),
        ("gcd", "11p1p1p1p5", ("pppp", "protective")),
        ("gcd", "11q1t1u1m5", ("qtum", "protective")),
        ("gcd", "11t1t1t1t5", ("tttt", "non_protective")),
        ("gcd", "11p1p1p1r5", ("pppr", "non_protective")),
        ("gcd", "13l3l3l3l1", ("llll", "no_signal")),
        ("gcd", "11p1p1l1p5", ("pplp", "no_signal")),
        ("gcd", "11z1z1z1z5", ("????", "no_signal")),
        ("additional_consent", "1~", ("AC 1: 0 with consent", "protective")),
        ("additional_consent", "2~7~dv.9", ("AC 2: 1 with consent, 1 disclosed", "non_protective")),
        ("gpp", "DBABLA~BVVVVVVVVWA.QA", (NATIONAL.format("opted out", "1,1"), "protective")),
        (
            "gpp",
            "DBABLA~BVQqAAAAAgA.QA",
            (NATIONAL.format("not opted out", "0,0"), "non_protective"),
        ),
        ("gpp", "DBABTA~1YYN", ("GPP uspv1 1YYN", "protective")),
        ("gpp", "DBABTA~1YNN", ("GPP uspv1 1YNN", "non_protective")),
        ("gpp", "DBABTA~1---", ("GPP uspv1 1---", "no_signal")),
        ("gpp", f"DBABMA~{TCF_ALL}", (f"GPP {ALL_TOLD}", "non_protective")),
        ("gpp", "nonsense", ("text:<=16", "no_signal")),
        # What cannot be read might not protect.
        ("gpp", f"DBACOeA~{TCF_NONE}~!~1YYN", None),
    ],
)
def test_a_consent_string_is_decoded(
    decode: str, value: str, expected: tuple[str, str] | None
) -> None:
    definition = replace(COPPA, decode=decode, protective=(), non_protective=(), no_signal=())
    if expected is None:
        assert verdict(definition, value)[1] == "no_signal"
    else:
        assert verdict(definition, value) == expected


@pytest.mark.parametrize(
    ("value", "age", "expected"),
    [
        ("DBABLA~BVVVVVVVVWA", 13, ("1", "protective")),
        ("DBABLA~BVQqAAAAAgA.QA", 13, ("0", "contradictory")),
        ("DBABLA~BVQqAAAAAgA.QA", 30, ("0", "no_signal")),
        ("DBABLA~BVQqAAAAAgA.QA", None, ("0", "no_signal")),
        ("DBABLA~BVQqAAAAAgA.QA", 17, ("0", "no_signal")),
        ("DBABLA~BVVVkkkkkpFY.YA", 13, ("2", "non_protective")),
        ("DBABTA~1YNN", 13, ("no field for children", "no_signal")),
        ("DBABLA~B", 13, ("no field for children", "no_signal")),
        ("DBABLA", 13, ("text:<=16", "no_signal")),
    ],
)
def test_zero_for_known_children_contradicts_an_account_of_thirteen(
    value: str, age: int | None, expected: tuple[str, str]
) -> None:
    definition = replace(
        COPPA, decode="gpp_children", protective=(), non_protective=(), no_signal=()
    )
    assert verdict(definition, value, age) == expected


STRING = replace(
    COPPA,
    id="iab.tcf",
    fields=(FieldMatch(("query", "body"), ("gdpr_consent", "IABTCF_TCString")),),
    decode="tcf",
    protective=(),
    non_protective=(),
    contradicted_by=(),
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (TCF_ALL, TCF_NONE, {"contradictory"}),
        (TCF_ALL, TCF_ALL, {"non_protective"}),
        (TCF_NONE, TCF_NONE, {"protective"}),
        (TCF_NONE, "", {"protective", "no_signal"}),
        (TCF_NONE, "damaged", {"protective", "no_signal"}),
    ],
)
def test_strings_that_say_different_things_contradict_each_other(
    first: str, second: str, expected: set[str]
) -> None:
    found = signals(STRING, leaf("gdpr_consent", first, "query"), leaf("IABTCF_TCString", second))
    assert {each.verdict for each in found} == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1", "0"), {"contradictory"}),
        (("1", "true"), {"protective"}),
        (("0", "0"), {"non_protective"}),
    ],
)
def test_values_on_one_topic_have_to_agree(values: tuple[str, str], expected: set[str]) -> None:
    definition = replace(COPPA, topic="child", fields=(FieldMatch(("body",), ("**.coppa",)),))
    found = signals(definition, leaf("regs.coppa", values[0]), leaf("regs.ext.coppa", values[1]))
    assert {each.verdict for each in found} == expected
    apart = signals(replace(definition, topic=""), leaf("a.coppa", "1"), leaf("b.coppa", "0"))
    assert {each.verdict for each in apart} == {"protective", "non_protective"}


ELSEWHERE = replace(STRING, fields=(FieldMatch(("body",), ("**.consent",), if_readable=True),))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(TCF_ALL, ["non_protective"]), (TCF_ALL[:30], ["no_signal"])],
)
def test_a_string_under_a_common_name_is_heard_even_if_damaged(
    value: str, expected: list[str]
) -> None:
    assert [each.verdict for each in signals(ELSEWHERE, leaf("consent", value))] == expected


@pytest.mark.parametrize("value", ["1", "true", "granted", "Consent_to_everything_2024", "CPXx"])
def test_something_else_under_a_common_name_is_no_signal(value: str) -> None:
    assert signals(ELSEWHERE, leaf("consent", value)) == ()
    plain = replace(ELSEWHERE, decode="", protective=("yes",), non_protective=("no",))
    assert signals(plain, leaf("consent", value)) == ()
    assert [each.verdict for each in signals(plain, leaf("consent", "no"))] == ["non_protective"]


def test_true_and_1_claim_the_same() -> None:
    applies = replace(COPPA, topic="eu.applies", protective=(), non_protective=(),
                      no_signal=("0", "1", "true", "false"),
                      fields=(FieldMatch(("body",), ("**.gdpr",)),))  # fmt: skip
    for other, expected in (("true", {"no_signal"}), ("false", {"contradictory"})):
        found = signals(applies, leaf("a.gdpr", "1"), leaf("b.gdpr", other))
        assert {each.verdict for each in found} == expected


@settings(deadline=None)
@given(st.text(max_size=120), st.sampled_from(["", *DECODERS]))
def test_no_value_makes_a_reader_fail_or_shows_itself(value: str, decode: str) -> None:
    definition = replace(COPPA, decode=decode)
    secret = "q7kz3f9x" + value
    shown, _ = verdict(definition, secret)
    assert "q7kz3f9x" not in shown
    verdict(definition, value)


TOPIC = replace(COPPA, topic="us.coppa")


@pytest.mark.parametrize("above", ["", "requests.", "data.list."])
def test_bid_requests_in_one_body_do_not_contradict_each_other(above: str) -> None:
    found = signals(
        COPPA,
        leaf(f"{above}0.imp.0.id", "1"),
        leaf(f"{above}0.regs.coppa", "1"),
        leaf(f"{above}1.imp.0.id", "1"),
        leaf(f"{above}1.regs.coppa", "1"),
        leaf(f"{above}1.device.ifa", UUID),
    )

    assert [(each.path, each.verdict) for each in found] == [
        (f"{above}0.regs.coppa", "protective"),
        (f"{above}1.regs.coppa", "contradictory"),
    ]


def test_bid_requests_in_one_body_do_not_dispute_each_others_topics() -> None:
    apart = signals(
        TOPIC,
        leaf("0.imp.0.id", "1"),
        leaf("0.regs.coppa", "1"),
        leaf("1.imp.0.id", "1"),
        leaf("1.regs.coppa", "0"),
    )
    beside = signals(
        TOPIC,
        leaf("0.imp.0.id", "1"),
        leaf("0.regs.coppa", "1"),
        leaf("0.x.regs.coppa", "0"),
        leaf("1.imp.0.id", "1"),
        leaf("1.regs.coppa", "1"),
    )

    assert [each.verdict for each in apart] == ["protective", "non_protective"]
    assert [each.verdict for each in beside] == ["contradictory", "contradictory", "protective"]


@pytest.mark.parametrize("outside", ["device.ifa", "shared.device.ifa"])
def test_what_stands_outside_of_several_bid_requests_is_said_beside_each(outside: str) -> None:
    found = signals(
        COPPA,
        leaf("list.0.imp.0.id", "1"),
        leaf("list.0.regs.coppa", "1"),
        leaf("list.1.imp.0.id", "1"),
        leaf("list.1.regs.coppa", "1"),
        leaf(outside, UUID),
    )

    assert [each.verdict for each in found] == ["contradictory", "contradictory"]


def test_entries_of_a_list_that_are_no_bid_requests_are_of_one_phone() -> None:
    found = signals(COPPA, leaf("events.0.regs.coppa", "1"), leaf("events.1.device.ifa", UUID))

    assert [each.verdict for each in found] == ["contradictory"]


def test_a_request_inside_of_a_bid_request_is_a_part_of_it() -> None:
    found = signals(
        COPPA,
        leaf("imp.0.id", "1"),
        leaf("regs.coppa", "1"),
        leaf("imp.0.ext.echo.imp.0.id", "1"),
        leaf("imp.0.ext.echo.device.ifa", UUID),
    )

    assert [each.verdict for each in found] == ["contradictory"]
