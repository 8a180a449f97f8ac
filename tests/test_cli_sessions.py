"""`verify`, `recover`, `step` and `export session`: single sessions, by folder or by id."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from cli_rig import done, mistake, run, the_line, told
from mitmproxy.io import FlowReader
from recording import EMAIL, GAID, post, record, study

from analyzer.bundle import (
    BundleWriter,
    crashed_bundles,
    find_bundle,
    list_bundles,
    new_session,
    read_session,
    verify,
)
from analyzer.errors import UserError
from analyzer.readers.bundle import read_steps
from analyzer.study import Study


@pytest.fixture
def found(tmp_path: Path) -> Study:
    """A study with two sealed sessions in Kenya and one in Germany."""
    made = study(tmp_path / "study")
    for arm, repeat in (("KE-13", 1), ("KE-13", 2), ("DE-13", 1)):
        record(made, arm, repeat, [post(f"gps_adid={GAID}&password=hunter2&x={EMAIL}")])
    return made


def damage(bundle: Path) -> None:
    with (bundle / "capture.sqlite").open("r+b") as file:
        file.seek(5000)
        file.write(b"damage")


# which session is meant


def test_a_session_is_found_by_its_id_or_how_that_begins(found: Study) -> None:
    first, *others = list_bundles(found.captures)
    assert find_bundle(found.captures, first.name) == first
    assert find_bundle(found.captures, "DE") == first
    assert find_bundle(found.captures, "KE-13-r02") == others[1]


def test_an_id_is_found_although_another_begins_with_it(found: Study) -> None:
    path = found.captures / "KE-13-r01"
    list_bundles(found.captures)[0].rename(path)
    assert find_bundle(found.captures, "KE-13-r01") == path


def test_what_could_be_several_or_is_none_is_answered_with_the_candidates(found: Study) -> None:
    ids = [path.name for path in list_bundles(found.captures)]
    for wanted, complaint in (
        ("KE", f"'KE' could be {ids[1]}, {ids[2]}: write more of the id"),
        ("XX", f"no session 'XX' in {found.captures}: there are {', '.join(ids)}"),
        ("", f"no session '' in {found.captures}: there are {', '.join(ids)}"),
    ):
        with pytest.raises(UserError) as caught:
            find_bundle(found.captures, wanted)
        assert str(caught.value) == complaint
    for repeat in range(3, 9):
        record(found, "KE-13", repeat)
    with pytest.raises(UserError, match=r"'KE' could be KE-13-r01.* and 3 more: write more"):
        find_bundle(found.captures, "KE")
    with pytest.raises(UserError, match="there are no sessions yet"):
        find_bundle(found.root / "nothing", "KE")


def test_a_folder_that_lost_its_description_is_still_a_session(found: Study) -> None:
    first = list_bundles(found.captures)[0]
    (first / "session.json").unlink()
    (found.captures / "notes").mkdir()
    (found.captures / ".DS_Store").touch()
    assert len(list_bundles(found.captures)) == 3
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  {first.name}\n        session.json is missing.\n" in said
    done("analyze", "--jobs", 1, root=found.root)
    assert "left out: DE-13" in run("analyze", "--force", "--jobs", 1, root=found.root).stderr


def test_captures_that_are_no_folder_are_a_mistake(found: Study, tmp_path: Path) -> None:
    root = study(tmp_path / "other").root
    (root / "captures").touch()
    for words in (("verify",), ("recover",), ("analyze",), ("step", "use")):
        line = mistake(*words, root=root)
        assert line == f"{root / 'captures'} cannot be read: Not a directory"


# verify


def test_verify_checks_every_session_or_those_that_are_named(found: Study) -> None:
    said = done("verify", root=found.root).splitlines()
    ids = [path.name for path in list_bundles(found.captures)]
    assert said[:4] == [*(f"intact  {name}" for name in ids), "intact  custody.jsonl"]
    assert said[-1] == "4 intact"
    assert done("verify", ids[0], "KE-13-r02", root=found.root).endswith("\n2 intact\n")
    named = [found.captures / name for name in ids[:2]]
    assert done("verify", *named).endswith("\n2 intact\n")
    assert done("verify", root=study(found.root.parent / "new").root) == "0 intact\n"


def test_verify_exits_with_1_where_something_was_changed(found: Study) -> None:
    first, second, _ = list_bundles(found.captures)
    damage(first)
    (second / "note.txt").touch()
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  {first.name}\n        capture.sqlite was changed after the" in said
    assert f"BROKEN  {second.name}\n        note.txt was added after the" in said
    assert said.endswith("\n2 intact, 2 broken\n")
    result = run("verify", "--json", root=found.root)
    assert (result.exit_code, result.stderr) == (1, "")
    told_of = {each["session"]: each for each in json.loads(result.stdout)}
    assert [each["intact"] for each in told_of.values()] == [False, False, True, True]
    assert told_of[first.name]["path"] == str(first)
    assert told_of[second.name]["faults"] == ["note.txt was added after the session was closed."]


def test_verify_says_that_a_session_was_never_closed(found: Study) -> None:
    record(found, "DE-13", 2, [post()], close=False)
    said = done("verify", "DE-13-r02", root=found.root, code=1)
    [session] = [path.name for path in list_bundles(found.captures) if "DE-13-r02" in path.name]
    assert said == f"cut off  {session}  (evenhand recover)\n0 intact, 1 cut off\n"
    result = run("verify", "DE-13-r02", "--json", root=found.root)
    [row] = json.loads(result.stdout)
    assert (row["state"], row["intact"]) == ("cut_off", False)
    assert row["faults"] == [
        "It was never closed: there is no readable SHA256SUMS (see `evenhand recover`)."
    ]


def test_a_closed_session_that_lost_its_checksums_is_broken_and_not_cut_off(found: Study) -> None:
    first, *_ = list_bundles(found.captures)
    (first / "SHA256SUMS").unlink()
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  {first.name}\n        It was not sealed" in said
    assert said.endswith("\n3 intact, 1 broken\n")


def test_what_is_recorded_now_is_counted_apart_and_no_trouble(found: Study) -> None:
    session = new_session(found, found.arm("DE-13"), origin="proxy")
    writer = BundleWriter.create(found.captures, session, phase="first launch")
    assert done("verify", root=found.root).endswith("\n4 intact, 1 being recorded\n")
    record(found, "DE-13", 8, [post()], close=False)
    said = done("verify", root=found.root, code=1)
    assert said.endswith("\n4 intact, 1 cut off, 1 being recorded\n")
    states = [each["state"] for each in json.loads(run("verify", "--json", root=found.root).stdout)]
    assert sorted(states) == ["cut_off", *["intact"] * 4, "recording"]
    writer.close("done")


@pytest.mark.parametrize("command", ["verify", "recover"])
def test_what_is_no_session_is_a_mistake(command: str, found: Study, tmp_path: Path) -> None:
    line = mistake(command, tmp_path, root=found.root)
    assert line == f"{tmp_path} is not a session: name a folder under captures/"
    line = mistake(command, "nothing", root=found.root)
    assert line.startswith(f"no session 'nothing' in {found.captures}: there are DE-13-r01-")


# recover


def test_recover_closes_what_was_cut_off_and_leaves_the_rest(found: Study) -> None:
    crashed = record(found, "DE-13", 2, [post()], close=False)
    sealed = [path for path in list_bundles(found.captures) if path != crashed]
    before = {path: (path / "SHA256SUMS").read_bytes() for path in sealed}
    assert crashed_bundles(found.captures) == [crashed]
    assert done("recover", root=found.root) == f"recovered   {crashed.name}\n"
    assert verify(crashed) == []
    assert (read_session(crashed).end_reason, read_session(crashed).complete) == ("crashed", False)
    assert {path: (path / "SHA256SUMS").read_bytes() for path in sealed} == before
    assert done("recover", root=found.root) == "No session needs recovering.\n"
    assert done("recover", "DE-13-r02", root=found.root) == f"was closed  {crashed.name}\n"


def test_recover_tells_a_machine_what_it_closed(found: Study) -> None:
    assert told("recover", root=found.root) == []
    record(found, "DE-13", 2, [post()], close=False)
    [session] = told("recover", root=found.root)
    assert session["end_reason"] == "crashed"


def test_one_session_that_cannot_be_recovered_does_not_keep_the_others(found: Study) -> None:
    hopeless = record(found, "DE-13", 2, [post()], close=False)
    (hopeless / "session.json").write_text("{", encoding="utf-8")
    crashed = record(found, "DE-13", 3, [post()], close=False)
    result = run("recover", root=found.root)
    assert result.exit_code == 1
    assert result.stdout == f"recovered   {crashed.name}\n"
    assert the_line(result.stderr).startswith(f"{hopeless / 'session.json'} cannot be read: try")


def test_what_is_being_recorded_is_left_alone(found: Study) -> None:
    session = new_session(found, found.arm("DE-13"), origin="proxy")
    writer = BundleWriter.create(found.captures, session, phase="first launch")
    assert crashed_bundles(found.captures) == []
    assert done("recover", root=found.root) == "No session needs recovering.\n"
    line = mistake("recover", session.id, root=found.root)
    assert line == f"{session.id} is still being recorded: end the recording first (Ctrl-C)"
    said = done("verify", root=found.root)
    assert f"being recorded  {session.id}\n" in said
    writer.close("done")
    assert done("verify", root=found.root).endswith("\n5 intact\n")


# step


def test_step_marks_a_phase_in_the_sessions_that_are_being_recorded(found: Study) -> None:
    writers = [
        BundleWriter.create(
            found.captures,
            new_session(found, found.arm(arm), origin="proxy"),
            phase=found.phases[0],
        )
        for arm in ("DE-13", "KE-13")
    ]
    said = done("step", "use", root=found.root).splitlines()
    assert said == [f"{writer.path.name}: use" for writer in writers]
    line = mistake("step", "usr", root=found.root)
    assert line.startswith(
        "'usr' is not among the study's phases (first launch, use): sessions compare only where"
    )
    done("step", " second use ", "--new", "--arm", "KE-13", root=found.root)
    for words, complaint in (
        ((" ", "--new"), "that is not a name for a step: use up to 200 characters on one line"),
        (("a\nb", "--new"), "that is not a name for a step: use up to 200 characters on one line"),
        (
            ("x" * 201, "--new"),
            "that is not a name for a step: use up to 200 characters on one line",
        ),
        (("use", "--arm", "XX"), "no arm 'XX' in study.toml: use one of DE-13, KE-13"),
        ((), "Missing argument 'NAME': see `evenhand step --help`"),
    ):
        assert mistake("step", *words, root=found.root) == complaint
    for writer in writers:
        writer.close("done")
    assert [[name for _, name in read_steps(writer.path)] for writer in writers] == [
        ["first launch", "use"],
        ["first launch", "use", "second use"],
    ]


def test_without_a_recording_there_is_no_step(found: Study) -> None:
    for words in (("use",), ("use", "--arm", "KE-13")):
        line = mistake("step", *words, root=found.root)
        assert line == "no session is being recorded: start one with `evenhand proxy --arm ARM`"


# export session


def test_a_session_is_exported_for_its_owner_without_its_secrets(
    found: Study, tmp_path: Path
) -> None:
    target = tmp_path / "session.har"
    result = run("export", "session", "DE", "-o", target, root=found.root)
    assert result.exit_code == 0
    assert result.stdout == f"Wrote {target}\n"
    lost = result.stderr.splitlines()
    assert lost
    assert all(line.startswith("evenhand: not in session.har: ") for line in lost)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    text = target.read_text(encoding="utf-8")
    assert GAID in text
    assert "hunter2" not in text
    run("export", "session", "DE", "-o", target, "--keep-secrets", "--force", root=found.root)
    assert "hunter2" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [("session", "DE", "-o", "x.har"), ("findings", "-o", "x.csv"), ("deltas", "-o", "x.json")],
)
def test_an_export_overwrites_nothing_unless_told_to(
    words: tuple[str, ...], found: Study, tmp_path: Path
) -> None:
    target = tmp_path / words[-1]
    target.write_text("mine", encoding="utf-8")
    line = mistake("export", *words[:-1], target, root=found.root)
    assert line == f"{target} exists: name another file, or overwrite it with --force"
    assert target.read_text(encoding="utf-8") == "mine"
    link = tmp_path / f"link{target.suffix}"
    link.symlink_to(tmp_path / "nowhere")
    line = mistake("export", *words[:-1], link, "--force", root=found.root)
    assert line == f"{link} is no file: name a new one"


def test_a_session_is_exported_as_a_flow_dump(found: Study, tmp_path: Path) -> None:
    target = tmp_path / "session.mitm"
    assert run("export", "session", "DE", "-o", target, root=found.root).exit_code == 0
    with target.open("rb") as file:
        [flow] = FlowReader(file).stream()
    assert flow.type == "http"


def test_an_export_that_cannot_be_is_a_mistake(found: Study, tmp_path: Path) -> None:
    damaged = list_bundles(found.captures)[1]
    (damaged / "capture.sqlite").write_bytes(os.urandom(9000))
    for session, target, complaint in (
        ("DE", "x.zip", "x.zip has an ending that is no export format: use .har, .mitm"),
        ("DE", "gone/x.har", f"{tmp_path / 'gone/x.har'} cannot be written: No such file or dire"),
        ("XX", "x.har", f"no session 'XX' in {found.captures}: there are DE-13-r01-"),
        (damaged.name, "x.har", f"{damaged / 'capture.sqlite'} is damaged: file is not a database"),
    ):
        line = mistake("export", "session", session, "-o", tmp_path / target, root=found.root)
        assert line.startswith(complaint)
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
