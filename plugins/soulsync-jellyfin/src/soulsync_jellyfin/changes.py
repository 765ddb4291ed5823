"""What changed: a token, what was saved since, what was added last.

The servers can list what was saved after a time, but do not tell when an item was saved. So a token is a time and a
fingerprint of all that was saved after it, of the number of items, and of the artists, which are in no such list.
The time is kept in the server's data folder; it moves on when the list behind it has become long.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

from soulsync_engine.errors import ConflictError, NotFoundError
from soulsync_engine.models import ChangedPage, Item, Kind, Page, Scope
from soulsync_jellyfin import values, wire
from soulsync_jellyfin.accounts import Account
from soulsync_jellyfin.dialect import THIN, Params
from soulsync_jellyfin.listing import offset_of
from soulsync_jellyfin.readers import READERS
from soulsync_jellyfin.reading import Reading, listing_of

_OVERLAP_SECONDS: Final = 300.0
"""So much earlier than now a token begins, since not all clocks a server stores times of go right."""

_MOST_RECENT: Final = 500
"""So many saved items a token may stand on; it is read with every probe."""

_SHAPE: Final = re.compile(r"saved ([0-9T:.Z-]+) [0-9a-f]+")
_NOTED: Final = "noted:"
_ROWS: Final[Params] = {**THIN, "fields": "Etag"}


class Changes(Reading):
    """The operations that spare a full listing."""

    _queue_missing = False

    def change_token(self, scope: Scope) -> str:
        """Two requests and one for the artists, of which greeting the server may have been one.

        It covers all that the user sees, so it may also move for a library outside of the scope. On a busy server it
        never repeats.
        """
        user = self.connection.user(scope, confirmed=False)
        since = self._remembered(user)
        saved = self._saved(user, since)
        restless = (saved.total_record_count or 0) > _MOST_RECENT
        if restless:
            since = self._remember(user, self._now())
            saved = self._saved(user, since)
        rows = [f"{row.id}={row.etag}" for row in saved.items or ()]
        total = self.connection.count(user)
        if restless or (saved.total_record_count or 0) > len(rows):
            # There is more than was looked at, so no later token may equal this one.
            return _token(since, [secrets.token_hex(8)])
        artists = self._artists(user)
        return _token(since, [str(total), *sorted(rows), "artists", *sorted(artists)])

    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        """What was saved since; the artists all, since servers do not list them by the time of saving.

        Where the KodiSyncQueue plugin is installed, also the tracks and albums whose plays, ratings or favourites it
        noted, and what it noted as removed.
        """
        moment = _since_of(since)
        if cursor is not None and cursor.startswith(_NOTED):
            return self._page_of_noted(kind, scope, moment, cursor, limit)
        query = listing_of(kind)
        if kind is not Kind.ARTIST:
            query = listing_of(kind, minDateLastSaved=values.wire_time(moment)).called(
                f"{kind}s since {since}"
            )
        page = self.lister.page(query, scope, cursor, limit, READERS[kind])
        # What was removed goes with the first page, what else was noted comes after the last.
        asked = cursor is None or page.next_cursor is None
        notes = self._notes(scope, moment) if asked else None
        if notes is None:
            return ChangedPage(
                items=page.items,
                next_cursor=page.next_cursor,
                total=page.total if self._queue_missing else None,
                problems=page.problems,
            )
        more = kind is not Kind.ARTIST and bool(notes.user_data_changed)
        return ChangedPage(
            items=page.items,
            next_cursor=page.next_cursor or (f"{_NOTED}0" if more else None),
            problems=page.problems,
            removed=tuple(notes.items_removed or ()) if cursor is None else (),
        )

    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """The newest first; of several libraries the newest of each, merged."""
        query = listing_of(kind, sortBy="DateCreated,SortName", sortOrder="Descending,Ascending")
        return self.merged(query.called(f"newest {kind}s"), scope, cursor, limit, READERS[kind], _added)

    def _page_of_noted(
        self, kind: Kind, scope: Scope, since: datetime, cursor: str, limit: int
    ) -> ChangedPage[Item]:
        start = offset_of(cursor.removeprefix(_NOTED))
        notes = self._notes(scope, since) or wire.SyncQueue()
        ids = [each for row in notes.user_data_changed or () if (each := values.text_id(row.item_id))]
        end = start + limit
        return ChangedPage(
            items=self.get_items(kind, tuple(ids[start:end])),
            next_cursor=f"{_NOTED}{end}" if end < len(ids) else None,
            removed=(),
        )

    def _notes(self, scope: Scope, since: datetime) -> wire.SyncQueue | None:
        """What the KodiSyncQueue plugin noted since; None where it is not installed or has forgotten."""
        if self._queue_missing:
            return None
        try:
            clock = self.transport.get((self.dialect.sync_queue, "GetServerDateTime"), wire.SyncQueueClock)
        except NotFoundError:
            self._queue_missing = True
            return None
        kept_since = values.moment(clock.retention_date_time)
        if kept_since is not None and kept_since > since:
            return None
        path = (self.dialect.sync_queue, self.connection.user(scope).id, "GetItems")
        return self.transport.get(path, wire.SyncQueue, {"LastUpdateDT": values.wire_time(since)})

    def _saved(self, user: Account, since: datetime) -> wire.Result[wire.Item]:
        params: Params = {
            **_ROWS,
            "userId": user.id,
            "recursive": True,
            "includeItemTypes": "Audio,MusicAlbum,MusicArtist",
            "minDateLastSaved": values.wire_time(since),
            "sortBy": "DateCreated,SortName",
            "limit": _MOST_RECENT,
            "enableTotalRecordCount": True,
        }
        return self.transport.get(("Items",), wire.Result[wire.Item], params)

    def _artists(self, user: Account) -> list[str]:
        params: Params = {**_ROWS, "userId": user.id, "enableTotalRecordCount": False}
        listed = self.transport.get(("Artists", "AlbumArtists"), wire.Result[wire.Item], params)
        return [f"{row.id}={row.etag}" for row in listed.items or ()]

    def _now(self) -> datetime:
        """The server's clock, a little back."""
        return values.earlier(self.transport.clock or datetime.now(UTC), _OVERLAP_SECONDS)

    def _remembered(self, user: Account) -> datetime:
        kept = self.connection.memory.since(user.id)
        return values.moment(kept) or self._remember(user, self._now())

    def _remember(self, user: Account, since: datetime) -> datetime:
        text = values.wire_time(since)
        self.connection.memory.keep_since(user.id, text)
        return values.moment(text) or since


def _token(since: datetime, parts: list[str]) -> str:
    digest = blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
    return f"saved {values.wire_time(since)} {digest}"


def _since_of(token: str) -> datetime:
    shape = _SHAPE.fullmatch(token)
    since = values.moment(shape[1]) if shape else None
    if since is None:
        raise ConflictError("The token is none that this server gave.", next_step="Read everything anew.")
    return since


def _added(item: Item) -> datetime | None:
    return item.added
