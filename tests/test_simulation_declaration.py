"""The declaration: that its one file is read, and that a wrong entry is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import UserError
from analyzer.models import Arm
from analyzer.simulation.declaration import FILE, Condition, Line, load_declaration

BLOCS = {"eea": frozenset({"DE"}), "global_majority": frozenset({"KE"})}
DE13 = Arm("DE-13", "DE", 13, "accepted")
KE30 = Arm("KE-30", "KE", 30, "refused")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "declaration.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_declaration_names_the_four_arms_and_at_least_thirty_transmissions() -> None:
    declaration = load_declaration()
    assert list(declaration.arms) == ["DE-13", "KE-13", "DE-30", "KE-30"]
    assert len(declaration.transmissions) >= 30
    assert len(declaration.parties) >= 6
    assert declaration.app.phases[0] == "launch"


def test_no_two_personas_share_a_value() -> None:
    values = [v for persona in load_declaration().personas.values() for v in persona.values()]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition(), (True, True)),
        (Condition(country="DE"), (True, False)),
        (Condition(country=("KE", "DE")), (True, True)),
        (Condition(bloc="global_majority"), (False, True)),
        (Condition(age="minor"), (True, False)),
        (Condition(age="adult"), (False, True)),
        (Condition(age=(13, 14)), (True, False)),
        (Condition(consent="refused"), (False, True)),
        (Condition(bloc="eea", age="adult"), (False, False)),
    ],
)
def test_a_condition_holds_for_the_arms_it_describes(
    condition: Condition, holds: tuple[bool, bool]
) -> None:
    assert (condition.holds(DE13, BLOCS), condition.holds(KE30, BLOCS)) == holds


def test_unless_and_sessions_narrow_a_line() -> None:
    line = Line(unless=Condition(bloc="eea", age="minor"), sessions=(2, 5))
    assert [line.happens(KE30, repeat, BLOCS) for repeat in range(1, 7)] == [
        False, True, False, False, True, False,
    ]  # fmt: skip
    assert not any(line.happens(DE13, repeat, BLOCS) for repeat in range(1, 7))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("data: demo.birthdate, as: birthday", "data: demo.birthdate, az: birthday", "az"),
        ("{to: glint pixel, phase: launch, data: dev.screen",
         "{to: glint pixle, phase: launch, data: dev.screen", "glint pixle"),
        ("{to: pebblo profile, phase: consent, data: person.name",
         "{to: pebblo profile, phase: use, data: person.name", "not sent in phase"),
        ("{to: glint pixel, phase: launch, data: dev.screen, in: query",
         "{to: glint pixel, phase: launch, data: dev.screen", "has no body"),
        ("    party: mendly", "    party: nobody", "nobody"),
        ("answer: {redirect: bidriver match}", "answer: {redirect: nowhere}", "nowhere"),
        ("within: pebblo live, body: protobuf", "within: pebblo feed, body: protobuf",
         "no WebSocket"),
        ("persona: torben", "persona: nobody", "no persona"),
        ("set_by: glint pixel", "set_by: glint", "cookie"),
        ("url: https://cdn.pebblo.example", "url: http://cdn.pebblo.example", "https"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        load_declaration(changed(tmp_path, old, new))


def test_text_that_is_no_yaml_and_a_missing_file_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [", encoding="utf-8")
    for name in ("broken.yaml", "missing.yaml"):
        with pytest.raises(UserError, match="cannot be read") as caught:
            load_declaration(tmp_path / name)
        assert "\n" not in str(caught.value)
