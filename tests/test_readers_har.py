from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from foreign_files import har, har_entry, of_kind, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.models import Event, Exchange, Problem
from analyzer.readers import READERS, Message, Reading, Record
from analyzer.readers import har as har_reader


def read(path: Path) -> tuple[Reading, list[Record]]:
    reading = READERS.entries()["har"]().read(path)
    return reading, list(reading)


def read_one(tmp_path: Path, entry: object, **log: Any) -> Exchange:
    """The only exchange of a HAR with one entry."""
    _, records = read(written(tmp_path / "x.har", har(entry, **log)))
    (exchange,) = of_kind(records, Exchange)
    return exchange


def post(text: str | None = None, *, media: str = "", **post_data: Any) -> dict[str, Any]:
    data = post_data if text is None else {"text": text, **post_data}
    headers = [{"name": "Content-Type", "value": media}] if media else []
    return har_entry(request={"method": "POST", "headers": headers, "postData": data})


def test_an_entry_becomes_an_exchange_with_everything_that_har_tells(tmp_path: Path) -> None:
    entry = har_entry(
        request={
            "method": "POST",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "postData": {"mimeType": "application/json", "text": '{"id":"é"}'},
        },
        serverIPAddress="[2001:db8::1]",
    )
    exchange = read_one(tmp_path, entry)
    assert exchange.method == "POST"
    assert exchange.url == "https://api.pebblo.example/start"
    assert exchange.request_body == '{"id":"é"}'.encode()
    assert exchange.status == 200
    assert exchange.response_body == b"{}"
    assert exchange.server_ip == "2001:db8::1"
    assert exchange.transport == "h2"
    assert exchange.complete
    assert exchange.truncated == 0


@pytest.mark.parametrize(
    ("version", "transport"),
    [("HTTP/1.1", "http/1.1"), ("http/2.0", "h2"), ("h3", "h3"), ("HTTP/3", "h3"), ("", "h2")],
)
def test_the_protocol_is_told_from_the_request_and_else_from_the_answer(
    tmp_path: Path, version: str, transport: str
) -> None:
    assert read_one(tmp_path, har_entry(request={"httpVersion": version})).transport == transport


def test_times_count_from_the_earliest_entry_whatever_its_zone_and_place(tmp_path: Path) -> None:
    late = har_entry(startedDateTime="2026-11-22T12:00:05.500+02:00")
    early = har_entry(startedDateTime="2026-11-22T10:00:00Z")
    zoneless = har_entry(startedDateTime="2026-11-22T10:00:01")
    reading, records = read(written(tmp_path / "x.har", har(late, early, zoneless)))
    assert reading.started == 1_795_341_600.0
    assert [exchange.t_s for exchange in of_kind(records, Exchange)] == [5.5, 0.0, 1.0]


def test_a_missing_time_is_a_problem_and_the_entry_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "x.har", har(har_entry(startedDateTime=None), har_entry()))
    reading, records = read(path)
    assert reading.extent() == "2 of 2 entries"
    assert [problem.code for problem in of_kind(records, Problem)] == ["bad_time"]


def test_base64_is_undone_in_both_directions(tmp_path: Path) -> None:
    coded = base64.b64encode(b"\x08\x96\x01\xff").decode()
    entry = post(coded, encoding="base64")
    entry["response"]["content"] = {"size": 4, "text": coded, "encoding": "base64"}
    exchange = read_one(tmp_path, entry)
    assert exchange.request_body == exchange.response_body == b"\x08\x96\x01\xff"


@pytest.mark.parametrize(
    ("creator", "media", "text", "body"),
    [
        ("mitmproxy", "application/x-protobuf", "\x08\x96\xff", b"\x08\x96\xff"),
        ("mitmproxy", "", "é", b"\xe9"),
        ("mitmproxy", "application/json", "é", b"\xc3\xa9"),
        ("WebInspector", "application/x-protobuf", "\x08\x96\xff", b"\x08\x96\xff"),
        ("WebInspector", "text/plain", "é", b"\xc3\xa9"),
        ("WebInspector", "text/plain; charset=ISO-8859-1", "é", b"\xe9"),
        ("WebInspector", "text/plain; charset=no-such", "é", b"\xc3\xa9"),
        ("WebInspector", "text/plain; charset=ascii", "é", b"\xc3\xa9"),
    ],
)
def test_text_becomes_the_bytes_that_its_writer_had(
    tmp_path: Path, creator: str, media: str, text: str, body: bytes
) -> None:
    exchange = read_one(tmp_path, post(text, media=media), creator=creator)
    assert exchange.request_body == body


