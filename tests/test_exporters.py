from __future__ import annotations

import dataclasses
import gzip
import json
import stat
import time
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from foreign_files import make_study
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyzer.bundle import BundleWriter, new_session
from analyzer.errors import UserError
from analyzer.exporters import export_session
from analyzer.exporters.redaction import REDACTED, Redactor
from analyzer.models import Event, Exchange
from analyzer.readers.bundle import read_exchanges
from analyzer.readers.importing import import_files
from analyzer.study import Study

STARTED = 1_795_341_600.0


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study")


def exchange(number: int = 1, **changes: Any) -> Exchange:
    plain = Exchange(
        id=str(number),
        session="",
        t_s=float(number),
        phase="",
        method="POST",
        url=f"https://api.pebblo.example/v1/{number}?q=a%20b",
        request_headers=(("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "é")),
        request_body=b'{"gps_adid": "cdda802e-fb9c-47ad-9866-0794d394c912"}',
        status=200,
        response_headers=(("Content-Type", "text/plain; charset=utf-8"),),
        response_body="naïve".encode(),
        server_ip="203.0.113.7",
        transport="h2",
        complete=True,
        truncated=0,
    )
    return dataclasses.replace(plain, **changes)


def message(handshake: int, number: int, content: bytes, *, up: bool) -> Exchange:
    return exchange(
        id=f"{handshake}.w{number}",
        method="WS",
        t_s=handshake + number / 4,
        request_body=content if up else b"",
        response_body=b"" if up else content,
    )


def recorded(study: Study, *exchanges: Exchange, events: tuple[Event, ...] = ()) -> Path:
    """A sealed bundle of the arm KE-13."""
    session = new_session(study, study.arms["KE-13"], origin="proxy", started=STARTED)
    writer = BundleWriter.create(study.captures, session, phase="first launch")
    writer.add_step("use", 2.5)
    for one in exchanges:
        writer.add_exchange(one)
    for event in events:
        writer.add_event(event)
    writer.close("stopped")
    return writer.path


def round_trip(
    study: Study, bundle: Path, form: str, **options: bool
) -> tuple[list[Exchange], list[str]]:
    """What comes back after an export and an import, and what the export said is lost."""
    target = study.root / f"out.{form}"
    lost = export_session(bundle, target, **options)
    (imported,) = import_files(study, "DE-13", [target])
    assert imported.total == imported.read
    return list(read_exchanges(study.captures / imported.session.id)), lost


def comparable(exchanges: list[Exchange]) -> list[Exchange]:
    """Exchanges without what every export says that it loses: session, phase, first moment."""
    first = min(one.t_s for one in exchanges)
    return [
        dataclasses.replace(one, session="", phase="", t_s=round(one.t_s - first, 3))
        for one in exchanges
    ]


PLAIN = (
    exchange(1),
    exchange(2, request_body=b"\x08\x96\x01\xff\x00", response_body=bytes(range(256))),
    exchange(3, method="GET", request_body=b"", response_body=b"", status=204),
    exchange(4, status=None, response_headers=(), response_body=b"", complete=False),
    exchange(5, transport="h3", server_ip=None, url="https://live.pebblo.example/", status=101),
    message(5, 1, b'{"hello": "\xc3\xa9"}', up=True),
    message(5, 2, b"\x08\xff\x00", up=False),
    exchange(7, transport="http/1.1", url="http://cdn.pebblo.example:8080/a?b"),
)


@pytest.mark.parametrize("form", ["har", "mitm"])
def test_an_exported_session_comes_back_but_for_what_is_said_to_be_lost(
    study: Study, form: str
) -> None:
    bundle = recorded(study, *PLAIN)
    found, lost = round_trip(study, bundle, form)
    assert comparable(found) == comparable(list(read_exchanges(bundle)))
    assert "who and where: persona, arm, device and versions are in session.json only" in lost


@pytest.mark.parametrize("form", ["har", "mitm"])
def test_events_beside_the_exchanges_are_named_as_lost(study: Study, form: str) -> None:
    events = (
        Event(1.0, "tls_refused", "lockstep.example", "pin", 0, 0),
        Event(1.5, "tls_refused", "lockstep.example", "pin", 0, 0),
        Event(2.0, "dns", "a.example", "question", 0, 0),
    )
    lost = export_session(recorded(study, exchange(), events=events), study.root / f"x.{form}")
    assert "2 refused TLS connections" in lost
    assert "1 DNS questions" in lost


CODINGS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress}


@pytest.mark.parametrize("coding", CODINGS)
def test_a_har_holds_bodies_without_their_content_coding_and_says_so(
    study: Study, coding: str
) -> None:
    headers = (("Content-Type", "application/json"), ("Content-Encoding", coding))
    body = b'{"a": "' + b"b" * 200 + b'"}'
    coded = exchange(request_headers=headers, request_body=CODINGS[coding](body))
    found, lost = round_trip(study, recorded(study, coded), "har")
    assert found[0].request_body == body
    assert "the content coding of 1 bodies: they are written decoded" in lost


@pytest.mark.parametrize("coding", CODINGS)
def test_a_dump_holds_bodies_as_on_the_wire(study: Study, coding: str) -> None:
    body = CODINGS[coding](b'{"a": "b"}')
    coded = exchange(request_headers=(("Content-Encoding", coding),), request_body=body)
    found, _ = round_trip(study, recorded(study, coded), "mitm")
    assert found[0].request_body == body
    assert found[0].request_headers == coded.request_headers


@pytest.mark.parametrize("coding", ["gzip", "no-such"])
def test_a_body_that_cannot_be_decoded_is_exported_as_it_came(study: Study, coding: str) -> None:
    broken = exchange(
        request_headers=(("Content-Encoding", coding),), request_body=b"\x1f\x8b\x08x"
    )
    found, lost = round_trip(study, recorded(study, broken), "har")
    assert found[0].request_body == b"\x1f\x8b\x08x"
    assert "the decoding of 1 bodies: they are written as they came" in lost


SECRETS = (
    exchange(
        1,
        url="https://tom:hush1@api.pebblo.example/a?access_token=hush2&gps_adid=kept1",
        request_headers=(
            ("Authorization", "Bearer hush3"),
            ("Cookie", "sid=hush4"),
            ("X-Goog-Api-Key", "hush5"),
            ("Referer", "https://a.example/?api_key=hush6&x=kept2"),
            ("Content-Type", "application/json"),
        ),
        request_body=(
            b'{"password": "hu\\"sh7", "otp": 4711, "device": {"id": "kept3", '
            b'"idToken" : "hush8"}, "inner": "{\\"refresh_token\\":\\"hush9\\",\\"a\\":1}"}'
        ),
        response_headers=(("Set-Cookie", "sessionid=hush10; Path=/"), ("Server", "kept4")),
        response_body=b"ok=1&session_key=hush11&n=kept5",
    ),
    exchange(
        2,
        request_headers=(("Content-Type", "multipart/form-data; boundary=x"),),
        request_body=(
            b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nhush12\r\n'
            b'--x\r\nContent-Disposition: form-data; name="nick"\r\n\r\nkept6\r\n--x--\r\n'
        ),
        response_headers=(("Content-Encoding", "gzip"),),
        response_body=gzip.compress(b'{"accessToken":"hush13","kind":"kept7"}', mtime=0),
    ),
    exchange(5, url="https://live.pebblo.example/", status=101),
    message(5, 1, b'{"token": "hush14", "text": "kept8"}', up=True),
)


def content(exchanges: list[Exchange]) -> str:
    bodies = [body for one in exchanges for body in (one.request_body, one.response_body)]
    parts = [gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body for body in bodies]
    heads = [f"{one.url} {one.request_headers} {one.response_headers}" for one in exchanges]
    return b" ".join(parts).decode() + " ".join(heads)


@pytest.mark.parametrize("form", ["har", "mitm"])
def test_credentials_are_redacted_and_everything_else_stays(study: Study, form: str) -> None:
    found, lost = round_trip(study, recorded(study, *SECRETS), form)
    text = content(found)
    raw = (study.root / f"out.{form}").read_bytes()
    for number in range(1, 15):
        assert f"hush{number}" not in text
        assert f"hush{number}".encode() not in raw
    assert 'hu\\"sh7' not in text
    assert "4711" not in text
    assert all(f"kept{number}" in text for number in range(1, 9))
    assert ("Authorization", REDACTED) in found[0].request_headers
    assert json.loads(found[0].request_body)["password"] == REDACTED
    assert json.loads(json.loads(found[0].request_body)["inner"]) == {
        "refresh_token": REDACTED,
        "a": 1,
    }
    assert any("15 values with the names of credentials" in line for line in lost)


@pytest.mark.parametrize("form", ["har", "mitm"])
def test_secrets_can_be_kept(study: Study, form: str) -> None:
    bundle = recorded(study, *SECRETS)
    found, lost = round_trip(study, bundle, form, redact=False)
    assert all(f"hush{number}" in content(found) for number in range(1, 15) if number != 7)
    assert not any("credentials" in line for line in lost)


@pytest.mark.parametrize(
    "text",
    [
        '{"tokenizer": "bert", "author": "x", "passwordless": true, "session_count": 3}',
        "tokens_left=3&authority=x&secretary=y",
        '{"gps_adid": "cdda802e-fb9c-47ad-9866-0794d394c912", "advertising_id": "1"}',
        "",
    ],
)
def test_names_that_only_begin_like_credentials_are_kept(text: str) -> None:
    redactor = Redactor(active=True)
    assert redactor.text(text.encode()) == text.encode()
    assert redactor.headers((("Authority", "a"), ("X-Author", "b"))) == (
        ("Authority", "a"),
        ("X-Author", "b"),
    )


def test_redaction_of_hostile_text_is_quick() -> None:
    redactor = Redactor(active=True)
    before = time.process_time()
    for piece in (
        b"\\",
        b'"',
        b"token",
        b'"token":"',
        b'"token":\\"',
        b"&token=",
        b'\\"token\\":\\"',
    ):
        redactor.text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - before < 20  # quadratic would be hours


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=80),
    st.sampled_from(
        ["", "text/plain", "application/json; charset=latin-1", "image/png", "x;charset=utf-16"]
    ),
    st.sampled_from(["har", "mitm"]),
)
@example(b"\xef\xbb\xbf{}", "application/json", "har")
@example("é".encode("latin-1"), "text/plain; charset=latin-1", "har")
def test_any_body_comes_back(
    study: Study, tmp_path_factory: pytest.TempPathFactory, body: bytes, media: str, form: str
) -> None:
    fresh = make_study(tmp_path_factory.mktemp("study"))
    headers = (("Content-Type", media),)
    one = exchange(
        request_body=body, request_headers=headers, response_body=body, response_headers=headers
    )
    (found,), _ = round_trip(fresh, recorded(fresh, one), form, redact=False)
    assert (found.request_body, found.response_body) == (body, body)


