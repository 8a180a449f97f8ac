"""The findings of a study on disk, and as pandas frames.

`analyse` writes a table for each of `schema.SCHEMAS` and ``meta.json`` into
``findings/<session>/`` for every capture that is new, or was changed, or was read with other
knowledge; `load_frames` reads them back and refuses what is out of date.

pandas is loaded by `load_frames` only: what extracts does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.bundle import list_bundles, running_bundles
from analyzer.errors import UserError
from analyzer.frames.analysing import AnalyseSummary, Progress, analyse
from analyzer.frames.kept import (
    META,
    SESSION_COLUMNS,
    fingerprint,
    session_row,
    up_to_date,
    witnesses,
)
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.study import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SESSION_COLUMNS",
    "AnalyseSummary",
    "Frames",
    "Progress",
    "analyse",
    "load_frames",
    "session_row",
]

_AGAIN = "run `evenhand analyze`"


@dataclass(frozen=True, slots=True)
class Frames:
    """The findings of all sessions of a study.

    `sessions` has a row for each session: the fields of `models.Session`, with those of its arm as
    ``arm`` (label), ``country``, ``age`` and ``consent``, and also ``phases`` (names of its steps),
    ``exchanges``, ``capture`` (SHA-256), ``content`` (by which a copy is known) and ``prints`` (by
    which another recording of the same minutes is). The columns of the others are those of
    `analyzer.frames.schema.SCHEMAS`. `excluded` are (session, reason).
    """

    sessions: pd.DataFrame
    findings: pd.DataFrame
    signals: pd.DataFrame
    problems: pd.DataFrame
    coverage: pd.DataFrame
    region: pd.DataFrame
    identifiers: pd.DataFrame
    servers: pd.DataFrame
    excluded: tuple[tuple[str, str], ...]


def load_frames(study: Study, knowledge: Knowledge | None = None) -> Frames:
    """Read what `analyse` wrote. `knowledge` defaults to the program's own.

    Raises `UserError` where there is nothing yet, and where findings are missing or older than
    their capture, the knowledge or the study: nothing out of date is ever compared.
    """
    import pandas as pd  # noqa: PLC0415

    from analyzer.frames import schema  # noqa: PLC0415

    known = knowledge or load_knowledge()
    bundles = list_bundles(study.captures)
    if not bundles:
        raise UserError(
            f"there are no sessions in {study.captures}",
            "record one with `evenhand proxy`, or `evenhand import` a file",
        )
    live = set(running_bundles(study.captures))
    metas: list[dict[str, Any]] = []
    stale: list[str] = []
    beside = witnesses(bundles)
    for bundle in bundles:
        if bundle in live:
            continue
        current = fingerprint(bundle, study, known, beside[bundle.name])
        meta = up_to_date(study.findings / bundle.name, current)
        if meta:
            metas.append(meta)
        else:
            stale.append(bundle.name)
    if stale and not any(study.findings.glob(f"*/{META}")):
        raise UserError(f"the sessions of {study.root} are not analysed yet", _AGAIN)
    if stale:
        raise UserError(
            f"the findings of {_some(stale)} are not up to date with capture, knowledge and study",
            _AGAIN,
        )
    if not metas:
        raise UserError("every session is still being recorded", "end one with Ctrl-C")
    good = [meta for meta in metas if not meta["excluded"]]
    folders = [study.findings / str(meta["name"]) for meta in good]
    excluded = [(str(meta["name"]), str(meta["excluded"])) for meta in metas if meta["excluded"]]
    excluded += [(bundle.name, "it is still being recorded") for bundle in live]
    return Frames(
        sessions=pd.DataFrame([meta["row"] for meta in good], columns=SESSION_COLUMNS),
        **{name: schema.read(name, folders).to_pandas() for name in schema.SCHEMAS},
        excluded=tuple(sorted(excluded)),
    )


def _some(names: Sequence[str]) -> str:
    """Name the first, and say how many more there are.

    >>> _some(["KE-13-r01", "KE-13-r02"])
    'KE-13-r01 and 1 more'
    """
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
