"""Protobuf by the schemas that are shipped, and payloads that are known to be unreadable."""

from __future__ import annotations

import base64
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from wire import exchange, field, rows_of, varint

from analyzer.decode import Decoded, decode
from analyzer.decoders.noise import measured
from analyzer.decoders.opaque import unread_bytes
from analyzer.knowledge import DATA
from analyzer.knowledge.formats import formats, read_formats
from analyzer.knowledge.source import Source

FIRELOG = "https://firebaselogging-pa.googleapis.com/v1/firelog/legacy/batchlog"
PROTO = "application/x-protobuf"
CHANCE = random.Random(9)
NOISE = CHANCE.randbytes(4096)


def sent(body: bytes, url: str, media: str = PROTO) -> dict[str, str]:
    found = decode(exchange(body, media, url=url))
    assert found.problems == ()
    return {path: value for path, value, _ in rows_of(found)}


DEVICE = (
    field(3, 34)
    + field(4, "Pixel 7")
    + field(10, "63902")
    + field(11, "sw_KE")
    + field(31, "arm64")
    + field(31, "armeabi")
)
METRIC = field(
    1,
    field(1, "1:7:android:0f")
    + field(2, "fid-child-7")
    + field(6, field(1, "age") + field(2, "13")),
)
EVENT = field(1, 1_700_000_000_000) + field(6, METRIC) + varint(15 << 3) + varint(21_599)
REQUEST = field(
    1,
    field(4, 5) + field(1, field(1, 4) + field(2, DEVICE)) + field(6, "FIREPERF") + field(3, EVENT),
)
FOUND = {
    "log_request.0.client_info.android_client_info.model": "Pixel 7",
    "log_request.0.client_info.android_client_info.mcc_mnc": "63902",
    "log_request.0.client_info.android_client_info.native_platform.1": "armeabi",
    "log_request.0.log_source_name": "FIREPERF",
    "log_request.0.log_event.0.timezone_offset_seconds": "-10800",
    "log_request.0.log_event.0.source_extension.application_info.app_instance_id": "fid-child-7",
    "log_request.0.log_event.0.source_extension.application_info.custom_attributes.age": "13",
}


@pytest.mark.parametrize("media", [PROTO, "application/octet-stream", ""])
def test_fields_of_a_known_message_have_names(media: str) -> None:
    assert FOUND.items() <= sent(REQUEST, FIRELOG, media).items()


def test_a_schema_holds_only_where_it_is_said_to() -> None:
    for url in (FIRELOG.replace("firelog", "other"), "https://a.example/v1/firelog/legacy/x"):
        assert sent(field(1, field(6, "FIREPERF")), url) == {"1.6": "FIREPERF"}
    # An answer from there is another message.
    answer = decode(
        exchange(url=FIRELOG, answer=field(1, 60_000), answer_headers=(("content-type", PROTO),))
    )
    assert rows_of(answer, "response") == [("next_request_wait_millis", "60000", ("protobuf",))]


def test_fields_that_a_schema_does_not_know_keep_their_numbers() -> None:
    body = field(1, field(6, "X") + field(77, field(1, "screen_view")))
    assert sent(body, FIRELOG) == {
        "log_request.0.log_source_name": "X",
        "log_request.0.77.1": "screen_view",
    }


def test_a_message_that_does_not_fit_is_read_without_the_schema() -> None:
    assert sent(field(1, 7) + field(2, "x"), FIRELOG) == {"1": "7", "2": "x"}
    assert sent(field(9, "a") + field(8, "b"), FIRELOG) == {"9": "a", "8": "b"}


