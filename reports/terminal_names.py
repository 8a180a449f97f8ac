"""What a terminal calls a row: as the page does, in the few columns that there are.

Labels are those of the knowledge of this program: a reader finds the same words on the page.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.comparison import Side
from analyzer.knowledge import load_knowledge, load_measures
from analyzer.magnitudes import MeasureId
from reports import words

_STATES = {
    "protective": "protects",
    "non_protective": "does not protect",
    "no_signal": "says nothing",
    "contradictory": "contradicted",
}
STATES_TOLD = (
    "protects, does not protect, says nothing: what the value of a signal does for a child;"
    " contradicted: by what else is sent"
)
_MOST_COUNTRIES = 4  # that are named one by one


def data(data_type: str) -> str:
    """Return a data type in two or three words; its id where the knowledge has none.

    >>> data("id.advertising"), data("no.such")
    ('advertising ID', 'no.such')
    """
    known = load_knowledge().types.get(data_type)
    return known.label if known else data_type


def signal(name: str, state: str = "") -> str:
    """Return the title of a signal, with what its value does.

    >>> signal("openrtb.regs_coppa", "non_protective")
    'OpenRTB: COPPA applies: does not protect'
    """
    known = load_knowledge().signals.get(name)
    title = known.title if known else name
    return f"{title}: {_STATES.get(state, state)}" if state else title


def subject(kind: str, name: str, state: str) -> str:
    """Return what a row of presence is about."""
    return data(name) if kind == "data" else signal(name, state)


def measured(measure: MeasureId, data_type: str) -> str:
    """Return what a measured row is about.

    >>> measured("precision", "loc.precise"), measured("requests_per_hour", "")
    ('precise location: precision of the location', 'requests per hour')
    """
    label = load_measures()[measure].label
    label = label[:1].lower() + label[1:]
    return f"{data(data_type)}: {label}" if data_type else label


def country(code: str) -> str:
    """Return the name of a country; its code where the knowledge has none."""
    return words.country(code, load_knowledge())


def countries(codes: Sequence[str]) -> str:
    """Return the names of countries as a list; of many only how many they are."""
    if len(codes) > _MOST_COUNTRIES or not codes:
        return f"{len(codes)} countries"
    return words.all_of([country(code) for code in codes])


def side(of: Side) -> str:
    """Return who is on a side: its title, and of a bloc the countries that were recorded.

    A bloc is named by its title alone where that is a country's.
    """
    if of.kind != "bloc":
        return of.title
    return f"{of.title} (recorded: {countries(of.countries)})"
