"""Commands that installed plugins add."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer

from soulsync_engine.discovery import announced
from soulsync_engine.spec import PLUGIN_GROUP


@cache
def contributed_commands() -> dict[str, Any]:
    """The commands of all plugins, by name. No plugin is imported where none is installed."""
    if not announced(PLUGIN_GROUP):
        return {}
    from soulsync_engine.cli.logs import show_logs
    from soulsync_engine.plugins import GlobalPlugins

    show_logs(tracebacks=False)
    app = typer.Typer()
    GlobalPlugins.installed().add_commands(app)
    # An app of one command would become that command instead of a group, so it gets a callback.
    app.callback()(lambda: None)
    return dict(typer.main.get_group(app).commands)
