from __future__ import annotations

import base64
import gzip
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, multipart, read, rows, rows_of

from analyzer.decode import decode
from analyzer.decoders.form import is_form
from analyzer.decoders.percent import unescape

FORM = "application/x-www-form-urlencoded"


@given(st.binary(max_size=60) | st.text("%=0aFz\n\r&+").map(str.encode))
def test_unescaping_agrees_with_the_standard_library(content: bytes) -> None:
    assert unescape(content) == urllib.parse.unquote_to_bytes(content)


def test_unescaping_by_pieces_splits_no_escape() -> None:
    for shift in range(4):
        content = b"%zz" + b"x" * shift + b"%41" * 60_000
        assert unescape(content) == urllib.parse.unquote_to_bytes(content)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="["), min_size=1),
        st.text(),
        min_size=1,
    )
)
def test_every_field_of_a_form_is_found(fields: dict[str, str]) -> None:
    found = rows_of(decode(exchange(urllib.parse.urlencode(fields).encode(), FORM)))
    assert [(p, v) for p, v, steps in found if steps == ("form",)] == list(fields.items())


def test_repeated_fields_are_numbered() -> None:
    assert read(b"a=1&b=2&a=3&a=4", FORM) == {"a.0": "1", "a.1": "3", "a.2": "4", "b": "2"}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("a[b][c]=1&a[b][d]=2", {"a.b.c": "1", "a.b.d": "2"}),
        ("a[]=1&a[]=2", {"a.0": "1", "a.1": "2"}),
        ("a[]=1", {"a.0": "1"}),
        ("a[0].b=1&a[1].b=2", {"a.0.b": "1", "a.1.b": "2"}),
        ("a[0][b]=1&a[1][b]=2", {"a.0.b": "1", "a.1.b": "2"}),
        ("a.b=1&a.c[]=2&a.c[]=3", {"a.b": "1", "a.c.0": "2", "a.c.1": "3"}),
        ("a[][b]=1&a[][c]=2&a[][b]=3", {"a.0.b": "1", "a.0.c": "2", "a.1.b": "3"}),
        ("a%5Bb%5D%5B%5D=1&a[b][]=2", {"a.b.0": "1", "a.b.1": "2"}),
        ("a=1;b=2;c=%3B", {"a": "1", "b": "2", "c": ";"}),
        ("[a]=1&b[=2&c]=3&d[e]f=4", {"[a]": "1", "b[": "2", "c]": "3", "d[e]f": "4"}),
    ],
)
def test_nested_names_are_paths(form: str, expected: dict[str, str]) -> None:
    assert read(form.encode(), FORM) == expected
    found = decode(exchange(url=f"https://a.example/?{form}", method="GET"))
    assert {path: value for path, value, _ in rows_of(found, "query")} == expected


def test_json_in_a_field_of_a_nested_form_is_read() -> None:
    body = urllib.parse.urlencode({"user[device]": '{"id": [7]}'}).encode()
    assert ("user.device.id.0", "7", "form/json") in rows(body, FORM)


def test_names_nested_too_deeply_are_kept_and_counted() -> None:
    body = b"a" + b"[b]" * 10_000 + b"=child"
    assert [value for _, value, _ in rows(body, FORM)] == ["child"]
    assert codes(body, FORM) == ["too_deep"]


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1"]
)
def test_forms_documents_and_text_are_read_in_any_charset(charset: str) -> None:
    announced = charset.replace("latin-1", "iso-8859-1")
    for text, media in (("a=Zürich&b=1", FORM), ('{"a": "Zürich"}', "application/json")):
        assert read(text.encode(charset), f"{media}; charset={announced}")["a"] == "Zürich"
    plain = rows("Zürich, ja".encode(charset), f"text/plain; charset={announced}")
    assert plain == [("", "Zürich, ja", "")]


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-32-be"])
def test_a_byte_order_mark_or_zeros_tell_the_charset(charset: str) -> None:
    assert read('{"a": "Zürich"}'.encode(charset))["a"] == "Zürich"


def test_a_field_without_a_value_is_empty() -> None:
    assert read(b"flag&a=&b=c", FORM) == {"flag": "", "a": "", "b": "c"}


def test_a_form_nobody_announced_is_read() -> None:
    assert rows(b"gps_adid=x&os=android", "text/plain")[0] == ("gps_adid", "x", "form")


@pytest.mark.parametrize(
    "text",
    [
        "max-age=31536000",
        "text/html; charset=utf-8",
        "en-US,en;q=0.9",
        "a=b",
        "R&D",
        "x = y & z = w",
        "1+1=2&more",
        "YWJjZGVmZ2hpamtsbW5vcA==",
        "if (a==b && c==d)",
        'width="3"',
        "token==",
    ],
)
def test_what_is_not_a_form_is_not_read_as_one(text: str) -> None:
    assert not is_form(text) or text == "1+1=2&more"


