"""`knowledge`: what is known and from where, for people, for programs, and whether it is sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli_rig import done, mistake, run, told

from analyzer.knowledge import DATA, load_knowledge

TOPICS = ("types", "signals", "trackers", "rules", "owners", "blocs", "countries", "law")


def test_without_a_topic_each_topic_is_counted() -> None:
    known = load_knowledge()
    counts = told("knowledge", "list")
    assert set(counts) == set(TOPICS)
    assert counts["types"] == len(known.types) == 60
    assert counts["signals"] == len(known.signals) == 74
    assert counts["countries"] == len(known.countries) == 249
    shown = [line.split("\t") for line in done("knowledge", "list").splitlines()]
    assert shown == [["topic", "entries"], *([name, str(counts[name])] for name in TOPICS)]


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_is_a_table_with_a_line_for_each_entry_and_its_source(topic: str) -> None:
    head, *lines = [line.split("\t") for line in done("knowledge", "list", topic).splitlines()]
    records = told("knowledge", "list", topic)
    assert len(lines) == len(records) == told("knowledge", "list")[topic]
    assert all(len(line) == len(head) for line in lines)
    assert head[-1] == ("blocs" if topic == "countries" else "source")
    assert all(line[0] for line in lines)
    sources = [line[-1] for line in lines]
    assert topic == "countries" or sum(not source for source in sources) < len(sources) / 4


def test_what_nobody_has_verified_says_so() -> None:
    unverified = {
        each["rule_id"] for each in told("knowledge", "list", "rules") if each["grade"] == "K"
    }
    assert unverified
    for line in done("knowledge", "list", "rules").splitlines()[1:]:
        assert line.endswith(" (not verified)") == (line.partition("\t")[0] in unverified)


def test_a_program_gets_all_that_is_known_of_an_entry() -> None:
    [eea] = [each for each in told("knowledge", "list", "blocs") if each["id"] == "eea"]
    assert eea["members"] == sorted(eea["members"])
    assert len(eea["members"]) == 30
    trackers = told("knowledge", "list", "trackers")
    assert all({"id", "hosts", "fields", "hits", "misses"} <= each.keys() for each in trackers)


def test_an_unknown_topic_is_a_mistake() -> None:
    line = mistake("knowledge", "list", "law2")
    assert line == (
        "Invalid value for '[TOPIC]': 'law2' is not one of 'types', 'signals', 'trackers', 'rules',"
        " 'owners', 'blocs', 'countries', 'law': see `evenhand knowledge list --help`"
    )


def test_the_program_s_own_files_are_sound() -> None:
    assert done("knowledge", "check") == "All data files are sound.\n"
    assert told("knowledge", "check") == []


def test_a_fault_is_named_with_file_and_line(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    path = tmp_path / "data" / "regions.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, "extra: 1"]) + "\n", encoding="utf-8")
    said = done("knowledge", "check", tmp_path / "data", code=1).splitlines()
    assert said[0].startswith(f"regions.yaml:{len(lines) + 1}: ")
    assert said[-1] == "1 fault"
    result = run("knowledge", "check", tmp_path / "data", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["file"] == "regions.yaml"


def test_a_folder_without_data_lacks_every_file(tmp_path: Path) -> None:
    said = done("knowledge", "check", tmp_path, code=1).splitlines()
    assert said[0] == "ontology.yaml: cannot be read: No such file or directory"
    assert said[-1] == f"{len(said) - 1} faults"
    assert "does not exist" in mistake("knowledge", "check", tmp_path / "gone")
