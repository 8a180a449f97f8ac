"""``python -m reports.locales``: finds every text anew, and brings all catalogues up to date.

``--check`` changes nothing, and fails where a catalogue is not complete. ``missing es`` lists what
is not translated, as JSON; ``fill es FILE`` takes it back, with a "translation" in each entry.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from analyzer.errors import UserError
from reports.locales import catalogues
from reports.locales.sources import template


def main(arguments: Sequence[str]) -> int:
    """Do what `arguments` ask for, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m reports.locales", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail on any flaw")
    commands = parser.add_subparsers(dest="command")
    for name in ("missing", "fill"):
        command = commands.add_parser(name)
        command.add_argument("language")
        if name == "fill":
            command.add_argument("file", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.command == "missing":
        return _missing(chosen.language)
    if chosen.command == "fill":
        return _fill(chosen.language, chosen.file)
    return _check() if chosen.check else _update()


def _update() -> int:
    texts = template()
    for code in catalogues.TRANSLATED:
        catalogue = catalogues.read(code)
        catalogues.update(catalogue, texts)
        catalogues.write(code, catalogue)
        lacking = len(catalogues.missing(code, catalogue))
        sys.stdout.write(f"{code}: {len(catalogue)} texts, {lacking} to be translated\n")
    return 0


def _check() -> int:
    texts = template()
    found = [
        flaw
        for code in catalogues.TRANSLATED
        for flaw in catalogues.flaws(code, catalogues.read(code), texts)
    ]
    sys.stdout.writelines(f"{flaw}\n" for flaw in found)
    return 1 if found else 0


def _missing(code: str) -> int:
    catalogue = catalogues.read(code)
    catalogues.update(catalogue, template())
    json.dump(catalogues.missing(code, catalogue), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    return 0


def _fill(code: str, file: Path) -> int:
    catalogue = catalogues.read(code)
    catalogues.update(catalogue, template())
    wrong = catalogues.fill(code, catalogue, json.loads(file.read_text(encoding="utf-8")))
    catalogues.write(code, catalogue)
    sys.stdout.writelines(f"{flaw}\n" for flaw in wrong)
    lacking = len(catalogues.missing(code, catalogue))
    sys.stdout.write(f"{code}: {len(catalogue)} texts, {lacking} to be translated\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as mistake:
        sys.exit(f"locales: {mistake}")
