"""The list of owners is taken over from a public package, with attribution."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from analyzer.data import update_owners
from analyzer.errors import UserError

ENTITIES = [
    {"name": "Ads One", "company": "One", "category": "ad", "domains": ["*.one.example"]},
    {"name": "Two, Inc.", "category": "other", "domains": ["two.example", "one.example"]},
    {"name": "Address", "category": "cdn", "domains": ["192.0.2.1", "not a domain"]},
]


def test_owners_are_taken_from_the_package_with_attribution(tmp_path: Path) -> None:
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (
            ("package/package.json", {"version": "9.9.9"}),
            ("package/dist/entities-nostats.json", ENTITIES),
        ):
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    entities, version = update_owners.read_package(path)
    first, *rest = update_owners.owners_csv(entities, version, "2026-11-22").splitlines()
    assert "third-party-web 9.9.9" in first
    assert "MIT" in first
    assert "2026-11-22" in first
    assert rest == [
        "# Do not edit: add to owners_supplement.csv.",
        "domain,owner,category,source",
        "one.example,One,advertising,third-party-web 9.9.9",
        'two.example,"Two, Inc.",,third-party-web 9.9.9',
    ]


def test_another_file_is_refused_as_a_list_of_owners(tmp_path: Path) -> None:
    path = tmp_path / "other.tgz"
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match="is not the package third-party-web"):
        update_owners.read_package(path)
