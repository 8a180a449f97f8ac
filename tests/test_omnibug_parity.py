"""What Omnibug reads in a public recording is read here as well, where it tells of a person."""

from __future__ import annotations

import json
from pathlib import Path

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.readers.har import HarReader

# Keys of Adobe Analytics that Omnibug names -> our data type; None: they tell nothing of a person,
# or what the site put into a variable of its own.
MEANT: dict[str, str | None] = {
    "bw": "dev.screen",
    "bh": "dev.screen",
    "c": "dev.screen",
    "s": "dev.screen",
    "cc": None,
    "events": "beh.interaction",
    "g": "beh.content_viewed",
    "pageName": "beh.content_viewed",
    "t": "loc.timezone",
    "k": "dev.user_agent",
    "v": "dev.user_agent",
    "cdp": None,  # how cookies are to be stored
    "ce": None,  # character set
    "ndh": None,  # by what the request was made
    "rsid": None,  # the site's account; a part of the path
    "trackingServer": None,
    "requestType": None,
}


def test_what_omnibug_reads_is_read_here_too(shared_data: Path) -> None:
    har = shared_data / "web-har" / "bbc.har"
    read = json.loads(har.with_name("bbc.har.omnibug.json").read_bytes())
    extractor = Extractor(load_knowledge(), (), b"k" * 32)
    exchanges = {
        int(each.id) - 1: each for each in HarReader().read(har) if isinstance(each, Exchange)
    }
    checked = 0
    for reading in read:
        exchange = exchanges[reading["entry"]]
        matches = extractor.extract(exchange, decode(exchange)).matches
        found = {(each.path, each.data_type) for each in matches if each.method == "rule"}
        for told in reading["data"]:
            key = told["key"]
            if not told["value"] or key.removeprefix("v").isdigit():
                continue
            assert key in MEANT, f"Omnibug reads {key!r}, of which nothing is said here"
            if MEANT[key] is not None:
                checked += 1
                assert (key, MEANT[key]) in found
    assert checked == 10
