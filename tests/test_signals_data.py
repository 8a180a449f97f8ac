"""Each privacy signal of signals.yaml is read where it stands, and as its row says."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from analyzer.extract import Extractor
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Signal, SignalVerdict

ID = "5e0a7c7e-93d1-4b59-8a06-1f0c4d2e7b11"
ZERO = "00000000-0000-0000-0000-000000000000"
APP = "https://api16-normal-example.tiktokv.com"
COMPLIANCE = f"{APP}/aweme/v1/compliance/settings/"
FEED = f"{APP}/aweme/v1/feed/"
BID = "https://exchange.example/openrtb2/auction"
GMA = "https://googleads.g.doubleclick.net/mads/gma"
COLLECT = "https://region1.google-analytics.com/g/collect"
META = "https://graph.facebook.com/v17.0/1000000000000001/activities"
ADJUST = "https://app.adjust.com/session"
BATCH = "https://business-api.tiktok.com/open_api/v1.2/app/batch/"
PIXEL = "https://px.example/p"
CHOICE = f"{APP}/aweme/v1/cmpl/set/settings/"
SHARING = "https://app.adjust.com/third_party_sharing"
LOG = f"{APP}/service/2/app_log/"


@dataclass(frozen=True)
class Case:
    """A request (and its answer) in which `signal` says `verdict`."""

    signal: str
    verdict: SignalVerdict
    url: str
    query: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None
    age: int | None = 13

    def exchange(self) -> Exchange:
        """Build the request; it is a POST where it has a body."""
        headers, body = dict(self.headers), b""
        if self.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(self.form).encode()
        elif self.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(self.body).encode()
        return Exchange(
            id="1",
            session="signals",
            t_s=0.0,
            phase="use",
            method="POST" if body else "GET",
            url=f"{self.url}?{urlencode(self.query)}" if self.query else self.url,
            request_headers=tuple(headers.items()),
            request_body=body,
            status=200,
            response_headers=(("Content-Type", "application/json"),),
            response_body=b"" if self.answer is None else json.dumps(self.answer).encode(),
            server_ip=None,
            transport="h2",
            complete=True,
            truncated=0,
        )


def bid(**parts: Any) -> dict[str, Any]:
    return {"id": "1", "imp": [{"id": "1"}], **parts}


def packed(fields: list[tuple[int, int]]) -> str:
    """Return (value, bits) one after the other, filled up to whole bytes, in base64url."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 24)
    return urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8, "big")).decode()


def us_national(opt_out: int, child: int) -> str:
    """Write a GPP string with one section, US national in its version 1."""
    notices, opt_outs, sensitive, children, rest = (
        [1] * 6,
        [opt_out] * 3,
        [0] * 12,
        [child] * 2,
        [0] * 4,
    )
    values = (*notices, *opt_outs, *sensitive, *children, *rest)
    return "DBABLA~" + packed([(1, 6), *((value, 2) for value in values)])


def tc_string(*purposes: int) -> str:
    """Write a TC string of version 2 with consent to `purposes`, and nothing else."""
    consents = sum(1 << (24 - purpose) for purpose in purposes)
    head = [(2, 6), (17_000_000_000, 36), (17_000_000_000, 36), (7, 12), (1, 12), (1, 6)]
    head += [(0, 6), (1, 6), (100, 12), (4, 6), (1, 1), (0, 1), (0, 12)]  # language, list, policy
    return packed([*head, (consents, 24), (0, 24), (0, 1), (0, 12), (0, 17), (0, 17), (0, 12)])