def test_bids_and_telemetry_are_read_by_name() -> None:
    geo = varint(1 << 3 | 1) + struct.pack("<d", -1.2921) + field(3, "KEN")
    bid = (
        field(1, "r-1")
        + field(5, field(20, "ifa-7") + field(23, 1) + field(4, geo))
        + field(14, field(1, 1))
    )
    found = sent(bid, "https://bid.example/openrtb/2.5/auction")
    assert found["device.ifa"] == "ifa-7"
    assert found["device.geo.lat"] == "-1.2921"
    assert found["device.lmt"] == found["regs.coppa"] == "true"
    entry = field(1, "device.id") + field(2, field(1, "child-7"))
    span = field(2, field(2, field(5, "open") + field(9, entry)))
    spans = field(1, field(1, field(1, entry)) + span)
    found = sent(spans, "https://otel.example/v1/traces")
    assert found["resource_spans.0.resource.attributes.device.id.string_value"] == "child-7"
    assert found["resource_spans.0.scope_spans.0.spans.0.name"] == "open"


def test_a_call_of_grpc_is_read_by_its_path() -> None:
    message = field(1, field(2, field(2, field(5, field(1, "log line")))))
    body = b"\0" + len(message).to_bytes(4) + message
    url = "https://c.example/opentelemetry.proto.collector.logs.v1.LogsService/Export"
    found = sent(body, url, "application/grpc")
    assert found == {"resource_logs.0.scope_logs.0.log_records.0.body.string_value": "log line"}


def test_packed_numbers_of_a_known_field_are_a_list() -> None:
    body = field(
        1, field(3, field(6, field(2, field(9, field(1, "s") + field(2, varint(1) + varint(2))))))
    )
    found = sent(body, FIRELOG)
    path = "log_request.0.log_event.0.source_extension.trace_metric.perf_sessions.0"
    assert found[f"{path}.session_verbosity.0"] == "1"
    assert found[f"{path}.session_verbosity.1"] == "2"


def test_messages_inside_each_other_beyond_the_schema_are_bounded() -> None:
    body = field(1, "x")
    for _ in range(10_000):
        body = field(7, body)
    found = decode(exchange(field(1, field(3, field(6, field(2, body)))), PROTO, url=FIRELOG))
    assert len(found.leaves) < 20


def problem(found: Decoded) -> tuple[str, str]:
    [only] = found.problems
    return only.code, only.detail


LOG = "https://log.tiktokv.com/service/2/app_log/"


def test_what_nobody_can_read_is_measured_and_named() -> None:
    tt = b"tc\x05\x10\0\0" + NOISE
    assert problem(decode(exchange(tt, "application/octet-stream;tt-data=a", url=LOG))) == (
        "opaque_body",
        f"body: {measured(tt)}, announced as nothing that is known: ByteDance TTEncrypt",
    )
    assert measured(tt).startswith("4,102 bytes, 7.9")
    _, detail = problem(decode(exchange(NOISE, url=f"{LOG}?aid=1&tt_data=a")))
    assert detail.endswith(": ByteDance encrypted log (tt_data)")
    _, detail = problem(
        decode(exchange(NOISE, url="https://x.inapps.appsflyersdk.com/api/v6.17/androidevent?a=1"))
    )
    assert detail.endswith(": AppsFlyer encrypted events")
    _, detail = problem(decode(exchange(NOISE, "application/json", url="https://a.example/")))
    assert detail == f"body: {measured(NOISE)}, announced as json"


def test_a_signature_that_may_hide_something_is_named_by_its_header() -> None:
    argus = base64.b64encode(NOISE[:300]).decode()
    code, detail = problem(
        decode(exchange(headers=(("X-Argus", argus), ("X-Gorgon", "8404" * 13))))
    )
    assert code == "opaque_value"
    assert detail.startswith("header: base64 of 300 bytes, 7.")
    assert detail.endswith(", that nothing reads: ByteDance X-Argus signature")
    signature = f'Signature signature="{argus}",adj_signing_id="1",algorithm="adj8"'
    _, detail = problem(decode(exchange(headers=(("Authorization", signature),))))
    assert detail.endswith(": Adjust SDK signature")
    assert decode(exchange(headers=(("Authorization", f"Bearer {argus}"),))).problems == ()


