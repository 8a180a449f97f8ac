"""Compares a large study, made up: ``compare_large [SESSIONS FINDINGS]``.

By default 100 sessions with 500,000 findings, of ten countries, 60 recipients and 40 kinds of data.
Prints the seconds and the memory of the comparison, and the size of its page. What is made up has
the shape of what an app sends: most of it the same everywhere, some of it in one region only, some
of it now and then.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.frames import SESSION_COLUMNS, Frames, schema
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Arm
from analyzer.study import CompareSettings, Study
from reports.html import render_html

EEA, MAJORITY = ("DE", "FR", "IT", "SE", "PL"), ("KE", "BR", "PH", "IN", "ZA")
PHASES = ("launch", "consent", "use")
OWNERS, HOSTS = 60, 2  # recipients, and hosts of each
_MINORS = 0.8  # of the sessions of a country
_SEED = 1


def study() -> Study:
    """Return a study with an arm of children and one of adults in each country."""
    arms = {
        f"{country}-{age}": Arm(f"{country}-{age}", country, age, "accepted")
        for country in (*EEA, *MAJORITY)
        for age in (13, 30)
    }
    return Study(
        root=Path(),
        name="large",
        app="Pebblo",
        app_version="1.0",
        first_party=("pebblo.example",),
        key=b"k" * 32,
        phases=PHASES,
        arms=arms,
        personas={},
        persona_of={},
        compare=CompareSettings(),
        consent_phase="consent",
    )


def frames(sessions: int, findings: int, knowledge: Knowledge) -> Frames:
    """Make up the frames of a study of that size."""
    chance = np.random.default_rng(_SEED)
    rows = _sessions(sessions)
    ids = [str(row["id"]) for row in rows]
    tables = {name: table.empty_table().to_pandas() for name, table in schema.SCHEMAS.items()}
    tables["findings"] = _findings(rows, findings, knowledge, chance)
    tables["coverage"] = _coverage(ids, chance)
    tables["region"] = pd.DataFrame(
        {
            "session": row["id"], "kind": "measured", "topic": "exit_country",
            "value": row["country"], "source": source, "ask": 1, "count": 1,
        }
        for row in rows
        for source in ("geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17")
    )  # fmt: skip
    return Frames(sessions=pd.DataFrame(rows, columns=SESSION_COLUMNS), excluded=(), **tables)


def _sessions(number: int) -> list[dict[str, object]]:
    countries = (*EEA, *MAJORITY)
    each = number // len(countries)
    rows: list[dict[str, object]] = []
    for country in countries:
        for repeat in range(1, each + 1):
            age = 13 if repeat <= _MINORS * each else 30
            started = f"2026-11-{repeat:02d}T10:00:00.000Z"
            rows.append(
                {
                    "id": f"{country}-{age}-r{repeat:02d}", "study": "large",
                    "arm": f"{country}-{age}", "country": country, "age": age,
                    "consent": "accepted", "persona": "", "repeat": repeat,
                    "block": f"week {repeat % 2}", "device": "Pixel 7", "app": "Pebblo",
                    "app_version": "1.0", "started": started,
                    "ended": started.replace("T10:00", "T10:20"), "end_reason": "done",
                    "complete": True, "origin": "proxy", "egress": country,
                    "tools": [["mitmproxy", "11.0.2"]], "partial": [], "mode": "wireguard",
                    "instrumented": "", "beside": "", "policy": [], "phases": list(PHASES),
                    "exchanges": 500, "capture": f"{len(rows):064d}",
                    "content": f"{country}-{repeat}", "prints": [], "steps": [],
                }
            )  # fmt: skip
    return rows


def _findings(
    rows: list[dict[str, object]],
    number: int,
    knowledge: Knowledge,
    chance: np.random.Generator,
) -> pd.DataFrame:
    """Draw findings: of each session those rows that it has, again and again."""
    types = [each.id for each in knowledge.types.values() if each.counts_as_data][:40]
    owner, kind, phase = (
        each.ravel() for each in np.meshgrid(range(OWNERS), range(len(types)), range(len(PHASES)))
    )
    kept = chance.random(len(owner)) < 0.3
    owner, kind, phase = owner[kept], kind[kept], phase[kept]
    usual = chance.choice([0.02, 0.5, 1.0], len(owner), p=[0.3, 0.1, 0.6])
    only = chance.choice(["", "majority"], len(owner), p=[0.95, 0.05])
    per_session = number // len(rows)
    parts = []
    for row in rows:
        away = row["country"] in EEA
        share = np.where((only == "majority") & away, 0.0, usual)
        there = np.flatnonzero(chance.random(len(owner)) < share)
        parts.append((row["id"], chance.choice(there, per_session)))
    drawn = np.concatenate([each for _, each in parts])
    session = np.repeat([str(each) for each, _ in parts], per_session)
    total = len(drawn)
    names = np.asarray([f"Recipient {place}" for place in range(OWNERS)])
    sites = np.asarray([f"recipient{place}.example" for place in range(OWNERS)])
    who = owner[drawn]
    host = np.char.add(chance.choice(["app.", "api."], total), sites[who])
    constant = {
        "part": "body", "path": "device.id", "method": "rule", "rule_id": "made/up#rule",
        "reason": "made up", "source": "https://docs.example", "digest": "00ff",
        "transformed": "raw", "grade": "D", "confidence": 100, "party": "third",
        "purpose": "advertising", "parent": "", "tracker": "yes", "knowledge": "0" * 16,
    }  # fmt: skip
    frame = pd.DataFrame(
        {
            "id": [f"{place:012x}" for place in range(total)],
            "session": session,
            "phase": np.asarray(PHASES)[phase[drawn]],
            "t_s": np.round(chance.random(total) * 1200, 3),
            "exchange": (np.arange(total) % 5000).astype(str),
            "data_type": np.asarray(types)[kind[drawn]],
            "shape": np.where(
                np.asarray(types)[kind[drawn]] == "loc.precise", "geo:5-decimals", "uuid"
            ),
            "steps": [("json",)] * total,
            "host": host,
            "site": sites[who],
            "owner": names[who],
            **constant,
        }
    )
    return pd.DataFrame(frame, columns=schema.SCHEMAS["findings"].names)


def _coverage(sessions: list[str], chance: np.random.Generator) -> pd.DataFrame:
    """Make up what could be read: nearly everything; some connections refuse."""
    rows = []
    numbers = [
        name for name in schema.SCHEMAS["coverage"].names
        if name not in {"session", "host", "site", "owner", "party"}
    ]  # fmt: skip
    for session in sessions:
        for place in range(OWNERS):
            for host in ("app.", "api.")[:HOSTS]:
                row: dict[str, object] = dict.fromkeys(numbers, 0)
                row |= {
                    "session": session, "host": f"{host}recipient{place}.example",
                    "site": f"recipient{place}.example", "owner": f"Recipient {place}",
                    "party": "third", "exchanges": int(chance.integers(1, 50)),
                    "bytes_up": int(chance.integers(1_000, 100_000)),
                    "decrypted": 2, "refused": int(place % 10 == 0 and chance.random() < 0.2),
                }  # fmt: skip
                rows.append(row)
    return pd.DataFrame(rows, columns=schema.SCHEMAS["coverage"].names)


def measure(sessions: int, findings: int) -> tuple[dict[str, object], Comparison]:
    """Compare, and return the figures with what was compared."""
    knowledge = load_knowledge()
    made = frames(sessions, findings, knowledge)
    before = _peak_mb()
    began, busy = time.perf_counter(), time.process_time()
    found = compare(made, study(), knowledge, "eea", "global_majority")
    figures: dict[str, object] = {
        "sessions": len(made.sessions),
        "findings": len(made.findings),
        "rows": len(found.deltas),
        "magnitudes": len(found.magnitudes),
        "seconds": round(time.perf_counter() - began, 2),
        "busy_seconds": round(time.process_time() - busy, 2),
        "frames_mb": round(before),
        "peak_mb": round(_peak_mb()),
    }
    return figures, found


def _peak_mb() -> float:
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(sessions: int, findings: int) -> None:
    """Print the figures as JSON."""
    figures, found = measure(sessions, findings)
    began = time.perf_counter()
    page = render_html(found, load_knowledge())
    figures |= {
        "page_seconds": round(time.perf_counter() - began, 2),
        "page_mb": round(len(page.encode()) / 1e6, 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:3])) if len(sys.argv) > 2 else main(100, 500_000)
