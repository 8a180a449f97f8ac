"""Recognises a leaf where no rule knows the place: by its key, its value and what is around it.

`decide` looks at the place and is asked once for each; `judge` looks at a value. Both depend on
their arguments only, so that their answers may be remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from analyzer.extract.confidence import around, per_cent, reason
from analyzer.extract.placeholders import is_placeholder
from analyzer.extract.shapes import is_blank, shape
from analyzer.extract.telling_values import TYPE_OF, TellingValues
from analyzer.extract.value_checks import IMPOSSIBLE, TYPICAL, fit, is_hash
from analyzer.knowledge import DataType, normal_name, shape_fits
from analyzer.knowledge.vocabulary_records import Strength, Vocabulary, words_of
from analyzer.models import Method, Part

NAMED_PARTS: Final[frozenset[Part]] = frozenset(("query", "header", "cookie", "body"))
_JOINED: Final = 3  # components of a path that may make one name: device.geo.lat
_DEEPEST: Final = 8
_LONGEST_VALUE: Final = 1024
_MOST_MADE: Final = 20_000
_MOST_SPLIT: Final = 8_192
_TELLING: Final = frozenset(("identifiers", "location_region", "device", "age_demographics"))

# A hash of what reaches people is what companies match them by.
_HASHED: Final = {"person.email": "id.cross_vendor", "person.phone": "id.cross_vendor"}


class Candidate(NamedTuple):
    """What the key of a place may mean, with the evidence that the place gives."""

    data_type: str
    strength: Strength
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What may be found at a place: by its key, and by the looks of whatever value comes."""

    candidates: tuple[Candidate, ...]
    siblings: int
    evidence: tuple[str, ...]  # of what is around


class Judged(NamedTuple):
    """What a value at a place is, by which method and how surely (per cent), and why."""

    data_type: str
    method: Method
    rule_id: str
    confidence: int
    reason: str
    evidence: tuple[str, ...]


