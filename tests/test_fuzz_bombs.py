"""What is made to exhaust memory or time is survived, within bounds, and counted."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import bombs
import pytest

from analyzer.decode import Decoded, decode
from analyzer.decoders import DECODERS, Budget, Hint, Limits
from analyzer.decoders.plan import inert
from analyzer.models import Exchange

MOST_MIB = 160  # beyond the exchange itself
MOST_SECONDS = 5.0
# Its time is that of a clock on the wall, so on a busy machine it may come before the others.
IN_ANY_CASE = "too_slow"


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, object]]:
    """What became of each bomb."""
    command = [sys.executable, str(Path(bombs.__file__))]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_a_bomb_is_survived_and_counted(name: str, told: dict[str, dict[str, object]]) -> None:
    found = told[name]
    assert "error" not in found, found["error"]
    assert float(str(found["seconds"])) < MOST_SECONDS
    assert int(str(found["mib"])) < MOST_MIB
    assert int(str(found["leaves"])) <= Limits().max_leaves
    expected = set(bombs.BOMBS[name][0].split())
    codes = found["codes"]
    assert isinstance(codes, list)
    assert not expected or {*expected, IN_ANY_CASE} & set(codes), codes


def test_a_bomb_that_goes_off_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_: object) -> object:
        raise MemoryError(len(bytes(400 * bombs.MIB)))

    monkeypatch.setattr(bombs, "decode", careless)
    assert "MemoryError" in str(bombs.run("deep XML")["error"])
    kept: list[bytes] = []

    def greedy(odd: Exchange) -> Decoded:
        kept.append(bytes(range(256)) * (400 * bombs.MIB // 256))
        return decode(odd)

    monkeypatch.setattr(bombs, "decode", greedy)
    assert int(str(bombs.run("deep XML")["mib"])) >= 399


CHARACTERS = "aAeE09_-+/=.,:;|&%#?@~*<>[]{}()\"'\\!$ \t\r\n\x00é"
STARTS = (
    "",
    "a=",
    "a:b|",
    "data:",
    "data:a;base64,",
    "ey",
    "eJ",
    ".eJ",
    "--",
    "--a\r\n",
    "a[",
    "a[b]",
    "<?xml",
    "<a>",
    "s:",
    "j:",
    "GA1.",
    "fb.1.",
    "{\\",
    "%u",
    "&#",
    "\\x",
    "0x",
    "7b",
    "v1:",
    "v4.local.",
    "gAAAAA",
    "http://a/?",
    "/*",
    ")]}'",
    "cb(",
    "event:",
    "bplist00",
    "42[",
    '{"a":',
    "[1,",
    "=3D",
)
LENGTH = 20_000


def runs() -> list[str]:
    """Long runs of every character, of pairs of them, and of both behind what looks familiar."""
    pairs = [a + b for a in CHARACTERS for b in CHARACTERS]
    plain = [each * (LENGTH // len(each)) for each in [*CHARACTERS, *pairs]]
    return plain + [start + each * LENGTH for start in STARTS for each in CHARACTERS]


@pytest.mark.parametrize("name", sorted(DECODERS.entries()))
def test_no_run_of_characters_traps_a_decoder(name: str) -> None:
    decoder = DECODERS.entries()[name]
    for text in runs():
        began = time.process_time()
        if decoder.text:
            decoder.text(text)
        if decoder.body:
            decoder.body(text.encode(), Hint(announced=name, boundary="a"), Budget(Limits()))
        assert time.process_time() - began < 1, text[:20]


def test_no_run_of_characters_traps_the_search_for_inert_strings() -> None:
    for text in runs():
        began = time.process_time()
        inert(text)
        assert time.process_time() - began < 0.5, text[:20]
