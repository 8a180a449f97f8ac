"""The records of `pops.yaml`: what in traffic tells where a phone is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analyzer.models import Part

# pop: where a content delivery network answered from. country: where a server takes the phone's
# address to be. market: for which country it serves the phone, which may be a choice or a default.
Tells = Literal["pop", "country", "market"]
LONGEST = 1000  # characters of a value that a rule looks at


@dataclass(frozen=True, slots=True)
class PlaceRule:
    """One thing that servers tell, and where it stands in their answer.

    `names` are those of headers or cookies in lower case, or dotted paths in the body. `hosts` and
    `url_paths` empty: any. `pattern` is for the whole value; its group is the code. `hits` (value,
    code) and `misses` are its examples.
    """

    id: str
    tells: Tells
    part: Part
    names: tuple[str, ...]
    hosts: tuple[str, ...]
    url_paths: tuple[str, ...]
    pattern: re.Pattern[str]
    source: str
    hits: tuple[tuple[str, str], ...]
    misses: tuple[str, ...]

    def code(self, value: str) -> str:
        """Return the code that `value` tells, in upper case; "" if it tells none."""
        found = self.pattern.fullmatch(value) if len(value) <= LONGEST else None
        return found[1].upper() if found else ""

    def is_at(self, host: str, url_path: str) -> bool:
        """Say whether answers of `host` (lower case) to requests for `url_path` are meant."""
        if self.url_paths and url_path not in self.url_paths:
            return False
        return not self.hosts or any(
            host == each or (each.startswith("*.") and host.endswith(each[1:]))
            for each in self.hosts
        )


@dataclass(frozen=True, slots=True)
class Places:
    """The rules, and what their codes mean.

    `airports` (IATA code) and `operators` (first digits of a mobile operator's number) give ISO
    3166-1 alpha-2 codes.
    """

    rules: tuple[PlaceRule, ...] = ()
    airports: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, str] = field(default_factory=dict)

    def operator_country(self, digits: str) -> str:
        """Return the country of an operator's number (MCC, or MCC and MNC); "" if not known."""
        for length in range(min(len(digits), 6), 2, -1):
            if digits[:length] in self.operators:
                return self.operators[digits[:length]]
        return ""
