"""What the fictional app's feed does, as declared in `feed.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import msgspec
from ruamel.yaml import YAML

from analyzer.simulation.feed_accounts import FeedDeclaration

FILE: Final = Path(__file__).with_name("feed.yaml")
APP: Final = "Pebblo"
HOST: Final = "feed.pebblo.example"
ADAPTER: Final = "pebblo"
Form = Literal["json", "protobuf"]


@dataclass(frozen=True, slots=True)
class DeclaredFeed:
    """A recommender, and how the app's server tells what it recommends.

    `masks`: share of the positive items that carry a warning. `form` of the answers; the schema of
    the binary one has no place for advertisements that only their creators disclose.
    """

    recommender: FeedDeclaration = field(default_factory=FeedDeclaration)
    masks: float = 0.0
    form: Form = "json"

    def at_speed(self, times: float) -> DeclaredFeed:
        """Return the same feed for somebody who lives so many times as fast: all times shorter."""
        own = self.recommender
        faster = replace(
            own,
            length_s=own.length_s / times,
            skip_s=own.skip_s / times,
            control_s=own.control_s / times,
        )
        return replace(self, recommender=faster)


def load_feed(path: Path = FILE) -> DeclaredFeed:
    """Return the declaration in `path`. `msgspec.ValidationError` says what is wrong with it."""
    raw = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return msgspec.convert(raw, DeclaredFeed)
