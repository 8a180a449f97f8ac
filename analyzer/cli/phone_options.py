"""What the commands of `evenhand phone` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from analyzer.cli.options import complain

if TYPE_CHECKING:
    from analyzer.phone import Adb

serial_option = click.option(
    "--serial", metavar="SERIAL", help="Which phone, where several are connected."
)
port_option = click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    metavar="NUMBER",
    help="The port of `evenhand proxy`.",
)


def ready_adb() -> Adb:
    """Find adb, and first undo what is left on phones that are connected."""
    from analyzer.phone import find_adb, undo_pending

    adb = find_adb()
    undone, _ = undo_pending(adb)
    for change in undone:
        complain(f"note: undone: {change}")
    return adb
