"""What a leaf is where no rule knows the place: by its key, its value and what is around it."""

from __future__ import annotations

import pytest

from analyzer.extract import Extractor
from analyzer.extract.confidence import reason
from analyzer.extract.generic import Generic, Judged
from analyzer.extract.telling_values import TYPE_OF
from analyzer.knowledge import load_knowledge
from analyzer.knowledge.vocabulary_records import EVIDENCE
from analyzer.models import Exchange, Part

KNOWN = load_knowledge()
GENERIC = Generic(KNOWN.types, KNOWN.vocabulary)
UUID = "3f2b8c1a-7d4e-4f60-9a1b-2c3d4e5f6071"
HASH = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"


def judged(
    path: str, value: str, part: Part = "body", *, tracker: bool = False, siblings: int = 0
) -> Judged | None:
    decision = GENERIC.decide(tracker, part, path, siblings)
    return GENERIC.judge(decision, value) if decision else None


def kind(path: str, value: str, part: Part = "body", *, siblings: int = 0) -> str:
    found = judged(path, value, part, siblings=siblings)
    return found.data_type if found else ""


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("device_id", UUID, "id.device"),
        ("deviceId", UUID, "id.device"),
        ("DEVICE-ID", UUID, "id.device"),
        ("data.0.device_id", UUID, "id.device"),
        ("device_id.0", UUID, "id.device"),
        ("device.id", UUID, "id.device"),
        ("devices.0.id", UUID, "id.device"),
        ("x.geo.lat", "-1.2834", "loc.precise"),
        ("geo.0.lat", "-1.2834", "loc.precise"),
        ("os_ver", "14", "dev.os"),
        ("osv", "14", "dev.os"),
        ("devMdl", "KI5k", "dev.model"),
        ("dev_mdl", "KI5k", "dev.model"),
        ("devmdl", "KI5k", "dev.model"),
        ("scr_w", "720", "dev.screen"),
        ("ctry", "KE", "loc.country"),
        ("net_type", "wifi", "dev.network"),
        ("mcc", "639", "loc.sim_carrier"),
        ("user.name", "Achieng Obuya", "person.name"),
        ("userName", "achi13", "person.username"),
        ("device[os][name]", "android", "dev.os"),
        ("idfa.value", UUID, "id.advertising"),
        ("custom_device_model", "KI5k", "dev.model"),
        ("email", HASH, "id.cross_vendor"),
        ("email", "achieng@post.example", "person.email"),
    ],
)
def test_the_words_of_a_key_say_what_it_is(path: str, value: str, expected: str) -> None:
    assert kind(path, value) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("device_ids_count", "3"),
        ("device_id.kind", "hash"),
        ("email_verified", "true"),
        ("has_email", "true"),
        ("3.1.2", "hello"),
        ("", "hello"),
        ("device_id", "some words"),
        ("device_id", "00000000-0000-0000-0000-000000000000"),
        ("device_id", ""),
        ("device_id", "true"),
        ("latitude", "true"),
        ("latitude", "812.5"),
        ("language", "1"),
        ("country", "12"),
        ("gender", "blue"),
        ("city", '{"a": 1}'),
        ("city", "null"),
        ("city", "x" * 1025),
        ("mac", "not-a-mac"),
        ("lmt", "1763000000"),
        ("lat", "93"),
        ("notifier.url", "https://sdk.example"),
        ("app_id", "1763000000123"),
        ("cust_params.referrer", "nonbbc"),
        ("cust_params.ctype", "index"),
        ("site_name", "Example Homepage"),
        ("zip", "archive.zip"),
        ("zip", "gzip"),
        ("state", "paused"),
        ("threads.0.state", "WAITING"),
        ("query", "SELECT 1"),
        ("query", "query Trains { trains { id } }"),
        ("model", "resnet50"),
        ("gender", "3"),
    ],
)
def test_a_key_that_says_nothing_or_a_value_that_cannot_be_is_nothing(
    path: str, value: str
) -> None:
    assert kind(path, value) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("achieng.obuya@post.example", "person.email"),
        ("+254700391713", "person.phone"),
        ("a4:5e:60:c2:91:0f", "id.mac"),
        ("41.90.17.201", "id.ip"),
        ("356938035643809", "id.device"),
        ("Africa/Nairobi", "loc.timezone"),
        ("sw-KE", "demo.language"),
        ("Mozilla/5.0 (Linux; Android 14; TECNO KI5k)", "dev.user_agent"),
        ("-0.10221,34.76173", "loc.precise"),
        ("1080x2400", "dev.screen"),
        ("Android 14", "dev.os"),
    ],
)
def test_some_values_say_what_they_are_under_any_key(value: str, expected: str) -> None:
    found = judged("zz9", value)
    assert found is not None
    assert (found.data_type, found.method) == (expected, "shape")


@pytest.mark.parametrize(
    "value",
    [
        "hello world", "356938035643808", "123456789012345", "1.2.3.4", "10.15.7", "0.0.0.0",
        "02:00:00:00:00:00", "ab-12", "xx-XX", "Africa/Nowhere", "x" * 2000, "99.5,12", "100x100",
        "+12", "a@b", "2026-05-22T17:09:29.220Z", "1796348645243",
    ],
)  # fmt: skip
def test_other_values_say_nothing_under_a_key_that_says_nothing(value: str) -> None:
    assert judged("zz9", value) is None


