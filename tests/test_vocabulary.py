"""The words of keys: how keys are split, and what is wrong with the files that explain them."""

from __future__ import annotations

import pytest

from analyzer.knowledge import DATA, load_knowledge
from analyzer.knowledge.ontology import read_types
from analyzer.knowledge.source import Source
from analyzer.knowledge.vocabulary import read_points, read_vocabulary
from analyzer.knowledge.vocabulary_records import EVIDENCE, words_of

WORDS = load_knowledge().vocabulary
TYPES = read_types(Source("ontology.yaml", (DATA / "ontology.yaml").read_text(encoding="utf-8")))
POINTS = "points:\n  base: 0\n" + "".join(f'  "{name}": 1\n' for name in EVIDENCE)
NAMES = """\
words: {mdl: model}
fillers: [value]
stoppers: [count]
containers: [user_data]
names:
  - type: dev.model
    sure: [phone brand]
    likely: [chip]
steps: {user.name: person.name, video.w: nothing}
headers: [accept]
usual: {dev.model: [tablet]}
makers: [example]
models: ['EX-[0-9]+']
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("deviceModel", ("device", "model")),
        ("device_model", ("device", "model")),
        ("DEVICE-MODEL", ("device", "model")),
        ("device.Model", ("device", "model")),
        ("IPAddress", ("ip", "address")),
        ("userID", ("user", "id")),
        ("iOSVersion", ("ios", "version")),
        ("$screen_width", ("screen", "width")),
        ("sha256Email", ("sha256", "email")),
        ("", ()),
        ("...", ()),
    ],
)
def test_a_key_is_split_into_its_words(key: str, expected: tuple[str, ...]) -> None:
    assert words_of(key) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("dev_mdl", ("device", "model")),
        ("devicemodel", ("device", "model")),
        ("deviceosversion", ("device", "os", "version")),
        ("osVer", ("os", "version")),
        ("qzxwvu", ("qzxwvu",)),
    ],
)
def test_abbreviations_are_replaced_and_glued_words_parted(
    key: str, expected: tuple[str, ...]
) -> None:
    assert WORDS.split(key) == expected


def test_a_hostile_key_is_split_in_bounded_time() -> None:
    assert len(words_of("a" * 1_000_000)[0]) == 64
    assert WORDS.split("device" * 100_000)


def test_a_sound_file_is_read() -> None:
    names, points = Source("names.yaml", NAMES), Source("confidence.yaml", POINTS)
    found = read_vocabulary(names, points, TYPES)
    assert (names.faults(), points.faults()) == ([], [])
    assert found.names["phonebrand"] == (("dev.model", "sure"),)
    assert found.names["deviceid"] == (("id.device", "exact"),)
    assert found.steps == {("user", "name"): "person.name", ("video", "w"): ""}
    assert found.containers == {"userdata"}
    assert found.points["base"] == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("dev.model\n", "dev.modle\n", 6, "unknown"),
        ("phone brand", "device mdl", 7, "stands under dev.model in ontology.yaml"),
        ("[chip]", "[phone brand]", 8, "twice"),
        ("phone brand", "Phone Brand", 7, "lower case"),
        ("mdl: model", "m_dl: model", 1, "not one word"),
        ("EX-[0-9]+", "EX-[0-9", 13, "not a regular expression"),
        ("user.name: person.name", "user.name: person.nome", 9, "not a data type"),
        ("user.name: person.name", "user name: person.name", 9, "write two steps"),
        ("fillers: [value]\n", "", 1, "is missing"),
        ("usual: {dev.model", "usual: {dev.modle", 11, "unknown"),
        ("makers: [example]", "maker: [example]", 12, "unknown entry"),
    ],
)
def test_a_mistake_in_the_names_is_found_on_its_line(
    old: str, new: str, line: int, what: str
) -> None:
    assert NAMES.count(old) == 1
    names = Source("names.yaml", NAMES.replace(old, new))
    read_vocabulary(names, Source("confidence.yaml", POINTS), TYPES)
    assert [(fault.line, what in fault.what) for fault in names.faults()] == [(line, True)]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("  base: 0\n", "", "lacks base"),
        ("base: 0", "base: much", "whole number"),
        ("base: 0", "base: 500", "whole number"),
        ("base: 0", "base: 0\n  luck: 3", "no evidence"),
    ],
)
def test_a_mistake_in_the_points_is_found(old: str, new: str, what: str) -> None:
    source = Source("confidence.yaml", POINTS.replace(old, new, 1))
    read_points(source)
    assert len(source.faults()) == 1
    assert what in source.faults()[0].what
