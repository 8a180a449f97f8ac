"""A study whose persona is seeded with every identifier, and phones that send each in every way."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import quote

from recording import STUDY, post, study

from analyzer.models import Exchange
from analyzer.study import Study
from benchmarks.encodings.carriers import CARRIERS, fields
from benchmarks.encodings.identifiers import IDENTIFIERS
from benchmarks.encodings.layers import wrap
from benchmarks.encodings.transformations import ways

VALUES = tuple((each.data_type, each.text) for each in IDENTIFIERS)
LONG_ENOUGH = 8  # for a way of writing to be no number or word that stands anywhere


def seeded_study(root: Path) -> Study:
    """A study in `root` whose one persona has `VALUES`."""
    persona = "".join(
        f'"{data_type}" = {json.dumps([text for kind, text in VALUES if kind == data_type])}\n'
        for data_type in dict.fromkeys(kind for kind, _ in VALUES)
    )
    head = STUDY.partition("[personas.amina]")[0]
    return study(root, f"{head}[personas.amina]\n{persona}")


def everything() -> list[tuple[str, str]]:
    """Every way in which every seeded value is written, as (identifier, text)."""
    found = []
    for identifier in IDENTIFIERS:
        for _, written in ways(identifier):
            if isinstance(written, str):
                found.append((identifier.name, written))
    return found


def requests() -> list[Exchange]:
    """Every value in every way in some place of a request, and in places of its own."""
    random = Random(7)
    made: list[Exchange] = []
    for identifier in IDENTIFIERS:
        for number, (_, written) in enumerate(ways(identifier)):
            if isinstance(written, dict):
                made.append(fields(written, random))
                continue
            carrier = list(CARRIERS)[number % len(CARRIERS)]
            content = wrap(written, number % 3, random)[0]
            made.append(CARRIERS[carrier](content, "d"))
    for _, text in VALUES:
        coded = quote(text, safe="")
        hidden = base64.b64encode(text.encode()).decode()
        made += [
            post(json.dumps({text: 1, hidden: [{"k": text}]}), path=f"/u/{coded}?{coded}=1"),
            post(
                "a=1", request_headers=((f"x-{hidden.rstrip('=')}", "1"), ("cookie", f"{coded}=1"))
            ),
            post("a=1", answer=("application/json", json.dumps({"hello": text}).encode())),
            post("a=1", answer=(f"text/plain; name={coded}", text.encode())),
        ]
    made.append(post("a=1", host="wanjiku_q7kz.users.example"))
    made.append(post("a=1", path="/wanjiku.njeri%2Bkids%40gmail.com#" + "otieno.ouma@mail.example"))
    made.append(replace(post("a=1"), method="wanjiku_q7kz"))
    return made