def test_half_of_a_surrogate_pair_does_not_lose_the_entry(tmp_path: Path) -> None:
    raw = har(post('{"name":"?"}')).replace(b"?", b"\\ud83d")
    _, records = read(written(tmp_path / "x.har", raw))
    (exchange,) = of_kind(records, Exchange)
    assert exchange.request_body == b'{"name":"\xed\xa0\xbd"}'


def test_a_form_without_its_text_is_built_from_its_parameters(tmp_path: Path) -> None:
    params = [{"name": "gps_adid", "value": "a b"}, {"name": "x", "value": "&"}]
    exchange = read_one(tmp_path, post(params=params))
    assert exchange.request_body == b"gps_adid=a+b&x=%26"
    assert ("content-type", "application/x-www-form-urlencoded") in exchange.request_headers


@pytest.mark.parametrize("media", ["multipart/form-data", "multipart/form-data; boundary=xYz"])
def test_a_multipart_form_without_its_text_is_built_with_a_boundary(
    tmp_path: Path, media: str
) -> None:
    exchange = read_one(tmp_path, post(media=media, params=[{"name": 'a"b', "value": "1"}]))
    (announced,) = [value for name, value in exchange.request_headers if name == "content-type"]
    boundary = announced.partition("boundary=")[2].encode()
    assert exchange.request_body == (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\n1\r\n--'
        + boundary + b"--\r\n"
    )  # fmt: skip


def test_a_body_that_the_file_leaves_out_is_missing_and_not_empty(tmp_path: Path) -> None:
    entry = har_entry(request={"method": "POST", "bodySize": 700})
    reading, records = read(written(tmp_path / "x.har", har(entry)))
    (exchange,) = of_kind(records, Exchange)
    assert exchange.truncated == 700
    assert not exchange.complete
    assert [problem.code for problem in of_kind(records, Problem)] == ["body_left_out"]
    assert reading.cut == ["1 request bodies are not in the file"]


def test_an_answer_whose_body_is_left_out_says_how_much(tmp_path: Path) -> None:
    entry = har_entry(response={"content": {"size": 900, "comment": "not included"}})
    exchange = read_one(tmp_path, entry)
    assert exchange.truncated == 900
    assert exchange.response_body == b""


def test_headers_lose_pseudo_names_and_joined_cookies_come_apart(tmp_path: Path) -> None:
    entry = har_entry(
        request={"headers": [[":path", "/x"], ["X-Slack", "1"], {"name": "N", "value": 7}]},
        response={"headers": [{"name": "Set-Cookie", "value": "a=1\nb=2"}]},
    )
    exchange = read_one(tmp_path, entry)
    assert exchange.request_headers == (("X-Slack", "1"), ("N", "7"))
    assert exchange.response_headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


def test_cookies_without_their_header_become_one(tmp_path: Path) -> None:
    jar = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]
    exchange = read_one(tmp_path, har_entry(request={"cookies": jar}, response={"cookies": jar}))
    assert ("cookie", "a=1; b=2") in exchange.request_headers
    assert exchange.response_headers[1:] == (("set-cookie", "a=1"), ("set-cookie", "b=2"))


def test_cookies_beside_their_header_are_not_counted_twice(tmp_path: Path) -> None:
    jar = [{"name": "a", "value": "1"}]
    headers = [{"name": "Cookie", "value": "a=1"}]
    exchange = read_one(tmp_path, har_entry(request={"cookies": jar, "headers": headers}))
    assert exchange.request_headers == (("Cookie", "a=1"),)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_AUTHORITY_INVALID"),
        ("to 1.2.3.4", "no answer"),
    ],
)
def test_a_request_without_an_answer_is_incomplete_and_an_event(
    tmp_path: Path, error: str, reason: str
) -> None:
    entry = har_entry(response={"status": 0, "content": {}, "_error": error})
    _, records = read(written(tmp_path / "x.har", har(entry)))
    (exchange,) = of_kind(records, Exchange)
    (event,) = of_kind(records, Event)
    assert exchange.status is None
    assert not exchange.complete
    assert (event.kind, event.host, event.reason) == ("error", "api.pebblo.example", reason)