CASES = [
    Case("tiktok.ad_personality_mode", "protective", FEED, {"ad_personality_mode": "0"}),
    Case("tiktok.ad_personality_mode", "non_protective", FEED, {"ad_personality_mode": "1"}),
    Case("tiktok.ad_personality_mode", "no_signal", FEED, {"ad_personality_mode": "2"}),
    Case("tiktok.uoo", "no_signal", FEED, {"uoo": "1"}),
    Case("tiktok.allow_sell_data", "protective", FEED, {"allow_sell_data": "0"}),
    Case("tiktok.allow_sell_data", "non_protective", FEED, {"allow_sell_data": "1"}),
    Case("tiktok.advertising_id", "non_protective", FEED, {"gaid": ID}),
    Case("tiktok.advertising_id", "protective", FEED, {"gaid": ZERO}),
    Case("tiktok.gaid_limited", "protective", LOG, body={"header": {"gaid_limited": 1}}),
    Case("tiktok.gaid_limited", "non_protective", LOG, body={"header": {"gaid_limited": 0}}),
    Case(
        "tiktok.gaid_limited",
        "contradictory",
        LOG,
        body={"header": {"gaid_limited": 1, "google_aid": ID}},
    ),
    Case("tiktok.device_ids", "no_signal", FEED, {"openudid": "3f1c9a70b2d4e680"}),
    Case("tiktok.location_and_contacts", "non_protective", FEED, {"latitude": "-1.2598"}),
    Case("tiktok.location_and_contacts", "no_signal", FEED, {"gps_access": "2"}),
    Case("tiktok.kids_mode", "protective", LOG, body={"header": {"custom": {"is_kids_mode": 1}}}),
    Case("tiktok.kids_mode", "no_signal", LOG, body={"header": {"custom": {"is_kids_mode": 0}}}),
    Case("tiktok.compliance_request", "protective", COMPLIANCE, {"teen_mode_status": "1"}),
    Case("tiktok.compliance_request", "no_signal", COMPLIANCE, {"ftc_child_mode": "-1"}),
    Case(
        "tiktok.ad_personality_mode_response",
        "protective",
        COMPLIANCE,
        answer={"ad_personality_settings": {"mode": 0}},
    ),
    Case(
        "tiktok.ad_personality_mode_response",
        "non_protective",
        f"{APP}/tfe/api/request_combine/v1/",
        answer={"data": {"settings": {"ad_personality_settings": {"mode": 1}}}},
    ),
    Case(
        "tiktok.ad_personality_settings",
        "protective",
        COMPLIANCE,
        answer={"ad_personality_settings": {"is_teenager_mode": True}},
    ),
    Case(
        "tiktok.ad_personality_settings",
        "non_protective",
        COMPLIANCE,
        answer={"ad_personality_settings": {"limit_ad_tracking": False}},
    ),
    Case(
        "tiktok.age_compliance_switches",
        "protective",
        COMPLIANCE,
        answer={"force_private_account": True},
    ),
    Case(
        "tiktok.age_compliance_switches",
        "non_protective",
        COMPLIANCE,
        answer={"set_appsflyer_sharing_block": False},
    ),
    Case("tiktok.ad_choice_written", "non_protective", CHOICE, {"settings": '[{"value":"1"}]'}),
    Case("tiktok.ad_choice_written", "protective", CHOICE, form={"settings": '[{"value":"0"}]'}),
    Case("tiktok.age_endpoints", "no_signal", f"{APP}/tiktok/v1/kids/settings/"),
    Case("tiktok.carrier_region", "no_signal", FEED, {"carrier_region": "KE"}),
    Case("tiktok.carrier_region_v2", "no_signal", FEED, {"carrier_region_v2": "639"}),
    Case("tiktok.mcc_mnc", "no_signal", FEED, {"mcc_mnc": "63902"}),
    Case("tiktok.settings_region", "no_signal", FEED, {"sys_region": "KE"}),
    Case("tiktok.assigned_region", "no_signal", FEED, {"current_region": "KE"}),
    Case("tiktok.account_region", "no_signal", FEED, {"account_region": "KE"}),
    Case(
        "tiktok.account_region",
        "no_signal",
        FEED,
        answer={"aweme_list": [{"author": {"account_region": "KE"}}]},
    ),
    Case("tiktok.store_country", "no_signal", FEED, headers={"Cookie": "store-country-code=ke"}),
    Case(
        "tiktok.store_country_source",
        "no_signal",
        FEED,
        headers={"Cookie": "store-country-code-src=did"},
    ),
    Case("tiktok.data_centre", "no_signal", FEED, headers={"Cookie": "store-idc=alisg"}),
    Case("tiktok.feed_ads", "no_signal", FEED, answer={"aweme_list": [{"is_ads": True}]}),
    Case("tiktok.watch_log", "no_signal", f"{APP}/aweme/v1/aweme/stats/", form={"is_ad": "0"}),
    Case(
        "tiktok.web_item_flags",
        "no_signal",
        "https://www.tiktok.com/api/recommend/item_list/",
        answer={"itemList": [{"isAd": True}]},
    ),
    Case(
        "tiktok_business.limited_data_use",
        "protective",
        BATCH,
        body={"batch": [{"limited_data_use": True}]},
    ),
    Case(
        "tiktok_business.limited_data_use",
        "non_protective",
        BATCH,
        body={"batch": [{"properties": {"limited_data_use": False}}]},
    ),
    Case(
        "tiktok_business.identifiers",
        "non_protective",
        BATCH,
        body={"batch": [{"context": {"device": {"gaid": ID}}}]},
    ),
    Case("google.tfcd", "protective", GMA, {"tfcd": "1"}),
    Case("google.tfcd", "non_protective", GMA, {"tfcd": "0"}),
    Case("google.tfcd", "contradictory", GMA, {"tfcd": "1", "rdid": ID}),
    Case("google.tfua", "protective", GMA, {"tfua": "1"}),
    Case("google.tfua", "non_protective", GMA, {"tfua": "0"}),
    Case("google.tfat", "protective", GMA, {"tfat": "2"}),
    Case("google.npa", "protective", COLLECT, {"npa": "1"}),
    Case(
        "google.npa",
        "contradictory",
        "https://cm.g.doubleclick.net/pixel",
        {"npa": "1", "google_ula": "100001"},
    ),
    Case("google.rdp_ltd", "protective", GMA, {"ltd": "1"}),
    Case("google.limit_ad_tracking", "protective", GMA, {"is_lat": "1", "rdid": ZERO}),
    Case("google.limit_ad_tracking", "non_protective", GMA, {"is_lat": "0", "rdid": ID}),
    Case("google.limit_ad_tracking", "contradictory", GMA, {"is_lat": "1", "rdid": ID}),
    Case("google.gcs", "protective", COLLECT, {"gcs": "G100"}),
    Case("google.gcs", "non_protective", COLLECT, {"gcs": "G111"}),
    Case("google.gcd", "protective", COLLECT, {"gcd": "11p1p1p1p5"}),
    Case("google.gcd", "non_protective", COLLECT, {"gcd": "11t1t1t1t5"}),
    Case("google.gcd", "no_signal", COLLECT, {"gcd": "11l1l1l1l5"}),
    Case("google.dma", "no_signal", COLLECT, {"dma": "1"}),
    Case(
        "meta.data_processing_options",
        "protective",
        META,
        form={"data_processing_options": '["LDU"]'},
    ),
    Case(
        "meta.data_processing_options",
        "non_protective",
        META,
        form={"data_processing_options": "[]"},
    ),
    Case(
        "meta.data_processing_options", "protective", "https://www.facebook.com/tr/", {"dpo": "LDU"}
    ),
    Case(
        "meta.data_processing_location",
        "no_signal",
        META,
        form={"data_processing_options_country": "1"},
    ),
    Case(
        "meta.advertiser_tracking_enabled",
        "protective",
        META,
        form={"advertiser_tracking_enabled": "0"},
    ),
    Case(
        "meta.advertiser_tracking_enabled",
        "contradictory",
        META,
        form={"advertiser_tracking_enabled": "0", "advertiser_id": ID},
    ),
    Case(
        "meta.application_tracking_enabled",
        "non_protective",
        META,
        form={"application_tracking_enabled": "true"},
    ),
    Case(
        "meta.ad_id_collection",
        "protective",
        META,
        form={"advertiser_id_collection_enabled": "false"},
    ),
    Case("meta.ad_id_collection", "protective", META, form={"limit_event_usage": "1"}),
    Case("meta.ad_id_collection", "non_protective", META, form={"limit_event_usage": "0"}),
    Case("meta.identifiers", "non_protective", META, form={"advertiser_id": ID}),
    Case("adjust.ff_coppa", "protective", ADJUST, form={"ff_coppa": "1"}),
    Case("adjust.ff_coppa", "protective", ADJUST, form={"ff_coppa": "1", "gps_adid": ZERO}),
    Case("adjust.ff_coppa", "contradictory", ADJUST, form={"ff_coppa": "1", "gps_adid": ID}),
    Case(
        "adjust.ff_play_store_kids_app", "protective", ADJUST, form={"ff_play_store_kids_app": "1"}
    ),
    Case("adjust.tracking_enabled", "protective", ADJUST, form={"tracking_enabled": "0"}),
    Case("adjust.tracking_enabled", "non_protective", ADJUST, form={"tracking_enabled": "1"}),
    Case("adjust.third_party_sharing", "protective", SHARING, form={"sharing": "disable"}),
    Case("adjust.third_party_sharing", "non_protective", SHARING, form={"sharing": "enable"}),
    Case(
        "unity.nonbehavioral",
        "protective",
        "https://configv2.unityads.unity3d.com/webview",
        body={"user.nonbehavioral": True},
    ),
    Case("unity.regs_ext_lgpd", "protective", BID, body=bid(regs={"ext": {"lgpd": True}})),
    Case(
        "unity.regs_ext_lgpd",
        "contradictory",
        BID,
        body=bid(regs={"ext": {"lgpd": True}}, device={"ifa": ID}),
    ),
    Case(
        "ironsource.regulation",
        "protective",
        "https://init.supersonicads.com/sdk",
        body={"metadata": {"is_child_directed": "true"}},
    ),
    Case("openrtb.regs_coppa", "protective", BID, body=bid(regs={"coppa": 1})),
    Case("openrtb.regs_coppa", "non_protective", BID, body=bid(regs={"coppa": 0})),
    Case("openrtb.regs_gdpr", "no_signal", BID, body=bid(regs={"ext": {"gdpr": 1}})),
    Case("iab.us_privacy", "protective", BID, body=bid(regs={"us_privacy": "1YYN"})),
    Case("iab.us_privacy", "non_protective", PIXEL, {"us_privacy": "1YNN"}),
    Case("iab.us_privacy", "no_signal", PIXEL, {"us_privacy": "1---"}),
    Case("iab.gpp", "no_signal", BID, body=bid(regs={"gpp_sid": [7]})),
    Case("iab.gpp", "non_protective", PIXEL, {"gpp": us_national(opt_out=2, child=0)}),
    Case("iab.gpp", "protective", PIXEL, {"gpp": us_national(opt_out=1, child=0)}),
    Case("iab.gpp_known_child", "contradictory", PIXEL, {"gpp": us_national(opt_out=2, child=0)}),
    Case(
        "iab.gpp_known_child", "no_signal", PIXEL, {"gpp": us_national(opt_out=2, child=0)}, age=30
    ),
    Case("iab.gpp_known_child", "protective", PIXEL, {"gpp": us_national(opt_out=1, child=1)}),
    Case("iab.gpp_known_child", "non_protective", PIXEL, {"gpp": us_national(opt_out=1, child=2)}),
    Case("iab.tcf", "no_signal", PIXEL, {"gdpr": "1"}),
    Case("iab.tcf", "protective", PIXEL, {"gdpr_consent": tc_string(1, 2)}),
    Case("iab.tcf", "non_protective", PIXEL, {"gdpr_consent": tc_string(1, 2, 3, 4)}),
    Case("openrtb.limit_ad_tracking", "protective", BID, body=bid(device={"lmt": 1})),
    Case("openrtb.limit_ad_tracking", "non_protective", BID, body=bid(device={"dnt": 0})),
    Case("openrtb.limit_ad_tracking", "contradictory", BID, body=bid(device={"lmt": 1, "ifa": ID})),
    Case("openrtb.identifiers", "non_protective", BID, body=bid(device={"ifa": ID})),
    Case("openrtb.identifiers", "protective", BID, body=bid(device={"ifa": ZERO})),
    Case("openrtb.geo", "non_protective", BID, body=bid(device={"geo": {"lat": -1.2598}})),
    Case("openrtb.demographics", "non_protective", BID, body=bid(user={"yob": 2013})),
    Case("http.sec_gpc", "protective", "https://page.example/", headers={"Sec-GPC": "1"}),
]


