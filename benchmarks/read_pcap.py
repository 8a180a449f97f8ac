"""Reads a capture and prints its names: ``read_pcap FILE [full]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analyzer.models import Event
from analyzer.readers.pcap import PcapReader


def main(path: Path, *, in_full: bool) -> None:
    """Print how many packets, TLS names and DNS names were read, or the names themselves."""
    reading = PcapReader().read(path)
    events = [each for each in reading if isinstance(each, Event)]
    names = {
        "tls": {each.host for each in events if "sni" in each.reason},
        "dns": {each.host for each in events if each.kind == "dns"},
    }
    if in_full:
        print(json.dumps({kind: sorted(found) for kind, found in names.items()}))
    else:
        counts = {kind: len(found) for kind, found in names.items()}
        print(json.dumps({"packets": reading.read, **counts}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), in_full=len(sys.argv) > 2)
