"""`soulsync search` and `soulsync changes`: reading the mirror, without asking any server."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from soulsync_engine.cli.output import note, show, show_json, show_json_line, show_table
from soulsync_engine.cli.state import Invocation, JsonOption, ServerOption

if TYPE_CHECKING:
    from soulsync_engine.mirror import Change, Mirror
    from soulsync_engine.models import ArtistCredit, Item

_SECONDS_BETWEEN_LOOKS: Final = 0.5


class SearchKind(StrEnum):
    """The kinds the mirror can be searched for.

    Not the models' own `Kind`: to import that is to import all models, for every command.
    """

    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"


def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Words of a title, album or artist.")],
    kind: Annotated[
        list[SearchKind] | None,
        typer.Option("--kind", "-k", help="Only this kind; may be repeated.", show_default=False),
    ] = None,
    server: ServerOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many hits.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many hits first.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Search the mirror. No server is asked."""
    from soulsync_engine.models import Kind

    with Invocation.of(ctx).engine() as engine:
        chosen = None if server is None else engine.server(server).name
        hits = engine.mirror.search(
            text,
            kinds=frozenset(map(Kind, kind)) if kind else None,
            server=chosen,
            limit=limit,
            offset=offset,
        )
        empty = not hits and engine.mirror.last_seq() == 0
    if as_json:
        described = [
            {"kind": hit.item.ref.kind, "uid": hit.uid, "score": hit.score, "item": hit.item} for hit in hits
        ]
        show_json({"query": text, "limit": limit, "offset": offset, "hits": described})
    elif hits:
        show_table(("KIND", "TITLE", "ARTIST", "ALBUM", "YEAR", "SERVER"), [_row(hit.item) for hit in hits])
        if len(hits) == limit:
            note(f"There may be more: --offset {offset + limit}")
    else:
        show("The mirror is empty. Fill it with: soulsync sync" if empty else "Nothing in the mirror fits.")


def changes(
    ctx: typer.Context,
    since: Annotated[
        int,
        typer.Option("--since", min=0, help="Only what came after this sequence number; 0 is everything."),
    ],
    server: ServerOption = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many changes.")] = 1000,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing what changes, one line each.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what changed in the mirror, in order."""
    with Invocation.of(ctx).engine() as engine:
        chosen = None if server is None else engine.server(server).name
        if follow:
            _follow(engine.mirror, since, chosen, as_json=as_json)
        found = list(islice(engine.mirror.changes(since, server=chosen, limit=limit + 1), limit + 1))
    more, found = len(found) > limit, found[:limit]
    last = found[-1].seq if found else since
    if as_json:
        show_json({"since": since, "changes": found, "last": last, "more": more})
    elif found:
        show_table(_CHANGE_COLUMNS, [_change_row(change) for change in found])
        if more:
            note(f"There is more: --since {last}")
    else:
        show("Nothing changed.")


def _follow(mirror: Mirror, since: int, server: str | None, *, as_json: bool) -> NoReturn:
    """Show changes as they come, until the reader leaves or Ctrl-C ends it. With JSON, one object a line."""
    while True:
        for change in mirror.changes(since, server=server):
            if as_json:
                show_json_line(change)
            else:
                show("  ".join(_change_row(change)))
            since = change.seq
        sys.stdout.flush()
        time.sleep(_SECONDS_BETWEEN_LOOKS)


_CHANGE_COLUMNS: Final = ("SEQ", "CHANGE", "KIND", "TITLE", "FIELDS", "SERVER", "AT")


def _change_row(change: Change) -> tuple[str, ...]:
    return (
        str(change.seq),
        change.type,
        change.kind,
        change.title,
        ", ".join(change.fields),
        change.ref.server,
        f"{change.at:%Y-%m-%d %H:%M:%S}",
    )


def _row(item: Item) -> tuple[str, ...]:
    from soulsync_engine.models import Album, Artist

    if isinstance(item, Artist):
        title, artists, album, year = item.name, "", "", None
    elif isinstance(item, Album):
        title, artists, album, year = item.title, _names(item.artists), "", item.year
    else:
        title, artists, album, year = item.title, _names(item.artists), item.album or "", item.year
    return (item.ref.kind, title, artists, album, str(year or ""), item.ref.server)


def _names(credits: tuple[ArtistCredit, ...]) -> str:
    return ", ".join(credit.name for credit in credits)
