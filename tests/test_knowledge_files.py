"""A mistake in the knowledge files is found, with its file and line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from knowledge_rig import LAW, TRACKER, write_knowledge

from analyzer.errors import UserError
from analyzer.knowledge import check, load_knowledge
from analyzer.knowledge.load import FILES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_knowledge(tmp_path)
    return tmp_path


def test_a_small_folder_is_read(folder: Path) -> None:
    assert check(folder) == []
    found = load_knowledge(folder)
    assert found.types["id.device"].names == ("deviceid",)
    assert found.signals["openrtb.coppa"].fields[0].hosts == ("*",)
    assert found.blocs["rest"].members == {"NO"}
    assert found.laws[0].countries == {"KE"}
    endpoint = found.trackers[0].endpoints[0]
    assert (endpoint.purpose, endpoint.methods) == ("analytics", ("POST",))
    rule = endpoint.fields[0]
    assert (rule.rule_id, rule.parts, rule.shapes, rule.source, rule.verified) == (
        "vendor/collect#device",
        ("query", "body"),
        ("uuid",),
        "https://vendor.example/docs",
        True,
    )
    assert endpoint.hits[0].finds == {"device": 1}
    assert endpoint.misses[0].finds == {}


def test_the_fingerprint_changes_with_the_content_only(folder: Path, tmp_path: Path) -> None:
    first = load_knowledge(folder)
    copy = tmp_path / "copy"
    (copy / "trackers").mkdir(parents=True)
    names = [*FILES, "trackers/vendor.yaml"]
    for name in reversed(names):
        shutil.copy(folder / name, copy / name)
    assert load_knowledge(copy).fingerprint == first.fingerprint
    (copy / "law.yaml").write_text(LAW.replace("An act", "An Act"), encoding="utf-8")
    load_knowledge.cache_clear()
    changed = load_knowledge(copy)
    assert changed.fingerprint != first.fingerprint
    assert replace(changed, laws=first.laws, fingerprint=first.fingerprint) == first


T = "trackers/vendor.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "what"),
    [
        # the same in all files
        ("ontology.yaml", "    dpv: UID\n", "", 2, "dpv is missing from 'id.device'"),
        ("ontology.yaml", "dpv: UID", "dpv:", 6, "dpv is empty"),
        ("ontology.yaml", "dpv: UID", "dvp: UID", 6, "unknown entry 'dvp'"),
        ("ontology.yaml", "dpv: UID", "dpv: [UID]", 6, "dpv is not text"),
        ("ontology.yaml", "dpv: UID", "dpv: UID\n    dpv: UID", 7, "duplicate key"),
        ("ontology.yaml", "dpv: UID", "dpv: UID: x", 6, "not valid YAML"),
        ("ontology.yaml", "types:\n", "typos:\n", 1, "types is missing"),
        ("law.yaml", LAW, "- a list\n", 1, "not a table"),
        ("law.yaml", LAW, "law: []\n", 1, "law is empty"),
        # places
        ("pops.yaml", "([A-Z]{3})[0-9]*", "[A-Z]{3}", 6, "has not one group"),
        ("pops.yaml", "([A-Z]{3})[0-9]*", "([A-Z]", 6, "not a regular expression"),
        ("pops.yaml", "{NBO2: NBO}", "{NBO2: MBA}", 8, "'NBO2' is not read as MBA"),
        ("pops.yaml", "misses: [nbo]", "misses: [NBO]", 9, "'NBO' is read as NBO"),
        ("pops.yaml", "tells: pop", "tells: pops", 3, "tells is 'pops'"),
        ("pops.yaml", "{KE: [NBO]}", "{ZZ: [NBO]}", 10, "ZZ is not a country"),
        ("pops.yaml", "{KE: [NBO]}", "{KE: [Nairobi]}", 10, "which has not the form"),
        ("pops.yaml", "{KE: [NBO]}", "{KE: [NBO], NO: [NBO]}", 10, "which KE has, too"),
        ("pops.yaml", "id: cdn/pop", "id: pop", 2, "has not the form"),
        # ontology
        ("ontology.yaml", "id: demo.age", "id: id.device", 13, "there twice"),
        ("ontology.yaml", "id: demo.age", "id: Age", 13, "has not the form"),
        ("ontology.yaml", "[device_id]", "[device_id, deviceId]", 11, "one twice"),
        (
            "ontology.yaml",
            "apple: Other",
            "names: [deviceID]\n    apple: Other",
            20,
            "as id.device",
        ),
        ("ontology.yaml", '"hex:32"', "uid", 12, "names 'uid', which is unknown"),
        # trackers
        (T, "grade: D\n", "", 10, "grade is missing from 'device' and from the file"),
        (T, "grade: D", "grade: Z", 17, "grade is 'Z'"),
        (T, "source: https://vendor.example/docs\n", "", 9, "source is missing from 'device'"),
        (
            T,
            "    examples:",
            "      - {id: b, type: id.device, part: query, path: b, reason: Its}\n    examples:",
            11,
            "'b' is found in no example",
        ),
        # signals
        ("signals.yaml", "grade: S", "grade: K", 11, "add `verified: false`"),
        ("signals.yaml", "grade: S", "grade: X", 11, "use one of S, D, R, O, K"),
        ("signals.yaml", "re:0+", "re:(0", 10, "not a regular expression"),
        ("signals.yaml", "    source: the specification\n", "", 2, "source is missing"),
        ("signals.yaml", "verdict: protective", "verdict: good", 14, "use one of protective"),
        ("signals.yaml", ", verdict: protective", "", 14, "verdict is missing"),
        ("signals.yaml", "miss: [", "hits: [", 15, "unknown entry 'hits'"),
        ("signals.yaml", '{url: "https://a.example/"}', "{}", 15, "url is missing"),
        ("signals.yaml", 'fields: [{part: [body], path: "**.regs.coppa"}]', "fields: []", 8, "why"),
        ("signals.yaml", "part: [body]", "part: [bodies]", 8, "part is 'bodies'"),
        ("signals.yaml", ', path: "**.regs.coppa"', "", 8, "path is missing"),
        ("signals.yaml", "    grade: S\n", "    decode: rot13\n    grade: S\n", 11, "rot13"),
        (
            "signals.yaml",
            "    grade: S\n",
            "    grade: S\n    verified: maybe\n",
            12,
            "neither true",
        ),
        # regions
        ("regions.yaml", "subregion: Northern Europe", "subregion: Atlantis", 4, "Atlantis"),
        ("regions.yaml", "income: high", "income: rich", 4, "use one of"),
        ("regions.yaml", "alpha3: NOR", "alpha3: no", 4, "has not the form"),
        ("regions.yaml", "  NO: {", "  nor: {", 4, "not an alpha-2 code"),
        ("regions.yaml", "[KE, NO]", "[KE, XX]", 17, "countries names 'XX'"),
        ("regions.yaml", "blocs: [africa]", "blocs: [asia]", 18, "blocs names 'asia'"),
        ("regions.yaml", "[KE, NO]", "[KE]", 17, "leaves no country"),
        (
            "regions.yaml",
            "include: {regions: [Africa]}",
            "include: {regions: [Afrika]}",
            11,
            "Afrika",
        ),
        ("regions.yaml", "id: rest", "id: africa", 12, "there twice"),
        (
            "regions.yaml",
            "date: 2026-01-01\n    include: {r",
            "date: soon\n    include: {r",
            10,
            "form",
        ),
        # law
        ("law.yaml", "blocs: [africa]", "blocs: [afrika]", 3, "blocs names 'afrika'"),
        ("law.yaml", "blocs: [africa]", "countries: [XX]", 3, "countries names 'XX'"),
        ("law.yaml", "    blocs: [africa]\n", "", 2, "name `countries` or `blocs`"),
        ("law.yaml", "consent_only", "some", 12, "use one of ban, default_off"),
        ("law.yaml", "since: 2019-11-25", "since: long ago", 11, "since is 'long ago'"),
        ("law.yaml", "grade: S", "grade: K", 13, "add `verified: false`"),
        ("law.yaml", "    sources: [a book]\n", "", 2, "sources is missing"),
        ("law.yaml", "age_below: 18", "age_below: eighteen", 8, "not a whole number"),
        (
            "law.yaml",
            "status: In",
            "unverified: [rule]\n    status: In",
            9,
            "unverified names 'rule'",
        ),
        # owners
        ("owners.csv", "domain,owner,category", "host,owner,category", 2, "the columns are not"),
        ("owners.csv", "vendor.example,Vendor", "Vendor.example,Vendor", 3, "not a domain"),
        ("owners.csv", ",analytics,", ",spying,", 3, "category is 'spying'"),
        ("owners.csv", ",a list", ",", 3, "has no source"),
        ("owners_supplement.csv", ",push,", ",", 2, "has 3 values, not 4"),
        ("parents.csv", "owner,parent", "owner,above", 2, "the columns are not"),
        ("parents.csv", "Vendor,", "Nobody,", 3, "'Nobody' is in no list of owners"),
        ("parents.csv", ",Holding,", ",Vendor,", 3, "has no parent but itself"),
        ("parents.csv", ",yes,", ",perhaps,", 3, "use yes or no"),
        ("parents.csv", "https://holding.example/brands", "hearsay", 3, "no source that can be"),
        # trackers
        (T, "type: id.device", "type: id.devise", 10, "which ontology.yaml does not have"),
        (T, "shape: uuid", "shape: uid", 10, "shape names 'uid'"),
        (T, "shape: uuid", "value: '[a-z'", 10, "value is no regular expression"),
        (T, "part: [query, body]", "part: cookies", 10, "part is 'cookies'"),
        (T, ", reason: Its name", "", 10, "reason is missing from 'device'"),
        (T, "source: https://vendor.example/docs\n", "", 9, "source is missing"),
        (T, "^/v[0-9]+", "^/v[0-9+", 7, "not a regular expression"),
        (T, '"/collect", ', '"collect", ', 7, "begin with / (exact)"),
        (T, '"*.vendor.example"', '"*vendor.example"', 6, "use a host"),
        (T, "id: vendor/collect", "id: vendor", 5, "has not the form"),
        (T, "finds: {device: 1}", "finds: {devise: 1}", 14, "finds names 'devise'"),
        (T, "finds: {device: 1}", "finds: {device: no}", 14, "not a number from 1 up"),
        (T, "          finds: {device: 1}\n", "", 13, "finds is missing"),
        (T, "form: {did: x}", "form: {did: x}, json: {}", 13, "more than one of"),
        (T, "form: {did: x}", "forms: {did: x}", 13, "unknown entry 'forms'"),
        (T, "owner: Vendor", "owner: Nobody", 1, "is in no list of owners"),
        (T, "owner: Vendor", 'owner: ""', 1, "only rules for hosts"),
        (T, "owner: Vendor", "owner: Other\nsites: [vendor.example]", 2, "belongs to 'Vendor'"),
        (T, "purpose: analytics", "purpose: spying", 2, "use one of"),
    ],
)
def test_a_mistake_is_found_with_file_and_line(
    folder: Path, file: str, old: str, new: str, line: int, what: str
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    faults = check(folder)
    assert [fault for fault in faults if fault.file == file and fault.line == line], faults
    assert [fault for fault in faults if what in fault.what], faults
    with pytest.raises(UserError, match=r"knowledge check") as raised:
        load_knowledge(folder)
    assert str(faults[0]) in raised.value.message


@pytest.mark.parametrize("which", ["hit", "miss"])
def test_an_endpoint_without_an_example_is_a_mistake(folder: Path, which: str) -> None:
    text = TRACKER
    if which == "miss":
        start, end = text.index("      miss:"), text.index("grade:")
        text = text[:start] + text[end:]
    if which == "hit":
        start, end = text.index("      hit:"), text.index("      miss:")
        text = text[:start] + text[end:]
    (folder / T).write_text(text, encoding="utf-8")
    assert [str(fault) for fault in check(folder)] == [
        f"{T}:11: {which} is missing from endpoints.0.examples"
    ]


def test_an_endpoint_id_is_used_once_in_all_files(folder: Path) -> None:
    (folder / "trackers" / "zweit.yaml").write_text(TRACKER, encoding="utf-8")
    assert [str(fault) for fault in check(folder)] == [
        "trackers/zweit.yaml:5: id 'vendor/collect' is there twice"
    ]


def test_a_site_belongs_to_one_owner_among_the_tracker_files(folder: Path) -> None:
    for name, owner in (("a", "Anna"), ("b", "Berta")):
        text = TRACKER.replace("vendor/", f"{name}/").replace(
            "owner: Vendor", f"owner: {owner}\nsites: [new.example]"
        )
        (folder / "trackers" / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert [str(fault) for fault in check(folder)] == [
        "trackers/b.yaml:2: sites has 'new.example', which belongs to 'Anna'"
    ]


def test_a_new_owner_is_declared_by_its_sites(folder: Path) -> None:
    text = TRACKER.replace("owner: Vendor", "owner: New\nsites: [new.example]")
    (folder / T).write_text(text, encoding="utf-8")
    found = load_knowledge(folder).owners.lookup("a.new.example")
    assert found
    assert (found.owner, found.category) == ("New", "analytics")


def test_all_mistakes_are_reported_at_once(folder: Path) -> None:
    (folder / "law.yaml").write_text(LAW.replace("grade: S", "grade: X"), encoding="utf-8")
    (folder / T).write_text(TRACKER.replace("shape: uuid", "shape: uid"), encoding="utf-8")
    assert {(fault.file, fault.line) for fault in check(folder)} == {("law.yaml", 13), (T, 10)}


def test_a_missing_or_unreadable_file_is_named(folder: Path) -> None:
    (folder / "law.yaml").unlink()
    (folder / "signals.yaml").write_bytes(b"signals: \xff")
    assert {str(fault) for fault in check(folder)} == {
        "law.yaml: cannot be read: No such file or directory",
        "signals.yaml: is not UTF-8 text",
    }


def test_what_was_only_observed_needs_no_source(folder: Path) -> None:
    text = TRACKER.replace("source: https://vendor.example/docs\n", "")
    (folder / T).write_text(text.replace("grade: D", "grade: O"), encoding="utf-8")
    assert check(folder) == []
    [rule] = load_knowledge(folder).trackers[0].endpoints[0].fields
    assert (rule.grade, rule.source, rule.verified) == ("O", "", True)
