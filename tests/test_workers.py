"""How many processes a command takes when nobody says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer import workers
from analyzer.workers import fitting


def machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cores: int, meminfo: str, **cgroup: str
) -> None:
    """Make the module see a machine of so many cores, with these files."""
    (tmp_path / "meminfo").write_text(meminfo, encoding="utf-8")
    for name, text in cgroup.items():
        (tmp_path / name.replace("_", ".")).write_text(text, encoding="utf-8")
    monkeypatch.setattr(workers, "_cores", lambda: cores)
    monkeypatch.setattr(workers, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(workers, "_CGROUP", tmp_path)


MUCH = "MemTotal: 65536000 kB\nMemFree: 1 kB\nMemAvailable: 33554432 kB\n"
LITTLE = "MemTotal: 1024000 kB\nMemAvailable: 716800 kB\n"


def test_every_core_is_used_where_the_memory_suffices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path, 8, MUCH)
    assert fitting(200) == 8


def test_where_memory_is_short_there_are_fewer_but_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(monkeypatch, tmp_path, 8, LITTLE)
    assert fitting(200) == 3
    assert fitting(2000) == 1


def test_a_container_has_less_than_its_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limits = {"memory_max": f"{1 << 30}\n", "memory_current": f"{1 << 29}\n"}
    machine(monkeypatch, tmp_path, 8, MUCH, **limits)
    assert fitting(200) == 2
    machine(monkeypatch, tmp_path, 8, MUCH, memory_max="max\n")
    assert fitting(200) == 8


def test_a_system_that_tells_nothing_of_its_memory_gives_its_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workers, "_cores", lambda: 4)
    monkeypatch.setattr(workers, "_MEMINFO", tmp_path / "none")
    monkeypatch.setattr(workers, "_CGROUP", tmp_path)
    assert fitting(200) == 4


def test_this_machine_can_work_with_one_at_least() -> None:
    assert fitting(1) >= 1
    assert fitting(10**9) == 1
