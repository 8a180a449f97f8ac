from __future__ import annotations

import base64
import gzip
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from wire import exchange, rows_of

from analyzer.decode import Decoded, decode
from analyzer.decoders.noise import measured
from analyzer.models import Headers, Leaf

UUID = "38400000-8cf0-11bd-b23e-10b96e40000d"


def of(url: str) -> Decoded:
    return decode(exchange(url=url, method="GET"))


def test_segments_of_the_path_are_numbered_and_unescaped() -> None:
    found = of(f"https://a.example:8443/v1/users/{UUID}//x%20y?z=1#f")
    assert rows_of(found, "path") == [
        ("0", "v1", ()),
        ("1", "users", ()),
        ("2", UUID, ()),
        ("4", "x y", ("percent",)),
    ]


def test_what_is_hidden_in_the_path_is_found() -> None:
    token = base64.urlsafe_b64encode(b'{"id":"x"}').decode()
    assert ("1.id", "x", ("base64", "json")) in rows_of(of(f"https://a.example/t/{token}"), "path")


def test_the_query_is_read_like_a_form() -> None:
    found = of("https://a.example?a=1&a=2&b=%7B%22c%22%3A3%7D&d=x+y&flag")
    assert rows_of(found, "query") == [
        ("a.0", "1", ("query",)),
        ("a.1", "2", ("query",)),
        ("b", '{"c":3}', ("query",)),
        ("b.c", "3", ("query", "json")),
        ("d", "x y", ("query",)),
        ("flag", "", ("query",)),
    ]


def test_a_query_without_names_is_one_value() -> None:
    assert rows_of(of(f"https://a.example/p?{UUID}"), "query") == [("", UUID, ("query",))]


@pytest.mark.parametrize("url", ["", "?", "https://", "https://a", "//", "http://[::1/", "a b\x00"])
def test_any_url_may_come(url: str) -> None:
    assert of(url).problems == ()


def test_headers_are_leaves_but_not_those_of_the_transport() -> None:
    headers: Headers = (
        (":authority", "a.example"),
        ("Host", "a.example"),
        ("User-Agent", "okhttp/4.9.3"),
        ("Content-Length", "0"),
        ("Accept-Encoding", "gzip"),
        ("Connection", "keep-alive"),
        ("TE", "trailers"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "abc"),
        ("X-Device", '{"id":"x"}'),
        ("X-Twice", "1"),
        ("x-twice", "2"),
    )
    assert rows_of(decode(exchange(headers=headers)), "header") == [
        ("user-agent", "okhttp/4.9.3", ()),
        ("x-device", '{"id":"x"}', ()),
        ("x-device.id", "x", ("json",)),
        ("x-twice", "1", ()),
        ("x-twice", "2", ()),
    ]


def test_a_token_in_the_authorization_header_is_read() -> None:
    claims = [{"alg": "none"}, {"sub": "child-7"}]
    parts = [base64.urlsafe_b64encode(json.dumps(c).encode()).decode().rstrip("=") for c in claims]
    token = ".".join([*parts, ""])
    found = decode(exchange(headers=(("Authorization", f"Bearer {token}"),)))
    rows = rows_of(found, "header")
    assert rows[0] == ("authorization", f"Bearer {token}", ())
    assert ("authorization.payload.sub", "child-7", ("authorization", "jwt")) in rows
    basic = base64.b64encode(b"child:secret words").decode()
    found = decode(exchange(headers=(("Authorization", f"Basic {basic}"),)))
    expected = ("authorization", "child:secret words", ("authorization", "base64"))
    assert expected in rows_of(found, "header")


def test_cookies_are_split_and_those_being_set_too() -> None:
    found = decode(
        exchange(
            headers=(("Cookie", "a=1; b=%7B%22c%22%3A2%7D;d=x=y"), ("cookie", "a=3")),
            answer_headers=(
                ("Set-Cookie", "id=7; Path=/; Max-Age=60"),
                ("set-cookie", "u=1\nv=2; Secure"),
                ("Content-Type", "text/html"),
            ),
        )
    )
    assert rows_of(found, "cookie") == [
        ("a", "1", ()),
        ("b", "%7B%22c%22%3A2%7D", ()),
        ("b", '{"c":2}', ("percent",)),
        ("b.c", "2", ("percent", "json")),
        ("d", "x=y", ()),
        ("a", "3", ()),
    ]
    assert rows_of(found, "response_cookie") == [("id", "7", ()), ("u", "1", ()), ("v", "2", ())]
    assert rows_of(found, "response_header") == [("content-type", "text/html", ())]


