"""What a terminal gets: through a pager, and only there."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PRINT = (
    "from reports.console import paged\n"
    "import sys\n"
    "with paged('--no-pager' not in sys.argv) as out:\n"
    "    out.line('a line', 'red')\n"
    "    out.line('word ' * 30)\n"
    "print('after')\n"
)


def on_a_terminal(*words: str, **environment: str) -> str:
    """Run `PRINT` on a terminal of 40 columns; return what it shows."""
    here, there = pty.openpty()
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-c", PRINT, *words],
        stdin=there,
        stdout=there,
        stderr=there,
        env={**keep, "TERM": "xterm-256color", "COLUMNS": "40", **environment},
        cwd=Path(__file__).parent.parent,
    )
    os.close(there)
    shown = b""
    while True:
        try:
            part = os.read(here, 4096)
        except OSError:  # how Linux says that nobody writes any more
            break
        if not part:
            break
        shown += part
    os.close(here)
    assert process.wait(timeout=30) == 0
    return shown.decode().replace("\r\n", "\n")


def test_the_pager_of_the_user_gets_everything_with_its_colours() -> None:
    shown = on_a_terminal(PAGER="sed 's/^/> /'")
    lines = shown.splitlines()
    assert lines[0] == "> \x1b[31ma line\x1b[0m"
    assert lines[1].startswith("> word ")
    assert lines[2].startswith(">   word")
    assert lines[-1] == "after"


def test_less_is_told_to_end_by_itself_and_to_keep_colours() -> None:
    shown = on_a_terminal(PAGER="sh -c 'cat >/dev/null; echo LESS is $LESS'")
    assert "LESS is FRX" in shown
    shown = on_a_terminal(PAGER="sh -c 'cat >/dev/null; echo LESS is $LESS'", LESS="-S")
    assert "LESS is -S" in shown


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("--no-pager",), {"PAGER": "false"}),
        ((), {"PAGER": ""}),
        ((), {"PAGER": "cat"}),
        ((), {"PAGER": "no-such-program-anywhere"}),
        ((), {"PAGER": "less '"}),
        ((), {"PAGER": "false", "TERM": "dumb"}),
    ],
)
def test_without_a_pager_the_terminal_gets_it_as_it_is(
    words: tuple[str, ...], environment: dict[str, str]
) -> None:
    shown = on_a_terminal(*words, **environment)
    assert "a line" in shown
    assert shown.endswith("after\n")


def test_who_leaves_the_pager_early_is_not_complained_about() -> None:
    shown = on_a_terminal(PAGER="head -c 1")
    assert shown.endswith("after\n")
    assert "Error" not in shown


def test_there_is_neither_pager_nor_colour_in_a_pipe() -> None:
    environment = {**os.environ, "PAGER": "false"}
    environment.pop("FORCE_COLOR", None)
    said = subprocess.run(
        [sys.executable, "-c", PRINT],
        env=environment,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == f"a line\n{'word ' * 30}\nafter\n"
