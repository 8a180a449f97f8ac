"""What is read by an outline that came before is what is read without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wire import exchange

from analyzer.decode import Decoded, Limits, decode
from analyzer.decoders import DECODERS, MISS, Budget, Hint, form, json_outline, outlines
from analyzer.decoders.outlines import MEMORY, Columns, suspects
from analyzer.decoders.plan import bare_text, inert, inert_until, is_bare
from analyzer.models import Exchange

PIECES = '{}[]",:0123456789.-+eEtrufalsn \\\n\t\r\x00\x01\x0b\x7fé\U0001f600='
names = st.text("abé_\\\"'\t.", min_size=0, max_size=3)
texts = (
    st.text(max_size=6)
    | st.text(PIECES, max_size=8)
    | st.sampled_from(
        ["AbCdEfGhIjKlMnOpQrStUv", "x=1&y=%41", '{"a":[1]}', "eyJhIjoxfQ==", "a" * 300]
    )
)
numbers = (
    st.integers(-(2**66), 2**66)
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-200, 200).map(lambda number: round(number, 4))
)
scalars = st.none() | st.booleans() | numbers | texts
documents = st.recursive(
    st.dictionaries(names, scalars, max_size=4) | st.lists(scalars, max_size=4),
    lambda inner: (
        st.dictionaries(names, inner | scalars, max_size=4) | st.lists(inner | scalars, max_size=3)
    ),
    max_leaves=12,
)
styles = st.sampled_from(
    [
        {"separators": (",", ":")},
        {},
        {"indent": 2, "ensure_ascii": False},
        {"indent": "\t"},
        {"separators": (" ,", "\r\n:")},
    ]
)


ODD_NUMBERS = """
0 -0 00 01 -01 1. .5 +1 - + -- 1-2 1.2.3 0.10 1.0 -0.0 1e5 1E+5 1e400 -1e400 1e-7 0.00001
9007199254740993 9223372036854775808 18446744073709551615 18446744073709551616 1e18
-9223372036854775809 0.1234567890123456789 999999999999999999.5 1000000000000000000.5
123456789012345678901234567890 0x1 NaN Infinity null nul true 1,2 [] {}
"""
NO_NUMBERS = ["9" * 5000, "1 2", "", '"', '"x"', "\t7", "7\n", "\x0b7", "\uff17"]


def plainly(made: Exchange, limits: Limits) -> Decoded:
    """Decode without any outline."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_outline, "LONGEST", -1)
        patch.setattr(form, "LONGEST", -1)
        return decode(made, limits)


def same(made: Exchange, limits: Limits | None = None) -> None:
    """Check that it makes no difference how often an exchange was decoded before."""
    limits = limits or Limits()
    expected = plainly(made, limits)
    for _ in range(4):
        assert decode(made, limits) == expected


def body(content: bytes, media: str = "application/json") -> Exchange:
    return exchange(content, media)


def refilled(tree: object, draw: Callable[[], object]) -> object:
    """Return a tree of the same outline with other text and numbers."""
    if isinstance(tree, dict):
        return {name: refilled(value, draw) for name, value in tree.items()}
    if isinstance(tree, list):
        return [refilled(value, draw) for value in tree]
    return tree if tree is None or isinstance(tree, bool) else draw()


@given(documents, styles)
def test_a_document_reads_the_same_each_time(tree: object, style: dict[str, object]) -> None:
    same(body(json.dumps(tree, **style).encode()))  # type: ignore[arg-type]


@given(st.data(), documents, styles)
def test_documents_of_one_outline_read_as_without_it(
    data: st.DataObject, tree: object, style: dict[str, object]
) -> None:
    for _ in range(4):
        again = refilled(tree, lambda: data.draw(texts | numbers))
        made = body(json.dumps(again, **style).encode())  # type: ignore[arg-type]
        assert decode(made) == plainly(made, Limits())


