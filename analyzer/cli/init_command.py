"""`evenhand init`: begin a study."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import example


@click.command(
    "init",
    short_help="Begin a study: write a commented study.toml.",
    epilog=example("evenhand init pebblo --app com.pebblo.app --first-party pebblo.com"),
)
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", metavar="NAME", help="The study's name; default: the folder's.")
@click.option(
    "--app",
    default="com.example.app",
    show_default=True,
    metavar="ID",
    help="The app under test, as the store names it.",
)
@click.option(
    "--first-party",
    multiple=True,
    metavar="DOMAIN",
    help="A domain of the app's own company; repeat for more. Default: example.com.",
)
def command(directory: Path, name: str | None, app: str, first_party: tuple[str, ...]) -> None:
    """Write a commented study.toml into DIR, with arms DE-13, KE-13, DE-30 and KE-30.

    The file is valid as it is; change the app, its domains and the personas' values to yours. A new
    folder also gets a .gitignore that keeps all of it out of git: it will hold secrets.
    """
    import datetime
    import os

    from analyzer.cli.output import write
    from analyzer.errors import UserError
    from analyzer.study import FILE, load_study
    from analyzer.study_template import study_text

    path = directory / FILE
    text = study_text(
        name or directory.resolve().name,
        app,
        first_party or ("example.com",),
        datetime.datetime.now(datetime.UTC).date(),
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        new = not any(directory.iterdir())
        with os.fdopen(
            os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} exists", "choose another DIR, or edit that file") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written", error.strerror or str(error)) from None
    try:
        load_study(directory)
    except UserError:
        path.unlink()
        raise
    if new:  # the key, the personas and the captures must not be committed by accident
        write(directory / ".gitignore", "*\n")
    click.echo(f"Wrote {click.format_filename(path)}")
    click.echo("Next: edit it, then `evenhand doctor` and `evenhand proxy --arm KE-13`.")
