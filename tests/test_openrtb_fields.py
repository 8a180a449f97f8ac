"""Real bid requests: every personal field and every privacy flag in them is found.

The requests are the fixtures of an open-source exchange, kept beside the project, with the fields
that others listed for each.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.extract import Extractor
from analyzer.extract.shapes import is_blank
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Match, Signal

Found = tuple[tuple[Match, ...], tuple[Signal, ...]]

# What each listed field is. `source.ext.schain` names companies, not persons, and is left out.
DATA = {
    "app.bundle": "dev.app_context",
    "device.geo.country": "loc.country",
    "device.geo.lat": "loc.precise",
    "device.ifa": "id.advertising",
    "device.ip": "id.ip",
    "device.ua": "dev.user_agent",
    "site.keywords": "beh.content_viewed",
    "site.page": "beh.content_viewed",
    "user.buyeruid": "id.cross_vendor",
    "user.ext.eids": "id.cross_vendor",
    "user.gender": "demo.gender",
    "user.geo.lat": "loc.precise",
    "user.id": "id.cross_vendor",
    "user.keywords": "ad.interest",
    "user.yob": "demo.birthdate",
}
SIGNALS = {
    "device.dnt": "openrtb.limit_ad_tracking",
    "device.lmt": "openrtb.limit_ad_tracking",
    "regs.coppa": "openrtb.regs_coppa",
    "regs.ext.gdpr": "openrtb.regs_gdpr",
    "regs.ext.gpp": "iab.gpp",
    "regs.ext.us_privacy": "iab.us_privacy",
    "regs.gdpr": "openrtb.regs_gdpr",
    "regs.gpp": "iab.gpp",
    "regs.gpp_sid": "iab.gpp",
    "user.consent": "iab.tcf",
    "user.ext.consent": "iab.tcf",
}
NOT_PERSONAL = {"source.ext.schain"}


def bid_request(body: dict[str, Any], number: int = 1) -> Exchange:
    """Build the request that carries `body` to an exchange which no tracker file knows."""
    return Exchange(
        id=str(number),
        session="openrtb",
        t_s=0.0,
        phase="use",
        method="POST",
        url="https://exchange.example/openrtb2/auction",
        request_headers=(("Content-Type", "application/json"),),
        request_body=json.dumps(body).encode(),
        status=204,
        response_headers=(),
        response_body=b"",
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )


def extractor() -> Extractor:
    return Extractor(load_knowledge(), (), b"openrtb!" * 4)


@lru_cache(maxsize=1)
def requests(folder: Path) -> tuple[tuple[dict[str, Any], Found], ...]:
    """Return each request with what is found in it."""
    at_work = extractor()
    read = []
    lines = (folder / "bid_requests.jsonl").read_bytes().splitlines()
    for number, line in enumerate(lines):
        listed = json.loads(line)
        found = at_work.extract(bid_request(listed["body"], number))
        read.append((listed, (found.matches, found.signals)))
    return tuple(read)


def is_said(value: object) -> bool:
    """Tell whether a value in a request says something: not empty, not an identifier of zeros."""
    if isinstance(value, list):
        return any(map(is_said, value))
    if isinstance(value, dict):
        return any(map(is_said, value.values()))
    return value is not None and not is_blank(str(value))


def at(path: str, found: str) -> bool:
    return found == path or found.startswith(f"{path}.")


def test_every_listed_field_is_known_to_this_test(shared_data: Path) -> None:
    listed = {path for line, _ in requests(shared_data / "openrtb") for path in line["fields"]}
    assert listed == set(DATA) | set(SIGNALS) | NOT_PERSONAL


def test_every_personal_field_is_found_at_its_place(shared_data: Path) -> None:
    lost: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for line, (matches, _) in requests(shared_data / "openrtb"):
        if not line["body"]["imp"]:
            continue  # asks for no ad, so that it is no bid request
        for path, value in line["fields"].items():
            if path in DATA and is_said(value):
                met[path] += 1
                places = [m.path for m in matches if m.data_type == DATA[path]]
                lost[path] += not any(at(path, place) for place in places)
    assert set(met) == set(DATA)
    assert sum(met.values()) > 600
    assert +lost == Counter()


def test_every_privacy_flag_is_read_at_its_place(shared_data: Path) -> None:
    lost: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for line, (_, signals) in requests(shared_data / "openrtb"):
        for path, value in line["fields"].items():
            if path in SIGNALS and value not in ("", None, []):
                met[path] += 1
                places = [s.path for s in signals if s.signal == SIGNALS[path]]
                lost[path] += not any(at(path, place) for place in places)
    assert set(met) == set(SIGNALS)
    assert +lost == Counter()


def test_an_identifier_of_zeros_is_no_match(shared_data: Path) -> None:
    zeros = [
        matches
        for line, (matches, _) in requests(shared_data / "openrtb")
        if line["fields"].get("device.ifa") == "00000000-0000-0000-0000-000000000000"
    ]
    assert zeros
    assert not any(match.path == "device.ifa" for matches in zeros for match in matches)


@pytest.mark.parametrize(
    ("device", "verdict"),
    [
        pytest.param({"geo": {"city": "Nairobi"}}, "protective", id="city only"),
        pytest.param(
            {"ifa": "00000000-0000-0000-0000-000000000000"}, "protective", id="identifier of zeros"
        ),
        pytest.param(
            {"ifa": "5e0a7c7e-93d1-4b59-8a06-1f0c4d2e7b11"}, "contradictory", id="advertising id"
        ),
        pytest.param({"geo": {"lat": -1.2598, "lon": 36.7531}}, "contradictory", id="coordinates"),
    ],
)
def test_a_child_flag_beside_what_it_forbids_is_contradictory(
    device: dict[str, Any], verdict: str
) -> None:
    body = {"id": "1", "imp": [{"id": "1"}], "regs": {"coppa": 1}, "device": device}
    found = extractor().extract(bid_request(body)).signals
    assert [s.verdict for s in found if s.signal == "openrtb.regs_coppa"] == [verdict]


def test_a_body_without_what_openrtb_requires_is_not_taken_for_a_bid_request() -> None:
    device = {"make": "Example", "didsha1": "0123456789abcdef0123456789abcdef01234567"}
    for body in ({"device": device}, {"id": "1", "device": device}, {"imp": [], "device": device}):
        found = extractor().extract(bid_request(body)).matches
        assert not [match for match in found if match.rule_id.startswith("openrtb/")]
