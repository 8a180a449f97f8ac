"""Prints how often the program is right: ``python -m benchmarks.accuracy``."""

from __future__ import annotations

import sys
from dataclasses import replace

import click
import orjson

from analyzer.knowledge import load_knowledge
from benchmarks.accuracy.calibration import fit, write
from benchmarks.accuracy.scoring import by_generic
from benchmarks.accuracy.tables import measure, text
from benchmarks.accuracy.vectors import distinct, held_out, read_rules, read_vectors


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--calibrate", is_flag=True, help="Fit the points of confidence.yaml first.")
def main(*, as_json: bool, calibrate: bool) -> None:
    """Judge the labelled set and print precision and recall."""
    knowledge = load_knowledge()
    if calibrate:
        labelled = distinct([*read_vectors(), *read_rules(knowledge)])
        known = [each for each in labelled if not held_out(each.origin)]
        points = fit(by_generic(knowledge, known))
        write(points)
        knowledge = replace(knowledge, vocabulary=replace(knowledge.vocabulary, points=points))
    print("Judging; this takes some seconds ...", file=sys.stderr)
    figures = measure(knowledge)
    if as_json:
        print(orjson.dumps(figures.as_json(knowledge), option=orjson.OPT_INDENT_2).decode())
    else:
        print(text(figures, knowledge))


if __name__ == "__main__":
    main()
