"""Analyses all sessions of a study with a number of processes: ``analyse_study DIR JOBS``.

``analyse_study DIR import FILE...`` makes the study first, each HAR file being a session.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from analyzer.frames import analyse
from analyzer.readers.importing import import_files
from analyzer.study import FILE, load_study
from analyzer.study_template import study_text


def make(folder: Path, files: Sequence[Path]) -> None:
    """Make a study of one arm with a session for each of `files`."""
    folder.mkdir()
    text = study_text("speed", "com.example.app", ("example.com",), datetime.date(2026, 11, 22))
    (folder / FILE).write_text(text, encoding="utf-8")
    import_files(load_study(folder), "KE-13", files)


def main(folder: Path, jobs: int) -> None:
    """Analyse everything, and print how many sessions there were."""
    summary = analyse(load_study(folder), jobs=jobs, force=True)
    if summary.excluded:
        raise RuntimeError(f"not everything was analysed: {summary.excluded}")
    print(json.dumps({"sessions": len(summary.done)}))


if __name__ == "__main__":
    if sys.argv[2] == "import":
        make(Path(sys.argv[1]), [Path(each) for each in sys.argv[3:]])
        print("{}")
    else:
        main(Path(sys.argv[1]), int(sys.argv[2]))
