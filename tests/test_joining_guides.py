"""The instructions for the certificate: complete, short, with their sources."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from analyzer.errors import UserError
from analyzer.joining.guides import Guides, System, load_guides

SYSTEMS: tuple[System, ...] = ("android", "ios")


@pytest.fixture(scope="module")
def guides() -> Guides:
    return load_guides()


@pytest.mark.parametrize(("system", "oldest"), [("android", 7), ("ios", 13)])
def test_every_version_has_exactly_one_guide(system: System, oldest: int, guides: Guides) -> None:
    newest_first = guides.of(system)
    assert newest_first[0].last is None
    assert newest_first[-1].first == oldest
    for newer, older in pairwise(newest_first):
        assert older.last == newer.first - 1


def test_ids_are_unique_and_say_the_system(guides: Guides) -> None:
    ids = [each.id for each in guides.guides] + [each.id for each in guides.traps]
    assert len(set(ids)) == len(ids)
    for guide in guides.guides:
        assert guide.id == f"{guide.system}.{guide.first}"
        assert str(guide.first) in guide.name


def test_each_step_is_a_short_sentence_or_two(guides: Guides) -> None:
    for guide in guides.guides:
        assert 3 <= len(guide.steps) <= 6
        for step in guide.steps:
            assert step.endswith(".")
            assert len(step) <= 130, step
        assert guide.sources
    assert all(trap.sources for trap in guides.traps)


def test_the_step_that_everyone_misses_is_in_every_iphones_steps(guides: Guides) -> None:
    for guide in guides.of("ios"):
        assert any("Certificate Trust Settings" in step for step in guide.steps)
        assert any("full trust" in step for step in guide.steps)
    assert guides.traps_of("ios")[0].id == "ios.full_trust"


def test_it_is_said_that_android_apps_may_ignore_the_certificate(guides: Guides) -> None:
    assert guides.traps_of("android")[0].id == "android.user_store"
    assert "opted in" in guides.traps_of("android")[0].text


def test_newer_androids_go_through_the_settings(guides: Guides) -> None:
    ways = {guide.first: " ".join(guide.steps) for guide in guides.of("android")}
    assert "Install anyway" in ways[14]
    assert "Install anyway" in ways[11]
    assert "Install anyway" not in ways[7]


TRAP = """
traps:
  - {id: ios.trap, system: ios, title: t, text: t, grade: K, sources: [s]}
guides:
"""
GUIDE = (
    "  - {id: ios.1, system: ios, first: 1, name: n, short: s, grade: S, sources: [s], steps: [s]}"
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("guides: [", "not valid YAML"),
        (f"{TRAP}  []", "guides is empty"),
        (f"{TRAP}{GUIDE}\nmore: 1", r"authority.yaml:6: .*unknown entry 'more'"),
        (TRAP + GUIDE.replace(", steps: [s]", ""), r"authority.yaml:5: .*steps is missing"),
        (TRAP + GUIDE.replace("system: ios", "system: palm"), "use one of android, ios"),
        (TRAP + GUIDE.replace("first: 1, ", ""), "first is missing"),
    ],
)
def test_a_fault_is_said_with_its_line(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "authority.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint):
        load_guides(path)
    path.write_text(TRAP + GUIDE)
    load_guides.cache_clear()
    assert load_guides(path).guides[0].first == 1


def test_a_missing_file_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_guides(tmp_path / "authority.yaml")
