from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract.shapes import (
    SHAPES,
    canonical,
    digest,
    is_blank,
    safe_host,
    safe_path,
    safe_url,
    shape,
    visible,
)
from analyzer.knowledge import SHAPES as NAMED_IN_FILES
from analyzer.knowledge import load_knowledge

KEY = b"k" * 32
UUID = "3f2b8c1a-7d4e-4f60-9a1b-2c3d4e5f6071"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (UUID, "uuid"),
        (UUID.upper(), "uuid"),
        ("00000000-0000-0000-0000-000000000000", "uuid:zero"),
        ("ada.k@mail.example.org", "email"),
        ("ada@localhost", "text:<=16"),
        ("+254 712 345678", "phone"),
        ("00254712345678", "phone"),
        ("+49-30-1234567", "phone"),
        ("-1.28333,36.81667", "geo:5-decimals"),
        ("52.52;13.405", "geo:2-decimals"),
        ("10.0.0.1", "ip:v4"),
        ("999.0.0.1", "text:<=16"),
        ("2001:db8::1", "ip:v6"),
        ("02:1a:2b:3c:4d:5e", "mac"),
        ("02-1A-2B-3C-4D-5E", "mac"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hex:32"),
        ("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "hex:40"),
        ("0a1b2c3d4e", "hex"),
        ("deadbeef", "text:<=16"),
        ("42", "int"),
        ("-7", "int"),
        ("3.25", "decimal"),
        ("1e-7", "decimal"),
        ("true", "bool"),
        ("1763000000", "timestamp"),
        ("1763000000123", "timestamp"),
        ("1763000000123456789", "timestamp"),
        ("9999999999", "int"),
        ("4096000000", "int"),  # bytes
        ("1172860168313205", "int"),  # 2007
        ("2500000000000000000", "int"),
        ("2013-04-05", "date"),
        ("5/4/2013", "date"),
        ("2013-04-05T06:07:08.123Z", "datetime"),
        ("2026-11-01T10:00:00.000Z+0300", "text:<=64"),
        ("sw", "language"),
        ("pt-BR", "language"),
        ("zh_Hans_CN", "language"),
        ("en-GB,en;q=0.9,sw;q=0.8", "language"),
        ("KE", "country"),
        ("https://t.example/p?q=1", "url"),
        ('{"a":1}', "json"),
        ("[1,2]", "json"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt"),
        ("c29tZSBieXRlcyBoZXJlIDEyMw==", "base64"),
        ("isUserSubjectToGDPR", "text:<=64"),
        ("hello", "text:<=16"),
        ("Mozilla/5.0 (Linux; Android 14)", "text:<=64"),
        ("x " * 60, "text:<=256"),
        ("x " * 600, "text:long"),
        ("x " * 6000, "text:long"),
    ],
)
def test_a_value_has_its_shape(value: str, expected: str) -> None:
    assert shape(value) == expected


@pytest.mark.parametrize(
    ("value", "data_type", "expected"),
    [
        ("-1.2833", "loc.precise", "geo:4-decimals"),
        ("36", "loc.precise", "geo:0-decimals"),
        ("1.28333333333333333", "loc.precise", "geo:9-decimals"),
        ("de", "loc.country", "country"),
        ("0712345678", "person.phone", "phone"),
        ("1763000000123456789", "id.device", "int"),
        ("1763000000123", "id.session", "timestamp"),
        ("1763000320", "dev.state", "int"),  # a multiple of 1024: bytes of memory
        ("1763000000", "dev.state", "timestamp"),
        ("0712345678", "id.device", "int"),
    ],
)
def test_the_data_type_decides_what_the_text_leaves_open(
    value: str, data_type: str, expected: str
) -> None:
    assert shape(value, data_type) == expected


@settings(deadline=None)
@given(st.text(max_size=400))
def test_the_vocabulary_is_closed(value: str) -> None:
    assert shape(value) in SHAPES
    assert shape(value, "loc.precise") in SHAPES


def test_files_can_name_every_shape_and_no_other() -> None:
    assert {each.partition(":")[0] for each in SHAPES} == NAMED_IN_FILES


@settings(deadline=None)
@given(st.text(alphabet=string.ascii_letters + string.digits + "@.-_+/ ", min_size=8))
def test_no_shape_holds_the_value(value: str) -> None:
    assert value not in SHAPES
    assert value not in shape(value)


def test_equal_values_share_a_digest_and_only_under_one_key() -> None:
    assert digest(f" {UUID.upper()}", KEY) == digest(UUID, KEY)
    assert digest("Ada@Mail.example", KEY) == digest("ada@mail.example", KEY)
    assert digest("Nairobi", KEY) != digest("nairobi", KEY)
    assert digest(UUID, KEY) != digest(UUID, b"j" * 32)
    assert len(digest(UUID, KEY)) == 24


def test_what_says_nothing_is_blank() -> None:
    for value in ("", " ", "null", "None", "00000000-0000-0000-0000-000000000000", "0" * 32):
        assert is_blank(value)
    for value in ("0", "0000", "false", UUID, "x" * 100):
        assert not is_blank(value)
    assert canonical(" Nairobi ") == "Nairobi"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("device.geo.lat", "device.geo.lat"),
        ("imp.0.banner.format.12.w", "imp.0.banner.format.12.w"),
        ("3.1.2.4", "3.1.2.4"),
        ("isUserSubjectToGDPR", "isUserSubjectToGDPR"),
        ("KnownChildSensitiveDataConsents", "KnownChildSensitiveDataConsents"),
        (f"users.{UUID}.age", "users.{uuid}.age"),
        ("hosts.192.168.0.17.up", "hosts.{ip:v4}.up"),
        ("at.52.520008.name", "at.{decimal}.name"),
        ("u.254712345678.x", "u.{int}.x"),
        ("u.+254712345678", "u.{int}"),
        ("k.d41d8cd98f00b204e9800998ecf8427e", "k.{hex}"),
        ("seen.02:1a:2b:3c:4d:5e", "seen.{mac}"),
        ("ada@mail.example", "{email}"),
        ("a.kid\u202eexe\x00", "a.kid⟨U+202E⟩exe⟨U+0000⟩"),
        ("x" * 49, "{text}"),
    ],
)
def test_a_path_is_shown_without_values(path: str, expected: str) -> None:
    assert safe_path(path) == expected


