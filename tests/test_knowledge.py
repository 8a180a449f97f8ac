"""The program's knowledge says what the references say."""

from __future__ import annotations

import csv
import json
import pickle
import time
from pathlib import Path

import pytest

from analyzer.knowledge import DATA, SHAPES, Knowledge, check, load_knowledge, normal_name


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def test_the_files_are_sound() -> None:
    assert [str(fault) for fault in check(DATA)] == []


def test_every_data_type_of_the_reference_is_there(knowledge: Knowledge, shared_data: Path) -> None:
    path = shared_data.parent / "reference" / "ontology.csv"
    with path.open(encoding="utf-8") as lines:
        rows = {row["leaf"]: row for row in csv.DictReader(lines)}
    assert list(knowledge.types) == list(rows)
    for name, row in rows.items():
        found = knowledge.types[name]
        assert (found.group, found.dpv, found.diffaudit) == (
            row["group"],
            row["dpv_pd"],
            row["diffaudit_l3"],
        )
        assert (found.google_play, found.apple) == (row["google_play"], row["apple_label"])
        assert set(row["trackhar"].split(";")) - {""} <= set(found.trackhar)


def test_sixty_types_of_which_two_are_signals(knowledge: Knowledge) -> None:
    assert len(knowledge.types) >= 60
    silent = {each.id for each in knowledge.types.values() if not each.counts_as_data}
    assert silent == {"ad.privacy_signal", "demo.age_band"}


@pytest.mark.parametrize(
    "ambiguous",
    ["name", "content", "id", "value", "event", "age", "uid", "state", "type", "model", "currency"],
)
def test_a_name_that_may_mean_anything_means_nothing(knowledge: Knowledge, ambiguous: str) -> None:
    assert not [each.id for each in knowledge.types.values() if ambiguous in each.names]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("gps_adid", "id.advertising"),
        ("deviceId", "id.device"),
        ("Client-IP", "id.ip"),
        ("date_of_birth", "demo.birthdate"),
        ("carrierRegion", "loc.sim_carrier"),
        ("pre_item_playtime", "beh.watch_time"),
    ],
)
def test_a_telling_name_means_one_type(knowledge: Knowledge, key: str, expected: str) -> None:
    types = [each.id for each in knowledge.types.values() if normal_name(key) in each.names]
    assert types == [expected]


def test_a_short_number_under_lat_is_no_coordinate(knowledge: Knowledge) -> None:
    shapes = knowledge.types["loc.precise"].shapes
    assert "lat" in knowledge.types["loc.precise"].names
    assert "geo:5-decimals" in shapes
    assert not {"geo", "geo:0-decimals", "int", "decimal"} & set(shapes)


def test_the_shapes_that_files_may_name_are_those_that_values_have(knowledge: Knowledge) -> None:
    from analyzer.extract.value_shape import SHAPES as ALL_SHAPES

    assert {shape.partition(":")[0] for shape in ALL_SHAPES} == SHAPES
    named = [shape for each in knowledge.types.values() for shape in each.shapes]
    named += [
        shape
        for tracker in knowledge.trackers
        for endpoint in tracker.endpoints
        for rule in endpoint.fields
        for shape in rule.shapes
    ]
    assert set(named) <= set(ALL_SHAPES) | SHAPES


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        ("advertisingId", ("id.advertising",)),
        ("idfa", ("id.advertising",)),
        ("architecture", ("dev.model",)),
        ("ramTotal", ("dev.state",)),
        ("diskTotal", ("dev.state",)),
        ("isInForeground", ("dev.state",)),
        ("noSuchProperty", ()),
    ],
)
def test_properties_of_trackhar_lead_to_data_types(
    knowledge: Knowledge, prop: str, expected: tuple[str, ...]
) -> None:
    assert knowledge.by_trackhar(prop) == expected


def test_no_property_of_trackhar_leads_to_two_types(knowledge: Knowledge) -> None:
    all_properties = [prop for each in knowledge.types.values() for prop in each.trackhar]
    assert len(all_properties) == len(set(all_properties)) > 100


def test_every_property_that_trackhar_found_in_the_recordings_is_mapped(
    knowledge: Knowledge, shared_data: Path
) -> None:
    files = sorted(shared_data.glob("*-har/*trackhar.json"))
    found = {
        each["property"]
        for file in files
        for request in json.loads(file.read_text(encoding="utf-8"))
        for each in (request if isinstance(request, list) else (request or {}).get("data") or ())
    }
    assert found
    assert [prop for prop in sorted(found) if not knowledge.by_trackhar(prop)] == []


def test_every_country_of_iso_3166_is_there_once(knowledge: Knowledge) -> None:
    assert len(knowledge.countries) == 249
    assert len({country.alpha3 for country in knowledge.countries.values()}) == 249
    assert len({country.name for country in knowledge.countries.values()}) == 249
    norway = knowledge.countries["NO"]
    assert (norway.alpha3, norway.region, norway.subregion, norway.income) == (
        "NOR",
        "Europe",
        "Northern Europe",
        "high",
    )
    assert [c.alpha2 for c in knowledge.countries.values() if not c.region] == ["AQ"]


def test_the_european_blocs_nest(knowledge: Knowledge) -> None:
    blocs = {name: bloc.members for name, bloc in knowledge.blocs.items()}
    assert len(blocs["eu"]) == 27
    assert blocs["eea"] == blocs["eu"] | {"IS", "LI", "NO"}
    assert blocs["tiktok_europe"] == blocs["eea"] | {"GB", "CH"}
    assert not blocs["tiktok_elsewhere"] & (blocs["tiktok_europe"] | {"US"})
    assert {"KE", "CA", "JP", "TR"} <= blocs["tiktok_elsewhere"]


