"""Work on many things by several processes: in order, with what was raised, without strays."""

from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from analyzer.at_once import at_once
from analyzer.errors import UserError

PRELOAD = "analyzer.errors"


def squared(number: int, folder: Path) -> tuple[int, int]:
    time.sleep(0.2 if number == 0 else 0.0)  # the first is the last to be done
    (folder / str(number)).touch()
    return number * number, os.getpid()


def slowly(number: int, folder: Path) -> int:
    time.sleep(0.1)
    (folder / str(number)).touch()
    return number


def refused(number: int) -> int:
    if number == 3:
        raise UserError("three is none", "take another")
    return number


def ended(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_comes_of_each_comes_in_their_order(jobs: int, tmp_path: Path) -> None:
    found = list(at_once(squared, [(number, tmp_path) for number in range(8)], jobs, PRELOAD))
    assert [each for each, _ in found] == [number * number for number in range(8)]
    those = {process for _, process in found}
    assert (those == {os.getpid()}) == (jobs == 1)
    assert len(those) <= jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_users_mistake_is_told_as_such(jobs: int) -> None:
    found = at_once(refused, [(number,) for number in range(6)], jobs, PRELOAD)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UserError) as told:
        next(found)
    assert (told.value.message, told.value.fix) == ("three is none", "take another")


def test_a_process_that_is_ended_from_outside_is_told() -> None:
    with pytest.raises(UserError, match="ended from outside"):
        list(at_once(ended, [(number,) for number in range(4)], 2, PRELOAD))


def test_whoever_stops_waits_for_what_was_begun_and_nothing_else(tmp_path: Path) -> None:
    with closing(at_once(slowly, [(n, tmp_path) for n in range(50)], 2, PRELOAD)) as found:
        next(found)
        done = len(list(tmp_path.iterdir()))
    assert len(list(tmp_path.iterdir())) <= done + 2 < 50