@given(st.data(), documents, styles)
def test_what_is_almost_a_known_document_reads_as_without_its_outline(
    data: st.DataObject, tree: object, style: dict[str, object]
) -> None:
    text = json.dumps(tree, **style)  # type: ignore[arg-type]
    for _ in range(3):
        decode(body(text.encode()))
    for _ in range(4):
        at = data.draw(st.integers(0, len(text)))
        removed = data.draw(st.integers(0, 2))
        changed = text[:at] + data.draw(st.text(PIECES, max_size=2)) + text[at + removed :]
        made = body(changed.encode())
        assert decode(made) == plainly(made, Limits())


@pytest.mark.parametrize("number", [*ODD_NUMBERS.split(), *NO_NUMBERS])
def test_each_odd_number_at_a_known_place_reads_as_without_it(number: str) -> None:
    for known in ("7", "7.5", "-7"):
        before = '{"a":%s,"b":{"c":[%s,"x"]},"d":"{\\"z\\":-0}"}'
        for _ in range(4):
            decode(body((before % (known, known)).encode()))
        for one, other in ((number, known), (known, number), (number, number)):
            made = body((before % (one, other)).encode())
            assert decode(made) == plainly(made, Limits())


@pytest.mark.parametrize(
    "string",
    [
        *("\\n", "\\u0041", "\\ud800", "\\ud83d\\ude00", '\\"', "\\\\", "\\x", "\\", "\\/"),
        *("\n", "\t", "\r", "\x00", "\x01", "\x0b", "\x1f", "\x7f", "\u2028"),
        *('a\\"b=c', "=\\u0026", '","b":"'),
    ],
)
def test_each_odd_string_at_a_known_place_reads_as_without_it(string: str) -> None:
    for before in ('{"a":"%s","b":"%s"}', '{\n\t"a": "%s",\r\n\t"b": "%s"}', '["%s", {"é":"%s"}]'):
        for _ in range(4):
            decode(body((before % ("x", "y")).encode()))
        for one, other in ((string, "y"), ("x", string), (string, string)):
            made = body((before % (one, other)).encode())
            assert decode(made) == plainly(made, Limits())


@pytest.mark.parametrize(
    "other",
    [
        '{"a":1,"a":"x"}',
        '{"a":"x","a":{}}',
        '{"a":{"b":1},"a":1}',
        '{"b":1,"a":"x"}',
        '{"a":1,"b":"x"} ',
        ' {"a":1,"b":"x"}',
        '{"a":1,"b":"x"}}',
        '{"a":1,"b":"x"}1',
        '1{"a":1,"b":"x"}',
        '1{"a":,"b":"x"}',
        '{"a":,"b":"x"1}',
        '{"a"1:,"b":"x"}',
        '{"a":1,"b:"x"}',
        '{"a":1,"b":x"}',
        '{"a":1,b:"x"}',
        '{"a":[],"b":"x"}',
        '\ufeff{"a":1,"b":"x"}',
    ],
)
def test_each_neighbour_of_a_known_document_reads_as_without_it(other: str) -> None:
    for _ in range(4):
        decode(body(b'{"a":1,"b":"x"}'))
    for encoding in ("utf-8", "utf-16"):
        same(body(other.encode(encoding)))


def test_an_empty_list_and_one_of_a_number_are_not_the_same() -> None:
    for text in ('{"a":[],"b":[1]}', '{"a":[1],"b":[]}', '{"a":[],"b":[]}', '{"a":[2],"b":[3]}'):
        same(body(text.encode()))


@pytest.mark.parametrize("limits", [{"max_leaves": 5}, {"max_json_depth": 2}, {"max_depth": 1}])
def test_the_bounds_are_the_same(limits: dict[str, int]) -> None:
    for text in (
        '{"a":[1,2,{"b":"c"}],"d":{"e":"f"}}',
        '{"a":[1,2,{"b":"c"}],"d":{"e":"f","g":1,"h":2}}',
        json.dumps({"a": json.dumps({"b": json.dumps([1, 2, 3])}), "c": [1, 2]}),
    ):
        same(body(text.encode()), Limits(**limits))
        same(body(text.encode()))


def test_a_path_that_is_too_long_is_told_each_time() -> None:
    inner = json.dumps({"n" * 300: {"m" * 300: 1}})
    for depth in range(1, 5):
        tree: object = inner
        for _ in range(depth):
            tree = {"p" * 300: tree}
        same(body(json.dumps(tree).encode()))


