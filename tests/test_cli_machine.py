"""What a machine, a shell or a hand on Ctrl-C can do to a command: one line, and the right code."""

from __future__ import annotations

import errno
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from cli_rig import analysed, done, har_file, mistake, program, recorded_study, run, the_line

from analyzer.cli import cli
from analyzer.cli.options import complain

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full elsewhere")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysed(recorded_study(tmp_path_factory.mktemp("study"), sessions=2))


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process; no traceback came out of it."""
    said, complaints = process.communicate(timeout=60)
    assert "Traceback" not in f"{said}{complaints}", complaints
    return process.returncode, said or "", complaints or ""


# exit codes of the real program


def test_the_real_program_says_its_mistakes_in_a_line(tmp_path: Path) -> None:
    for words, code in (
        (("verify", "--study", tmp_path), 1),
        (("diff", "--format", "xml"), 2),
    ):
        exit_code, said, complaints = ended(program(*words))
        assert (exit_code, said) == (code, "")
        the_line(complaints)


# pipes and full disks


@pytest.mark.parametrize(
    "words",
    [("knowledge", "list", "owners", "--json"), ("diff", "KE", "DE", "--all")],
)
def test_a_reader_who_has_seen_enough_is_no_mistake(words: tuple[str, ...], found: Path) -> None:
    study_words = () if words[0] == "knowledge" else ("--study", found)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        code, _, complaints = ended(program(*words, *study_words, stdout=gone))
    assert (code, complaints) == (141, "")


@LINUX
@pytest.mark.parametrize(
    ("words", "code"),
    [(("knowledge", "list"), 1), (("diff", "KE", "DE"), 2)],
)
def test_output_that_finds_no_room_is_a_mistake(
    words: tuple[str, ...], code: int, found: Path
) -> None:
    study_words = () if words[0] == "knowledge" else ("--study", found)
    with Path("/dev/full").open("wb") as full:
        exit_code, _, complaints = ended(program(*words, *study_words, stdout=full))
    assert exit_code == code
    assert the_line(complaints) == "the output: No space left on device: make room on the disk"


def test_output_that_nobody_wants_is_no_mistake(found: Path) -> None:
    start = f"exec {sys.executable} -c 'from analyzer.cli import main; main()' \"$@\" >&-"
    process = subprocess.run(
        ["/bin/sh", "-c", start, "sh", "diff", "KE", "DE", "--study", found],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert (process.returncode, process.stderr) == (0, "")


def test_a_terminal_of_few_letters_shows_what_it_can() -> None:
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    code, said, complaints = ended(program("knowledge", "list", "countries", env=plain))
    assert (code, complaints) == (0, "")
    assert "C\\xf4te d'Ivoire" in said


# rights


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder for a study, in which this process may do only what its rights allow, root or not.

    Nobody's user may not look into pytest's folders.
    """
    with tempfile.TemporaryDirectory(prefix="evenhand-test-") as name:
        folder = Path(name) / "study"
        folder.mkdir()
        Path(name).chmod(0o755)
        folder.chmod(0o755)
        yield folder
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_may_not_be_written_or_read_is_named(tmp_path: Path) -> None:
    har = har_file(Path(tempfile.gettempdir()) / f"evenhand-{os.getpid()}.har", "a=1")
    try:
        with without_rights() as root:
            analysed(recorded_study(root, sessions=1))
            bundle = next((root / "captures").iterdir())
            database = bundle / "capture.sqlite"
            # Once with rights, so that all modules are imported that nobody may not read.
            done("import", har, "--arm", "KE-13", root=root)
            done("analyze", "--force", "--jobs", 1, root=root)
            done("report", "KE", "DE", root=root)
            done("init", tmp_path / "new")
            for words in (("doctor",), ("verify",), ("recover",), ("step", "use"), ("diff",)):
                run(*words, root=root)
            for path in (root, *root.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
            har.chmod(0o444)
            with as_nobody():
                line = mistake("report", "KE", "DE", root=root)
                assert line == f"{root / 'out' / 'KE-DE.html'} cannot be written: Permission denied"
                line = mistake("analyze", "--force", "--jobs", 1, root=root)
                assert line.endswith(" cannot be made anew: Permission denied")
                assert str(root / "findings") in line
                line = mistake("init", root / "new")
                assert line.endswith(" cannot be written: Permission denied")
                assert run("verify", root=root).exit_code == 0
                checked = run("doctor", root=root)
                assert checked.exit_code == 1
                assert f" bad  rights: {root} cannot be written" in checked.stdout
            database.chmod(0)
            with as_nobody():
                line = mistake("verify", bundle.name, root=root)
                assert line == f"{database}: Permission denied: check the rights"
            bundle.chmod(0)
            with as_nobody():
                for words in (("verify",), ("recover",), ("analyze",), ("step", "use")):
                    line = mistake(*words, root=root)
                    assert line.endswith(": Permission denied: check the rights")
            (root / "captures").chmod(0)
            with as_nobody():
                line = mistake("verify", root=root)
                assert line == f"{root / 'captures'} cannot be read: Permission denied"
            (root / "study.toml").chmod(0)
            with as_nobody():
                line = mistake("diff", root=root, code=2)
                assert line == f"{root / 'study.toml'} cannot be read: Permission denied"
    finally:
        har.unlink()


def refusing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/a/file")

    monkeypatch.setattr("analyzer.study.load_study", refuse)


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "make room on the disk"),
        (errno.EROFS, "choose a place that can be written"),
        (errno.EMFILE, "raise the limit of open files (ulimit -n)"),
    ],
)
def test_what_the_machine_refuses_comes_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, number: int, fix: str
) -> None:
    refusing(monkeypatch, number)
    assert mistake("verify") == f"/a/file: {os.strerror(number)}: {fix}"


