"""A recording of any length takes the same memory, from the capture to the tables."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import recording

GROWTH = 24 * 1024  # KiB: what the memories of a session may still fill up with
SHORT, LONG = 1_500, 9_000

CHILD = """
    import json, resource, sys
    from pathlib import Path

    from analyzer import pipeline
    from analyzer.frames import schema
    from analyzer.knowledge import load_knowledge
    from analyzer.models import Exchange
    from analyzer.study import load_study

    root, bundle, folder = map(Path, sys.argv[1:4])
    count = int(sys.argv[4])

    def long_recording(path):
        for number in range(count):
            body = {"adid": f"{number:032x}", "email": f"p{number}@x.example", "q": "x" * 2000}
            yield Exchange(
                str(number + 1), path.name, 1.0 + number, "use", "POST", "https://a.example/v1",
                (("Content-Type", "application/json"),), json.dumps(body).encode(), 200, (), b"",
                None, "h2", True, 0,
            )

    pipeline.read_exchanges = long_recording
    schema._GROUP = 1000
    analysis = pipeline.Analysis(bundle, load_study(root), load_knowledge())
    rows = 0
    with schema.Writer(folder, analysis.session.id) as writer:
        for batch in analysis:
            rows += len(batch.findings)
            writer.batch(batch)
        writer.whole(analysis.whole())
    print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def analysed(tmp_path: Path, root: Path, bundle: Path, count: int) -> tuple[int, int]:
    """Return how many findings there were, and the peak memory of the process in KiB."""
    folder = tmp_path / f"out-{count}"
    folder.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(CHILD)]
    command += [str(each) for each in (root, bundle, folder, count)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, peak = map(int, found.stdout.split())
    return rows, peak


@pytest.mark.skipif(sys.platform == "darwin", reason="ru_maxrss counts bytes on macOS")
def test_a_recording_six_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    study = recording.study(tmp_path)
    bundle = recording.record(study, "KE-13", exchanges=[recording.post()])
    few, small = analysed(tmp_path, study.root, bundle, SHORT)
    many, large = analysed(tmp_path, study.root, bundle, LONG)
    assert few >= SHORT
    assert many >= LONG
    assert large < small + GROWTH
