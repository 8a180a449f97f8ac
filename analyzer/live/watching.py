"""Several sessions watched together, and their next phase, for all at the same moment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from analyzer.bundle import add_step, running_bundles
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.live.follower import BUDGET, Follower
from analyzer.live.snapshot import Alarm, Snapshot
from analyzer.study import Study

_MOST: Final = 8  # sessions side by side


class Watch:
    """Follows the sessions `bundles`; without any, whatever is being recorded in `study`.

    `UserError` where a bundle is none, or where nothing is being recorded.
    """

    def __init__(
        self, study: Study, bundles: Sequence[Path] = (), knowledge: Knowledge | None = None
    ) -> None:
        self.study = study
        self._knowledge = knowledge or load_knowledge()
        self._named = bool(bundles)
        chosen = list(bundles) or running_bundles(study.captures)
        if not chosen:
            fix = "start one with `evenhand proxy --arm ARM`, or name a session"
            raise UserError("no session is being recorded", fix)
        self._followers: dict[Path, Follower] = {}
        self._latest: dict[Path, Snapshot] = {}
        for path in chosen:
            self._follow(path)

    def poll(self, budget: float = BUDGET) -> tuple[Snapshot, ...]:
        """Return what is known now of each session, within about `budget` seconds each.

        A bundle that cannot be read keeps its last snapshot, with an alarm; `UserError` where
        there is none.
        """
        if not self._named:
            for path in running_bundles(self.study.captures):
                if path not in self._followers:
                    self._follow(path)
        for path, follower in self._followers.items():
            try:
                self._latest[path] = follower.poll(budget)
            except UserError as error:
                if path not in self._latest:
                    raise
                self._latest[path] = _unreadable(self._latest[path], error)
        return tuple(self._latest[path] for path in self._followers)

    def set_phase(self, name: str) -> int:
        """Mark that phase `name` begins now in every session being recorded; return how many.

        Those that are in it already are left alone: two clicks are one step. `UserError` where
        none is being recorded, or for what is no name.
        """
        running = [path for path, now in self._latest.items() if now.condition == "recording"]
        if not running:
            raise UserError("no session is being recorded", "start one with `evenhand proxy`")
        moment = time.time()
        others = [path for path in running if self._latest[path].phase != name]
        for path in others:
            add_step(path, name, at=moment)
        return len(others)

    def _follow(self, path: Path) -> None:
        over = [each for each, now in self._latest.items() if now.condition != "recording"]
        if len(self._followers) >= _MOST and over:
            del self._followers[over[0]], self._latest[over[0]]
        if len(self._followers) < _MOST:
            self._followers[path] = Follower(path, self.study, self._knowledge)


def next_for_all(study: Study, snapshots: Sequence[Snapshot]) -> str:
    """Return the phase that the one button sets: what follows for the session that is behind.

    "" where no session is being recorded, or none of them has a next phase.
    """
    following = [now.next_phase for now in snapshots if now.condition == "recording"]
    return min(filter(None, following), key=study.phases.index, default="")


def _unreadable(now: Snapshot, error: UserError) -> Snapshot:
    alarm = Alarm("red", "The session cannot be read at the moment", str(error))
    return replace(now, alarms=(alarm, *(each for each in now.alarms if each != alarm)))
