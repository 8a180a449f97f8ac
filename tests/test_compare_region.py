"""From a recording to the report: where the phones were, and what is said of it aloud."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import reporting
import synthetic
from cli_rig import done
from geo_rig import GERMANY, KENYA, database
from recording import post, record, study
from reporting import Page
from synthetic import findings, frames, sessions

from analyzer.bundle import BundleWriter, new_session
from analyzer.compare import compare
from analyzer.comparison import Comparison, RegionProof
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.region.exits import open_databases
from analyzer.study import Study
from reports.html import render_html
from reports.language import Language
from reports.region import arm_regions, side_sentence

A, B = "geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17"
KNOWN = load_knowledge()


def fact(
    session: str, topic: str, value: str, source: str, kind: str = "seen"
) -> dict[str, object]:
    return {
        "session": session, "kind": kind, "topic": topic, "value": value, "source": source,
        "ask": int(topic == "exit_country"), "count": 1,
    }  # fmt: skip


def exits(session: str, *countries: str) -> list[dict[str, object]]:
    return [
        fact(session, "exit_country", country, source, "measured")
        for country, source in zip(countries, (A, B), strict=False)
    ]


def diff(rows: Sequence[dict[str, object]]) -> Comparison:
    """Six sessions on each side, of whose regions `rows` tell."""
    made = frames(sessions(6, "DE-13", "KE-13", egress=""), region=rows)
    return compare(made, synthetic.study(), synthetic.knowledge(), "DE", "KE")


MIXED = [
    *exits("KE-13-r01", "KE", "KE"),
    *exits("KE-13-r02", "KE", "KE"),
    fact("KE-13-r02", "pop", "DE FRA", "cloudflare/ray"),
    *exits("KE-13-r03", "KE", "MU"),
    *exits("KE-13-r04", "KE", "KE"),
    fact("KE-13-r04", "locale", "de-DE", "http/headers#language"),
]


def test_every_compared_session_has_a_proof_of_its_own() -> None:
    found = diff(MIXED).regions
    assert [(proof.side, proof.session) for proof in found] == [
        *(("a", f"DE-13-r0{number}") for number in range(1, 7)),
        *(("b", f"KE-13-r0{number}") for number in range(1, 7)),
    ]
    verdicts = [proof.verdict for proof in found if proof.side == "b"]
    assert verdicts == [
        "proven", "proven", "disputed", "contradicted", "unproven", "unproven",
    ]  # fmt: skip


def test_what_is_disputed_contradicted_or_not_proven_is_said_aloud_and_left_out() -> None:
    found = diff(MIXED)
    assert {each.session: each.gate for each in found.excluded if each.session > "K"} == {
        "KE-13-r03": "region", "KE-13-r04": "mislocated", "KE-13-r05": "region",
        "KE-13-r06": "region",
    }  # fmt: skip
    assert found.b.sessions == 2
    assert found.warnings[-2:] == (
        (
            "The region of 1 of 6 sessions of Kenya is contradicted (KE-13-r04):"
            " the languages that the app sent are de-DE, the arm is in KE."
        ),
        (
            "The region of 1 of 6 sessions of Kenya is disputed (KE-13-r03):"
            f" the databases do not agree where the traffic left: KE ({A}), MU ({B})."
        ),
    )
    assert (
        "Left out: KE-13-r04, because where it was recorded is contradicted: the languages that the"
        " app sent are de-DE, the arm is in KE."
    ) in found.warnings


def test_where_no_region_is_proven_sessions_are_shown_and_nothing_is_concluded() -> None:
    made = frames(
        sessions(6, "DE-13", "KE-13", egress=""), findings("KE-13", range(1, 7)), region=[]
    )
    found = compare(made, synthetic.study(), synthetic.knowledge(), "DE", "KE")
    [delta] = found.deltas
    assert (delta.a.k, delta.b.k, delta.verdict) == (0, 6, "insufficient")
    assert delta.reason.startswith("no session of Germany, Kenya counts: 12 of 12 sessions do not")
    assert "in every session two independent signs" in delta.reason
    assert {proof.verdict for proof in found.regions} == {"unproven"}
    [gate] = [each for each in found.gates if each.name == "region"]
    assert (gate.passed, gate.rows, len(gate.sessions)) == (False, 1, 12)


def test_a_waived_gate_lets_them_count_and_its_reason_is_said_aloud() -> None:
    made = frames(
        sessions(6, "DE-13", "KE-13", egress=""), findings("KE-13", range(1, 7)), region=[]
    )
    waived = synthetic.study(waive=(("region", "a partner signed a log"),))
    found = compare(made, waived, synthetic.knowledge(), "DE", "KE")
    assert [each.verdict for each in found.deltas] == ["only_b"]
    [warning] = found.warnings
    assert warning.endswith("The study's reason: a partner signed a log.")
    [again] = [each for each in found.sensitivities if each.kind == "region"]
    assert (again.name, again.tallies) == ("unproven", ())
    assert again.reason == "no session of Germany is left"


def test_what_the_study_says_of_an_arms_languages_goes_before_what_is_usual() -> None:
    made = frames(
        sessions(6, "DE-13", "KE-13", egress=""),
        region=[fact("KE-13-r01", "locale", "de-DE", "a rule")],
    )
    of_another = synthetic.study()
    of_another = Study(
        **{name: getattr(of_another, name) for name in of_another.__slots__}
        | {"languages": {"KE-13": ("de-DE",)}}
    )
    found = compare(made, of_another, synthetic.knowledge(), "DE", "KE")
    assert not any("contradicted" in each for each in found.warnings)
    assert next(p for p in found.regions if p.session == "KE-13-r01").languages == ("de-DE",)


def test_a_line_for_each_side_counts_the_verdicts() -> None:
    found = diff(MIXED).regions
    assert side_sentence(found, "a") == "only claimed in 6 of 6 sessions"
    assert side_sentence(found, "b") == (
        "proven in 2 of 6 sessions, contradicted in 1, disputed in 1, only claimed in 2"
    )
    assert side_sentence((), "a") == ""


def test_the_signs_and_what_they_come_to_are_said_in_the_language_of_the_page() -> None:
    found = diff(MIXED)
    spanish, english = Language("es"), Language()
    told = side_sentence(found.regions, "b")
    assert spanish.tell(told) == (
        "probada en 2 de 6 sesiones, contradicha en 1, en disputa en 1, solo declarada en 2"
    )
    assert english.tell(told) == told
    text = Page(render_html(found, KNOWN, language=spanish)).words()
    assert f"el tráfico salió de KE 4/6 {A}, {B} el tráfico salió de MU 1/6 {B}" in text
    assert "Puntos de presencia nada DE FRA 1/6" in text
    for each in ("traffic left from", "only claimed", "Points of presence", "the app said"):
        assert each not in text


def test_the_report_puts_claimed_measured_and_seen_side_by_side() -> None:
    page = Page(render_html(diff(MIXED), KNOWN))
    text = page.words()
    assert "Where the phones were" in text
    assert [each["id"] for each in page.named("h3") if each.get("id") == "region"] == ["region"]
    assert "#blind" in page.attributes("href")  # the section of the contents that it stands in
    assert text.index("What was not seen may still") < text.index("What the study claims of each")
    assert "In 1 of 6: the languages that the app sent are de-DE, the arm is in KE." in text
    assert f"traffic left from KE 4/6 {A}, {B} traffic left from MU 1/6 {B}" in text
    assert "Points of presence nothing DE FRA 1/6 cloudflare/ray" in text
    assert "In 1 of 6: every point of presence that answered is on another continent" not in text


def test_many_values_are_counted_and_the_most_frequent_shown() -> None:
    rows = [
        fact("KE-13-r01", "pop", f"{country} {code}", "cloudflare/ray")
        for code, country in sorted(KNOWN.places.airports.items())[:30]
    ]
    rows.append(fact("KE-13-r02", "pop", "KE NBO", "cloudflare/ray"))
    rows.append(fact("KE-13-r01", "pop", "KE NBO", "cloudflare/ray"))
    [kenya] = [each for each in arm_regions(diff(rows)) if each.arm == "KE-13"]
    [pops] = [row for row in kenya.rows if row.subject == "Points of presence"]
    assert [(line.value, line.k) for line in pops.seen[:1]] == [("KE NBO", 2)]
    assert (len(pops.seen), pops.more) == (8, 23)


def test_hostile_text_in_a_proof_is_shown_and_does_nothing() -> None:
    html = render_html(reporting.poisoned(diff(MIXED)), synthetic.knowledge())
    page = Page(html)
    assert reporting.its_own_script_and_no_other(html)
    assert len(page.named("script")) == 1
    assert not page.named("img")
    assert page.text.count(reporting.MARKUP) > 50


def recorded(
    made: Study, arm: str, exchanges: Sequence[object], ip: str, dbs: Sequence[Path]
) -> str:
    """Record a session in which the exit was asked for, as the exit check does; its id."""
    session = new_session(made, made.arm(arm), repeat=1, origin="proxy")
    writer = BundleWriter.create(made.captures, session, phase=made.phases[0])
    writer.add_measured("exit_ip", ip, "check url")
    with open_databases(dbs) as databases:
        for country, source in databases.locate(ip):
            writer.add_measured("exit_country", country, source)
    writer.add_measured("locale", "sw-KE" if arm == "KE-13" else "de-DE", "check page")
    for exchange in exchanges:
        writer.add_exchange(exchange)  # type: ignore[arg-type]
    writer.close("done")
    return session.id


def test_a_recording_is_proven_and_the_findings_hold_no_address(tmp_path: Path) -> None:
    made = study(tmp_path / "study")
    dbs = [
        database(tmp_path / "a.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "DE"}),
        database(tmp_path / "b.mmdb", {"196.216.2.0/24": "KE", "146.70.117.0/24": "RO"}),
    ]
    sent = post(
        "language=sw_KE&timezone=Africa%2FNairobi&mcc=639",
        response_headers=(("cf-ray", "8044fc9689fa2386-NBO"), ("cf-ipcountry", "KE")),
    )
    kenya = recorded(made, "KE-13", [sent], KENYA, dbs)
    germany = recorded(made, "DE-13", [post("tz=Europe%2FBerlin")], GERMANY, dbs)
    analyse(made, jobs=1)
    loaded = load_frames(made)
    told = {(row.topic, row.value) for row in loaded.region.itertuples() if row.session == kenya}
    assert told == {
        ("exit_country", "KE"), ("locale", "sw-KE"), ("time_zone", "Africa/Nairobi"),
        ("sim_country", "KE"), ("pop", "KE NBO"), ("server_country", "KE"),
    }  # fmt: skip
    found = compare(loaded, made, KNOWN, "DE-13", "KE-13")
    proofs: dict[str, RegionProof] = {proof.session: proof for proof in found.regions}
    assert (proofs[kenya].verdict, proofs[kenya].contradictions) == ("proven", ())
    assert proofs[germany].verdict == "disputed"
    assert any("The region of 1 of 1 sessions of DE-13 is disputed" in w for w in found.warnings)
    assert KENYA.encode() not in b"".join(
        path.read_bytes() for path in made.findings.rglob("*") if path.is_file()
    )
    shown = done("diff", "DE-13", "KE-13", "--all", root=made.root, code=0)
    assert "region: KE-13: proven in 1 of 1 session\n" in shown
    assert "region: DE-13: disputed in 1 of 1 session\n" in shown


def test_the_same_recording_gives_the_same_table_byte_for_byte(tmp_path: Path) -> None:
    made = study(tmp_path)
    bundle = record(made, "KE-13", exchanges=[post("language=sw_KE&country=KE&mcc=639")])
    table = made.findings / bundle.name / "region.parquet"
    analyse(made, jobs=1)
    first = table.read_bytes()
    analyse(made, jobs=1, force=True)
    assert table.read_bytes() == first
