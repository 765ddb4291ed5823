"""The application: global options, and where each command is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from soulsync_engine.cli import backends, doctor, mirroring, reading, servers, status, syncing
from soulsync_engine.cli.commands import Command, Root
from soulsync_engine.cli.state import Invocation

# Help without Rich: drawing it costs as much time as all the rest of `soulsync --help`.
app = typer.Typer(
    name="soulsync",
    cls=Root,
    help="One mirror of many music servers: sync it, search it, see what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(value: bool) -> None:
    if value:
        from importlib_metadata import version

        typer.echo(f"soulsync-engine {version('soulsync-engine')}")
        raise typer.Exit


@app.callback()
def start(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="PATH", help="Use this configuration file.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Keep the global options for the command that follows."""
    ctx.obj = Invocation(config_path=config, debug=debug)


for command in (
    backends.backends,
    status.status,
    status.libraries,
    syncing.sync,
    reading.search,
    reading.changes,
    syncing.scan,
    doctor.doctor,
    backends.matrix,
):
    app.command(cls=Command)(command)
app.add_typer(servers.app, name="servers")
app.add_typer(mirroring.app, name="mirror")
