"""`python -m soulsync_engine.testing.demo --backend NAME [FOLDER]`: the engine at work, in a minute.

Without a folder it makes a library of real tagged files, mirrors it, and shows what a host gets to know when files
change. With a folder it only reads that one. Index and mirror are in a temporary directory in both cases.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table
from rich.text import Text

from soulsync_engine.cli.output import console, printable
from soulsync_engine.cli.progress import shown_progress
from soulsync_engine.discovery import discover, find
from soulsync_engine.engine import MediaServerEngine
from soulsync_engine.errors import SoulSyncError
from soulsync_engine.mirror.records import Change
from soulsync_engine.models import Artist, Kind
from soulsync_engine.sync import SyncReport
from soulsync_engine.testing.demo_library import DEMO_BAND, change_library, make_library

TRACKS = 300
SERVER = "music"

app = typer.Typer(add_completion=False)
_console = console()


@app.command()
def main(
    backend: Annotated[
        str, typer.Option(help="Name of an installed backend that serves a folder by its `path`.")
    ],
    folder: Annotated[Path | None, typer.Argument(help="Your own music; it is only read.")] = None,
    tracks: Annotated[
        int, typer.Option(min=20, help="Size of the library that is made without a folder.")
    ] = TRACKS,
) -> None:
    """Show the engine at work on a small library made for the purpose, or on your own folder."""
    if folder is not None and not folder.expanduser().is_dir():
        _stop(
            f"There is no folder {folder}. Give the one your music is in, or none for a made-up library.", 2
        )
    work = Path(tempfile.mkdtemp(prefix="soulsync-demo-"))
    try:
        find(backend, discover())
        _run(backend, work, None if folder is None else folder.expanduser().resolve(), tracks)
    except SoulSyncError as error:
        _stop(str(error), 1)
    except ModuleNotFoundError as error:
        if error.name != "mutagen":
            raise
        _stop('Making files needs mutagen. Install it: pip install "soulsync-engine[testing]"', 1)
    except KeyboardInterrupt:
        _stop("Stopped. Nothing is left behind.", 130)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(backend: str, work: Path, folder: Path | None, tracks: int) -> None:
    library = folder or work / "Music"
    if folder is None:
        _step(f"A library of {tracks} real audio files, tagged like a real collection")
        made = make_library(library, tracks)
        _facts({"folder": str(library), **made})
    config: dict[str, object] = {
        "server": {"active": SERVER},
        "servers": {SERVER: {"backend": backend, "path": str(library)}},
        "engine": {"data_dir": str(work / "data")},
        "mirror": {"url": f"sqlite:///{(work / 'mirror.db').as_posix()}"},
    }
    with MediaServerEngine(config) as engine:
        _step("First sync: every file is read, artists, albums and tracks go into the mirror")
        _synced(engine)
        counts = engine.mirror.counts()
        _facts({"artists": str(counts.artists), "albums": str(counts.albums), "tracks": str(counts.tracks)})
        if counts.tracks == 0:
            _console.print(Text(f"There is no audio file in {printable(str(library))}."))
            return
        _searched(engine, _word(engine))
        _step("Second sync: nothing changed, so nothing is read")
        _synced(engine)
        if folder is None:
            seen = engine.mirror.last_seq()
            _step("Some files change: retagged, added, moved, deleted")
            _facts(change_library(library))
            _step("Third sync: only what changed is read; what is not there is only missing yet")
            _synced(engine)
            _step("Fourth sync: what is still missing is removed")
            _synced(engine)
            _step(f"The change feed from {seen} on: what a host reacts to")
            _feed(engine.mirror.changes(seen))
            _searched(engine, DEMO_BAND)


def _synced(engine: MediaServerEngine) -> SyncReport:
    with shown_progress() as progress:
        report = engine.sync(on_progress=progress)
    table = Table("", "seen", "added", "changed", "moved", "missing", "removed", box=None, pad_edge=False)
    for kind, counts in report.kinds.items():
        numbers = (counts.seen, counts.added, counts.changed, counts.moved, counts.missing, counts.removed)
        table.add_row(f"{kind}s", *map(str, numbers))
    _console.print(Text(f"{report.mode}: {report.reason} ({report.seconds:.2f} s)"))
    if report.mode != "unchanged" or report.changed:
        _console.print(table)
    for problem in report.problems:
        _console.print(
            Text(printable(f"could not be read: {problem.id or problem.kind}: {problem.reason}"), "yellow")
        )
    return report


def _searched(engine: MediaServerEngine, words: str) -> None:
    _step(f"A search for {words!r} in the mirror; no file is touched")
    table = Table("kind", "title", "artist", box=None, pad_edge=False)
    for hit in engine.mirror.search(words, limit=8):
        item = hit.item
        title = item.name if isinstance(item, Artist) else item.title
        artists = "" if isinstance(item, Artist) else ", ".join(credit.name for credit in item.artists)
        table.add_row(item.ref.kind, Text(printable(title)), Text(printable(artists)))
    _console.print(table)


def _feed(changes: Iterable[Change]) -> None:
    table = Table("seq", "what", "kind", "title", "fields", box=None, pad_edge=False)
    for change in changes:
        title = Text(printable(change.title), no_wrap=True, overflow="ellipsis")
        table.add_row(str(change.seq), change.type, change.kind, title, ", ".join(change.fields))
    _console.print(table)


def _word(engine: MediaServerEngine) -> str:
    """A word worth searching for: the longest in the title of the first album, which is surely there."""
    album = next(iter(engine.mirror.search("the", kinds=(Kind.ALBUM,), limit=1)), None)
    item = album.item if album else next(iter(engine.mirror.iter_tracks()))
    title = item.name if isinstance(item, Artist) else item.title
    return max(title.split(), key=len, default=title)


def _step(text: str) -> None:
    _console.print()
    _console.print(Text(text, "bold"))


def _facts(facts: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name, "dim"), Text(printable(value), overflow="fold"))
    _console.print(table)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app(prog_name="python -m soulsync_engine.testing.demo")
