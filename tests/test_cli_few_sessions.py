"""Imported recordings, one for each arm: everything is counted, nothing is claimed."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli_rig import done, har_file, run
from foreign_files import har, har_entry, make_study
from recording import GAID

CLAIM = re.compile(r"v-(only_a|only_b|more_a|more_b|same)")
SENT = (f"gps_adid={GAID}&environment=production", "android_id=0123456789abcdef")
# What the phones of the real recordings were: in Berlin, and set to English.
PHONES = 'languages = ["en-US"]\ntime_zones = ["Europe/Berlin"]\n'


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One imported HAR in each arm; each has something that the other has not."""
    folder = tmp_path_factory.mktemp("generated")
    root = make_study(folder / "study").root
    done("import", har_file(folder / "a.har", *SENT), "--arm", "KE-13", root=root)
    headers = [{"name": "Accept-Language", "value": "de-DE"}]
    entry = har_entry("https://api.pebblo.example/feed?gps_adid=x", request={"headers": headers})
    (folder / "b.har").write_bytes(har(entry))
    done("import", folder / "b.har", "--arm", "DE-13", root=root)
    assert done("analyze", root=root) == "2 analysed, 0 unchanged, 0 removed\n"
    return root


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """Recordings of real apps, two in one arm and one in the other, whose phones are declared."""
    root = imported(tmp_path_factory.mktemp("real"), shared_data)
    study = root / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace("age = 13\n", f"age = 13\n{PHONES}"), encoding="utf-8")
    return root


def imported(folder: Path, shared_data: Path) -> Path:
    """Import the recordings of real apps into a new study, and analyse them."""
    root = make_study(folder).root
    folder = shared_data / "mobile-har"
    files = [folder / "first-run.har", folder / "quizduel.har"]
    said = done("import", *files, "--arm", "DE-13", root=root)
    assert "first-run.har: 16 of 16 entries -> DE-13-r01-" in said
    assert "quizduel.har: 12 of 12 entries -> DE-13-r02-" in said
    done("import", folder / "second-run.har", "--arm", "KE-13", root=root)
    result = run("analyze", root=root)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("3 analysed, ")
    return root


def test_phones_that_are_not_what_their_arms_claim_are_not_compared(
    tmp_path: Path, shared_data: Path
) -> None:
    result = run("diff", "KE", "DE", root=imported(tmp_path, shared_data))
    assert result.exit_code == 2
    assert "is left out because where it was recorded is contradicted: the languages" in (
        result.stderr
    )
    assert "are en-US, the arm is in DE" in result.stderr


def rows_of(root: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(done("diff", "KE", "DE", "--json", root=root))["deltas"]
    return rows


@pytest.fixture(params=["generated", "real"])
def root(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


def test_every_row_is_insufficient_with_counts_and_the_number_that_would_do(root: Path) -> None:
    rows = rows_of(root)
    assert len(rows) >= 3
    for row in rows:
        assert row["verdict"] == "insufficient"
        assert row["reason"].startswith("too few sessions: Kenya has 1, Germany has ")
        assert row["enough"] >= 5
        for side in ("a", "b"):
            assert 0 <= row[side]["k"] <= row[side]["n"]
        assert row["a"]["n"] == 1
        assert row["a"]["k"] + row["b"]["k"] >= 1


def test_the_terminal_says_so_for_every_row(root: Path) -> None:
    lines = done("diff", "KE", "DE", "--all", root=root).splitlines()
    [note] = [
        found[1]
        for line in lines
        if (found := re.match(r"  \[(\d+)\] too few sessions: Kenya has 1, Germany has ", line))
    ]
    for row in rows_of(root):
        [line] = [line for line in lines if line.endswith(row["id"])]
        assert line.startswith("? ")
        assert f" {row['a']['k']}/{row['a']['n']} " in line
        assert f" {row['b']['k']}/{row['b']['n']} " in line
        assert re.search(rf"not decided \[{note}\], {row['enough']} a side  ", line)
    for kind, told in (("data", "rows of data"), ("signal", "rows of signals")):
        count = sum(row["kind"] == kind for row in rows_of(root))
        line = f"{count} {told}: 0 different, 0 the same, {count} not decided"
        assert not count or line in lines


def test_tables_say_so_for_every_row(root: Path, tmp_path: Path) -> None:
    done("export", "deltas", "KE", "DE", "-o", tmp_path / "deltas.csv", root=root)
    printed = done("diff", "KE", "DE", "--format", "csv", root=root)
    assert (tmp_path / "deltas.csv").read_text(encoding="utf-8") == printed
    table = list(csv.DictReader(printed.splitlines()))
    assert len(table) == len(rows_of(root))
    markdown = done("diff", "KE", "DE", "--format", "markdown", root=root)
    for row in table:
        assert (row["verdict"], row["a_n"]) == ("insufficient", "1")
        [line] = [line for line in markdown.splitlines() if line.endswith(f"| {row['id']} |")]
        assert f"| {row['a_k']}/{row['a_n']} | {row['b_k']}/{row['b_n']} |" in line
        assert f"; {int(float(row['enough']))} sessions a side could decide it |" in line


def test_the_page_says_so_for_every_row_and_makes_no_claim(root: Path) -> None:
    done("report", "KE", "DE", root=root)
    page = (root / "out" / "KE-DE.html").read_text(encoding="utf-8")
    body = page[page.index("<body>") :]
    rows = rows_of(root)
    for row in rows:
        match = re.search(
            rf'<tbody id="{row["id"]}" class="v-insufficient".*?</tbody>', body, re.DOTALL
        )
        assert match
        assert f"{row['a']['k']}/{row['a']['n']}" in match[0]
        assert f"{row['b']['k']}/{row['b']['n']}" in match[0]
        assert f"Sessions on each side that could decide it: {row['enough']}." in match[0]
    assert not [each for each in re.findall(r'class="(.*?)"', body) if CLAIM.search(each)]
    assert len(re.findall(r'class="v-insufficient"', body)) > len(rows)
    for name in ("only_a", "only_b", "same"):
        assert set(re.findall(rf'<li class="{name}"><b>(.*?)</b>', body)) == {"0"}
    answer = body[body.index('<div class="answer"') : body.index('<dl class="facts">')]
    assert "These sessions cannot tell whether" in answer
    assert f"not one of {len(rows)} comparisons could be decided" in answer
    assert f"With {max(row['enough'] for row in rows)} sessions on each side" in answer


def test_strictness_makes_it_trouble(root: Path) -> None:
    assert run("diff", "KE", "DE", root=root).exit_code == 0
    assert run("diff", "KE", "DE", "--strict", root=root).exit_code == 2


def test_every_row_can_be_explained(root: Path) -> None:
    for row in rows_of(root)[::7]:
        said = done("explain", row["id"], root=root)
        assert f"With {row['enough']} sessions for each side it could be decided" in said