@pytest.mark.parametrize("value", ["KE", "LTE", "SM-A146P"])
def test_short_values_and_models_tell_something_in_company_only(value: str) -> None:
    assert judged("zz9", value) is None
    assert judged("zz9", value, siblings=2) is not None


def test_only_parts_with_names_are_read_by_name() -> None:
    assert kind("x-device-id", UUID, "header") == "id.device"
    assert kind("device_id", UUID, "cookie") == "id.device"
    assert kind("etag", UUID, "header") == ""
    for part in ("path", "response", "response_cookie"):
        assert kind("device_id", UUID, part) == ""


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("lmt", "1", "ad.privacy_signal"),
        ("lat", "true", "ad.privacy_signal"),
        ("referrer", "news.example", "beh.off_platform"),
        ("referrer", "https://news.example/a", "beh.off_platform"),
        ("cust_params.domain", "news.example", "beh.content_viewed"),
        ("zip", "00100", "person.address"),
        ("zip", "SW1A 1AA", "person.address"),
        ("street", "Moi Avenue", "person.address"),
        ("state", "Nairobi", "loc.coarse"),
        ("search_query", "select shoes", "beh.search"),
        ("model", "SM-A146P", "dev.model"),
        ("gender", "2", "demo.gender"),
        ("gender", "female", "demo.gender"),
    ],
)
def test_values_that_can_be_of_the_type_are_still_found(
    path: str, value: str, expected: str
) -> None:
    assert kind(path, value) == expected


@pytest.mark.parametrize("key", ["access_token", "api_key", "client_token"])
def test_a_token_at_a_tracker_is_not_a_credential_by_its_name(key: str) -> None:
    found = judged(key, HASH, "query", tracker=True, siblings=2)
    assert found is None or found.data_type != "person.credentials"


def test_a_token_elsewhere_and_a_password_at_a_tracker_are_credentials() -> None:
    assert kind("access_token", HASH) == "person.credentials"
    found = judged("password", "swordfish9", tracker=True)
    assert found is not None
    assert found.data_type == "person.credentials"


@pytest.mark.parametrize(
    ("key", "part", "tracker", "expected"),
    [
        ("UID", "cookie", True, "id.browser_cookie"),
        ("mako_uid", "cookie", True, "id.browser_cookie"),
        ("ud.UID", "cookie", True, "id.browser_cookie"),
        ("ckpf_uid", "cookie", False, "id.browser_cookie"),
        ("optimizelyEndUserId", "cookie", False, "id.browser_cookie"),
        ("uid", "query", True, "id.browser_cookie"),
        ("uid", "query", False, "id.account"),
        ("uid", "body", True, "id.account"),
        ("user_id", "query", True, "id.account"),
    ],
)
def test_a_uid_of_cookies_and_of_trackers_is_the_browsers(
    key: str, part: Part, tracker: bool, expected: str
) -> None:
    found = judged(key, "0a1b2c3d4e5-60718293a4b5c6d7", part, tracker=tracker)
    assert found is not None
    assert found.data_type == expected


@pytest.mark.parametrize("key", ["x-goog-api-key", "x-crashlytics-google-app-id"])
def test_keys_of_the_developer_are_little_sure(key: str) -> None:
    found = judged(key, "1:900000000000:android:0a1b2c3d4e5f6071", "header", tracker=True)
    assert found is None or found.confidence < 50


def test_company_and_a_tracker_make_surer_and_a_worse_fit_less_sure() -> None:
    def sure(path: str, *, tracker: bool = False, siblings: int = 0) -> int:
        found = judged(path, UUID, tracker=tracker, siblings=siblings)
        assert found is not None
        return found.confidence

    assert sure("device_id") >= sure("serial_number") > sure("guid")
    assert sure("guid", siblings=2) >= sure("guid")
    assert all(0 < sure(path, tracker=True, siblings=2) < 100 for path in ("device_id", "guid"))


def test_what_a_find_rests_on_is_said_in_words() -> None:
    found = judged("payload.device.model_code", "SM-A146P", tracker=True, siblings=1)
    assert found is not None
    assert "words of the key" in found.reason
    assert "known tracker" in found.reason
    assert "SM-A146P" not in found.reason
    assert found.rule_id == "name#dev.model"


def test_every_look_has_points_words_and_a_data_type() -> None:
    looks = {each.removeprefix("shape:") for each in EVIDENCE if each.startswith("shape:")}
    assert looks == set(TYPE_OF)
    assert set(TYPE_OF.values()) <= set(KNOWN.types)
    assert all(reason([f"shape:{each}"]).startswith("The value looks like ") for each in looks)


def test_a_place_that_only_contradicts_a_signal_is_judged_by_its_name() -> None:
    body = b'{"device":{"ifa":"7c9e1b42-03ad-4a51-9f0e-5b2f1f6a9d3c","geo":{"lat":-1.28333}}}'
    request = Exchange(
        "1", "s", 0.0, "use", "POST", "https://api.school-app.example/v1/x",
        (("Content-Type", "application/json"),), body, 200, (), b"", None, "h2", True, 0,
    )  # fmt: skip
    extractor = Extractor(load_knowledge(), [], b"k" * 32)
    found = {match.path: match.data_type for match in extractor.extract(request).matches}
    assert found["device.ifa"] == "id.advertising"
    assert found["device.geo.lat"] == "loc.precise"