emails = st.from_regex(r"\A[a-z][a-z0-9.+_-]{0,20}[a-z0-9]@[a-z0-9]{1,10}\.[a-z]{2,6}\Z")


@settings(deadline=None)
@given(emails, st.lists(st.sampled_from(["user", "0", "a.b", "x-y"]), max_size=3))
def test_no_safe_path_or_url_holds_an_email(email: str, around: list[str]) -> None:
    path = ".".join([*around, email, *around])
    assert email not in safe_path(path)
    assert "@" not in safe_path(path)
    for url in (
        f"https://t.example/u/{email}/x",
        f"https://t.example/u?mail={email}",
        f"https://t.example/u?{email}",
        f"https://{email}@t.example/",
        f"https://t.example/#{email}",
        f"https://t.example/u/{email.replace('@', '%40')}",
        f"https://t.example/u?m={email.replace('@', '%2540')}",
    ):
        shown = safe_url(url)
        assert email not in shown
        assert email.partition("@")[0] + "%" not in shown
        assert shown.startswith("https://t.example/")


@settings(deadline=None)
@given(st.uuids(), st.integers(10**6, 10**18))
def test_no_safe_path_holds_an_identifier(identifier: object, number: int) -> None:
    text = str(identifier)
    for value in (text, text.upper(), text.replace("-", ""), str(number)):
        for path in (value, f"a.{value}.b", f"key_{value}", f"ids[{value}]"):
            assert value not in safe_path(path)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_a_safe_url_shows_no_value_of_the_query(value: str) -> None:
    secret = "q7kz3f9x" + value.replace("&", "").replace("#", "")
    assert "q7kz3f9x" not in safe_url("https://t.example/p?v=" + secret)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://t.example/", "https://t.example/"),
        ("https://T.example:8443/a/b?c=1&d=x", "https://T.example:8443/a/b?c={int}&d={text:<=16}"),
        (f"https://t.example/u/{UUID}/p", "https://t.example/u/{uuid}/p"),
        ("/relative/path?x=KE", "/relative/path?x={country}"),
        ("https://[2001:db8::1]:443/x", "https://[2001:db8::1]:443/x"),
        ("https://[", "https://["),
        ("https://t.example/" + "a" * 60, "https://t.example/{text:<=64}"),
        ("https://t.example/\u202e", "https://t.example/⟨U+202E⟩"),
    ],
)
def test_a_url_is_shown_with_its_host_and_without_values(url: str, expected: str) -> None:
    assert safe_url(url) == expected


