"""The comparison of two sides: `diff A B`, with everything that a report says about it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final

from analyzer import __version__, statistics
from analyzer.compare.accounts import account_cautions
from analyzer.compare.breadth import with_countries
from analyzer.compare.cautions import cautions, false_starts, waivers, without_cookies
from analyzer.compare.declared import app_of, declared_cautions
from analyzer.compare.evidence import (
    coverage_rows,
    evidence,
    problem_counts,
    recipients,
    session_rows,
)
from analyzer.compare.judging import Bases, bases_of, judge_pair
from analyzer.compare.material import Material, material
from analyzer.compare.noise import noise_floor
from analyzer.compare.reading import reading
from analyzer.compare.recorded import Recorded
from analyzer.compare.region import by_side, region_cautions
from analyzer.compare.searched import planted_apart
from analyzer.compare.sensitivity import Headline, sensitivities, tallies, verdicts
from analyzer.compare.sides import apart
from analyzer.compare.uncertainty import guesses, hearsay
from analyzer.comparison import Comparison, Excluded, Settings, Which
from analyzer.frames import Frames
from analyzer.knowledge import Knowledge
from analyzer.models import Verdict
from analyzer.said import say
from analyzer.study import Study

DIFFERENT: Final[frozenset[Verdict]] = frozenset({"only_a", "more_a", "more_b", "only_b"})
_LIBRARIES = ("numpy", "pandas", "pyarrow", "scipy")


def compare(
    frames: Frames,
    study: Study,
    knowledge: Knowledge,
    a: str,
    b: str,
    made: Material | None = None,
) -> Comparison:
    """Compare side `a` with side `b`; both are names as `sides.resolve_side` takes them.

    Raises `UserError` where a name stands for nothing, or a session would be on both sides.
    Sessions that are no evidence (see `recorded.left_out`), and those that do not pass the gates of
    sessions (`admission`), are excluded. `made`: what `material` returns of all these, where that
    is at hand.
    """
    made = made or material(frames, study, knowledge)
    left, right = made.side(a), made.side(b)
    apart(left.side, right.side)
    found = judge_pair(made, left, right)
    deltas = found.deltas
    compared: dict[Which, tuple[Recorded, ...]] = {"a": left.compared, "b": right.compared}
    controls: dict[Which, tuple[Recorded, ...]] = {"a": left.controls, "b": right.controls}
    part = [*left.compared, *left.controls, *right.compared, *right.controls]
    regions = by_side(
        made.proofs,
        {"a": (*left.compared, *left.out), "b": (*right.compared, *right.out)},
    )
    excluded = excluded_of(
        made, frames, [*left.out, *left.out_controls, *right.out, *right.out_controls]
    )
    coverage = coverage_rows(frames.coverage, compared)
    rows = verdicts(deltas)
    bare = made.cookieless if _in_cookies(made, left.ids | right.ids) else frozenset[str]()
    headline = Headline(made, (a, b), left, right, rows, found.others)
    again = sensitivities(headline)
    return Comparison(
        study=study.name,
        app=app_of(study, [*left.compared, *right.compared]),
        a=left.side,
        b=right.side,
        deltas=with_countries(made, left, right, deltas, again),
        tallies=tallies(rows),
        evidence=evidence(frames, (*deltas, *found.magnitudes), compared),
        recipients=recipients(made.seen, left.ids | right.ids),
        coverage=coverage,
        blind_spots=(
            *made.blind.on("a", left.side.title, left.ids),
            *made.blind.on("b", right.side.title, right.ids),
        ),
        noise=noise_floor(
            {left.side.title: left.compared, right.side.title: right.compared},
            [*left.controls, *right.controls],
            made.seen,
            study.compare,
            (sum(each.verdict in DIFFERENT for each in deltas), len(deltas)),
        ),
        warnings=(
            *account_cautions((left.side.title, left.compared), (right.side.title, right.compared)),
            *declared_cautions(study, part),
            *cautions((left.side, left.compared), (right.side, right.compared), excluded),
            *waivers(found.gates),
            *(
                say(
                    "It is not told whether minors differ more than adults do: {reason}.",
                    reason=each,
                )
                for each in found.beside_adults
            ),
            *without_cookies(left.side, left.compared, bare),
            *without_cookies(right.side, right.compared, bare),
            *false_starts(left.side, left.compared, left.controls),
            *false_starts(right.side, right.compared, right.controls),
            *region_cautions(left.side, right.side, regions),
            *planted_apart((left.side, left.compared), (right.side, right.compared), made.searched),
            *hearsay(frames, knowledge, study.compare.unverified),
        ),
        sessions=session_rows(frames, compared, controls),
        excluded=excluded,
        problems=problem_counts(frames.problems, compared),
        settings=settings_of(frames, study),
        versions=(
            ("evenhand", __version__),
            ("python", platform.python_version()),
            *((name, version(name)) for name in _LIBRARIES),
        ),
        tools=tuple(sorted({tool for each in part for tool in each.tools})),
        knowledge=knowledge.fingerprint,
        regions=regions,
        magnitudes=found.magnitudes,
        gates=found.gates,
        sensitivities=again,
        phases=study.phases,
        reading=reading(coverage, {"a": left.side, "b": right.side}),
        consent=study.consent_phase,
        fictional=study.fictional,
    )


def bases(frames: Frames, study: Study, knowledge: Knowledge, a: str, b: str) -> Bases:
    """Return the sessions behind every row of ``compare(frames, study, knowledge, a, b)``."""
    made = material(frames, study, knowledge)
    left, right = made.side(a), made.side(b)
    return bases_of(made, left, right)


def _in_cookies(made: Material, sessions: frozenset[str]) -> bool:
    """Say whether anything was seen in cookies of `sessions`, and nowhere else."""
    return any(
        each.in_cookies and not each.sessions.isdisjoint(sessions) for each in made.seen.values()
    )


def excluded_of(made: Material, frames: Frames, sessions: list[Recorded]) -> tuple[Excluded, ...]:
    """Return what is no part of a comparison, and those of `sessions` that gates left out."""
    found = [Excluded(session, reason) for session, reason in frames.excluded]
    found += [*made.away, *made.admission.out(sessions)]
    return tuple(sorted(found, key=lambda each: each.session))


def settings_of(frames: Frames, study: Study) -> Settings:
    """Return the bounds of the verdicts, as a report prints them."""
    return Settings(
        alpha=study.compare.alpha,
        margin=study.compare.margin,
        min_sessions=study.compare.min_sessions,
        confidence=statistics.CONFIDENCE,
        min_confidence=study.compare.min_confidence,
        uncertain=guesses(frames, study.compare.min_confidence),
    )
