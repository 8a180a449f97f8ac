"""How sure a find is that no rule made: the sum of the points of its evidence, as per cent.

The points are tenths of log-odds (`confidence.yaml`), fitted to a labelled set by
``python -m benchmarks.accuracy --calibrate``. A find says which evidence it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp
from typing import Final

MOST: Final = 99  # only a rule or a planted value is certain
_FEW: Final = 1
_MANY: Final = 3

_SAYS: Final[dict[str, str]] = {
    "name:exact": "The name of the key says what it is",
    "name:sure": "The words of the key say what it is",
    "name:likely": "The words of the key mostly mean this",
    "name:weak": "The words of the key can mean this",
    "fit:tail": "at its end",
    "fit:joined": "with the step above it",
    "value:typical": "the value is of the usual form",
    "host:tracker": "the host is a known tracker",
    "siblings:some": "another key about the phone or the person stands beside it",
    "siblings:many": "several keys about the phone or the person stand beside it",
    "container": "it stands among things about the phone or the person",
}


def company(others: int) -> int:
    """Return what `others`, a number of telling keys beside one, is counted as: 0, 1 or 2."""
    return 0 if others < _FEW else 1 if others < _MANY else 2


def around(tracker: bool, siblings: int, container: bool) -> tuple[str, ...]:
    """Return the evidence of what is around a key, of `EVIDENCE`; `siblings` as `company` says."""
    found = []
    if tracker:
        found.append("host:tracker")
    if siblings:
        found.append("siblings:some" if siblings == 1 else "siblings:many")
    if container:
        found.append("container")
    return tuple(found)


def per_cent(points: Mapping[str, int], evidence: Iterable[str]) -> int:
    """Return the confidence that `evidence` gives: 0 to `MOST`; 0 where nobody gave `points`.

    >>> per_cent({"base": -10, "name:exact": 30}, ["name:exact"])
    88
    """
    if not points:
        return 0
    total = points["base"] + sum([points[each] for each in evidence])
    return min(MOST, int(100 / (1 + exp(-total / 10))))


def reason(evidence: Iterable[str]) -> str:
    """Return in words what a find by `evidence` rests on."""
    words = []
    for each in evidence:
        kind, _, what = each.partition(":")
        if kind == "shape":
            words.append(f"The value looks like {_LOOKS[what]}")
        elif each in _SAYS:
            words.append(_SAYS[each])
    return "; ".join(words)


_LOOKS: Final[dict[str, str]] = {
    "app": "the name of an app",
    "connection": "a kind of connection",
    "country": "a country, beside a language or a time zone",
    "email": "an e-mail address",
    "geo": "coordinates",
    "imei": "a device's IMEI, check digit included",
    "ip": "an IP address",
    "language": "a language with its country",
    "mac": "a hardware address",
    "model": "a model of a phone",
    "os": "an operating system with its version",
    "phone": "a phone number",
    "screen": "the size of a screen",
    "timezone": "a time zone",
    "user_agent": "a user agent",
    "uuid": "an identifier",
}
