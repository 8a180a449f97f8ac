"""Audits of simulated accounts, made without a study."""

from __future__ import annotations

from functools import cache

from analyzer.comparison import Side
from analyzer.feed.audit_records import AccountState, Audit, Caution, Coding, Example
from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.agreement import agreement
from analyzer.feed.measures import FeedComparison, FeedSettings, measure
from analyzer.feed.protocol import Dwell, Interest, Protocol, StopRules
from analyzer.said import say
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

SIDES = ("KE", "US")


@cache
def compared(
    each: int = 8, hours: float = 6.0, uncoded: float = 0.0, amplified: float = 10.0
) -> FeedComparison:
    """Measure simulated accounts of two countries."""
    accounts = accounts_of(SIDES, each, hours)
    declared = FeedDeclaration(uncoded=uncoded, amplification=dict.fromkeys(SIDES, amplified))
    columns = simulate(declared, accounts, 1)
    return measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES)


def side(name: str, title: str) -> Side:
    return Side(name, "country", title, "", "", "", (), (name,), (), (), 0, 0)


def protocol() -> Protocol:
    """Return what these accounts do."""
    return Protocol(
        adapters=("pebblo",),
        surface="for_you",
        phases=("feed",),
        positive=(POSITIVE,),
        settings=FeedSettings(),
        dwell=Dwell(),
        stop=StopRules(),
        interests={"blue": Interest("blue", (POSITIVE,), ("words looked for",), ("lookedfor",))},
        accounts={},
        codebook=load_codebook(),
    )


def audit_of(comparison: FeedComparison) -> Audit:
    """Return an audit that says nothing more than `comparison`, two coders and one example."""
    keys = load_codebook().keys
    first = {str(number): keys[number % 3 * 3] for number in range(60)}
    second = {**first, "7": keys[4], "8": keys[4]}
    return Audit(
        study="pebblo",
        app="Pebblo",
        app_version="1.0",
        fictional=True,
        sides=(side("KE", "Kenya"), side("US", "United States")),
        surface="for_you",
        adapters=(("pebblo", "0123456789abcdef"),),
        protocol=protocol(),
        comparison=comparison,
        accounts=tuple(
            AccountState(
                each.name, each.side, f"{each.side}-13", each.role,
                "blue" if each.role == "seeded" else "", "", 2, "2026-11-01T08:00:00Z",
                "2026-11-02T08:00:00Z", each.feed_s, 100, 100, 2, 0,
            )
            for each in comparison.accounts
        ),
        elsewhere=(),
        coding=Coding("evenhand", "0123456789abcdef", 2, 60, 58, 1, 0, 0, 1, 0, (("agreed", 58),)),
        agreement=agreement({"ada": first, "ben": second}, keys, load_codebook().harmful),
        labels={POSITIVE: {"en": "Depressive content", "es": "Contenido depresivo"}},
        drives=(),
        health=(),
        problems=(("feed_format", 3),),
        cautions=(
            Caution("incomplete", say("Not complete: {accounts}.", accounts=("KE-seeded-0",))),
        ),
        examples=(
            Example(
                1, "i0a1b2c3d4e", "KE", "seeded", "KE-seeded-0", POSITIVE, True, 700.0, 36.0, 18.0,
                2, True, "watch_log", "agreed", 2, "none", "5ecre7d19e57",
            ),
        ),
        started="2026-11-01T08:00:00Z",
        ended="2026-11-02T08:00:00Z",
    )  # fmt: skip
