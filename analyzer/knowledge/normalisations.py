"""`normalisations.yaml`: what vendors hash of a value, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from analyzer.errors import UserError
from analyzer.knowledge.source import Source, Table, known_only
from analyzer.models import Grade

FILE: Final = "normalisations.yaml"
KINDS: Final = (
    "email", "phone", "name", "date", "address", "username", "text", "uuid", "hex", "imei", "mac",
)  # fmt: skip
"""What a planted value can be, as far as hashing goes."""
HASHES: Final = (
    "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512",
)  # fmt: skip
"""The hashes that there can be: those that Python has on every machine."""
FORMS: Final = frozenset(
    {
        "given", "lower", "upper", "bare", "letters", "folded", "first", "last", "gmail",
        "without_plus", "e164", "digits", "national", "national_zero", "international", "dates",
        "iso", "imei", "written",
    }
)  # fmt: skip
"""The normal forms that `analyzer.extract.hashing` makes."""
_CHAIN: Final = re.compile(r"([a-z0-9_]+)(?:\(([a-z0-9_]+)\))?")
_GRADES: Final[tuple[Grade, ...]] = ("S", "D", "R", "O")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one vendor hashes: `forms` of each kind of value, by each of `hashes`.

    A hash is (name, name of the hash whose hexadecimal text is hashed, or ""). `suffix` is a public
    salt, put behind the text.
    """

    id: str
    source: str
    grade: str
    hashes: tuple[tuple[str, str], ...]
    forms: dict[str, tuple[str, ...]]
    suffix: str


@lru_cache(maxsize=1)
def load_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that come with the program; `UserError` names what is wrong in them."""
    path = Path(__file__).parent.parent / "data" / FILE
    source = Source(FILE, path.read_text(encoding="utf-8"))
    recipes = read_recipes(source)
    if faults := source.faults():
        raise UserError(str(faults[0]), "put it right and run `evenhand knowledge check`")
    return recipes


def read_recipes(source: Source) -> tuple[Recipe, ...]:
    """Return the recipes of normalisations.yaml; what is wrong is noted in `source`."""
    root = source.root()
    recipes: list[Recipe] = []
    for table in root.tables("recipes"):
        recipes.append(_recipe(table))
        if recipes[-1].id in {each.id for each in recipes[:-1]}:
            table.wrong("id", f"{recipes[-1].id!r} is there twice")
    root.done()
    return tuple(recipes)


def _recipe(table: Table) -> Recipe:
    chains: list[tuple[str, str]] = []
    for text in table.texts("hashes"):
        found = _CHAIN.fullmatch(text)
        chain = (str(found[1]), str(found[2] or "")) if found else ("", "")
        if chain[0] not in HASHES or (chain[1] and chain[1] not in HASHES):
            table.wrong("hashes", f"has {text!r}: known are {', '.join(HASHES)}, and a(b)")
        chains.append(chain)
    inner = table.table("forms")
    forms = {kind: inner.texts(kind) for kind in KINDS if kind in inner}
    for kind, names in forms.items():
        known_only(inner, kind, names, FORMS)
    inner.done()
    made = Recipe(
        id=table.matching("id", r"[a-z0-9]+/[a-z0-9-]+"),
        source=table.text("source"),
        grade=table.choice("grade", _GRADES),
        hashes=tuple(chains),
        forms=forms,
        suffix=table.text("suffix", ""),
    )
    table.done()
    return made
