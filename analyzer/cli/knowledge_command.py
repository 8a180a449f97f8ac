"""`evenhand knowledge`: what the program knows, and whether its files are sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import echo_json, example, json_option

if TYPE_CHECKING:
    from analyzer.knowledge import Knowledge

Row = dict[str, str]


@click.group(
    "knowledge",
    short_help="List what the program knows; check its files.",
    epilog=example("evenhand knowledge list trackers\nevenhand knowledge check"),
)
def command() -> None:
    """Show what the program knows and from where; check the data files."""


def _types(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for kind in knowledge.types.values():
        yield (
            kind,
            {
                "id": kind.id,
                "group": kind.group,
                "meaning": kind.meaning,
                "source": f"DPV {kind.dpv}" if kind.dpv else "",
            },
        )


def _signals(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for signal in knowledge.signals.values():
        yield (
            signal,
            {
                "id": signal.id,
                "stack": signal.stack,
                "meaning": signal.meaning,
                "source": _marked(signal.source, signal.verified),
            },
        )


def _trackers(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for tracker in knowledge.trackers:
        for endpoint in tracker.endpoints:
            yield (
                endpoint,
                {
                    "endpoint": endpoint.id,
                    "hosts": ", ".join(endpoint.hosts),
                    "rules": str(len(endpoint.fields)),
                    "source": tracker.source,
                },
            )


def _rules(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for tracker in knowledge.trackers:
        for endpoint in tracker.endpoints:
            for rule in endpoint.fields:
                yield (
                    rule,
                    {
                        "rule": rule.rule_id,
                        "type": rule.type,
                        "reason": rule.reason,
                        "grade": rule.grade,
                        "source": _marked(rule.source or "observed only", rule.verified),
                    },
                )


def _owners(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for owner in knowledge.owners.entries.values():
        yield (
            owner,
            {
                "domain": owner.domain,
                "owner": owner.owner,
                "category": owner.category,
                "source": owner.source,
            },
        )


def _blocs(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for bloc in knowledge.blocs.values():
        yield (
            bloc,
            {
                "id": bloc.id,
                "countries": str(len(bloc.members)),
                "definition": bloc.definition,
                "source": _marked(f"{bloc.source} ({bloc.date})", bloc.verified),
            },
        )


def _countries(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for code, country in knowledge.countries.items():
        blocs = [bloc.id for bloc in knowledge.blocs.values() if code in bloc.members]
        yield (
            country,
            {
                "code": code,
                "name": country.name,
                "region": country.subregion or country.region,
                "blocs": ", ".join(blocs),
            },
        )


def _law(knowledge: Knowledge) -> Iterable[tuple[Any, Row]]:
    for law in knowledge.laws:
        yield (
            law,
            {
                "id": law.id,
                "instrument": law.instrument,
                "rule": law.rule,
                "source": _marked("; ".join(law.sources), law.verified),
            },
        )


def _marked(source: str, verified: bool) -> str:
    return source if verified else f"{source} (not verified)".strip()


_TOPICS: dict[str, Callable[[Knowledge], Iterable[tuple[Any, Row]]]] = {
    "types": _types,
    "signals": _signals,
    "trackers": _trackers,
    "rules": _rules,
    "owners": _owners,
    "blocs": _blocs,
    "countries": _countries,
    "law": _law,
}


@command.command(
    "list",
    short_help="What is known, with its sources.",
    epilog=example(
        "evenhand knowledge list\n"
        "evenhand knowledge list blocs\n"
        "evenhand knowledge list types --json"
    ),
)
@click.argument("topic", type=click.Choice(list(_TOPICS)), required=False, metavar="[TOPIC]")
@json_option
def list_topic(topic: str | None, as_json: bool) -> None:
    """List all that is known of a TOPIC, each entry with its source.

    \b
    types      kinds of personal data
    signals    privacy signals
    trackers   services and their hosts
    rules      fields of these services that hold personal data
    owners     who is behind a domain
    blocs      sets of countries
    countries  every country of ISO 3166-1, and its blocs
    law        rules on profiling minors

    Without a TOPIC: how many entries each has. With --json: all that is known of each entry.
    """
    from analyzer.knowledge import load_knowledge

    knowledge = load_knowledge()
    if topic is None:
        counts = {name: sum(1 for _ in entries(knowledge)) for name, entries in _TOPICS.items()}
        if as_json:
            echo_json(counts)
        else:
            _print([{"topic": name, "entries": str(count)} for name, count in counts.items()])
    elif as_json:
        echo_json([asdict(record) for record, _ in _TOPICS[topic](knowledge)])
    else:
        _print([row for _, row in _TOPICS[topic](knowledge)])


def _print(rows: list[Row]) -> None:
    from reports.console import print_rows

    print_rows(rows)


@command.command(
    "check",
    short_help="Are the data files sound?",
    epilog=example("evenhand knowledge check\nevenhand knowledge check my-data --json"),
)
@click.argument(
    "folder",
    required=False,
    metavar="[FOLDER]",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@json_option
def check_files(folder: Path | None, as_json: bool) -> None:
    """Validate the data files, those of the audit of feeds too: each fault with file and line.

    FOLDER is checked in place of the program's own data. Exit code 1 if there is a fault.
    """
    from analyzer.feed.checking import check_feeds
    from analyzer.knowledge import DATA, check

    faults = [*check(folder or DATA), *check_feeds(folder or DATA)]
    if as_json:
        echo_json([asdict(fault) for fault in faults])
    else:
        for fault in faults:
            click.echo(str(fault))
        many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        click.echo(many if faults else "All data files are sound.")
    if faults:
        raise SystemExit(1)
