"""Who shares which identifier in the fictional app is found as it was declared.

The truth is read off the declaration: which value goes to which company in which session. Real
servers, the real proxy and a real client are in between; the sync from one company's server to
another's goes through a real redirect and a real cookie.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cli_rig import done, mistake, told

from analyzer.extract.shapes import digest
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.linkage import Linkage, linkage
from analyzer.models import Count
from analyzer.simulation.declaration import load_declaration
from analyzer.simulation.demo import prepare_demo
from analyzer.simulation.plan import Scene
from analyzer.simulation.run import Recorded, run_all
from analyzer.study import Study

pytestmark = pytest.mark.capture

REPEATS = 2
PERSONAL = ("person.email", "person.phone")


@dataclass(frozen=True)
class Truth:
    study: Study
    recorded: list[Recorded]
    found: Linkage

    def sent(self) -> dict[tuple[str, str, str], set[str]]:
        """Return who is declared to get each (session, data type, digest)."""
        owners: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        for each in self.recorded:
            for data, value, owner in _given(each.scene):
                owners[each.session.id, data, digest(value, self.study.key)].add(owner)
        return owners


def _given(scene: Scene) -> Iterator[tuple[str, str, str]]:
    """Yield (data type, value, owner) of every identifier that can be read on the way."""
    declared = scene.declaration
    leads = {
        each.answer.redirect: declared.parties[each.party].owner
        for each in declared.channels.values()
        if each.answer.redirect
    }
    for line in declared.transmissions:
        channel = declared.channels[line.to]
        channel = declared.channels[channel.within] if channel.within else channel
        if channel.pinned or not line.happens(scene.arm, scene.repeat, scene.blocs):
            continue
        if line.data.startswith("id.") or line.data in PERSONAL:
            value = str(scene.value(line.data, line.value))
            yield line.data, value, declared.parties[channel.party].owner
            if line.to in leads:  # whoever redirects there puts it into the address
                yield line.data, value, leads[line.to]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    declaration = load_declaration()
    study = prepare_demo(tmp_path_factory.mktemp("linked"), declaration)
    recorded = run_all(study, repeats=REPEATS, jobs=2, declaration=declaration)
    analyse(study)
    knowledge = load_knowledge()
    return Truth(study, recorded, linkage(load_frames(study, knowledge), study, knowledge))


def test_every_shared_identifier_is_found_with_all_who_have_it_and_no_other(truth: Truth) -> None:
    declared = {key: owners for key, owners in truth.sent().items() if len(owners) > 1}
    found = {
        (each.session, each.data_type, each.digest): {hop.owner for hop in each.hops}
        for each in truth.found.bridges
    }
    assert len(declared) > 20
    assert found == declared


def test_the_sync_goes_by_a_redirect_from_one_to_the_other(truth: Truth) -> None:
    rows = [each for each in truth.found.handovers if each.way == "redirect"]
    assert [(each.giver, each.taker, each.data_types) for each in rows] == [
        ("Glint", "Bidriver", ("id.cross_vendor",))
    ]
    counts = {each.group: each.count for each in rows[0].tallies}
    assert counts.pop("DE-13") == Count(0, REPEATS)
    assert set(counts.values()) == {Count(REPEATS, REPEATS)}


def test_a_hashed_address_is_the_same_person(truth: Truth) -> None:
    disguised = {
        (each.giver, each.taker, each.data_types, each.transformed)
        for each in truth.found.handovers
        if each.transformed
    }
    assert disguised == {
        ("Glint", "Waymark", ("person.email",), ("md5", "sha256")),
        ("Pebblo", "Waymark", ("person.email",), ("sha256",)),
    }


def test_what_survives_is_what_is_declared_to_stay(truth: Truth) -> None:
    sessions: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for session, data, code in truth.sent():
        sessions[data, code].add(session)
    declared = {key: Count(len(of), REPEATS) for key, of in sessions.items() if len(of) > 1}
    found = {(each.data_type, each.digest): each.count for each in truth.found.persistent}
    assert found == declared
    assert {each.scope for each in truth.found.persistent} == {"persona"}
    assert truth.found.warnings == ()


def test_the_child_in_europe_is_joined_to_less(truth: Truth) -> None:
    largest = {
        (each.group, each.owner): each.largest
        for each in truth.found.linkable
        if each.party == "third"
    }
    assert largest["DE-13", "Bidriver"] == 0  # no identifier, so that nothing can be joined
    assert largest["KE-13", "Bidriver"] > 5
    assert largest["KE-13", "Waymark"] > largest["DE-13", "Waymark"]
    audited = {each.group: each for each in truth.found.diffaudit}
    assert audited["DE-13"].largest < audited["KE-13"].largest


def test_the_command_says_it_in_words_and_for_machines(truth: Truth) -> None:
    root = truth.study.root
    text = done("linkage", root=root)
    assert re.search(
        "Glint to Bidriver +a redirect took it there +ID shared between companies", text
    )
    assert "rows of first parties (--all)" in text
    assert re.search(r"(?m)^Pebblo +\w+ +\d of", done("linkage", "--all", root=root))
    assert "name two sides" in mistake("linkage", "DE", root=root)
    both = told("linkage", "DE", "KE", root=root)
    assert [group["name"] for group in both["groups"]] == ["DE", "KE"]
    for value in ("5d0c7a52", "achieng.obuya13", "lene.vossberg13"):
        assert value not in text
        assert value not in str(both)
