"""Makes `owners.csv` anew from the npm package `third-party-web` (MIT, Patrick Hulce).

``python -m analyzer.data.update_owners [PATH]``, where PATH is the package as a ``.tgz``, as an
unpacked folder, or its ``entities-nostats.json`` alone; without PATH the newest one is fetched with
``npm pack``. Only facts are taken: domains, whose they are, and what for.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from analyzer.errors import UserError

PACKAGE = "third-party-web"
TARGET = Path(__file__).with_name("owners.csv")
_ENTITIES = "dist/entities-nostats.json"
_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_ADDRESS = re.compile(r"[0-9.]+")

# The categories of the package -> our purposes. What says nothing about a purpose stays empty.
PURPOSES: Mapping[str, str] = {
    "ad": "advertising",
    "analytics": "analytics",
    "cdn": "content",
    "consent-provider": "consent",
    "content": "content",
    "customer-success": "functional",
    "hosting": "functional",
    "library": "functional",
    "marketing": "advertising",
    "other": "",
    "social": "social",
    "tag-manager": "functional",
    "utility": "functional",
    "video": "content",
}


def read_package(path: Path) -> tuple[list[dict[str, Any]], str]:
    """Return the entities and the version of the package at `path`; `UserError` if it is not it."""
    try:
        if path.is_dir():
            manifest = (path / "package.json").read_bytes()
            entities = (path / _ENTITIES).read_bytes()
        elif path.suffix == ".json":
            manifest, entities = b'{"version": "of unknown version"}', path.read_bytes()
        else:
            with tarfile.open(path) as archive:
                manifest = _member(archive, "package/package.json")
                entities = _member(archive, f"package/{_ENTITIES}")
        return json.loads(entities), str(json.loads(manifest)["version"])
    except (OSError, KeyError, tarfile.TarError, ValueError) as error:
        raise UserError(
            f"{path} is not the package {PACKAGE}", f"take it from npm: {error}"
        ) from None


def owners_csv(entities: Sequence[Mapping[str, Any]], version: str, day: str) -> str:
    """Return the text of `owners.csv`; of domains that are listed twice the first counts."""
    rows: dict[str, tuple[str, str]] = {}
    for entity in entities:
        owner = str(entity.get("company") or entity["name"])
        purpose = PURPOSES.get(str(entity.get("category", "other")), "")
        for given in entity["domains"]:
            domain = str(given).lower().removeprefix("*.")
            if _DOMAIN.fullmatch(domain) and not _ADDRESS.fullmatch(domain):
                rows.setdefault(domain, (owner, purpose))
    text = StringIO()
    text.write(
        f"# Domains and their owners: from {PACKAGE} {version} by Patrick Hulce and contributors"
        f" (MIT licence; npm), taken over on {day} by analyzer/data/update_owners.py.\n"
        "# Do not edit: add to owners_supplement.csv.\n"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("domain", "owner", "category", "source"))
    source = f"{PACKAGE} {version}"
    writer.writerows((domain, *rows[domain], source) for domain in sorted(rows))
    return text.getvalue()


def fetch(folder: Path) -> Path:
    """Fetch the newest package into `folder` with npm and return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("npm is not installed", f"install it, or name a {PACKAGE} .tgz")
    done = subprocess.run(  # noqa: S603 - a fixed command
        [npm, "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"npm could not fetch {PACKAGE}", done.stderr.strip().splitlines()[-1])
    return folder / done.stdout.strip().splitlines()[-1]


def main(arguments: Sequence[str]) -> None:
    """Write `owners.csv` from the package that `arguments` name, or from the newest one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(arguments[0]) if arguments else fetch(Path(folder))
        entities, version = read_package(path)
    day = datetime.now(UTC).date().isoformat()
    TARGET.write_text(owners_csv(entities, version, day), encoding="utf-8")


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    with member:
        return member.read()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as mistake:
        sys.exit(f"update_owners: {mistake}")
