"""A HAR file made from TrackHAR's own adapters: requests that hold all the facts of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from analyzer.data.trackhar.adapters import Adapter, read_adapters
from analyzer.data.trackhar.places import address, inside
from analyzer.data.trackhar.requests import Request, groups, request
from analyzer.data.trackhar.samples import samples
from benchmarks.trackhar_parity.reading import PACKAGE


def write_har(target: Path) -> int:
    """Write the file and return the number of facts that it holds."""
    facts = 0
    entries: list[dict[str, Any]] = []
    for adapter in read_adapters(PACKAGE)[1]:
        for made, number in _requests(adapter):
            entries.append(_entry(made))
            facts += number
    log = {"version": "1.2", "creator": {"name": "trackhar_parity", "version": "1"}}
    target.write_text(json.dumps({"log": {**log, "entries": entries}}), encoding="utf-8")
    return facts


def _requests(adapter: Adapter) -> list[tuple[Request, int]]:
    made = []
    for group in groups(adapter):
        values = [(fact, inside(adapter, fact, value)) for fact, value in samples(adapter, group)]
        made.append((request(adapter, address(adapter, group), values), len(group)))
    return made


def _entry(made: Request) -> dict[str, Any]:
    headers = [{"name": name, "value": value} for name, value in made.headers.items()]
    cookies = [{"name": name, "value": value} for name, value in made.cookies.items()]
    if cookies:
        text = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
        headers.append({"name": "Cookie", "value": text})
    asked: dict[str, Any] = {
        "method": made.method, "url": made.url, "httpVersion": "HTTP/2", "headers": headers,
        "cookies": cookies, "queryString": [], "headersSize": -1, "bodySize": len(made.body),
    }  # fmt: skip
    if made.body:
        # Bytes as TrackHAR takes them: one character each.
        text = made.body.decode("latin-1")
        asked["postData"] = {"mimeType": made.media, "text": text}
    answer = {
        "status": 200, "statusText": "", "httpVersion": "HTTP/2", "headers": [], "cookies": [],
        "content": {"size": 0, "mimeType": ""}, "redirectURL": "", "headersSize": -1,
        "bodySize": 0,
    }  # fmt: skip
    return {
        "startedDateTime": "2026-11-01T07:00:00.000Z", "time": 1, "request": asked,
        "response": answer, "cache": {}, "timings": {"send": 0, "wait": 0, "receive": 0},
    }  # fmt: skip
