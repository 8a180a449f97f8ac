"""The command group: loads a command when it is named, and says every mistake in one line."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from analyzer.cli.options import complain
from analyzer.errors import UserError

PIPE_CLOSED = 141  # as a shell reports SIGPIPE; 0, 1 and 2 would be an answer that nobody read
# What a machine refuses, with the remedy. Any other OSError is a bug of ours, and shown as one.
_REFUSALS = {
    errno.EACCES: "check the rights",
    errno.EPERM: "check the rights",
    errno.EROFS: "choose a place that can be written",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EFBIG: "choose another file system, or raise the limit of file sizes",
    errno.EIO: "check the disk, or the terminal",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "check the links",
    errno.ENOTDIR: "choose another place",
    errno.EISDIR: "choose another name",
}


class Mistake(click.ClickException):
    """A mistake of the user: one line on stderr, with the remedy."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # noqa: ARG002
        """Print the line."""
        complain(self.message)


class Interrupted(Mistake):
    """Ctrl-C where nothing has to be brought to an end."""

    exit_code = 130  # as a shell reports a program that SIGINT has ended


class Trouble(Mistake):
    """The same in `diff`, where 1 means "different", as diff(1) has it."""

    exit_code = 2


def _mistake(line: str, command: str | None) -> Mistake:
    return (Trouble if command == "diff" else Mistake)(line)


class EvenhandGroup(click.Group):
    """A click group whose commands live in modules of `package` and are imported by need."""

    def __init__(
        self,
        *args: Any,
        commands_of: Sequence[str] = (),
        package: str = "analyzer.cli",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._names = tuple(commands_of)
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order in which a study uses them."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command `cmd_name`; None where there is none."""
        if cmd_name not in self._names:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name}_command")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is not a command")
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the group's own words; a mistake there is one line too."""
        try:
            context = super().make_context(*args, **kwargs)
        except click.UsageError as error:
            _one_line(error, None)
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            context.color = False  # rich looks by itself, click does not
        return context

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first of `args` names; suggest one where there is none."""
        name = args[0]
        if not name.startswith("-") and name not in self._names and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(name, self._names, 1)
            guess = f", did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"there is no command {name!r}{guess}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, turning what the user can put right into one line and an exit code."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise _mistake(str(error), ctx.invoked_subcommand) from None
        except click.UsageError as error:
            _one_line(error, ctx.invoked_subcommand)
        except KeyboardInterrupt:
            click.echo(err=True)  # behind the ^C of the terminal
            raise Interrupted("interrupted") from None
        except BrokenPipeError:
            _drop_output()
            ctx.exit(PIPE_CLOSED)
        except OSError as error:
            fix = _REFUSALS.get(error.errno or 0)
            if fix is None:
                raise
            _drop_output()
            where = click.format_filename(error.filename) if error.filename else "the output"
            raise _mistake(f"{where}: {error.strerror}: {fix}", ctx.invoked_subcommand) from None


def _one_line(error: click.UsageError, command: str | None) -> NoReturn:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        error.ctx.exit(1)
    words = error.ctx.command_path if error.ctx else "evenhand"
    line = error.format_message().rstrip(".")
    raise _mistake(f"{line}: see `{words} --help`", command) from None


def _drop_output() -> None:
    """Let what is left of standard output go nowhere: Python would complain of it at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
