"""The tables that the benchmark prints, and writes into docs/statistics.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.statistics import level, power_of, sessions_needed
from benchmarks.statistics import formulas
from benchmarks.statistics.judging import CONTRASTS, RULES, Rates, judge
from benchmarks.statistics.peers import Agreement, agreements
from benchmarks.statistics.studies import NOTHING, OWNERS, ROWS, Design, Truth, differing

DOCS = Path(__file__).resolve().parents[2] / "docs" / "statistics.md"
BEGIN, END = "<!-- measured: python -m benchmarks.statistics -->", "<!-- end -->"
ALPHA = formulas.ALPHA
_SEED = 20261123
_SESSIONS = 6  # of each arm
_NEEDED = 0.9  # of declared differences have to be found

_PAIR = Design(("DE-13",), ("KE-13",), 6, None)
_TWICE = Design(("DE-13",), ("KE-13",), 15, 5)
_BLOCS = Design(("DE-13", "FR-13"), ("KE-13", "PH-13", "BR-13"), 6, 1)
_ADULTS = Design(_BLOCS.a, _BLOCS.b, 6, 1, adults=True)
_FEW = Design(("DE-13",), ("KE-13",), 6, None, owners=1)
_FEW_MORE = Design(("DE-13",), ("KE-13",), 10, None, owners=1)
_LATE = Truth({}, delay=6.0, decimals=2)
_STUDIES: Sequence[tuple[str, Design, Truth]] = (
    ("nothing differs", _BLOCS, NOTHING),
    ("1 row differs, 0.9 to 0.1", _BLOCS, differing(1, 0.9, 0.1)),
    ("4 rows differ, 0.9 to 0.1", _BLOCS, differing(4, 0.9, 0.1)),
    ("4 rows differ, 1.0 to 0.2", _BLOCS, differing(4, 1.0, 0.2)),
    ("10 rows differ, 0.1 to 0.9", _BLOCS, differing(10, 0.1, 0.9)),
    ("delays and decimals differ", _BLOCS, _LATE),
    ("nothing differs", _ADULTS, NOTHING),
    ("4 rows differ for minors only, 0.9 to 0.1", _ADULTS, differing(4, 0.9, 0.1)),
    (
        "4 rows differ for minors and adults, 0.9 to 0.1",
        _ADULTS,
        differing(4, 0.9, 0.1, adults=True),
    ),
    ("nothing differs", _TWICE, NOTHING),
    ("1 row differs, 0.9 to 0.1", _TWICE, differing(1, 0.9, 0.1)),
    ("nothing differs", _PAIR, NOTHING),
    ("1 row differs, 0.9 to 0.1", _PAIR, differing(1, 0.9, 0.1)),
    ("10 rows differ, 0.9 to 0.1", _PAIR, differing(10, 0.9, 0.1)),
    ("nothing differs", _FEW, NOTHING),
    ("1 row differs, 0.9 to 0.1", _FEW, differing(1, 0.9, 0.1)),
    ("1 row differs, 1.0 to 0.2", _FEW, differing(1, 1.0, 0.2)),
    ("1 row differs, 0.9 to 0.1", _FEW_MORE, differing(1, 0.9, 0.1)),
)


@dataclass(frozen=True, slots=True)
class Case:
    """Studies of one design and truth, judged by each rule."""

    name: str
    design: Design
    truth: Truth
    rates: Mapping[str, Rates]

    @property
    def report(self) -> Rates:
        """What the report itself said."""
        return self.rates["report"]

    @property
    def required(self) -> bool:
        """Whether the declared differences have to be found: 6 sessions of each arm, in blocs."""
        return bool(self.truth.rows) and len(self.design.a) > 1

    @property
    def kept(self) -> bool:
        """Whether false discoveries, and findings where they are required, keep their bounds."""
        found = not self.required or self.report.power >= _NEEDED
        return self.report.false_rate <= ALPHA + 2 * self.report.false_error and found


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that was measured."""

    studies: int
    cases: tuple[Case, ...]
    lines: tuple[formulas.Measured, ...]
    agreements: tuple[Agreement, ...]

    @property
    def kept(self) -> bool:
        """Whether every bound was kept."""
        agree = all(each.largest < 1e-6 for each in self.agreements)
        cases = all(each.kept for each in self.cases)
        return cases and all(each.kept for each in self.lines) and agree


def measure(studies: int, progress: Callable[[str], None]) -> Figures:
    """Make everything up, judge it, and tell `progress` what is going on."""
    knowledge = load_knowledge()
    return Figures(
        studies,
        tuple(_cases(knowledge, studies, progress)),
        (
            *formulas.shares(),
            *formulas.contrasts(),
            *formulas.magnitudes(studies, _SEED),
            *formulas.countries(studies, _SEED),
            *formulas.noise(studies, _SEED),
        ),
        tuple(agreements()),
    )


def text(figures: Figures) -> str:
    """Return the tables as Markdown."""
    return "\n".join([*_studies(figures), "", *_rules(figures), "", *_plans(), "",
                      *_lines(figures), "", *_peers(figures)])  # fmt: skip


def write(path: Path, tables: str) -> None:
    """Put `tables` between the marks of the document at `path`."""
    before = path.read_text(encoding="utf-8")
    marks = f"{re.escape(BEGIN)}.*?{re.escape(END)}"
    after, found = re.subn(
        marks, lambda _: f"{BEGIN}\n\n{tables}\n\n{END}", before, flags=re.DOTALL
    )
    if found != 1:
        raise ValueError(f"{path} has no place for the tables: {BEGIN} ... {END}")
    path.write_text(after, encoding="utf-8")


