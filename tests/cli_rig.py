"""The command line in this process and in its own, and studies for it to work on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from foreign_files import har, har_entry
from recording import GAID, STUDY, post, record, study

from analyzer.cli import cli
from analyzer.study import Study

SMALLEST = 5  # sessions of each arm with which something can be said


def run(*words: object, root: Path | None = None, **more: Any) -> Result:
    """Run `evenhand words` in this process, on the study `root`; no traceback comes out of it."""
    arguments = [*map(str, words), *(["--study", str(root)] if root else [])]
    result = CliRunner().invoke(cli, arguments, prog_name="evenhand", **more)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    return result


def done(*words: object, root: Path | None = None, code: int = 0) -> str:
    """Run a command that must end with `code`, and return what it printed."""
    result = run(*words, root=root)
    assert result.exit_code == code, result.output
    return result.stdout


def told(*words: object, root: Path | None = None) -> Any:
    """Run a command with --json, and return what it says; its stderr is empty."""
    result = run(*words, "--json", root=root)
    assert not result.stderr
    return json.loads(result.stdout)


def mistake(*words: object, root: Path | None = None, code: int = 1) -> str:
    """Run a command that must be refused: one line on stderr, nothing else. Return the line."""
    result = run(*words, root=root)
    assert result.exit_code == code, result.output
    assert not result.stdout
    return the_line(result.stderr)


def the_line(stderr: str) -> str:
    """Return the one complaint on stderr, without the program's name."""
    [line] = stderr.splitlines()
    assert line.startswith("evenhand: "), line
    return line.removeprefix("evenhand: ")


def program(*words: object, **more: Any) -> subprocess.Popen[str]:
    """Start `evenhand words` in a process of its own."""
    start = "from analyzer.cli import main; main()"
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", **more.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-c", start, *map(str, words)],
        **{
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "env": environment,
            **more,
        },
    )


def har_file(path: Path, *bodies: str, host: str = "app.waymark.example") -> Path:
    """Write a HAR of forms that are posted to the attribution SDK of the demonstration."""
    entries = [
        har_entry(
            f"https://{host}/session",
            request={
                "method": "POST",
                "headers": [],
                "postData": {"mimeType": "application/x-www-form-urlencoded", "text": body},
            },
        )
        for body in bodies
    ]
    path.write_bytes(har(*entries))
    return path


def imported_study(root: Path) -> Path:
    """A study with one imported session in each of its two arms, not analysed."""
    study(root)
    sent = har_file(root / "sent.har", f"gps_adid={GAID}&environment=production")
    silent = har_file(root / "silent.har", "environment=production")
    done("import", sent, "--arm", "KE-13", root=root)
    done("import", silent, "--arm", "DE-13", root=root)
    return root


def recorded_study(root: Path, sessions: int = SMALLEST, silent: Iterable[str] = ()) -> Study:
    """A study whose phones all send an advertising ID, but for those of the arms `silent`."""
    found = study(root, STUDY)
    for arm in found.arms:
        body = "environment=production" + ("" if arm in silent else f"&gps_adid={GAID}")
        for repeat in range(1, sessions + 1):
            record(found, arm, repeat, [post(body)])
    return found


def analysed(found: Study) -> Path:
    """Analyse a study in this process; return its folder."""
    done("analyze", "--jobs", 1, root=found.root)
    return found.root
