"""Items of the server as plexapi's objects, for what only those can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soulsync_engine.models import Kind
from soulsync_plex.reading import Reading
from soulsync_plex.wire import ItemRow, PlaylistRow

if TYPE_CHECKING:
    from plexapi.playlist import Playlist as PlexPlaylist

    from soulsync_plex.borrowed import PlexItem


class PlexEditing(Reading):
    """What edits, ratings and pictures build on. Making these objects asks nothing."""

    def _plex_item(self, kind: Kind, row: ItemRow) -> PlexItem:
        from soulsync_plex import borrowed

        server = borrowed.BorrowedServer(self._transport, server=self.server)
        return borrowed.item(server, kind, row)

    def _plex_playlist(self, row: PlaylistRow) -> PlexPlaylist:
        from soulsync_plex import borrowed

        server = borrowed.BorrowedServer(self._transport, server=self.server)
        return borrowed.playlist(server, row)

    def _row(self, kind: Kind, id: str) -> ItemRow:
        self._path_of(kind, id)
        rows = self._rows_by_key(kind, [id])
        if not rows:
            raise self._not_found(kind, id)
        return rows[0]
