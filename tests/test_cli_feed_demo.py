"""`feed demo`: an audit whose truth is known, in one command; nobody else's files are touched."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from cli_rig import done, mistake, run
from recording import post, record, study
from test_cli_help import ALL

from analyzer.bundle import list_bundles, read_session
from analyzer.cli.demo_command import PHONE
from analyzer.feed.audit import audit
from analyzer.feed.measures.records import FeedComparison
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import summaries
from analyzer.simulation.demo import prepare_demo
from analyzer.simulation.feed_demo import DECLARED, SIDES, truths
from analyzer.study import load_study

ROOT = Path(__file__).parent.parent
GUIDES = ("README.md", "docs/feed-audit.md")
SMALL = ("--accounts", 1, "--hours", 0.25)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a demo that decides something, and what was said."""
    folder = tmp_path_factory.mktemp("demo") / "feed"
    return folder, done("feed", "demo", folder, "--accounts", 6, "--hours", 0.5)


@pytest.fixture(scope="module")
def found(demo: tuple[Path, str]) -> FeedComparison:
    return audit(load_study(demo[0]), *SIDES).comparison


def test_it_finds_what_was_declared_and_says_so(
    demo: tuple[Path, str], found: FeedComparison
) -> None:
    folder, said = demo
    assert said.startswith("An exercise: the app, the accounts and all that they are shown are inv")
    every = list(truths(found, 0.5))
    assert [(each.side, each.measure) for each in every] == [
        (side, measure) for side in SIDES for measure in ("share", "amplification", "onset")
    ]
    assert [each.declared for each in every if each.measure == "share"] == pytest.approx(
        [0.72, 0.36]
    )
    assert [each.declared for each in every if each.measure == "amplification"] == [12.0, 6.0]
    # These accounts are still learning, or too few of them get there: onset and the lower share.
    assert sum(each.held for each in every) >= 4
    assert all(each.found is not None for each in every if each.measure != "onset")
    for line in ("Kenya: times the share of controls +.12", "America: times .* controls +.6.0"):
        assert re.search(rf"{line}  .[\d.]+ \[.[\d.]+, .+\]$", said, re.M)
    assert f"{sum(each.held for each in every)} of 6 declared values lie within" in said
    for ending in ("html", "json"):
        path = folder / "out" / f"feed-KE-US.{ending}"
        assert f"Wrote {path}\n" in said
        assert "An exercise" in path.read_text(encoding="utf-8") or ending == "json"
    assert json.loads(path.read_text(encoding="utf-8"))["fictional"] is True


def test_a_value_outside_its_interval_is_counted_as_missed(
    found: FeedComparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DECLARED.amplification, "KE", 1.0)
    wrong = [each for each in truths(found, 0.5) if not each.held]
    assert {("KE", "share"), ("KE", "amplification")} <= {(e.side, e.measure) for e in wrong}


def test_what_it_says_to_do_next_can_be_done(
    demo: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = demo
    monkeypatch.chdir(folder)
    given = [
        line.split(" feed ", 1)[1].split("  #")[0] for line in said.splitlines() if "  # " in line
    ]
    assert [words.split()[0] for words in given] == ["diff", "items", "code", "code", "code"]
    *ready, page = given
    for words in ready:
        assert run("feed", *shlex.split(words)).exit_code == (1 if "diff" in words else 0)
    with ALL["feed code page"].make_context("page", shlex.split(page)[2:]) as context:
        assert context.params["coder"] == "you"
    assert "intact" in done("verify")


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_of_the_guides_are_understood(
    guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / guide).read_text(encoding="utf-8")
    lines = re.findall(r"^evenhand (feed .*?)(?:  +#.*)?$", text, re.M)
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line)
        name = next(joined for n in (3, 2) if (joined := " ".join(words[:n])) in ALL)
        with ALL[name].make_context(name, words[len(name.split()) :]) as context:
            assert context.params


def test_the_protocol_of_the_guide_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "feed-audit.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```toml\n(.*?)^```$", text, re.M | re.S)
    done("init", tmp_path, "--name", "A", "--app", "A", "--first-party", "a.example")
    path = tmp_path / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + example, encoding="utf-8")
    protocol = load_protocol(load_study(tmp_path))
    assert {each.role for each in protocol.accounts.values()} == {"seeded", "control"}
    assert protocol.stop.feed_s == 7200


def test_another_demo_replaces_the_one_before(tmp_path: Path) -> None:
    done("feed", "demo", tmp_path, *SMALL)
    line = mistake("demo", tmp_path)
    what = "is a study of another demo: name another folder for the demo"
    assert line == f"{tmp_path / 'study.toml'} {what}"
    before = (tmp_path / "feed" / "coding" / "log.jsonl").read_text(encoding="utf-8")
    said = done("feed", "demo", tmp_path, *SMALL, "--seed", 3)
    assert "not decided" in said
    bundles = list_bundles(tmp_path / "captures")
    assert len(bundles) == len(list((tmp_path / "feed" / "items").glob("*.parquet"))) == 4
    assert {read_session(path).device for path in bundles} == {PHONE}
    after = (tmp_path / "feed" / "coding" / "log.jsonl").read_text(encoding="utf-8")
    assert not set(before.splitlines()) & set(after.splitlines())
    assert "intact" in done("verify", root=tmp_path)


def test_what_is_of_others_is_left_alone(tmp_path: Path) -> None:
    strange, real, other = (tmp_path / name for name in ("strange", "real", "other"))
    strange.mkdir()
    (strange / "thesis.txt").touch()
    line = mistake("feed", "demo", strange)
    assert line == f"{strange} holds other things: name a new folder for the demo"

    root = study(real).root
    text = (root / "study.toml").read_text(encoding="utf-8")
    (root / "study.toml").write_text(text.replace("Pebblo", "Real"), encoding="utf-8")
    line = mistake("feed", "demo", root)
    assert line == f"{root / 'study.toml'} is a study of Real: name another folder for the demo"

    prepare_demo(other)
    line = mistake("feed", "demo", other)
    assert (
        line
        == f"{other / 'study.toml'} is a study of another demo: name another folder for the demo"
    )


def test_a_session_that_was_really_recorded_is_left_alone(tmp_path: Path) -> None:
    done("feed", "demo", tmp_path, *SMALL)
    mine = record(load_study(tmp_path), "KE-13", 9, [post()])
    line = mistake("feed", "demo", tmp_path, *SMALL)
    assert f"{mine} was not recorded by the demo: name another folder for the demo" in line
    assert len(list_bundles(tmp_path / "captures")) == 5


def test_without_its_own_packages_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "analyzer.simulation.feed_demo", None)
    line = mistake("feed", "demo", tmp_path / "demo")
    assert line.endswith(": pip install 'evenhand[demo]', or run `make demo`")
    assert not (tmp_path / "demo").exists()


def test_the_demo_was_recorded_in_the_past(demo: tuple[Path, str]) -> None:
    sessions = map(read_session, list_bundles(load_study(demo[0]).captures))
    assert {each.started[:7] for each in sessions} == {"2026-01"}


def test_items_and_diff_count_the_same_items(demo: tuple[Path, str], found: FeedComparison) -> None:
    sessions = summaries(load_study(demo[0]))
    for side in SIDES:
        mine = [each for each in sessions if each.account.startswith(f"{side}-")]
        arms = [each for each in found.coverage if each.side == side]
        left_out = sum(each.left_out for each in arms)
        assert sum(each.marked for each in mine) == left_out > 0
        shown = sum(dict(each.states)["shown"] for each in mine)
        assert shown == sum(each.shown for each in arms) + left_out
