from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, flat, read, rows, rows_of

from analyzer.decode import decode

names = st.text(st.characters(codec="utf-8", exclude_characters="."), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.recursive(
    st.dictionaries(names, scalars, max_size=4),
    lambda inner: st.dictionaries(names, inner | scalars, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=8,
)


def outer(body: bytes, content_type: str = "application/json") -> list[tuple[str, str]]:
    return [(path, value) for path, value, steps in rows(body, content_type) if steps == "json"]


@given(documents)
def test_every_leaf_of_a_document_is_found_with_its_path_and_its_value(tree: object) -> None:
    assert outer(json.dumps(tree).encode()) == flat(tree)


@given(documents)
def test_indented_documents_read_the_same(tree: object) -> None:
    text = json.dumps(tree, indent=2, separators=(" ,", " : "), ensure_ascii=False)
    assert outer(text.encode()) == flat(tree)


@pytest.mark.parametrize(
    "text",
    [
        '{"id":"a","id":"b"}',
        '{"id" :"a","id":"b"}',
        '{"id":"a","id"\n:"b"}',
        '{"id":"a","\\u0069d":"b"}',
        '{"x":{"y":[{"id":"a","id":"b"}]}}',
        r'{"x":"ends in a backslash \\","id":"a","id":"b"}',
        r'{"x":"has a quoted \"name\": in it","id":"a","id":"b"}',
        r'{"x\\":1,"id":"a","id":"b"}',
    ],
)
def test_a_repeated_name_hides_no_value(text: str) -> None:
    values = [value for path, value in outer(text.encode()) if path.split(".")[-1] == "id"]
    assert values == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", 'q"', "c\\", "d:", ' "e" :']), st.text())))
def test_no_value_is_hidden_by_any_repetition(pairs: list[tuple[str, str]]) -> None:
    text = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    assert sorted(outer(f"{{{text}}}".encode())) == sorted(pairs)


def test_a_repeated_name_inside_a_string_of_json_hides_no_value() -> None:
    inner = '{"id":"a","id":"b"}'
    body = json.dumps({"data": inner}).encode()
    assert ("data.id", "a", "json/json") in rows(body)
    assert ("data.id", "b", "json/json") in rows(body)


@pytest.mark.parametrize("digits", ["123456789012345678901234567890", "-18446744073709551617", "7"])
def test_integers_keep_their_digits(digits: str) -> None:
    assert read(f'{{"n":{digits},"m":[{digits}]}}'.encode()) == {"n": digits, "m.0": digits}


def test_a_large_float_stays_a_float() -> None:
    assert read(b'{"n":1e30,"m":1.5}') == {"n": "1e+30", "m": "1.5"}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a":"b"}', "b"),
        ('{"a":"ü"}'.encode("utf-16"), "ü"),
        ('{"a":"ü"}'.encode("utf-16-le"), "ü"),
        ('{"a":"ü"}'.encode("utf-16-be"), "ü"),
        (b'{"a":"\xfc"}', "ü"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "-Infinity"),
        (b'{"a":"b",}', "b"),
        (b'{"a":["b",],}', None),
        (b'{"a":"line\nend"}', "line\nend"),
        (b'{"a":"\\ud800"}', "\ufffd"),
        (b'\n\t {"a":"b"} \n', "b"),
        (b'{"a":"b"}\x00', "b"),
    ],
)
def test_json_with_mistakes_is_read(body: bytes, value: str | None) -> None:
    assert read(body, "application/json") == ({"a": value} if value else {"a.0": "b"})
    assert codes(body, "application/json") == []


def test_a_comma_inside_a_string_is_not_a_trailing_comma() -> None:
    assert read(b'{"a":",]","b":["x",],}')["a"] == ",]"


