"""What the global options say, and the engine they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soulsync_engine.errors import ConfigurationError

if TYPE_CHECKING:
    from soulsync_engine.config import ConfigFile, EngineConfig
    from soulsync_engine.engine import MediaServerEngine
    from soulsync_engine.server import MediaServer


@dataclass(slots=True)
class Invocation:
    """One run of the command line. `as_json` is set by the command that was asked for JSON."""

    config_path: Path | None = None
    debug: bool = False
    as_json: bool = False

    @classmethod
    def of(cls, ctx: typer.Context) -> Invocation:
        """The invocation a command runs in."""
        found = ctx.find_object(cls)
        return found if found is not None else cls()

    def config(self) -> EngineConfig:
        """The configuration, environment variables included."""
        from soulsync_engine.config import load_config

        return load_config(self.config_path)

    def config_file(self) -> ConfigFile:
        """The configuration file, to be edited."""
        from soulsync_engine.config import ConfigFile, config_path

        return ConfigFile(self.config_path or config_path())

    @contextmanager
    def engine(self) -> Iterator[MediaServerEngine]:
        """The engine for this configuration, closed afterwards; nothing is connected yet."""
        from soulsync_engine.cli.logs import show_logs
        from soulsync_engine.engine import MediaServerEngine

        show_logs(tracebacks=self.debug)
        with MediaServerEngine(self.config()) as engine:
            yield engine


def chosen_servers(engine: MediaServerEngine, name: str | None) -> list[MediaServer]:
    """The server asked for, or every configured one."""
    return list(engine.configured_clients().values()) if name is None else [engine.server(name)]


def _remember_json(ctx: typer.Context, value: bool) -> bool:
    if value:
        Invocation.of(ctx).as_json = True
    return value


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.", callback=_remember_json)]
"""`--json`, remembered so that an error is printed as JSON, too."""


def complete_server(ctx: typer.Context, incomplete: str) -> list[str]:
    """The configured servers, for the shell's completion; none while the configuration is wrong."""
    from soulsync_engine.config import load_config

    try:
        servers = load_config(ctx.find_root().params.get("config")).servers
    except ConfigurationError:
        return []
    return [name for name in servers if name.startswith(incomplete)]


ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server", "-s", help="Only this server.", show_default=False, autocompletion=complete_server
    ),
]
ServerArgument = Annotated[
    str | None,
    typer.Argument(help="A configured server.", show_default=False, autocompletion=complete_server),
]
