"""Makes `trackers/trackhar-*.yaml` anew from the npm package `trackhar` (CC0-1.0, tweasel).

``python -m analyzer.data.update_trackhar [FOLDER]``, where FOLDER is the unpacked package; without
it the one that `npm install` puts into `benchmarks/`. Only facts are taken: which requests are a
tracker's, what stands where in them, and who says so. What a file written by hand already knows is
left out; the examples of each rule are tried on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from analyzer.data.trackhar.adapters import Adapter, file_of, read_adapters
from analyzer.data.trackhar.meanings import HOMES, Home, home_of
from analyzer.data.trackhar.rules import PREFIX, Service, by_hand, service
from analyzer.data.trackhar.sheet import sheet
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge

PACKAGE = Path(__file__).parents[2] / "benchmarks" / "node_modules" / "trackhar"
TARGET = Path(__file__).with_name("trackers")
# Long files are cut where one service ends and the next begins.
_MOST_LINES = 380


def sheets(version: str, adapters: Iterable[Adapter], known: Knowledge) -> dict[str, str]:
    """Return file name -> text, for what the knowledge written by hand (`known`) lacks."""
    by_home: dict[tuple[str, Home, str], list[Service]] = {}
    for adapter in adapters:
        made = service(adapter, known)
        if made is not None:
            key = (adapter.tracker, home_of(adapter), file_of(adapter.tracker))
            by_home.setdefault(key, []).append(made)
    found: dict[str, str] = {}
    for (tracker, home, source), services in by_home.items():
        own = tracker if home == HOMES[tracker] else f"{tracker}-{home.owner.lower()}"
        for number, some in enumerate(_cut(version, home, source, services), 1):
            name = f"{PREFIX}{own}.yaml" if number == 1 else f"{PREFIX}{own}-{number}.yaml"
            found[name] = sheet(version, home, source, some)
    return found


def _cut(
    version: str, home: Home, source: str, services: Sequence[Service]
) -> Iterable[list[Service]]:
    some: list[Service] = []
    for each in services:
        if some and sheet(version, home, source, [*some, each]).count("\n") > _MOST_LINES:
            yield some
            some = []
        some.append(each)
    yield some


def main(arguments: Sequence[str]) -> None:
    """Write the files anew from the package that `arguments` name; files no longer made go."""
    version, adapters = read_adapters(Path(arguments[0]) if arguments else PACKAGE)
    made = sheets(version, adapters, by_hand(TARGET.parent))
    for old in TARGET.glob(f"{PREFIX}*.yaml"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (TARGET / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as mistake:
        sys.exit(f"update_trackhar: {mistake}")
