"""What hosts do with a server, built on the contract's operations and written once for server and engine."""

from __future__ import annotations

import heapq
from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from soulsync_engine.capabilities import Capabilities
from soulsync_engine.contract import MediaServerClient
from soulsync_engine.errors import NotFoundError, UnavailableError, UnsupportedError
from soulsync_engine.matching.normalise import search_key
from soulsync_engine.models import (
    EVERYTHING,
    Album,
    Artist,
    ArtistPatch,
    FieldResult,
    Item,
    ItemRef,
    Kind,
    MediaBytes,
    PlayEvent,
    Playlist,
    PlaylistEntry,
    PlaylistResult,
    ScanPhase,
    ScanState,
    Scope,
    Status,
    Track,
)
from soulsync_engine.paging import Fetch, iterate
from soulsync_engine.pictures import picture
from soulsync_engine.playlists import find_editable, find_named, read_back, write_entries
from soulsync_engine.primitives import Primitives

T = TypeVar("T")

_NEVER = datetime.min.replace(tzinfo=UTC)
_CANDIDATES = 50


class Operations(Primitives):
    """Everything a host does with one server. On the engine it goes to the active server.

    Items may be given as the item itself, as an `ItemRef`, or as the server's own id.
    """

    @abstractmethod
    def status(self, refresh: bool = False) -> Status:
        """Whether the server can be used and, if not, who has to act. Never raises for a server that cannot.

        The answer is at most half a minute old; `refresh` asks the server anew.
        """

    def capabilities(self) -> Capabilities:
        """What the server offers, without a request; `connected` tells whether the server had its say."""
        return self._session().capabilities

    def is_connected(self) -> bool:
        """Whether the server answers and accepts the credentials, as of the last half minute."""
        return self.status().ready

    def ensure_connection(self) -> bool:
        """Whether the server can be used, asking it anew when it could not be; `status` has the reason."""
        return self.status().ready or self.status(refresh=True).ready

    # reading

    def iter_artists(self, scope: Scope = EVERYTHING, page_size: int | None = None) -> Iterator[Artist]:
        """Every artist of the scope, page by page; raises `IncompleteSweepError` unless the end is proven."""
        return self._items(partial(self.list_artists, scope), page_size)

    def iter_albums(self, scope: Scope = EVERYTHING, page_size: int | None = None) -> Iterator[Album]:
        """Every album of the scope; as `iter_artists`."""
        return self._items(partial(self.list_albums, scope), page_size)

    def iter_tracks(self, scope: Scope = EVERYTHING, page_size: int | None = None) -> Iterator[Track]:
        """Every track of the scope; as `iter_artists`."""
        return self._items(partial(self.list_tracks, scope), page_size)

    def get_all_artists(self) -> list[Artist]:
        """Every artist, in the server's order."""
        return list(self.iter_artists())

    def get_all_album_ids(self) -> set[str]:
        """The id of every album."""
        return set(self._items(partial(self.list_ids, Kind.ALBUM, EVERYTHING)))

    def search_tracks(self, title: str, artist: str, limit: int = 15) -> list[Track]:
        """Tracks of this title by this artist, exact titles first, at most `limit`; an empty artist means any.

        Servers match loosely; what is returned here really has the artist asked for among its artists.
        """
        wanted_title, wanted_artist = search_key(title), search_key(artist)
        for query in dict.fromkeys((f"{title} {artist}".strip(), title)):
            if not query:
                continue
            hits = self.search(query, {Kind.TRACK}, limit=max(limit, _CANDIDATES)).tracks
            verified = [hit for hit in hits if _is_wanted(hit, wanted_title, wanted_artist)]
            if verified:
                verified.sort(key=lambda track: search_key(track.title) != wanted_title)
                return verified[:limit]
        return []

    def get_recently_added_albums(self, max_results: int = 400) -> list[Album]:
        """The albums added last, the newest first."""
        newest = self._items(partial(self.list_recently_added, Kind.ALBUM, EVERYTHING), max(1, max_results))
        try:
            return list(islice((item for item in newest if isinstance(item, Album)), max_results))
        except UnsupportedError:
            # Asked rather than looked up, since the server may have its say only at the first request.
            return heapq.nlargest(max_results, self.iter_albums(), key=lambda album: album.added or _NEVER)

    # scanning

    def trigger_library_scan(self) -> ScanState:
        """Make the server look for new files everywhere; returns its state right after."""
        return self.trigger_scan()

    def is_library_scanning(self) -> bool:
        """Whether the server is scanning; raises `UnavailableError` where it will not tell."""
        state = self.scan_state()
        if state.phase is ScanPhase.UNKNOWN:
            raise UnavailableError(
                f"The server does not tell whether it is scanning. {state.detail}".strip(),
                server=self._session().name,
            )
        return state.phase is ScanPhase.RUNNING

    # playlists

    def iter_playlists(self) -> Iterator[Playlist]:
        """Every playlist the user sees."""
        return self._items(self.list_playlists)

    def iter_playlist_entries(self, playlist: Playlist | ItemRef | str) -> Iterator[PlaylistEntry]:
        """Every entry of a playlist, in playlist order."""
        return self._items(partial(self.list_playlist_entries, self._id(playlist)))

    def create_playlist(
        self,
        name: str,
        tracks: Sequence[Track | ItemRef | str],
        *,
        description: str | None = None,
        public: bool = False,
    ) -> PlaylistResult:
        """Create a playlist with these tracks, also if there is one of that name; the result is read back."""
        session = self._session()
        track_ids = self._ids(tracks)
        playlist = session.call(
            MediaServerClient.create_playlist,
            name=name,
            track_ids=track_ids,
            description=description,
            public=public,
        )
        return read_back(self, playlist, track_ids)

    def update_playlist(self, name: str, tracks: Sequence[Track | ItemRef | str]) -> PlaylistResult:
        """Make these tracks the content of the playlist of that name, which keeps its identity.

        It is created when there is none. Several of that name are a `ConflictError`, one that may not be
        edited a `NotAllowedError`.
        """
        track_ids = self._ids(tracks)
        playlist = find_editable(name, self.iter_playlists())
        if playlist is None:
            return self.create_playlist(name, track_ids)
        return read_back(self, write_entries(self, playlist, track_ids), track_ids)

    def copy_playlist(self, source: Playlist | ItemRef | str, dest_name: str) -> PlaylistResult:
        """Copy a playlist, given as itself or by its name, into the playlist called `dest_name`."""
        if isinstance(source, str):
            source = find_named(source, self.iter_playlists())
        entries = [entry.track_ref for entry in self.iter_playlist_entries(source)]
        return self.update_playlist(dest_name, entries)

    # history

    def get_play_history(self, limit: int = 500) -> list[PlayEvent]:
        """The latest plays, the newest first. `list_play_events` tells whether they are all plays or last plays."""
        events = self._items(partial(self.list_play_events, EVERYTHING, None), max(1, limit))
        return list(islice(events, limit))

    def get_track_play_counts(self) -> dict[str, int]:
        """How often each track was played, by track id; tracks never played are left out."""
        counts = self._items(partial(self.list_play_counts, EVERYTHING))
        return {count.track.id: count.count for count in counts}

    # writeback

    def update_artist_genres(self, artist: Artist | ItemRef | str, genres: Collection[str]) -> FieldResult:
        """Set an artist's genres on the server."""
        result = self.update_artist(self._id(artist), ArtistPatch(genres=tuple(genres)))
        return result.fields["genres"]

    def update_artist_biography(self, artist: Artist) -> FieldResult:
        """Write the artist's `biography` to the server; nothing is added to the text."""
        if artist.biography is None:
            raise ValueError("the artist given has no biography to write")
        result = self.update_artist(self._id(artist), ArtistPatch(biography=artist.biography))
        return result.fields["biography"]

    def update_artist_poster(
        self, artist: Artist | ItemRef | str, image_data: bytes | MediaBytes
    ) -> FieldResult:
        """Set an artist's picture."""
        return self.set_image(Kind.ARTIST, self._id(artist), picture(image_data))

    def update_album_poster(
        self, album: Album | ItemRef | str, image_data: bytes | MediaBytes
    ) -> FieldResult:
        """Set an album's cover."""
        return self.set_image(Kind.ALBUM, self._id(album), picture(image_data))

    def _items(self, fetch: Fetch[T], page_size: int | None = None) -> Iterator[T]:
        session = self._session()
        pages = iterate(fetch, session.limits, page_size, server=session.name)
        return (item for page in pages for item in page.items)

    def _ids(self, items: Sequence[Track | ItemRef | str]) -> tuple[str, ...]:
        return tuple(self._id(item) for item in items)

    def _id(self, item: Item | Playlist | ItemRef | str) -> str:
        """The server's own id of an item, which must not be another server's."""
        if isinstance(item, str):
            return item
        ref = item if isinstance(item, ItemRef) else item.ref
        server = self._session().name
        if ref.server != server:
            raise NotFoundError(
                f"{ref} belongs to the server {ref.server!r}.",
                server=server,
                next_step="Look up the matching item on this server first.",
            )
        return ref.id


def _is_wanted(track: Track, title: str, artist: str) -> bool:
    if title not in search_key(track.title):
        return False
    credited = {search_key(credit.name) for credit in (*track.artists, *track.album_artists)}
    return not artist or artist in credited
