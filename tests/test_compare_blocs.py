"""Six countries, three ages, four sessions each: what is declared is what differs, and no more.

Planted beside: hosts that nobody could read in one bloc, and sessions that were recorded elsewhere
than they claim.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
import simulated
from simulated import EEA, MAJORITY

from analyzer.compare import compare, matrix
from analyzer.comparison import Comparison
from analyzer.countries import CountryMatrix
from analyzer.frames import Frames, analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.models import Delta
from analyzer.simulation.declaration import Declaration
from analyzer.simulation.expected import expected
from analyzer.simulation.run import scene_of
from analyzer.study import Study

SESSIONS = 4
BLIND = ("in.tallyho.example", "Tallyho")  # cannot be read in the EEA
MINORS = (13, 16)
Row = tuple[str, str, str, str, str]  # kind, owner, subject, state, phase
ALWAYS = 0.7  # what is declared for one side only differs by as much, at least


@dataclass(frozen=True)
class Truth:
    """What was declared: the share of the sessions of each arm in which a row is sent."""

    study: Study
    declared: Declaration
    frames: Frames
    shares: dict[Row, dict[str, float]]

    def share(self, row: Row, countries: Iterable[str], ages: Iterable[int]) -> float:
        arms = [f"{country}-{age}" for country in countries for age in ages]
        return sum(self.shares[row].get(arm, 0.0) for arm in arms) / len(arms)

    def gap(self, row: Row, ages: Iterable[int] = MINORS) -> float:
        return self.share(row, EEA, ages) - self.share(row, MAJORITY, ages)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    declared = simulated.declaration()
    study = simulated.study(tmp_path_factory.mktemp("blocs"), declared)
    shares: dict[Row, dict[str, float]] = {}
    for scene in simulated.scenes(study, declared, sorted(study.arms), SESSIONS):
        pinned = (BLIND[0],) if scene.arm.country in EEA else ()
        simulated.record_scene(study, scene, pinned=pinned)
        found = expected(scene)
        rows: set[Row] = {("data", e.owner, e.data_type, "", e.phase) for e in found.findings}
        rows |= {("signal", e.owner, e.signal, e.verdict, e.phase) for e in found.signals}
        for row in rows:
            arms = shares.setdefault(row, {})
            arms[scene.arm.label] = arms.get(scene.arm.label, 0.0) + 1 / SESSIONS
    # Phones that were elsewhere: the app did there what it does there.
    for claimed, there in (("DE-13", "KE-13"), ("KE-13", "DE-13")):
        elsewhere = replace(scene_of(study, declared, there, SESSIONS + 1))
        simulated.record_scene(study, elsewhere, label=claimed, exits=there[:2])
    analyse(study, jobs=2)
    return Truth(study, declared, load_frames(study), shares)


@pytest.fixture(scope="module")
def blocs(truth: Truth) -> Comparison:
    return compare(truth.frames, truth.study, load_knowledge(), "eea", "global_majority")


def row_of(delta: Delta) -> Row:
    return (delta.kind, delta.owner, delta.subject, delta.state, delta.phase)


def blind(row: Row) -> bool:
    return row[1] == BLIND[1]


def test_every_gate_holds_but_for_the_sessions_that_were_elsewhere(blocs: Comparison) -> None:
    failed = {gate.name: gate.sessions for gate in blocs.gates if not gate.passed}
    assert list(failed) == ["mislocated"]
    assert [each[:9] for each in failed["mislocated"]] == ["DE-13-r05", "KE-13-r05"]
    assert {each.gate for each in blocs.excluded} == {"mislocated"}
    assert (blocs.a.sessions, blocs.b.sessions) == (16, 24)
    assert (blocs.a.control_sessions, blocs.b.control_sessions) == (8, 12)


def test_what_is_declared_for_one_bloc_differs_and_nothing_else(
    truth: Truth, blocs: Comparison
) -> None:
    for delta in blocs.deltas:
        row = row_of(delta)
        gap = truth.gap(row)
        if blind(row):
            assert delta.verdict == "insufficient", row
        elif gap >= ALWAYS:
            assert delta.verdict == "only_a", (row, gap)
        elif gap <= -ALWAYS:
            assert delta.verdict == "only_b", (row, gap)
        elif gap == 0:
            assert delta.verdict in {"same", "insufficient"}, row
            assert delta.verdict == "same" or 0 < truth.share(row, EEA, MINORS) < 1, row
        else:  # now and then, in one bloc only
            assert delta.verdict in {"same", "insufficient", "more_a", "more_b", "only_b"}, row
            assert (delta.effect > 0) == (gap > 0), row
    there = {row_of(delta) for delta in blocs.deltas}
    assert there >= {
        row for row in truth.shares if abs(truth.gap(row)) >= ALWAYS and not blind(row)
    }


def test_blind_spots_are_named_and_never_a_difference(blocs: Comparison) -> None:
    spots = {(each.side, each.owner): each.k for each in blocs.blind_spots}
    assert spots["a", "Tallyho"] == 16
    assert ("b", "Tallyho") not in spots
    hidden = [delta for delta in blocs.deltas if delta.owner == "Tallyho"]
    assert {delta.verdict for delta in hidden} == {"insufficient"}
    assert any(delta.b.k == 24 and delta.a.k == 0 for delta in hidden)
    magnitudes = [each for each in blocs.magnitudes if each.owner == "Tallyho"]
    assert {each.verdict for each in magnitudes} <= {"insufficient"}


def test_the_difference_in_differences_is_the_declared_one(truth: Truth, blocs: Comparison) -> None:
    found = 0
    for delta in blocs.deltas:
        row = row_of(delta)
        if blind(row) or delta.contrast is None:
            continue
        declared = truth.gap(row) - truth.gap(row, (30,))
        assert delta.contrast.effect == pytest.approx(declared), row
        if abs(declared) >= ALWAYS:
            assert delta.contrast.verdict == ("more_a" if declared > 0 else "more_b"), row
            found += 1
        if declared == 0:
            assert delta.contrast.verdict in {"same", "insufficient"}, row
    assert found > 5


def test_what_could_not_be_read_is_no_difference_in_differences_either(blocs: Comparison) -> None:
    contrasts = [row.contrast for row in blocs.deltas if blind(row_of(row)) and row.contrast]
    assert contrasts
    assert {each.verdict for each in contrasts} == {"insufficient"}


def test_how_many_how_soon_and_how_often_is_weighed_too(blocs: Comparison) -> None:
    found = {(each.measure, each.subject or each.owner): each for each in blocs.magnitudes}
    # None was sent in the EEA, or none was told to have been: that is a row of presence.
    assert ("recipients", "person.email") not in found
    assert ("precision", "Bidriver") not in found
    for row in blocs.magnitudes:
        if row.measure in {"recipients", "before_consent"}:
            assert row.a.high, row
            assert row.b.high, row
    assert found["delay", "Waymark"].verdict == "same"
    assert ("requests_per_hour", "Waymark") not in found  # sessions of seconds have no rate


def test_arms_with_too_few_sessions_are_not_called_the_same(truth: Truth) -> None:
    found = compare(truth.frames, truth.study, load_knowledge(), "FR-13", "BR-13")
    assert {delta.verdict for delta in found.deltas} == {"insufficient"}
    assert {each.verdict for each in found.magnitudes} == {"insufficient"}
    assert all("too few sessions" in delta.reason for delta in found.deltas)
    [gate] = [each for each in found.gates if each.name == "sessions"]
    assert (gate.passed, gate.rows) == (False, len(found.deltas) + len(found.magnitudes))


def test_two_countries_of_one_bloc_never_differ(truth: Truth) -> None:
    for a, b in (("DE", "FR"), ("KE", "PH"), ("PH", "BR")):
        found = compare(truth.frames, truth.study, load_knowledge(), a, b)
        assert {delta.verdict for delta in found.deltas} <= {"same", "insufficient"}
        assert {each.verdict for each in found.magnitudes} <= {"same", "insufficient"}


def test_the_headline_does_not_hang_on_one_country(blocs: Comparison) -> None:
    without = {each.name: each for each in blocs.sensitivities if each.kind == "country"}
    assert set(without) == {*EEA, *MAJORITY}
    for each in without.values():
        turned = {(change.verdict, change.alternative) for change in each.changed}
        assert not {("only_b", "only_a"), ("only_a", "only_b")} & turned
    assert without["BR"].changed == ()


@pytest.fixture(scope="module")
def countries(truth: Truth) -> CountryMatrix:
    return matrix(truth.frames, truth.study, load_knowledge())


def test_the_matrix_shows_where_the_countries_part(truth: Truth, countries: CountryMatrix) -> None:
    assert [each.country for each in countries.columns] == ["BR", "DE", "FR", "KE", "PH", "US"]
    assert [each.sessions for each in countries.columns] == [8] * 6
    for row in countries.rows:
        key = (row.kind, row.owner, row.subject, row.state, row.phase)
        shares = [truth.share(key, [each.country], MINORS) for each in countries.columns]
        assert [cell.k / cell.n for cell in row.cells] == pytest.approx(
            [0 if blind(key) and each.country in EEA else share
             for each, share in zip(countries.columns, shares, strict=True)]
        ), key  # fmt: skip
        if blind(key):
            read = [
                share
                for each, share in zip(countries.columns, shares, strict=True)
                if each.country not in EEA
            ]
            differ = max(read) - min(read) >= ALWAYS
            assert row.verdict == ("differs" if differ else "insufficient"), key
        elif max(shares) - min(shares) >= ALWAYS:
            assert row.verdict == "differs", key
        elif max(shares) == min(shares):
            assert row.verdict != "differs", key


def test_countries_of_the_same_law_are_put_side_by_side(countries: CountryMatrix) -> None:
    level = {each.country: each.level for each in countries.columns}
    pairs = {(each.a, each.b): each for each in countries.alike}
    assert level["DE"] == level["FR"] == "ban"
    assert all(level[each.a] == level[each.b] == each.level for each in countries.alike)
    assert (pairs["DE", "FR"].more_a, pairs["DE", "FR"].more_b) == ((), ())
    ids = {row.id: row for row in countries.rows}
    for each in countries.alike:
        assert all(ids[row].verdict == "differs" for row in (*each.more_a, *each.more_b))
