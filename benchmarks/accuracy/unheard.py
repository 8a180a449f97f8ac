"""Judges each vendor's leaves as if the names that only this vendor uses had never been heard of.

A name in `names.yaml` or `ontology.yaml` may have been put there because of one vendor. Those that
no other vendor of the labelled set uses are taken out while that vendor is judged: what is left is
what the program would know of a vendor that nobody has looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.extract.generic import Generic
from analyzer.knowledge import Knowledge
from benchmarks.accuracy.scoring import Answer, by_generic
from benchmarks.accuracy.vectors import Labelled


def without_own_names(knowledge: Knowledge, labelled: Sequence[Labelled]) -> list[Answer]:
    """Return the answers to `labelled`, each vendor judged without the names only it has."""
    generic = Generic(knowledge.types, knowledge.vocabulary)
    users: dict[str, set[str]] = {}
    for each in labelled:
        for name in generic.names_at(each.leaf.path):
            users.setdefault(name, set()).add(each.origin)
    found: list[Answer] = []
    for origin in sorted({each.origin for each in labelled}):
        own = frozenset(name for name, vendors in users.items() if vendors == {origin})
        names = {
            name: meanings
            for name, meanings in knowledge.vocabulary.names.items()
            if name not in own
        }
        bereft = replace(knowledge, vocabulary=replace(knowledge.vocabulary, names=names))
        found += by_generic(bereft, [each for each in labelled if each.origin == origin])
    return found
