"""Playlists: editing in place, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from soulsync_engine.errors import ConflictError, NotAllowedError, NotFoundError
from soulsync_engine.models import (
    FieldOutcome,
    FieldResult,
    Kind,
    MediaBytes,
    Page,
    Playlist,
    PlaylistEntry,
    Track,
)
from soulsync_engine.testing.reference.server import ReferenceServer, StoredPlaylist
from soulsync_engine.testing.reference.session import ReferenceSession


class Playlists(ReferenceSession):
    """The group playlists."""

    def list_playlists(self, cursor: str | None, limit: int) -> Page[Playlist]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Page[Playlist]:
            shown = [self._playlist(server, stored) for stored in server.playlists.values()]
            return self._page(shown, cursor, limit)

        return self._request("list_playlists", answer)

    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Page[PlaylistEntry]:
            stored = self._stored(server, playlist_id)
            user = self._user(server)
            entries: list[PlaylistEntry] = []
            for position, (entry_id, track_id) in enumerate(stored.entries):
                track = server.catalogue.tracks.get(track_id)
                shown = self._shown(server, user, track) if track else None
                entries.append(
                    PlaylistEntry(
                        entry_id=entry_id,
                        position=position,
                        track_ref=self._ref(Kind.TRACK, track_id),
                        track=shown if isinstance(shown, Track) else None,
                    )
                )
            return self._page(entries, cursor, limit)

        return self._request("list_playlist_entries", answer)

    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Playlist:
            entries = self._entries(server, track_ids)
            stored = StoredPlaylist(
                id=server.next_id("list"),
                name=name,
                owner=self._user(server).name,
                description=description or None,
                public=public,
                entries=entries,
            )
            server.playlists[stored.id] = stored
            return self._playlist(server, stored)

        return self._request("create_playlist", answer)

    def add_entries(self, playlist_id: str, track_ids: tuple[str, ...], position: int | None) -> Playlist:
        """As in the contract."""

        def change(server: ReferenceServer, stored: StoredPlaylist) -> None:
            at = len(stored.entries) if position is None else position
            if not 0 <= at <= len(stored.entries):
                raise ConflictError(f"The playlist has no position {at}.", server=self._context.server)
            stored.entries[at:at] = self._entries(server, track_ids)

        return self._edited("add_entries", playlist_id, change)

    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """As in the contract."""

        def change(server: ReferenceServer, stored: StoredPlaylist) -> None:
            gone = set(entry_ids) - {entry_id for entry_id, _ in stored.entries}
            if gone:
                raise ConflictError(
                    f"Entries are gone already: {', '.join(sorted(gone))}.", server=self._context.server
                )
            stored.entries = [entry for entry in stored.entries if entry[0] not in entry_ids]

        return self._edited("remove_entries", playlist_id, change)

    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        """As in the contract."""

        def change(server: ReferenceServer, stored: StoredPlaylist) -> None:
            for entry in stored.entries:
                if entry[0] == entry_id:
                    break
            else:
                raise ConflictError(f"The entry {entry_id!r} is gone.", server=self._context.server)
            if not 0 <= position < len(stored.entries):
                raise ConflictError(f"The playlist has no position {position}.", server=self._context.server)
            stored.entries.remove(entry)
            stored.entries.insert(position, entry)

        return self._edited("move_entry", playlist_id, change)

    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """As in the contract."""

        def change(server: ReferenceServer, stored: StoredPlaylist) -> None:
            stored.entries = self._entries(server, track_ids)

        return self._edited("replace_entries", playlist_id, change)

    def edit_playlist(
        self, playlist_id: str, name: str | None, description: str | None, public: bool | None
    ) -> Playlist:
        """As in the contract."""

        def change(server: ReferenceServer, stored: StoredPlaylist) -> None:
            if name is not None:
                stored.name = name
            if description is not None:
                stored.description = description or None
            if public is not None:
                stored.public = public

        return self._edited("edit_playlist", playlist_id, change)

    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        """As in the contract."""

        def answer(server: ReferenceServer) -> FieldResult:
            self._stored(server, playlist_id).image = image.data
            server.images[Kind.PLAYLIST, playlist_id] = (image.data, image.mime_type)
            return FieldResult(outcome=FieldOutcome.APPLIED)

        return self._request("set_playlist_image", answer)

    def delete_playlist(self, playlist_id: str) -> Playlist:
        """As in the contract."""

        def answer(server: ReferenceServer) -> Playlist:
            was = self._playlist(server, self._editable(server, playlist_id))
            del server.playlists[playlist_id]
            return was

        return self._request("delete_playlist", answer)

    def _edited(
        self, operation: str, playlist_id: str, change: Callable[[ReferenceServer, StoredPlaylist], None]
    ) -> Playlist:
        def answer(server: ReferenceServer) -> Playlist:
            stored = self._editable(server, playlist_id)
            change(server, stored)
            stored.revision += 1
            stored.updated = datetime.now(UTC)
            return self._playlist(server, stored)

        return self._request(operation, answer)

    def _stored(self, server: ReferenceServer, playlist_id: str) -> StoredPlaylist:
        if playlist_id not in server.playlists:
            raise NotFoundError(f"There is no playlist {playlist_id!r}.", server=self._context.server)
        return server.playlists[playlist_id]

    def _editable(self, server: ReferenceServer, playlist_id: str) -> StoredPlaylist:
        stored = self._stored(server, playlist_id)
        if (reason := self._read_only(server, stored)) is not None:
            raise NotAllowedError(
                f"The playlist {stored.name!r} cannot be edited: {reason}.", server=self._context.server
            )
        return stored

    def _read_only(self, server: ReferenceServer, stored: StoredPlaylist) -> str | None:
        if stored.smart:
            return "it is made by rules"
        return None if stored.owner == self._user(server).name else f"it belongs to {stored.owner}"

    def _entries(self, server: ReferenceServer, track_ids: tuple[str, ...]) -> list[tuple[str, str]]:
        for track_id in track_ids:
            self._known(server, Kind.TRACK, track_id)
        return [(server.next_id("entry"), track_id) for track_id in track_ids]

    def _playlist(self, server: ReferenceServer, stored: StoredPlaylist) -> Playlist:
        tracks = [server.catalogue.tracks.get(track_id) for _, track_id in stored.entries]
        return Playlist(
            ref=self._ref(Kind.PLAYLIST, stored.id),
            name=stored.name,
            description=stored.description,
            owner=stored.owner,
            public=stored.public,
            read_only=self._read_only(server, stored),
            track_count=len(stored.entries),
            duration_ms=sum(track.duration_ms or 0 for track in tracks if track),
            revision=str(stored.revision),
            added=stored.added,
            updated=stored.updated,
        )
