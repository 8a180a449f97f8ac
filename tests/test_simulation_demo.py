"""The study of the demonstration is written from the declaration, and can be read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import UserError
from analyzer.simulation.declaration import load_declaration
from analyzer.simulation.demo import prepare_demo
from analyzer.study import load_study


def test_the_study_has_the_declared_arms_personas_and_phases(tmp_path: Path) -> None:
    declaration = load_declaration()
    study = prepare_demo(tmp_path / "demo")
    assert list(study.arms) == list(declaration.arms)
    assert study.phases == declaration.app.phases
    assert study.first_party == declaration.app.first_party
    for label, arm in declaration.arms.items():
        assert study.arm(label).country == arm.country
        assert study.arm(label).age == arm.age
        assert dict(study.persona(label).values) == declaration.personas[arm.persona]
    assert load_study(tmp_path / "demo") == study


def test_a_study_that_is_there_keeps_its_key(tmp_path: Path) -> None:
    assert prepare_demo(tmp_path).key == prepare_demo(tmp_path).key
    assert prepare_demo(tmp_path / "other").key != prepare_demo(tmp_path).key


def test_the_study_of_another_app_is_not_touched(tmp_path: Path) -> None:
    prepare_demo(tmp_path)
    path = tmp_path / "study.toml"
    text = path.read_text(encoding="utf-8").replace('app = "Pebblo"', 'app = "Other"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="study of Other"):
        prepare_demo(tmp_path)
    assert path.read_text(encoding="utf-8") == text


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        prepare_demo(tmp_path / "file")
