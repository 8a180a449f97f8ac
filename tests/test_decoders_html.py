"""The data that a page begins with is read; the page is not."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import exchange, rows_of

from analyzer.decode import Decoded, decode

PAGE = "text/html; charset=utf-8"
STATE = {"user": {"email": "amina.k@mail.example", "age": 13}, "list": [1, "two"]}
LEAVES = {
    "user.email": "amina.k@mail.example",
    "user.age": "13",
    "list.0": "1",
    "list.1": "two",
}


def answered(text: str | bytes, media: str = PAGE) -> Decoded:
    content = text.encode() if isinstance(text, str) else text
    return decode(exchange(answer=content, answer_headers=(("content-type", media),)))


def values(text: str | bytes, media: str = PAGE) -> dict[str, str]:
    return {path: value for path, value, _ in rows_of(answered(text, media), "response")}


def page(script: str, attributes: str = "") -> str:
    return f"<!DOCTYPE html><html><script{attributes}>{script}</script><p>Hello</p></html>"


@pytest.mark.parametrize(
    ("html", "name"),
    [
        (page(json.dumps(STATE), ' id="__NEXT_DATA__" type="application/json"'), "__NEXT_DATA__"),
        (page(json.dumps(STATE), " type='application/ld+json'"), "0"),
        (page(f"window.__STATE__ = {json.dumps(STATE)};f()"), "window.__STATE__"),
        (page(f"var a=1;const data={json.dumps(STATE)}"), "data"),
        (page(f'window["ssr"]={json.dumps(STATE)}'), "ssr"),
        (page(f"x=JSON.parse({json.dumps(json.dumps(STATE))})"), "x"),
        (page(f"boot({json.dumps(STATE)})"), "boot"),
        (page("f()").replace("</html>", page(f"y={json.dumps(STATE)}")), "y"),
    ],
)
def test_what_a_script_holds_is_read(html: str, name: str) -> None:
    assert values(html) == {f"{name}.{path}": value for path, value in LEAVES.items()}
    assert values(html.encode("utf-16"), "text/html") == values(html)
    assert answered(html).problems == ()


@pytest.mark.parametrize(
    "html",
    [
        page("function f(a){a={b:1};c=[];d=[a,b];e=(function(){return{}})()}"),
        page("x={};y=[];z=[1]"),
        page("", ' type="application/json"'),
        page(json.dumps(STATE)).replace("<script", "<style"),
        f"<html>{json.dumps(STATE)}</html>",
        f"<script>x={json.dumps(STATE)}",  # cut off
        "<p>x</p>",
        "",
    ],
)
def test_pages_without_data_are_no_leaves_and_no_problem(html: str) -> None:
    assert values(html) == {}
    assert answered(html).problems == ()


def test_a_page_that_is_sent_is_not_read() -> None:
    html = page(f"x={json.dumps(STATE)}")
    assert not [row for row in rows_of(decode(exchange(html.encode(), PAGE))) if row[0]]


def test_a_cipher_in_a_script_is_named() -> None:
    secret = random.Random(2).randbytes(400)
    state = {"token": base64.b64encode(secret).decode()}
    [problem] = answered(page(f"x={json.dumps(state)}")).problems
    assert problem.code == "opaque_value"
    assert problem.detail.startswith("response: base64 of 400 bytes")


@given(st.text("<script>/=[]{}(),\"'ax:1 \n", max_size=200))
def test_any_page_may_come(text: str) -> None:
    answered("<html>" + text)
    answered(page(text))


HOSTILE = {
    "open tags": "<script>" * 400_000,
    "one name": page("a" * 3_000_000),
    "dots": page("a." * 1_500_000),
    "nothing handed over": page("a=[" * 1_000_000),
    "a list in a list": page("a=" + "[" * 1_000_000),
    "spaces": page("a " + " " * 3_000_000),
    "unfinished": page('a=["b=[' * 400_000),
    "long and cut": page("".join(f"a{at}=[{'1,' * 20_000}" for at in range(60))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_ends_soon(name: str) -> None:
    start = time.process_time()
    answered(HOSTILE[name])
    assert time.process_time() - start < 3