def test_each_body_has_its_part() -> None:
    found = decode(
        exchange(
            b'{"a":1}',
            "application/json",
            answer=gzip.compress(b'{"b":2}'),
            answer_headers=(("content-type", "application/json"), ("content-encoding", "gzip")),
        )
    )
    assert rows_of(found, "body") == [("a", "1", ("json",))]
    assert rows_of(found, "response") == [("b", "2", ("gzip", "json"))]
    assert {leaf.exchange for leaf in found.leaves} == {"7"}


def test_a_message_of_a_websocket_is_read_without_its_handshake() -> None:
    found = decode(
        exchange(
            b'{"up":1}',
            "text/html",
            "gzip",
            url="https://a.example/live?token=x",
            answer=b'{"down":2}',
            method="WS",
        )
    )
    assert found.leaves == (
        Leaf("7", "body", "up", "1", ("json",)),
        Leaf("7", "response", "down", "2", ("json",)),
    )
    assert found.problems == ()


def test_an_empty_body_is_nothing() -> None:
    found = decode(exchange(b"", "application/json", "gzip"))
    assert rows_of(found) == []
    assert found.problems == ()
    assert found.payloads == ()


def test_plain_text_is_one_value() -> None:
    assert rows_of(decode(exchange(b"hello there", "text/plain"))) == [("", "hello there", ())]
    latin = decode(exchange("Zürich".encode("latin-1"), "text/plain; charset=ISO-8859-1"))
    assert rows_of(latin) == [("", "Zürich", ())]


MEDIA = [
    ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(200))),
    ("video/mp4", b"\0\0\0\x18ftypmp42" + bytes(range(255, 100, -1))),
    ("video/mp2t", bytes(range(255, 100, -1))),
    ("image/jpeg", b"RIFF\x00\x01\x02\xffWEBP" + bytes(range(255, 100, -1))),
    ("image/jpeg", "the picture is gone \ufffd\0".encode()),
    ("image/x-of-its-own", bytes(range(255, 100, -1))),
    ("font/woff2", b"wOF2" + bytes(range(200))),
    ("text/css", b"a { color: red }"),
    ("text/html; charset=utf-8", b"<!doctype html><title>x</title>"),
    ("application/javascript", b"var a = {b: 1};"),
    ("application/octet-stream", b"\xff\xd8\xff\xe0" + bytes(range(200))),
    ("", b"<html><body>x</body>"),
    ("application/wasm", b"\x00asm" + bytes(range(128, 200))),
]


@pytest.mark.parametrize(("content_type", "body"), MEDIA)
def test_pictures_and_pages_are_neither_leaves_nor_opaque(content_type: str, body: bytes) -> None:
    found = decode(exchange(answer=body, answer_headers=(("content-type", content_type),)))
    assert rows_of(found, "response") == []
    assert found.problems == ()


NOISE = random.Random(1).randbytes(300)  # as from a cipher


@pytest.mark.parametrize(
    "content_type",
    [
        "image/jpeg",
        "IMAGE/PNG; q=1",
        "audio/mpeg",
        "video/mp4",
        "font/woff2",
        "application/wasm",
        "text/html",
        "application/javascript",
    ],
)
def test_a_media_type_is_not_believed_without_its_first_bytes(content_type: str) -> None:
    lie = exchange(
        NOISE, content_type, answer=NOISE, answer_headers=(("Content-Type", content_type),)
    )
    found = [(each.code, each.detail) for each in decode(lie).problems]
    detail = f"{measured(NOISE)}, announced as media, but are not"
    assert found == [("opaque_value", f"{part}: {detail}") for part in ("body", "response")]


def test_a_piece_of_a_film_has_no_first_bytes() -> None:
    film = exchange(
        NOISE, "video/mp4", answer=NOISE, answer_headers=(("content-type", "video/mp4"),)
    )
    found = decode(replace(film, status=206)).problems
    assert [each.detail[:5] for each in found] == ["body:"]


def test_what_a_server_handed_out_hides_nothing_that_is_new() -> None:
    token = base64.b64encode(NOISE).decode()
    safe = quote(token, safe="")
    odd = exchange(
        url=f"https://a.example/?Signature={safe}&X-Amz-Security-Token={safe}",
        headers=(("Cookie", f"s={token}"), ("Authorization", f"Bearer {token}")),
        answer_headers=(("Set-Cookie", f"s={token}"),),
    )
    assert decode(odd).problems == ()
    found = decode(exchange(url=f"https://a.example/?d={safe}", headers=(("X-Data", token),)))
    assert [each.detail for each in found.problems] == [
        f"{part}: base64 of {measured(NOISE)}, that nothing reads" for part in ("query", "header")
    ]


