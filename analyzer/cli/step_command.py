"""`evenhand step`: mark the next phase of the session that is being recorded."""

from __future__ import annotations

import time
from pathlib import Path

import click

from analyzer.cli.options import example, open_study, study_option


@click.command(
    "step",
    short_help="Mark the next phase of the running session.",
    epilog=example('evenhand step consent\nevenhand step "second use" --new --arm KE-13'),
)
@click.argument("name")
@click.option(
    "--arm",
    metavar="ARM",
    help="Only the session of this arm; default: every session being recorded.",
)
@click.option("--new", is_flag=True, help="Take a name that is not among the study's phases.")
@study_option
def command(name: str, arm: str | None, new: bool, study_dir: Path) -> None:
    """Mark that phase NAME begins now, in every session that `evenhand proxy` is recording."""
    from analyzer.bundle import add_step, read_session, running_bundles
    from analyzer.errors import UserError

    study = open_study(study_dir)
    name = name.strip()
    if name not in study.phases and not new:
        raise UserError(
            f"{name!r} is not among the study's phases ({', '.join(study.phases)})",
            "sessions compare only where their phases have the same names; --new takes it anyway",
        )
    if arm is not None:
        study.arm(arm)
    running = [
        path
        for path in running_bundles(study.captures)
        if arm is None or read_session(path).arm.label == arm
    ]
    if not running:
        raise UserError("no session is being recorded", "start one with `evenhand proxy --arm ARM`")
    now = time.time()
    for path in running:
        add_step(path, name, at=now)
        click.echo(f"{path.name}: {name}")
