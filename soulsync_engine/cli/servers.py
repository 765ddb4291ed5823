"""`soulsync servers`: which servers are configured."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from soulsync_engine.cli.commands import Command, Family
from soulsync_engine.cli.output import note, show, show_json, show_table
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument
from soulsync_engine.cli.status import NO_SERVER

if TYPE_CHECKING:
    from soulsync_engine.config import EngineConfig, ServerConfig

app = typer.Typer(
    cls=Family,
    help="List, add, remove, choose and test servers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help="The server's name.")]


@app.command("list", cls=Command)
def list_servers(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """List the configured servers."""
    config = Invocation.of(ctx).config()
    if as_json:
        described = [
            {"name": server.name, "backend": server.backend, "active": server.name == config.active}
            for server in config.servers.values()
        ]
        show_json({"active": config.active, "servers": described})
    elif config.servers:
        show_table(
            ("SERVER", "BACKEND", "ACTIVE"),
            [
                (server.name, server.backend, "yes" if server.name == config.active else "")
                for server in config.servers.values()
            ],
        )
    else:
        show(NO_SERVER)


@app.command(cls=Command)
def add(
    ctx: typer.Context,
    name: NameArgument,
    backend: Annotated[str, typer.Option("--backend", "-b", help="Its backend; see: soulsync backends")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be repeated.", show_default=False),
    ] = None,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not connect to it first.")] = False,
) -> None:
    """Add a server.

    Asks for the settings its backend needs, tries them out, and saves them. The first server becomes active.
    """
    from soulsync_engine.cli.prompts import ask_for_missing, given_settings, stored_form
    from soulsync_engine.config import ServerConfig
    from soulsync_engine.config.document import check_name
    from soulsync_engine.config.validation import validate_settings
    from soulsync_engine.discovery import discover, find
    from soulsync_engine.loading import load

    invocation = Invocation.of(ctx)
    file = invocation.config_file()
    current = invocation.config() if file.path.exists() else None
    check_name(name)
    _refuse_taken(name, current)
    model = load(find(backend, discover())).settings_class
    given = ask_for_missing(model, given_settings(model, settings or ()))
    stored = stored_form(validate_settings(model, given, server=name), given)
    if not no_test:
        _try(ServerConfig(name=name, backend=backend, settings=stored), current)
    file.add_server(name, backend, stored)
    show(f"{name} was added to {file.path}.")


@app.command(cls=Command)
def remove(ctx: typer.Context, name: NameArgument) -> None:
    """Remove a server. What the mirror holds of it stays."""
    Invocation.of(ctx).config_file().remove_server(name)
    show(f"{name} was removed from the configuration.")
    note(f"What the mirror holds of it stays. To remove that, too: soulsync mirror forget {name}")


@app.command(cls=Command)
def use(ctx: typer.Context, name: NameArgument) -> None:
    """Make a server the active one. Commands without a server's name go to it."""
    Invocation.of(ctx).config_file().use_server(name)
    show(f"{name} is the active server now.")


@app.command("test", cls=Command)
def try_out(ctx: typer.Context, name: ServerArgument = None, as_json: JsonOption = False) -> None:
    """Connect to a server. Without a name, to the active one; the exit code says why it fails."""
    with Invocation.of(ctx).engine() as engine:
        server = engine.server(name)
        info, libraries = server.connect(), server.list_libraries()
        if as_json:
            show_json({"server": server.name, "info": info})
        else:
            user = f" and accepts {info.user}" if info.user else ""
            names = ", ".join(library.name for library in libraries) or "none"
            show(f"{server.name}: {info.product} {info.version} answers{user}. Music libraries: {names}.")


def _refuse_taken(name: str, config: EngineConfig | None) -> None:
    """Before anything is asked: nobody should type a password for nothing."""
    from soulsync_engine.errors import ConfigurationError

    if config is not None and name in config.servers:
        raise ConfigurationError(
            f"There is a server called {name!r} already.",
            next_step=f"Choose another name, or remove it with: soulsync servers remove {name}",
        )


def _try(server: ServerConfig, current: EngineConfig | None) -> None:
    """Connect with the settings, in a session of its own, beside what is configured already."""
    from soulsync_engine.config import config_from_mapping
    from soulsync_engine.doctor import examine_server

    beside = current
    if beside is None:
        alone = {"servers": {server.name: {"backend": server.backend}}}
        beside = config_from_mapping(alone, os.environ)
    error = examine_server(replace(beside, servers={server.name: server}), server.name).error
    if error is not None:
        raise error
