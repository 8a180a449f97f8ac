"""Studies of the simulated feed written as bundles: what is read of them is what was drawn."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyzer.bundle import list_bundles, read_session, verify
from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.agreement import agreement
from analyzer.feed.coding.codes import final_codes, load_codes
from analyzer.feed.measures import STATES, UNCODED, Columns, columns_of_batches
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import load_items, load_showings, update
from analyzer.feed.triage import Triage
from analyzer.simulation.feed_accounts import CATEGORIES, POSITIVE, FeedDeclaration, simulate
from analyzer.simulation.feed_bundles import StudyTruth, write_study
from analyzer.simulation.feed_codes import simulate_codes
from analyzer.simulation.feed_declaration import DeclaredFeed, Form
from analyzer.simulation.feed_items import HARMFUL, Catalogue, category_of, tells

DECLARED = FeedDeclaration(base_share=0.2, amplification={"KE": 4.0, "PH": 2.0}, uncoded=0.1)
CODEBOOK = load_codebook()


def _write(root: Path, form: Form = "json") -> StudyTruth:
    sides = ("KE", "PH")
    return write_study(root, DECLARED, 3, each=1, hours=0.5, sides=sides, form=form, masks=0.2)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> StudyTruth:
    """A study that nobody changes but by reading and coding it."""
    return _write(tmp_path_factory.mktemp("study"))


def _read(truth: StudyTruth, codes: dict[str, str]) -> Columns:
    clear = {key: code for key, code in codes.items() if code not in CODEBOOK.unclear}
    names = [account.name for account in truth.accounts]
    phases = load_protocol(truth.study).phases
    chunks = list(
        columns_of_batches(load_showings(truth.study, phases), names, clear, CODEBOOK.keys)
    )
    whole = Columns(
        *(
            np.concatenate([getattr(each, name) for each in chunks])
            for name in Columns.__dataclass_fields__
        )
    )
    order = np.argsort(whole.account, kind="stable")
    return Columns(*(getattr(whole, name)[order] for name in Columns.__dataclass_fields__))


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_what_is_read_of_the_bundles_is_what_was_drawn(tmp_path: Path, form: Form) -> None:
    declared = replace(DECLARED, ads={"formal": 0.1, "hint": 0.05})
    truth = write_study(tmp_path, declared, 3, each=1, hours=0.5, sides=("KE", "PH"), form=form)
    summary = update(truth.study, phases=load_protocol(truth.study).phases)
    assert {code for each in summary.sessions for code in each.problems} == set()
    assert sum(each.feed_s for each in summary.sessions) == pytest.approx(4 * 1800, abs=0.02)
    simulate_codes(tmp_path)
    read, drawn = _read(truth, final_codes(tmp_path)), truth.columns
    assert read.account.tolist() == drawn.account.tolist()
    assert read.state.tolist() == drawn.state.tolist()
    assert read.ad.tolist() == drawn.ad.tolist()
    assert read.engaged.tolist() == drawn.engaged.tolist()
    np.testing.assert_allclose(read.feed_s, drawn.feed_s, atol=0.01)
    shown = drawn.state == STATES.index("shown")
    positive = np.isin(read.category, [CODEBOOK.keys.index(each) for each in HARMFUL])
    assert (positive == (drawn.category == CATEGORIES.index(POSITIVE)))[shown].all()
    assert ((read.category == UNCODED) == (drawn.category == UNCODED))[shown].all()
    # Items that are the same are the same, whoever is shown them.
    assert len(set(zip(read.key.tolist(), drawn.key.tolist(), strict=True))) == len(
        set(drawn.key.tolist())
    )


def test_the_bundles_are_sound_and_say_whose_they_are(written: StudyTruth) -> None:
    bundles = list_bundles(written.study.captures)
    sessions = [read_session(bundle) for bundle in bundles]
    assert [problem for bundle in bundles for problem in verify(bundle)] == []
    assert Counter(each.account for each in sessions) == {each.name: 2 for each in written.accounts}
    assert {each.egress for each in sessions} == {"KE", "PH"}
    protocol = load_protocol(written.study)
    assert {each.account: each.arm.label for each in sessions} == {
        name: account.arm for name, account in protocol.accounts.items()
    }
    assert {account.role for account in protocol.accounts.values()} == {"seeded", "control"}


def test_a_seed_gives_the_same_study_again(tmp_path: Path, written: StudyTruth) -> None:
    found = []
    for truth in (written, _write(tmp_path)):
        update(truth.study)
        rows = [row for batch in load_items(truth.study) for row in batch.to_pylist()]
        found.append([(row["item_key"], row["text"], row["watch_s"]) for row in rows])
    assert found[0] == found[1]


def test_what_was_drawn_is_what_the_benchmarks_measure(written: StudyTruth) -> None:
    drawn = simulate(DECLARED, written.accounts, 3)
    for name in Columns.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(written.columns, name), getattr(drawn, name))


def test_simulated_coders_err_as_often_as_declared(written: StudyTruth) -> None:
    root = written.study.root
    update(written.study)
    items = simulate_codes(root, seed=5, error=0.1)
    codes = load_codes(root)
    true = {}
    for batch in load_items(written.study):
        for row in batch.to_pylist():
            if row["state"] == "shown" and row["text"]:
                true[row["item_key"]] = category_of(row["native"])
    assert set(codes.by_coder) == {"ada", "ben"}
    assert len(codes.settled()) == items > 200
    for given in codes.by_coder.values():
        wrong = sum(given[key] != category for key, category in true.items()) / len(true)
        assert 0.05 < wrong < 0.16
    found = agreement(codes.by_coder, CODEBOOK.keys, CODEBOOK.harmful)
    assert found.share is not None
    assert 0.7 < found.share < 0.9
    final = final_codes(root)
    wrong = sum(final[key] != category for key, category in true.items())
    assert wrong / len(true) < 0.06  # where one errs, the third person mostly does not


def test_half_of_what_harms_is_hinted_at_by_the_words_of_the_codebook() -> None:
    triage, catalogue = Triage(CODEBOOK), Catalogue(DeclaredFeed())
    found: Counter[tuple[bool, bool]] = Counter()
    languages = set()
    for kind in range(len(CATEGORIES)):
        for number in range(300):
            item = catalogue.item(kind, number)
            languages.add(item.language)
            suggestion = triage.suggest(item.text, [name for name, _, _ in item.tags])
            found[
                item.category in HARMFUL, bool(suggestion and suggestion.category in HARMFUL)
            ] += 1
            for name, start, end in item.tags:
                cut = item.text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")
                assert cut == f"#{name}"
    assert languages == {"en", "sw", "fil", "es", "pt", "fr"}
    assert found[True, True] / 300 > 0.4
    assert found[False, True] / 600 < 0.01


def test_items_of_which_nobody_can_tell_what_they_are_have_no_text() -> None:
    declared = DeclaredFeed(DECLARED)
    items = [Catalogue(declared).item(1, number) for number in range(1000)]
    assert 80 < sum(not tells(declared, item.native) for item in items) < 120
    assert all(bool(item.text) == tells(declared, item.native) for item in items)