@pytest.mark.parametrize("bloc", ["global_majority", "global_majority_wb"])
def test_the_global_majority_shares_no_country_with_the_others(
    knowledge: Knowledge, bloc: str
) -> None:
    members = knowledge.blocs[bloc].members
    assert {"KE", "PH", "BR", "IN", "ID", "NG", "ZA", "AR", "PK", "VN", "MX", "EG"} <= members
    for other in ("eea", "uk", "ch", "us"):
        assert not members & knowledge.blocs[other].members
    assert not members & {"JP", "KR", "SG", "IL", "CY", "TW", "HK", "AU", "NZ", "CA"}


def test_the_definitions_of_the_global_majority_differ_where_they_should(
    knowledge: Knowledge,
) -> None:
    regional = knowledge.blocs["global_majority"].members
    by_income = knowledge.blocs["global_majority_wb"].members
    assert {"CL", "UY", "SA", "AE", "CR"} <= regional - by_income  # high income
    assert {"UA", "AL", "RS"} <= by_income - regional  # in Europe
    assert "RE" not in regional | by_income  # the EU's law applies on Réunion


@pytest.mark.parametrize(
    ("country", "day", "level"),
    [
        ("DE", "2026-11-22", "ban"),
        ("DE", "2024-02-16", "consent_only"),
        ("NO", "2026-11-22", "ban"),
        ("GB", "2026-11-22", "default_off"),
        ("CH", "2026-11-22", "none"),
        ("KE", "2026-11-22", "consent_only"),
        ("BR", "2026-01-01", "consent_only"),
        ("BR", "2026-04-01", "ban"),
        ("IN", "2026-11-22", "none"),
        ("IN", "2027-06-01", "ban"),
        ("JP", "2026-11-22", "none"),
    ],
)
def test_the_level_of_protection_depends_on_country_and_day(
    knowledge: Knowledge, country: str, day: str, level: str
) -> None:
    assert knowledge.protection(country, 13, day).level == level


def test_a_ban_on_paper_counts_only_when_asked_for(knowledge: Knowledge) -> None:
    for country in ("IN", "ID"):
        assert knowledge.protection(country, 13, "2026-11-22").level != "ban"
        assert knowledge.protection(country, 13, "2026-11-22", on_paper=True).level == "ban"


def test_the_law_on_minors_does_not_bind_for_adults(knowledge: Knowledge) -> None:
    assert knowledge.protection("DE", 17, "2026-11-22").level == "ban"
    assert knowledge.protection("DE", 18, "2026-11-22").level == "none"
    assert "us.coppa" not in {law.id for law in knowledge.laws_for("US", 13, "2026-11-22")}
    assert "us.coppa" in {law.id for law in knowledge.laws_for("US", 12, "2026-11-22")}


def test_what_the_platform_declares_is_not_law(knowledge: Knowledge) -> None:
    declared = {law.id: law for law in knowledge.laws if law.kind == "platform"}
    assert declared["tiktok.europe_2023"].binds("CH", 15, "2023-07-11")
    assert not declared["tiktok.europe_2023"].binds("CH", 15, "2023-07-10")
    assert not declared["tiktok.us_2023"].binds("US", 16, "2023-07-01")
    assert declared["tiktok.elsewhere"].binds("KE", 13, "2026-11-22")
    assert not knowledge.protection("CH", 15, "2026-11-22").laws[0].startswith("tiktok")


def test_general_knowledge_is_marked(knowledge: Knowledge) -> None:
    unsure = {law.id for law in knowledge.laws if law.grade == "K"}
    assert {"eu.dsa_recommenders", "ng.ndpa_37", "za.popia_71", "pk.no_act"} <= unsure
    assert not [law.id for law in knowledge.laws if law.grade == "K" and law.verified]
    assert not [
        each.id for each in knowledge.signals.values() if each.grade == "K" and each.verified
    ]


@pytest.mark.parametrize(
    ("host", "owner", "category"),
    [
        ("app-measurement.com", "Google", "analytics"),
        ("firebaseinstallations.googleapis.com", "Google", "functional"),
        ("fcm.googleapis.com", "Google", "push"),
        ("a.muscdn.com", "ByteDance", "social"),
        ("analytics.tiktok.com", "ByteDance", "advertising"),
        ("notify.bugsnag.com", "Bugsnag", "crash"),
        ("ads.mopub.com", "AppLovin", "advertising"),
        ("widgets.outbrain.com", "Outbrain", "advertising"),
    ],
)
def test_owners_are_found_by_the_longest_suffix(
    knowledge: Knowledge, host: str, owner: str, category: str
) -> None:
    found = knowledge.owners.lookup(host)
    assert found
    assert (found.owner, found.category) == (owner, category)


@pytest.mark.parametrize("host", ["nobody.example", "com", "", "notapp-measurement.com", "..."])
def test_a_host_that_no_list_has_has_no_owner(knowledge: Knowledge, host: str) -> None:
    assert knowledge.owners.lookup(host) is None


def test_the_list_of_owners_names_whose_work_it_is(knowledge: Knowledge) -> None:
    assert "third-party-web" in knowledge.owners.attribution
    assert "MIT" in knowledge.owners.attribution
    assert len(knowledge.owners.entries) > 3000


def test_the_knowledge_travels_to_another_process(knowledge: Knowledge) -> None:
    assert pickle.loads(pickle.dumps(knowledge)) == knowledge


def test_loading_is_quick_and_done_once() -> None:
    started = time.process_time()
    check(DATA)
    assert time.process_time() - started < 1.0  # 0.2 s alone on a quiet core
    assert load_knowledge() is load_knowledge()
