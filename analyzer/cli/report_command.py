"""`evenhand report`: a page that can be shown to others."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    confidence_option,
    example,
    open_study,
    page,
    sides_argument,
    study_option,
)


@click.command(
    "report",
    short_help="Write the HTML page.",
    epilog=example("evenhand report\nevenhand report DE KE --output de-ke.html"),
)
@sides_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write it; default: out/A-B.html in the study.",
)
@confidence_option
@study_option
def command(
    sides: tuple[str, str], output: Path | None, min_confidence: int | None, study_dir: Path
) -> None:
    """Write one self-contained HTML page that compares side A with side B.

    Default: eea with global_majority. The page holds no captured value, loads nothing, works
    without JavaScript and prints on A4.
    """
    from analyzer.cli.output import write_result

    study = open_study(study_dir, min_confidence)
    comparison, text = page(study, *sides)
    path = output or study.out / f"{comparison.a.name}-{comparison.b.name}.html"
    write_result(study, path, text)
    click.echo(f"Wrote {click.format_filename(path)}")
