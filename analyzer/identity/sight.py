"""What one exchange shows of identifiers: all that `Collector` has to know of it.

It can be made in another process. It has captured values and is never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from analyzer.decode import Decoded
from analyzer.extract.places import place_of
from analyzer.extract.shapes import safe_host
from analyzer.identity.tokens import LONGEST
from analyzer.leaves import Leaves, Run
from analyzer.models import Exchange, Match, Part

# Beside the identifiers proper, what people are found by in any list. The address of the network is
# left out: whoever is asked sees it, so that it tells nothing of who gave what to whom.
_PERSONAL: Final = frozenset({"person.email", "person.phone", "person.username"})
_NOT_FOLLOWED: Final = frozenset({"id.ip"})
_ARTEFACT: Final = "x-devtools-"  # Chromium's tools add these to what they record, not to what goes
_SURE: Final = 60  # per cent; what is less certain by its name gives nothing a name here


class Typed(NamedTuple):
    """A value in which the extractor has recognised an identifier."""

    part: Part
    path: str
    data_type: str
    shape: str
    digest: str
    transformed: str


class Sight(NamedTuple):
    """One exchange. `leads_to` is the host that its answer sends the phone to, "" for none."""

    exchange: str
    t_s: float
    leads_to: str
    typed: tuple[Typed, ...]
    leaves: Leaves

    def __reduce__(self) -> tuple[object, ...]:
        """Return how it is made again in another process, with as little as the collector asks."""
        typed = {(each.part, each.path) for each in self.typed}
        paths, values = self.leaves.paths, self.leaves.values
        if any(len(value) > LONGEST for value in values):
            values = values[:]
            for part, _, start, end in self.leaves.stretches():
                if part.startswith("response"):  # in a request, other values are looked for
                    for at in range(start, end):
                        if len(values[at]) > LONGEST and (part, paths[at]) not in typed:
                            values[at] = ""
        told = [tuple(each) for each in self.typed]
        runs = [tuple(each) for each in self.leaves.runs]
        return _made, (self.exchange, self.t_s, self.leads_to, told, paths, values, runs)


def sight_of(
    exchange: Exchange,
    decoded: Decoded,
    matches: Sequence[Match],
    mask: Callable[[str], str] = str,
) -> Sight:
    """Return what `exchange` shows, with what was read and recognised in it.

    `mask` hides the persona's values in a host.
    """
    typed = {
        (each.part, each.path): each
        for each in matches
        if _is_followed(each.data_type)
        and each.method != "shape"  # whose address it is, its looks do not say
        and each.confidence >= _SURE
        and not each.path.startswith(_ARTEFACT)
    }
    return Sight(
        exchange.id,
        exchange.t_s,
        _target(exchange, mask),
        tuple(
            [
                Typed(part, path, each.data_type, each.shape, each.digest, each.transformed)
                for (part, path), each in typed.items()
            ]
        ),
        Leaves.of(decoded.leaves),
    )


def _made(
    exchange: str,
    t_s: float,
    leads_to: str,
    typed: Sequence[Sequence[str]],
    paths: list[str],
    values: list[str],
    runs: Sequence[tuple[int, Part, tuple[str, ...]]],
) -> Sight:
    leaves = Leaves(exchange)
    leaves.paths, leaves.values, leaves.runs = paths, values, [*map(Run._make, runs)]
    return Sight(exchange, t_s, leads_to, tuple(map(Typed._make, typed)), leaves)


def _target(exchange: Exchange, mask: Callable[[str], str]) -> str:
    for name, value in exchange.response_headers:
        if name.lower() == "location" and "//" in value:
            return safe_host(mask(place_of(value)[0]))
    return ""


@lru_cache(maxsize=1024)
def _is_followed(data_type: str) -> bool:
    if data_type.startswith("id."):
        return data_type not in _NOT_FOLLOWED
    return data_type in _PERSONAL