@pytest.mark.parametrize(
    "body",
    [
        b')]}\'\n{"a":"b"}',
        b'for(;;);{"a":"b"}',
        b'while(1); {"a":"b"}',
        b'callback({"a":"b"});',
        b'\xef\xbb\xbf)]}\',\n{"a":"b"}',
        b'throw 1;{"a":"b"}',
        b'{}&& {"a":"b"}',
        b'//{"a":"b"}',
        b')]}\'\n\n12\n{"a":"b"}',
        b'/**/ jQuery_1.cb({"a":"b"})',
    ],
)
def test_callbacks_and_guards_are_taken_off(body: bytes) -> None:
    for media in ("application/json", "text/javascript", ""):
        answer = (("content-type", media),) if media else ()
        found = decode(exchange(answer=body, answer_headers=answer))
        assert rows_of(found, "response") == [("a", "b", ("jsonp", "json"))]
        assert not found.problems


def test_an_event_of_socket_io_is_read() -> None:
    found = decode(exchange(b'42["move",{"x":1}]', method="WS"))
    assert rows_of(found) == [
        ("0", "move", ("jsonp", "json")),
        ("1.x", "1", ("jsonp", "json")),
    ]


def test_a_message_of_sockjs_is_read() -> None:
    found = decode(exchange(b'a["{\\"x\\":1}"]', method="WS"))
    assert ("0.x", "1", ("jsonp", "json", "json")) in rows_of(found)


def test_chunks_with_their_lengths_behind_a_guard_are_read() -> None:
    body = b')]}\'\n\n14\n[["wrb","id"]]\n9\n[["di",7]]\n'
    found = decode(exchange(answer=body, answer_headers=(("content-type", "application/json"),)))
    values = [value for _, value, _ in rows_of(found, "response")]
    assert {"wrb", "id", "di", "7"} <= set(values)
    assert found.problems == ()


def test_a_script_is_not_a_callback() -> None:
    answer = (("content-type", "text/javascript"),)
    found = decode(exchange(answer=b'run({"a": b.c});', answer_headers=answer))
    assert rows_of(found, "response") == []
    assert found.problems == ()


def test_a_form_announced_as_json_and_json_announced_as_a_form_are_both_read() -> None:
    assert ("a", "b") in [row[:2] for row in rows(b"a=b&c=d", "application/json")]
    assert read(b'{"a":"b&c=d"}', "application/x-www-form-urlencoded")["a"] == "b&c=d"


def test_json_announced_and_not_there_is_a_problem_and_its_text_is_kept() -> None:
    assert codes(b"upstream error", "application/json") == ["bad_json"]
    assert read(b"upstream error", "application/json") == {"": "upstream error"}


def test_scalars_are_documents_where_json_is_announced() -> None:
    assert read(b"true", "application/json") == {"": "true"}
    assert rows(b'"a"', "application/vnd.api+json") == [("", "a", "json")]


def test_strings_of_json_are_read_and_kept() -> None:
    body = json.dumps({"data": json.dumps({"device": {"id": "x"}})}).encode()
    assert rows(body) == [
        ("data", '{"device": {"id": "x"}}', "json"),
        ("data.device.id", "x", "json/json"),
    ]


def test_lines_of_json_are_read_one_by_one() -> None:
    body = b'{"a":1}\n{"a":2}\n'
    expected = [("0.a", "1", "ndjson/json"), ("1.a", "2", "ndjson/json")]
    assert rows(body, "application/x-ndjson") == expected
    assert rows(body, "application/json") == expected
    assert codes(body, "application/json") == []


def test_server_sent_events_are_read() -> None:
    body = b': ping\nevent: add\ndata: {"a":1}\nid: 9\n\ndata: x\ndata: y\n\n'
    found = decode(exchange(answer=body, answer_headers=(("content-type", "text/event-stream"),)))
    assert rows_of(found, "response") == [
        ("0.event", "add", ("sse",)),
        ("0.id", "9", ("sse",)),
        ("0.data", '{"a":1}', ("sse",)),
        ("0.data.a", "1", ("sse", "json")),
        ("1.data", "x\ny", ("sse",)),
    ]


def test_deep_nesting_ends_in_a_problem() -> None:
    for depth in (65, 900, 5_000, 100_000):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        assert codes(body, "application/json")[0] in ("too_deep", "bad_json")
    assert codes(b'{"a":' * 60 + b"1" + b"}" * 60) == []
