"""What proves a region, what disputes it, what contradicts it, and what does neither."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.comparison import RegionProof
from analyzer.expectation import expect
from analyzer.findings import RegionFact
from analyzer.knowledge import load_knowledge
from analyzer.region.verdict import prove

KNOWN = load_knowledge()
A, B = "geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17"
HERE = [("measured", "exit_country", "KE", A, 1), ("measured", "exit_country", "KE", B, 1)]
Given = tuple[str, str, str, str, int]


def proof(given: Sequence[Given], country: str = "KE", egress: str = "") -> RegionProof:
    facts = [
        RegionFact(
            "KE-13-r01", "measured" if kind == "measured" else "seen", topic, value, source, at, 1
        )
        for kind, topic, value, source, at in given
    ]
    return prove(
        facts,
        expect(country),
        KNOWN.countries,
        session="KE-13-r01",
        side="b",
        arm="KE-13",
        egress=egress,
    )


def ask(number: int, *countries: str) -> list[Given]:
    return [
        ("measured", "exit_country", country, source, number)
        for country, source in zip(countries, (A, B), strict=False)
    ]


def seen(topic: str, *values: str) -> list[Given]:
    return [("seen", topic, value, "a rule", 0) for value in values]


def measured(topic: str, *values: str) -> list[Given]:
    return [("measured", topic, value, "adb", 0) for value in values]


def test_two_databases_that_agree_prove_it() -> None:
    found = proof(HERE)
    assert (found.verdict, found.contradictions, found.remarks) == ("proven", (), ())


def test_one_database_and_a_server_prove_it_and_one_alone_does_not() -> None:
    assert proof([*HERE[:1], *seen("server_country", "KE")]).verdict == "proven"
    alone = proof(HERE[:1])
    assert alone.verdict == "unproven"
    assert alone.remarks == ("only one witness says from where the traffic left",)


def test_where_nobody_asked_nothing_is_proven() -> None:
    found = proof(seen("server_country", "KE"))
    assert found.verdict == "unproven"
    assert found.remarks == ("nobody asked from where the traffic left",)
    assert proof([]).verdict == "unproven"


def test_one_question_that_only_one_database_could_answer_is_not_enough() -> None:
    assert proof([*ask(1, "KE", "KE"), *ask(2, "KE")]).verdict == "unproven"


def test_databases_that_disagree_dispute_it_and_are_named() -> None:
    found = proof(ask(1, "KE", "MU"))
    assert found.verdict == "disputed"
    assert found.contradictions == (
        f"the databases do not agree where the traffic left: KE ({A}), MU ({B})",
    )


def test_databases_of_which_none_says_so_contradict_it_even_if_they_disagree() -> None:
    found = proof(ask(1, "DE", "RO"))
    assert found.verdict == "contradicted"
    assert found.contradictions == ("the traffic left from DE, RO, not from KE",)


def test_a_tunnel_that_fell_once_contradicts_it() -> None:
    found = proof([*ask(1, "KE", "KE"), *ask(2, "DE", "DE")])
    assert found.verdict == "contradicted"
    assert found.contradictions == ("the traffic left from DE, not from KE",)


def test_servers_that_all_say_otherwise_dispute_databases_and_contradict_where_there_are_none() -> (
    None
):
    with_databases = proof([*HERE, *seen("server_country", "DE", "NL")])
    assert with_databases.verdict == "disputed"
    assert with_databases.contradictions == (
        "every server that told took the phone to be in DE, NL",
    )
    without = proof(seen("server_country", "DE"))
    assert without.verdict == "contradicted"
    assert without.contradictions == (
        "every server that told took the phone to be in DE, not in KE",
    )


def test_a_server_that_says_otherwise_beside_one_that_does_not_is_a_remark() -> None:
    found = proof([*HERE, *seen("server_country", "DE", "KE")])
    assert found.verdict == "proven"
    assert found.remarks == ("some servers took the phone to be in DE",)


def test_an_exit_in_japan_with_a_german_phone_is_contradicted() -> None:
    exits: list[Given] = [(kind, topic, "JP", source, n) for kind, topic, _, source, n in HERE]
    found = proof([*exits, *measured("locale", "de-DE")], "JP")
    assert found.verdict == "contradicted"
    assert found.contradictions == ("the phone's language is de-DE, the arm is in JP",)


@pytest.mark.parametrize(
    ("topic", "value", "sentence"),
    [
        ("sim_country", "DE", "the SIM is of DE"),
        ("store_country", "DE", "the store is that of DE"),
        ("locale", "de-DE", "the phone's language is de-DE"),
        ("locale", "en-GB", "the phone's language is en-GB"),
        ("time_zone", "Europe/Berlin", "the phone's time zone is Europe/Berlin"),
    ],
)
def test_a_phone_of_another_country_contradicts_it(topic: str, value: str, sentence: str) -> None:
    found = proof([*HERE, *measured(topic, value)])
    assert found.verdict == "contradicted"
    assert found.contradictions == (f"{sentence}, the arm is in KE",)


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        ("sim_country", "KE"),
        ("store_country", "KE"),
        ("locale", "sw-KE"),
        ("locale", "en-KE"),
        ("locale", "sw"),
        ("time_zone", "Africa/Nairobi"),
    ],
)
def test_a_phone_of_the_country_does_not(topic: str, value: str) -> None:
    assert proof([*HERE, *measured(topic, value)]).verdict == "proven"
    assert proof([*HERE, *seen(topic, value)]).verdict == "proven"


def test_a_second_sim_of_another_country_is_named() -> None:
    found = proof([*HERE, *measured("sim_country", "KE", "DE")])
    assert found.contradictions == ("the SIM is of DE, the arm is in KE",)


@pytest.mark.parametrize(
    ("topic", "others", "own"),
    [
        ("country", ("DE", "US"), "KE"),
        ("sim_country", ("DE",), "KE"),
        ("store_country", ("US",), "KE"),
        ("locale", ("de-DE", "en-US"), "sw-KE"),
        ("time_zone", ("Europe/Berlin",), "Africa/Nairobi"),
    ],
)
def test_what_an_app_sends_contradicts_only_if_all_of_it_does(
    topic: str, others: tuple[str, ...], own: str
) -> None:
    found = proof([*HERE, *seen(topic, *others)])
    assert found.verdict == "contradicted"
    assert ", ".join(others) in found.contradictions[0]
    assert proof([*HERE, *seen(topic, *others, own)]).verdict == "proven"


def test_a_language_without_a_region_excuses_none_with_another() -> None:
    assert proof([*HERE, *seen("locale", "en", "en-US")]).verdict == "contradicted"
    assert proof([*HERE, *seen("locale", "en")]).verdict == "proven"


@pytest.mark.parametrize("topic", ["server_market", "network_country", "pop", "others"])
def test_weak_signs_contradict_nothing(topic: str) -> None:
    found = proof([*HERE, *seen(topic, "DE FRA" if topic == "pop" else "DE")])
    assert (found.verdict, found.contradictions) == ("proven", ())


def test_points_of_presence_on_other_continents_only_are_a_remark() -> None:
    far = proof([*HERE, *seen("pop", "DE FRA", "FR MRS")])
    assert far.verdict == "proven"
    assert far.remarks == (
        "every point of presence that answered is on another continent (DE, FR)",
    )
    assert proof([*HERE, *seen("pop", "DE FRA", "ZA JNB")]).remarks == ()


def test_an_exit_of_which_only_the_result_was_recorded_counts_as_one_witness() -> None:
    assert proof([], egress="KE").verdict == "unproven"
    assert proof(seen("server_country", "KE"), egress="ke").verdict == "proven"
    assert proof([], egress="DE").verdict == "contradicted"
    disputed = proof([], egress="disputed")
    assert disputed.verdict == "disputed"
    assert disputed.contradictions == ("the measurements of where the traffic left do not agree",)
    assert proof(HERE, egress="disputed").verdict == "proven"  # what was measured says more


def test_the_parts_are_kept_apart() -> None:
    found = proof([*HERE, *measured("locale", "sw-KE"), *seen("locale", "de-DE")])
    assert (found.country, found.time_zones) == ("KE", ("Africa/Nairobi",))
    assert "sw-KE" in found.languages
    assert {fact.kind for fact in found.measured} == {"measured"}
    assert [fact.value for fact in found.seen] == ["de-DE"]


SIGNS = st.lists(
    st.one_of(
        st.tuples(
            st.just("measured"),
            st.just("exit_country"),
            st.sampled_from(["KE", "DE", "TZ"]),
            st.sampled_from([A, B]),
            st.integers(1, 3),
        ),
        st.tuples(
            st.sampled_from(["measured", "seen"]),
            st.sampled_from(["sim_country", "store_country", "country", "server_country", "pop"]),
            st.sampled_from(["KE", "DE", "TZ"]),
            st.just("adb"),
            st.just(0),
        ),
    ),
    max_size=12,
    unique=True,
)


@given(SIGNS)
def test_a_proof_has_reasons_and_does_not_depend_on_the_order(signs: list[Given]) -> None:
    found = proof(signs)
    assert bool(found.contradictions) == (found.verdict in {"disputed", "contradicted"})
    exits = [sign for sign in signs if sign[1] == "exit_country"]
    if found.verdict == "proven":
        assert {country for _, _, country, _, _ in exits} == {"KE"}
    if not exits:
        assert found.verdict in {"unproven", "contradicted"}
    # Answers of one database to one question: the last would win, so none is there twice.
    if len({(source, number) for _, _, _, source, number in exits}) == len(exits):
        again = proof(sorted(signs, reverse=True))
        assert (again.verdict, set(again.contradictions)) == (
            found.verdict,
            set(found.contradictions),
        )
