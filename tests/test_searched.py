"""What only a planted value shows is compared where the same was planted."""

from __future__ import annotations

from dataclasses import replace

import synthetic
from synthetic import finding, findings, frames, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.frames import Frames
from analyzer.study import Persona, Study

PHONE = ("person.phone", "+254 712 555 019")
EMAIL = ("person.email", "a@mail.example")
SIX = range(1, 7)


def study(*values: tuple[str, str], **others: tuple[tuple[str, str], ...]) -> Study:
    """The persona "p", whom every session names, has `values`; `others` are further personas."""
    personas = {"p": Persona("p", values)}
    personas |= {name: Persona(name, every) for name, every in others.items()}
    return replace(synthetic.study(), personas=personas)


def two(**changed: object) -> list[dict[str, object]]:
    """Six sessions of DE-13 with the persona "p", and six of KE-13 with "q"."""
    return [*sessions(6, "DE-13"), *sessions(6, "KE-13", persona="q", **changed)]


def diff(found: Frames, of: Study, a: str = "DE-13", b: str = "KE-13") -> Comparison:
    return compare(found, of, synthetic.knowledge(), a, b)


def phones(method: str = "planted", repeats: range = SIX) -> list[dict[str, object]]:
    return findings("DE-13", repeats, data_type="person.phone", method=method)


def test_a_value_that_is_planted_on_one_side_only_makes_no_difference() -> None:
    of = study(PHONE, EMAIL, q=(EMAIL,))
    found = diff(frames(two(), phones()), of)
    [delta] = found.deltas
    assert delta.verdict == "insufficient"
    assert delta.reason == (
        "in 6 of 6 sessions of KE-13 the phone had no planted value of this type, so that it may"
        " have been sent and not been recognised; if so, the sides do not differ"
    )
    assert [each for each in found.warnings if "person.phone (not for KE-13 in 6 of 6" in each]
    assert not [each for each in found.warnings if "person.email" in each]
    mirrored = diff(frames(two(), phones()), of, "KE-13", "DE-13")
    assert mirrored.deltas[0].verdict == "insufficient"
    assert mirrored.deltas[0].reason == delta.reason


def test_a_value_that_is_planted_on_both_sides_makes_a_difference() -> None:
    found = diff(frames(two(), phones()), study(PHONE, q=(("person.phone", "+49 30 5550199"),)))
    assert [each.verdict for each in found.deltas] == ["only_a"]
    assert not [each for each in found.warnings if "planted" in each]


def test_what_a_rule_or_name_shows_needs_no_planted_value() -> None:
    of = study(PHONE, q=())
    for method in ("rule", "name"):
        assert diff(frames(two(), phones(method)), of).deltas[0].verdict == "only_a"
    both = [*phones(), *(each | {"id": f"{each['id']}2"} for each in phones("rule"))]
    assert diff(frames(two(), both), of).deltas[0].verdict == "only_a"


def test_a_value_too_short_to_be_searched_is_as_good_as_none() -> None:
    of = study(PHONE, q=(("person.phone", "12"),))
    problems: list[dict[str, object]] = [
        {"session": f"KE-13-r{n:02d}", "host": "", "exchange": "", "stage": "extract",
         "code": "planted_too_short", "detail": "person.phone"}
        for n in SIX
    ]  # fmt: skip
    assert diff(frames(two(), phones(), problems=problems), of).deltas[0].verdict == "insufficient"
    longer = study(PHONE, q=(("person.phone", "12"), ("person.phone", "+49 30 5550199")))
    assert diff(frames(two(), phones(), problems=problems), longer).deltas[0].verdict == "only_a"


def test_a_session_that_shows_it_by_its_name_was_seen_all_the_same() -> None:
    named = findings("KE-13", SIX, data_type="person.phone", method="name")
    found = diff(frames(two(), [*phones(), *named]), study(PHONE, q=()))
    assert [each.verdict for each in found.deltas] == ["same"]


def test_adults_without_the_planted_value_give_no_contrast() -> None:
    rows = [*sessions(6, "DE-13", "KE-13"), *sessions(6, "DE-30", "KE-30", persona="adult")]
    lacking = diff(frames(rows, phones()), study(PHONE, adult=()), "DE", "KE")
    assert (lacking.deltas[0].verdict, lacking.deltas[0].contrast) == ("only_a", None)
    having = diff(frames(rows, phones()), study(PHONE, adult=(PHONE,)), "DE", "KE")
    assert having.deltas[0].contrast is not None


def test_other_rows_are_judged_as_before() -> None:
    other = [finding(f"DE-13-r{n:02d}", "Glint", "dev.model") for n in SIX]
    found = diff(frames(two(), [*phones(), *other]), study(PHONE, q=()))
    verdicts = {each.subject: each.verdict for each in found.deltas}
    assert verdicts == {"dev.model": "only_a", "person.phone": "insufficient"}