def test_json_sent_as_a_page_is_read() -> None:
    found = decode(exchange(answer=b'{"a":1}', answer_headers=(("content-type", "text/html"),)))
    assert rows_of(found, "response") == [("a", "1", ("json",))]


@pytest.mark.parametrize(
    "content_type", ["", "application/octet-stream", "application/x-thing", "application/json"]
)
def test_a_body_that_nobody_can_read_is_opaque(content_type: str) -> None:
    noise = bytes((n * 167 + 13) % 256 for n in range(300))
    found = decode(exchange(noise, content_type, answer=noise))
    assert [(p.code, p.stage, p.exchange) for p in found.problems] == [
        ("opaque_body", "decode", "7"),
        ("opaque_body", "decode", "7"),
    ]
    assert rows_of(found) == []


def test_problems_tell_nothing_of_the_content() -> None:
    secret = "child-at-home"
    body = secret.encode() + bytes(range(255, 100, -1))
    odd = exchange(body, f"application/{secret}", secret, answer=body)
    for found in (decode(odd), decode(exchange(secret.encode(), "application/json", secret))):
        assert found.problems
        assert not any(secret in problem.detail for problem in found.problems)


def test_what_was_not_kept_is_a_problem() -> None:
    cut = decode(exchange(b'{"a":"b', "application/json", truncated=100))
    assert {problem.code for problem in cut.problems} == {"truncated"}
    assert rows_of(cut) == [("", '{"a":"b', ())]
    torn = decode(exchange(b'{"a":"b', "application/json", complete=False))
    assert {problem.code for problem in torn.problems} == {"truncated"}


def test_decoding_twice_gives_the_same() -> None:
    odd = exchange(gzip.compress(b'{"a":"aGVsbG8gd29ybGQgaGVsbG8="}'), "", "gzip")
    assert decode(odd) == decode(odd)


@pytest.mark.parametrize("name", ["first-run.har", "second-run.har", "quizduel.har"])
def test_real_captures_of_apps_decode_without_a_problem(shared_data: Path, name: str) -> None:
    """The bodies of the requests as the HAR has them, without a reader in between."""
    log = json.loads((shared_data / "mobile-har" / name).read_text())["log"]
    bodies = 0
    for entry in log["entries"]:
        request = entry["request"]
        text = request.get("postData", {}).get("text", "")
        headers = tuple((h["name"], h["value"]) for h in request["headers"])
        found = decode(exchange(text.encode(), url=request["url"], headers=headers))
        assert found.problems == (), request["url"]
        if text:
            bodies += 1
            assert rows_of(found), request["url"]
    assert bodies


HEADERS: dict[str, Callable[[int], tuple[str, str]]] = {
    "of other names": lambda at: (f"x-{at}", f"{at} a"),
    "of one name": lambda _at: ("x-a", "1"),
    "with tokens": lambda at: (f"x-{at}", f"q{at}AbCdEfGhIjKlMn=="),
    "with escapes": lambda at: (f"x-{at}", f"v{at}?x=%41&y"),
    "that are no leaf": lambda _at: ("connection", "close"),
    "with cookies": lambda at: ("cookie", f"a{at}=%7B{at}"),
    "with codings": lambda _at: ("content-encoding", "identity"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_million_headers_are_bounded_and_the_body_is_read_all_the_same(kind: str) -> None:
    headers = tuple(map(HEADERS[kind], range(1_000_000)))
    body = gzip.compress(b'{"id":"x"}')
    made = exchange(body, "application/json", "gzip", headers=headers)

    start = time.process_time()
    found = decode(made)

    assert time.process_time() - start < 8
    assert found.payloads == (b'{"id":"x"}',)
    assert len(found.leaves) <= 20_000


def test_a_million_cookies_in_one_header_are_bounded() -> None:
    cookies = "; ".join(f"c{at}=%7B{at}" for at in range(1_000_000))
    start = time.process_time()
    found = decode(exchange(headers=(("cookie", cookies),)))
    assert time.process_time() - start < 8
    assert [each.code for each in found.problems] == ["too_many_leaves"]


def test_each_header_costs_the_same_however_many_there_are() -> None:
    def cost(count: int) -> float:
        headers = tuple((f"x-{at}", f"v{at}?x=%41&y") for at in range(count))
        start = time.process_time()
        decode(exchange(headers=headers))
        return (time.process_time() - start) / count

    assert min(cost(8_000), cost(8_000)) < 6 * max(cost(1_000), cost(1_000))
