"""`soulsync status` and `soulsync libraries`: how the servers are, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from soulsync_engine.cli.output import show, show_json, show_table, spoken_time
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument, chosen_servers

if TYPE_CHECKING:
    from soulsync_engine.mirror import SyncRun

NO_SERVER = "No server is configured. Add one with: soulsync servers add NAME --backend BACKEND"


def status(ctx: typer.Context, server: ServerArgument = None, as_json: JsonOption = False) -> None:
    """Show how servers and mirror are. Every server is asked anew, with one request."""
    with Invocation.of(ctx).engine() as engine:
        servers = chosen_servers(engine, server)
        # With several servers there need not be an active one, and all of them are shown.
        active = engine.config.active
        states = {chosen.name: chosen.status(refresh=True) for chosen in servers}
        counts = {name: engine.mirror.counts(name) for name in states}
        syncs = {name: engine.mirror.last_sync(name) for name in states}
        if as_json:
            described = [
                {
                    "active": name == active,
                    "status": state,
                    "mirror": {"counts": counts[name], "last_sync": syncs[name]},
                }
                for name, state in states.items()
            ]
            show_json({"active": active, "servers": described})
        elif states:
            show_table(
                ("SERVER", "BACKEND", "STATE", "DETAIL", "ARTISTS", "ALBUMS", "TRACKS", "LAST SYNC"),
                [
                    (
                        f"{name} *" if name == active else name,
                        state.backend,
                        state.state.replace("_", " "),
                        state.detail,
                        str(counts[name].artists),
                        str(counts[name].albums),
                        str(counts[name].tracks),
                        _spoken(syncs[name]),
                    )
                    for name, state in states.items()
                ],
            )
        else:
            show(NO_SERVER)


def libraries(ctx: typer.Context, server: ServerArgument = None, as_json: JsonOption = False) -> None:
    """List the music libraries of the servers."""
    with Invocation.of(ctx).engine() as engine:
        found = [
            (chosen.name, library)
            for chosen in chosen_servers(engine, server)
            for library in chosen.list_libraries()
        ]
        if as_json:
            show_json({"libraries": [{"server": name, "library": library} for name, library in found]})
        elif found:
            show_table(
                ("SERVER", "LIBRARY", "ID", "PATHS"),
                [(name, library.name, library.id, ", ".join(library.paths)) for name, library in found],
            )
        else:
            show("There is no music library." if engine.config.servers else NO_SERVER)


def _spoken(run: SyncRun | None) -> str:
    if run is None:
        return "never"
    missing = sum(counts.missing for counts in run.kinds.values())
    waiting = f", {missing} missing" if missing else ""
    return f"{spoken_time(run.finished or run.started)} {run.state}{waiting}"
