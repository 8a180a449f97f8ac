"""Whole studies through bundles: ``python -m benchmarks.feed_studies.bundles --seeds 5``.

Each study is written as a recorder would write it, read, coded by two simulated people and a third,
and audited as `evenhand feed diff` does. Beside it the same draw is measured without any of that:
where nobody errs, both have to say the same.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import msgspec

from analyzer.feed.audit import audit
from analyzer.feed.measures import FeedComparison, measure
from analyzer.feed.measures.records import TIMES
from analyzer.feed.store import update
from analyzer.knowledge import load_knowledge
from analyzer.simulation.feed_accounts import CATEGORIES, POSITIVE, FeedDeclaration, onset_median
from analyzer.simulation.feed_bundles import write_study
from analyzer.simulation.feed_codes import simulate_codes
from benchmarks.feed_studies.studies import EACH, HOURS, SIDES, Score, count, lines_of

# Times are recorded to the millisecond.
_S: Final = 0.002
# Told by other names, or not there where nothing is recorded.
_ASIDE: Final = frozenset({".positive", ".settings", ".coders"})
_RECORDED: Final = frozenset({"answers", "understood"})


def through_bundles(
    root: Path,
    declaration: FeedDeclaration,
    seed: int,
    *,
    each: int = EACH,
    hours: float = HOURS,
    error: float = 0.0,
) -> tuple[FeedComparison, FeedComparison]:
    """Return what the audit of a study written to `root` says, and what its draw says itself."""
    written = write_study(root, declaration, seed, each=each, hours=hours, sides=SIDES)
    update(written.study, jobs=1)
    simulate_codes(root, seed, error)
    found = audit(written.study, *SIDES, load_knowledge()).comparison
    direct = measure(
        [written.columns], written.accounts, CATEGORIES, {POSITIVE}, SIDES, found.settings
    )
    return found, direct


def differences(one: FeedComparison, other: FeedComparison) -> list[str]:
    """Return where two comparisons are not alike: numbers but for the times' last digits."""
    return list(_apart(msgspec.to_builtins(one), msgspec.to_builtins(other), ""))


def _apart(one: Any, other: Any, at: str, timed: bool = False) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        timed = timed or one.get("measure") in TIMES
        for name in sorted({*one, *other} - _RECORDED):
            if f"{at}.{name}" not in _ASIDE:
                yield from _apart(one.get(name), other.get(name), f"{at}.{name}", timed)
    elif isinstance(one, Sequence) and isinstance(other, Sequence) and not isinstance(one, str):
        if len(one) != len(other):
            yield f"{at}: {len(one)} and {len(other)}"
        for place, pair in enumerate(zip(one, other, strict=False)):
            yield from _apart(*pair, f"{at}[{place}]", timed)
    elif isinstance(one, float) and isinstance(other, float):
        if not math.isclose(
            one, other, rel_tol=1e-9, abs_tol=_S if timed or at.endswith("_s") else 1e-9
        ):
            yield f"{at}: {one} and {other}"
    elif one != other:
        yield f"{at}: {one} and {other}"


@click.command()
@click.option("--seeds", default=5, show_default=True, help="Studies.")
@click.option("--first", default=1, show_default=True, help="Seed of the first one.")
@click.option("--error", default=0.0, show_default=True, help="Share in which a coder errs.")
@click.option("--null", is_flag=True, help="A recommender that does nothing.")
def main(*, seeds: int, first: int, error: float, null: bool) -> None:
    """Write, read, code and audit studies; count what holds and what differs."""
    declaration = FeedDeclaration(amplification=dict.fromkeys(SIDES, 1.0 if null else 10.0))
    onsets = {side: onset_median(declaration, side, HOURS) for side in SIDES}
    score, alike = Score(f"through bundles, coders err in {error:.0%}"), 0
    for seed in range(first, first + seeds):
        begun = time.monotonic()
        with TemporaryDirectory() as folder:
            found, direct = through_bundles(Path(folder) / "study", declaration, seed, error=error)
        apart = differences(found, direct)
        alike += not apart
        count(score, declaration, onsets, found)
        took = time.monotonic() - begun
        said = "as drawn" if not apart else f"{len(apart)} figures differ, first {apart[0]}"
        print(f"seed {seed}: {said} ({took:.0f} s)", file=sys.stderr, flush=True)
        print("\n".join(lines_of(score)), f"\n{alike} of {score.studies} as drawn", flush=True)


if __name__ == "__main__":
    main()
