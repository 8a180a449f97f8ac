"""`evenhand publish`: no seeded value leaves, however it was sent; else nothing leaves at all."""

from __future__ import annotations

import base64
import json
import re
import shutil
from base64 import b64encode
from dataclasses import replace
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

import pytest
import synthetic
from cli_rig import analysed, done, mistake, run
from recording import STUDY, post, record, study
from seeded_rig import LONG_ENOUGH, VALUES, everything, requests, seeded_study
from synthetic import findings, frames, sessions

from analyzer.compare import compare
from analyzer.exporters.searching import Leak, Search
from analyzer.knowledge import load_knowledge
from analyzer.sums import SUMS, check_sums, read_sums
from reports.material import Material
from reports.publishing import readme

VALUE = "zuri.kamau@friend.example"
HIDDEN = b64encode(VALUE.encode()).decode()
USER = "kid_q7kz55bb31"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose phones send every seeded value in every way."""
    found = seeded_study(tmp_path_factory.mktemp("study"))
    record(found, "KE-13", 1, requests())
    record(found, "DE-13", 1, [post("environment=production")])
    return analysed(found)


@pytest.fixture(scope="module")
def published(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "published"
    done("publish", folder, "KE", "DE", "--lang", "en,ar", root=root)
    return folder


def test_no_way_of_writing_any_value_is_in_any_byte(published: Path) -> None:
    content = {path.name: path.read_bytes() for path in published.iterdir()}
    assert {"KE-DE.html", "KE-DE.ar.html", "KE-DE.json", "README.md", "schema.json"} <= set(content)
    assert sum(name.endswith(".har") for name in content) == 2
    together = b"\n".join(content.values()).lower()
    told = [
        (name, text)
        for name, text in everything()
        if len(text) >= LONG_ENOUGH and text.lower().encode() in together
    ]
    assert not told


def test_the_outline_still_says_who_was_asked_what(root: Path, published: Path) -> None:
    [path] = list(published.glob("session-KE-13-*.har"))
    entries = json.loads(path.read_bytes())["log"]["entries"]
    assert len(entries) == len(requests())
    urls = {entry["request"]["url"].partition("?")[0] for entry in entries}
    assert "https://collect.example/v2/track" in urls
    bodies = [entry["request"].get("postData", {}).get("text", "") for entry in entries]
    assert any("environment" in body or "batch.1.d: {" in body for body in bodies)
    assert any("{" in entry["request"]["url"] for entry in entries)


def test_the_copy_says_what_it_is_and_can_be_checked(published: Path) -> None:
    listed, faults = read_sums(published)
    assert not faults
    assert not check_sums(published, listed, "")
    assert set(listed) == {path.name for path in published.iterdir()} - {SUMS, f"{SUMS}.sig"}
    text = (published / "README.md").read_text(encoding="utf-8")
    assert f"the {len(VALUES)} seeded values" in " ".join(text.split())


def test_what_the_report_warns_of_and_what_is_waived_stands_where_the_answer_does() -> None:
    made = frames(
        [*sessions(6, "DE-13"), *sessions(6, "KE-13", app_version="2.0")],
        findings("KE-13", range(1, 7)),
    )
    waived = synthetic.study(waive=(("app_version", "a partner saw *both*"),))
    found = compare(made, waived, synthetic.knowledge(), "DE", "KE")
    text = readme(Material(found, load_knowledge(), None, None), (), 0, ())
    assert "## What to know before you quote it" in text
    assert "The study's reason: a partner saw \\*both\\*." in text
    quiet = Material(replace(found, warnings=()), load_knowledge(), None, None)
    assert "before you quote" not in readme(quiet, (), 0, ())


def test_all_that_the_copy_says_is_there_is_there_and_nothing_else(published: Path) -> None:
    text = (published / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^- `([^`]+)`", text, re.MULTILINE))
    there = {path.name for path in published.iterdir()}
    assert all(any(fnmatch(name, pattern) for name in there) for pattern in named)
    rest = {name for name in there if not any(fnmatch(name, pattern) for pattern in named)}
    assert rest <= {"README.md", f"{SUMS}.sig"}
    assert "KE-DE.differences.csv" in named


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('app = "Pebblo"', f'app = "Pebblo of {VALUE}"'),
        ('app_version = "1.0"', f'app_version = "{VALUE}"'),
        ('name = "recorded"', f'name = "{sha256(VALUE.encode()).hexdigest()}"'),
        ('"use"]', f'"use", "{VALUE}"]'),
        ('"use"]', f'"use", "{HIDDEN}"]'),
        ("KE-13", USER),
        ("KE-13", b64encode(USER.encode()).decode().rstrip("=")),
        ("amina", USER),
        ("[personas", f'[compare.waive]\nregion = "as {VALUE} has seen"\n[personas'),
        ("[personas", f'[compare.waive]\nregion = "see {HIDDEN}"\n[personas'),
    ],
    ids=[
        "app", "version", "hashed study", "step", "hidden step", "arm", "hidden arm", "persona",
        "waiver", "hidden waiver",
    ],
)  # fmt: skip
def test_a_value_in_what_the_study_names_is_not_published(
    before: str, after: str, tmp_path: Path
) -> None:
    assert before in STUDY
    seeded = f'{STUDY}"soc.contacts" = "{VALUE}"\n"person.username" = "{USER}"\n'
    found = study(tmp_path / "study", seeded.replace(before, after, 1 if "[" in before else -1))
    for arm in found.arms:
        phase = found.phases[-1]
        record(found, arm, 1, [post("a=1"), post("a=1", phase=phase)], steps=((phase, 0.5),))
    result = run("publish", tmp_path / "p", "KE", "DE", root=analysed(found))
    if result.exit_code == 0:
        assert_clean(tmp_path / "p")
    else:
        assert "nothing was published" in result.stderr
        assert not (tmp_path / "p").exists()


def assert_clean(folder: Path) -> None:
    for path in folder.iterdir():
        content = path.name.encode() + path.read_bytes()
        assert not [each for each in (VALUE, USER, HIDDEN) if each.encode() in content]


def test_a_value_in_the_name_of_a_host_is_not_published(tmp_path: Path) -> None:
    seeded = f'{STUDY}"person.username" = "{USER}"\n'
    found = study(tmp_path / "study", seeded)
    for arm in found.arms:
        record(found, arm, 1, [post(f"u={USER}", host=f"{USER}.waymark.example")])
    done("publish", tmp_path / "p", "KE", "DE", root=analysed(found))
    assert_clean(tmp_path / "p")
    assert ".waymark.example" in (tmp_path / "p" / "KE-DE.coverage.csv").read_text(encoding="utf-8")


def test_whom_else_a_session_names_is_not_published(tmp_path: Path) -> None:
    people = ("kwame.beats", "zawadi_sings", "juma-the-third")
    found = study(tmp_path / "study")
    feed = {"items": [{"author": {"uniqueId": people[0]}}], "users": {people[1]: {"age": 3}}}
    sent = [
        post("a=1", path=f"/@{people[0]}/video/7?{people[0]}=1"),
        post("a=1", path=f"/v1/users/{people[1]}/posts"),
        post("a=1", host=f"{people[2]}.users.example"),
        post(
            json.dumps({"seen": {people[0]: True, people[2]: {"email": "x.y@mail.example"}}}),
            answer=("application/json", json.dumps(feed).encode()),
            request_headers=(("content-type", "application/json"), ("cookie", f"{people[0]}=1")),
        ),
        post("a=1", answer=("application/json", b'{"comment": {"nickname": "juma-the-third"}}')),
    ]
    for arm in found.arms:
        record(found, arm, 1, sent)
    done("publish", tmp_path / "p", "KE", "DE", root=analysed(found))
    for path in tmp_path.joinpath("p").glob("*.har"):
        text = path.read_text(encoding="utf-8")
        assert not [each for each in people if each in text]
        assert "/@{person}" in text
        assert "/v1/users/{person}/posts" in text
        assert "https://{person}.users.example" in text


def test_a_published_folder_verifies_and_one_changed_byte_is_named(
    published: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(published, tmp_path / "copy")
    assert "1 intact" in done("verify", copy)
    for name in ("KE-DE.gates.csv", "KE-DE.json", "README.md", SUMS):
        path = copy / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        told = run("verify", copy)
        assert told.exit_code == 1
        assert name in told.output
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    (copy / "KE-DE.gates.csv").unlink()
    assert "KE-DE.gates.csv is missing" in run("verify", copy).output
    assert sum(1 for _ in published.glob("session-*.redacted.jsonl")) == 2


def test_the_studys_own_names_of_personas_and_devices_are_gone(published: Path) -> None:
    found = json.loads((published / "KE-DE.json").read_bytes())["comparison"]
    assert {row["persona"] for row in found["sessions"]} == {"persona 1"}
    assert all(b"amina" not in path.read_bytes() for path in published.iterdir())


def test_nothing_is_published_where_one_value_would_be(root: Path, tmp_path: Path) -> None:
    text = (root / "study.toml").read_text(encoding="utf-8")
    other = tmp_path / "study"
    other.mkdir()
    for name in ("captures", "findings"):
        (other / name).symlink_to(root / name)
    (other / "study.toml").write_text(
        text.replace('name = "recorded"', 'name = "by otieno.ouma@mail.example"'), encoding="utf-8"
    )
    done("analyze", "--jobs", 1, root=other)
    target = tmp_path / "published"
    line = mistake("publish", target, "KE", "DE", "--no-sessions", root=other)
    assert line.startswith("nothing was published: seeded values are in KE-DE.")
    assert "(soc.contacts, raw)" in line
    assert "otieno" not in line
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_a_folder_that_holds_something_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    line = mistake("publish", tmp_path, "KE", "DE", root=root)
    assert line == f"{tmp_path} is not empty: name a new folder"
    assert run("publish", tmp_path / "new", "KE", root=root).exit_code == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps({"k": base64.b64encode(b"otieno.ouma@mail.example").decode()})),
        ("a.csv", "id,note\n1,by otieno.ouma@mail.example\n"),
        ("a.html", "<p title='otieno.ouma&#64;mail.example'>x</p>"),
        ("a.html", "<!-- otieno%2Eouma%40mail.example -->"),
        ("a.html", "<a href='/u/b3RpZW5vLm91bWFAbWFpbC5leGFtcGxl?x=1'>x</a>"),
        ("a.md", "x\notieno.ouma@mail.example\n"),
        ("a.har", json.dumps({"log": ["a=1\nb=b3RpZW5vLm91bWFAbWFpbC5leGFtcGxl"]})),
        ("otieno.ouma@mail.example.txt", ""),
    ],
)
def test_the_search_finds_what_each_format_hides(name: str, content: str) -> None:
    search = Search(VALUES)
    leaks = list(search.file(name, content.encode()))
    assert {leak.data_type for leak in leaks} == {"soc.contacts"}
    assert not list(search.file("a.json", b'{"k": ["other@mail.example", 3.5, null]}'))


def test_a_format_that_cannot_be_searched_is_no_safe_one() -> None:
    assert list(Search(VALUES).file("a.zip", b"")) == [
        Leak("a.zip", "", "a format that cannot be searched")
    ]


def test_a_value_across_two_pieces_of_a_long_file_is_found() -> None:
    content = b"x " * ((1 << 19) - 5) + b"otieno.ouma@mail.example" + b" y" * 100
    assert {leak.data_type for leak in Search(VALUES).file("a.txt", content)} == {"soc.contacts"}
