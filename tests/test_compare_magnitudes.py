"""Magnitudes: what each session measures, and what may be concluded from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from synthetic import blind, finding, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.knowledge import load_measures
from analyzer.knowledge.measures import FILE
from analyzer.magnitudes import Magnitude

Row = dict[str, object]
N = 8


def diff(found: Frames, *phases: str) -> Comparison:
    made = synthetic.study()
    if phases:
        made = replace(made, phases=phases, consent_phase="consent")
    return compare(found, made, synthetic.knowledge(), "DE", "KE")


def one(found: Comparison, measure: str, owner: str = "Waymark", subject: str = "") -> Magnitude:
    [row] = [
        each
        for each in found.magnitudes
        if (each.measure, each.owner, each.subject) == (measure, owner, subject)
    ]
    return row


def ids(arm: str, n: int = N) -> list[str]:
    return [f"{arm}-r{number:02d}" for number in range(1, n + 1)]


def located(arm: str, decimals: Sequence[int | None]) -> list[Row]:
    """A location with so many decimals in each session."""
    return [
        finding(of, data_type="loc.precise", shape=f"geo:{places}-decimals")
        for of, places in zip(ids(arm), decimals, strict=True)
        if places is not None
    ]


def test_how_precise_a_location_is_differs() -> None:
    rows = [*located("DE-13", [2] * N), *located("KE-13", [5] * N)]
    found = diff(frames(sessions(N, "DE-13", "KE-13"), rows))
    row = one(found, "precision", subject="loc.precise")
    assert (row.verdict, row.effect, row.low, row.high) == ("more_b", -3, -3, -3)
    assert (row.a.n, row.a.median, row.b.median, row.unit) == (N, 2, 5, "decimal places")
    assert row.q <= 0.05
    assert set(row.examples) <= {each.id for each in found.evidence}
    assert len(row.examples) == 2


def test_the_most_precise_of_a_session_counts_and_sessions_without_one_do_not() -> None:
    rows = [
        *located("DE-13", [5, 5, 5, 5, 5, 5, None, None]),
        *located("KE-13", [5] * N),
        finding("KE-13-r01", data_type="loc.precise", shape="geo:0-decimals", id="coarse"),
    ]
    row = one(diff(frames(sessions(N, "DE-13", "KE-13"), rows)), "precision", subject="loc.precise")
    assert (row.a.n, row.b.n, row.b.low) == (6, 8, 5)
    assert (row.verdict, row.effect) == ("same", 0)


def test_a_side_that_could_not_be_read_is_never_called_less_precise() -> None:
    rows = [*located("DE-13", [2] * N), *located("KE-13", [5] * N)]
    hidden = [blind(of, refused=1) for of in ids("DE-13")[:6]]
    found = diff(frames(sessions(N, "DE-13", "KE-13"), rows, coverage=hidden))
    row = one(found, "precision", subject="loc.precise")
    assert row.verdict == "insufficient"
    assert "in 6 of 8 sessions of Germany a more precise location may" in row.reason
    more = [blind(of, refused=1) for of in ids("KE-13")]
    found = diff(frames(sessions(N, "DE-13", "KE-13"), rows, coverage=more))
    assert one(found, "precision", subject="loc.precise").verdict == "more_b"
    alike = [*located("DE-13", [5] * N), *located("KE-13", [5] * N)]
    found = diff(frames(sessions(N, "DE-13", "KE-13"), alike, coverage=hidden))
    assert one(found, "precision", subject="loc.precise").verdict == "insufficient"


def sent(arm: str, seconds: Sequence[float]) -> list[Row]:
    return [finding(of, t_s=t_s) for of, t_s in zip(ids(arm), seconds, strict=True)]


def test_what_is_sent_sooner_is_told_by_the_first_of_each_session() -> None:
    soon, late = [1.0 + 0.1 * n for n in range(N)], [100.0 + n for n in range(N)]
    rows = [*sent("DE-13", late), *sent("KE-13", soon)]
    rows += [finding(of, t_s=300.0, id=f"again {of}") for of in ids("KE-13")]
    row = one(diff(frames(sessions(N, "DE-13", "KE-13"), rows)), "delay")
    assert (row.verdict, row.b.low, row.b.high) == ("more_a", 1.0, 1.7)
    assert row.effect == pytest.approx(102.15, abs=0.1)
    assert load_measures()["delay"].worse == "less"


def test_a_side_that_could_not_be_read_is_never_called_later() -> None:
    rows = [*sent("DE-13", [100.0 + n for n in range(N)]), *sent("KE-13", [1.0] * N)]
    made = sessions(N, "DE-13", "KE-13")
    hidden = [blind(of, unread_up=1) for of in ids("DE-13")]
    assert one(diff(frames(made, rows, coverage=hidden)), "delay").verdict == "insufficient"
    hidden = [blind(of, unread_up=1) for of in ids("KE-13")]
    assert one(diff(frames(made, rows, coverage=hidden)), "delay").verdict == "more_a"


def test_delays_that_differ_by_less_than_the_margin_are_the_same() -> None:
    rows = [*sent("DE-13", [3.0 + 0.01 * n for n in range(N)]), *sent("KE-13", [1.0] * N)]
    row = one(diff(frames(sessions(N, "DE-13", "KE-13"), rows)), "delay")
    assert (row.verdict, row.q <= 0.05) == ("same", True)


def received(arm: str, owners: Sequence[str]) -> list[Row]:
    return [finding(of, owner) for of in ids(arm) for owner in owners]


def test_how_many_third_parties_receive_an_identifier() -> None:
    rows = [*received("DE-13", ["A"]), *received("KE-13", ["A", "B", "C", "D"])]
    rows += [finding(of, "Pebblo", party="first") for of in ids("DE-13")]
    found = diff(frames(sessions(N, "DE-13", "KE-13"), rows))
    row = one(found, "recipients", "", "id.advertising")
    assert (row.verdict, row.a.median, row.b.median, row.effect) == ("more_b", 1, 4, -3)


def test_who_may_have_received_it_unread_counts_against_the_claim() -> None:
    made = sessions(N, "DE-13", "KE-13")
    rows = [*received("DE-13", ["A"]), *received("KE-13", ["A", "B", "C", "D"])]

    def verdict(*unread: str) -> str:
        coverage = [blind(of, owner, refused=1) for of in ids("DE-13") for owner in unread]
        found = diff(frames(made, rows, coverage=coverage))
        return one(found, "recipients", "", "id.advertising").verdict

    assert verdict("A") == "more_b"  # has it already
    assert verdict("B", "E") == "more_b"  # three at most, against four
    assert verdict("B", "C", "D") == "insufficient"


def test_who_receives_data_before_consent_is_counted_by_phase() -> None:
    rows = [finding(of, owner, phase="launch") for of in ids("KE-13") for owner in ("A", "B")]
    rows += [finding(of, owner, phase="use") for of in ids("DE-13") for owner in ("A", "B")]
    rows += [finding(of, "C", phase="launch") for of in ids("DE-13")]
    made = frames(sessions(N, "DE-13", "KE-13"), rows)
    row = one(diff(made, "launch", "consent", "use"), "before_consent", "")
    assert (row.verdict, row.a.high, row.b.low) == ("more_b", 1, 2)
    assert not [each for each in diff(made).magnitudes if each.measure == "before_consent"]


def test_that_a_side_has_none_at_all_is_told_by_presence_and_not_counted_again() -> None:
    rows = [finding(of, owner, phase="launch") for of in ids("KE-13") for owner in ("A", "B")]
    hidden = [blind(of, "Other", refused=1) for of in ids("DE-13")]
    coverage = [*hidden, *traffic("KE-13", exchanges=20)]
    found = diff(
        frames(sessions(N, "DE-13", "KE-13"), rows, coverage=coverage), "launch", "consent", "use"
    )
    assert {row.verdict for row in found.deltas} == {"only_b"}
    counting = {"recipients", "before_consent", "requests_per_hour", "bytes_up_per_hour"}
    assert not [row for row in found.magnitudes if row.measure in counting]
    some = frames(sessions(N, "DE-13", "KE-13"), [*rows, finding(ids("DE-13")[0], "A")])
    assert one(diff(some), "recipients", "", "id.advertising").a.high == 1


def test_a_session_of_a_few_seconds_has_no_rate() -> None:
    least = load_measures()["requests_per_hour"].shortest
    assert least >= 60

    def rates(seconds: float) -> set[str]:
        ended = f"2026-11-01T10:{int(seconds // 60):02d}:{int(seconds % 60):02d}.000Z"
        made = [
            session(arm, n, started="2026-11-01T10:00:00.000Z", ended=ended)
            for arm in ("DE-13", "KE-13")
            for n in range(1, N + 1)
        ]
        rows = [finding(of) for arm in ("DE-13", "KE-13") for of in ids(arm)]
        coverage = [*traffic("DE-13", exchanges=9), *traffic("KE-13", exchanges=9)]
        found = diff(frames(made, rows, coverage=coverage))
        return {row.measure for row in found.magnitudes}

    assert "requests_per_hour" not in rates(least - 1)
    assert "requests_per_hour" in rates(least)


def traffic(arm: str, **counts: int) -> list[Row]:
    return [blind(of, **counts) for of in ids(arm)]


def test_requests_and_bytes_are_counted_by_the_hour() -> None:
    rows = [finding(of) for arm in ("DE-13", "KE-13") for of in ids(arm)]
    made = [
        *sessions(N, "DE-13"),
        *(session("KE-13", n, ended=f"2026-11-{n:02d}T10:10:00.000Z") for n in range(1, N + 1)),
    ]
    coverage = [
        *traffic("DE-13", exchanges=10, bytes_up=1000),
        *traffic("KE-13", exchanges=20, bytes_up=9000, unread_up=1000),
    ]
    waived = synthetic.study(waive=(("duration", "by the hour"),))
    found = compare(
        frames(made, rows, coverage=coverage), waived, synthetic.knowledge(), "DE", "KE"
    )
    asked, loaded = one(found, "requests_per_hour"), one(found, "bytes_up_per_hour")
    assert (asked.a.median, asked.b.median, asked.effect) == (120, 120, 1)
    assert (asked.ratio, asked.verdict) == (True, "insufficient")  # bytes passed unread in Kenya
    assert (loaded.a.median, loaded.b.median, loaded.effect) == (12_000, 60_000, 0.2)
    assert loaded.verdict == "more_b"


def test_few_values_are_insufficient_however_many_sessions_there_are() -> None:
    rows = [*located("DE-13", [2] * 4 + [None] * 4), *located("KE-13", [5] * N)]
    row = one(diff(frames(sessions(N, "DE-13", "KE-13"), rows)), "precision", subject="loc.precise")
    assert (row.verdict, row.enough) == ("insufficient", 5)
    assert row.reason.startswith("too few sessions with a value: Germany has 4, Kenya has 8")


def test_where_one_side_sends_nothing_there_is_no_magnitude_of_it() -> None:
    found = diff(frames(sessions(N, "DE-13", "KE-13"), located("KE-13", [5] * N)))
    assert {each.measure for each in found.magnitudes} == set()


def test_the_rows_of_magnitudes_are_of_the_same_family_as_presence() -> None:
    rows = [finding(of) for of in ids("KE-13", 6)]
    alone = diff(frames(sessions(6, "DE-13", "KE-13"), rows)).deltas[0]
    many = [
        finding(of, f"Owner {number}", t_s=float(number * 100 + place * (-1) ** number))
        for number in range(40)
        for place, of in enumerate([*ids("DE-13", 6), *ids("KE-13", 6)])
    ]
    among = next(
        delta
        for delta in diff(frames(sessions(6, "DE-13", "KE-13"), [*rows, *many])).deltas
        if delta.owner == "Waymark"
    )
    assert among.p == alone.p
    assert among.q > alone.q


def test_a_gate_bars_magnitudes_too() -> None:
    rows = [*located("DE-13", [2] * N), *located("KE-13", [5] * N)]
    made = [*sessions(N, "DE-13"), *sessions(N, "KE-13", app_version="2.0")]
    found = diff(frames(made, rows))
    assert {each.verdict for each in found.magnitudes} == {"insufficient"}
    [gate] = [each for each in found.gates if each.name == "app_version"]
    assert gate.rows == len(found.magnitudes) + len(found.deltas)


def test_the_file_of_measures_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    for number, (right, wrong, told) in enumerate(
        (
            ("id: delay", "id: speed", "lacks delay"),
            ("margin: 1.5", "margin: 0.5", "is a factor above 1"),
            ("worse: less", "worse: sometimes", "use one of more, less"),
            ("unit: seconds", "unite: seconds", "unit is missing from 'delay'"),
        )
    ):
        path = tmp_path / f"measures{number}.yaml"
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
        with pytest.raises(UserError, match=told):
            load_measures(path)
    assert list(load_measures()) == [
        "precision", "recipients", "delay", "before_consent", "requests_per_hour",
        "bytes_up_per_hour",
    ]  # fmt: skip