class Generic:
    """What keys mean wherever they stand, and how sure that is."""

    def __init__(self, types: Mapping[str, DataType], vocabulary: Vocabulary) -> None:
        self._types = types
        self._words = vocabulary
        self._told: dict[tuple[str, str, tuple[str, ...]], Judged | None] = {}
        self.values = TellingValues(vocabulary.makers, vocabulary.models)
        self._made: dict[tuple[tuple[Candidate, ...], int, tuple[str, ...]], Decision] = {}
        # Names of the ontology as they are, too: some of their words are abbreviations elsewhere.
        self._names = dict(vocabulary.names)
        for name, meanings in vocabulary.names.items():
            self._names.setdefault("".join(vocabulary.split(name)), meanings)
        # Paths share most of their steps.
        self._split = lru_cache(_MOST_SPLIT)(vocabulary.split)
        self._best = lru_cache(_MOST_SPLIT)(self._best_of)

    def place(self, path: str) -> tuple[str, bool]:
        """Return what `path` stands in, and whether its key tells of the phone or the person."""
        _, meanings = self._best(_steps(path))
        telling = any(
            strength in ("exact", "sure") and self._types[own].group in _TELLING
            for own, strength in meanings
        )
        return path.rpartition(".")[0], telling

    def names_at(self, path: str) -> tuple[str, ...]:
        """Return every known name that `path` could be read as, joined, the best fit first."""
        steps = _steps(path)
        candidates = self._candidates(steps) if steps else ()
        return tuple(dict.fromkeys(each for each, _ in candidates if each in self._names))

    def decide(self, tracker: bool, part: Part, path: str, siblings: int) -> Decision | None:
        """Return what may be found at `path` of `part`; None where nothing may.

        `tracker`: whether the host is known to follow people; `siblings`: how many telling keys
        (`place`) stand beside it, as `confidence.company` counts them.
        """
        if part not in NAMED_PARTS:
            return None
        if part == "header" and path.lower() in self._words.headers:
            return None
        steps = _steps(path)
        contained = len(steps) > 1 and self._is_container(steps[-2])
        evidence = around(tracker, siblings, contained)
        fitting, meanings = self._best(steps)
        if meanings:
            meanings = self._there(tracker, part, steps[-1], meanings)
        candidates = [
            Candidate(own, strength, (f"name:{strength}", f"fit:{fitting}", *evidence))
            for own, strength in meanings
        ]
        return self._decision(tuple(candidates), siblings, evidence)

    def judge(self, decision: Decision, value: str) -> Judged | None:
        """Return what `value` is at a place of which `decision` was made; None for nothing."""
        if len(value) > _LONGEST_VALUE:
            return None
        text = value.strip()
        if is_blank(text):
            return None
        best: Judged | None = None
        for candidate in decision.candidates:
            found = self._by_name(candidate, text)
            if found and (best is None or found.confidence > best.confidence):
                best = found
        looks = self._by_looks(decision, text)
        if looks and (best is None or looks.confidence > best.confidence):
            return looks
        return best

    def _decision(
        self, candidates: tuple[Candidate, ...], siblings: int, evidence: tuple[str, ...]
    ) -> Decision:
        """Return a decision, the same one for all places of which the same is to be said."""
        key = (candidates, siblings, evidence)
        known = self._made.get(key)
        if known is None:
            if len(self._made) >= _MOST_MADE:
                self._made.clear()
            known = self._made[key] = Decision(candidates, siblings, evidence)
        return known

    def _by_name(self, candidate: Candidate, text: str) -> Judged | None:
        own = candidate.data_type
        if own in _HASHED and is_hash(text) and _HASHED[own] in self._types:
            own = _HASHED[own]
        if is_placeholder(own, text):
            return None
        found = shape(text, own)
        if found == "json":
            return None
        usual = text.lower() in self._words.usual.get(own, ())
        if usual or (own == "dev.model" and self.values.is_model(text)):
            fitting = TYPICAL
        else:
            fitting = fit(own, text)
        if fitting == IMPOSSIBLE:
            return None
        if fitting != TYPICAL and not shape_fits(found, self._types[own].shapes):
            return None
        value = "value:typical" if fitting == TYPICAL else "value:possible"
        return self._judged(own, "name", f"name#{own}", (*candidate.evidence, value))

    def _by_looks(self, decision: Decision, text: str) -> Judged | None:
        kind = self.values.kind(text, decision.siblings)
        if not kind or (own := TYPE_OF[kind]) not in self._types or is_placeholder(own, text):
            return None
        evidence = (f"shape:{kind}", *decision.evidence)
        return self._judged(own, "shape", f"shape#{kind}", evidence)

    def _judged(
        self, own: str, method: Method, rule_id: str, evidence: tuple[str, ...]
    ) -> Judged | None:
        # As many as there are types and combinations of evidence: what is seen adds none.
        key = (own, rule_id, evidence)
        if key not in self._told:
            sure = per_cent(self._words.points, evidence)
            self._told[key] = (
                Judged(own, method, rule_id, sure, reason(evidence), evidence) if sure else None
            )
        return self._told[key]

    def _is_container(self, step: str) -> bool:
        words = words_of(step)
        return bool(words) and (
            normal_name(step) in self._words.containers or words[-1] in self._words.containers
        )

    def _best_of(self, steps: tuple[str, ...]) -> tuple[str, tuple[tuple[str, Strength], ...]]:
        """Return how the best name at the end of `steps` fits, and what it means.

        A worse one does not count, even where no value fits the best: its words are understood.
        """
        if not steps:
            return "", ()
        special = self._special(steps)
        if special is not None:
            return "joined", ((special, "sure"),) if special in self._types else ()
        if len(steps) > 1 and not self._bare(self._split(steps[-1])):
            # ifa { value }: a step of fillers only is what the step above it says.
            fitting, above = self._best(steps[:-1])
            if any(strength in ("exact", "sure") for _, strength in above):
                return fitting, above
        for joined, fitting in self._candidates(steps):
            meanings = self._names.get(joined, ())
            if known := tuple(each for each in meanings if each[0] in self._types):
                return fitting, known
        return "", ()

    def _there(
        self, tracker: bool, part: Part, key: str, meanings: tuple[tuple[str, Strength], ...]
    ) -> tuple[tuple[str, Strength], ...]:
        """Return what of `meanings` holds for a key of this part at this host.

        Trackers call the browser a user (`uid`), and know apps by tokens that no person has.
        """
        if (part == "cookie" or (tracker and part == "query")) and key.lower().endswith("uid"):
            cookie = "id.browser_cookie" if "id.browser_cookie" in self._types else "id.account"
            meanings = tuple(
                (cookie if own == "id.account" else own, strength) for own, strength in meanings
            )
        if tracker:
            return tuple(
                (own, strength)
                for own, strength in meanings
                if own != "person.credentials" or strength in ("exact", "sure")
            )
        return meanings

    def _special(self, steps: tuple[str, ...]) -> str | None:
        if len(steps) < 2:
            return None
        above, last = _one_of(self._split(steps[-2]) or ("",)), self._split(steps[-1])
        return self._words.steps.get(("".join(above), "".join(last)))

    def _candidates(self, steps: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        words = self._words
        tail = steps[-_JOINED:]
        for count in range(len(tail), 1, -1):
            yield normal_name("".join(tail[-count:])), "joined"
        yield normal_name(tail[-1]), "whole"
        yield "".join(self._split(tail[-1])), "whole"
        split = self._pieces(tail)
        if not split:
            return
        last = split[-1]
        for count in range(len(split), 1, -1):
            yield "".join("".join(each) for each in split[-count:]), "joined"
            yield (
                split[-count][-1] + "".join("".join(each) for each in split[1 - count :]),
                "joined",
            )
        yield "".join(last), "whole"
        for cut in range(1, len(last)):
            if any(word in words.stoppers for word in last[:cut]):
                break
            yield "".join(last[cut:]), "tail" if cut < len(last) - 1 else "word"

    def _pieces(self, tail: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the words of each step that says something, one thing of several as one."""
        split = [self._bare(self._split(step)) for step in tail]
        while len(split) > 1 and not split[-1]:
            split.pop()  # a step of fillers only: device.info.model, ifa.value
        split = [each for each in split if each]
        return [*(_one_of(each) for each in split[:-1]), *split[-1:]]

    def _bare(self, pieces: tuple[str, ...]) -> tuple[str, ...]:
        """Return `pieces` without fillers at either end."""
        start, end = 0, len(pieces)
        while start < end and pieces[start] in self._words.fillers:
            start += 1
        while end > start + 1 and pieces[end - 1] in self._words.fillers:
            end -= 1
        return pieces[start:end]


def _one_of(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """Return `pieces` with the last as a singular: what stands in `sessions` is of one session."""
    last = pieces[-1]
    if len(last) > 3 and last.endswith("s") and not last.endswith("ss"):
        return (*pieces[:-1], last[:-1])
    return pieces


def _steps(path: str) -> tuple[str, ...]:
    """Return the last steps of `path` that have names; positions in lists are none."""
    steps = [step for step in path.rsplit(".", _DEEPEST)[-_DEEPEST:] if not step.isdigit()]
    pieces: list[str] = []
    for step in steps:
        # A form may write the way in brackets: device[os][name].
        pieces += [each for each in step.replace("]", "").split("[") if each and not each.isdigit()]
    return tuple(pieces[-_DEEPEST:])
