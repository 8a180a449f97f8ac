"""What is declared is what is found: through real servers, the real proxy and a real client.

Nothing is assumed of the program's inside. The declaration says what the app sends in each session;
the bundles say what the program finds; both must be the same, line for line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.compare import compare
from analyzer.comparison import DEFAULT_CONFIDENCE
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Delta
from analyzer.pipeline import Analysed, analyse_bundle
from analyzer.simulation.declaration import FILE, Declaration, load_declaration
from analyzer.simulation.demo import prepare_demo
from analyzer.simulation.expected import Expected, ExpectedFinding, ExpectedSignal, expected
from analyzer.simulation.run import Recorded, run_all, scene_of
from analyzer.study import Study

pytestmark = pytest.mark.capture

SESSIONS = 6
SIDES = {"a": "DE-13", "b": "KE-13"}
CONTROLS = {"a": "DE-30", "b": "KE-30"}

# (what a declared line says, what it says instead, the rows of the comparison that are about it)
CHANGES = [
    (
        "to: waymark session, phase: launch, data: loc.country, as: country}",
        "to: waymark session, phase: launch, data: loc.country, as: country, when: {country: KE}}",
        {("data", "Waymark", "loc.country", "", "launch")},
    ),
    (
        "use, data: id.advertising, as: gps_adid,\n     unless: {bloc: eea, age: minor}}",
        "use, data: id.advertising, as: gps_adid}",
        {("data", "Waymark", "id.advertising", "", "use")},
    ),
    (
        "as: attachment.trace}",
        "as: attachment.trace, unless: {country: KE, age: minor}}",
        {("data", "Mendly", "dev.diagnostics", "", "use")},
    ),
    (
        'data: beh.interaction, as: "4.1"}',
        'data: beh.interaction, as: "4.1", sessions: [2, 3]}',
        {("data", "Pebblo", "beh.interaction", "", "use")},
    ),
    (  # what is declared to be a privacy signal by its presence has a row for each
        "signal: openrtb.demographics, unless: {bloc: eea, age: minor}}",
        "signal: openrtb.demographics, unless: {bloc: eea, age: minor}, sessions: [2]}",
        {
            ("data", "Bidriver", "ad.interest", "", "use"),
            ("signal", "Bidriver", "openrtb.demographics", "non_protective", "use"),
        },
    ),
    (
        'as: sec-gpc, value: "1",\n     says: protective, when: {bloc: eea, age: minor}}',
        'as: sec-gpc, value: "1",\n     says: protective, when: {country: BR}}',
        {("signal", "Glint", "http.sec_gpc", "protective", "use")},
    ),
]

Row = tuple[str, str, str, str, str]  # kind, owner, subject, state, phase


@dataclass(frozen=True)
class Truth:
    """A recorded study: what was declared, and what was found."""

    study: Study
    recorded: list[Recorded]
    knowledge: Knowledge
    deltas: tuple[Delta, ...]

    def analysed(self) -> Iterable[tuple[Recorded, Expected, Analysed]]:
        for session in self.recorded:
            found = analyse_bundle(session.bundle, self.study, self.knowledge)
            yield session, expected(session.scene), found

    def declared(self) -> dict[Row, dict[str, int]]:
        """In how many sessions of each arm every row is declared to be seen."""
        rows: dict[Row, Counter[str]] = {}
        for session in self.recorded:
            here = expected(session.scene)
            seen: set[Row] = {("data", f.owner, f.data_type, "", f.phase) for f in here.findings}
            seen |= {("signal", s.owner, s.signal, s.verdict, s.phase) for s in here.signals}
            for row in seen:
                rows.setdefault(row, Counter())[session.scene.arm.label] += 1
        return {row: dict(counts) for row, counts in rows.items()}

    def found(self) -> dict[Row, Delta]:
        return {(d.kind, d.owner, d.subject, d.state, d.phase): d for d in self.deltas}


def record(folder: Path, declaration: Declaration) -> Truth:
    study = prepare_demo(folder, declaration)
    recorded = run_all(study, repeats=SESSIONS, jobs=2, declaration=declaration)
    analyse(study)
    knowledge = load_knowledge()
    comparison = compare(load_frames(study, knowledge), study, knowledge, "eea", "global_majority")
    return Truth(study, recorded, knowledge, comparison.deltas)


def changed(folder: Path, changes: Iterable[tuple[str, str]]) -> Declaration:
    text = FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = folder / "declaration.yaml"
    path.write_text(text, encoding="utf-8")
    return load_declaration(path)


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return record(tmp_path_factory.mktemp("declared"), load_declaration())


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    folder = tmp_path_factory.mktemp("changed")
    declaration = changed(folder, [(old, new) for old, new, _ in CHANGES])
    return record(folder, declaration)


def findings_of(found: Analysed) -> set[ExpectedFinding]:
    return {
        ExpectedFinding(
            each.phase,
            each.destination.host,
            each.destination.owner,
            each.match.data_type,
            each.match.part,
            each.match.path,
            each.match.transformed,
        )
        for each in found.findings
        if each.match.confidence >= DEFAULT_CONFIDENCE
    }


def signals_of(found: Analysed) -> set[ExpectedSignal]:
    return {
        ExpectedSignal(
            each.phase,
            each.destination.host,
            each.destination.owner,
            each.signal.signal,
            each.signal.verdict,
            each.signal.part,
            each.signal.path,
        )
        for each in found.signals
    }


def test_no_declared_transmission_is_missed_and_none_is_invented(truth: Truth) -> None:
    for session, declared, found in truth.analysed():
        assert findings_of(found) == declared.findings, session.session.id
    assert len(truth.recorded) == SESSIONS * 4


def test_every_signal_is_read_as_declared_and_no_other_is_seen(truth: Truth) -> None:
    for session, declared, found in truth.analysed():
        assert signals_of(found) == declared.signals, session.session.id


def test_each_way_of_recognising_data_has_its_share(truth: Truth) -> None:
    methods: Counter[str] = Counter()
    disguises: set[str] = set()
    for _, _, found in truth.analysed():
        methods.update(
            each.match.method
            for each in found.findings
            if each.match.confidence >= DEFAULT_CONFIDENCE
        )
        disguises |= {each.match.transformed for each in found.findings}
    assert set(methods) == {"rule", "name", "planted"}
    assert disguises >= {"raw", "md5", "sha256", "base64"}


def test_only_the_pinned_host_could_not_be_read(truth: Truth) -> None:
    for _, declared, found in truth.analysed():
        unread = {row.host for row in found.coverage if row.refused or row.unread_up}
        assert unread == declared.unread
        assert not found.problems
        for row in found.coverage:
            assert (row.opaque, row.cut) == (0, 0)
            assert bool(row.exchanges) is (row.host not in unread)


def test_who_is_first_and_who_third_party_is_known(truth: Truth) -> None:
    _, _, found = next(iter(truth.analysed()))
    parties = {row.owner: row.party for row in found.coverage}
    assert parties.pop("Pebblo") == "first"
    assert set(parties.values()) == {"third"}
    assert len(parties) >= 6


def check_counts(truth: Truth) -> None:
    declared, found = truth.declared(), truth.found()
    compared = {row for row, by in declared.items() if by.keys() & set(SIDES.values())}
    assert found.keys() == compared
    for row, delta in found.items():
        by = declared[row]
        counts = {"a": delta.a, "b": delta.b}
        assert {side: count.k for side, count in counts.items()} == {
            side: by.get(arm, 0) for side, arm in SIDES.items()
        }, row
        assert {count.n for count in counts.values()} == {SESSIONS}
        assert delta.contrast is not None
        assert delta.contrast.adult_a.k == by.get(CONTROLS["a"], 0), row
        assert delta.contrast.adult_b.k == by.get(CONTROLS["b"], 0), row


def test_every_row_of_the_comparison_has_the_declared_numbers(truth: Truth, other: Truth) -> None:
    check_counts(truth)
    check_counts(other)


def test_the_verdicts_are_those_of_the_declared_numbers(truth: Truth) -> None:
    verdicts = {
        (0, SESSIONS): "only_b",
        (SESSIONS, 0): "only_a",
        (SESSIONS, SESSIONS): "same",
    }
    for row, delta in truth.found().items():
        wanted = verdicts.get((delta.a.k, delta.b.k), "insufficient")
        assert delta.verdict == wanted, row
        assert bool(delta.reason) is (wanted == "insufficient")
    tally = Counter(delta.verdict for delta in truth.deltas)
    assert min(tally[name] for name in ("only_a", "only_b", "same", "insufficient")) >= 3


def test_changed_lines_change_exactly_their_rows(truth: Truth, other: Truth) -> None:
    before, after = truth.found(), other.found()

    def told(rows: dict[Row, Delta], row: Row) -> object:
        delta = rows.get(row)
        return delta and (delta.a, delta.b, delta.verdict, delta.contrast)

    moved = {row for row in before.keys() | after.keys() if told(before, row) != told(after, row)}
    assert moved == set().union(*(rows for _, _, rows in CHANGES))


@pytest.mark.parametrize(("old", "new", "rows"), CHANGES)
def test_one_changed_line_is_one_changed_row(
    tmp_path: Path, old: str, new: str, rows: set[Row]
) -> None:
    study = prepare_demo(tmp_path)
    differing: set[Row] = set()
    declarations = (load_declaration(), changed(tmp_path, [(old, new)]))
    for label in ("DE-13", "KE-13"):
        seen = []
        for declaration in declarations:
            here = expected(scene_of(study, declaration, label, 1))
            data: set[Row] = {("data", f.owner, f.data_type, "", f.phase) for f in here.findings}
            told: set[Row] = {
                ("signal", s.owner, s.signal, s.verdict, s.phase) for s in here.signals
            }
            seen.append(data | told)
        differing |= seen[0] ^ seen[1]
    assert differing == rows
