"""Identifiers are followed from host to host, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import recording
from identity_rig import KEY, UID, collect, get, sync_chain
from recording import EMAIL, GAID, post, record

from analyzer.extract.shapes import digest
from analyzer.findings import Identifier
from analyzer.identity import collector as module
from analyzer.knowledge import load_knowledge
from analyzer.pipeline import analyse_bundle
from analyzer.study import Study

Row = tuple[str, str, str, str]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return recording.study(tmp_path)


def of(found: tuple[Identifier, ...], value: str) -> list[Row]:
    code = digest(value, KEY)
    return [
        (each.owner, each.direction, each.part, each.path) for each in found if each.digest == code
    ]


def test_a_cookie_sync_is_followed_through_its_redirects(study: Study) -> None:
    found, _ = collect(study, sync_chain())
    assert of(found, UID) == [
        ("a-ads.example", "set", "response_cookie", "uid"),
        ("a-ads.example", "set", "response_header", "location.partner_uid"),
        ("b-ads.example", "sent", "query", "partner_uid"),
        ("b-ads.example", "echoed", "response_header", "location.puid"),
        ("c-ads.example", "sent", "query", "puid"),
    ]
    leads = {each.part: each.leads_to for each in found if each.owner == "a-ads.example"}
    assert leads == {"response_cookie": "", "response_header": "sync.b-ads.example"}


def test_an_answer_that_repeats_its_request_sets_nothing(study: Study) -> None:
    client = "1234567890.1700000000"  # a decimal fraction by its looks, named by a rule in requests
    page = f"https://www.google-analytics.com/g/collect?v=2&tid=G-X1&cid={client}"
    sent = get(page, to=f"https://b.example/r?cid={client}")
    found, _ = collect(study, [sent, get(f"https://b.example/r?cid={client}", t_s=2.0)])
    assert [row[:3] for row in of(found, client)] == [
        ("Google", "sent", "query"),
        ("Google", "echoed", "response_header"),
        ("b.example", "sent", "query"),
    ]


@pytest.mark.parametrize("place", ["request_id={}", "q=prefix-{}-suffix"])
def test_what_is_not_followed_in_a_request_is_still_known_to_be_sent(
    study: Study, place: str
) -> None:
    echo = get(f"https://a.example/g?{place.format(UID)}", sets={"uid": UID})
    found, _ = collect(study, [echo])
    assert of(found, UID) == [("a.example", "echoed", "response_cookie", "uid")]
    fresh = get("https://a.example/g?request_id=other", sets={"uid": UID})
    assert of(collect(study, [fresh])[0], UID)[0][1] == "set"


def test_what_was_sent_to_another_before_is_not_set_by_an_answer(study: Study) -> None:
    sent = [
        get(f"https://a.example/g?request_id={UID}"),
        get("https://b.example/", t_s=2.0, sets={"uid": UID}),
    ]
    assert of(collect(study, sent)[0], UID) == [("b.example", "echoed", "response_cookie", "uid")]


def test_a_cookie_counts_from_its_first_time_on(study: Study) -> None:
    found, _ = collect(study, sync_chain())
    assert of(found, "7fQ2wLx9Zk4TnR6cVb3H") == [("b-ads.example", "set", "response_cookie", "b")]


def test_a_nonce_does_not_count(study: Study) -> None:
    sent = [get(f"https://api.t.example/x?n={uuid.UUID(int=7 * 10**30 + at)}") for at in range(9)]
    found, _ = collect(study, sent)
    assert found == ()


def test_nonces_that_come_twice_do_not_count_either(study: Study) -> None:
    nonces = [str(uuid.UUID(int=(at + 3) ** 31 % 2**128)) for at in range(9)]
    sent = [get(f"https://api.t.example/x?r={nonce}") for nonce in nonces for _ in range(2)]
    found, _ = collect(study, sent)
    assert found == ()


def test_videos_of_a_feed_are_no_identifiers_of_the_viewer(study: Study) -> None:
    ids = [str(7_300_000_000_000_000_000 + 1_234_567_890_123 * at) for at in range(1, 12)]
    feed = json.dumps({"items": [{"id": each} for each in ids]}).encode()
    sent = [get("https://feed.t.example/list", answer=feed)]
    sent += [get(f"https://feed.t.example/watched?item={each}", t_s=2.0) for each in ids]
    assert collect(study, sent)[0] == ()


def test_what_comes_once_and_is_no_cookie_does_not_count(study: Study) -> None:
    once = [get(f"https://t.example/x?u={UID}")]
    assert collect(study, once)[0] == ()
    found, _ = collect(study, once * 2)
    assert [(each.part, each.count) for each in found] == [("query", 2)]


def test_what_a_rule_calls_an_identifier_counts_at_once(study: Study) -> None:
    found, _ = collect(study, [post()])
    [row] = found
    assert (row.data_type, row.owner, row.part, row.path, row.transformed) == (
        "id.advertising", "Waymark", "body", "gps_adid", "raw",
    )  # fmt: skip
    assert row.digest == digest(GAID, KEY)


def test_an_identifier_that_travels_hashed_is_the_same_one(study: Study) -> None:
    plain = get(f"https://a.example/x?u={UID}")
    disguised = get(f"https://b.example/x?h={hashlib.sha256(UID.encode()).hexdigest()}")
    found, _ = collect(study, [plain, disguised])
    assert [(each.owner, each.transformed, each.digest) for each in found] == [
        ("a.example", "raw", digest(UID, KEY)),
        ("b.example", "sha256", digest(UID, KEY)),
    ]
    other = get(f"https://b.example/x?h={hashlib.sha256(b'another').hexdigest()}")
    assert collect(study, [plain, other])[0] == ()


def test_the_hash_of_a_seeded_value_is_the_seeded_value(study: Study) -> None:
    md5 = hashlib.md5(EMAIL.encode()).hexdigest()
    sent = [post(f"x={EMAIL}", "a.example", "/"), post(f"em={md5}", "b.example", "/")]
    found, _ = collect(study, sent, [("person.email", EMAIL)])
    assert [(each.owner, each.data_type, each.transformed) for each in found] == [
        ("a.example", "person.email", "raw"),
        ("b.example", "person.email", "md5"),
    ]
    assert len({each.digest for each in found}) == 1


def test_an_identifier_inside_another_encoding_is_found_there(study: Study) -> None:
    inner = "eyJ1aWQiOiJRbTdYYzJSdDlMcFo0dldrOE5iWSJ9"  # {"uid": UID}
    found, _ = collect(study, [get(f"https://a.example/x?d={inner}")] * 2)
    assert [each.path for each in found] == ["d.uid"]


def test_a_referer_hands_on_what_is_in_it(study: Study) -> None:
    page = f"https://a.example/x?u={UID}"
    found, _ = collect(study, [get(page), get("https://b.example/i", headers=[("Referer", page)])])
    assert [(each.owner, each.part) for each in found] == [
        ("a.example", "query"),
        ("b.example", "header"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "etag",
        "if-none-match",
        "x-amz-request-id",
        "x-devtools-emulate-network-conditions-client-id",
        "x-ss-stub",
    ],
)
def test_headers_of_caches_and_signatures_do_not_count(study: Study, name: str) -> None:
    sent = [get("https://a.example/x", headers=[(name, UID)])] * 3
    assert collect(study, sent)[0] == ()


def test_no_value_leaves_the_collector(study: Study) -> None:
    path = get(f"https://a.example/{UID}/x?{UID}={GAID}", cookies={"uid": UID})
    found, collector = collect(study, [path] * 2 + sync_chain())
    assert found
    for value in (UID, GAID):
        assert value not in repr((found, collector.problems))


def test_too_much_of_it_is_a_counted_problem(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_VALUES", 20)
    sent = [get(f"https://a.example/x?u{at}={uuid.UUID(int=3**70 + at)}") for at in range(50)]
    _, collector = collect(study, sent)
    [problem] = collector.problems
    assert (problem.stage, problem.code) == ("extract", "too_many_identifiers")
    assert problem.detail.startswith("30 times")
    assert collect(study, sent[:10])[1].problems == ()


def test_a_flood_of_tokens_is_survived_in_time(study: Study) -> None:
    tokens = [str(uuid.UUID(int=5**55 + 977 * at)) for at in range(20_000)]
    flood = post(json.dumps(tokens), "a.example", "/")
    sent = replace(flood, request_headers=(("content-type", "application/json"),))
    began = time.process_time()
    found, _ = collect(study, [sent] * 2)
    assert found == ()
    assert time.process_time() - began < 20


def test_a_recorded_session_has_its_identifiers(study: Study) -> None:
    bundle = record(study, "KE-13", exchanges=[post(), *sync_chain(t_s=2.0)])
    analysed = analyse_bundle(bundle, study, load_knowledge())
    owners = [each.owner for each in analysed.identifiers]
    assert owners[0] == "Waymark"
    assert set(owners[1:]) == {"a-ads.example", "b-ads.example", "c-ads.example"}
    assert {each.session for each in analysed.identifiers} == {bundle.name}
    assert analysed.servers == ()
