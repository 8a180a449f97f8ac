"""Options and small things that several commands share."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from analyzer.comparison import Comparison
    from analyzer.frames import Frames
    from analyzer.knowledge import Knowledge
    from analyzer.study import Study

F = TypeVar("F", bound=Callable[..., Any])

study_option: Callable[[F], F] = click.option(
    "--study",
    "study_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="The study's folder; default: the current one.",
)
confdir_option: Callable[[F], F] = click.option(
    "--confdir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("~/.mitmproxy"),
    show_default=True,
    metavar="DIR",
    help="Where the proxy's certificate authority and the tunnels' keys are kept.",
)
json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a machine."
)


confidence_option: Callable[[F], F] = click.option(
    "--min-confidence",
    type=click.IntRange(0, 100),
    metavar="N",
    help="Count what was found by name or shape from N per cent on; default: as study.toml has it.",
)


def _two_or_none(
    ctx: click.Context, _: click.Parameter, sides: tuple[str, ...]
) -> tuple[str, str] | None:
    if len(sides) not in (0, 2):
        raise click.UsageError("name two sides, A and B, or none", ctx)
    return (sides[0], sides[1]) if sides else None


def _two(ctx: click.Context, given: click.Parameter, sides: tuple[str, ...]) -> tuple[str, str]:
    return _two_or_none(ctx, given, sides) or ("eea", "global_majority")


sides_argument: Callable[[F], F] = click.argument("sides", nargs=-1, metavar="[A B]", callback=_two)
sides_or_none_argument: Callable[[F], F] = click.argument(
    "sides", nargs=-1, metavar="[A B]", callback=_two_or_none
)
bundles_argument: Callable[[F], F] = click.argument("bundles", nargs=-1, metavar="[SESSION]...")


def example(text: str) -> str:
    """Return `text` as the epilog of a command: kept line by line, headed "Example"."""
    lines = "\n".join(f"  {line}" for line in text.strip().splitlines())
    return f"\b\nExample:\n{lines}\n"


def open_study(study_dir: Path, min_confidence: int | None = None) -> Study:
    """Load the study that `--study` names, with what `--min-confidence` changes of it."""
    from dataclasses import replace

    from analyzer.study import load_study

    study = load_study(study_dir)
    if min_confidence is None:
        return study
    return replace(study, compare=replace(study.compare, min_confidence=min_confidence))


def analysed(study: Study) -> tuple[Frames, Knowledge]:
    """Return what `analyze` found in `study`, and what is known."""
    from analyzer.frames import load_frames
    from analyzer.knowledge import load_knowledge

    knowledge = load_knowledge()
    return load_frames(study, knowledge), knowledge


def compared(study: Study, a: str, b: str) -> Comparison:
    """Compare sides `a` and `b` of what was analysed of `study`."""
    from analyzer.compare import compare

    frames, knowledge = analysed(study)
    return compare(frames, study, knowledge, a, b)


def chosen_bundles(names: tuple[str, ...], study_dir: Path) -> list[Path]:
    """Return the bundles that `names` stand for, or those of the study where there are none.

    A name is a folder, or the id of one of the study's sessions, or how that begins.
    """
    from analyzer.bundle import find_bundle, list_bundles

    if not names:
        return list_bundles(open_study(study_dir).captures)
    return [
        path if (path := Path(name)).is_dir() else find_bundle(open_study(study_dir).captures, name)
        for name in names
    ]


def complain(text: str) -> None:
    """Print `text` as one line on stderr, also if it quotes line ends or terminal codes."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    click.echo(f"evenhand: {line}", err=True)


def echo_json(value: object) -> None:
    """Print `value` as indented JSON with sorted keys; a set becomes a sorted list."""
    text = json.dumps(value, indent=2, sort_keys=True, default=sorted)
    click.echo(text)


Advance = Callable[[int, int, str], None]


@contextmanager
def progress(title: str, after_s: float = 0.0) -> Iterator[Advance]:
    """Show a bar on a terminal's stderr; nothing elsewhere, so that logs stay readable.

    `after_s`: what takes no longer needs none. Yields a callable that takes (done, total, what is
    being done).
    """
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[what]}"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(title, total=None, what="")
    begun = time.monotonic()

    def advance(done: int, total: int, what: str) -> None:
        bar.update(task, completed=done, total=total, what=what)
        if not bar.live.is_started and time.monotonic() - begun >= after_s:
            bar.start()

    try:
        if not after_s:
            bar.start()
        yield advance
    finally:
        bar.stop()
