"""The recommender that the app's server runs: the one that is declared, learned from watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    draw,
)
from analyzer.simulation.feed_declaration import DeclaredFeed, load_feed
from analyzer.simulation.feed_items import (
    HARMFUL,
    ServedItem,
    category_of,
    kind_and_number,
    native_of,
)
from analyzer.simulation.feed_recommender import Recommender

OWN = FeedDeclaration()
_KIND = CATEGORIES.index(POSITIVE)


def _harms(served: ServedItem) -> bool:
    return served.category in HARMFUL


def _seeded(served: ServedItem, chance: np.random.Generator) -> float:
    if _harms(served):
        return OWN.rounds * served.length_s
    return OWN.skip_s * float(np.exp(OWN.jitter * chance.standard_normal()))


def _control(served: ServedItem, chance: np.random.Generator) -> float:
    return OWN.control_s * float(np.exp(OWN.jitter * chance.standard_normal()))


Look = Callable[[ServedItem, np.random.Generator], float]


def _watch(feed: Recommender, look: Look, items: int) -> list[ServedItem]:
    chance = np.random.default_rng(feed.seed)
    seen: list[ServedItem] = []
    while len(seen) < items:
        batch = feed.next_batch()
        for served in batch:
            feed.watched(served.native, look(served, chance))
        seen += batch
    return seen


def _share(seen: list[ServedItem]) -> float:
    counted = [each for each in seen if each.ad != "formal"]
    return sum(map(_harms, counted)) / len(counted)


def test_who_watches_twice_gets_what_the_declaration_says_and_who_watches_all_alike_the_base() -> (
    None
):
    declared = DeclaredFeed(OWN)
    ends: dict[str, list[float]] = {"seeded": [], "control": []}
    for seed in range(12):
        seeded = Recommender(declared, "KE", seed)
        ends["seeded"].append(_share(_watch(seeded, _seeded, 1200)[-800:]))
        ends["control"].append(_share(_watch(Recommender(declared, "KE", seed), _control, 800)))
    # Means of twelve accounts that differ: within three standard errors.
    for name, spread in (("seeded", OWN.spread), ("control", OWN.base_spread)):
        expected = OWN.plateau("KE", "seeded" if name == "seeded" else "control")
        binomial = expected * (1 - expected) / 800
        error = np.sqrt(((spread * expected) ** 2 + binomial) / 12)
        assert np.mean(ends[name]) == pytest.approx(expected, abs=3 * error)


def test_the_server_draws_as_the_writer_of_bundles_does() -> None:
    """Shares of the first items of many accounts: the way up is the same in both."""
    many, first = 40, 160
    declared = DeclaredFeed(OWN)
    live = [
        _watch(Recommender(declared, "KE", seed), _seeded, first)[:first] for seed in range(many)
    ]
    harmful = np.asarray([[_harms(each) and each.ad != "formal" for each in seen] for seen in live])
    crowd = [each for each in accounts_of(("KE",), many, 2.0) if each.role == "seeded"]
    drawn = draw(OWN, crowd, 7)
    rows = [np.flatnonzero(drawn.account == place)[:first] for place in range(many)]
    formal = 0
    written = np.asarray(
        [(drawn.kind[each] == _KIND) & (drawn.ad[each] != formal) for each in rows]
    )
    for part in range(0, first, 40):
        one, other = (each[:, part : part + 40].mean(axis=1) for each in (harmful, written))
        error = np.sqrt((one.var() + other.var()) / many)
        assert abs(one.mean() - other.mean()) < 4 * error + 0.01


def test_no_feed_serves_an_item_again_within_two_answers() -> None:
    feed = Recommender(DeclaredFeed(replace(OWN, pool=40)), "KE", 1)
    seen = [each.native for _ in range(50) for each in feed.next_batch()]
    size = 2 * OWN.batch
    assert all(len(set(seen[at : at + size])) == size for at in range(len(seen) - size))


def test_what_somebody_else_serves_is_not_learned_from() -> None:
    feed = Recommender(DeclaredFeed(OWN), "KE", 1)
    before = feed.share
    for native in ("7300000000000000001", "1", native_of(_KIND, 3)):  # the last was never served
        feed.watched(native, 60.0)
    assert (feed.engagements, feed.share) == (0, before)


def test_an_id_tells_what_the_item_is() -> None:
    assert kind_and_number(native_of(2, 17)) == (2, 17)
    assert {category_of(native_of(_KIND, number)) for number in range(10)} == set(HARMFUL)
    assert not {category_of(native_of(0, number)) for number in range(10)} & HARMFUL
    with pytest.raises(ValueError, match="no item"):
        category_of("7300000000000000001")


def test_the_declared_feed_can_be_lived_faster() -> None:
    declared = load_feed()
    assert declared.recommender.amplification["KE"] == 10
    quick = declared.at_speed(10).recommender
    assert quick.length_s == pytest.approx(declared.recommender.length_s / 10)
    assert quick.base_share == declared.recommender.base_share
