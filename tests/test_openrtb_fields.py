"""Real bid requests: every personal field and every privacy flag in them is found.

The requests are the fixtures of an open-source exchange, kept beside the project, with the fields
that others listed for each.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.extract import Extractor
from analyzer.extract.shapes import is_blank
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Match, Signal

Found = tuple[tuple[Match, ...], tuple[Signal, ...]]

# What each listed field is.
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
# Exceptions, one by one. `source.ext.schain`: the chain of companies that sell the space, nobody's
# data. An empty `imp` asks for no ad: such a body is no bid request (one fixture tests just that),
# so that its personal fields are nothing that the rules of OpenRTB know; its flags are read.
NOT_PERSONAL = {"source.ext.schain"}
OPPOSED = ("ifa", "didsha1", "didmd5", "dpidsha1", "dpidmd5")
SWITCHES = {"device.dnt", "device.lmt", "regs.coppa"}


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
            continue
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


def expected_of(path: str, value: object, body: dict[str, Any]) -> set[str]:
    """Return the verdicts that the flag at `path` may have, by the specification."""
    if path in {"regs.gdpr", "regs.ext.gdpr", "regs.gpp_sid"}:
        return {"no_signal"}
    if path in SWITCHES:
        if value == 0:
            return {"non_protective"}
        device = body.get("device") or {}
        forbidden = any(is_said(device.get(name)) for name in OPPOSED)
        if path == "regs.coppa":
            places = (device, body.get("user") or {})
            forbidden |= any(float((each.get("geo") or {}).get("lat") or 0) for each in places)
        return {"contradictory" if forbidden else "protective"}
    if path == "regs.ext.us_privacy":
        if str(value)[2:3] != "Y":
            return {{"N": "non_protective"}.get(str(value)[2:3], "no_signal")}
        user = body.get("user") or {}
        shared = user.get("data"), user.get("eids"), (user.get("ext") or {}).get("eids")
        return {"contradictory" if any(map(is_said, shared)) else "protective"}
    # Most consent strings of the fixtures are words: these say nothing, and are told as damaged.
    return {"no_signal", "protective", "non_protective"}


def test_every_privacy_flag_has_its_verdict(shared_data: Path) -> None:
    met: Counter[str] = Counter()
    for line, (_, signals) in requests(shared_data / "openrtb"):
        for path, value in line["fields"].items():
            if path not in SIGNALS or value in ("", None, []):
                continue
            expected = expected_of(path, value, line["body"])
            for told in signals:
                if told.signal == SIGNALS[path] and at(path, told.path):
                    assert told.verdict in expected, (line["file"], path, told)
                    met[told.verdict] += 1
    assert set(met) == {"protective", "non_protective", "contradictory", "no_signal"}
    assert sum(met.values()) > 150


def test_a_consent_string_that_is_a_word_is_told(shared_data: Path) -> None:
    at_work = extractor()
    told = 0
    for line, _ in requests(shared_data / "openrtb"):
        value = line["fields"].get("user.ext.consent")
        problems = at_work.extract(bid_request(line["body"])).problems
        bad = [each for each in problems if each.code == "bad_consent_string"]
        told += bool(value and bad)
        assert not any(str(value) in each.detail for each in bad if value)
    assert told


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda body: {"data": {"bid": body}}, id="object"),
        pytest.param(lambda body: {"v": 2, "bids": [body]}, id="list"),
        pytest.param(lambda body: {"request": json.dumps(body)}, id="text in JSON"),
        pytest.param(
            lambda body: {"openrtb": {"ver": "3.0", "request": envelope(body)}}, id="version 3"
        ),
    ],
)
def test_a_bid_request_is_known_under_a_wrapper(wrap: Callable[[Any], Any]) -> None:
    body = {
        "id": "1",
        "imp": [{"id": "1"}],
        "device": {"ifa": "5e0a7c7e-93d1-4b59-8a06-1f0c4d2e7b11", "lmt": 1},
        "user": {"yob": 2013, "gender": "F"},
        "regs": {"coppa": 1},
    }
    plain = extractor().extract(bid_request(body))
    found = extractor().extract(bid_request(wrap(body)))
    types = {match.data_type for match in found.matches if match.method == "rule"}
    assert types >= {"id.advertising", "demo.birthdate", "demo.gender", "ad.request"}
    assert types == {match.data_type for match in plain.matches if match.method == "rule"}
    verdicts = {(each.signal, each.verdict) for each in plain.signals}
    assert {(each.signal, each.verdict) for each in found.signals} == verdicts
    assert ("openrtb.regs_coppa", "contradictory") in verdicts


def envelope(body: dict[str, Any]) -> dict[str, Any]:
    """Return the bid request `body` as version 3 has it."""
    context = {name: body[name] for name in ("device", "user", "regs")}
    return {"id": body["id"], "item": body["imp"], "context": context}


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
    for body in (
        {"device": device},
        {"id": "1", "device": device},
        {"imp": [], "device": device},
        {"imp": "a word", "device": device},
        {"openrtb": {"request": {"context": {"device": device}}}},
    ):
        found = extractor().extract(bid_request(body)).matches
        assert not [match for match in found if match.rule_id.startswith("openrtb/")]
