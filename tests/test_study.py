"""study.toml: what is right is taken as it is, what is wrong is named with its remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.expectation import Expectation, expect
from analyzer.models import Arm
from analyzer.study import CompareSettings, Study, load_study

KEY = "00112233445566778899aabbccddeeff"
GOOD = f"""
[study]
name = "Bedtime"
app = "com.pebblo.app"
app_version = "1.2"
first_party = ["Pebblo.Example.", "pebblo.net"]
key = "{KEY}"
phases = ["first launch", "use"]

[arms.KE-13]
country = "KE"
age = 13
consent = "refused"
persona = "amina"

[arms.DE-13]
country = "DE"
age = 13
languages = ["de-AT", "en"]
time_zones = ["Europe/Vienna"]

[personas.amina]
"person.email" = "amina@mail.example"
"soc.contacts" = ["a@mail.example", "b@mail.example"]

[compare]
alpha = 0.01
margin = 0.25
min_sessions = 8
unverified = true
"""


def load(root: Path, text: str | bytes = GOOD) -> Study:
    path = root / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_study(root)


def fault(root: Path, text: str | bytes) -> str:
    """Return the complaint about `text`, in one line, without the name of the file."""
    with pytest.raises(UserError) as caught:
        load(root, text)
    line = str(caught.value)
    assert caught.value.fix
    assert line.isprintable()
    assert len(line) < 600
    assert line.startswith(str(root / "study.toml"))
    return line.removeprefix(str(root / "study.toml")).removeprefix(": ").strip()


def without(line: str) -> str:
    return re.sub(rf"(?m)^{re.escape(line)}.*\n", "", GOOD)


def with_value(entry: str, value: str) -> str:
    """GOOD with the value of its first entry of that name changed."""
    return re.sub(rf"(?m)^{entry} = .*$", lambda _: f"{entry} = {value}", GOOD, count=1)


def test_every_entry_is_read(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert (study.name, study.app, study.app_version) == ("Bedtime", "com.pebblo.app", "1.2")
    assert study.first_party == ("pebblo.example", "pebblo.net")
    assert study.key == bytes.fromhex(KEY)
    assert study.phases == ("first launch", "use")
    assert study.arms == {
        "KE-13": Arm("KE-13", "KE", 13, "refused"),
        "DE-13": Arm("DE-13", "DE", 13, "none"),
    }
    assert study.persona("KE-13").values == (
        ("person.email", "amina@mail.example"),
        ("soc.contacts", "a@mail.example"),
        ("soc.contacts", "b@mail.example"),
    )
    assert study.persona("DE-13").values == ()
    assert study.compare == CompareSettings(0.01, 0.25, 8, unverified=True)


def test_an_arm_says_how_its_phone_looks_or_its_country_does(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert study.expectation("DE-13") == Expectation("DE", ("de-AT", "en"), ("Europe/Vienna",))
    assert study.expectation("KE-13") == expect("KE")
    with pytest.raises(UserError, match="no arm"):
        study.expectation("XX")


def test_folders_are_under_the_root(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert {study.captures, study.findings, study.out} == {
        tmp_path / name for name in ("captures", "findings", "out")
    }


def test_what_may_be_left_out_has_a_default(tmp_path: Path) -> None:
    head = f'[study]\nname="n"\napp="a"\nfirst_party=["x.com"]\nkey="{KEY}"\n'
    study = load(tmp_path, f'{head}[arms.A]\ncountry="KE"\nage=0')
    assert (study.app_version, study.phases, dict(study.personas)) == ("", ("use",), {})
    assert study.compare == CompareSettings()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[study", "is not valid TOML: "),
        (b"\xff\xfe", "is not valid TOML: 'utf-8' codec"),
        ("a = " + "[" * 5000, "is not valid TOML: it is nested too deeply"),
        ("a = " + "9" * 5000, "is not valid TOML: "),
        ("", "study is missing: add a table [study]"),
        ("study = 1", "study is not a table: write it as [study]"),
        (
            GOOD + "\n[extra]\n",
            "extra is not an entry: known are arms, compare, feed, personas, publisher, study",
        ),
        (GOOD.replace("app_version", "version"), "study.version is not an entry: known are app,"),
        (without("name"), "study.name is missing: use text"),
        (with_value("name", "1"), "study.name is 1: use text"),
        (with_value("name", '"  "'), "study.name is '  ': use text"),
        (with_value("name", '" x"'), "study.name is ' x': use up to 200 characters on one line"),
        (with_value("app", '"a\\nb"'), r"study.app is 'a\nb': use up to 200 characters"),
        (with_value("app", '"' + "x" * 201 + '"'), "study.app is 'xxx"),
        (with_value("app", "1979-05-27"), "study.app is datetime.date(1979, 5, 27): use text"),
        (with_value("first_party", "[]"), "study.first_party is missing or empty: use a list"),
        (with_value("first_party", '"x.com"'), "study.first_party is missing or empty: use a list"),
        (with_value("first_party", "[[]]"), "study.first_party is a list: use text"),
        (with_value("first_party", '["localhost"]'), "study.first_party holds 'localhost': use"),
        (without("key"), "study.key is not a secret of 32 to 128 hexadecimal digits: copy the one"),
        (with_value("key", '"0011"'), "study.key is not a secret"),
        (with_value("phases", '["a", "a"]'), "study.phases names a phase twice: name each once"),
        (with_value("phases", '[" a"]'), "study.phases is ' a': use up to 200"),
        (with_value("country", '"Kenya"'), "arms.KE-13.country is 'Kenya': use a two-letter ISO"),
        (without("age"), "arms.KE-13.age is missing: use whole years from 0 to 120"),
        (with_value("age", "13.5"), "arms.KE-13.age is 13.5: use whole years"),
        (with_value("age", "true"), "arms.KE-13.age is True: use whole years"),
        (with_value("age", "-1"), "arms.KE-13.age is -1: use whole years"),
        (with_value("age", "0x" + "f" * 9000), "arms.KE-13.age is a very large number: use whole"),
        (with_value("consent", '"yes"'), "arms.KE-13.consent is 'yes': use one of 'none', 'accept"),
        (with_value("consent", "{a = 1}"), "arms.KE-13.consent is a table: use one of"),
        (
            with_value("persona", '"nobody"'),
            "arms.KE-13.persona names 'nobody': declare [personas.",
        ),
        (GOOD.replace("[arms.KE-13]", '[arms."K E"]'), "arms.K E is not a label: use letters,"),
        (GOOD.replace("[arms.KE-13]", '[arms."../x"]'), "arms.../x is not a label: use letters,"),
        (GOOD.replace("[personas.amina]", '[personas."a\\u0007"]'), r"personas is 'a\x07': use up"),
        (GOOD + "[personas.x]\ny = 3", "personas"),
        (GOOD + '[personas.x]\n"a\\nb" = 3', "personas"),
        (with_value("languages", '["Deutsch"]'), "arms.DE-13.languages holds 'Deutsch': use tags"),
        (with_value("languages", "[]"), "arms.DE-13.languages is missing or empty: use a list"),
        (with_value("languages", '"de"'), "arms.DE-13.languages is missing or empty: use a list"),
        (with_value("time_zones", '["Vienna"]'), "arms.DE-13.time_zones holds 'Vienna': use names"),
        (with_value("time_zones", "[1]"), "arms.DE-13.time_zones is 1: use text"),
        (with_value("alpha", "1"), "compare.alpha is 1: use a number between 0 and 1"),
        (with_value("alpha", "nan"), "compare.alpha is nan: use a number between 0 and 1"),
        (with_value("margin", '"0.4"'), "compare.margin is '0.4': use a number between 0 and 1"),
        (with_value("min_sessions", "1"), "compare.min_sessions is 1: use a number from 2 to 1000"),
        (with_value("min_sessions", "5.0"), "compare.min_sessions is 5.0: use a number from 2"),
        (with_value("unverified", "1"), "compare.unverified is 1: use true or false"),
    ],
)
def test_a_fault_is_named_with_its_entry_and_its_remedy(
    tmp_path: Path, text: str | bytes, complaint: str
) -> None:
    assert fault(tmp_path, text).startswith(complaint)


def test_no_arms_is_a_fault(tmp_path: Path) -> None:
    text = GOOD.partition("[arms")[0] + "[arms]\n"
    assert fault(tmp_path, text) == "arms is empty: declare at least one, such as [arms.KE-13]"


def test_an_entry_nested_without_end_is_named_in_a_word(tmp_path: Path) -> None:
    deep = with_value("age", "{" + ".".join("a" * 3000) + " = 1}")
    assert fault(tmp_path, deep).startswith("arms.KE-13.age is a table: use whole years")


def test_a_folder_without_a_study_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no study\.toml in .*: run `evenhand init DIR`, or name"):
        load_study(tmp_path)


def test_a_study_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "study.toml").mkdir()
    with pytest.raises(UserError, match=r"study\.toml cannot be read: Is a directory"):
        load_study(tmp_path)


def test_an_unknown_arm_or_phase_is_answered_with_those_there_are(tmp_path: Path) -> None:
    study = load(tmp_path)
    assert study.phase(None) == study.phase("first launch") == "first launch"
    with pytest.raises(UserError, match=r"no phase 'us' in study.toml: use one of first launch, u"):
        study.phase("us")
    assert study.arm("KE-13").country == "KE"
    with pytest.raises(UserError, match=r"no arm 'KE' in study.toml: use one of KE-13, DE-13"):
        study.arm("KE")


# Whatever TOML can hold, in whatever place: read, or refused in one line.

_WORDS = (
    "study arms personas compare name app app_version key phases first_party country age consent"
    " persona languages time_zones alpha margin min_sessions unverified KE-13 amina person.email"
)
_words = st.sampled_from(_WORDS.split()) | st.text(max_size=8)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["KE", "none", "amina", KEY, "x.com", "use"])
    | st.dates()
    | st.integers(min_value=10**5000, max_value=10**5001),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=12,
)
_GOOD: dict[str, Any] = {
    "study": {"name": "n", "app": "a", "first_party": ["x.com"], "key": KEY, "phases": ["use"]},
    "arms": {"KE-13": {"country": "KE", "age": 13, "persona": "amina"}},
    "personas": {"amina": {"person.email": "a@mail.example"}},
    "compare": {"alpha": 0.05},
}


@st.composite
def changed_studies(draw: st.DrawFn) -> dict[str, Any]:
    """A study in which some entries, at any depth, are other ones or more."""

    def change(table: dict[str, Any]) -> dict[str, Any]:
        copy = {
            key: change(value) if isinstance(value, dict) else value for key, value in table.items()
        }
        if draw(st.booleans()):
            copy[draw(st.sampled_from(sorted(copy)) | _words)] = draw(_values)
        return copy

    return change(_GOOD)


def reads_or_refuses(root: Path) -> None:
    found: Study | UserError
    try:
        found = load_study(root)
    except UserError as error:
        found = error
    if isinstance(found, UserError):
        assert found.message.isprintable()
        assert found.fix
        assert len(str(found)) < 1000
    else:
        assert found.arms
        assert all(found.persona(label).name is not None for label in found.arms)
        assert 0 < found.compare.alpha < 1
        assert 2 <= found.compare.min_sessions <= 1000


@given(changed_studies())
@settings(max_examples=300, deadline=None)
def test_any_table_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: dict[str, Any]
) -> None:
    root = tmp_path_factory.mktemp("study", numbered=True)
    (root / "study.toml").write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.study.tomllib.loads", lambda _: raw)
        reads_or_refuses(root)


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"a = 1e999999999999")
@example(b"a = 0b" + b"1" * 100_000)
@example(b"a = 2020-13-45")
@example(b"[" * 100_000)
@example(b"a." * 2000 + b"a = 1")
@settings(max_examples=200, deadline=None)
def test_any_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("study", numbered=True)
    (root / "study.toml").write_bytes(content)
    reads_or_refuses(root)


def test_a_study_may_say_that_its_app_does_not_exist(tmp_path: Path) -> None:
    plain = load(tmp_path)
    said = load(tmp_path, GOOD.replace("[study]\n", "[study]\nfictional = true\n", 1))
    assert (plain.fictional, said.fictional) == (False, True)
    with pytest.raises(UserError, match=r"study\.fictional is 1: use true or false"):
        load(tmp_path, GOOD.replace("[study]\n", "[study]\nfictional = 1\n", 1))
