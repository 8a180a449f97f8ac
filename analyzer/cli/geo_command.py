"""`evenhand geo`: the databases that know in which country an address is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import echo_json, example, json_option

if TYPE_CHECKING:
    from analyzer.region.exits import Answer

REGISTRY = "https://registry.npmjs.org"
folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the databases are; default: evenhand/geo in $XDG_DATA_HOME or ~/.local/share.",
)


@click.group(
    "geo",
    short_help="Ask databases in which country an address is; get them.",
    epilog=example("evenhand geo fetch\nevenhand geo ask 203.0.113.7"),
)
def command() -> None:
    """Ask offline databases in which country an address is; list them; get two of them.

    They are what `evenhand proxy --check-url` asks for the country that the traffic leaves from.
    """


@command.command("fetch", epilog=example("evenhand geo fetch"))
@click.option(
    "--registry",
    default=REGISTRY,
    show_default=True,
    metavar="URL",
    help="The npm registry, or a mirror of it.",
)
@folder_option
def fetch_command(registry: str, folder: Path | None) -> None:
    """Download two databases of free licence from the npm registry, some 13 MB.

    No other command downloads anything.
    """
    from analyzer.region.exits import data_folder
    from analyzer.region.fetching import NOTE, PACKAGES, fetch

    for package in PACKAGES:
        got = fetch(package, folder or data_folder(), registry)
        click.echo(f"{click.format_filename(got.path)}  {got.size / 1e6:.1f} MB, {got.source}")
        click.echo(f"  {package.name} {got.version}, {package.licence}")
    click.echo(f"{NOTE}.\nAny other .mmdb file in that folder is asked, too.")


@command.command("list", epilog=example("evenhand geo list"))
@folder_option
@json_option
def list_command(folder: Path | None, as_json: bool) -> None:
    """List the databases that are there, with the day on which each was built."""
    from analyzer.region.exits import data_folder, found_databases, open_databases

    where = folder or data_folder()
    rows = []
    for path in found_databases(where):
        with open_databases([path]) as databases:
            rows += [{"path": str(path), "source": source} for source in databases.sources]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['source']}  {click.format_filename(row['path'])}")
    if not rows:
        click.echo(f"none in {click.format_filename(where)}: `evenhand geo fetch` gets two")


@command.command("ask", epilog=example("evenhand geo ask 203.0.113.7 --geo-db country.mmdb"))
@click.argument("address", metavar="IP")
@click.option(
    "--geo-db",
    "databases",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="A database in the MaxMind format, also several times; default: those of `geo list`.",
)
@folder_option
@json_option
def ask_command(
    address: str, databases: tuple[Path, ...], folder: Path | None, as_json: bool
) -> None:
    """Print in which country each database puts IP, and "disputed" where they do not agree."""
    from analyzer.errors import UserError
    from analyzer.region.exits import data_folder, found_databases, open_databases

    where = folder or data_folder()
    paths = databases or found_databases(where)
    if not paths:
        raise UserError(
            f"there is no database in {where}",
            "run `evenhand geo fetch`, or name one with --geo-db FILE",
        )
    with open_databases(paths) as opened:
        answers = opened.answers(address)
    if not answers:
        raise UserError(
            f"{address!r} is not an IP address", "write it as 203.0.113.7 or 2001:db8::1"
        )
    verdict = _verdict(answers)
    if as_json:
        rows = [
            {"source": each.source, "country": each.country, "state": each.state}
            for each in answers
        ]
        echo_json({"address": address.strip(), "answers": rows, "verdict": verdict})
        return
    for each in answers:
        click.echo(f"{each.country or each.state:<8}  {each.source}")
    click.echo(f"verdict: {verdict}")


def _verdict(answers: tuple[Answer, ...]) -> str:
    """Return the country on which all that know one agree, "disputed" or "unknown"."""
    from analyzer.bundle.tallies import DISPUTED

    countries = sorted({each.country for each in answers if each.state == "known"})
    if len(countries) > 1:
        return DISPUTED
    return countries[0] if countries else "unknown"
