"""A folder of knowledge that is small enough to be changed by hand."""

from __future__ import annotations

from pathlib import Path

from analyzer.knowledge import DATA
from analyzer.knowledge.load import FILES

ONTOLOGY = """\
types:
  - id: id.device
    group: identifiers
    label: device ID
    meaning: An ID of the device
    dpv: UID
    diffaudit: Device Hardware Identifiers
    trackhar: [deviceId]
    google_play: Device or other IDs
    apple: Device ID
    names: [device_id]
    shapes: [uuid, "hex:32"]
  - id: demo.age
    group: age
    label: age
    meaning: The age
    dpv: AgeExact
    diffaudit: Age
    google_play: Other info
    apple: Other Data Types
"""
NAMES = """\
words: {dev: device}
fillers: [value]
stoppers: [count]
containers: [device]
names:
  - type: id.device
    sure: [device identifier]
    likely: [did]
headers: [accept]
usual: {id.device: [none]}
steps: {device.number: id.device}
makers: [example]
models: ['EX-[0-9]+']
"""
SIGNALS = """\
signals:
  - id: openrtb.coppa
    title: COPPA
    stack: OpenRTB
    where: bid request
    meaning: The request is about a child
    values: 0 or 1
    fields: [{part: [body], path: "**.regs.coppa"}]
    protective: ["1"]
    non_protective: ["re:0+"]
    grade: S
    source: the specification
    examples:
      hit: [{request: {url: "https://a.example/", json: {regs: {coppa: 1}}}, verdict: protective}]
      miss: [{request: {url: "https://a.example/"}}]
"""
REGIONS = """\
subregions: {Northern Europe: Europe, Sub-Saharan Africa: Africa}
countries:
  KE: {alpha3: KEN, name: Kenya, subregion: Sub-Saharan Africa, income: lower_middle}
  NO: {alpha3: NOR, name: Norway, subregion: Northern Europe, income: high}
blocs:
  - id: africa
    name: Africa
    definition: All of Africa
    source: UN M49
    date: 2026-01-01
    include: {regions: [Africa]}
  - id: rest
    name: The rest
    definition: All but Africa
    source: UN M49
    date: 2026-01-01
    include: {countries: [KE, NO]}
    exclude: {blocs: [africa]}
"""
LAW = """\
law:
  - id: ke.act
    blocs: [africa]
    jurisdiction: Kenya
    instrument: An act
    rule: A parent consents
    age: under 18
    age_below: 18
    status: In force
    adopted: 2018
    since: 2019-11-25
    protection: consent_only
    grade: S
    sources: [a book]
"""
OWNERS = """\
# From a list, MIT
domain,owner,category,source
vendor.example,Vendor,analytics,a list
"""
SUPPLEMENT = """\
domain,owner,category,source
push.vendor.example,Vendor,push,its documentation
"""
PARENTS = """\
# Who is above whom
owner,parent,verified,source
Vendor,Holding,yes,https://holding.example/brands
"""
PLACES = """\
rules:
  - id: cdn/pop
    tells: pop
    part: response_header
    names: [X-Pop]
    pattern: "([A-Z]{3})[0-9]*"
    source: Its documentation
    hits: {NBO2: NBO}
    misses: [nbo]
airports: {KE: [NBO]}
mobile_country_codes: {KE: [639]}
"""
TRACKER = """\
owner: Vendor
purpose: analytics
source: https://vendor.example/docs
endpoints:
  - id: vendor/collect
    hosts: ["*.vendor.example"]
    paths: ["/collect", "^/v[0-9]+/collect"]
    methods: [post]
    fields:
      - {id: device, type: id.device, part: [query, body], path: did, shape: uuid, reason: Its name}
    examples:
      hit:
        - request: {method: POST, url: "https://a.vendor.example/collect", form: {did: x}}
          finds: {device: 1}
      miss:
        - request: {url: "https://a.vendor.example/other"}
grade: D
"""


def write_knowledge(folder: Path) -> None:
    """Write it into `folder`; what stands in no text above is the program's own."""
    contents = {
        "ontology.yaml": ONTOLOGY,
        "names.yaml": NAMES,
        "signals.yaml": SIGNALS,
        "regions.yaml": REGIONS,
        "law.yaml": LAW,
        "owners.csv": OWNERS,
        "owners_supplement.csv": SUPPLEMENT,
        "parents.csv": PARENTS,
        "pops.yaml": PLACES,
    }
    for name in FILES:
        text = contents.get(name) or (DATA / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "trackers").mkdir()
    (folder / "trackers" / "vendor.yaml").write_text(TRACKER, encoding="utf-8")
