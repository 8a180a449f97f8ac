"""The command group: loads a command when it is named, and says every mistake in one line."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from analyzer.errors import UserError


class Mistake(click.ClickException):
    """A mistake of the user: one line on stderr, with the remedy."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"evenhand: {self.format_message()}", file=file or sys.stderr)


class Trouble(Mistake):
    """The same in `diff`, where 1 means "different", as diff(1) has it."""

    exit_code = 2


def _mistake(line: str, command: str | None) -> Mistake:
    return (Trouble if command == "diff" else Mistake)(line)


class EvenhandGroup(click.Group):
    """A click group whose commands live in modules of `analyzer.cli` and are imported by need."""

    def __init__(self, *args: Any, commands_of: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = tuple(commands_of)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order in which a study uses them."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command `cmd_name`; None where there is none."""
        if cmd_name not in self._names:
            return None
        module = importlib.import_module(f"analyzer.cli.{cmd_name}_command")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is not a command")
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the group's own words; a mistake there is one line too."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            _one_line(error, "")

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, turning what the user can put right into one line and an exit code."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise _mistake(str(error), ctx.invoked_subcommand) from None
        except click.UsageError as error:
            _one_line(error, ctx.invoked_subcommand or "")
        except BrokenPipeError:
            # `evenhand diff | head`: the reader has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(_mistake("", ctx.invoked_subcommand).exit_code)


def _one_line(error: click.UsageError, command: str) -> NoReturn:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        raise error
    words = f"evenhand {command}".strip()
    line = error.format_message().rstrip(".").replace("\n", " ")
    raise _mistake(f"{line}: see `{words} --help`", command) from None