@settings(deadline=None)
@given(st.text(max_size=100))
def test_visible_text_has_no_control_and_no_bidi_marks(text: str) -> None:
    shown = visible(text)
    assert not set(shown) & set(
        "\x00\x1b\x7f\u200b\u200e\u200f\u202a\u202e\u2066\u2069\ufeff\u2028"
    )
    assert visible(shown) == shown


def test_visible_text_keeps_what_people_write() -> None:
    for text in ("Nairobi", "Wanjikũ", "名前", "Ämter & Räte", "<script>alert(1)</script>"):
        assert visible(text) == text
    assert visible("a\nb\tc") == "a⟨U+000A⟩b⟨U+0009⟩c"


def test_endless_paths_and_urls_are_cut() -> None:
    assert len(safe_path("a." * 100_000)) <= 512
    assert safe_path("x" * 1_000_000).startswith("{text")
    shown = safe_url("https://t.example/?" + "&".join(f"k{at}=1" for at in range(5000)))
    assert shown.endswith("&k199={int}&…")


def test_keys_that_are_values_are_not_shown() -> None:
    assert safe_path("tokens.Zx9secretTOKENqW.device_id") == "tokens.{token}.device_id"
    assert safe_path("Wanjiku Odhiambo.email") == "{text}.email"
    assert safe_path("by_name.Wanjikũ") == "by_name.{text}"
    assert safe_url("https://t.example/a/Zx9secretTOKENqW/b") == "https://t.example/a/{token}/b"
    assert safe_url("https://t.example/a/Wanjiku%20Odhiambo") == "https://t.example/a/{text}"


def known_keys() -> set[str]:
    knowledge = load_knowledge()
    places = [
        path
        for tracker in knowledge.trackers
        for endpoint in tracker.endpoints
        for field in endpoint.fields
        for path in field.paths
    ]
    places += [
        path
        for signal in knowledge.signals.values()
        for field in (*signal.fields, *signal.contradicted_by)
        for path in field.paths
    ]
    names = {name for each in knowledge.types.values() for name in each.names}
    return names | {component for path in places for component in path.split(".")}


def test_no_key_that_the_knowledge_names_is_masked() -> None:
    keys = known_keys()
    assert len(keys) > 500
    assert [key for key in sorted(keys) if safe_path(key) != key] == []


WORDS = (
    "google advertising device user account country language session consent version bundle app"
    " network screen height width install referrer event time zone carrier id ad os ip is sdk gdpr"
    " ccpa tcf url sha256 md5 iso3166 alpha2 v2 utm h264 ipv6 oauth2 3 12 first last x y"
)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=4).filter(
        # Four numbers in one key are not a name.
        lambda words: sum(any(map(str.isdigit, word)) for word in words) <= 1
    )
)
def test_ordinary_keys_are_never_masked(words: list[str]) -> None:
    camel = words[0] + "".join(word.capitalize() for word in words[1:])
    for key in ("_".join(words), "-".join(words), camel, camel[0].upper() + camel[1:]):
        if len(key) <= 48:
            assert safe_path(f"a.{key}.b") == f"a.{key}.b"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("app.waymark.example", "app.waymark.example"),
        ("r3---sn-4g5e6nez.video.example", "r3---sn-4g5e6nez.video.example"),
        (f"{UUID}.id.t.example", "{uuid}.id.t.example"),
        (f"a-{UUID.replace('-', '_')}.t.example", "a-{uuid}.t.example"),
        (f"{UUID.replace('-', '')}.t.example", "{hex}.t.example"),
        ("u254712345678.t.example", "u{int}.t.example"),
        ("192.168.100.117", "192.168.100.117"),
        ("2001:db8::1234:5678", "2001:db8::1234:5678"),
    ],
)
def test_a_host_is_shown_without_values(host: str, expected: str) -> None:
    assert safe_host(host) == expected
    shown = f"[{expected}]" if ":" in host else expected
    bracketed = f"[{host}]" if ":" in host else host
    assert safe_url(f"https://{bracketed}:8443/x") == f"https://{shown}:8443/x"
