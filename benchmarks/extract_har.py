"""The way from a HAR file to matches, without a store between: ``extract_har FILE VALUES``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.readers.har import HarReader


def main(har: Path, values: Path) -> None:
    """Print how many requests were read and how many values were found in them."""
    persona = [(kind, value) for kind, value in json.loads(values.read_text())]
    extractor = Extractor(load_knowledge(), persona, b"0" * 32)
    requests = found = 0
    for record in HarReader().read(har):
        if isinstance(record, Exchange):
            requests += 1
            found += len(extractor.extract(record, decode(record)).matches)
    print(json.dumps({"requests": requests, "values": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
