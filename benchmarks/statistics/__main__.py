"""Prints how often the comparison is right: ``python -m benchmarks.statistics``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.statistics.tables import DOCS, measure, text, write


@click.command()
@click.option("--studies", default=200, show_default=True, help="Studies of each kind.")
@click.option(
    "--docs",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DOCS,
    help="The document whose tables are replaced.",
)
@click.option("--no-docs", is_flag=True, help="Only print.")
def main(*, studies: int, docs: Path, no_docs: bool) -> None:
    """Make studies up, compare their sides, and print what was right.

    Ends with 1 where a bound is not kept.
    """
    figures = measure(studies, lambda told: print(told, file=sys.stderr))
    tables = text(figures)
    print(tables)
    if not no_docs:
        write(docs, tables)
    sys.exit(0 if figures.kept else 1)


if __name__ == "__main__":
    main()
