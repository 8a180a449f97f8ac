"""Prints how often the measures of a feed are right: ``python -m benchmarks.feed_studies``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.feed_studies import agreeing, coders, confounded, methods, power, stopping, studies

DOCS = Path(__file__).resolve().parents[2] / "docs" / "feed.md"
BEGIN, END = "<!-- measured: python -m benchmarks.feed_studies -->", "<!-- end -->"


@click.command()
@click.option("--seeds", default=100, show_default=True, help="Studies of each kind.")
@click.option("--arms", default=1000, show_default=True, help="Pairs of arms for each method.")
@click.option("--smaller", default=100, show_default=True, help="Studies of each other row.")
@click.option("--no-docs", is_flag=True, help="Only print; docs/feed.md stays as it is.")
def main(*, seeds: int, arms: int, smaller: int, no_docs: bool) -> None:
    """Make studies up, measure them, and print how often what was declared lies within.

    Ends with 1 where a goal is missed.
    """
    scores = studies.measured(seeds, lambda told: print(told, file=sys.stderr))
    tables = [studies.lines(scores), methods.lines(arms)]
    for table in (stopping, coders, power, confounded, agreeing):
        print(table.__doc__, file=sys.stderr)
        tables.append(table.lines(smaller))
    text = "\n\n".join("\n".join(table) for table in tables)
    print(text)
    if not no_docs:
        before, _, rest = DOCS.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    sys.exit(not scores.kept)


if __name__ == "__main__":
    main()
