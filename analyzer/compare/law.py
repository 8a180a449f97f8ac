"""The verified rules of law that bind for a row of a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from analyzer.compare.presence import Key
from analyzer.compare.recorded import Recorded
from analyzer.knowledge import Knowledge

_ADVERTISING = {"advertising", "attribution"}
_ADVERTISING_TYPES = {"id.advertising", "id.cross_vendor"}


class Law:
    """The verified rules that bind in the countries of either side.

    Attached to what advertising uses: advertising data and identifiers, whatever goes to parties
    that advertise or attribute, and every privacy signal. A rule counts where it protects a person
    of the age of one of the arms on the day of one of its sessions. What a platform has declared of
    itself is no law, and holds for that platform only: it is never attached.
    """

    def __init__(self, knowledge: Knowledge, sessions: Iterable[Recorded]) -> None:
        self._groups = {each.id: each.group for each in knowledge.types.values()}
        asked = {(each.arm.country, each.arm.age, each.started[:10]) for each in sessions}
        self._ids = tuple(
            sorted(
                {
                    law.id
                    for each in asked
                    for law in knowledge.laws_for(*each)
                    if law.verified and law.kind == "law"
                }
            )
        )

    def on(self, key: Key, purposes: Collection[str]) -> tuple[str, ...]:
        """Return the ids of what binds for a row of this `key`, sent for these `purposes`."""
        concerned = (
            key.kind == "signal"
            or key.subject in _ADVERTISING_TYPES
            or self._groups.get(key.subject) == "ads_inference"
            or not _ADVERTISING.isdisjoint(purposes)
        )
        return self._ids if concerned else ()
