"""What TrackHAR's adapters say, read from the output of `update_trackhar.mjs`.

An adapter is one kind of request to one tracker: its addresses, the steps that decode it, and the
facts: which property stands at which place.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from analyzer.errors import UserError

DUMPER = Path(__file__).parent.with_name("update_trackhar.mjs")
SOURCES = "https://github.com/tweaselORG/TrackHAR/blob/main/"
_LONGEST_RUN_S = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """`property` stands at `path` (JSONPath) of `context`, after decoding.

    `source` is an address; `sourced` tells whether TrackHAR names one. `not_if` and `only_if` are
    texts, or regular expressions where they begin with ``re:``; empty where there are none.
    """

    property: str
    context: str  # query, header, cookie, path or body
    path: str
    source: str
    sourced: bool
    not_if: str
    only_if: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of decoding: `function` turns `input` into `output`; `maps` does it for a list."""

    function: str
    input: str
    output: str
    maps: bool
    path: str  # of getProperty
    separator: str  # of split


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of request. `hosts` and `paths` are written as in tracker files."""

    tracker: str
    slug: str
    urls: tuple[str, ...]  # regular expressions begin with "re:"
    match: str
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]

    @property
    def name(self) -> str:
        """``tracker/slug``, as TrackHAR's own findings have it."""
        return f"{self.tracker}/{self.slug}"

    def hosts(self) -> tuple[str, ...]:
        """Return its hosts, those with a variable part as ``*.domain``."""
        found = (host for url in self.urls for host, _ in _places(url))
        return tuple(dict.fromkeys(found))

    def paths(self) -> tuple[str, ...]:
        """Return the paths of its URLs, with and without a closing slash as TrackHAR has it."""
        found = (path for url in self.urls for _, paths in _places(url) for path in paths)
        return tuple(dict.fromkeys(found))


def read_adapters(package: Path) -> tuple[str, tuple[Adapter, ...]]:
    """Return version and adapters of the npm package `trackhar` in the folder `package`.

    Needs node; `UserError` where that or the package is missing.
    """
    node = shutil.which("node")
    if node is None:
        raise UserError("node is not installed", "install Node.js 18 or newer")
    if not (package / "dist" / "index.js").is_file():
        fix = "run `npm install` in benchmarks/"
        raise UserError(f"{package} is not the package trackhar", fix)
    done = subprocess.run(  # noqa: S603 - a fixed command
        [node, str(DUMPER), str(package)],
        capture_output=True, text=True, check=False, timeout=_LONGEST_RUN_S,
    )  # fmt: skip
    if done.returncode:
        raise UserError("node could not read trackhar", done.stderr.strip().splitlines()[-1])
    told = json.loads(done.stdout)
    return str(told["version"]), tuple(_adapter(each) for each in told["adapters"])


def file_of(tracker: str) -> str:
    """Return the address of the file in which the adapters of `tracker` stand."""
    return f"{SOURCES}src/adapters/{tracker}.ts"


def _adapter(told: Mapping[str, Any]) -> Adapter:
    tracker = str(told["tracker"])
    return Adapter(
        tracker=tracker,
        slug=str(told["slug"]),
        urls=tuple(_pattern(url) for url in told["urls"]),
        match=str(told["match"]),
        steps=tuple(_step(step) for step in told["steps"]),
        facts=tuple(_fact(fact, tracker) for fact in told["facts"]),
    )


def _step(told: Mapping[str, Any]) -> Step:
    options = told.get("options") or {}
    return Step(
        function=told["function"],
        input=told.get("input") or told["mapInput"],
        output=told["output"],
        maps="mapInput" in told,
        path=options.get("path", ""),
        separator=options.get("separator", ""),
    )


def _fact(told: Mapping[str, Any], tracker: str) -> Fact:
    reasoning = str(told["reasoning"])
    if reasoning.startswith("http"):
        # Not the lines, by which facts of one file would look as if they had many sources.
        source = re.sub(r"#L[0-9CL-]+$", "", reasoning)
    elif reasoning.endswith(".md"):
        source = f"{SOURCES}research-docs/{reasoning}"
    else:
        source = file_of(tracker)
    return Fact(
        property=told["property"],
        context=told["context"],
        path=told["path"],
        source=source,
        sourced=reasoning.startswith("http"),
        not_if=_pattern(told.get("notIf") or ""),
        only_if=_pattern(told.get("onlyIf") or ""),
    )


def _pattern(told: str | Mapping[str, str]) -> str:
    return told if isinstance(told, str) else f"re:{told['regex']}"


def _places(url: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield host and paths of a URL or of a regular expression for URLs."""
    if not url.startswith("re:"):
        split = urlsplit(url)
        path = split.path or "/"
        yield split.netloc.lower(), (path,) if path.endswith("/") else (path, f"{path}/")
        return
    regex = url.removeprefix("re:").replace("\\/", "/").removeprefix("^")
    host, slash, path = regex.removeprefix("https://").partition("/")
    end = "/?$" if path.endswith("$") else ""
    pattern = f"^{slash}{path.removesuffix('$')}{end}"
    plain = pattern.removeprefix("^").removesuffix("/?$")
    if end and not re.search(r"[\\.*+?(\[{]", plain.replace("\\.", "")):
        plain = plain.replace("\\.", ".")
        paths: tuple[str, ...] = (plain, f"{plain}/")
    else:
        paths = (pattern,)
    for each in _hosts(host):
        yield each, paths


def _hosts(pattern: str) -> Iterator[str]:
    """Yield the hosts that a simple regular expression stands for."""
    labels = pattern.replace("\\.", ".").split(".") if "(" not in pattern else []
    fixed = [label for label in labels if re.fullmatch(r"[a-z0-9-]+", label)]
    if labels and len(fixed) < len(labels) and "?" not in pattern.replace("-?", ""):
        yield "*." + ".".join(fixed[-2:])
        return
    pieces: list[tuple[str, ...]] = []
    rest = pattern
    while rest:
        if group := re.match(r"\(([^()]*)\)(\??)", rest):
            options = tuple(group[1].split("|"))
            pieces.append((*options, "") if group[2] else options)
        elif group := re.match(r"((?:\\.|[^(\\])\??)", rest):
            text = group[1]
            pieces.append((text[:-1], "") if text.endswith("?") else (text,))
        else:  # pragma: no cover - a form that TrackHAR does not use
            raise UserError(f"the host {pattern!r} cannot be written out", "extend adapters.py")
        rest = rest[group.end() :]
    for choice in product(*pieces):
        host = "".join(choice).replace("\\.", ".")
        if "\\" in host:  # a digit or the like: any host below the domain
            yield "*." + ".".join(host.split(".")[-2:])
            return
        yield host
