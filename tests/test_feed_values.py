"""Counts that platforms write for people: the exact number or nothing, in every language."""

from __future__ import annotations

from typing import Literal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import format_compact_decimal, format_decimal
from hypothesis import assume, example, given
from hypothesis import strategies as st

from analyzer.feed.values import count

# Sentences in which platforms write a count.
SENTENCES = (
    "{}",
    "{} likes",
    "like this video along with {} other people",
    "View {} comments",
    "{} views",
    "Ver {} comentarios",
    "Afficher {} commentaires",
    "{} Me gusta",
    "Me gusta este video junto con {} personas más",
    "Curtir com mais {} pessoas",
    "J'aime cette vidéo, comme {} autres personnes",
    "Ich mag das, wie {} andere auch",
    "Penda video hii pamoja na watu wengine {}",
)
# Without Venetian, of which the tables have a short form of a thousand that says "1" and no more.
LANGUAGES = tuple(each for each in locale_identifiers() if not each.startswith("vec"))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2,746 likes", 2746),
        ("like this video along with 386,120 other people", 386_120),
        ("like this video along with 1 other person", 1),
        ("Curtir com mais 386.120 pessoas", 386_120),
        ("J'aime cette vidéo, comme 1\u202f234\u202f567 autres personnes", 1_234_567),
        ("View 312 comments", 312),
        ("Ver 1.204 comentarios", 1204),
        ("Afficher les 312 commentaires", 312),
        ("312 Kommentare ansehen", 312),
        ("1,23,456 views", 123_456),
        ("312", 312),
        ("1,204", 1204),
        ("1.234.567", 1_234_567),
        ("1\u2019204", 1204),
        ("2.0", 2),
        (7, 7),
        (7.0, 7),
    ],
)
def test_an_exact_number_is_read_however_its_thousands_are_parted(
    written: object, number: int
) -> None:
    assert count(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "386 thousand likes",
        "1.2 million likes",
        "2.7K",
        "386K likes",
        "11 mil Me gusta",
        "Me gusta este video junto con 386 mil personas más",
        "J'aime cette vidéo, comme 386 k autres personnes",
        "12 lakh likes",
        "Penda video hii pamoja na watu wengine elfu 11",
        "elfu 11 likes",
        "1,234 thousand likes",
        "1200 M de visualizaciones",
        "386万 likes",
        "386.000",
        "1.234",
        "0,123",
        "1_234",
        "3 of 11 likes",
        "I like this",
        "-5",
        "-5 likes",
        "9" * 40,
        "1" + " " * 31 + "0",
        "12 likes" + " " * 300 + "thousand",
        True,
        -1,
        1.5,
        None,
    ],
)
def test_what_is_shortened_or_may_be_read_in_two_ways_is_no_number(written: object) -> None:
    assert count(written) is None


@given(
    number=st.integers(0, 10**12),
    language=st.sampled_from(LANGUAGES),
    form=st.sampled_from(("short", "long")),
    digits=st.integers(0, 1),
    sentence=st.sampled_from(SENTENCES),
)
@example(number=11_000, language="sw", form="long", digits=0, sentence="{} likes")
@example(number=1_200_000_000, language="es", form="short", digits=0, sentence="{} views")
@example(number=12_000_000, language="ja", form="short", digits=0, sentence="{}")
@example(number=1_200, language="ak", form="long", digits=0, sentence="with {} views")
def test_the_short_form_of_no_language_is_taken_for_a_number(
    number: int, language: str, form: Literal["short", "long"], digits: int, sentence: str
) -> None:
    locale = Locale.parse(language)
    assume(form in locale.compact_decimal_formats)
    short = format_compact_decimal(number, format_type=form, locale=locale, fraction_digits=digits)
    plain = format_decimal(number, locale=locale)
    for written in (short, plain):
        assert count(sentence.format(written)) in (None, number), sentence.format(written)


@given(number=st.integers(0, 10**12), sentence=st.sampled_from(SENTENCES[:-1]))
def test_the_exact_number_of_an_english_sentence_is_always_read(number: int, sentence: str) -> None:
    assert count(sentence.format(f"{number:,}")) == number


@given(
    number=st.integers(0, 10**6),
    word=st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=12),
    sentence=st.sampled_from(SENTENCES),
)
def test_a_word_that_nobody_knows_beside_a_number_makes_it_none(
    number: int, word: str, sentence: str
) -> None:
    for written in (f"{number} {word}", f"{word} {number}", f"{number}{word}"):
        found = count(sentence.format(written))
        assert found is None or word.lower() in KNOWN, sentence.format(written)


# Words that stand beside an exact number.
KNOWN = {
    *("with", "view", "all", "con", "ver", "los", "com", "mais", "os", "comme", "voir"),
    *("afficher", "les", "wie", "other", "others", "person"),
    *("like", "likes", "views", "comment", "comments", "people", "play", "plays", "vue", "vues"),
}
