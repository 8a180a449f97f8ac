"""A folder of modules that register what they provide."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.decoders import DECODERS
from analyzer.exporters import EXPORTERS
from analyzer.readers import READERS
from analyzer.registry import Registry

FOLDER = "folder_of_shades"


@pytest.fixture
def shades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry[str]]:
    """A registry over a package with two modules, and one that registers nothing."""
    package = tmp_path / FOLDER
    package.mkdir()
    (package / "__init__.py").write_text(
        f"from analyzer.registry import Registry\nSHADES = Registry('{FOLDER}')\n"
    )
    for name in ("white", "black"):
        (package / f"{name}.py").write_text(
            f"from {FOLDER} import SHADES\nSHADES.register('{name}')('{name}!')\n"
        )
    (package / "unrelated.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__(FOLDER).SHADES
    for name in [each for each in sys.modules if each.partition(".")[0] == FOLDER]:
        del sys.modules[name]


def test_entries_come_from_every_module_of_the_folder_by_name(shades: Registry[str]) -> None:
    assert list(shades.entries().items()) == [("black", "black!"), ("white", "white!")]


def test_nothing_is_imported_before_the_first_look(shades: Registry[str]) -> None:
    assert f"{FOLDER}.black" not in sys.modules
    shades.entries()
    assert f"{FOLDER}.unrelated" in sys.modules


def test_a_second_look_imports_nothing_again(shades: Registry[str], tmp_path: Path) -> None:
    shades.entries()
    (tmp_path / FOLDER / "late.py").write_text("raise AssertionError")
    assert list(shades.entries()) == ["black", "white"]


def test_what_is_returned_can_be_changed_without_harm(shades: Registry[str]) -> None:
    shades.entries().clear()
    assert len(shades.entries()) == 2


def test_a_name_is_given_once(shades: Registry[str]) -> None:
    assert shades.register("grey")("a") == "a"
    with pytest.raises(ValueError, match=f"'grey' is registered twice in {FOLDER}"):
        shades.register("grey")("b")
    assert shades.entries()["grey"] == "a"


def test_a_module_that_fails_is_not_hidden(shades: Registry[str], tmp_path: Path) -> None:
    (tmp_path / FOLDER / "broken.py").write_text("raise RuntimeError('broken')")
    with pytest.raises(RuntimeError, match="broken"):
        shades.entries()


def test_the_folders_of_the_program_are_filled() -> None:
    assert {"har", "mitm", "pcap"} <= set(READERS.entries())
    assert {"json", "gzip", "protobuf"} <= set(DECODERS.entries())
    assert set(EXPORTERS.entries()) == {"har", "mitm"}
