from __future__ import annotations

import pickle

import pytest
from babel import Locale
from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from analyzer.extract.shapes import visible
from analyzer.knowledge import load_knowledge
from analyzer.said import Numeral, say, say_many
from reports.language import LANGUAGES, Figure, Language
from reports.translating import install

RIGHT_TO_LEFT = "\u202e"
SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f", " "))


def speaking(code: str, template: str) -> Environment:
    environment = Environment(
        loader=DictLoader({"page": template}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: (
            visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    install(environment, Language(code))
    return environment


def rendered(code: str, template: str, **values: object) -> str:
    return speaking(code, template).get_template("page").render(**values)


def test_english_is_said_as_it_is_written() -> None:
    english = Language()
    told = say("{n} of {all} in {side}", n=1234, all=5, side="Kenya")
    assert english.tell(told) == told == "1234 of 5 in Kenya"
    assert english.term("advertising ID") == "advertising ID"
    assert english.ngettext("one", "many", 2) == "many"


def test_a_language_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(KeyError):
        Language("tlh")


def test_arabic_alone_is_written_to_the_left() -> None:
    assert {code: Language(code).direction for code in LANGUAGES} == {
        code: "rtl" if code == "ar" else "ltr" for code in LANGUAGES
    }


@pytest.mark.parametrize(
    ("code", "number", "percent", "interval"),
    [
        ("en", "1,234.5", "12.3%", "[-100, +50]"),
        ("es", "1234,5", "12,3 %", "[-100; +50]"),
        ("fr", "1 234,5", "12,3 %", "[-100; +50]"),
        ("pt", "1.234,5", "12,3%", "[-100; +50]"),
        ("de", "1.234,5", "12,3 %", "[-100; +50]"),
        ("sw", "1,234.5", "12.3%", "[-100, +50]"),
        ("fil", "1,234.5", "12.3%", "[-100, +50]"),
    ],
)
def test_numbers_are_written_as_the_language_does(
    code: str, number: str, percent: str, interval: str
) -> None:
    language = Language(code)
    assert language.number(1234.5).translate(SPACES) in {number, number.replace("1234", "1.234")}
    assert language.number(0.123 * 100, 1) + "%" == percent.replace(" ", "")
    assert language.interval(-1, 0.5) == interval


def test_arabic_has_the_digits_that_cldr_has_for_it_and_keeps_their_order() -> None:
    arabic = Language("ar")
    assert Locale("ar").default_numbering_system == "latn"
    assert arabic.number(12) == "12"
    assert arabic.interval(-1, 0.5) == "\u2066[-100، +50]\u2069"
    assert arabic.share(3, 6) == "\u20663/6\u2069"
    ends = arabic.duration(672, 1), arabic.signed("+", arabic.duration(1109.9, 1))
    assert arabic.bracketed(*ends) == "\u2067[11.2 د، \u2066+18.5\u2069 د]\u2069"
    assert arabic.date("2026-11-20") == "20 نوفمبر 2026"
    assert "<0.001" in arabic.probability(0)


@pytest.mark.parametrize(
    ("part", "told"), [(1, "100%"), (0, "0%"), (0.9999, "99.9%"), (0.00001, "0.1%"), (0.5, "50%")]
)
def test_all_and_none_are_told_only_where_they_are_exact(part: float, told: str) -> None:
    assert Language().percent(part) == told


@pytest.mark.parametrize(
    ("code", "day", "month", "days"),
    [
        ("en", "20 November 2026", "November 2026", "20–21 Nov 2026"),  # noqa: RUF001
        ("es", "20 de noviembre de 2026", "noviembre de 2026", "20–21 de noviembre de 2026"),  # noqa: RUF001
        ("sw", "20 Novemba 2026", "Novemba 2026", "20 – 21 Nov 2026"),  # noqa: RUF001
        ("fil", "Nobyembre 20, 2026", "Nobyembre 2026", "Nob 20–21, 2026"),  # noqa: RUF001
    ],
)
def test_dates_are_written_as_the_language_does(code: str, day: str, month: str, days: str) -> None:
    language = Language(code)
    assert language.date("2026-11-20T23:59:00Z") == day
    assert language.date("2026-11") == month
    assert language.date("2026") == "2026"
    assert language.days("2026-11-20", "2026-11-21").replace("\u2009", " ") == days
    assert language.days("2026-11-20", "2026-11-20") == day


@pytest.mark.parametrize("odd", ["", "x", "0000-01-01", "2026-13-40", "open"])
def test_what_is_no_date_stays_as_it_is(odd: str) -> None:
    assert Language("de").date(odd) == odd
    assert Language("de").days(odd, "2026") == odd


def test_countries_have_the_name_of_the_language_and_in_english_that_of_the_data() -> None:
    assert Language().country("BO") == load_knowledge().countries["BO"].name
    assert Language("sw").country("PH") == "Ufilipino"
    assert Language("sw").term("Philippines") == "Ufilipino"
    assert Language("sw").country("XX") == "XX"


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_country_has_a_name(code: str) -> None:
    language = Language(code)
    nameless = [each for each in load_knowledge().countries if language.country(each) == each]
    assert nameless == []


def test_what_is_filled_in_is_said_in_the_language_too() -> None:
    german = Language("de")
    told = say(
        "{side}: {what} ({n})", side="Kenya", what=("South Africa", say("{x}", x=0.5)), n=10000
    )
    assert german.tell(told) == "Kenia: Südafrika, 0,5 (10.000)"
    assert german.tell("Kenya") == "Kenya"  # no sentence of ours


def test_what_no_catalogue_has_is_said_in_english() -> None:
    assert Language("de").tell(say("never said before: {x}", x=1)) == "never said before: 1"
    many = say_many("{number} never said", "{number} never said at all", 2)
    assert Language("ar").tell(many) == "2 never said at all"


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_template_escapes_what_it_is_given_and_makes_it_visible(code: str) -> None:
    text = "{% trans host=host %}to <b>{{ host }}</b>, {{ host }}{% endtrans %} {{ said | tell }}"
    hostile = f"<script>{RIGHT_TO_LEFT}%(host)s{{x}}"
    page = rendered(code, text, host=hostile, said=say("{x} < {y}", x=hostile, y=1))
    shown = "&lt;script&gt;⟨U+202E⟩%(host)s{x}"
    assert page == f"to <b>{shown}</b>, {shown} <bdi>{shown}</bdi> &lt; {Language(code).number(1)}"


def test_a_template_counts_and_writes_numbers_in_its_language() -> None:
    text = "{% trans n=n %}{{ n }} nap of 1%{% pluralize %}{{ n }} naps of 1%{% endtrans %}"
    assert rendered("de", text, n=1) == "1 nap of 1%"
    assert rendered("de", text, n=5000) == "5.000 naps of 1%"


def test_a_template_knows_its_language() -> None:
    text = '<html lang="{{ language.code }}" dir="{{ language.direction }}">{{ 0.5 | percent }}'
    assert rendered("ar", text) == '<html lang="ar" dir="rtl">\u206650%\u2069'
    assert rendered("en", text) == '<html lang="en" dir="ltr">50%'


def test_a_template_without_markup_escapes_nothing() -> None:
    environment = Environment(loader=DictLoader({"a": "{% trans x=x %}<{{ x }}>{% endtrans %}"}))
    install(environment, Language("fr"))
    assert environment.get_template("a").render(x="&") == "<&>"


def test_only_numbers_are_left_alone_when_a_page_is_made_visible() -> None:
    text = "{{ number }} {{ captured }}"
    page = rendered("ar", text, number=Figure("\u20661\u2069"), captured="\u20661\u2069")
    assert page == "\u20661\u2069 ⟨U+2066⟩1⟨U+2069⟩"


@pytest.mark.parametrize(
    ("value", "form", "english", "spanish"),
    [
        (0.7826, ".3g", "0.783", "0,783"),
        (0.31, ".2f", "0.31", "0,31"),
        (2.0, ".2f", "2.00", "2,00"),
        (-67, "+.0f", "-67", "-67"),
        (67, "+.0f", "+67", "+67"),
        (12345.6, ".0f", "12346", "12.346"),
        (12345.6, ".3g", "1.23e+04", "12.300"),
        (float("inf"), ".3g", "inf", "∞"),
    ],
)
def test_numbers_in_a_sentence_keep_their_decimals_and_are_written_as_its_language_does(
    value: float, form: str, english: str, spanish: str
) -> None:
    said = say("q = {q}", q=Numeral(value, form))
    assert said == Language().tell(said) == f"q = {english}"
    assert Language("es").tell(said) == f"q = {spanish}"
    assert pickle.loads(pickle.dumps(said)).translated(str, lambda one, _, __: one) == said
    shown = rendered("es", "{{ said | tell }}", said=said)
    assert shown == f"q = {spanish}"  # its own, so not set apart as a captured text is


def test_a_number_in_a_sentence_keeps_its_order_in_arabic() -> None:
    said = say("{low} to {high}", low=Numeral(-0.5, ".2f"), high=Numeral(1.5, "+.1f"))
    told = Language("ar").tell(said)
    assert told.count("\u2066") == told.count("\u2069") == 2
    assert "1.5" in told
    assert "0.50" in told


def test_a_line_is_divided_as_its_language_divides_it() -> None:
    assert [Language(code).colon for code in ("en", "de", "fr")] == [": ", ": ", "\u00a0: "]
    assert [Language(code).semicolon for code in ("en", "ar")] == ["; ", "؛ "]
