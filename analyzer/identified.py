"""Which id a user means: the one that begins so, or a complaint that names those nearest to it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches

from analyzer.errors import UserError

_LISTED = 5  # ids that an ambiguous beginning is answered with
_NEAR = 3
_COMPARED = 5_000  # ids among which a mistyped one is looked for letter by letter
_SHARED = 3  # first letters without which an id is not near


def the_one(wanted: str, known: Iterable[str]) -> str:
    """Return the one of `known` that begins with `wanted`; `UserError` if none or several do."""
    there = sorted(set(known))
    found = [each for each in there if each.startswith(wanted)]
    if not found:
        raise unknown(wanted, there)
    if len(found) > 1 and wanted not in found:
        some = ", ".join(found[:_LISTED]) + (" and others" if len(found) > _LISTED else "")
        raise UserError(f"{wanted} could be {some}", "write more of the id")
    return found[0]


def unknown(wanted: str, known: Iterable[str], told: str = "", fix: str = "") -> UserError:
    """Return the complaint about an id or name that is none of `known`, with those near to it.

    `told` says what is wrong, and `fix` what to do where nothing is near.
    """
    by_fold = {each.casefold(): each for each in sorted(set(known))}
    near = [by_fold[each] for each in _near(wanted.casefold(), sorted(by_fold))]
    remedy = fix or "it may be of another study or version"
    if near:
        remedy = f"did you mean {' or '.join(near)}?"
    return UserError(told or f"nothing has the id {wanted}", remedy)


def _near(wanted: str, known: list[str]) -> list[str]:
    """Return what differs by few letters; among very many only what begins alike."""
    place = bisect_left(known, wanted)
    beside = known[max(0, place - _COMPARED // 2) : place + _COMPARED // 2]
    close = get_close_matches(wanted, beside, _NEAR, 0.7)
    if close:
        return close
    around = known[max(0, place - 1) : place + _NEAR - 1]
    return [each for each in around if each[:_SHARED] == wanted[:_SHARED] and len(wanted) > _SHARED]
