"""What is learned of hosts that an app lets nobody read, and how it is forgotten again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from addons.refusals import Refusals

PHONE, HOST = "10.0.0.1", "pinned.example"


class Clock:
    """Says what time it is."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def learned(clock: Clock) -> Refusals:
    return Refusals(clock)


def trusting(learned: Refusals) -> None:
    learned.read(PHONE, "read.example")


def learns(learned: Refusals) -> bool:
    return learned.refuses(PHONE, HOST)


def test_two_that_hang_up_one_after_the_other_are_enough(learned: Refusals) -> None:
    learned.hung_up(PHONE, HOST, 1.0, 2.0)
    assert not learns(learned)
    learned.hung_up(PHONE, HOST, 3.0, 4.0)
    assert learns(learned)


def test_those_that_hang_up_at_the_same_time_count_once(learned: Refusals) -> None:
    for at in range(9):
        learned.hung_up(PHONE, HOST, 1.0 + at / 10, 2.0 + at / 10)
        learned.was_quiet(PHONE, HOST, 1.0, 2.0)
    assert not learns(learned)
    learned.hung_up(PHONE, HOST, 5.0, 6.0)
    assert learns(learned)


def test_a_host_that_is_read_is_learned_after_three_in_a_row(learned: Refusals) -> None:
    learned.read(PHONE, HOST)
    times = [(float(at), at + 0.5) for at in range(1, 9)]
    for began, ended in times[:2]:
        learned.hung_up(PHONE, HOST, began, ended)
    learned.read(PHONE, HOST)  # in between
    for began, ended in times[2:4]:
        learned.hung_up(PHONE, HOST, began, ended)
        learned.was_quiet(PHONE, HOST, began + 0.6, ended + 0.1)
        assert not learns(learned)
    learned.refused(PHONE, HOST)
    assert learns(learned)
    learned.read(PHONE, HOST)
    assert not learns(learned)


def test_one_connection_is_tried_again_after_a_while_and_what_is_read_is_forgotten(
    learned: Refusals, clock: Clock
) -> None:
    trusting(learned)
    learned.refused(PHONE, HOST)
    clock.now = 119.0
    assert not learned.tries_again(PHONE, HOST)
    clock.now = 120.0
    assert [learned.tries_again(PHONE, HOST) for _ in range(3)] == [True, False, False]
    assert learns(learned)
    clock.now = 239.0
    learned.refused(PHONE, HOST)  # which renews it
    clock.now = 300.0
    assert not learned.tries_again(PHONE, HOST)
    learned.read(PHONE, HOST)
    assert not learns(learned)


def test_where_much_passes_it_is_tried_sooner_but_at_most_once_a_minute(
    learned: Refusals, clock: Clock
) -> None:
    trusting(learned)
    learned.refused(PHONE, HOST)
    tried = []
    for _ in range(3000):
        clock.now += 0.1
        if learned.tries_again(PHONE, HOST):
            tried.append(clock.now)
    assert len(tried) == 4
    assert all(later - sooner >= 60 for sooner, later in pairwise([0.0, *tried]))


def test_every_third_is_tried_while_nothing_of_the_phone_can_be_read(learned: Refusals) -> None:
    learned.refused(PHONE, HOST)
    learned.read("10.0.0.2", HOST)  # another phone
    assert [learned.tries_again(PHONE, HOST) for _ in range(6)] == [False, False, True] * 2
    learned.refused(PHONE, "other.example")
    hosts = [HOST, "other.example", "other.example", HOST, HOST, "other.example"]
    assert [learned.tries_again(PHONE, host) for host in hosts] == [False, False, True] * 2


def test_or_after_half_a_minute(learned: Refusals, clock: Clock) -> None:
    learned.refused(PHONE, HOST)
    clock.now = 29.0
    assert not learned.tries_again(PHONE, HOST)
    clock.now = 30.0
    assert learned.tries_again(PHONE, HOST)
    trusting(learned)
    assert not learned