def test_an_error_that_only_a_bug_can_cause_is_not_dressed_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing(monkeypatch, errno.EBADF)
    with pytest.raises(OSError, match="Bad file descriptor"):
        run("verify")


def test_a_complaint_is_one_line_whatever_it_quotes(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\nb\r\x1b[2Jc\u2028d\u202ee")
    assert capsys.readouterr().err == "evenhand: a b  [2Jc d e\n"


# Ctrl-C


def test_ctrl_c_ends_a_command_with_130_and_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analyzer.study.load_study", interrupted)
    for words in (("verify",), ("diff",)):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (130, "")
        assert result.stderr == "\nevenhand: interrupted\n"


@pytest.mark.parametrize("delay", [0.2, 1.0])
def test_ctrl_c_ends_analyze_and_its_workers_without_a_trace(tmp_path: Path, delay: float) -> None:
    root = recorded_study(tmp_path, sessions=12).root
    process = program("analyze", "--jobs", 2, "--study", root, start_new_session=True)
    while not (root / "findings").exists():  # it has begun
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    code, said, complaints = ended(process)
    if not said:  # it may have been quicker
        assert (code, said, complaints) == (130, "", "\nevenhand: interrupted\n")
    done("analyze", "--jobs", 1, root=root)
    assert len(list((root / "findings").glob("*/meta.json"))) == 24


# terminals and colour


def on_a_terminal(*words: object, env: dict[str, str] | None = None) -> str:
    """Run the program on a terminal of 100 columns; return what it shows."""
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm-256color", "NO_COLOR": "", **(env or {})}
    process = program(*words, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    process.wait(60)
    assert b"Traceback" not in shown
    return shown.decode()


def test_colour_and_progress_are_for_terminals(found: Path) -> None:
    for words in (("verify",), ("diff", "KE", "DE")):
        assert "\x1b[" in on_a_terminal(*words, "--study", found)
        assert "\x1b" not in run(*words, root=found).output
    assert "Analysing" in on_a_terminal("analyze", "--force", "--study", found)
    assert "Analysing" not in run("analyze", "--force", "--jobs", 1, root=found).output


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
@pytest.mark.parametrize("words", [("verify",), ("diff", "KE", "DE")])
def test_colour_can_be_declined(found: Path, words: tuple[str, ...], env: dict[str, str]) -> None:
    assert "\x1b[3" not in on_a_terminal(*words, "--study", found, env=env)


def test_json_is_the_same_on_a_terminal(found: Path) -> None:
    shown = on_a_terminal("verify", "--json", "--study", found)
    assert json.loads(shown) == json.loads(done("verify", "--json", root=found))


def test_shells_can_complete_commands() -> None:
    env = {"_EVENHAND_COMPLETE": "bash_complete", "COMP_WORDS": "evenhand kn", "COMP_CWORD": "1"}
    assert ended(program(env=env))[1] == "plain,knowledge\n"
    with click.Context(cli) as context:
        assert cli.get_command(context, "nothing") is None
