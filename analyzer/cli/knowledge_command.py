"""`evenhand knowledge`: what the program knows, and whether its files are sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import echo_json, example, json_option

if TYPE_CHECKING:
    from analyzer.knowledge import Knowledge

Row = dict[str, str]
TOPICS = ("types", "signals", "trackers", "blocs", "law")


@click.group(
    "knowledge",
    short_help="List what the program knows; check its files.",
    epilog=example("evenhand knowledge list trackers\nevenhand knowledge check"),
)
def command() -> None:
    """Show what the program knows and from where; check the data files."""


@command.command("list", epilog=example("evenhand knowledge list types --json"))
@click.argument("topic", type=click.Choice(TOPICS), required=False)
@json_option
def list_topic(topic: str | None, as_json: bool) -> None:
    """List data types, signals, trackers, blocs or law, each with its source.

    Without a TOPIC: how many of each there are.
    """
    from analyzer.knowledge import load_knowledge

    knowledge = load_knowledge()
    rows = _counts(knowledge) if topic is None else _rows(knowledge, topic)
    if as_json:
        echo_json(rows)
        return
    from reports.console import print_rows

    print_rows(rows)


@command.command(
    "check", epilog=example("evenhand knowledge check\nevenhand knowledge check my-data")
)
@click.argument(
    "folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
@json_option
def check_files(folder: Path | None, as_json: bool) -> None:
    """Validate the data files: each fault with its file, its line and what is missing.

    FOLDER is checked in place of the program's own data. Exit code 1 if there is a fault.
    """
    from dataclasses import asdict

    from analyzer.knowledge import DATA, check

    faults = check(folder or DATA)
    if as_json:
        echo_json([{key: str(value) for key, value in asdict(fault).items()} for fault in faults])
    else:
        for fault in faults:
            click.echo(f"{fault.file}:{fault.line}: {fault.what}")
        click.echo(f"{len(faults)} faults" if faults else "All data files are sound.")
    if faults:
        raise SystemExit(1)


def _counts(knowledge: Knowledge) -> list[Row]:
    counts = [{"topic": topic, "entries": str(len(_rows(knowledge, topic)))} for topic in TOPICS]
    return [*counts, {"topic": "countries", "entries": str(len(knowledge.countries))}]


def _rows(knowledge: Knowledge, topic: str) -> list[Row]:
    if topic == "types":
        return [
            {
                "id": kind.id,
                "group": kind.group,
                "meaning": kind.meaning,
                "source": f"DPV {kind.dpv}",
            }
            for kind in knowledge.types.values()
        ]
    if topic == "signals":
        return [
            {
                "id": signal.id,
                "stack": signal.stack,
                "meaning": signal.meaning,
                "source": signal.source,
            }
            for signal in knowledge.signals.values()
        ]
    if topic == "trackers":
        return [
            {
                "endpoint": endpoint.id,
                "hosts": ", ".join(endpoint.hosts),
                "rules": str(len(endpoint.fields)),
                "source": tracker.source,
            }
            for tracker in knowledge.trackers
            for endpoint in tracker.endpoints
        ]
    if topic == "blocs":
        return [
            {
                "id": bloc.id,
                "countries": str(len(bloc.members)),
                "definition": bloc.definition,
                "source": f"{bloc.source} ({bloc.date})",
            }
            for bloc in knowledge.blocs.values()
        ]
    return [
        {
            "id": law.id,
            "instrument": law.instrument,
            "rule": law.rule,
            "source": "; ".join(law.sources),
        }
        for law in knowledge.laws
    ]
