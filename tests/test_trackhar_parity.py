"""What TrackHAR 1.0.0 finds in public recordings, this program finds as well, at the same place.

The recordings and TrackHAR's answers are kept beside the project. TrackHAR's properties are mapped
to data types through the ontology, its paths to dotted paths.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Match
from analyzer.readers import READERS

KEY = b"parity" * 4

# Findings of TrackHAR that are not expected here: (recording, adapter, path, reason). None yet.
EXCEPTIONS: tuple[tuple[str, str, str, str], ...] = ()

# The expectations of quizduel.har are older than TrackHAR 1.0.0, which has other names for these.
RENAMED = {
    # Firebase's own name for the value is "installation ID".
    ("google/firebaseinstallations", "fid"): "installationId",
    # 1.0.0 takes the identifier that Facebook's SDK makes for one of the device.
    ("facebook/graph-activities-qs", "anon_id"): "deviceId",
    ("facebook/graph-activities-qs", "advertiser_id"): "advertisingId",
}
# The older format has no context; headers are told by their names.
HEADERS = {"x-firebase-client", "x-android-package"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One finding of TrackHAR. `entry` counts from 0."""

    entry: int
    adapter: str
    prop: str
    part: str
    path: str

    @property
    def places(self) -> re.Pattern[str]:
        """The paths of leaves that it may stand for; TrackHAR gives lists as one value."""
        path = self.path.lower() if self.part == "header" else self.path
        pieces = [r"[^.]+" if each == "*" else re.escape(each) for each in path.split(".")]
        return re.compile(r"\.".join(pieces) + r"(?:\.[0-9]+)?")


def told(recording: Path) -> Iterator[Expected]:
    """Yield what TrackHAR found in `recording`, from the file beside it."""
    newer = recording.with_name(f"{recording.name}.trackhar.json")
    if newer.exists():
        for entry in json.loads(newer.read_bytes()):
            for found in entry["data"] or ():
                yield _expected(entry["entry"], found["context"], found)
        return
    older = recording.with_name(f"{recording.stem}.expected-trackhar.json")
    for at, data in enumerate(json.loads(older.read_bytes())):
        for found in data or ():
            part = "header" if found["path"].lower() in HEADERS else "body"
            yield _expected(at, part, found)


def _expected(entry: int, part: str, found: dict[str, Any]) -> Expected:
    adapter, path = found["adapter"], found["path"]
    prop = RENAMED.get((adapter, path), found["property"])
    return Expected(entry, adapter, prop, part, path)


@lru_cache(maxsize=8)
def matches(recording: Path) -> dict[int, tuple[Match, ...]]:
    """Return what this program finds, by the number of the entry (from 0)."""
    extractor = Extractor(load_knowledge(), (), KEY)
    found: dict[int, tuple[Match, ...]] = {}
    for record in READERS.entries()["har"]().read(recording):
        if isinstance(record, Exchange):
            found[int(record.id) - 1] = extractor.extract(record, decode(record)).matches
    return found


def missed(recording: Path, expected: Expected) -> bool:
    """Tell whether no match has the type and the place that TrackHAR names."""
    types = load_knowledge().by_trackhar(expected.prop)
    return not any(
        match.part == expected.part
        and match.data_type in types
        and expected.places.fullmatch(match.path)
        for match in matches(recording).get(expected.entry, ())
    )


@pytest.mark.parametrize(
    ("folder", "name", "least"),
    [
        pytest.param("mobile-har", "first-run.har", 140, id="first-run"),
        pytest.param("mobile-har", "second-run.har", 90, id="second-run"),
        pytest.param("mobile-har", "quizduel.har", 50, id="quizduel"),
        pytest.param("web-har", "linkedin.har", 9, id="linkedin"),
    ],
)
def test_everything_that_trackhar_lists_is_found_at_its_place(
    shared_data: Path, folder: str, name: str, least: int
) -> None:
    recording = shared_data / folder / name
    listed = list(told(recording))
    assert len(listed) >= least
    excepted = {(adapter, path) for file, adapter, path, _ in EXCEPTIONS if file == name}
    lost = [
        each
        for each in listed
        if (each.adapter, each.path) not in excepted and missed(recording, each)
    ]
    assert not lost, "\n".join(f"{e.entry} {e.adapter} {e.prop} {e.part}.{e.path}" for e in lost)


def test_every_property_that_trackhar_uses_here_has_a_data_type(shared_data: Path) -> None:
    knowledge = load_knowledge()
    recordings = sorted(shared_data.glob("*-har/*.har"))
    listed = [
        each.prop
        for recording in recordings
        if recording.stem in {"first-run", "second-run", "quizduel", "linkedin"}
        for each in told(recording)
    ]
    assert listed
    assert [prop for prop in sorted(set(listed)) if not knowledge.by_trackhar(prop)] == []


def test_what_the_rules_find_beyond_trackhar_is_of_the_same_services(shared_data: Path) -> None:
    """No rule of a tracker fires in a recording where that tracker was not talked to."""
    rules = {
        match.rule_id.partition("/")[0]
        for name in ("first-run.har", "second-run.har", "quizduel.har")
        for found in matches(shared_data / "mobile-har" / name).values()
        for match in found
        if match.method == "rule"
    }
    assert rules == {"bugsnag", "branch", "facebook", "google", "helpshift", "http"}
