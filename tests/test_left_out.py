"""Sessions that are evidence of nothing: copies, and those of which only names are known."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
import recording
import synthetic
from recording import post, record
from synthetic import blind, findings, frames, session, sessions

from analyzer.bundle import read_session, sealing, store
from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.frames import Frames, analyse, load_frames
from analyzer.models import Count
from analyzer.sums import SUMS
from reports import words


def diff(found: Frames, a: str = "DE", b: str = "KE") -> Comparison:
    return compare(found, synthetic.study(), synthetic.knowledge(), a, b)


def reasons(found: Comparison) -> dict[str, str]:
    return {each.session: each.reason for each in found.excluded}


def test_copies_of_one_recording_count_once() -> None:
    copies = [session("KE-13", number, content="the same") for number in range(1, 13)]
    rows = findings("KE-13", range(1, 13))
    found = diff(frames(sessions(12, "DE-13") + copies, rows))
    [delta] = found.deltas
    assert (delta.verdict, delta.a, delta.b) == ("insufficient", Count(0, 12), Count(1, 1))
    assert reasons(found) == {
        f"KE-13-r{number:02d}": "it is a copy of KE-13-r01" for number in range(2, 13)
    }
    assert "Left out: KE-13-r02, because it is a copy of KE-13-r01." in found.warnings


def test_one_recording_on_both_sides_is_said_loudly() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    for each in rows:
        if each["repeat"] == 6:
            each["content"] = "the same"
    found = diff(frames(rows, findings("KE-13", range(1, 7))))
    assert found.deltas[0].b == Count(6, 6)
    assert reasons(found) == {}
    assert any("DE-13-r06 and KE-13-r06 are the same recording" in w for w in found.warnings)


def test_a_copy_that_was_recorded_elsewhere_does_not_drag_the_true_one_along() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    rows[5] |= {"content": "the same", "egress": "KE"}
    rows[11] |= {"content": "the same"}
    assert list(reasons(diff(frames(rows)))) == ["DE-13-r06"]


def test_sessions_whose_content_cannot_be_told_are_no_copies() -> None:
    assert diff(frames(sessions(6, "DE-13", "KE-13", content=""))).excluded == ()


@pytest.mark.parametrize(
    "origin",
    [{"origin": "pcap"}, {"origin": "bundle", "tools": [["source-origin", "pcap"]]}],
)
def test_sessions_of_names_and_byte_counts_never_count_as_not_seen(
    origin: dict[str, object],
) -> None:
    rows = findings("KE-13", range(1, 7)) + findings("DE-13", range(1, 7))
    packets = [session("DE-13", n, exchanges=0, content="", **origin) for n in range(7, 24)]
    found = diff(frames(sessions(6, "DE-13", "KE-13") + packets, rows))
    assert {(each.a, each.b) for each in found.deltas} == {(Count(6, 6), Count(6, 6))}
    assert {each.verdict for each in found.deltas} == {"same"}
    assert len(found.excluded) == 17
    assert set(reasons(found).values()) == {"it holds names and byte counts only"}


INSTRUMENTED = [{"instrumented": "frida"}, {"tools": [["frida", "17"], ["mitmproxy", "11.0.2"]]}]


@pytest.mark.parametrize("how", INSTRUMENTED)
def test_sessions_of_an_instrumented_app_are_never_mixed_with_others(
    how: dict[str, object],
) -> None:
    touched = [session("KE-13", number, **how) for number in range(7, 10)]
    rows = findings("KE-13", range(7, 10))
    found = diff(frames(sessions(6, "DE-13", "KE-13") + touched, rows))
    assert found.deltas == ()
    assert set(reasons(found)) == {"KE-13-r07", "KE-13-r08", "KE-13-r09"}
    assert "its app was instrumented (frida)" in reasons(found)["KE-13-r07"]


@pytest.mark.parametrize("how", INSTRUMENTED)
def test_where_every_session_was_instrumented_they_are_compared_and_it_is_said(
    how: dict[str, object],
) -> None:
    found = diff(frames(sessions(6, "DE-13", "KE-13", **how)))
    assert found.excluded == ()
    assert any("6 of 6 sessions of Kenya were instrumented" in each for each in found.warnings)


def test_a_witness_is_no_session_of_its_own() -> None:
    witness = session("KE-13", 7, beside="KE-13-r01", origin="pcap", exchanges=0, content="")
    found = diff(frames([*sessions(6, "DE-13", "KE-13"), witness]))
    assert reasons(found) == {"KE-13-r07": "it is a witness of KE-13-r01"}


def test_packets_that_could_be_read_count() -> None:
    found = diff(frames(sessions(6, "DE-13", "KE-13", origin="pcap")))
    assert found.excluded == ()


def unread(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Coverage of sessions in which something passed that holds no exchange."""
    return [blind(str(each["id"]), "Elsewhere", other=1) for each in rows]