def test_a_form_inside_a_string_is_read() -> None:
    found = rows(b'{"referrer":"utm_source=play&utm_medium=organic"}')
    assert ("referrer.utm_source", "play", "json/form") in found


def test_bytes_in_a_form_field_are_looked_into() -> None:
    body = b"data=" + urllib.parse.quote(gzip.compress(b'{"id":"x"}')).encode()
    assert rows(body, FORM) == [("data.id", "x", "form/gzip/json")]


def test_the_query_of_a_url_in_a_value_is_read() -> None:
    found = rows(b'{"u":"https://shop.example/p?a=1&b=x%20y#s?c=3","v":"app://open?id=7"}')
    assert ("u.a", "1", "json/url") in found
    assert ("u.b", "x y", "json/url") in found
    assert ("u.c", "3", "json/url") in found
    assert ("v.id", "7", "json/url") in found


def test_doubly_escaped_text_is_read() -> None:
    assert rows(b"a=x%2520y", FORM) == [("a", "x%20y", "form"), ("a", "x y", "form/percent")]


@pytest.mark.parametrize("text", ["100% sure", "50%ab of all", "%d items", "5%"])
def test_prose_about_percentages_is_left_alone(text: str) -> None:
    assert len(rows(f'{{"a":"{text}"}}'.encode())) == 1


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(), min_size=1))
def test_every_part_of_a_multipart_form_is_found(fields: dict[str, str]) -> None:
    body = multipart({name: value.encode() for name, value in fields.items()})
    found = rows_of(decode(exchange(body, "multipart/form-data; boundary=xYzZy")))
    texts = {path: value for path, value, steps in found if steps == ("multipart",)}
    plain = {
        name: text
        for name, text in fields.items()
        if text.isprintable() and text[:1] not in '{["<' and not is_form(text)
    }
    assert plain.items() <= texts.items()


def test_files_in_a_multipart_form_are_read_by_their_content() -> None:
    packed = gzip.compress(b'{"stack":"boom"}')
    body = (
        b'--B\r\nContent-Disposition: form-data; name="crash"; filename="c.json.gz"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + packed + b"\r\n"
        b"--B\r\nContent-Disposition: form-data; name=meta\r\nContent-Type: application/json\r\n"
        b'\r\n{"os":"android"}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="b"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"hello world") + b"\r\n"
        b"--B--\r\n"
    )
    expected = [
        ("crash.stack", "boom", "multipart/gzip/json"),
        ("crash.filename", "c.json.gz", "multipart"),
        ("meta.os", "android", "multipart/json"),
        ("b", "hello world", "multipart"),
    ]
    assert rows(body, 'multipart/form-data; boundary="B"') == expected
    assert rows(body) == expected, "without its header"


def test_multipart_bodies_nest_and_hold_what_any_body_may() -> None:
    inner = multipart({"deep": b'{"id": "child-7"}'}, "inner")
    body = (
        b"--B\r\nContent-Disposition: form-data; name=batch\r\n"
        b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n" + inner + b"\r\n"
        b'--B\r\nContent-Disposition: form-data; name="user[mail]"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\nchild=40mail.example\r\n"
        b"--B\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''Z%C3%BCrich.json\r\n"
        b"Content-Type: application/octet-stream\r\n\r\n" + gzip.compress(b"[1]") + b"\r\n--B--\r\n"
    )
    assert read(body, "multipart/form-data; boundary=B") == {
        "batch.deep.id": "child-7",
        "user.mail": "child@mail.example",
        "f.0": "1",
        "f.filename": "Zürich.json",
    }


def test_repeated_parts_are_numbered_and_nameless_ones_are_counted() -> None:
    body = multipart({"a": b"1"})[:-11] + multipart({"a": b"2"})
    assert read(body, "multipart/form-data; boundary=xYzZy") == {"a.0": "1", "a.1": "2"}
    mixed = b"--M\r\nContent-Type: text/plain\r\n\r\nx\r\n--M\r\n\r\ny\r\n--M--"
    assert read(mixed, "multipart/mixed; boundary=M") == {"0": "x", "1": "y"}


@given(st.binary(max_size=200))
def test_any_bytes_may_be_announced_as_multipart(content: bytes) -> None:
    decode(exchange(content, "multipart/form-data; boundary=a"))
    decode(exchange(b"--a\r\n" + content + b"\r\n--a--", "multipart/form-data; boundary=a"))
