from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict, dataclass

from analyzer.said import Said, say, say_many

GERMAN = {
    "{side} has {n}": "{n} hat {side}",
    "too few: {what}": "zu wenig: {what}",
    "{number} session": ("{number} Sitzung", "{number} Sitzungen"),
}


def german(text: str) -> str:
    return str(GERMAN.get(text, text))


def german_many(one: str, many: str, number: int) -> str:
    return GERMAN[one][number != 1]


def test_a_text_is_english_and_can_be_translated_later() -> None:
    told = say("too few: {what}", what=say("{side} has {n}", side="KE", n=3))
    assert told == "too few: KE has 3"
    assert told.translated(german, german_many) == "zu wenig: 3 hat KE"


def test_what_no_catalogue_has_stays_english() -> None:
    assert say("nothing of {it}", it="that").translated(german, german_many) == "nothing of that"


def test_a_plural_follows_its_number() -> None:
    one, two = (say_many("{number} session", "{number} sessions", n) for n in (1, 2))
    assert (one, two) == ("1 session", "2 sessions")
    told = [each.translated(german, german_many) for each in (one, two)]
    assert told == ["1 Sitzung", "2 Sitzungen"]


def test_parts_in_a_tuple_are_joined() -> None:
    told = say("too few: {what}", what=(say("{side} has {n}", side="KE", n=3), "x"))
    assert told == "too few: KE has 3, x"
    assert told.translated(german, german_many) == "zu wenig: 3 hat KE, x"


def test_braces_in_a_value_are_no_template() -> None:
    assert say("{side} has {n}", side="{n.__class__}", n=1) == "{n.__class__} has 1"


def test_it_is_a_string_for_everything_else() -> None:
    @dataclass(frozen=True)
    class Row:
        reason: str

    told = say("{side} has {n}", side="KE", n=3)
    kept = asdict(Row(told))["reason"]
    assert isinstance(kept, Said)
    assert json.dumps({"reason": kept}) == '{"reason": "KE has 3"}'
    assert copy.deepcopy(told) is told


def test_it_survives_a_process() -> None:
    told = pickle.loads(pickle.dumps(say_many("{number} session", "{number} sessions", 3)))
    assert told == "3 sessions"
    assert told.translated(german, german_many) == "3 Sitzungen"
