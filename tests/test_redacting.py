"""`evenhand redact`: no seeded value in any writing, and what is left is proven by the seal."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cli_rig import done, mistake
from recording import STUDY, post, record, study
from seeded_rig import LONG_ENOUGH, VALUES, everything, requests, seeded_study

from analyzer.custody.disclosed import read_copy
from analyzer.exporters.searching import Search
from analyzer.sums import write_sums


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose phone sends every seeded value in every way, with tokens and other people."""
    found = seeded_study(tmp_path_factory.mktemp("study"))
    secret = (("authorization", "Bearer s3cr3t-t0ken-abcdef"), ("cookie", "sid=c00kie-m0nster-9"))
    record(
        found,
        "KE-13",
        1,
        [
            *requests(),
            post('{"user": {"nickname": "zuri_of_nairobi"}}', request_headers=secret),
            post("a=1", path="/users/zuri_of_nairobi/posts"),
            replace(post("a=1", path="/v2/track?token=s3cr3t-t0ken-abcdef"), server_ip="192.0.2.7"),
        ],
    )
    record(found, "DE-13", 1, [post("environment=production")])
    return found.root


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "copy"
    done("redact", "--to", folder, root=root)
    return folder


def rows(copy: Path, arm: str = "KE-13") -> list[dict[str, Any]]:
    """The rows of a redacted session."""
    [path] = copy.glob(f"session-{arm}-*.redacted.jsonl")
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [line for line in lines if "table" in line]


def test_no_way_of_writing_any_value_is_in_any_byte(copy: Path) -> None:
    together = b"\n".join(path.read_bytes() for path in copy.iterdir()).lower()
    told = [
        text
        for _, text in everything()
        if len(text) >= LONG_ENOUGH and text.lower().encode() in together
    ]
    assert not told
    for path in copy.glob("*.jsonl"):
        assert not list(Search(VALUES).file(path.name, path.read_bytes()))
    gone = (b"s3cr3t", b"c00kie", b"zuri_of", b"amina", b"192.0.2.7", b"wanjiku")
    assert not [each for each in gone if each in together]


def test_a_copy_verifies_by_itself_and_says_whose_seal_it_has(copy: Path, tmp_path: Path) -> None:
    said = done("verify", copy)
    assert said.startswith("intact  copy\n")
    assert "fields are shown and proven" in said
    assert "the key of this computer" in said
    [path] = copy.glob("session-DE-13-*.redacted.jsonl")
    moved = shutil.copy(path, tmp_path)
    assert "1 intact" in done("verify", moved)
    assert "It is not signed by the key 0000" in done("verify", copy, "--signed-by", "0000", code=1)


def test_structure_is_shown_and_values_are_withheld(copy: Path) -> None:
    exchanges = [row["fields"] for row in rows(copy) if row["table"] == "exchange"]
    assert len(exchanges) == len(requests()) + 3
    last = {str(each["name"]): each for each in exchanges[-1]}
    shown = {name: each["value"] for name, each in last.items() if "value" in each}
    assert shown["host"] == "app.waymark.example"
    assert (shown["method"], shown["status"], shown["query_names"]) == ("POST", 200, ["token"])
    assert set(last) - set(shown) == {
        "url", "server", "request_headers", "request_body", "response_headers", "response_body",
    }  # fmt: skip
    assert str(last["server"]["pseudonym"]).startswith("server-")
    person = [each for each in exchanges[-2] if each["name"] == "path"]
    assert ["value" in each for each in person] == [True, False, True]


def test_a_value_that_is_put_in_place_of_another_is_found_out(copy: Path, tmp_path: Path) -> None:
    [path] = copy.glob("session-DE-13-*.redacted.jsonl")
    text = path.read_text()
    forged = tmp_path / "copy"
    shutil.copytree(copy, forged)
    (forged / path.name).write_text(text.replace('"app.waymark.example"', '"harmless.example"'))
    write_sums(
        forged,
        [each for each in forged.iterdir() if each.suffix != ".sig" and each.name != "SHA256SUMS"],
    )
    assert "SHA256SUMS" in done("verify", forged, code=1)
    (forged / "SHA256SUMS.sig").unlink()
    assert "not what its last line says" in done("verify", forged, code=1)


def test_a_row_that_is_left_out_is_found_out_even_with_right_sums(
    copy: Path, tmp_path: Path
) -> None:
    [path] = copy.glob("session-DE-13-*.redacted.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    for dropped in range(1, len(lines) - 1):
        kept = [line for number, line in enumerate(lines[:-1]) if number != dropped]
        end = {"rows": len(kept) - 1, "sha256": sha256(b"".join(kept)).hexdigest()}
        forged = tmp_path / path.name
        forged.write_bytes(b"".join(kept) + json.dumps(end, separators=(",", ":")).encode() + b"\n")
        assert read_copy(forged).faults == (
            f"The rows of {path.name} are not those that were sealed.",
        )


def test_nothing_is_written_where_one_value_would_be(root: Path, tmp_path: Path) -> None:
    made = study(
        tmp_path / "study",
        STUDY.partition("[personas.amina]")[0]
        + '[personas.amina]\n"soc.contacts" = "otieno.ouma@mail.example"\n',
    )
    bundle = record(made, "KE-13", 1, [post("a=1")])
    renamed = bundle.with_name("by otieno.ouma@mail.example")
    bundle.rename(renamed)
    line = mistake("redact", renamed, "--to", tmp_path / "copy", root=made.root)
    assert line.startswith("nothing was written: seeded values are in session-by otieno")
    assert not (tmp_path / "copy").exists()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["study"]


def test_what_is_not_as_it_was_sealed_is_not_copied(tmp_path: Path) -> None:
    made = study(tmp_path / "study")
    bundle = record(made, "KE-13", 1, [post("a=1")])
    (bundle / "note.txt").touch()
    line = mistake("redact", "--to", tmp_path / "copy", root=made.root)
    assert line.startswith(f"{bundle.name} is not as it was sealed: note.txt was added")
    for name in "note.txt", "seal.json", "seal.sig", "seal.rows":
        (bundle / name).unlink()
    write_sums(bundle, (bundle / name for name in ("capture.sqlite", "session.json")))
    line = mistake("redact", "--to", tmp_path / "copy", root=made.root)
    assert "has no seal: it was recorded with an older version" in line