def test_web_socket_messages_follow_their_handshake(tmp_path: Path) -> None:
    entry = har_entry(
        "wss://live.pebblo.example/",
        response={"status": 101},
        _webSocketMessages=[
            {"type": "send", "time": 1_795_341_601.5, "opcode": 1, "data": "hé"},
            {"type": "receive", "time": 1_795_341_602, "opcode": 2, "data": "CP8="},
            {"type": "receive", "opcode": 1},
        ],
    )
    _, records = read(written(tmp_path / "x.har", har(entry)))
    assert isinstance(records[0], Exchange)
    assert of_kind(records, Message) == [
        Message("1", 1.5, True, True, "hé".encode()),
        Message("1", 2.0, False, False, b"\x08\xff"),
    ]
    assert [problem.code for problem in of_kind(records, Problem)] == ["bad_message"]


def test_what_a_cache_answered_is_marked_because_it_may_never_have_been_sent(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path / "x.har",
        har(har_entry(_fromCache="disk"), har_entry(_fetchType="Memory Cache"), har_entry()),
    )
    _, records = read(path)
    assert [(p.exchange, p.code) for p in of_kind(records, Problem)] == [
        ("1", "from_cache"),
        ("2", "from_cache"),
    ]


def test_data_and_blob_addresses_are_no_traffic(tmp_path: Path) -> None:
    reading, records = read(
        written(tmp_path / "x.har", har(har_entry("data:image/png;base64,AAAA"), har_entry()))
    )
    assert reading.extent() == "2 of 2 entries"
    assert len(of_kind(records, Exchange)) == 1
    assert [problem.code for problem in of_kind(records, Problem)] == ["not_network"]


@pytest.mark.parametrize("broken", [{}, {"request": {"url": 1, "method": "GET"}}, [2], "x", None])
def test_a_broken_entry_is_a_problem_and_the_others_are_read(
    tmp_path: Path, broken: object
) -> None:
    reading, records = read(written(tmp_path / "x.har", har(har_entry(), broken, har_entry())))
    assert reading.extent() == "2 of 3 entries"
    assert [exchange.id for exchange in of_kind(records, Exchange)] == ["1", "3"]
    assert [(p.exchange, p.code) for p in of_kind(records, Problem)] == [("2", "bad_entry")]


def test_an_entry_beyond_the_bound_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(har_reader, "MAX_ENTRY", 2_000)
    reading, records = read(written(tmp_path / "x.har", har(post("x" * 3_000), har_entry())))
    assert reading.extent() == "1 of 2 entries"
    assert [problem.code for problem in of_kind(records, Problem)] == ["too_large"]


def test_what_made_the_file_and_the_phone_are_kept(tmp_path: Path) -> None:
    tweasel = {
        "versions": {"mitmproxy": "9.0.1", "bad": 1},
        "device": {"manufacturer": "Google", "model": "sdk", "platform": "android"},
    }
    reading, _ = read(written(tmp_path / "x.har", har(har_entry(), _tweasel=tweasel)))
    assert reading.tools == (("WebInspector", "1"), ("mitmproxy", "9.0.1"))
    assert reading.device == "Google sdk android"


def test_a_file_cut_anywhere_keeps_every_whole_entry(tmp_path: Path) -> None:
    entries = [har_entry(f"https://a.example/{n}") for n in range(4)]
    raw = har(*entries)
    ends = [raw.index(json.dumps(entry).encode()) + len(json.dumps(entry)) for entry in entries]
    for cut in range(ends[0], len(raw) - 1, 7):
        reading, records = read(written(tmp_path / "x.har", raw[:cut]))
        whole = sum(end <= cut for end in ends)
        assert reading.extent() == f"{whole} entries, then the file is damaged"
        assert len(of_kind(records, Exchange)) == whole


def test_a_file_damaged_inside_an_entry_loses_only_that_entry(tmp_path: Path) -> None:
    raw = har(har_entry(), har_entry("https://broken.example/"), har_entry())
    damaged = raw.replace(b'"url": "https://broken', b'"url"# "https://broken')
    reading, records = read(written(tmp_path / "x.har", damaged))
    assert reading.extent() == "2 of 3 entries"
    assert [problem.code for problem in of_kind(records, Problem)] == ["bad_entry"]


def test_numbers_that_are_none_do_not_lose_an_entry(tmp_path: Path) -> None:
    raw = har(har_entry(time=float("nan")), har_entry(time=float("inf")))
    reading, records = read(written(tmp_path / "x.har", raw))
    assert reading.extent() == "2 of 2 entries"
    assert len(of_kind(records, Exchange)) == 2


