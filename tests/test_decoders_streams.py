"""Documents that follow one another, data of a page as an escaped text, and signed JSON."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, read, rows_of

from analyzer.decode import decode

PAGE = "text/html; charset=utf-8"
OBJECTS = st.dictionaries(
    st.text(max_size=5), st.integers() | st.text(max_size=8) | st.lists(st.booleans(), max_size=3),
    max_size=4,
)  # fmt: skip


def of_page(script: str) -> dict[str, str]:
    """The leaves of a page with `script`."""
    answer = f"<!DOCTYPE html><html><script>{script}</script></html>".encode()
    decoded = decode(exchange(answer=answer, answer_headers=(("content-type", PAGE),)))
    return {path: value for path, value, _ in rows_of(decoded, "response")}


def escaped(text: str) -> str:
    """A text as pages escape it: what could end a script or a text by its number."""
    special = {"{", "}", "[", "]", '"', "'", "<", ">", "&", "="}
    return "".join(f"\\x{ord(c):02x}" if c in special else c.replace("\\", "\\\\") for c in text)


@pytest.mark.parametrize("between", ["", "\n", " \r\n\r\n "])
@pytest.mark.parametrize("indent", [None, 2])
def test_documents_that_follow_one_another_are_read_one_by_one(
    between: str, indent: int | None
) -> None:
    parts = [{"a": "one }{ two"}, {"a": [1, "two"]}, ["three"]]
    body = between.join(json.dumps(part, indent=indent) for part in parts).encode()
    expected = {"0.a": "one }{ two", "1.a.0": "1", "1.a.1": "two", "2.0": "three"}
    assert read(body, "application/json") == expected
    assert read(body, "text/plain") == expected
    assert codes(body, "application/json") == []


def test_a_stream_that_is_cut_is_told_and_its_whole_documents_are_read() -> None:
    body = b'{"a":"one"}{"a":"two"}{"a":"thr'
    found = read(body, "application/json")
    assert (found["0.a"], found["1.a"]) == ("one", "two")
    assert codes(body, "application/json") == ["bad_encoding"]


@pytest.mark.parametrize(
    "body",
    [
        b"{}{foo:1}",
        b"{a}{b}",
        b'{"a":1} and more',
        b"[1] [2",
        b'{"a":1}, {"a":2}',
        b"function(){}{}",
    ],
)
def test_what_only_looks_like_documents_is_no_stream(body: bytes) -> None:
    assert not any(path.startswith(("0.", "1.")) for path in read(body, "text/plain"))


@given(st.lists(OBJECTS, min_size=2, max_size=4), st.sampled_from(["", "\n", "  "]))
def test_every_stream_of_objects_has_as_many_documents(
    parts: list[dict[str, object]], between: str
) -> None:
    body = between.join(json.dumps({"k": number, **part}) for number, part in enumerate(parts))
    found = read(body.encode(), "application/json")
    assert {f"{number}.k" for number in range(len(parts))} <= set(found)


def test_a_long_stream_is_read_in_time_that_grows_with_it() -> None:
    body = b'{"a":[1,2,3],"b":"x"}' * 50_000
    start = time.perf_counter()
    read(body, "application/json")
    assert time.perf_counter() - start < 10


def test_data_that_a_page_sets_as_an_escaped_text_is_read() -> None:
    state = {"user": {"name": 'Amina "K"', "note": "it's <b>\\ a & b"}, "list": [1]}
    text = json.dumps(state)
    for script in (
        f"var data = '{escaped(text)}';",
        f'window["data"] = "{escaped(text)}"; f()',
        f"data = JSON.parse('{escaped(text)}');",
        "var data = '" + text.replace("\\", "\\\\").replace("'", "\\u0027") + "';",
    ):
        found = of_page(script)
        assert found["data.user.name"] == 'Amina "K"', script
        assert found["data.user.note"] == "it's <b>\\ a & b", script
        assert found["data.list.0"] == "1", script


@pytest.mark.parametrize(
    "script",
    [
        "var a = 'hello world, a text';",
        "var a = '{not json at all}';",
        'var a = \'{"a": 1',
        "if (a == '[object Object]') b();",
        "var a = '\\x7b\\x22open\\x22:",
    ],
)
def test_other_texts_of_a_page_are_none(script: str) -> None:
    assert of_page(script) == {}


@given(st.text(alphabet="{}[]'\"\\x7b2u0=() a;\n", max_size=200))
def test_no_script_makes_it_raise(script: str) -> None:
    of_page(f"var a = {script}")


def test_texts_that_never_end_take_no_long_time() -> None:
    start = time.perf_counter()
    of_page("a='{" + "\\x7b" * 200_000)
    of_page("a='{\\" * 100_000)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("signature", ["SIGNATURE", "ab" * 32])
def test_json_after_a_signature_is_read(signature: str) -> None:
    inside = json.dumps({"device": {"id": "x-1"}})
    body = f"signed_body={signature}.{inside}".encode()
    found = rows_of(decode(exchange(body, "application/x-www-form-urlencoded")))
    assert ("signed_body.device.id", "x-1", ("form", "signed", "json")) in found


@pytest.mark.parametrize("value", ["NAME.{}", "SIGNATURE.text", "SIGNATURE.{a", "abc.{}"])
def test_what_has_no_signature_of_that_form_stays_as_it_is(value: str) -> None:
    found = read(f"field={value}".encode(), "application/x-www-form-urlencoded")
    assert set(found) <= {"field"}
