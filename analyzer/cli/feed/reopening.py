"""What a further coder does to items that are settled already: said before, and afterwards."""

from __future__ import annotations

import click


def warn_of_reopening(settled: int) -> None:
    """Say before coding that `settled` of the items to be coded have a final code already."""
    if settled:
        items = f"{settled:,} item is" if settled == 1 else f"{settled:,} items are"
        click.echo(
            f"  {items} settled already: one more code reopens one that was decided,"
            " or on which the coders then disagree",
            err=True,
        )


def tell_reopened(count: int) -> None:
    """Say after coding that `count` items that were settled have no final code any more."""
    if count:
        those = "item that was settled waits" if count == 1 else "items that were settled wait"
        click.echo(
            f"{count:,} {those} again for a decision: `evenhand feed code page --coder NAME"
            " --adjudicate`"
        )
