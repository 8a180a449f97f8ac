"""What was measured becomes facts in codes, question by question."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.knowledge import load_knowledge
from analyzer.models import Measured
from analyzer.region.measured import MOST, OTHERS, measured_facts

KNOWN = load_knowledge()
A, B = "geo:a.mmdb 2026-06-17", "geo:b-country.mmdb 2026-06-18"


def facts(*rows: tuple[str, str, str]) -> list[tuple[str, str, str, int, int]]:
    """(topic, value, source, ask, count) of rows that were measured one after the other."""
    measured = [Measured(float(number), *row) for number, row in enumerate(rows)]
    found = measured_facts("KE-13-r01", measured, KNOWN)
    assert {(fact.session, fact.kind) for fact in found} <= {("KE-13-r01", "measured")}
    return [(fact.topic, fact.value, fact.source, fact.ask, fact.count) for fact in found]


def exits(*countries: str) -> list[tuple[str, str, str]]:
    """What one question gives: the address, and the country of each database."""
    sources = (A, B)
    asked = [("exit_ip", "196.216.2.1", "check url")]
    return asked + [("exit_country", each, sources[at]) for at, each in enumerate(countries)]


def test_the_answers_to_one_question_stay_together() -> None:
    assert facts(*exits("KE", "MU")) == [
        ("exit_country", "KE", A, 1, 1),
        ("exit_country", "MU", B, 1, 1),
    ]


def test_questions_with_the_same_answers_are_one_and_counted() -> None:
    found = facts(*exits("KE", "KE"), *exits("DE", "DE"), *exits("KE", "KE"), *exits("KE"))
    assert found == [
        ("exit_country", "KE", A, 1, 2),
        ("exit_country", "KE", B, 1, 2),
        ("exit_country", "DE", A, 2, 1),
        ("exit_country", "DE", B, 2, 1),
        ("exit_country", "KE", A, 3, 1),
    ]


def test_a_database_that_answers_again_was_asked_again() -> None:
    rows = [row for row in (*exits("KE"), *exits("DE")) if row[0] != "exit_ip"]
    assert [(value, ask) for _, value, _, ask, _ in facts(*rows)] == [("KE", 1), ("DE", 2)]


def test_the_address_itself_is_no_fact() -> None:
    assert facts(*exits()) == []


def test_what_a_phone_says_of_itself_is_a_fact_with_its_source() -> None:
    assert facts(
        ("locale", "sw_KE", "check page"),
        ("locale", "sw-KE", "adb"),
        ("time_zone", "Africa/Nairobi", "adb"),
        ("sim_country", "KE", "adb"),
        ("store_country", "ke", "adb"),
        ("device", "Pixel 7", "adb"),
        ("private_relay", "off", "check page"),
    ) == [
        ("locale", "sw-KE", "adb", 0, 1),
        ("locale", "sw-KE", "check page", 0, 1),
        ("sim_country", "KE", "adb", 0, 1),
        ("store_country", "KE", "adb", 0, 1),
        ("time_zone", "Africa/Nairobi", "adb", 0, 1),
    ]


def test_the_number_of_an_operator_tells_where_the_phone_does_not() -> None:
    assert facts(("sim_operator", "63902", "adb")) == [("sim_country", "KE", "adb", 0, 1)]
    assert facts(("sim_operator", "26201", "adb"), ("sim_country", "KE", "adb")) == [
        ("sim_country", "KE", "adb", 0, 1)
    ]


def test_what_is_on_no_list_and_who_is_unknown_stays_inside() -> None:
    assert facts(("locale", "Amina", "adb"), ("time_zone", "home", "adb")) == []
    assert facts(("exit_country", "Kenya", A), ("sim_country", "?", "adb")) == []
    assert facts(("locale", "sw-KE", "\x1b[31mAmina")) == [
        ("locale", "sw-KE", "of unknown origin", 0, 1)
    ]


def test_more_than_a_phone_has_is_counted() -> None:
    every = sorted(KNOWN.countries)
    found = facts(*(row for code in every for row in exits(code)))
    assert len(found) == MOST + 1
    assert found[-1] == (OTHERS, "", "", 0, len(every) - MOST)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["exit_ip", "exit_country", "sim_country", "sim_operator", "locale", "time_zone"]
            ),
            st.text(max_size=30) | st.sampled_from(["KE", "DE", "63902", "sw-KE", "Asia/Tokyo"]),
            st.sampled_from([A, B, "adb", "check page"]) | st.text(max_size=20),
        ),
        max_size=30,
    )
)
def test_counts_add_up_and_only_codes_come_out(rows: list[tuple[str, str, str]]) -> None:
    found = facts(*rows)
    assert sum(count for *_, count in found) <= len(rows)
    for topic, value, source, ask, count in found:
        assert (ask > 0) == (topic == "exit_country")
        assert count > 0
        assert value.isascii()
        assert source in {A, B, "adb", "check page", "check url", "of unknown origin"}
