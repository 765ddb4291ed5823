"""The mirror as hosts and the sync see it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import func, select

from soulsync_engine.errors import NotFoundError
from soulsync_engine.mirror import schema, servers, transfer
from soulsync_engine.mirror.database import Database, open_database
from soulsync_engine.mirror.encoding import read_names
from soulsync_engine.mirror.feed import bounds, forget_changes, read_changes
from soulsync_engine.mirror.ledger import find_item, item_of, writers_of
from soulsync_engine.mirror.loading import decode, load, server_names, server_number
from soulsync_engine.mirror.migration import bring_up_to_date
from soulsync_engine.mirror.records import Change, MirrorCounts, MirroredItem, SearchHit, SyncRun
from soulsync_engine.mirror.rows import MAPPERS
from soulsync_engine.mirror.runs import last_run
from soulsync_engine.mirror.search import INDEXES, find
from soulsync_engine.models import Album, Artist, ItemRef, Kind, Library, Track

ItemT = TypeVar("ItemT", Artist, Album, Track)

_PAGE: Final = 1000


class Mirror:
    """A local copy of the libraries of one or more servers, in a database. Made by `Mirror.open`.

    May be used from several threads; readers go on while a sync writes. Raises `MirrorError` and its
    subclasses when the database cannot be used. Items come as the models the servers gave, without what
    was removed, except where said otherwise.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = 10.0) -> Self:
        """Open the mirror at a URL such as `sqlite:////home/me/mirror.sqlite3`, creating and migrating it as needed.

        `postgresql://user@host/database` is the same in PostgreSQL. `busy_timeout` is how many seconds to wait for
        another process that writes. Raises `MirrorVersionError` for a mirror of a newer version, `MirrorCorruptError`
        for one that is damaged or none at all, and leaves both untouched; `MirrorLockedError` when the wait was in
        vain; `MirrorUnavailableError` when a database server cannot be reached; `ConfigurationError` for a URL that
        cannot be one of a mirror.
        """
        database = open_database(url, busy_timeout=busy_timeout)
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the connections to the database. May be called twice."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def counts(self, server: str | None = None) -> MirrorCounts:
        """How much there is, of one server or of all."""
        ids, libraries = schema.native_ids, schema.libraries
        counted = select(ids.c.kind, func.count()).where(ids.c.gone_since.is_(None)).group_by(ids.c.kind)
        listed = select(func.count()).select_from(libraries).where(libraries.c.removed_at.is_(None))
        with self.database.reading() as connection:
            if server is not None:
                number = server_number(connection, server)
                counted = counted.where(ids.c.server_id == number)
                listed = listed.where(libraries.c.server_id == number)
            by_kind = {kind: count for kind, count in connection.execute(counted)}  # noqa: C416
            return MirrorCounts(
                libraries=connection.scalar(listed) or 0,
                artists=by_kind.get(Kind.ARTIST.value, 0),
                albums=by_kind.get(Kind.ALBUM.value, 0),
                tracks=by_kind.get(Kind.TRACK.value, 0),
            )

    def last_seq(self) -> int:
        """The number of the newest change, 0 when there is none."""
        with self.database.reading() as connection:
            return bounds(connection)[1]

    def changes(
        self, since: int = 0, *, server: str | None = None, limit: int | None = None
    ) -> Iterator[Change]:
        """The changes after number `since`, oldest first, at most `limit`.

        They are read page by page, so changes that happen meanwhile may come too. Whoever has all changes up to a
        number has seen just what leads from the state before to the state then. Raises `FeedCursorError` when what
        follows `since` is forgotten, or `since` is beyond the end.
        """
        return read_changes(self.database, since, server=server, limit=limit)

    def forget_changes(self, before: datetime) -> int:
        """Forget the changes from before a time (aware), to save space; gives how many."""
        with self.database.writing() as connection:
            return forget_changes(connection, before)

    def search(
        self,
        text: str,
        *,
        kinds: Collection[Kind] | None = None,
        server: str | None = None,
        libraries: Collection[str] | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[SearchHit, ...]:
        """Items whose title, artists or album hold every word of the text, or a word that begins with it.

        Case, accents and punctuation do not matter. Best hits first, from `offset` on, at most `limit` of
        all kinds together: titles that begin with the first word, titles that hold all words, then titles and
        artists, then albums too; among these, shorter titles first. `libraries` are ids, for use with `server`.
        A text without a word finds nothing. Of a text that fits more than 200 items of a kind, the hits are the
        200 that the mirror met first, and as many whose title begins with the first word.
        """
        found: list[tuple[float, int, Kind]] = []
        with self.database.reading() as connection:
            number = None if server is None else server_number(connection, server)
            if server is not None and number is None:
                return ()
            for kind in INDEXES if kinds is None else [kind for kind in INDEXES if kind in kinds]:
                hits = find(
                    self.database,
                    connection,
                    kind,
                    text,
                    server=number,
                    libraries=None if libraries is None else list(libraries),
                )
                found += [(score, uid, kind) for score, uid in hits]
            # Of equal hits artists come first, then albums, since sorting keeps their order.
            found.sort(key=itemgetter(0), reverse=True)
            page = found[offset : offset + limit]
            items_of = {
                kind: load(connection, kind, [uid for _, uid, of in page if of is kind]) for kind in INDEXES
            }
        return tuple(
            SearchHit(uid=str(uid), item=items_of[kind][uid][0], score=score) for score, uid, kind in page
        )

    def get(self, uid: str) -> MirroredItem:
        """The item of that uid, also one that was removed. An unknown uid is `NotFoundError`."""
        if uid.isascii() and uid.isdecimal() and len(uid) < 19:
            with self.database.reading() as connection:
                found = item_of(connection, int(uid))
                if found is not None:
                    return found
        raise NotFoundError(f"The mirror has no item {uid!r}.", next_step="Look for it with a search.")

    def find(self, ref: ItemRef) -> MirroredItem:
        """The item that a server knows, or once knew, under that id. An unknown one is `NotFoundError`."""
        with self.database.reading() as connection:
            found = find_item(connection, ref)
        if found is None:
            raise NotFoundError(f"The mirror has never seen {ref}.", next_step="Look for it with a search.")
        return found

    def written_by(self, uid: str) -> Mapping[str, SyncRun]:
        """For each field of an item the sync that wrote the value it has. An unknown uid is `NotFoundError`."""
        known = self.get(uid)
        with self.database.reading() as connection:
            return writers_of(connection, int(uid), known)

    def iter_artists(self, server: str | None = None) -> Iterator[Artist]:
        """All artists, in the order the mirror met them."""
        return self._iterate(Kind.ARTIST, Artist, server)

    def iter_albums(self, server: str | None = None) -> Iterator[Album]:
        """All albums, in the order the mirror met them."""
        return self._iterate(Kind.ALBUM, Album, server)

    def iter_tracks(self, server: str | None = None) -> Iterator[Track]:
        """All tracks, in the order the mirror met them."""
        return self._iterate(Kind.TRACK, Track, server)

    def libraries(self, server: str) -> tuple[Library, ...]:
        """The libraries of a server, in the server's order."""
        table = schema.libraries
        with self.database.reading() as connection:
            rows = connection.execute(
                select(table.c.native_id, table.c.name, table.c.paths)
                .where(table.c.server_id == server_number(connection, server), table.c.removed_at.is_(None))
                .order_by(table.c.position)
            ).all()
        return tuple(Library(id=row.native_id, name=row.name, paths=read_names(row.paths)) for row in rows)

    def last_sync(self, server: str) -> SyncRun | None:
        """The sync of a server that began last, of those that had something to do."""
        with self.database.reading() as connection:
            return last_run(connection, server)

    def missing(self, server: str, kind: Kind) -> Iterator[MirroredItem]:
        """The items that the last sweep did not see, and that are not removed yet."""
        return servers.missing_items(self.database, server, kind)

    def forget_server(self, name: str) -> int:
        """Remove everything the mirror has of a server for good, also from the change feed; gives how many items.

        For a server that is no longer configured: what a configured one no longer has, a sync removes.
        """
        return servers.forget(self.database, name)

    def move_server(self, old: str, new: str) -> int:
        """What was the server `old` is the server `new` now, for example after a move to another machine.

        Its items keep their uids; the next sync of `new` finds their new ids by what speaks for them. Gives how many.
        Raises `NotFoundError` for an unknown `old`, `ConflictError` when the mirror has items of `new` already.
        """
        return servers.move(self.database, old, new)

    def export(self) -> Iterator[str]:
        """What the mirror knows and no server could tell again, as lines of JSON: items, their uids and their ids."""
        return transfer.export(self.database)

    def import_(self, lines: Iterable[str]) -> int:
        """Take over what another mirror exported; gives how many items.

        They count as missing until the next sync of their servers sees them, under these ids or under others. Raises
        `MirrorImportError` for what is no export, and `ConflictError` when this mirror is not empty.
        """
        return transfer.import_(self.database, lines)

    def rebuild(self, server: str) -> None:
        """Let the next sync of a server read and compare everything, and make the search index anew. Uids stay."""
        servers.rebuild(self.database, server)

    def _iterate(self, kind: Kind, type: type[ItemT], server: str | None) -> Iterator[ItemT]:
        table = MAPPERS[kind].table
        query = select(table).where(table.c.removed_at.is_(None)).order_by(table.c.uid).limit(_PAGE)
        last = 0
        while True:
            with self.database.reading() as connection:
                page = query.where(table.c.uid > last)
                if server is not None:
                    page = page.where(table.c.server_id == server_number(connection, server))
                rows = connection.execute(page).all()
                items = [item for _, item, _ in decode(connection, kind, rows, server_names(connection))]
            yield from (item for item in items if isinstance(item, type))
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]
