"""What the command line says of itself is true, complete, and said at once."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli_rig import done, mistake, run

from analyzer import __version__
from analyzer.cli import COMMANDS, cli

README = Path(__file__).parent.parent / "README.md"
HEAVY = (
    "flask",
    "segno",
    "babel",
    "maxminddb",
    "pandas",
    "pyarrow",
    "scipy",
    "mitmproxy",
    "scapy",
    "rich",
    "jinja2",
    "ruamel",
    "sqlite3",
)


def every_command(
    group: click.Group = cli, before: str = ""
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name="evenhand")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before}{name} ")
        yield f"{before}{name}", command


ALL = dict(every_command())


def examples(command: click.Command) -> list[str]:
    text = command.epilog or ""
    return [line.strip() for line in text.splitlines() if line.strip().startswith("evenhand ")]


@pytest.mark.parametrize("name", ALL)
def test_each_command_shows_an_example_of_itself_on_a_line_of_its_own(name: str) -> None:
    shown = done(*name.split(), "--help").splitlines()
    assert "  Example:" in shown
    given = examples(ALL[name])
    assert given
    for example in given:
        assert f"    {example}" in shown
        assert example.startswith(f"evenhand {name.split(maxsplit=1)[0]}")


@pytest.mark.parametrize("name", ALL)
def test_each_example_is_taken_as_it_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for example in examples(ALL[name]):
        words = shlex.split(example.partition(" > ")[0])[1:]
        inner = next(name for n in (3, 2, 1) if (name := " ".join(words[:n])) in ALL)
        arguments = words[len(inner.split()) :]
        for word in arguments:
            if inner != "init" and "." in word and ":" not in word and word[0] != "-":
                Path(word).parent.mkdir(parents=True, exist_ok=True)
                Path(word).touch()
        if inner == "knowledge check" and len(arguments) > 1:
            Path(arguments[0]).mkdir()
        with ALL[inner].make_context(inner, arguments) as context:
            assert context.params


@pytest.mark.parametrize("name", ALL)
def test_help_says_what_each_option_does_and_fits_the_terminal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for parameter in ALL[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    for columns in (80, 100, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = done(*name.split(), "--help")
        assert max(map(len, text.splitlines())) <= min(columns, 100)


def test_the_list_of_commands_is_in_the_order_of_use_and_cuts_no_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = done("--help")
    named = re.findall(r"^  ([a-z]+)  ", shown, re.MULTILINE)
    assert named == list(COMMANDS)
    for text in (shown, done("export", "--help"), done("knowledge", "--help")):
        assert "..." not in text.partition("Commands:")[2]


def test_every_word_for_help_is_understood() -> None:
    assert done("-h") == done("--help")
    assert __version__ in done("--version")


def test_the_readme_has_every_command() -> None:
    table = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+)[^`]*`", "".join(re.findall(r"^\| `.*?\|", table, re.M))))
    assert set(COMMANDS) <= named
    for command in re.findall(r"^(?:\.venv/bin/)?(evenhand .*?)(?:  +#.*)?$", table, re.M):
        for part in command.split(" && "):
            words = shlex.split(part)
            if words[0] == "evenhand":
                assert words[1] in COMMANDS


def test_help_imports_nothing_heavy() -> None:
    watch = (
        "import sys\n"
        "from analyzer.cli import cli\n"
        "cli(['--help'], prog_name='evenhand', standalone_mode=False)\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", watch], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.startswith("Usage: evenhand")
    assert found.stdout.splitlines()[-1] == "LOADED"


def test_a_group_without_a_command_shows_its_help_and_is_a_mistake() -> None:
    for words in ([], ["export"], ["knowledge"]):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("Usage: evenhand")


def test_an_unknown_command_gets_a_guess() -> None:
    assert mistake("analyse") == (
        "there is no command 'analyse', did you mean analyze?: see `evenhand --help`"
    )
    assert mistake("xyzzy") == "there is no command 'xyzzy': see `evenhand --help`"
    assert "see `evenhand export --help`" in mistake("export", "xyzzy")
    assert "see `evenhand --help`" in mistake("--xyzzy")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("diff KE US", 2), ("feed diff KE US", 2), ("diff --nothing", 2),
        ("feed diff --nothing", 2),
        ("report KE US", 1), ("feed report KE US", 1), ("feed items", 1), ("matrix", 1),
        ("feed code agreement", 1), ("feed report --nothing", 1), ("nothing", 1),
    ],
)  # fmt: skip
def test_a_mistake_is_trouble_to_diff_and_1_elsewhere(
    words: str, code: int, tmp_path: Path
) -> None:
    root = None if "nothing" in words else tmp_path
    assert mistake(*words.split(), root=root, code=code)
