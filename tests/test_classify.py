"""Whom a host belongs to, whatever it is written like."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.classify import Classifier, canonical_host, site_of
from analyzer.extract.shapes import safe_host
from analyzer.knowledge import Endpoint, Knowledge, OwnerEntry, Owners, Tracker, load_knowledge
from analyzer.models import Destination
from analyzer.study import CompareSettings, Study


def endpoint(name: str, host: str, purpose: str) -> Endpoint:
    return Endpoint(name, (host,), (), (), (), purpose, (), (), ())


TRACKERS = (
    Tracker("http.yaml", "", (), "", "", False, (endpoint("http/any", "*", ""),)),
    Tracker(
        "vendor.yaml",
        "Vendor",
        (),
        "analytics",
        "",
        False,
        (
            endpoint("vendor/one", "*.vendor.example", "analytics"),
            endpoint("vendor/ads", "ads.vendor.example", "advertising"),
            endpoint("vendor/both-1", "both.vendor.example", "crash"),
            endpoint("vendor/both-2", "both.vendor.example", "push"),
        ),
    ),
)
ENTRIES = (
    OwnerEntry("vendor.example", "Vendor Inc.", "functional", "a list"),
    OwnerEntry("listed.example", "Listed", "social", "a list"),
    OwnerEntry("deep.listed.example", "Deep", "", "a list"),
    OwnerEntry("xn--bcher-kva.example", "Books", "content", "a list"),
)
KNOWLEDGE = Knowledge(
    types={},
    signals={},
    blocs={},
    countries={},
    laws=(),
    owners=Owners({entry.domain: entry for entry in ENTRIES}, "", {"Listed": "Holding"}),
    trackers=TRACKERS,
    fingerprint="",
)
STUDY = Study(
    root=Path(),
    name="study",
    app="com.pebblo.app",
    app_version="1",
    first_party=("pebblo.example", "cdn.listed.example"),
    key=b"\0" * 16,
    phases=("use",),
    arms={},
    personas={},
    persona_of={},
    compare=CompareSettings(),
)


@pytest.fixture
def classifier() -> Classifier:
    return Classifier(STUDY, KNOWLEDGE)


@pytest.mark.parametrize(
    ("host", "party"),
    [
        ("pebblo.example", "first"),
        ("api.pebblo.example", "first"),
        ("a.cdn.listed.example", "first"),
        ("notpebblo.example", "third"),
        ("pebblo.example.evil.test", "third"),
        ("listed.example", "third"),
        ("xcdn.listed.example", "third"),
        ("example", "third"),
    ],
)
def test_the_first_party_is_what_the_study_names_and_below(
    classifier: Classifier, host: str, party: str
) -> None:
    assert classifier.destination(host).party == party


@pytest.mark.parametrize(
    ("host", "owner", "purpose"),
    [
        ("www.listed.example", "Listed", "social"),
        ("a.deep.listed.example", "Deep", ""),
        ("unlisted.example", "unlisted.example", ""),
        ("x.unlisted.co.ke", "unlisted.co.ke", ""),
        ("bücher.example", "Books", "content"),
        # a tracker file knows better than a list, and the exact host better than the pattern
        ("a.b.vendor.example", "Vendor", "analytics"),
        ("ads.vendor.example", "Vendor", "advertising"),
        ("both.vendor.example", "Vendor", "analytics"),
        # "*." is for what is below it
        ("vendor.example", "Vendor Inc.", "functional"),
        ("notvendor.example", "notvendor.example", ""),
    ],
)
def test_owner_and_purpose_come_from_tracker_files_then_from_lists(
    classifier: Classifier, host: str, owner: str, purpose: str
) -> None:
    found = classifier.destination(host)
    assert (found.owner, found.purpose) == (owner, purpose)


@pytest.mark.parametrize(
    ("host", "owner", "category"),
    [
        ("az1.vo.msecnd.net", "Microsoft", "content"),
        ("www.linkedin.com", "LinkedIn", "social"),
        ("static.licdn.com", "LinkedIn", "content"),
        ("ads.linkedin.com", "LinkedIn Ads", "advertising"),
        ("snap.licdn.com", "LinkedIn Ads", "advertising"),
        ("sa.bbc.co.uk", "BBC", "content"),
        ("static.bbci.co.uk", "BBC", "content"),
    ],
)
def test_a_company_is_not_its_advertising(host: str, owner: str, category: str) -> None:
    entry = load_knowledge().owners.lookup(host)
    assert entry is not None
    assert (entry.owner, entry.category) == (owner, category)


@pytest.mark.parametrize(
    ("host", "parent", "tracker"),
    [
        ("www.listed.example", "Holding", "unknown"),  # social says nothing of tracking
        ("a.deep.listed.example", "", "unknown"),
        ("ads.vendor.example", "", "yes"),
        ("vendor.example", "", "no"),  # functional
        ("bücher.example", "", "no"),
        ("unlisted.example", "", "unknown"),
    ],
)
def test_the_parent_is_looked_up_and_the_purpose_tells_a_tracker(
    classifier: Classifier, host: str, parent: str, tracker: str
) -> None:
    found = classifier.destination(host)
    assert (found.parent, found.tracker) == (parent, tracker)


def test_a_host_of_the_same_company_is_a_third_party_unless_the_study_names_it() -> None:
    sisters = Owners(KNOWLEDGE.owners.entries, "", {"Listed": "Holding", "Vendor Inc.": "Holding"})
    classifier = Classifier(STUDY, replace(KNOWLEDGE, owners=sisters, trackers=()))
    own, sister = (classifier.destination(f"{name}.example") for name in ("cdn.listed", "vendor"))
    assert (own.party, sister.party) == ("first", "third")
    assert own.parent == sister.parent == "Holding"


def test_a_tracker_without_a_purpose_leaves_it_to_the_list() -> None:
    silent = replace(
        TRACKERS[1], purpose="", endpoints=(endpoint("vendor/one", "*.listed.example", ""),)
    )
    classifier = Classifier(STUDY, replace(KNOWLEDGE, trackers=(silent,)))
    found = classifier.destination("a.listed.example")
    assert (found.owner, found.purpose) == ("Vendor", "social")


def test_all_spellings_of_a_host_lead_to_one_destination(classifier: Classifier) -> None:
    plain = classifier.destination("www.listed.example")
    assert plain == Destination(
        "www.listed.example", "listed.example", "Listed", "third", "social", "Holding", "unknown"
    )
    for spelling in ("WWW.Listed.Example", "www.listed.example.", "www.listed.example:443"):
        assert classifier.destination(spelling) == plain


@pytest.mark.parametrize(
    ("host", "canonical"),
    [
        ("Example.COM.", "example.com"),
        ("example.com:8443", "example.com"),
        ("192.0.2.7:80", "192.0.2.7"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8:0:0::1", "2001:db8::1"),
        ("[fe80::1%eth0]", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("localhost:8080", "localhost"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("", ""),
        ("a..b.example", "a..b.example"),
        ("<script>alert(1)</script>", "%3cscript%3ealert%281%29%3c%2fscript%3e"),
        ("nul\0.example", "nul%00.example"),
        ("x" * 64 + ".example", "x" * 64 + ".example"),
    ],
)
def test_hosts_have_one_spelling(host: str, canonical: str) -> None:
    assert canonical_host(host) == canonical


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("a.b.example.com", "example.com"),
        ("a.example.co.uk", "example.co.uk"),
        ("a.example.or.ke", "example.or.ke"),
        ("me.github.io", "me.github.io"),
        ("feed.pebblo.example", "pebblo.example"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_the_site_is_the_registrable_domain(host: str, site: str) -> None:
    assert site_of(host) == site


@given(st.text(max_size=300) | st.text(alphabet=".:[]%-xn\u0130\ud800<>é", max_size=300))
def test_no_host_is_too_strange(host: str) -> None:
    found = Classifier(STUDY, KNOWLEDGE).destination(host)
    assert len(found.host) <= 253 + len("~012345")
    assert found.host.isascii()
    assert found.host.isprintable()
    assert not set(found.host) & set(" <>\"'&")
    assert found.host.endswith(found.site)
    canonical = canonical_host(host)
    assert canonical_host(canonical) == canonical
    safe, site = safe_host(canonical), site_of(canonical)
    assert found.host.startswith(safe)
    told_apart = found.host.removeprefix(safe)
    assert bool(told_apart) == (safe_host(site) != site)
    assert re.fullmatch("(~[0-9a-f]{6})?", told_apart)


def test_a_host_as_long_as_a_book_is_cut() -> None:
    assert len(canonical_host("x" * 1_000_000)) == 253
    assert len(canonical_host("é." * 500_000)) == 253


def test_a_value_in_a_host_is_not_shown_and_the_owner_is_that_of_the_host() -> None:
    gaid = "38400000-8cf0-11bd-b23e-10b96e40000d"
    found = Classifier(STUDY, KNOWLEDGE).destination(f"{gaid}.id.unheard-of.example")
    assert found.host == "{uuid}.id.unheard-of.example"
    assert (found.site, found.owner) == ("unheard-of.example", "unheard-of.example")
    masked = Classifier(STUDY, KNOWLEDGE, lambda text: text.replace("amina", "{person.name}"))
    found = masked.destination("amina.vendor.example")
    assert (found.host, found.owner) == ("{person.name}.vendor.example", "Vendor")


def test_two_unknown_sites_behind_the_same_mask_stay_two_owners() -> None:
    classifier = Classifier(STUDY, KNOWLEDGE)
    first, second = (
        classifier.destination(host) for host in ("3f9a8b7c6d5e4f30.com", "a1b2c3d4e5f60718.com")
    )
    assert first.owner.startswith("{hex}.com~")
    assert first.owner != second.owner
    assert first.host == first.site == first.owner
    assert classifier.destination("www.3f9a8b7c6d5e4f30.com").owner == first.owner
