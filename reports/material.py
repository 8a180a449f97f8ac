"""What every form of a report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.comparison import Comparison
from analyzer.countries import CountryMatrix
from analyzer.knowledge import Knowledge
from analyzer.linkage import Linkage
from reports.html import render_html
from reports.language import Language
from reports.record import Record, record

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit


@dataclass(frozen=True)
class Material:
    """What a report is made of."""

    comparison: Comparison
    knowledge: Knowledge
    linkage: Linkage | None = None
    countries: CountryMatrix | None = None
    feed: Audit | None = None

    @cached_property
    def record(self) -> Record:
        """The record that all forms for machines are made of."""
        return record(self.comparison, self.knowledge, self.linkage, self.countries)

    def page(self, language: Language) -> str:
        """Return the page."""
        return render_html(
            self.comparison, self.knowledge, self.linkage, language, self.countries, self.feed
        )

    @property
    def name(self) -> str:
        """How its files begin."""
        return f"{self.comparison.a.name}-{self.comparison.b.name}"

    @property
    def moment(self) -> str:
        """When the last session began; "" where there is none."""
        return max((row.started for row in self.comparison.sessions), default="")
