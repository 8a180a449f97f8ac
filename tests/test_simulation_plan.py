"""What a session does, and what must be found in it, follow from the declaration alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from analyzer.models import Arm
from analyzer.simulation.declaration import FILE, Declaration, load_declaration
from analyzer.simulation.expected import ExpectedFinding, ExpectedSignal, expected
from analyzer.simulation.plan import Planned, Scene, answer_tree, plan, reply
from analyzer.study import Persona

BLOCS = {"eea": frozenset({"DE"}), "global_majority": frozenset({"KE"})}


def scene(label: str, repeat: int = 1, declaration: Declaration | None = None) -> Scene:
    declared = declaration or load_declaration()
    arm = declared.arms[label]
    persona = Persona(arm.persona, tuple(declared.personas[arm.persona].items()))
    here = Arm(label, arm.country, arm.age, arm.consent)
    return Scene(declared, BLOCS, here, repeat, persona)


def request(here: Scene, channel: str, phase: str) -> Planned:
    return next(r for r in plan(here) if (r.channel, r.phase) == (channel, phase))


def of(here: Scene, host: str, data: str) -> list[ExpectedFinding]:
    return [f for f in expected(here).findings if (f.host, f.data_type) == (host, data)]


def test_the_same_requests_are_made_in_every_arm_and_session() -> None:
    made = {
        tuple((r.channel, r.phase, r.method) for r in plan(scene(label, repeat)))
        for label in ("DE-13", "KE-13", "DE-30", "KE-30")
        for repeat in (1, 2)
    }
    assert len(made) == 1


def test_a_plan_is_the_same_every_time_and_differs_between_repeats() -> None:
    assert plan(scene("KE-13")) == plan(scene("KE-13"))
    assert plan(scene("KE-13")) != plan(scene("KE-13", 2))


def test_the_planted_values_of_the_persona_are_what_is_sent() -> None:
    here = scene("KE-13")
    body = json.loads(zstandard.decompress(request(here, "bidriver auction", "launch").body))
    planted = dict(here.persona.values)
    assert body["device"]["ifa"] == planted["id.advertising"]
    assert body["device"]["geo"]["lat"] == float(planted["loc.precise"].split(",")[0])
    in_europe = request(scene("DE-13"), "bidriver auction", "launch")
    assert "ifa" not in json.loads(zstandard.decompress(in_europe.body)).get("device", {})


def test_children_in_europe_are_expected_without_the_advertising_id_and_others_with_it() -> None:
    for label, sent in (("DE-13", False), ("KE-13", True), ("DE-30", True), ("KE-30", True)):
        assert bool(of(scene(label), "app.waymark.example", "id.advertising")) is sent


def test_a_line_for_some_sessions_is_expected_in_those_only() -> None:
    seen = [bool(of(scene("KE-13", n), "reports.mendly.example", "id.device")) for n in range(1, 7)]
    assert seen == [False, True, False, False, True, False]


def test_a_cookie_is_expected_after_it_was_set_and_in_its_domain_only() -> None:
    found = [f for f in expected(scene("KE-30")).findings if f.part == "cookie"]
    assert {(f.phase, f.host, f.path) for f in found} == {("use", "px.glint.example", "_glint")}
    assert not [f for f in expected(scene("DE-13")).findings if f.part == "cookie"]


def test_nothing_is_expected_of_a_pinned_host_but_that_it_is_unread() -> None:
    here = expected(scene("KE-13"))
    assert here.unread == {"api.lockstep.example"}
    assert not [f for f in here.findings if f.host in here.unread]


def test_every_host_is_sent_the_headers_of_every_request() -> None:
    here = scene("DE-30")
    agents = {f.host for f in expected(here).findings if f.data_type == "dev.user_agent"}
    assert agents == {f.host for f in expected(here).findings}


def test_an_answer_says_what_is_declared_for_the_arm() -> None:
    modes = {}
    for label in ("DE-13", "KE-13"):
        tree = answer_tree(scene(label), "pebblo settings")
        modes[label] = json.loads(json.dumps(tree))["data"]["ad_personality_settings"]["mode"]
    assert modes == {"DE-13": 0, "KE-13": 1}


def test_a_redirect_leads_to_the_planned_request() -> None:
    here = scene("KE-13")
    answer = reply(here, "glint sync")
    assert answer.status == 302
    assert dict(answer.headers)["location"] == request(here, "bidriver match", "use").url


CHANGES = [
    ("data: dev.screen, in: query, as: res}", "when: {age: adult}"),
    ("data: demo.birthdate, as: birthday}", "when: {country: KE}"),
    ("data: dev.diagnostics, as: attachment.trace}", "sessions: [3]"),
    ('data: loc.timezone, as: "2.6"}', "when: {consent: none}"),
]


@pytest.mark.parametrize(("old", "more"), CHANGES)
def test_one_changed_line_changes_one_expected_finding(tmp_path: Path, old: str, more: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = tmp_path / "declaration.yaml"
    path.write_text(text.replace(old, f"{old[:-1]}, {more}}}"), encoding="utf-8")
    changed = load_declaration(path)
    gone: set[ExpectedFinding] = set()
    for label in changed.arms:
        before, after = expected(scene(label)), expected(scene(label, 1, changed))
        assert before.signals == after.signals
        assert not after.findings - before.findings
        gone |= before.findings - after.findings
    assert len(gone) == 1


def test_signals_are_read_off_requests_and_answers() -> None:
    found = {s.signal: s for s in expected(scene("DE-13")).signals}
    assert {type(s) for s in found.values()} == {ExpectedSignal}
    assert {s.part for s in found.values()} >= {"body", "response"}
