"""What servers tell of a phone and what an app sends of it: codes only, hits and misses."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange, Headers
from analyzer.region.evidence import Evidence
from analyzer.region.measured import MOST, OTHERS

KNOWN = load_knowledge()
URL = "https://api.pebblo.example/v1/start"
EXTRACTOR = Extractor(KNOWN, (), b"k" * 32)


def exchange(
    number: int = 1,
    url: str = URL,
    *,
    sent: Headers = (),
    got: Headers = (),
    form: dict[str, str] | None = None,
    answer: bytes = b"",
    method: str = "POST",
) -> Exchange:
    return Exchange(
        id=str(number),
        session="KE-13-r01",
        t_s=float(number),
        phase="use",
        method=method,
        url=url,
        request_headers=(("Content-Type", "application/x-www-form-urlencoded"), *sent),
        request_body=urlencode(form or {}).encode(),
        status=200,
        response_headers=got,
        response_body=answer,
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )


def seen(*exchanges: Exchange) -> list[tuple[str, str, str, int]]:
    evidence = Evidence(KNOWN)
    for each in exchanges:
        decoded = decode(each)
        found = EXTRACTOR.extract(each, decoded)
        evidence.exchange(place_of(each.url), each, decoded.leaves, found.matches)
    facts = evidence.seen("KE-13-r01")
    assert {(fact.session, fact.kind, fact.ask) for fact in facts} <= {("KE-13-r01", "seen", 0)}
    return [(fact.topic, fact.value, fact.source, fact.count) for fact in facts]


def told(*exchanges: Exchange) -> list[tuple[str, str]]:
    return [(topic, value) for topic, value, _, _ in seen(*exchanges)]


@pytest.mark.parametrize(
    ("name", "value", "fact"),
    [
        ("CF-Ray", "8044fc9689fa2386-NBO", ("pop", "KE NBO", "cloudflare/ray", 1)),
        ("x-served-by", "cache-bma1626-BMA", ("pop", "SE BMA", "fastly/served-by", 1)),
        (
            "X-Served-By",
            "cache-iad2142-IAD, cache-nrt6126-NRT",
            ("pop", "JP NRT", "fastly/served-by", 1),
        ),
        ("x-amz-cf-pop", "ARN54-P2", ("pop", "SE ARN", "cloudfront/pop", 1)),
        ("x-vercel-id", "cpt1::iad1::a-1-b", ("pop", "ZA CPT", "vercel/id", 1)),
        ("cf-ipcountry", "ke", ("server_country", "KE", "cdn/client-country", 1)),
        ("X-Geo-Country", "DE", ("server_country", "DE", "cdn/client-country", 1)),
        ("Set-Cookie", "geo=KE; Path=/", ("server_market", "KE", "cookie/country", 1)),
        ("Set-Cookie", 'a=1\nCountry="DE"', ("server_market", "DE", "cookie/country", 1)),
    ],
)
def test_a_header_or_cookie_of_an_answer_tells(
    name: str, value: str, fact: tuple[str, str, str, int]
) -> None:
    assert seen(exchange(got=((name, value),))) == [fact]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cf-ray", "8044fc9689fa2386-ZZZ"),  # no such place
        ("cf-ray", "NBO"),
        ("x-served-by", "wrapper-iperceptions04"),
        ("x-served-by", "cache-nrt6126-NRT, web-7"),
        ("x-cache", "HIT"),
        ("x-timer", "S1450618997.866599,VS0,VE259"),
        ("x-li-pop", "prod-lva1"),
        ("via", "1.1 05aec04162b0fed6.cloudfront.net (CloudFront)"),
        ("cf-ipcountry", "XX"),
        ("cf-ipcountry", "T1"),
        ("x-country", "KE"),  # of whom, the name does not say
        ("x-amz-bucket-region", "us-west-2"),
        ("Set-Cookie", "geo=Nairobi"),
        ("Set-Cookie", "geo=ke"),
        ("Set-Cookie", "lang=de"),
        ("Set-Cookie", "GeoIP=KE:30:Nairobi:-1.3:36.8:v4"),  # but not of Wikimedia
        ("Set-Cookie", "KE"),
    ],
)
def test_what_only_looks_alike_tells_nothing(name: str, value: str) -> None:
    assert seen(exchange(got=((name, value),))) == []


def test_the_same_in_a_request_is_not_what_a_server_says() -> None:
    sent = (("cf-ipcountry", "KE"), ("cf-ray", "8044fc9689fa2386-NBO"), ("Cookie", "geo=KE"))
    assert not {topic for topic, _ in told(exchange(sent=sent))} & {"pop", "server_country"}


@pytest.mark.parametrize(
    ("url", "answer", "fact"),
    [
        (
            "https://geolocation.onetrust.com/cookieconsentpub/v1/geo/location",
            b'jsonFeed({"country":"KE","state":"30","continent":"AF"});',
            ("server_country", "KE", "onetrust/geolocation", 1),
        ),
        (
            "https://ipinfo.io/json",
            b'{"ip": "192.0.2.1", "city": "Nairobi", "country": "KE"}',
            ("server_country", "KE", "ipinfo/country", 1),
        ),
        (
            "http://ip-api.com/json",
            b'{"country": "Kenya", "countryCode": "KE"}',
            ("server_country", "KE", "ip-api/country", 1),
        ),
        (
            "https://any.example/cdn-cgi/trace",
            b"fl=1f2\nh=any.example\nip=192.0.2.1\nts=1\ncolo=NBO\nloc=KE\ntls=TLSv1.3\n",
            ("server_country", "KE", "cloudflare/trace", 1),
        ),
    ],
)
def test_the_answer_of_an_endpoint_that_locates_tells(
    url: str, answer: bytes, fact: tuple[str, str, str, int]
) -> None:
    kind = "application/json" if answer.startswith(b"{") else "text/plain"
    if answer.startswith(b"json"):
        kind = "text/javascript"
    packed = (("Content-Type", kind), ("Content-Encoding", "gzip"))
    assert fact in seen(exchange(url=url, got=packed, answer=gzip.compress(answer, mtime=0)))
    elsewhere = exchange(url="https://other.example/", got=packed, answer=gzip.compress(answer))
    assert "server_country" not in {topic for topic, _ in told(elsewhere)}


@pytest.mark.parametrize(
    ("field", "value", "fact"),
    [
        ("language", "de_DE", ("locale", "de-DE")),
        ("locale", "sw-KE", ("locale", "sw-KE")),
        ("lang", "en", ("locale", "en")),
        ("timezone", "Africa/Nairobi", ("time_zone", "Africa/Nairobi")),
        ("tz", "Asia/Calcutta", ("time_zone", "Asia/Kolkata")),
        ("mcc", "639", ("sim_country", "KE")),
        ("mcc_mnc", "639-02", ("sim_country", "KE")),
        ("sim_operator", "26201", ("sim_country", "DE")),
        ("network_operator", "63902", ("network_country", "KE")),
        ("sim_country_iso", "ke", ("sim_country", "KE")),
        ("network_country_iso", "ke", ("network_country", "KE")),
        ("country", "KE", ("country", "KE")),
        ("country_code", "ken", ("country", "KE")),
        ("country", "en-KE", ("locale", "en-KE")),
        ("store_country_code", "ke", ("store_country", "KE")),
    ],
)
def test_what_an_app_sends_of_the_phone_comes_out_as_a_code(
    field: str, value: str, fact: tuple[str, str]
) -> None:
    assert told(exchange(form={field: value})) == [fact]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "Swahili"),
        ("language", "xx-XX"),
        ("lang", "bob"),
        ("timezone", "UTC"),
        ("timezone", "+03:00"),
        ("timezone", "Nairobi"),
        ("tz", "180"),
        ("carrier", "Safaricom"),
        ("carrier", "ke"),  # a name may be short
        ("mcc", "000"),
        ("mcc", "63"),
        ("mnc", "02"),
        ("country", "Kenya"),
        ("country", "zz"),
        ("unknown", "KE"),
    ],
)
def test_what_is_on_no_list_stays_inside(field: str, value: str) -> None:
    assert told(exchange(form={field: value})) == []


def test_the_country_of_a_locale_is_not_where_the_phone_is() -> None:
    sent = exchange(url="https://api2.branch.io/v1/open", form={"country": "US", "locale": "sw-KE"})
    assert told(sent) == [("locale", "sw-KE")]


def test_a_browser_says_its_first_language() -> None:
    sent = (("Accept-Language", "de-DE,de;q=0.9,en-US;q=0.8"),)
    assert told(exchange(sent=sent)) == [("locale", "de-DE")]


def test_each_fact_is_counted_once_for_an_exchange() -> None:
    got = (("cf-ray", "8044fc9689fa2386-NBO"), ("CF-RAY", "230b030023ae2822-NBO"))
    found = seen(exchange(1, got=got), exchange(2, got=got), exchange(3))
    assert found == [("pop", "KE NBO", "cloudflare/ray", 2)]


def test_the_order_of_exchanges_does_not_matter() -> None:
    several = [
        exchange(1, form={"locale": "de-DE"}),
        exchange(2, got=(("cf-ray", "8044fc9689fa2386-NBO"),)),
        exchange(3, form={"country": "KE", "mcc": "639"}),
    ]
    assert seen(*several) == seen(*reversed(several))


def test_a_server_that_tells_everything_is_bounded_and_counted() -> None:
    countries = sorted(KNOWN.countries)
    several = [
        exchange(number, got=(("cf-ipcountry", code),)) for number, code in enumerate(countries)
    ]
    found = seen(*several)
    assert len(countries) > MOST
    assert len(found) == MOST + 1
    assert (OTHERS, "", "", len(countries) - MOST) in found


def test_messages_of_a_socket_have_no_headers_to_tell() -> None:
    message = exchange(method="WS", got=(("cf-ray", "8044fc9689fa2386-NBO"),))
    assert seen(message) == []


@given(
    st.dictionaries(
        st.sampled_from(
            ["language", "timezone", "mcc", "country", "carrier", "network_operator", "tz"]
        ),
        st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9/_.,;-]{0,30}", fullmatch=True),
    ),
    st.lists(
        st.tuples(
            st.sampled_from(["cf-ray", "x-served-by", "set-cookie", "cf-ipcountry", "x-vercel-id"]),
            st.text(max_size=60),
        ),
        max_size=5,
    ),
)
def test_only_codes_come_out_whatever_goes_in(form: dict[str, str], got: list[Any]) -> None:
    for topic, value, source, count in seen(exchange(form=form, got=tuple(got))):
        assert count == 1
        assert source.isascii()
        if topic == "pop":
            country, airport = value.split(" ")
            assert KNOWN.places.airports[airport] == country
        elif topic == "time_zone":
            assert "/" in value
        elif topic == "locale":
            assert value.isascii()
            assert len(value) <= 11
        else:
            assert value in KNOWN.countries


def test_what_stands_in_json_is_found() -> None:
    body = json.dumps({"device": {"locale": "de_DE", "tz": "Europe/Berlin"}}).encode()
    made = Exchange(
        "1", "KE-13-r01", 0.0, "use", "POST", URL, (("Content-Type", "application/json"),), body,
        200, (), b"", None, "h2", True, 0,
    )  # fmt: skip
    assert told(made) == [("locale", "de-DE"), ("time_zone", "Europe/Berlin")]
