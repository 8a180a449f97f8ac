"""What is wrong in the data files of the audit: feeds, disclosures, codebook, crisis lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from analyzer.feed.adapters import DISCLOSURES, FOLDER, read_adapter, read_disclosures
from analyzer.feed.codebook import OURS, read_codebook
from analyzer.feed.coding.words import CRISIS_LINES, read_crisis_lines
from analyzer.knowledge.load import DATA
from analyzer.knowledge.records import Fault
from analyzer.knowledge.source import Source

Read = TypeVar("Read")


def check_feeds(root: Path = DATA) -> list[Fault]:
    """Return every fault in these files under `root`, by file and line; none if they are sound.

    A folder other than the program's own may lack them.
    """
    faults: list[Fault] = []
    shared = _read(root, DISCLOSURES.name, read_disclosures, faults) or ()
    _read(root, OURS.name, read_codebook, faults)
    _read(root, CRISIS_LINES.name, read_crisis_lines, faults)
    known: dict[str, str] = {}
    for path in sorted((root / FOLDER.name).glob("*.yaml")):
        name = f"{FOLDER.name}/{path.name}"
        made = _read(root, name, lambda source: read_adapter(source, shared), faults)
        if made and made.id in known:
            faults.append(Fault(name, 1, f"id {made.id!r} is that of {known[made.id]}, too"))
        elif made:
            known[made.id] = name
    if root == DATA and not known:
        faults.append(Fault(FOLDER.name, 0, "has no feeds"))
    return faults


def _read(
    root: Path, name: str, read: Callable[[Source], Read], faults: list[Fault]
) -> Read | None:
    """Return what `read` makes of a file, and note what is wrong with it."""
    path = root / name
    if root != DATA and not path.exists():
        return None
    try:
        source = Source(name, path.read_bytes().decode("utf-8"))
    except OSError as error:
        faults.append(Fault(name, 0, f"cannot be read: {error.strerror}"))
        return None
    except UnicodeDecodeError:
        faults.append(Fault(name, 0, "is not UTF-8 text"))
        return None
    made = read(source)
    found = source.faults()
    faults += found
    return None if found else made
