"""Accounts and phones: what cannot be told from a region, where each side has only its own.

An app tries things out on some accounts and on some installations. Sessions of one account are no
independent evidence of that: had the account been another one, all of them might have been others.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.compare.recorded import Recorded
from analyzer.said import Said, say

Titled = tuple[str, Sequence[Recorded]]  # a side or country: its title and its sessions


def account_cautions(a: Titled, b: Titled) -> list[Said]:
    """Return a sentence where a side has one account of its own, or no phone is of one model."""
    if not a[1] or not b[1]:
        return []
    found = []
    mine, others = ({each.whose for each in sessions} for _, sessions in (a, b))
    if 1 in (len(mine), len(others)) and mine.isdisjoint(others - {""}):
        found.append(
            say(
                "A side has one account only (accounts of {a}: {of_a}, of {b}: {of_b}): what"
                " differs between two accounts cannot be told from what differs between regions."
                " An app that tries something out on some accounts looks the same as one that"
                " treats regions differently: record several accounts on each side.",
                of_a=_number(mine),
                a=a[0],
                of_b=_number(others),
                b=b[0],
            )
        )
    here, there = ({each.device for each in sessions} - {""} for _, sessions in (a, b))
    if here and there and here.isdisjoint(there):
        found.append(
            say(
                "No model of phone is on both sides, {a} and {b}: what differs between two phones"
                " cannot be told from what differs between regions.",
                a=a[0],
                b=b[0],
            )
        )
    return found


def _number(accounts: set[str]) -> Said:
    """Return how many they are, without their names: a study keeps these to itself."""
    return say("{n}", n=len(accounts)) if accounts != {""} else say("not recorded")
