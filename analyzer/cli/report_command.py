"""`evenhand report`: a page that can be shown to others."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import example, open_study, study_option


@click.command(
    "report",
    short_help="Write the HTML page.",
    epilog=example("evenhand report\nevenhand report DE KE --output out/de-ke.html"),
)
@click.argument("a", metavar="[A", default="eea")
@click.argument("b", metavar="B]", default="global_majority")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it."
)
@study_option
def command(a: str, b: str, output: Path | None, study_dir: Path) -> None:
    """Write one self-contained HTML page that compares side A with side B.

    Default: eea with global_majority, into the study's out/. The page holds no captured value,
    loads nothing, works without JavaScript and prints on A4.
    """
    from analyzer.compare import compare
    from analyzer.errors import UserError
    from analyzer.frames import load_frames
    from analyzer.knowledge import load_knowledge
    from reports.html import render_html

    study = open_study(study_dir)
    knowledge = load_knowledge()
    comparison = compare(load_frames(study, knowledge), study, knowledge, a, b)
    path = output or study.out / f"{comparison.a.name}-{comparison.b.name}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render_html(comparison, knowledge), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
    click.echo(f"Wrote {path}")
