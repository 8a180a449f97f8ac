"""What a phone says of itself is read, bounded, checked for its form, and held against the arm."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_phone import FakePhone, connect, own_server

from analyzer.errors import UserError
from analyzer.expectation import expect
from analyzer.phone import Adb, find_adb
from analyzer.phone.apps import App, bytes_of, read_app
from analyzer.phone.contradictions import contradictions
from analyzer.phone.facts import Facts, read_facts

APP = "com.example.app"
KENYA = expect("KE")
GOOD = Facts(
    device="Google Pixel 7",
    os="Android 14",
    sim_country=("KE",),
    sim_operator=("63902",),
    locale="sw-KE",
    time_zone="Africa/Nairobi",
    auto_time=True,
    clock_offset_s=0.0,
    clock_error_s=0.0,
    private_dns="off",
    http_proxy="none",
)
NETSTATS = """Active interfaces:
  iface=wlan0 ident=[{type=1}] uid=10123 set=DEFAULT tag=0x0
      st=1 rb=7 rp=7 tb=7 tp=7 op=0
Xt stats:
  History since boot:
  ident=[{type=1}] uid=-1 set=ALL tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1 rb=90000 rp=1 tb=90000 tp=1 op=0
UID stats:
  Pending bytes: 0
  History since boot:
  ident=[{type=1, ratType=COMBINED, wifiNetworkKey="Home uid=1", metered=false}] uid=10123 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1790661600 rb=1000 rp=10 tb=500 tp=5 op=0
      st=1790668800 rb=2000 rp=20 tb=700 tp=7 op=0
  ident=[{type=0, metered=true}] uid=10123 set=FOREGROUND tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1790661600 rb=10 rp=1 tb=20 tp=1 op=0
  ident=[{type=17}] uid=10123 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1790661600 rb=5000 rp=1 tb=5000 tp=1 op=0
  ident=[{type=1}] uid=101230 set=DEFAULT tag=0x0
    NetworkStatsHistory: bucketDuration=7200
      st=1790661600 rb=99999 rp=99 tb=99999 tp=99 op=0
UID tag stats:
  ident=[{type=1}] uid=10123 set=DEFAULT tag=0xff
    NetworkStatsHistory: bucketDuration=7200
      st=1790661600 rb=800 rp=9 tb=800 tp=9 op=0