def test_a_document_met_twice_is_read_by_its_outline_from_then_on() -> None:
    MEMORY.forget()
    tree = {"id": "x", "rows": [{"n": 1.5, "t": True, "z": None}], "text": "a=b&c=%41"}
    read = DECODERS.entries()["json"].body
    assert read is not None
    content = json.dumps(tree).encode()
    for _ in range(2):
        read(content, Hint(), Budget(Limits()))
    found = read(content, Hint(), Budget(Limits()))
    assert isinstance(found, Columns)
    assert found.shape.paths == ("id", "rows.0.n", "rows.0.t", "rows.0.z", "text")
    assert list(found.values) == ["x", "1.5", "true", "", "a=b&c=%41"]
    assert list(found.suspects) == [4]


@given(documents)
def test_message_pack_reads_the_same_each_time(tree: object) -> None:
    try:
        content = msgpack.packb(tree)
    except OverflowError:
        return
    same(body(content, "application/msgpack"))


def test_message_pack_with_a_repeated_name_hides_no_value() -> None:
    content = b"\x82\xa1a\x01\xa1a\x02"
    same(body(content, "application/msgpack"))
    found = decode(body(content, "application/msgpack"))
    assert [leaf.value for leaf in found.leaves if leaf.part == "body"] == ["1", "2"]


def test_message_pack_of_no_number_reads_the_same_each_time() -> None:
    for number in (float("nan"), float("inf"), -0.0, 1e300, 2**64 - 1, b"\xff", -(2**63)):
        same(body(msgpack.packb({"a": number, "b": [1, None]}), "application/msgpack"))


fields = st.lists(st.tuples(st.sampled_from(["a", "b", "c[]", "d[x]", "d[y]", "é", ""]), texts))


@given(fields, st.data())
@example([("a", "x"), ("b", "%")], None)
def test_forms_and_queries_read_the_same_each_time(
    pairs: list[tuple[str, str]], data: st.DataObject | None
) -> None:
    text = urlencode(pairs, errors="replace")
    same(body(text.encode(), "application/x-www-form-urlencoded"))
    same(exchange(url=f"https://host.example/p?{text}"))
    if data is not None:
        at = data.draw(st.integers(0, len(text)))
        changed = text[:at] + data.draw(st.text("&=;%+[]41\x00é", max_size=2)) + text[at + 1 :]
        same(body(changed.encode(), "application/x-www-form-urlencoded"))


@given(st.lists(texts, max_size=6))
def test_the_search_in_all_strings_at_once_finds_what_the_search_in_each_finds(
    strings: list[str],
) -> None:
    expected = [at for at, text in enumerate(strings) if len(text) > 255 or not inert(text)]
    assert suspects(strings) == expected
    assert suspects(strings) == expected


@given(st.text(max_size=12) | st.text("ab.,:|~*-_é=%{ 7b", max_size=16))
def test_a_line_is_inert_where_its_text_is(text: str) -> None:
    if "\n" not in text:
        assert (inert_until(f"{text}\n") > len(text)) == (inert(text) is not None)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
@example("data:x")
@example("bplist00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
def test_text_that_is_bare_no_decoder_of_bodies_takes(text: str) -> None:
    content = text.encode()
    if not content or not is_bare(content):
        return
    unpacking = () if bare_text(content) is not None else ("raw_deflate",)
    for name, decoder in DECODERS.entries().items():
        fits = decoder.sniffed and (not decoder.starts or content[:1] in decoder.starts)
        if decoder.body and fits and name not in unpacking:
            assert decoder.body(content, Hint(), Budget(Limits())) is MISS, name


def test_what_is_remembered_is_bounded_whatever_comes() -> None:
    for number in range(3000):
        content = json.dumps({f"{'n' * 400}{number}.{at}": at for at in range(20)}).encode()
        for _ in range(3):
            decode(body(content))
    held = sum(
        len("".join(known.between)) + sum(map(len, known.shape.paths))
        for outline in json_outline._outlines.values()
        for known in outline.shapes.values()
    )
    assert 0 < held < 3 * outlines._MOST_CHARACTERS
