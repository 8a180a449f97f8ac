"""A comparison on the terminal: one line a row, nothing that a terminal would obey."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import reporting
import synthetic
from reporting import HOSTILE

from analyzer.compare import compare
from analyzer.compare.groups import Group, Observed
from analyzer.compare.verdicts import judge
from analyzer.comparison import Changed, Comparison, Sensitivity
from analyzer.extract.shapes import visible
from analyzer.magnitudes import Summary
from analyzer.models import Count, Delta
from analyzer.said import say
from analyzer.study import CompareSettings
from reports import words
from reports.console import print_rows
from reports.terminal import View, print_comparison

Show = Callable[..., str]
_ROW = re.compile(r"[-<=>+?] .* d\w+$")


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def shown(comparison: Comparison, *, columns: int | None = None, **view: bool) -> str:
        if columns is not None:  # as rich sees a terminal of this width
            monkeypatch.setenv("FORCE_COLOR", "1")
            monkeypatch.setenv("COLUMNS", str(columns))
            monkeypatch.setenv("TERM", "xterm-256color")
        print_comparison(comparison, None, replace(View(), **view))  # type: ignore[arg-type]
        return capsys.readouterr().out

    return shown


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if _ROW.match(line)]


def test_an_advertising_id_that_is_sent_only_in_kenya(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    golden("an-advertising-id-is-sent-only-in-kenya/diff.txt", show(reporting.sent_only_in_kenya()))


def test_one_session_each_carries_no_verdict(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    few = reporting.one_session_each()
    golden("one-session-each-carries-no-verdict/diff.txt", show(few, every=True))
    golden("one-session-each-carries-no-verdict/quiet.txt", show(few))


def test_children_are_told_apart_from_adults(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    golden(
        "an-advertising-id-is-sent-only-of-children-in-kenya/diff.txt",
        show(reporting.with_adults()),
    )


def test_a_summary_by_recipient(show: Show, golden: Callable[[str, str], None]) -> None:
    text = show(reporting.sent_only_in_kenya(), stat=True)
    golden("an-advertising-id-is-sent-only-in-kenya/stat.txt", text)


def test_rows_that_are_the_same_are_only_counted_unless_all_are_asked_for(show: Show) -> None:
    text = show(reporting.sent_only_in_kenya())
    assert "device model" not in text
    assert "not shown here: 2 rows (--all shows them)" in text
    text = show(reporting.sent_only_in_kenya(), every=True)
    assert [line for line in rows_of(text) if line.startswith("= device model")]
    assert "not shown here" not in text


def test_each_row_ends_with_the_id_that_explain_takes(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    shown = rows_of(show(comparison, every=True))
    assert sorted(line.split()[-1] for line in shown) == sorted(row.id for row in comparison.deltas)


def test_with_one_session_each_every_row_is_not_decided_and_says_how_many_would_do(
    show: Show,
) -> None:
    comparison = reporting.one_session_each()
    shown = {line.split()[-1]: line for line in rows_of(show(comparison, every=True))}
    assert len(shown) == len(comparison.deltas) == 4
    for row in comparison.deltas:
        line = shown[row.id]
        assert line.startswith("? ")
        told = f"{row.a.k}/1 {row.b.k}/1 not decided [1], {row.enough} a side"
        assert told in " ".join(line.split())


def test_long_reasons_are_told_once(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    [row] = [row for row in comparison.deltas if row.verdict == "insufficient"]
    more = tuple(replace(row, id=f"d{number}", phase=f"p{number}") for number in range(9))
    text = show(replace(comparison, deltas=comparison.deltas + more))
    assert text.count("neither a difference nor near enough") == 1
    assert row.reason not in text
    assert max(map(len, rows_of(text))) <= 110


def test_every_reason_that_a_verdict_can_have_is_known_by_its_cause() -> None:
    def reasons(n: int, *, blind: int = 0, blocks: tuple[str, str] = ("", "")) -> set[str]:
        a, b = (
            Group(name, {f"{name}{number}": block for number in range(n)})
            for name, block in zip("ab", blocks, strict=True)
        )
        hidden = frozenset(sorted(a.blocks)[:blind])
        rows = [
            Observed(frozenset(sorted(a.blocks)[:seen]), frozenset(b.blocks), hidden, frozenset())
            for seen in range(n + 1)
        ]
        return {row.reason for row in judge(a, b, rows, CompareSettings()).rows if row.reason}

    undecided = {words.cause(reason) for reason in reasons(6)}
    assert undecided == {"neither a difference nor near enough to each other to be called the same"}
    hidden = {words.cause(reason) for reason in reasons(6, blind=6)} - undecided
    assert hidden == {"it may have been sent where it could not be read"}
    for same in (reasons(2), reasons(6, blocks=("monday", "tuesday"))):
        assert {words.cause(reason) for reason in same} == same
        assert len(same) == 1


def test_there_is_no_colour_but_on_a_terminal(show: Show) -> None:
    assert "\x1b" not in show(reporting.sent_only_in_kenya())
    assert "\x1b[" in show(reporting.sent_only_in_kenya(), columns=120)


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_no_line_is_broken_inside_a_word_by_a_terminal(show: Show, columns: int) -> None:
    comparison = reporting.with_adults()
    text = re.sub(r"\x1b\[[0-9;]*m", "", show(comparison, every=True, columns=columns))
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    shown = rows_of(text)
    assert {line.split()[-1] for line in shown} == {row.id for row in comparison.deltas}
    assert (", +100]" in text) == (columns > 60)


def test_nothing_captured_is_obeyed_by_a_terminal(show: Show) -> None:
    text = show(reporting.poisoned(reporting.sent_only_in_kenya()), every=True)
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert visible(HOSTILE) in text
    assert "[red]" in show(reporting.poisoned(reporting.sent_only_in_kenya(), "[red]"))


def test_very_long_names_are_cut(show: Show) -> None:
    text = show(reporting.poisoned(reporting.sent_only_in_kenya(), "x" * 5_000))
    [row] = [line for line in rows_of(text) if line.startswith("+ advertising ID")]
    assert "use" + "x" * 12 + "…" in row
    assert len(row.removesuffix("x" * 5_000)) < 130


def test_the_other_definition_of_a_bloc_says_how_much_would_change(show: Show) -> None:
    changed = Changed("data", "Waymark", "third", "id.device", "", "use", "same", None)
    for reason, rows, told in (
        ("", (changed,), "1 verdict would be another"),
        ("", (), "every verdict is the same"),
        ("no session", (), "no session"),
    ):
        other = Sensitivity("bloc", "wb", "With wb instead", "b", None, reason, (), rows)
        comparison = replace(reporting.sent_only_in_kenya(), sensitivities=(other,))
        assert f"With wb instead: {told}\n" in show(comparison)


@pytest.mark.parametrize("view", [{}, {"stat": True}, {"every": True}])
@pytest.mark.parametrize("differs", [True, False])
def test_a_gate_that_the_study_does_without_is_told_in_every_text(
    show: Show, differs: bool, view: dict[str, bool]
) -> None:
    found = synthetic.findings("KE-13", range(1, 7) if differs else ())
    comparison = compare(
        synthetic.frames(synthetic.sessions(6, "DE-13", "KE-13"), found, region=()),
        synthetic.study(waive=(("region", "a partner signed for it"),)),
        synthetic.knowledge(),
        "DE",
        "KE",
    )
    assert show(comparison, **view).count("The study's reason: a partner signed for it.") == 1


def test_a_gate_that_does_not_hold_says_what_would_do(show: Show) -> None:
    text = show(reporting.one_session_each())
    assert "! A gate does not hold: “Both sides have enough sessions”. Needed: 5 session" in text
    text = show(reporting.one_session_each(), every=True)
    assert (
        "gates: 16 of 17 conditions of a fair comparison hold (`evenhand explain GATE`)\n" in text
    )
    assert "gate sessions: “Both sides have enough sessions”: Germany" in text


def test_of_many_warnings_of_one_kind_the_first_is_told(show: Show) -> None:
    alike = tuple(say("{one} is odd.", one=number) for number in range(9))
    comparison = replace(reporting.sent_only_in_kenya(), warnings=(*alike, "Another."))
    text = show(comparison)
    assert "! 0 is odd.\n! ... and 8 more of this kind (--all tells them)\n! Another.\n" in text
    assert "! 8 is odd.\n" in show(comparison, every=True)


def test_what_is_measured_stands_with_its_recipient(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    row = next(each for each in comparison.magnitudes if each.owner == "Waymark")
    more = replace(
        row,
        measure="bytes_up_per_hour",
        unit="bytes per hour",
        ratio=True,
        verdict="more_b",
        reason="",
        a=Summary(6, 1000.0, 1500.0, 2000.0),
        b=Summary(5, 4000.0, 6000.0, 9000.0),
        effect=0.25,
        low=0.2,
        high=None,
        q=0.004,
    )
    text = show(replace(comparison, magnitudes=(more,)))
    [line] = [line for line in text.splitlines() if line.endswith(row.id)]
    told = "> bytes sent per hour 1.5 kB 6.0 kB n=5 \u00d74 […, \u00d75] 0.004"
    assert " ".join(line.split()).startswith(told)
    lines = text.splitlines()
    assert lines.index(line) > lines.index(next(each for each in lines if "@@ Waymark" in each))
    assert "1 measured rows: 1 different, 0 the same, 0 not decided" in lines


def test_what_differs_stands_before_what_could_not_be_decided(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    undecided = replace(
        next(each for each in comparison.magnitudes if each.owner),
        owner="",
        verdict="insufficient",
        reason="too few sessions with a value",
    )
    heads = [
        line
        for line in show(replace(comparison, magnitudes=(undecided,))).splitlines()
        if line.startswith("@@")
    ]
    assert [head.split(" @@")[0] for head in heads] == [
        "@@ Waymark", "@@ the whole app", "@@ Bidriver"
    ]  # fmt: skip


def test_how_often_chance_alone_does_it_stands_below(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    text = show(comparison)
    assert f"chance: {comparison.noise.told}\n" in text
    assert "  of 3 rows that are different at most 5% (0.2) are expected to be so by chance" in text


def test_data_and_signals_are_counted_apart_as_on_the_page(show: Show) -> None:
    lines = show(reporting.sent_only_in_kenya()).splitlines()
    assert "3 rows of data: 1 different, 1 the same (within 40 points), 1 not decided" in lines
    assert "2 rows of signals: 2 different, 0 the same, 0 not decided" in lines


def test_nothing_found_is_no_row(show: Show) -> None:
    text = show(reporting.nothing_found())
    assert rows_of(text) == []
    assert text.startswith("No difference is shown between Germany (6 sessions) and Kenya (6")
    assert "nothing was recognised" in text
    assert len(text.splitlines()) == 1
    text = show(reporting.nothing_found(), every=True)
    assert text.endswith("Counted: there is no row\n")
    assert "No verdict" not in text


def test_a_table_has_one_line_a_row_for_other_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    print_rows([{"id": "a", "meaning": "word " * 100}, {"id": "b\x1b[2J", "meaning": "short"}])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["a", *["word"] * 100]
    assert "b⟨U+001B⟩[2J" in lines[2]
    print_rows([])
    assert capsys.readouterr().out == ""


def test_a_difference_goes_beyond_adults_only_if_its_interval_says_so() -> None:
    [children] = reporting.with_adults().deltas
    [everyone] = reporting.with_adults(children=False).deltas
    [alone] = [row for row in reporting.sent_only_in_kenya().deltas if row.verdict == "same"]
    assert words.beyond_adults(children) is True
    assert words.beyond_adults(everyone) is False
    assert words.beyond_adults(alone) is None
    assert words.beyond_adults(mirrored(children)) is True


def mirrored(row: Delta) -> Delta:
    """`row` as it is with the sides exchanged."""
    assert row.contrast is not None
    contrast = replace(
        row.contrast,
        effect=-row.contrast.effect,
        low=-row.contrast.high,
        high=-row.contrast.low,
        verdict="more_a",
    )
    return replace(row, a=Count(12, 12), b=Count(0, 12), effect=-row.effect, contrast=contrast)
