"""A new study.toml: valid, explained, and with values that nobody else has."""

from __future__ import annotations

import contextlib
import datetime
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.extract.shapes import shape
from analyzer.knowledge import load_knowledge
from analyzer.study import Study, load_study
from analyzer.study_template import study_text

TODAY = datetime.date(2026, 11, 22)


def new(root: Path, today: datetime.date = TODAY) -> Study:
    text = study_text("A study", "com.x", ("x.com",), today)
    (root / "study.toml").write_text(text, encoding="utf-8")
    return load_study(root)


def test_every_arm_has_a_persona_of_its_age_and_place(tmp_path: Path) -> None:
    study = new(tmp_path)
    assert len(set(study.persona_of.values())) == 4
    for label, arm in study.arms.items():
        assert label == f"{arm.country}-{arm.age}"
        values = dict(study.persona(label).values)
        birth = datetime.date.fromisoformat(values["demo.birthdate"])
        for day in (TODAY, TODAY + datetime.timedelta(days=120)):  # as long as a study takes
            had = (day.month, day.day) >= (birth.month, birth.day)
            assert day.year - birth.year - (not had) == arm.age
        latitude, longitude = map(float, values["loc.precise"].split(","))
        assert (latitude > 50, longitude < 20) == (arm.country == "DE", arm.country == "DE")


def test_the_ages_hold_on_every_day_of_a_leap_year(tmp_path: Path) -> None:
    for day in range(366):
        today = datetime.date(2028, 1, 1) + datetime.timedelta(days=day)
        study = new(tmp_path, today)
        birth = datetime.date.fromisoformat(dict(study.persona("KE-13").values)["demo.birthdate"])
        had = (today.month, today.day) >= (birth.month, birth.day)
        assert today.year - birth.year - (not had) == 13


def test_every_value_is_of_a_known_type_and_there_is_none_twice(tmp_path: Path) -> None:
    known = load_knowledge().types
    values = [pair for each in new(tmp_path).personas.values() for pair in each.values]
    assert {kind for kind, _ in values} <= known.keys()
    assert len({value for _, value in values}) == len(values)
    assert {shape(value) for kind, value in values if kind == "person.email"} == {"email"}
    assert {shape(value) for kind, value in values if kind == "id.advertising"} == {"uuid"}


def test_no_two_studies_share_a_secret_or_a_value(tmp_path: Path) -> None:
    def secrets() -> set[object]:
        study = new(tmp_path)
        of_personas = {
            value
            for each in study.personas.values()
            for kind, value in each.values
            if kind not in ("demo.birthdate", "loc.precise")
        }
        return {study.key, *of_personas}

    assert secrets().isdisjoint(secrets())


def test_what_is_commented_out_is_valid_too(tmp_path: Path) -> None:
    text = study_text("A study", "com.x", ("x.com",), TODAY)
    lines = [
        line.removeprefix("# ") if line.startswith('# "') else line for line in text.splitlines()
    ]
    (tmp_path / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    kinds = {kind for kind, _ in load_study(tmp_path).persona("KE-13").values}
    assert {"person.phone", "soc.contacts"} <= kinds <= load_knowledge().types.keys()


def test_what_it_says_of_languages_and_time_zones_is_valid(tmp_path: Path) -> None:
    text = study_text("A study", "com.x", ("x.com",), TODAY)
    lines = [
        line.removeprefix("#   ").partition("  ")[0]
        for line in text.splitlines()
        if line.startswith(("#   languages = ", "#   time_zones = "))
    ]
    assert len(lines) == 2
    text = text.replace("[arms.KE-13]", "\n".join(["[arms.KE-13]", *lines]))
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    found = load_study(tmp_path).expectation("KE-13")
    assert found.languages == ("sw-KE", "en")
    assert found.time_zones == ("Africa/Nairobi",)


@given(name=st.text(), app=st.text())
@settings(deadline=None)
def test_any_name_is_written_as_it_is_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, app: str
) -> None:
    root = tmp_path_factory.mktemp("study")
    text = study_text(name, app, ("x.com",), TODAY)
    (root / "study.toml").write_text(text, encoding="utf-8")
    plain = all(0 < len(each.strip()) == len(each) <= 200 for each in (name, app))
    if plain and (name + app).isprintable():
        study = load_study(root)
        assert (study.name, study.app) == (name, app)
    else:
        with contextlib.suppress(UserError):
            study = load_study(root)
            assert (study.name, study.app) == (name, app)


def test_no_seeded_value_is_a_part_of_another(tmp_path: Path) -> None:
    study = new(tmp_path)
    for persona in study.personas.values():
        for _, value in persona.values:
            pieces = {piece for piece in re.split(r"[^0-9a-z]+", value.lower()) if len(piece) > 4}
            others = [other for _, other in persona.values if other != value]
            assert not [piece for piece in pieces for other in others if piece in other.lower()]
