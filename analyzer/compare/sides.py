"""Which sessions stand on which side of a comparison.

A side is an arm (``KE-13``), a country (``KE``) or a bloc (``eea``), in this order. A country or a
bloc compares its minors, and its adults are the controls; an arm stands for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from analyzer.comparison import Side, SideKind
from analyzer.errors import UserError
from analyzer.knowledge import Bloc, Knowledge
from analyzer.models import Arm
from analyzer.said import say
from analyzer.study import Study

ADULT = 18  # years; below it every instrument of law.yaml speaks of a minor or child


def resolve_side(study: Study, knowledge: Knowledge, arms: Sequence[Arm], text: str) -> Side:
    """Return the side that `text` names. `arms` holds the arm of each session, as recorded.

    Countries are ISO 3166-1 alpha-2 codes. Upper and lower case make a difference only between arms
    that nothing else tells apart. Raises `UserError`, naming what could be used, where `text` is
    none of them or has no session.
    """
    if text in study.arms or any(arm.label == text for arm in arms):
        return _side(text, "arm", text, arms, lambda arm: arm.label == text)
    if text in knowledge.countries:
        country = knowledge.countries[text]
        return _side(text, "country", country.name, arms, lambda arm: arm.country == text)
    for identifier, bloc in knowledge.blocs.items():
        if identifier.lower() == text.lower():
            return _bloc_side(bloc, arms)
    labels = {*study.arms, *(arm.label for arm in arms)}
    meant = {each for each in labels if each.casefold() == text.casefold()}
    if len(meant) == 1:
        return resolve_side(study, knowledge, arms, meant.pop())
    if not meant and text.upper() in knowledge.countries:
        return resolve_side(study, knowledge, arms, text.upper())
    raise UserError(
        say("{name} is no arm, country or bloc", name=repr(text)), _could_be(knowledge, arms, text)
    )


def apart(a: Side, b: Side) -> None:
    """Raise `UserError` where an arm stands on both sides, or one is compared with itself."""
    shared = sorted({arm.label for arm in a.arms} & {arm.label for arm in b.arms})
    if shared:
        raise UserError(
            say(
                "the sessions of {arms} would stand on both sides of {a} {b}",
                arms=tuple(shared),
                a=a.name,
                b=b.name,
            ),
            "take two sides that no arm belongs to both of, such as two arms or two countries",
        )


def names(knowledge: Knowledge, arms: Sequence[Arm]) -> list[str]:
    """Return every name that stands for at least one session, in order of kind and name."""
    countries = sorted({arm.country for arm in arms if arm.age < ADULT} & set(knowledge.countries))
    labels = sorted({arm.label for arm in arms})
    blocs = [
        identifier
        for identifier, bloc in sorted(knowledge.blocs.items())
        if not bloc.members.isdisjoint(countries)
    ]
    return list(dict.fromkeys([*labels, *countries, *blocs]))


def _bloc_side(bloc: Bloc, arms: Sequence[Arm]) -> Side:
    side = _side(bloc.id, "bloc", bloc.name, arms, lambda arm: arm.country in bloc.members)
    return replace(
        side,
        definition=bloc.definition,
        source=bloc.source,
        date=bloc.date,
        members=tuple(sorted(bloc.members)),
    )


def _side(
    name: str, kind: SideKind, title: str, arms: Sequence[Arm], belongs: Callable[[Arm], bool]
) -> Side:
    found = [arm for arm in arms if belongs(arm)]
    compared = [arm for arm in found if kind == "arm" or arm.age < ADULT]
    controls = [arm for arm in found if kind != "arm" and arm.age >= ADULT]
    if not compared:
        lacking = say("{name} has no sessions of minors", name=name)
        if kind == "arm":
            lacking = say("{name} has no sessions", name=name)
        some = _listed(sorted({arm.label for arm in arms}))
        how = f"record or import one with `--arm {name}`" if kind == "arm" else "record some"
        raise UserError(lacking, f"{how}; there are some of {some or 'no arm'}")
    return Side(
        name=name,
        kind=kind,
        title=title,
        definition="",
        source="",
        date="",
        members=(),
        countries=tuple(sorted({arm.country for arm in compared})),
        arms=_distinct(compared),
        controls=_distinct(controls),
        sessions=len(compared),
        control_sessions=len(controls),
    )


def _distinct(arms: Iterable[Arm]) -> tuple[Arm, ...]:
    return tuple(sorted(set(arms), key=lambda arm: (arm.label, arm.country, arm.age, arm.consent)))


def _could_be(knowledge: Knowledge, arms: Sequence[Arm], text: str) -> str:
    found = names(knowledge, arms)
    if not found:
        return "there are no sessions yet"
    folded = {each.casefold(): each for each in found}
    folded |= {knowledge.countries[each].name.casefold(): each for each in found
               if each in knowledge.countries}  # fmt: skip
    near = get_close_matches(text.casefold(), folded, 1, 0.7)
    guess = f"did you mean {folded[near[0]]}? " if near else ""
    return f"{guess}use one of {', '.join(found)}"


def _listed(found: Collection[str]) -> str:
    return ", ".join(found)