def test_a_kind_that_shows_in_its_first_bytes_is_known_wherever_it_stands() -> None:
    short = b"tc\x05\x10\0\0" + NOISE[:40]
    body = b'{"d":"' + base64.b64encode(b'{"x":1}') + b'"}'
    assert decode(exchange(body)).problems == ()
    assert unread_bytes(short).endswith(": ByteDance TTEncrypt")
    assert unread_bytes(NOISE[:46]) == ""
    _, detail = problem(decode(exchange(field(1, "a name") + field(2, short), PROTO)))
    assert detail.endswith(": ByteDance TTEncrypt")


def test_a_name_changes_nothing_in_what_is_counted() -> None:
    codes = [
        [each.code for each in decode(replace(exchange(NOISE), url=url)).problems]
        for url in (f"{LOG}?tt_data=a", "https://a.example/")
    ]
    assert codes == [["opaque_body"], ["opaque_body"]]


def test_entropy_is_of_bytes() -> None:
    assert measured(b"") == "0 bytes, 0.00 bits per byte"
    assert measured(b"a" * 2000) == "2,000 bytes, 0.00 bits per byte"
    assert measured(bytes(range(256)) * 4) == "1,024 bytes, 8.00 bits per byte"


def test_every_schema_and_kind_has_a_source_and_every_message_is_used() -> None:
    found = formats(DATA)
    for schema in found.schemas:
        named = {place.request for place in schema.places} | {p.response for p in schema.places}
        for fields in schema.messages.values():
            named |= {kind for each in fields.values() for kind in each.types}
        assert set(schema.messages) <= named, schema.id
    assert all(kind.source or kind.grade == "O" for kind in found.opaque)


SCHEMA = (DATA / "schemas" / "openrtb.yaml").read_text()
OPAQUE = (DATA / "opaque.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1: id string", "0: id string", "no number"),
        ("1: id string", "1: id strng", "'strng' is no message"),
        ("1: id string", "1: id", "is not `name"),
        ("request: BidRequest", "request: Nothing", "no message of this file"),
        ("source: https", "source: http", "has not the form"),
        ("id: openrtb", "id: openrtb\nmore: 1", "unknown entry 'more'"),
        ("  Regs:\n    1: coppa bool", "  Regs: {}", "Regs has no fields"),
        ("  Regs:\n    1: coppa bool", "  Regs:\n    1: a bool\n    2: a bool", "is there twice"),
        ("(?i)^/", "(?i)^/(", "is not a regular expression"),
    ],
)
def test_faults_of_a_schema_are_told_with_their_line(old: str, new: str, said: str) -> None:
    source = Source("schemas/x.yaml", SCHEMA.replace(old, new, 1))
    read_formats([source], Source("opaque.yaml", OPAQUE))
    assert source.faults()
    assert any(said in fault.what and fault.line for fault in source.faults()), source.faults()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"74630510"', '"7463051"', "not hexadecimal"),
        ("where: header", "where: path", "use one of"),
        ("headers: [x-argus]", "headers: []", "stands alone"),
        ("grade: S", "grade: X", "use one of"),
        ("source: https://datatracker.ietf.org/doc/rfc7516/", 'source: ""', "source is empty"),
        ("id: fernet", "id: jose/jwe", "is there twice"),
        ("pattern: 'Signature '", "pattern: '('", "not a regular expression"),
    ],
)
def test_faults_of_the_opaque_kinds_are_told_with_their_line(old: str, new: str, said: str) -> None:
    source = Source("opaque.yaml", OPAQUE.replace(old, new, 1))
    read_formats([Source("schemas/x.yaml", SCHEMA)], source)
    assert any(said in fault.what and fault.line for fault in source.faults()), source.faults()


def test_the_files_are_part_of_what_the_knowledge_check_reads(tmp_path: Path) -> None:
    from analyzer.knowledge import check

    for path in DATA.rglob("*"):
        if path.is_file() and path.suffix in (".yaml", ".csv"):
            target = tmp_path / path.relative_to(DATA)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    before = {str(fault) for fault in check(tmp_path)}
    schema = tmp_path / "schemas" / "openrtb.yaml"
    schema.write_text(SCHEMA.replace("1: coppa bool", "1: coppa bol"))
    new = {str(fault) for fault in check(tmp_path)} - before
    assert len(new) == 1
    assert "'bol' is no message" in new.pop()