def test_brackets_and_quotes_in_values_do_not_mislead_the_search_for_entries(
    tmp_path: Path,
) -> None:
    raw = har(post('}]"\\"{[ "entries": [{'), har_entry(), pages=[{"entries": [{"a": 1}]}])
    reading, records = read(written(tmp_path / "x.har", raw[: raw.rindex(b"pages") - 3]))
    assert reading.read == len(of_kind(records, Exchange)) == 2


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"log": {"entries": []}}', "without entries"),
        (b'{"log": [1, 2]}', "JSON but not a HAR"),
        (b'{"headers": []}', "JSON but not a HAR"),
        (b'{"log": {"entries": [{"a"', "broken JSON"),
        (b"{" * 200_000, "HAR"),
        (b'{"log":{"entries":[' + b"[" * 200_000, "HAR"),
    ],
)
def test_what_is_no_har_is_refused_in_one_line(tmp_path: Path, content: bytes, line: str) -> None:
    with pytest.raises(UserError, match=line) as refused:
        read(written(tmp_path / "x.har", content))
    assert "\n" not in str(refused.value)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_a_damaged_file_is_read_or_refused_but_never_fails(noise: bytes, place: int) -> None:
    raw = har(post("a=1", media="text/plain"), har_entry(_webSocketMessages=[{"type": "send"}]))
    at = place % len(raw)
    with tempfile.TemporaryDirectory() as folder:
        for content in (raw[:at], raw[:at] + noise, raw[:at] + noise + raw[at + len(noise) :]):
            try:
                reading, records = read(written(Path(folder) / "x.har", content + b" "))
            except UserError:
                continue
            assert reading.total is None or reading.read <= reading.total
            assert all(
                noise not in problem.detail.encode()
                for problem in of_kind(records, Problem)
                if len(noise) > 3
            )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
_PLACES = st.sampled_from(
    ["request", "response", "startedDateTime", "serverIPAddress", "_webSocketMessages"]
    + [f"request.{key}" for key in ("method", "url", "headers", "cookies", "postData", "bodySize")]
    + [f"response.{key}" for key in ("status", "headers", "content", "httpVersion", "_error")]
)


@settings(deadline=None)
@given(_PLACES, _JSON)
def test_any_value_in_any_place_costs_at_most_its_entry(place: str, value: object) -> None:
    entry = har_entry()
    outer, _, inner = place.partition(".")
    if inner:
        entry[outer][inner] = value
    else:
        entry[outer] = value
    with tempfile.TemporaryDirectory() as folder:
        reading, records = read(written(Path(folder) / "x.har", har(entry, har_entry())))
    assert reading.total == 2
    assert of_kind(records, Exchange)[-1].id == "2"


@pytest.mark.parametrize(
    "name", ["charles", "chrome", "firefox", "insomnia", "postdata", "safari", "with-bom"]
)
def test_hars_of_real_programs_give_the_flows_that_they_should(
    shared_data: Path, name: str
) -> None:
    folder = shared_data / "mitmproxy-dumps" / "har_files"
    expected = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    reading, records = read(folder / f"{name}.har")
    exchanges = of_kind(records, Exchange)
    assert reading.extent() == f"{len(expected)} of {len(expected)} entries"
    for exchange, flow in zip(exchanges, expected, strict=True):
        wanted = flow["request"]
        assert exchange.method == wanted["method"]
        assert exchange.url == "{scheme}://{pretty_host}{path}".format_map(wanted)
        assert (exchange.status or 0) == flow["response"]["status_code"]
        assert hashlib.sha256(exchange.request_body).hexdigest() == wanted["contentHash"]
        coded = any(key.lower() == "content-encoding" for key, _ in exchange.response_headers)
        if not coded and exchange.response_body.isascii():
            digest = hashlib.sha256(exchange.response_body).hexdigest()
            assert digest == flow["response"]["contentHash"]


@pytest.mark.parametrize("name", ["first-run", "second-run", "quizduel"])
def test_mobile_hars_are_read_whole(shared_data: Path, name: str) -> None:
    path = shared_data / "mobile-har" / f"{name}.har"
    number = len(json.loads(path.read_bytes())["log"]["entries"])
    reading, records = read(path)
    assert reading.extent() == f"{number} of {number} entries"
    assert not of_kind(records, Problem)
