"""The App Privacy Report of an iPhone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign_files import har, har_entry, of_kind, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.models import Event, Measured, Problem
from analyzer.readers import READERS, Asked, Reading
from analyzer.readers.privacy_report import PrivacyReportReader, _read

APP = "com.pebblo.app"
# 2026-11-22 10:00:00 to 10:10:00 UTC
DURING = (1_795_341_600.0, 1_795_342_200.0)


def network(domain: str = "api.example", **changes: Any) -> dict[str, Any]:
    return {
        "domain": domain,
        "firstTimeStamp": "2026-11-22T11:01:00.000+01:00",
        "context": "",
        "timeStamp": "2026-11-22T11:02:00.000+01:00",
        "domainType": 2,
        "initiatedType": "AppInitiated",
        "hits": 2,
        "type": "networkActivity",
        "domainOwner": "",
        "bundleID": APP,
        **changes,
    }


def access(category: str = "location", **changes: Any) -> dict[str, Any]:
    return {
        "accessor": {"identifier": APP, "identifierType": "bundleID"},
        "category": category,
        "identifier": "BE766661-F44C-46F8-A3E5-258FAE68D603",
        "kind": "intervalBegin",
        "timeStamp": "2026-11-22T11:03:00.000+01:00",
        "type": "access",
        **changes,
    }


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in records)


def read(
    tmp_path: Path,
    content: bytes,
    app: str = APP,
    during: tuple[float, float] | None = DURING,
) -> Reading:
    reader = PrivacyReportReader()
    reader.asked = Asked(during=during, app=app)
    return reader.read(written(tmp_path / "report.ndjson", content))


def hosts(reading: Reading) -> dict[str, str]:
    return {each.host: each.reason for each in of_kind(reading, Event)}


def test_domains_of_the_app_are_hosts_that_were_seen(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        lines(
            network("Ads.Other.example."),
            network("api.example", hits=7, timeStamp="2026-11-22T10:05:00Z"),
            network("api.example", hits=1),
            network("site.example", initiatedType="NonAppInitiated"),
            network("elsewhere.example", bundleID="com.other.app"),
            network("widget.example", bundleID=f"{APP}.widget"),
            network("namesake.example", bundleID=f"{APP}lication"),
            network("2001:db8::7"),
        ),
    )
    assert reading.extent() == "8 of 8 lines"
    assert reading.started == DURING[0] + 60
    found = list(reading)
    assert hosts(reading) == {}  # read once
    assert {each.host: each.reason for each in of_kind(found, Event)} == {
        "ads.other.example": "app privacy report, 2 hits in its span, by the app",
        "api.example": "app privacy report, 8 hits in its span, by the app",
        "site.example": "app privacy report, 2 hits in its span, by a website in the app",
        "widget.example": "app privacy report, 2 hits in its span, by the app",
        "2001:db8::7": "app privacy report, 2 hits in its span, by the app",
    }
    assert {each.kind for each in of_kind(found, Event)} == {"host_seen"}
    assert of_kind(found, Problem) == []


def test_only_what_may_have_been_in_the_session_is_told(tmp_path: Path) -> None:
    early = "2026-11-22T09:00:00.000Z"
    late = "2026-11-23T09:00:00.000Z"
    content = lines(
        network("before.example", firstTimeStamp=early, timeStamp=early),
        network("after.example", firstTimeStamp=late, timeStamp=late),
        network("around.example", firstTimeStamp=early, timeStamp=late),
        network("once.example", firstTimeStamp=None),
    )
    reading = read(tmp_path, content)
    found = list(reading)
    assert {each.host: each.t_s for each in of_kind(found, Event)} == {
        "around.example": 0.0,
        "once.example": 120.0,
    }
    [problem] = of_kind(found, Problem)
    assert (problem.code, problem.detail) == ("outside", "2 lines of the app are of another time")


def test_sensors_and_data_that_the_app_used_are_measured(tmp_path: Path) -> None:
    content = lines(
        access("location"),
        access("location", kind="intervalEnd"),
        access("photos", kind="event"),
        access("a new kind of thing"),
        access("camera", accessor={"identifier": "com.other.app"}),
        access("camera", timeStamp="2026-11-29T11:03:00.000+01:00"),
    )
    found = list(read(tmp_path, content))
    assert [(each.topic, each.value) for each in of_kind(found, Measured)] == [
        ("sensor_access", "location"),
        ("sensor_access", "photos"),
        ("sensor_access", "other"),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        b"not json\n",
        b"[1]\n",
        b"[" * 5000 + b"\n",
        lines({"type": "unknown"}),
        lines(network(hits="many")),
        lines(network(hits=-1)),
        lines(network(domain="two words")),
        lines({**network(), "domain": None}),
        lines(network(timeStamp="yesterday")),
        lines(network(timeStamp="2026-11-22T11:02:00")),
        lines(network(timeStamp=5)),
        lines(network(bundleID=["x"])),
        lines(access(accessor="x")),
        lines({**access(), "category": 5}),
        b'{"type": "networkActivity"' + b" " * 200_000 + b"}\n",
    ],
)
def test_odd_lines_are_counted_and_the_others_are_read(tmp_path: Path, odd: bytes) -> None:
    reading = read(tmp_path, lines(network()) + odd)
    found = list(reading)
    assert {each.host for each in of_kind(found, Event)} == {"api.example"}
    [problem] = of_kind(found, Problem)
    assert problem.code == "odd_line"
    assert reading.total is not None
    assert reading.read < reading.total


def test_the_preface_and_lines_of_betas_are_no_faults(tmp_path: Path) -> None:
    beta = {"stream": "com.apple.privacy.accounting.stream.tcc", "version": 3}
    reading = read(tmp_path, lines({"_marker": "<metadata>"}, beta, network()) + b"\n\n")
    assert reading.extent() == "3 of 3 lines"
    assert of_kind(reading, Problem) == []


@pytest.mark.parametrize(
    ("app", "during", "complaint"),
    [
        (APP, None, "it can only be a witness: say of which session: --beside SESSION"),
        ("com.none.app", DURING, "has no app 'com.none.app', but 1 others: name it by its bundle"),
        (APP, (1.0, 2.0), "says nothing of the app at the time of the session"),
    ],
)
def test_what_says_nothing_of_the_session_is_refused(
    tmp_path: Path, app: str, during: tuple[float, float] | None, complaint: str
) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, lines(network()), app, during)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (lines(network()), True),
        (lines(access()), True),
        (b"\xef\xbb\xbf" + lines(network()), True),
        (lines({"_marker": "<metadata>", "version": 4}, network()), True),
        (lines(network())[:60], False),
        (lines({"type": "other"}), False),
        (har(har_entry()), False),
        (b"{}", False),
        (b"[1]\n", False),
        (b"", False),
    ],
)
def test_a_report_is_known_by_its_first_line(head: bytes, known: bool) -> None:
    assert PrivacyReportReader().sniff(head) is known


def test_a_report_is_recognised_before_it_can_pass_for_a_har() -> None:
    head = lines(network(), network())
    known = [name for name, kind in READERS.entries().items() if kind().sniff(head)]
    assert known[0] == "app_privacy_report"
    report = [name for name, kind in READERS.entries().items() if kind().sniff(har(har_entry()))]
    assert report == ["har"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.dictionaries(st.sampled_from([*network(), *access()]), VALUES).map(
                lambda changes: json.dumps({**network(), **changes}).encode()
            ),
            st.dictionaries(st.sampled_from([*network(), *access()]), VALUES).map(
                lambda changes: json.dumps({**access(), **changes}).encode()
            ),
            st.binary(max_size=50),
        ),
        max_size=10,
    )
)
def test_no_line_makes_it_fail(content: list[bytes]) -> None:
    found = _read(iter(content), APP, DURING)
    assert found.understood + found.odd == found.lines <= len(content)