def test_a_har_is_valid_and_names_phases_as_pages(study: Study) -> None:
    target = study.root / "x.har"
    export_session(recorded(study, *PLAIN), target, redact=False)
    log = json.loads(target.read_bytes())["log"]
    assert log["version"] == "1.2"
    assert [page["id"] for page in log["pages"]] == ["first launch", "use"]
    assert [entry["pageref"] for entry in log["entries"]] == (["first launch"] * 2 + ["use"] * 4)
    for entry in log["entries"]:
        assert {
            "startedDateTime",
            "time",
            "request",
            "response",
            "cache",
            "timings",
        } <= entry.keys()
        assert {"method", "url", "httpVersion", "cookies", "headers", "queryString"} <= (
            entry["request"].keys()
        )
    assert log["entries"][0]["request"]["queryString"] == [{"name": "q", "value": "a b"}]


def test_cookies_are_listed_as_har_wants_them_unless_redacted(study: Study) -> None:
    one = exchange(
        request_headers=(("Cookie", "a=1; b=2"),),
        response_headers=(("Set-Cookie", "c=3; Path=/"), ("Set-Cookie", "d=4")),
    )
    bundle = recorded(study, one)
    target = study.root / "x.har"
    export_session(bundle, target, redact=False)
    (entry,) = json.loads(target.read_bytes())["log"]["entries"]
    assert [cookie["name"] for cookie in entry["request"]["cookies"]] == ["a", "b"]
    assert [cookie["name"] for cookie in entry["response"]["cookies"]] == ["c", "d"]
    export_session(bundle, target)
    (entry,) = json.loads(target.read_bytes())["log"]["entries"]
    assert entry["request"]["cookies"] == entry["response"]["cookies"] == []


def test_an_address_that_mitmproxy_cannot_express_is_counted(study: Study) -> None:
    bundle = recorded(study, exchange(1), exchange(2, url="https://[::1/x"))
    lost = export_session(bundle, study.root / "x.mitm")
    assert "1 exchanges whose URL mitmproxy cannot express" in lost


def test_an_export_is_private_and_leaves_nothing_half_done(study: Study) -> None:
    target = study.root / "x.har"
    export_session(recorded(study, exchange()), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert not list(study.root.glob("*.part"))


def test_an_unknown_ending_and_a_missing_folder_are_mistakes_of_the_user(study: Study) -> None:
    bundle = recorded(study, exchange())
    with pytest.raises(UserError, match=r"use \.har, \.mitm"):
        export_session(bundle, study.root / "x.xlsx")
    with pytest.raises(UserError, match="cannot be written"):
        export_session(bundle, study.root / "none" / "x.har")
    with pytest.raises(UserError, match="is not a session"):
        export_session(study.root, study.root / "x.har")
