"""`soulsync mirror`: what the mirror knows beyond what servers tell, and its care."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from soulsync_engine.cli.commands import Command, Family
from soulsync_engine.cli.exits import ExitCode
from soulsync_engine.cli.output import note, show, show_json, show_table
from soulsync_engine.cli.state import Invocation, JsonOption, ServerArgument

app = typer.Typer(
    cls=Family,
    help="Verify, rebuild, export and import the mirror, move and forget servers in it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help="A server the mirror knows, configured or not.")]


@app.command(cls=Command)
def verify(ctx: typer.Context, server: ServerArgument = None, as_json: JsonOption = False) -> None:
    """Compare the mirror with all that a server has, and write nothing."""
    with Invocation.of(ctx).engine() as engine:
        report = engine.verify(server)
    if as_json:
        show_json({"changed": report.changed, "report": report})
    elif report.changed:
        show(f"{report.server}: the mirror differs from the server. See: soulsync sync --dry-run --full")
    else:
        show(f"{report.server}: the mirror is as the server is.")
    if report.changed:
        raise typer.Exit(ExitCode.FAILED)


@app.command(cls=Command)
def rebuild(ctx: typer.Context, server: ServerArgument = None) -> None:
    """Read and compare everything of a server anew, and make the search index anew. Uids stay."""
    with Invocation.of(ctx).engine() as engine:
        name = engine.server(server).name
        engine.mirror.rebuild(name)
        report = engine.sync(name, full=True)
    show(f"{name}: rebuilt, {report.state}.")


@app.command(cls=Command)
def missing(ctx: typer.Context, server: ServerArgument = None, as_json: JsonOption = False) -> None:
    """List the items that the last sync did not see on the server, and that are not removed yet."""
    from soulsync_engine.models import Artist, Kind

    with Invocation.of(ctx).engine() as engine:
        name = engine.server(server).name
        kinds = (Kind.ARTIST, Kind.ALBUM, Kind.TRACK)
        found = [known for kind in kinds for known in engine.mirror.missing(name, kind)]
    if as_json:
        show_json({"server": name, "missing": found})
    elif found:
        items = [known.item for known in found]
        titles = [item.name if isinstance(item, Artist) else item.title for item in items]
        rows = [(item.ref.kind.value, title, item.ref.id) for item, title in zip(items, titles, strict=True)]
        show_table(("KIND", "TITLE", "ID"), rows)
    else:
        show("Nothing is missing.")


@app.command(cls=Command)
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Where to; standard output without.")] = None,
) -> None:
    """Write what only the mirror knows, items with their uids and all ids they had, as lines of JSON."""
    with Invocation.of(ctx).engine() as engine:
        lines = engine.mirror.export()
        if file is None:
            for line in lines:
                sys.stdout.write(f"{line}\n")
            return
        try:
            with file.open("w", encoding="ascii") as target:
                target.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise typer.BadParameter(f"{file} cannot be written: {error.strerror}.") from error
    note(f"{file} is written.")


@app.command("import", cls=Command)
def import_(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="What an export wrote.")]) -> None:
    """Take over what another mirror exported, into a new one. The next sync completes it."""
    from soulsync_engine.errors import MirrorImportError

    with Invocation.of(ctx).engine() as engine:
        try:
            with file.open(encoding="ascii") as source:
                items = engine.mirror.import_(source)
        except (OSError, UnicodeDecodeError) as error:
            raise MirrorImportError(
                f"{file} cannot be read: {error}.", next_step="Correct the path."
            ) from error
    show(f"{items} items were taken over. Complete them with: soulsync sync --all")


@app.command(cls=Command)
def move(
    ctx: typer.Context,
    old: NameArgument,
    new: Annotated[str, typer.Argument(help="The server that has the same library now.")],
) -> None:
    """Let a server's items be another one's, after a library has moved. Uids stay; the next sync finds new ids."""
    with Invocation.of(ctx).engine() as engine:
        items = engine.mirror.move_server(old, engine.server(new).name)
    show(f"{items} items of {old} are {new}'s now. Complete them with: soulsync sync {new}")


@app.command(cls=Command)
def forget(
    ctx: typer.Context,
    server: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Remove everything the mirror has of a server, its uids and history included. The server is not touched."""
    with Invocation.of(ctx).engine() as engine:
        counts = engine.mirror.counts(server)
        if not yes:
            typer.confirm(f"Forget {counts.tracks} tracks of {server}, for good?", abort=True, err=True)
        items = engine.mirror.forget_server(server)
    show(f"{items} items of {server} were forgotten.")
