"""A recording of any length takes the same memory, from the capture to the tables."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import recording

GROWTH = 24 * 1024  # KiB: what the memories of a session may still fill up with
MOST = 170 * 1024  # KiB: of one process that extracts and writes
SHORT, LONG = 1_500, 9_000

CHILD = """
    import json, sys
    from pathlib import Path

    from analyzer.frames import analyse, piecework, schema
    from analyzer.models import Exchange
    from analyzer.study import load_study

    count = int(sys.argv[2])

    def long_recording(path, span):
        begin = 0 if span.message is None else span.first  # what is left of it
        for number in range(begin, count):
            body = {"adid": f"{number:032x}", "email": f"p{number}@x.example", "q": "x" * 2000}
            yield Exchange(
                str(number + 1), path.name, 1.0 + number, "use", "POST", "https://a.example/v1",
                (("Content-Type", "application/json"),), json.dumps(body).encode(), 200, (), b"",
                None, "h2", True, 0,
            )

    piecework.read_exchanges = long_recording
    schema._GROUP = 1000
    study = load_study(Path(sys.argv[1]))
    [name] = analyse(study, jobs=1, force=True).done
    # Not `ru_maxrss`: that counts the process that started this one.
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1])
    loaded = [each for each in ("pandas", "scipy") if each in sys.modules]
    rows = schema.read("findings", [study.findings / name]).num_rows
    print(json.dumps([rows, peak, loaded]))
"""


def analysed(root: Path, count: int) -> tuple[int, int]:
    """Return how many findings there were, and the peak memory of the process in KiB."""
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(root), str(count)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, peak, loaded = json.loads(found.stdout)
    assert loaded == []  # each of them would take a good part of what extracting does
    return rows, peak


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_a_recording_six_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    study = recording.study(tmp_path)
    recording.record(study, "KE-13", exchanges=[recording.post()])
    few, small = analysed(study.root, SHORT)
    many, large = analysed(study.root, LONG)
    assert few >= SHORT
    assert many >= LONG
    assert large < small + GROWTH
    assert large < MOST
