"""Loading everything at once, and saying what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from analyzer.errors import UserError
from analyzer.knowledge.consent_layouts import read_layouts
from analyzer.knowledge.formats import read_formats
from analyzer.knowledge.law import read_laws
from analyzer.knowledge.measures import read_measures
from analyzer.knowledge.normalisations import read_recipes
from analyzer.knowledge.ontology import read_types
from analyzer.knowledge.owners import read_owner_file, read_parents, with_trackers
from analyzer.knowledge.places import read_places
from analyzer.knowledge.records import Fault, Knowledge, OwnerEntry, SignalDef, Tracker
from analyzer.knowledge.regions import read_regions
from analyzer.knowledge.signals import read_signals
from analyzer.knowledge.source import Source
from analyzer.knowledge.trackers import read_tracker
from analyzer.knowledge.vocabulary import read_vocabulary

DATA = Path(__file__).parent.parent / "data"
FILES = (
    "ontology.yaml",
    "names.yaml",
    "confidence.yaml",
    "signals.yaml",
    "consent_strings.yaml",
    "regions.yaml",
    "law.yaml",
    "owners.csv",
    "owners_supplement.csv",
    "parents.csv",
    "pops.yaml",
    "normalisations.yaml",
    "measures.yaml",
)


@lru_cache(maxsize=4)
def load_knowledge(root: Path = DATA) -> Knowledge:
    """Return what the files under `root` say, read once per process.

    `UserError` names the file, the line and the first thing that is wrong.
    """
    knowledge, faults = _read(root)
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        fix = f"put it right and run `evenhand knowledge check {root}`{more}"
        if root == DATA:
            fix = f"put it right and run `evenhand knowledge check`{more}"
        raise UserError(str(faults[0]), fix)
    return knowledge


def check(root: Path = DATA) -> list[Fault]:
    """Return every fault in the files under `root`, by file and line; none if they are sound."""
    return _read(root)[1]


def _read(root: Path) -> tuple[Knowledge, list[Fault]]:
    files = _Files(root)
    types = read_types(files.yaml("ontology.yaml"))
    vocabulary = read_vocabulary(files.yaml("names.yaml"), files.yaml("confidence.yaml"), types)
    signals: dict[str, SignalDef] = read_signals(files.yaml("signals.yaml"))
    read_layouts(files.yaml("consent_strings.yaml"))
    read_recipes(files.yaml("normalisations.yaml"))
    read_measures(files.yaml("measures.yaml"))
    countries, blocs = read_regions(files.yaml("regions.yaml"))
    laws = read_laws(files.yaml("law.yaml"), countries, blocs)
    places = read_places(files.yaml("pops.yaml"), countries)
    listed, attribution = files.owners("owners.csv")
    supplement, _ = files.owners("owners_supplement.csv")
    ids: set[str] = set()
    sources = [
        files.yaml(f"trackers/{path.name}") for path in sorted((root / "trackers").glob("*.yaml"))
    ]
    trackers = [read_tracker(source, types, ids) for source in sources]
    if (root / "opaque.yaml").exists():
        schemas = sorted((root / "schemas").glob("*.yaml"))
        read_formats(
            [files.yaml(f"schemas/{path.name}") for path in schemas], files.yaml("opaque.yaml")
        )
    _check_owners(sources, trackers, {**listed, **supplement})
    names = {entry.owner for entry in (*listed.values(), *supplement.values())}
    parents = files.parents("parents.csv", names | {tracker.owner for tracker in trackers})
    owners = with_trackers(listed, supplement, attribution, trackers, parents)
    knowledge = Knowledge(
        types, signals, blocs, countries, laws, owners, tuple(trackers), files.fingerprint(),
        places, vocabulary,
    )  # fmt: skip
    return knowledge, files.faults()


def _check_owners(
    sources: Sequence[Source], trackers: Sequence[Tracker], entries: Mapping[str, OwnerEntry]
) -> None:
    """Note owners that nobody knows, and sites that are given to two owners."""
    known = {entry.owner for entry in entries.values()}
    known |= {tracker.owner for tracker in trackers if tracker.sites}
    owner_of = {domain: entry.owner for domain, entry in entries.items()}
    for source, tracker in zip(sources, trackers, strict=True):
        if not tracker.owner:
            if any(host != "*" for each in tracker.endpoints for host in each.hosts):
                source.note(("owner",), 'owner is empty: only rules for hosts ["*"] have none')
        elif tracker.owner not in known:
            what = f"owner {tracker.owner!r} is in no list of owners: declare its `sites`"
            source.note(("owner",), what)
        for index, site in enumerate(tracker.sites):
            other = owner_of.setdefault(site, tracker.owner)
            if other != tracker.owner:
                source.note(("sites", index), f"sites has {site!r}, which belongs to {other!r}")


class _Files:
    """The files under a folder, what is wrong with them, and their common digest."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sources: list[Source] = []
        self._faults: list[Fault] = []
        self._digests: dict[str, str] = {}

    def yaml(self, name: str) -> Source:
        """Read and parse a YAML file; a missing one is a fault and empty."""
        source = Source(name, self._text(name))
        self._sources.append(source)
        return source

    def owners(self, name: str) -> tuple[dict[str, OwnerEntry], str]:
        """Read a list of owners: its entries and its attribution."""
        entries, attribution, faults = read_owner_file(name, self._text(name))
        self._faults += faults
        return entries, attribution

    def parents(self, name: str, known: Collection[str]) -> Mapping[str, str]:
        """Read the list of companies above the owners, of whom `known` are all there are."""
        parents, faults = read_parents(name, self._text(name), known)
        self._faults += faults
        return parents

    def faults(self) -> list[Fault]:
        """Return what is wrong, in the order of reading; after a missing file, only that."""
        if any(not fault.line for fault in self._faults):
            return self._faults
        return [fault for source in self._sources for fault in source.faults()] + self._faults

    def fingerprint(self) -> str:
        """Return the SHA-256 over names and contents, whatever the order of the file system."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._digests.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def _text(self, name: str) -> str:
        try:
            content = (self._root / name).read_bytes()
            text = content.decode("utf-8")
        except OSError as error:
            self._faults.append(Fault(name, 0, f"cannot be read: {error.strerror}"))
            return ""
        except UnicodeDecodeError:
            self._faults.append(Fault(name, 0, "is not UTF-8 text"))
            return ""
        self._digests[name] = hashlib.sha256(content).hexdigest()
        return text
