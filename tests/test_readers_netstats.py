"""Android's count of an app's bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_files import of_kind, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.models import Measured, Problem
from analyzer.readers import Asked, Reading
from analyzer.readers.netstats import NetstatsReader, _count

BEGAN = 1_700_000_000  # in the bucket that begins at 1_699_999_200
DURING = (float(BEGAN), float(BEGAN + 600))
WIFI = (
    '{type=1, ratType=COMBINED, wifiNetworkKey="Home uid=1 set=ALL tag=0x0"wpa2-psk, metered=false}'
)
NEW = f"""\
Configs:
  netstats_combine_subtype_enabled=true
Active interfaces:
  iface=wlan0 ident=[{WIFI}]
Active UID interfaces:
  iface=wlan0 ident=[{WIFI}]
Top openSession callers (uid=count):
  1000=7

Dev stats:
  Pending bytes: 1
  History since boot:
  ident=[{WIFI}] uid=-1 set=ALL tag=0x0
    NetworkStatsHistory: bucketDuration=3600
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
Xt stats:
  Pending bytes: 1
  History since boot:
  ident=[{WIFI}] uid=10234 set=ALL tag=0x0
    NetworkStatsHistory: bucketDuration=3600
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
UID stats:
  Pending bytes: 744
  History since boot:
  ident=[{WIFI}] uid=10234 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      (omitting 3 buckets)
      st=1699992000 rb=70000 rp=7 tb=7000 tp=7 op=0
      st=1699999200 rb=1000 rp=10 tb=100 tp=10 op=0
      st=1700006400 rb=80000 rp=8 tb=8000 tp=8 op=0
  ident=[{WIFI}] uid=10234 set=FOREGROUND tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=2000 rp=20 tb=200 tp=20 op=0
  ident=[{{type=0, ratType=13, subscriberId=310260..., subId=1}}] uid=10234 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=4000 rp=40 tb=400 tp=40 op=0
  ident=[{{type=17, ratType=COMBINED, metered=false}}] uid=10234 set=FOREGROUND tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
  ident=[{WIFI}] uid=10234 set=DBG_VPN_IN tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
  ident=[{WIFI}] uid=102345 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
UID tag stats:
  Pending bytes: 0
  History since boot:
  ident=[{WIFI}] uid=10234 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=999999 rp=9 tb=999999 tp=9 op=0
"""
OLD = """\
Active interfaces:
  iface=wlan0 ident=[{type=WIFI, subType=COMBINED, networkId="Home", metered=false}]
UID stats:
  Pending bytes: 744
  Complete history:
  ident=[{type=WIFI, subType=COMBINED, networkId="Home"}] uid=10085 set=FOREGROUND tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1699999200 rb=31 rp=1 tb=17 tp=1 op=0
"""


def read(
    tmp_path: Path,
    text: str,
    uid: int | None = 10234,
    during: tuple[float, float] | None = DURING,
) -> Reading:
    reader = NetstatsReader()
    reader.asked = Asked(during=during, uid=uid)
    return reader.read(written(tmp_path / "netstats.txt", text.encode()))


def measured(reading: Reading) -> dict[str, str]:
    return {each.topic: each.value for each in of_kind(reading, Measured)}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_untagged_bytes_of_the_app_on_real_networks_are_summed_up(
    tmp_path: Path, ending: str
) -> None:
    reading = read(tmp_path, NEW.replace("\n", ending))
    assert reading.started == 1_699_999_200
    assert reading.extent() == "5 of 5 buckets"
    rows = list(reading)
    assert rows[:2] == [
        Measured(0.0, "app_bytes_up", "700", "netstats"),
        Measured(0.0, "app_bytes_down", "7000", "netstats"),
    ]
    [problem] = of_kind(rows, Problem)
    assert (problem.code, problem.detail[:40]) == (
        "omitted",
        "3 earlier buckets are left out of it: ta",
    )


def test_names_of_networks_cannot_pass_for_an_app(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="says nothing of the app 1 at the time of the session"):
        read(tmp_path, NEW, uid=1)


def test_a_session_over_two_buckets_counts_both(tmp_path: Path) -> None:
    found = measured(read(tmp_path, NEW, during=(1_700_006_000.0, 1_700_007_000.0)))
    assert found == {"app_bytes_up": "8700", "app_bytes_down": "87000"}


def test_older_androids_write_the_names_of_networks(tmp_path: Path) -> None:
    found = measured(read(tmp_path, OLD, uid=10085))
    assert found == {"app_bytes_up": "17", "app_bytes_down": "31"}


def test_odd_lines_of_the_app_are_counted(tmp_path: Path) -> None:
    odd = OLD.replace("op=0", "op=0\n      st=x rb=1\n      nonsense")
    [problem] = of_kind(read(tmp_path, odd, uid=10085), Problem)
    assert (problem.code, problem.detail) == ("odd_line", "2 lines of the app are of no known form")


@pytest.mark.parametrize(
    ("text", "uid", "during", "complaint"),
    [
        (NEW, 10234, None, "it can only be a witness: say of which session: --beside SESSION"),
        (NEW, None, DURING, "knows apps by number: --uid NUMBER, from `pm list packages -U`"),
        (NEW, 10999, DURING, "says nothing of the app 10999 at the time of the session"),
        (NEW, 10234, (1.0, 2.0), "says nothing of the app 10234 at the time of the session"),
        ("Dev stats:\n", 10234, DURING, "says nothing of single apps: take it with `adb shell"),
    ],
)
def test_what_says_nothing_of_the_session_is_refused(
    tmp_path: Path,
    text: str,
    uid: int | None,
    during: tuple[float, float] | None,
    complaint: str,
) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path, text, uid, during)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (NEW.encode(), True),
        (b"UID stats:\r\n  Pending bytes: 0\r\n", True),
        (b"Active interfaces:\n", True),
        (b"the UID stats: are here", False),
        (b"UID stats:\n\0", False),
        (b"{}", False),
        (b"", False),
    ],
)
def test_the_text_is_known_by_its_headings(head: bytes, known: bool) -> None:
    assert NetstatsReader().sniff(head) is known


LINES = [line.encode() for line in NEW.splitlines()]


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.binary(max_size=60),
            st.from_regex(
                rb" *st=[0-9]{1,15} rb=[0-9]{1,20} rp=1 tb=[0-9]{1,20} tp=1", fullmatch=True
            ),
        ),
        max_size=40,
    )
)
def test_no_text_makes_it_fail_and_nothing_is_counted_twice(lines: list[bytes]) -> None:
    once = _count(iter(lines), 10234, DURING)
    assert once.during <= once.buckets <= len(lines)
    assert (once.during == 0) <= (once.up == once.down == 0)
    assert _count(iter([*lines, b"UID tag stats:", *LINES[-4:]]), 10234, DURING).up == once.up