"""  # noqa: E501


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with own_server(tmp_path_factory.mktemp("adb") / "home") as state:
        yield state


@pytest.fixture
def phone() -> Iterator[FakePhone]:
    with FakePhone("SECRETNUMBER") as made:
        connect(made)
        yield made


@pytest.fixture
def adb() -> Adb:
    return find_adb()


def test_the_facts_of_a_good_phone_are_read(phone: FakePhone, adb: Adb) -> None:
    found = read_facts(adb, phone.serial)
    assert found.clock_offset_s is not None
    assert found.clock_error_s is not None
    assert abs(found.clock_offset_s) <= found.clock_error_s + 0.05
    assert replace(found, clock_offset_s=0.0, clock_error_s=0.0) == GOOD


def test_nothing_that_identifies_the_phone_or_its_owner_is_asked_for_or_kept(
    phone: FakePhone, adb: Adb
) -> None:
    phone.install(APP, "1.4.2", {"base.apk": b"x"})
    rows = read_facts(adb, phone.serial, read_app(adb, phone.serial, APP)).rows()
    told = " ".join(phone.ran)
    for word in ("imei", "serialno", "line1", "account", "android_id", "iphonesubinfo", "msisdn"):
        assert word not in told.lower()
    assert "SECRETNUMBER" not in str(rows)
    assert phone.serial not in str(rows)


def test_a_wrong_clock_is_measured(phone: FakePhone, adb: Adb) -> None:
    phone.clock_offset_s = -90
    found = read_facts(adb, phone.serial)
    assert found.clock_offset_s == pytest.approx(-90, abs=1)
    [sentence] = contradictions(found, KENYA)
    assert sentence.startswith("the phone's clock is 90 s behind this machine's")


def whole_seconds() -> bytes:
    return f"{int(time.time())}.%N\n".encode()


def test_a_clock_of_whole_seconds_is_right_to_a_second(phone: FakePhone, adb: Adb) -> None:
    phone.answers["date +%s.%N"] = whole_seconds
    found = read_facts(adb, phone.serial)
    assert found.clock_offset_s is not None
    assert found.clock_error_s is not None
    assert 0.5 <= found.clock_error_s < 2
    assert abs(found.clock_offset_s) <= found.clock_error_s


@pytest.mark.parametrize(
    ("property_", "setting", "product", "locale"),
    [
        ("", "de-DE,en-US", "en-US", "de-DE"),
        ("", "null", "pt-BR", "pt-BR"),
        ("zh_Hant_TW", "", "", "zh-Hant-TW"),
        ("", "", "", ""),
    ],
)
def test_the_language_is_found_where_the_phone_has_it(
    phone: FakePhone, adb: Adb, property_: str, setting: str, product: str, locale: str
) -> None:
    phone.properties |= {"persist.sys.locale": property_, "ro.product.locale": product}
    phone.settings["system", "system_locales"] = setting
    assert read_facts(adb, phone.serial).locale == locale


def test_each_sim_counts_and_an_empty_slot_does_not(phone: FakePhone, adb: Adb) -> None:
    phone.properties |= {
        "gsm.sim.operator.numeric": "63902,26201",
        "gsm.sim.operator.iso-country": "ke,de",
    }
    found = read_facts(adb, phone.serial)
    assert found.sim_country == ("KE", "DE")
    assert ("sim_operator", "26201") in found.rows()
    assert contradictions(found, KENYA) == ["the SIM is of DE, the arm of KE"]
    phone.properties["gsm.sim.operator.iso-country"] = ","
    assert read_facts(adb, phone.serial).sim_country == ()


def test_a_name_of_private_dns_is_no_business_of_ours(phone: FakePhone, adb: Adb) -> None:
    phone.settings["global", "private_dns_mode"] = "hostname"
    phone.settings["global", "private_dns_specifier"] = "a1b2c3.dns.example"
    found = read_facts(adb, phone.serial)
    assert found.private_dns == "hostname"
    assert not any("specifier" in line for line in phone.ran)


def test_answers_without_their_form_are_none_and_are_named(phone: FakePhone, adb: Adb) -> None:
    phone.properties |= {
        "gsm.sim.operator.iso-country": "k\x1b[2Je",
        "gsm.sim.operator.numeric": "63902; reboot",
        "persist.sys.timezone": "../../etc/passwd",
        "persist.sys.locale": "<script>",
        "ro.product.model": "Pixel\x1b]0;x\x07",
    }
    phone.settings["global", "http_proxy"] = "$(reboot)"
    phone.answers["date +%s.%N"] = b"1e999\n"
    phone.answers["getprop ro.build.version.release"] = b"\xff" * 900_000
    found = read_facts(adb, phone.serial)
    assert found.sim_country == found.sim_operator == ()
    assert (found.time_zone, found.locale, found.os, found.device) == ("", "", "", "Google")
    assert found.clock_offset_s is None
    assert found.http_proxy == "none"
    assert set(found.odd) == {
        "gsm.sim.operator.iso-country", "gsm.sim.operator.numeric", "persist.sys.timezone",
        "persist.sys.locale", "ro.product.model", "http_proxy",
    }  # fmt: skip
    assert all(value.isprintable() for _, value in found.rows())


def test_the_app_is_known_by_the_hash_of_each_of_its_files(phone: FakePhone, adb: Adb) -> None:
    apks = {"base.apk": b"base" * 9999, "split_config.xxhdpi.apk": b"split"}
    phone.install(APP, "1.4.2", apks)
    phone.netstats = NETSTATS.encode()
    found = read_app(adb, phone.serial, APP)
    assert found == App(
        APP,
        "1.4.2",
        "1402",
        tuple((name, hashlib.sha256(body).hexdigest()) for name, body in apks.items()),
        bytes_up=1220,
        bytes_down=3010,
    )
    phone.missing.add("sha256sum")
    assert read_app(adb, phone.serial, APP) == found
    rows = replace(GOOD, app=found).rows()
    assert ("app_version", "com.example.app 1.4.2 (1402)") in rows
    assert (
        "app_sha256",
        f"{hashlib.sha256(b'split').hexdigest()}  split_config.xxhdpi.apk",
    ) in rows
    assert ("app_bytes_up", "1220") in rows


def test_an_app_that_is_not_there_is_the_users_to_put_right(phone: FakePhone, adb: Adb) -> None:
    with pytest.raises(UserError, match=r"com\.example\.app is not installed on the phone"):
        read_app(adb, phone.serial, APP)
    before = len(phone.ran)
    for wrong in ("app", "com.example; reboot", "com..x", "", "1com.x", "com.x" * 100):
        with pytest.raises(UserError, match="is not an Android package name"):
            read_app(adb, phone.serial, wrong)
    assert len(phone.ran) == before


def test_paths_that_no_apk_has_are_not_followed(phone: FakePhone, adb: Adb) -> None:
    phone.install(APP, "1.4.2", {"base.apk": b"x"})
    phone.files["/data/app/../../etc/x.apk"] = b"no"
    phone.answers[f"pm path {APP}"] = (
        b"package:/data/app/../../etc/x.apk\npackage:relative.apk\n"
        b"package:/data/$(reboot).apk\npackage:/data/app/a.apk\x1b[0m\npackage:/etc/passwd\n"
    )
    assert read_app(adb, phone.serial, APP).apks == ()
    assert not any("reboot" in line or "etc" in line for line in phone.ran)


def test_a_hostile_version_is_shown_harmless(phone: FakePhone, adb: Adb) -> None:
    phone.install(APP, "1.0\x1b[31m", {"base.apk": b"x"})
    assert read_app(adb, phone.serial, APP).version == r"1.0\x1b[31m"
    phone.answers[f"dumpsys package {APP}"] = b"no such section\nversionName=7\n"
    assert read_app(adb, phone.serial, APP).version == ""


def test_bytes_are_those_of_the_app_on_real_networks_counted_once() -> None:
    assert bytes_of(NETSTATS, 10123) == (1220, 3010)
    assert bytes_of(NETSTATS, 101230) == (99999, 99999)
    assert bytes_of(NETSTATS, 1) == (0, 0)
    assert bytes_of("Xt stats:\n", 10123) == (None, None)


def test_bytes_are_read_in_the_words_of_android_6() -> None:
    old = (
        "UID stats:\n"
        '  ident=[{type=WIFI, networkId="x"}] uid=10050 set=FOREGROUND tag=0x0\n'
        "    NetworkStatsHistory: bucketDuration=7200000\n"
        "      bucketStart=1446 activeTime=7 rxBytes=30 rxPackets=1 txBytes=4 txPackets=1\n"
    )
    assert bytes_of(old, 10050) == (4, 30)


def test_a_phone_that_is_what_the_arm_says_contradicts_nothing() -> None:
    assert contradictions(GOOD, KENYA) == []
    assert contradictions(GOOD, None) == []
    unknown = replace(GOOD, sim_country=(), locale="", time_zone="", clock_offset_s=None)
    assert contradictions(unknown, KENYA) == []


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"sim_country": ("DE",)}, "the SIM is of DE, the arm of KE"),
        ({"locale": "de-DE"}, "the language setting is de-DE, the arm expects "),
        ({"locale": "zh-Hant-TW"}, "is zh-Hant-TW, the arm"),
        (
            {"time_zone": "Europe/Berlin"},
            "the time zone is Europe/Berlin, the arm expects Africa/Nairobi",
        ),
        ({"clock_offset_s": 7.0}, "the phone's clock is 7 s ahead of"),
        ({"private_dns": "hostname"}, "Private DNS has a provider"),
        ({"http_proxy": "10.1.1.1:3128"}, "the phone has a proxy set"),
    ],
)
def test_each_contradiction_is_named(changed: dict[str, object], part: str) -> None:
    [sentence] = contradictions(replace(GOOD, **changed), KENYA)  # type: ignore[arg-type]
    assert part in sentence


@pytest.mark.parametrize(
    "changed",
    [
        {"clock_offset_s": 7.0, "clock_error_s": 6.0},
        {"private_dns": "opportunistic"},
        {"locale": "en-KE"},
        {"locale": "sw"},
        {"http_proxy": "127.0.0.1:8080"},
    ],
)
def test_what_may_be_is_no_contradiction(changed: dict[str, object]) -> None:
    assert contradictions(replace(GOOD, **changed), KENYA) == []  # type: ignore[arg-type]


def test_another_version_of_the_app_than_the_studys_is_named() -> None:
    app = App(APP, "1.4.2", "1402", (), None, None)
    found = replace(GOOD, app=app)
    assert contradictions(found, KENYA, "1.4.2") == contradictions(found, KENYA) == []
    [sentence] = contradictions(found, KENYA, "1.5")
    assert sentence.startswith("the app is 1.4.2, the study says 1.5")
