"""Gates: what keeps a comparison from concluding, says so, and can be waived for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import recording
import synthetic
from synthetic import blind, findings, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.gates import PAIR_GATES, SESSION_GATES, WAIVABLE, Gate, GateName
from analyzer.models import Delta
from analyzer.said import Said
from analyzer.study import load_study

Row = dict[str, object]
IN_KENYA = findings("KE-13", range(1, 7))


def diff(found: Frames, *waived: tuple[GateName, str]) -> Comparison:
    return compare(found, synthetic.study(waive=waived), synthetic.knowledge(), "DE", "KE")


def gate(found: Comparison, name: str) -> Gate:
    [one] = [each for each in found.gates if each.name == name]
    return one


def only(found: Comparison) -> Delta:
    [delta] = found.deltas
    return delta


# what is changed on the side of Kenya, which gate notices, what it says was found
CHANGES: list[tuple[Row, GateName, str]] = [
    ({"app_version": "2.0"}, "app_version", "1.0 for Germany, 2.0 for Kenya"),
    ({"app_version": ""}, "app_version", "1.0 for Germany, not recorded for Kenya"),
    ({"origin": "har"}, "recording", "proxy for Germany, har for Kenya"),
    ({"mode": "wireguard"}, "recording", "proxy for Germany, proxy wireguard for Kenya"),
    ({"policy": ["QUIC refused"]}, "policy", "nothing for Germany, QUIC refused for Kenya"),
    ({"phases": ["use", "more"]}, "steps", "use for Germany, use > more for Kenya"),
    (
        {"ended": "2026-11-30T10:00:00Z"},
        "duration",
        "the median is 300 s for Germany, 2289600 s for Kenya",
    ),
    ({"device": "iPhone 15"}, "device", "pixel for Germany, iPhone 15 for Kenya"),
    ({"device": "Galaxy Tab S9"}, "device", "pixel for Germany, Galaxy Tab S9 for Kenya"),
    ({"age": 16}, "age", "13 for Germany, 16 for Kenya"),
    ({"consent": "refused"}, "consent", "accepted for Germany, refused for Kenya"),
]


@pytest.mark.parametrize(("change", "name", "told"), CHANGES)
def test_what_could_make_the_difference_keeps_it_from_being_one(
    change: Row, name: GateName, told: str
) -> None:
    made = frames([*sessions(6, "DE-13"), *sessions(6, "KE-13", **change)], IN_KENYA)
    found = diff(made)
    failed = gate(found, name)
    assert (failed.passed, failed.found, failed.rows, failed.waived) == (False, told, 1, "")
    assert failed.needed
    assert only(found).verdict == "insufficient"
    assert only(found).reason == (
        f"this check does not hold: “{failed.title}” ({told}); what would be enough:"
        f" {failed.needed}"
    )
    assert isinstance(only(found).reason, Said)


@pytest.mark.parametrize(("change", "name", "told"), CHANGES)
def test_a_waived_gate_has_no_consequences_and_its_reason_is_printed(
    change: Row, name: GateName, told: str
) -> None:
    made = frames([*sessions(6, "DE-13"), *sessions(6, "KE-13", **change)], IN_KENYA)
    found = diff(made, (name, "our partner saw to it"))
    assert only(found).verdict == "only_b"
    assert (gate(found, name).passed, gate(found, name).rows) == (False, 0)
    [warning] = [each for each in found.warnings if "our partner saw to it" in each]
    assert warning.startswith("This check does not hold, and the study does without it: ")
    assert f"({told})" in warning
    assert warning.endswith("The study's reason: our partner saw to it.")


def test_every_gate_is_there_in_its_order_and_passes_where_nothing_is_wrong() -> None:
    found = diff(frames(sessions(6, "DE-13", "KE-13"), IN_KENYA))
    assert [each.name for each in found.gates] == [*SESSION_GATES, *PAIR_GATES]
    assert all(each.passed and not each.needed and not each.sessions for each in found.gates)
    assert {each.level for each in found.gates[: len(SESSION_GATES)]} == {"session"}
    assert set(WAIVABLE) < {each.name for each in found.gates}


def test_that_the_shorter_sessions_have_more_cannot_come_from_their_length() -> None:
    longer = {"ended": "2026-11-30T10:00:00Z"}
    made = frames([*sessions(6, "DE-13", **longer), *sessions(6, "KE-13")], IN_KENYA)
    found = diff(made)
    assert not gate(found, "duration").passed
    assert only(found).verdict == "only_b"
    same = diff(
        frames(
            [*sessions(6, "DE-13", **longer), *sessions(6, "KE-13")],
            [*IN_KENYA, *findings("DE-13", range(1, 7))],
        )
    )
    assert only(same).verdict == "insufficient"


def test_one_session_of_another_version_is_enough_and_an_even_mixture_is_not() -> None:
    rows = sessions(12, "DE-13", "KE-13")
    rows[0]["app_version"] = "2.0"
    assert not gate(diff(frames(rows)), "app_version").passed
    rows[12]["app_version"] = "2.0"
    assert gate(diff(frames(rows)), "app_version").passed
    for each in rows[:6]:
        each["app_version"] = "2.0"
    assert not gate(diff(frames(rows)), "app_version").passed


def test_devices_of_one_kind_may_be_of_any_make_and_need_not_be_written_down() -> None:
    for device in ("Samsung SM-A546B", ""):
        made = frames([*sessions(6, "DE-13"), *sessions(6, "KE-13", device=device)])
        assert gate(diff(made), "device").passed


def test_the_same_recording_on_both_sides_is_no_evidence_of_either() -> None:
    rows = sessions(7, "DE-13", "KE-13")
    rows[0]["content"] = rows[7]["content"] = "the same"
    found = diff(frames(rows, findings("KE-13", range(1, 8))))
    assert gate(found, "copies").found == "DE-13-r01 and KE-13-r01 are the same recording"
    assert only(found).verdict == "insufficient"


def test_a_side_of_which_little_could_be_read_is_never_lower_or_the_same() -> None:
    rows = [session("DE-13", number, complete=number > 4) for number in range(1, 7)]
    everywhere = [*IN_KENYA, *findings("DE-13", range(1, 7))]
    found = diff(frames([*rows, *sessions(6, "KE-13")], everywhere))
    failed = gate(found, "coverage")
    assert failed.found == "2 of 6 sessions of Germany, 6 of 6 of Kenya"
    assert only(found).verdict == "insufficient"
    assert {each.verdict for each in found.magnitudes} == {"insufficient"}
    assert failed.rows == 1 + len(found.magnitudes)
    more = diff(frames([*rows, *sessions(6, "KE-13")], findings("DE-13", range(1, 7))))
    assert only(more).verdict == "only_a"  # that it has more could nobody hide


def test_too_few_sessions_name_those_that_were_left_out() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    for each in rows[:2]:
        each["exchanges"] = 0
    found = diff(frames(rows, IN_KENYA))
    assert only(found).reason == (
        "too few sessions: Germany has 4 (2 more are left out), and each side needs 5"
    )
    assert gate(found, "sessions").found == "Germany has 4 (2 are left out), Kenya has 6"


def test_without_a_time_block_of_both_sides_nothing_is_the_same_either() -> None:
    rows = [*sessions(9, "DE-13", block="monday"), *sessions(9, "KE-13", block="tuesday")]
    everywhere = [*findings("KE-13", range(1, 10)), *findings("DE-13", range(1, 10))]
    found = diff(frames(rows, everywhere))
    assert only(found).verdict == "insufficient"
    assert gate(found, "blocks").found == "no time block has sessions of both sides"


def test_blindness_of_one_owner_is_no_gate() -> None:
    coverage = [blind(f"DE-13-r0{number}", "Glint", refused=1) for number in range(1, 7)]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), IN_KENYA, coverage=coverage))
    assert gate(found, "coverage").passed
    assert only(found).verdict == "only_b"


def test_a_study_waives_gates_by_name_and_with_a_reason(tmp_path: Path) -> None:
    text = recording.STUDY + '\n[compare.waive]\nregion = "a partner was there"\n'
    assert recording.study(tmp_path, text).compare.waive == (("region", "a partner was there"),)
    for wrong in ('sessions = "enough for us"', 'region = ""', "region = true", 'place = "x"'):
        (tmp_path / "study.toml").write_text(
            f"{recording.STUDY}\n[compare.waive]\n{wrong}\n", encoding="utf-8"
        )
        with pytest.raises(UserError, match=r"compare\.waive"):
            load_study(tmp_path)


def test_the_phase_in_which_consent_is_asked_for_is_named_or_known_by_its_name(
    tmp_path: Path,
) -> None:
    phases = 'phases = ["first launch", "Consent screen", "use"]'
    text = recording.STUDY.replace('phases = ["first launch", "use"]', phases)
    assert recording.study(tmp_path, text).consent_phase == "Consent screen"
    named = text.replace(phases, f'{phases}\nconsent_phase = "use"')
    assert recording.study(tmp_path, named).consent_phase == "use"
    assert recording.study(tmp_path, recording.STUDY).consent_phase == ""
    with pytest.raises(UserError, match="consent_phase"):
        recording.study(tmp_path, text.replace(phases, f'{phases}\nconsent_phase = "later"'))


def test_sides_that_were_recorded_one_after_the_other_can_differ_for_that_reason() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    for row in rows:
        ten, hour = int(str(row["repeat"])) - 1, 8 if row["arm"] == "DE-13" else 14
        row["started"], row["ended"] = (f"2026-11-01T{hour:02d}:{ten}{m}:00Z" for m in (0, 5))
    found = diff(frames(rows, IN_KENYA))
    told = "of all pairs of a session of Germany and one of Kenya, that of Germany is the earlier"
    assert gate(found, "times").found == f"{told} one in 100%"
    assert (only(found).verdict, gate(found, "times").rows) == ("insufficient", 1)
    waived = diff(frames(rows, IN_KENYA), ("times", "the app was frozen meanwhile"))
    assert only(waived).verdict == "only_b"


def test_two_phones_at_once_are_recorded_in_turns_whichever_began_a_moment_earlier() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    for row in rows:
        late = "07" if row["arm"] == "KE-13" else "00"
        row["started"] = f"2026-11-01T10:00:{late}Z"
    assert gate(diff(frames(rows, IN_KENYA)), "times").passed


def test_phones_of_another_main_version_of_the_system_are_of_another_kind() -> None:
    def made(device: str) -> Gate:
        rows = sessions(6, "DE-13", device="Google Pixel 9, Android 16")
        rows += sessions(6, "KE-13", device=device)
        return gate(diff(frames(rows, IN_KENYA)), "device")

    assert not made("Tecno Pop 5, Android 10 Go").passed
    assert made("Tecno Spark, Android 16.1").passed
