"""How the commands are looked up, and what becomes of the errors they raise."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from soulsync_engine.cli.exits import ExitCode, exit_code_of
from soulsync_engine.cli.output import note, show_error
from soulsync_engine.cli.state import Invocation
from soulsync_engine.errors import SoulSyncError


class _AbsentIsNone(TyperOption):
    """An option whose value is converted only if it was given.

    Typer imports pydantic to convert a value, also one that is not there: a third of the time that
    `soulsync backends` takes. Typer has no say in which class its options are, so theirs is exchanged;
    its parameters and contexts are `Any` here because where their types come from differs between its versions.
    """

    def process_value(self, ctx: Any, value: Any) -> Any:
        return None if value is None else super().process_value(ctx, value)


def _spare(params: list[Any]) -> list[Any]:
    for param in params:
        if type(param) is TyperOption and not param.required and not param.multiple and not param.prompt:
            param.__class__ = _AbsentIsNone
    return params


class Command(TyperCommand):
    """One command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, `--help` included."""
        return _spare(super().get_params(ctx))


class Family(TyperGroup):
    """A group of commands below one name, such as `soulsync servers`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, `--help` included."""
        return _spare(super().get_params(ctx))


class Root(Family):
    """`soulsync` itself: commands of third parties are looked for only where they can matter."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by name; plugins are asked only when no command of the engine has it."""
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else self._contributed().get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """The engine's commands in their order, then those of plugins."""
        own = super().list_commands(ctx)
        return [*own, *sorted(set(self._contributed()) - set(own))]

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and turn whatever it raises into a sentence and an exit code."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                # Here, where a closed pipe can still be dealt with, and not when the interpreter ends.
                sys.stdout.flush()
        except SoulSyncError as error:
            invocation = Invocation.of(ctx)
            if invocation.debug:
                traceback.print_exc()
            show_error(error, as_json=invocation.as_json)
            raise typer.Exit(exit_code_of(error)) from None
        except (KeyboardInterrupt, typer.Abort) as interrupt:
            note(str(interrupt) or "Interrupted.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            _silence_stdout()
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None
        except OSError as error:
            # Files that cannot be written are told of by whoever writes them; a stream has no name.
            if error.errno != errno.ENOSPC or error.filename is not None:
                raise
            _silence_stdout()
            note(
                "The output could not be written, as no space is left. See in `soulsync status` what was done."
            )
            raise typer.Exit(ExitCode.FAILED) from None

    def _contributed(self) -> dict[str, Any]:
        from soulsync_engine.cli.contributed import contributed_commands

        return contributed_commands()


def _silence_stdout() -> None:
    """Keep the interpreter from failing once more when it flushes the closed pipe at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
