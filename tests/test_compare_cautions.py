"""What is told of two sides beside the verdicts: accounts, phones, what study.toml says now."""

from __future__ import annotations

from dataclasses import replace

import synthetic
from synthetic import finding, findings, frames, session, sessions

from analyzer.compare import compare, matrix
from analyzer.comparison import Comparison
from analyzer.frames import Frames
from analyzer.study import Study
from reports.language import Language
from reports.limits import limits
from reports.naming import Names

N = range(1, 7)
REGIONS = "cannot be told from what differs between regions"


def diff(found: Frames, study: Study | None = None) -> Comparison:
    return compare(found, study or synthetic.study(), synthetic.knowledge(), "DE", "KE")


def told(found: Comparison, part: str) -> list[str]:
    return [each for each in found.warnings if part in each]


def test_one_account_a_side_is_told_before_everything_else() -> None:
    rows = [*sessions(6, "DE-13", persona="anna"), *sessions(6, "KE-13", persona="amina")]
    found = diff(frames(rows, findings("KE-13", N)))
    assert found.warnings[0].startswith(
        "A side has one account only (accounts of Germany: 1, of Kenya: 1): what differs between"
        " two accounts cannot be told from what differs between regions. "
    )
    many = matrix(frames(rows), synthetic.study(), synthetic.knowledge())
    assert [each for each in many.warnings if REGIONS in each]


def test_several_accounts_on_both_sides_or_the_same_ones_are_not_told_of() -> None:
    rows = [
        session(arm, number, persona=f"{arm} {number % 2}")
        for arm in ("DE-13", "KE-13")
        for number in N
    ]
    assert diff(frames(rows)).warnings == ()
    assert diff(frames(sessions(6, "DE-13", "KE-13"))).warnings == ()
    for each in rows[:6]:
        each["persona"] = "anna"
    assert (
        "one account only (accounts of Germany: 1, of Kenya: 2)" in diff(frames(rows)).warnings[0]
    )


def test_accounts_of_a_feed_are_accounts() -> None:
    rows = [
        session(arm, number, persona="", account=f"{arm} {number % 3}")
        for arm in ("DE-13", "KE-13")
        for number in N
    ]
    found = diff(frames(rows))
    assert found.warnings == ()
    assert [each.persona for each in found.sessions] == [each["account"] for each in rows]
    names = Names(found, synthetic.knowledge(), Language())
    assert any("test accounts 6," in str(each) for each in limits(found, names))
    for each in rows[:6]:
        each["account"] = "anna"
    assert "(accounts of Germany: 1, of Kenya: 3)" in diff(frames(rows)).warnings[0]


def test_accounts_that_nobody_wrote_down_are_no_shared_ones() -> None:
    [warning] = diff(frames(sessions(6, "DE-13", "KE-13", persona=""))).warnings
    assert "(accounts of Germany: not recorded, of Kenya: not recorded)" in warning


def test_sides_without_a_model_of_phone_in_common_are_told_of() -> None:
    rows = [*sessions(6, "DE-13", device="Pixel 9"), *sessions(6, "KE-13", device="Tecno Pop 5")]
    [warning] = diff(frames(rows)).warnings
    assert warning == (
        "No model of phone is on both sides, Germany and Kenya: what differs between two phones"
        f" {REGIONS}."
    )
    rows[0]["device"] = "Tecno Pop 5"
    assert diff(frames(rows)).warnings == ()


def test_the_app_is_the_one_that_the_sessions_were_recorded_with() -> None:
    rows = frames(sessions(6, "DE-13", "KE-13"))
    other = replace(synthetic.study(), app="Other app")
    found = diff(rows, other)
    assert found.app == "Pebblo"
    [warning] = found.warnings
    assert warning.startswith("study.toml says that the app is Other app, but sessions were")
    assert matrix(rows, other, synthetic.knowledge()).app == "Pebblo"


def test_what_study_toml_says_otherwise_than_the_sessions_is_told() -> None:
    rows = frames(sessions(6, "DE-13", "KE-13", phases=["use", "more"]))
    study = synthetic.study()
    kenya = replace(study.arms["KE-13"], country="BR", age=16)
    changed = replace(
        study,
        app_version="2.0",
        phases=("use", "less"),
        arms={**study.arms, "KE-13": kenya},
        persona_of={"DE-13": "somebody else"},
    )
    found = diff(rows, changed)
    assert len(found.warnings) == 4
    [_] = told(found, "version of the app is 2.0, but sessions were recorded with 1.0")
    [arm] = told(found, "(BR, 16, accepted) than its sessions (KE, 13, accepted: KE-13-r01, ")
    assert arm.endswith("and 3 more): country, age and consent are taken from the sessions.")
    [_] = told(found, "another account than they were recorded with (DE-13-r01, ")
    [_] = told(found, "has the phases use > less, but sessions were recorded with use > more")
    same = replace(study, phases=("launch", "use", "more", "later"))
    assert diff(rows, same).warnings == ()  # a session may leave phases out


def imported(arm: str, creator: str = "Firefox") -> list[dict[str, object]]:
    return sessions(6, arm, origin="har", tools=[[f"source:{creator}", "1"], ["evenhand", "0.5"]])


def test_files_of_different_programs_were_not_recorded_in_the_same_way() -> None:
    found = diff(
        frames([*imported("DE-13"), *imported("KE-13", "Charles Proxy")], findings("KE-13", N))
    )
    [gate] = [each for each in found.gates if each.name == "recording"]
    assert not gate.passed
    assert gate.found == "har Firefox for Germany, har Charles Proxy for Kenya"
    assert {each.verdict for each in found.deltas} == {"insufficient"}


def test_what_only_cookies_show_is_not_missing_from_a_file_without_any() -> None:
    in_cookie = [finding(f"KE-13-r{n:02d}", part="cookie") for n in N]
    bare = [*imported("DE-13"), *imported("KE-13")]
    [row] = diff(frames(bare, in_cookie)).deltas
    assert row.verdict == "insufficient"
    assert "where it could not be read" in row.reason
    [warning] = diff(frames(bare, in_cookie)).warnings
    assert warning.startswith("6 of 6 imported sessions of Germany hold no cookie (DE-13-r01, ")
    having = [finding(f"DE-13-r{n:02d}", "Else", part="cookie") for n in N]
    assert {
        each.owner: each.verdict for each in diff(frames(bare, [*in_cookie, *having])).deltas
    } == {
        "Else": "only_a",
        "Waymark": "only_b",
    }
    in_body = [*in_cookie, *(finding(f"KE-13-r{n:02d}", id=f"b{n}") for n in N)]
    [row] = diff(frames(bare, in_body)).deltas
    assert row.verdict == "only_b"
    proxied = frames(sessions(6, "DE-13", "KE-13"), in_cookie)
    [row] = diff(proxied).deltas
    assert row.verdict == "only_b"