def _cases(knowledge: Knowledge, studies: int, progress: Callable[[str], None]) -> Iterator[Case]:
    for place, (name, design, truth) in enumerate(_STUDIES):
        progress(f"{studies} studies: {_design(design)}, {name} ...")
        yield Case(name, design, truth, judge(design, truth, knowledge, studies, _SEED + place))


def _studies(figures: Figures) -> Iterator[str]:
    yield f"### {figures.studies} studies of each kind, by the whole comparison"
    yield ""
    yield (
        "| study | what differs | rows | false discovery rate | studies with a false difference"
        " | declared rows found | called the same | declared differences of differences found"
        " | kept |"
    )
    yield "|---|---|--:|--:|--:|--:|--:|--:|---|"
    for case in figures.cases:
        rates = case.report
        declared = any(each.declared for each in rates.scores)
        contrasts = case.rates[CONTRASTS]
        beyond = any(each.declared for each in contrasts.scores)
        yield _row(
            _design(case.design),
            case.name,
            f"{rates.rows:.0f}",
            f"{rates.false_rate:.3f} ± {rates.false_error:.3f}",
            f"{rates.false_studies}",
            f"{rates.power:.3f}" if declared else "",
            f"{rates.missed:.3f}" if declared else "",
            f"{contrasts.power:.3f}" if beyond else "",
            _kept(case.kept) if case.required or not declared else "",
        )


def _rules(figures: Figures) -> Iterator[str]:
    yield "### What the rule for many rows costs: the same studies, presence rows only"
    yield ""
    others = [rule for rule in RULES if rule != "report"]
    heads = [f"{rule}: {what}" for rule in others for what in ("false", "found")]
    yield _row("study", "what differs", *heads)
    yield "|---|---|" + "--:|" * len(heads)
    for case in figures.cases:
        if not case.truth.rows and case.truth is not NOTHING:
            continue
        cells = []
        for rule in others:
            rates = case.rates[rule]
            cells += [
                f"{rates.false_rate:.3f}",
                f"{rates.power:.3f}" if case.truth.rows else "",
            ]
        yield _row(_design(case.design), case.name, *cells)


def _plans() -> Iterator[str]:
    yield "### Sessions of each arm for a power of 0.9 at 0.9 to 0.1, by the exact power"
    yield ""
    yield "| arms | rows that can come out either way | no blocks | blocks of one of each arm |"
    yield "|---|--:|--:|--:|"
    for arms in ((1, 1), (2, 3), (4, 4)):
        for rows in (1, 10, ROWS):
            needed = [
                sessions_needed(
                    0.9, 0.1, alpha=ALPHA, power=_NEEDED, rows=rows, arms=arms, per_block=block,
                    most=60,
                )
                for block in (None, 1)
            ]  # fmt: skip
            yield _row(
                f"{arms[0]} against {arms[1]}",
                str(rows),
                *("more than 60" if each is None else str(each.sessions) for each in needed),
            )
    yield ""
    yield from _powers()
    yield ""
    yield (
        "The best of all tests, for one row alone, without any correction for many, of 6 sessions"
        f" against 6 at 0.9 to 0.1, has a power of {formulas.best_possible(0.9, 0.1, 6):.3f}: what"
        " the bound of 0.9 asks is not to be had from one arm against one of 6 sessions."
    )


def _powers() -> Iterator[str]:
    yield f"### Exact power of {_SESSIONS} sessions of each arm, for a difference of 0.8"
    yield ""
    shares = ((0.9, 0.1), (1.0, 0.2), (0.8, 0.0))
    heads = [f"{a:g} to {b:g}, {blocks}" for a, b in shares for blocks in ("no blocks", "blocks")]
    yield _row("arms", "rows that can come out either way", *heads)
    yield "|---|--:|" + "--:|" * len(heads)
    for a, b in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3)):
        for rows in (1, 10, ROWS):
            bound = level(ALPHA, rows)
            cells = [
                power_of(*share, blocks, bound)
                for share in shares
                for blocks in ([(_SESSIONS * a, _SESSIONS * b)], [(a, b)] * _SESSIONS)
            ]
            yield _row(f"{a} against {b}", str(rows), *(f"{cell:.3f}" for cell in cells))


def _lines(figures: Figures) -> Iterator[str]:
    yield "### The methods one by one"
    yield ""
    yield "| what | rate | bound | out of | kept |"
    yield "|---|--:|--:|--:|---|"
    for each in figures.lines:
        sign = "≤" if each.at_most else "≥"
        yield _row(
            each.what,
            f"{each.rate:.4f}",
            f"{sign} {each.bound:g}",
            str(each.trials) if each.trials else "exact",
            _kept(each.kept),
        )


def _peers(figures: Figures) -> Iterator[str]:
    yield "### Agreement with SciPy and statsmodels"
    yield ""
    yield "| what | peer | numbers | largest difference |"
    yield "|---|---|--:|--:|"
    for each in figures.agreements:
        # What is below is rounding, and differs from one processor to the next.
        shown = "< 1e-9" if each.largest < 1e-9 else f"{each.largest:.1e}"
        yield _row(each.what, each.peer, str(each.cases), shown)


def _design(design: Design) -> str:
    each = f"{design.sessions} sessions of each arm"
    blocks = "" if design.per_block is None else f", blocks of {design.per_block}"
    adults = ", and of adults" if design.adults else ""
    few = "" if design.owners == len(OWNERS) else f", {design.owners} company"
    return f"{' '.join(design.a)} against {' '.join(design.b)}, {each}{adults}{blocks}{few}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _kept(kept: bool) -> str:
    return "yes" if kept else "**no**"