def read(case: Case) -> list[Signal]:
    extractor = Extractor(load_knowledge(), (), b"signals!" * 4, case.age)
    return [s for s in extractor.extract(case.exchange()).signals if s.signal == case.signal]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.signal}-{case.verdict}")
def test_a_signal_is_read_as_its_row_says(case: Case) -> None:
    found = read(case)
    assert found, "not found"
    assert {signal.verdict for signal in found} == {case.verdict}


def test_there_is_an_entry_for_each_row_and_a_case_for_each_on_the_wire() -> None:
    signals = load_knowledge().signals
    assert len(signals) == 67
    on_wire = {each.id for each in signals.values() if each.fields}
    assert {case.signal for case in CASES} == on_wire


def test_what_is_not_on_the_wire_says_why() -> None:
    silent = [each for each in load_knowledge().signals.values() if not each.fields]
    assert {each.id for each in silent} == {
        "tiktok.ad_library_targeting",
        "tiktok.export_ad_interests",
        "tiktok.export_identifiers",
        "appsflyer.consent",
        "applovin.consent",
        "yandex.age_restricted",
    }
    assert all(each.not_on_wire for each in silent)


def test_keys_of_one_platform_are_not_read_at_others() -> None:
    names = {
        "ad_personality_mode": "1",
        "tfcd": "0",
        "npa": "0",
        "advertiser_tracking_enabled": "1",
        "tracking_enabled": "1",
        "carrier_region": "KE",
    }
    case = Case("", "no_signal", "https://shop.example/a", names)
    assert Extractor(load_knowledge(), (), b"signals!" * 4).extract(case.exchange()).signals == ()


def test_general_knowledge_is_marked_as_not_verified() -> None:
    signals = load_knowledge().signals
    assert not any(each.verified for each in signals.values() if each.grade == "K")
    assert not signals["google.tfat"].verified