def test_a_session_in_which_nothing_happened_is_left_out() -> None:
    rows = sessions(7, "DE-13", "KE-13")
    rows[0]["exchanges"] = 0
    found = diff(frames(rows, findings("KE-13", range(1, 8))))
    [delta] = found.deltas
    assert (delta.verdict, delta.a) == ("only_b", Count(0, 6))
    assert reasons(found) == {"DE-13-r01": "nothing that the phone sent was recorded in it"}
    [gate] = [each for each in found.gates if not each.passed]
    assert (gate.name, gate.sessions, gate.rows) == ("exchanges", ("DE-13-r01",), 0)


def test_a_session_that_was_broken_off_far_too_early_is_left_out() -> None:
    rows = sessions(7, "DE-13", "KE-13")
    rows[0]["ended"] = "2026-11-01T10:01:00.000Z"
    assert reasons(diff(frames(rows))) == {
        "DE-13-r01": "it was broken off after 60 s, where the median of its arm is 300 s"
    }
    rows[0]["ended"] = "2026-11-01T10:02:00.000Z"
    assert diff(frames(rows)).excluded == ()


def test_a_session_without_an_exchange_is_blind_for_everyone() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    for each in rows[:4]:
        each["exchanges"] = 0
    found = diff(frames(rows, findings("KE-13", range(1, 7)), coverage=unread(rows[:4])))
    [delta] = found.deltas
    assert delta.verdict == "insufficient"
    remedy = "if they are false starts, move captures/"
    assert f"in 4 of 6 sessions of Germany nothing could be read: {remedy}<id> out" in delta.reason
    assert (
        words.cause(delta.reason) == f"there are sessions without an exchange: {remedy}<id> out"
        " and run `evenhand analyze`"
    )
    [warning] = found.warnings
    assert warning == (
        f"4 of 6 sessions of Germany hold no exchange: {remedy}DE-13-r01, captures/DE-13-r02,"
        " captures/DE-13-r03 and 1 more out and run `evenhand analyze`."
    )
    [spot] = found.blind_spots
    assert (spot.k, spot.n) == (4, 6)
    assert spot.reasons == ("4 sessions hold no exchange that could be read",)


def test_sessions_without_an_exchange_are_not_blamed_for_what_others_hide() -> None:
    rows = sessions(6, "DE-13", "KE-13")
    rows[0]["exchanges"] = 0
    for each in rows[1:4]:
        each["complete"] = False
    found = diff(frames(rows, findings("KE-13", range(1, 7)), coverage=unread(rows[:1])))
    [delta] = found.deltas
    assert "in 4 of 6 sessions of Germany it may have been sent" in delta.reason
    assert "false start" not in delta.reason
    assert any(
        "1 of 6 sessions of Germany holds no exchange: if it is a false start, move"
        " captures/DE-13-r01 out" in each
        for each in found.warnings
    )


def test_one_false_start_that_turns_sameness_is_named_too() -> None:
    rows = sessions(24, "DE-13", "KE-13")
    for each in rows[:6]:
        each["exchanges"] = 0
    coverage = unread(rows[:6])
    [delta] = diff(frames(rows, findings("KE-13", [1]), coverage=coverage)).deltas
    assert (delta.verdict, "nothing could be read" in delta.reason) == ("insufficient", True)
    for each in rows[:6]:
        each["exchanges"] = 1
    [delta] = diff(frames(rows, findings("KE-13", [1]))).deltas
    assert delta.verdict == "same"


def test_an_adult_control_without_an_exchange_is_named() -> None:
    rows = sessions(6, "DE-13", "DE-30", "KE-13", "KE-30")
    before = diff(frames(rows)).warnings
    for each in rows[6:8]:
        each["exchanges"] = 0
    warnings = diff(frames(rows, coverage=unread(rows[6:8]))).warnings
    [warning] = [each for each in warnings if "no exchange" in each]
    assert warning not in before
    assert warning.startswith("2 of 6 adult controls of Germany hold no exchange: if they are")


def test_where_every_session_is_left_out_the_reason_is_told() -> None:
    packets = sessions(2, "KE-13", origin="pcap", exchanges=0)
    with pytest.raises(UserError, match="KE-13 has no sessions") as caught:
        diff(frames(sessions(6, "DE-13") + packets), "DE-13", "KE-13")
    assert "KE-13-r01 is left out because it holds names and byte counts only" in caught.value.fix


def test_a_copied_bundle_with_an_id_of_its_own_is_found_out(tmp_path: Path) -> None:
    study = recording.study(tmp_path)
    bundle = record(study, "KE-13", 1, [post()])
    record(study, "DE-13", 1, [post()])
    copy = bundle.with_name(bundle.name.replace("r01", "r02"))
    shutil.copytree(bundle, copy)
    (copy / SUMS).unlink()
    renamed = dataclasses.replace(read_session(copy), id=copy.name, repeat=2, device="another")
    with closing(store.open_to_write(copy / store.DATABASE)) as database:
        sealing.seal(copy, database, renamed)
    analyse(study)
    content = load_frames(study).sessions.set_index("id")["content"]
    assert content[copy.name] == content[bundle.name] != ""
    found = compare(load_frames(study), study, synthetic.knowledge(), "DE-13", "KE-13")
    assert reasons(found) == {copy.name: f"it is a copy of {bundle.name}"}
