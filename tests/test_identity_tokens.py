"""What can be an identifier, by its looks and by where it stands."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.identity.hashes import hashed
from analyzer.identity.names import may_identify, place_of_value
from analyzer.identity.tokens import is_identifier, normal
from analyzer.models import Part


@pytest.mark.parametrize(
    "value",
    [
        "38400000-8cf0-11bd-b23e-10b96e40000d",
        "38400000-8CF0-11BD-B23E-10B96E40000D",
        "9774d56d682e549c",  # of Android
        "5d41402abc4b2a76b9719d911017c592",
        "7123456789012345678",  # a number as ByteDance gives them
        "356938035643809",  # IMEI
        "00:1A:7D:DA:71:13",
        "GA1.2.1234567890.1700000000",
        "1234567890.1700000000",
        "fb.1.1700000000000.1098115397",
        "CAESEHbM3kQ9vXJ0p7LrT2YdW4s",
        "y-hQ2Zk1xE2uL7v9RcTn4B~A",
        "c7Lq0PzX1m",
    ],
)
def test_identifiers_are_recognised_by_their_looks(value: str) -> None:
    assert is_identifier(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hello",
        "environment",
        "production-eu-west",
        "com.pebblo.app.MainActivity",
        "34.2.1.20261122",
        "1700000000",
        "1700000000000",
        "1700000000123456",
        "20261122093000123",
        "2026-11-22T09:30:00.123Z",
        "1.28333,36.81667",
        "0.123456789012",
        "+254700391713",
        "en-KE,en;q=0.9",
        "1080x2400",
        "Mozilla/5.0 (Linux; Android 14)",
        "https://a.example/b?c=d",
        "AIzaSyD4kQ2xW9vB7nM1cL5tR8yF3hJ6gP0aEZu",  # a key of an app
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "02:00:00:00:00:00",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "11111111111111111",
        "a" * 300 + "Q7z9",
        "ada@example.com",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2ln",  # what is in it is looked at instead
    ],
)
def test_words_times_versions_and_keys_are_none(value: str) -> None:
    assert not is_identifier(value)


@given(st.text(max_size=300))
def test_no_text_is_too_strange(value: str) -> None:
    is_identifier(value)


@given(st.from_regex(r"[a-z]{3,12}(?:[_. -][a-z]{3,12}){0,4}", fullmatch=True))
def test_words_without_digits_are_never_identifiers(value: str) -> None:
    assert not is_identifier(value)


def test_an_identifier_keeps_its_identity_from_cookie_to_field() -> None:
    assert normal("GA1.2-2.1234567890.1700000000") == normal(" 1234567890.1700000000 ")
    assert normal("GA1.2.something") == "GA1.2.something"


@pytest.mark.parametrize(
    ("part", "path", "may"),
    [
        ("query", "uid", True),
        ("body", "user.hashed_email_sha256", True),
        ("body", "events.0.event_id", False),
        ("query", "requestId", False),
        ("body", "sha256", False),
        ("header", "x-device-id", True),
        ("header", "etag", False),
        ("header", "if-none-match", False),
        ("header", "x-amz-cf-id", False),
        ("header", "x-goog-api-key", False),
        ("header", "referer.uid", True),
        ("header", "user-agent", False),
        ("response_header", "location.uid", True),
        ("response_header", "x-device-id", False),
        ("response_cookie", "uid", True),
        ("cookie", "csrftoken", False),
    ],
)
def test_names_tell_identifiers_of_people_from_those_of_requests(
    part: Part, path: str, may: bool
) -> None:
    assert may_identify(part, path) is may


def test_entries_of_a_list_stand_at_one_place() -> None:
    assert place_of_value("body", "0.items.12.id") == "*.items.*.id"
    assert place_of_value("body", "v2.id") == "v2.id"
    assert place_of_value("path", "2") == "2"


def test_hashes_are_traced_to_what_was_hashed() -> None:
    uid = "38400000-8CF0-11BD-B23E-10B96E40000D"
    bare = uid.lower().replace("-", "")
    md5, sha1 = (hashlib.new(kind, uid.lower().encode()).hexdigest() for kind in ("md5", "sha1"))
    sha256 = hashlib.sha256(bare.encode()).hexdigest().upper()
    other = hashlib.md5(b"somebody else").hexdigest()
    assert hashed([md5, uid, sha1, sha256, other]) == {
        md5: (uid, "md5"),
        sha1: (uid, "sha1"),
        sha256: (uid, "sha256"),
    }
    assert hashed([uid, "Qm7Xc2Rt9LpZ4vWk8NbY"]) == {}
