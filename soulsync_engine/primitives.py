"""The contract's operations as a host calls them: typed, with defaults, on a server or on the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from soulsync_engine.contract import OPERATIONS, MediaServerClient
from soulsync_engine.models import (
    EVERYTHING,
    ActivePlay,
    Album,
    AlbumPatch,
    Artist,
    ArtistPatch,
    ByteRange,
    ChangedPage,
    ChangeHint,
    FieldResult,
    Item,
    Kind,
    Library,
    Media,
    MediaBytes,
    Page,
    PatchResult,
    PlayCount,
    PlayEventPage,
    Playlist,
    PlaylistEntry,
    ScanState,
    Scope,
    SearchResult,
    Track,
    TrackPatch,
    User,
    UserData,
)

if TYPE_CHECKING:
    from soulsync_engine.session import Session

_ALL_KINDS = frozenset({Kind.ARTIST, Kind.ALBUM, Kind.TRACK})
_PAGE = 1000


class Primitives(ABC):
    """One method for each operation of `MediaServerClient`; see there for what each returns and raises.

    What is not offered raises `UnsupportedError` without a request.
    """

    @abstractmethod
    def _session(self) -> Session:
        """The opened server the calls go to."""

    def list_libraries(self) -> tuple[Library, ...]:
        return self._session().call(MediaServerClient.list_libraries)

    def list_artists(
        self, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[Artist]:
        return self._session().call(MediaServerClient.list_artists, scope=scope, cursor=cursor, limit=limit)

    def list_albums(
        self, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[Album]:
        return self._session().call(MediaServerClient.list_albums, scope=scope, cursor=cursor, limit=limit)

    def list_tracks(
        self, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[Track]:
        return self._session().call(MediaServerClient.list_tracks, scope=scope, cursor=cursor, limit=limit)

    def list_ids(
        self, kind: Kind, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[str]:
        return self._session().call(
            MediaServerClient.list_ids, kind=kind, scope=scope, cursor=cursor, limit=limit
        )

    def get_items(self, kind: Kind, ids: Sequence[str]) -> tuple[Item, ...]:
        return self._session().call(MediaServerClient.get_items, kind=kind, ids=tuple(ids))

    def search(
        self,
        query: str,
        kinds: Collection[Kind] = _ALL_KINDS,
        scope: Scope = EVERYTHING,
        limit: int = 50,
    ) -> SearchResult:
        return self._session().call(
            MediaServerClient.search, query=query, kinds=frozenset(kinds), scope=scope, limit=limit
        )

    def trigger_scan(self, scope: Scope = EVERYTHING, paths: Sequence[str] = ()) -> ScanState:
        return self._session().call(MediaServerClient.trigger_scan, scope=scope, paths=tuple(paths))

    def scan_state(self) -> ScanState:
        return self._session().call(MediaServerClient.scan_state)

    def change_token(self, scope: Scope = EVERYTHING) -> str:
        return self._session().call(MediaServerClient.change_token, scope=scope)

    def list_changed(
        self,
        kind: Kind,
        since: str,
        scope: Scope = EVERYTHING,
        cursor: str | None = None,
        limit: int = _PAGE,
    ) -> ChangedPage[Item]:
        return self._session().call(
            MediaServerClient.list_changed, kind=kind, scope=scope, since=since, cursor=cursor, limit=limit
        )

    def list_recently_added(
        self, kind: Kind, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = 100
    ) -> Page[Item]:
        return self._session().call(
            MediaServerClient.list_recently_added, kind=kind, scope=scope, cursor=cursor, limit=limit
        )

    def list_playlists(self, cursor: str | None = None, limit: int = _PAGE) -> Page[Playlist]:
        return self._session().call(MediaServerClient.list_playlists, cursor=cursor, limit=limit)

    def list_playlist_entries(
        self, playlist_id: str, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[PlaylistEntry]:
        return self._session().call(
            MediaServerClient.list_playlist_entries, playlist_id=playlist_id, cursor=cursor, limit=limit
        )

    def add_entries(
        self, playlist_id: str, track_ids: Sequence[str], position: int | None = None
    ) -> Playlist:
        return self._session().call(
            MediaServerClient.add_entries,
            playlist_id=playlist_id,
            track_ids=tuple(track_ids),
            position=position,
        )

    def remove_entries(self, playlist_id: str, entry_ids: Sequence[str]) -> Playlist:
        return self._session().call(
            MediaServerClient.remove_entries, playlist_id=playlist_id, entry_ids=tuple(entry_ids)
        )

    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        return self._session().call(
            MediaServerClient.move_entry, playlist_id=playlist_id, entry_id=entry_id, position=position
        )

    def replace_entries(self, playlist_id: str, track_ids: Sequence[str]) -> Playlist:
        return self._session().call(
            MediaServerClient.replace_entries, playlist_id=playlist_id, track_ids=tuple(track_ids)
        )

    def edit_playlist(
        self,
        playlist_id: str,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
    ) -> Playlist:
        return self._session().call(
            MediaServerClient.edit_playlist,
            playlist_id=playlist_id,
            name=name,
            description=description,
            public=public,
        )

    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        return self._session().call(
            MediaServerClient.set_playlist_image, playlist_id=playlist_id, image=image
        )

    def delete_playlist(self, playlist_id: str) -> Playlist:
        return self._session().call(MediaServerClient.delete_playlist, playlist_id=playlist_id)

    def list_play_events(
        self,
        scope: Scope = EVERYTHING,
        since: datetime | None = None,
        cursor: str | None = None,
        limit: int = _PAGE,
    ) -> PlayEventPage:
        return self._session().call(
            MediaServerClient.list_play_events, scope=scope, since=since, cursor=cursor, limit=limit
        )

    def list_play_counts(
        self, scope: Scope = EVERYTHING, cursor: str | None = None, limit: int = _PAGE
    ) -> Page[PlayCount]:
        return self._session().call(
            MediaServerClient.list_play_counts, scope=scope, cursor=cursor, limit=limit
        )

    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        if rating is not None and not 0 <= rating <= 100:
            raise ValueError(f"a rating is 0 to 100, not {rating}")
        return self._session().call(MediaServerClient.set_rating, kind=kind, id=id, rating=rating)

    def set_favorite(self, kind: Kind, id: str, favorite: bool) -> UserData:
        return self._session().call(MediaServerClient.set_favorite, kind=kind, id=id, favorite=favorite)

    def report_play(self, track_id: str, at: datetime) -> UserData:
        if at.tzinfo is None:
            raise ValueError("the time of a play needs a timezone")
        return self._session().call(MediaServerClient.report_play, track_id=track_id, at=at)

    def update_artist(self, id: str, patch: ArtistPatch) -> PatchResult:
        return self._session().call(MediaServerClient.update_artist, id=id, patch=patch)

    def update_album(self, id: str, patch: AlbumPatch) -> PatchResult:
        return self._session().call(MediaServerClient.update_album, id=id, patch=patch)

    def update_track(self, id: str, patch: TrackPatch) -> PatchResult:
        return self._session().call(MediaServerClient.update_track, id=id, patch=patch)

    def set_image(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        return self._session().call(MediaServerClient.set_image, kind=kind, id=id, image=image)

    def image(self, kind: Kind, id: str, size: int | None = None) -> Media:
        return self._session().call(MediaServerClient.image, kind=kind, id=id, size=size)

    def stream(self, track_id: str, range: ByteRange | None = None, max_bitrate: int | None = None) -> Media:
        return self._session().call(
            MediaServerClient.stream, track_id=track_id, range=range, max_bitrate=max_bitrate
        )

    def list_users(self) -> tuple[User, ...]:
        return self._session().call(MediaServerClient.list_users)

    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        return self._session().call(MediaServerClient.list_active_plays)

    def watch(self, timeout: float) -> ChangeHint:
        return self._session().call(MediaServerClient.watch, timeout=timeout)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        return self._session().call(MediaServerClient.parse_webhook, headers=headers, body=body)


for _name in OPERATIONS:
    if _name in vars(Primitives):
        # What an operation does is written once, in the contract; an editor shows it here too.
        getattr(Primitives, _name).__doc__ = getattr(MediaServerClient, _name).__doc__
