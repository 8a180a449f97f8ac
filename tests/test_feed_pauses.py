"""Where the driver of a feed paused, the phase goes on: what is compared does not change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import recording
from cli_rig import analysed, done
from recording import post, record

from analyzer.knowledge import load_knowledge
from analyzer.pipeline import analyse_bundle
from analyzer.readers.bundle import read_steps, without_pauses
from analyzer.study import PAUSE

ROUNDS = 5
OFTEN = tuple(
    each
    for number in range(3)
    for each in ((PAUSE, 100.0 + 20 * number), ("use", 110.0 + 20 * number))
)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([(0.0, "use")], ((0.0, "use"),)),
        ([(0.0, "use"), (5.0, "use")], ((0.0, "use"), (5.0, "use"))),  # a person marked it twice
        ([(0.0, "use"), (5.0, PAUSE), (6.0, "use"), (9.0, PAUSE)], ((0.0, "use"),)),
        ([(0.0, "use"), (5.0, PAUSE), (6.0, "more")], ((0.0, "use"), (6.0, "more"))),
        ([(0.0, PAUSE), (6.0, "use")], ((6.0, "use"),)),
        ([(0.0, PAUSE)], ()),
    ],
)
def test_a_phase_goes_on_after_a_pause(
    steps: list[tuple[float, str]], told: tuple[tuple[float, str], ...]
) -> None:
    assert without_pauses(steps) == told


def test_what_was_sent_in_a_pause_is_of_the_phase_it_interrupts(tmp_path: Path) -> None:
    study = recording.study(tmp_path)
    sent = [post(t_s=60.0), post(t_s=105.0, path="/again")]
    bundle = record(study, "KE-13", 1, sent, steps=[("use", 10.0), *OFTEN, (PAUSE, 200.0)])
    found = analyse_bundle(bundle, study, load_knowledge())
    assert found.phases == ("first launch", "use")
    assert {each.phase for each in found.findings} == {"use"}
    assert [name for _, name in read_steps(bundle)].count(PAUSE) == 4  # of the feed they still are


def test_a_comparison_is_the_same_however_often_its_drivers_paused(tmp_path: Path) -> None:
    told = {}
    for name, pauses in (("without", {"KE-13": 0, "DE-13": 0}), ("with", {"KE-13": 6, "DE-13": 4})):
        study = recording.study(tmp_path / name)
        for number in range(2 * ROUNDS):
            arm = ("KE-13", "DE-13")[number % 2]
            only = [post(t_s=75.0, host="only.ke.example")] if arm == "KE-13" else []
            sent = [post(t_s=2.0), post(t_s=60.0, path="/use"), post(t_s=125.0), *only]
            steps = [("use", 10.0), *OFTEN[: pauses[arm]]]
            record(study, arm, number + 1, sent, steps=steps)
        root = analysed(study)
        found = done("diff", "KE", "DE", "--json", root=root, code=1)
        assert PAUSE not in found
        told[name] = json.loads(found)
    assert [row["name"] for row in told["with"]["gates"] if not row["passed"]] == [
        row["name"] for row in told["without"]["gates"] if not row["passed"]
    ]
    rows = [
        [(row["subject"], row["phase"], row["verdict"]) for row in each["deltas"]]
        for each in told.values()
    ]
    assert rows[0] == rows[1]
    assert any(verdict not in ("insufficient", "same") for _, _, verdict in rows[0])
