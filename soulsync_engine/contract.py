"""The contract between the engine and a backend.

`MediaServerClient` has three readers: authors subclass it (type checkers see every signature), the
engine registers it as pluggy hookspecs (wrappers, validation, monitoring), and the conformance kit
and the documentation read it as data. Rules that hold for every method:

- It returns a value or raises an error of `soulsync_engine.errors`. `None`, an empty answer or `True` never
  stand for "failed" or "unsupported".
- Methods below *required* are optional: overriding one offers it, leaving it alone makes the engine
  refuse it without a request. Nothing else needs to be declared.
- An implementation takes ordinary parameters without defaults, under the names given here. It may take
  fewer than the contract has.
- Writes are idempotent unless said otherwise, and return what is stored afterwards, read back.
- Ids are opaque strings. Every `ItemRef` carries the server name of the context.
- A client may be called from several threads at once. Nothing happens in the constructor.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final, Generic, NoReturn, TypeVar

import pluggy

from soulsync_engine.capabilities import Capability, Support, operation, operations_of
from soulsync_engine.errors import UnsupportedError
from soulsync_engine.models import (
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
    PagingLimits,
    PatchResult,
    PlayCount,
    PlayEventPage,
    Playlist,
    PlaylistEntry,
    ScanState,
    Scope,
    SearchResult,
    ServerInfo,
    Track,
    TrackPatch,
    User,
    UserData,
)

if TYPE_CHECKING:
    import logging
    from concurrent.futures import Executor
    from pathlib import Path

PROJECT: Final = "soulsync"
CONTRACT_VERSION: Final = 1

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)

SettingsT_co = TypeVar("SettingsT_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class ServerContext(Generic[SettingsT_co]):
    """What the engine hands to a client it opens.

    `server` is the configured name, to be put into every `ItemRef`. `data_dir` is a directory of this
    server's own for caches and indexes; it may not exist yet. `executor` is the host's, for parallel
    work, None to let the backend choose. What goes through `log` is free of this server's secrets;
    `conceal` adds a secret that came up later, such as the token of a login.
    """

    server: str
    settings: SettingsT_co
    data_dir: Path
    log: logging.Logger
    conceal: Callable[[str], None] = lambda secret: None
    executor: Executor | None = None


class MediaServerClient(ABC):
    """One kind of server, seen by the engine. Subclass it to write a backend."""

    limits: PagingLimits = PagingLimits()
    limitations: ClassVar[Mapping[str, Support]] = {}
    """Why operations are *not* offered, by operation name: `Support.server_cannot(...)` or `.versioned(...)`."""
    claims: ClassVar[frozenset[str]] = frozenset()
    """Dangerous operations this very class offers. Inherited claims do not count."""

    def __init__(self, context: ServerContext[object]) -> None:
        """Take what the engine hands over. Nothing is read, opened or asked here."""
        self.server = context.server

    def narrow(self) -> Mapping[str, Support]:
        """After `connect`: the operations this server, version or user cannot do, with the reason. No request."""
        return {}

    # required

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def connect(self) -> ServerInfo:
        """Prove with one cheap request that the server is there and accepts the credentials.

        May be called again at any time; each call asks the server anew. Raises `UnavailableError`,
        `AuthenticationError`, `NotAllowedError` or `ConfigurationError`.
        """

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def list_libraries(self) -> tuple[Library, ...]:
        """The music libraries the credentials may see, in the server's order."""

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def list_artists(self, scope: Scope, cursor: str | None, limit: int) -> Page[Artist]:
        """One page of the artists of the scope, in an order that stays the same while nothing changes.

        `cursor=None` is the first page; any other cursor is a `next_cursor` of an earlier page. At most
        `limit` (>= 1) items. A library of the scope that is gone is `NotFoundError`, a listing that
        cannot be read to its end `UnavailableError`; an empty page means that nothing is there.
        """

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def list_albums(self, scope: Scope, cursor: str | None, limit: int) -> Page[Album]:
        """One page of the albums of the scope; as `list_artists`."""

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def list_tracks(self, scope: Scope, cursor: str | None, limit: int) -> Page[Track]:
        """One page of the tracks of the scope; as `list_artists`."""

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    def list_ids(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[str]:
        """One page of the ids alone, of artists, albums or tracks, for sweeps.

        The default strips the full listing; override it where the server can send less.
        """
        listing: dict[Kind, Callable[..., Page[Item]]] = {
            Kind.ARTIST: self.list_artists,
            Kind.ALBUM: self.list_albums,
            Kind.TRACK: self.list_tracks,
        }
        arguments = {"scope": scope, "cursor": cursor, "limit": limit}
        # An implementation may take fewer parameters than the contract has.
        accepted = inspect.signature(listing[kind]).parameters
        page = listing[kind](**{name: arguments[name] for name in accepted})
        return Page(
            items=tuple(item.ref.id for item in page.items),
            next_cursor=page.next_cursor,
            total=page.total,
            problems=page.problems,
            empty_proof=page.empty_proof,
        )

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def get_items(self, kind: Kind, ids: tuple[str, ...]) -> tuple[Item, ...]:
        """The artists, albums or tracks with these ids, in their order. Ids that do not exist are left out."""

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    @abstractmethod
    def search(self, query: str, kinds: frozenset[Kind], scope: Scope, limit: int) -> SearchResult:
        """Free-text search on the server, best hits first, at most `limit` of each kind asked for."""

    @hookspec(firstresult=True)
    @operation(Capability.REQUIRED)
    def close(self) -> bool:
        """Release connections and files. May be called twice. Returns True."""
        return True

    # scan

    @hookspec(firstresult=True)
    @operation(Capability.SCAN, writes=True)
    def trigger_scan(self, scope: Scope, paths: tuple[str, ...]) -> ScanState:
        """Make the server look for new files in the scope, or only below `paths` when there are any.

        Returns at once with the state right after. Raises `NotAllowedError` where only admins may.
        """
        self._not_offered("trigger_scan")

    @hookspec(firstresult=True)
    @operation(Capability.SCAN)
    def scan_state(self) -> ScanState:
        """Whether the server is scanning, freshly asked; `UNKNOWN` where it will not tell."""
        self._not_offered("scan_state")

    # changes

    @hookspec(firstresult=True)
    @operation(Capability.CHANGES)
    def change_token(self, scope: Scope) -> str:
        """An opaque text that differs whenever items of the scope changed, in at most 3 requests.

        Equal tokens prove that nothing was added, edited or removed. A backend that cannot be sure
        returns a token that never repeats, or does not offer this.
        """
        self._not_offered("change_token")

    @hookspec(firstresult=True)
    @operation(Capability.CHANGES)
    def list_changed(
        self, kind: Kind, scope: Scope, since: str, cursor: str | None, limit: int
    ) -> ChangedPage[Item]:
        """Items of one kind added or edited after `since`, an earlier `change_token` of the same scope.

        Complete, in any stable order, possibly with items that did not change. Raises `ConflictError` when the
        token is too old or not understood; the caller then reads everything.
        """
        self._not_offered("list_changed")

    @hookspec(firstresult=True)
    @operation(Capability.CHANGES)
    def list_recently_added(self, kind: Kind, scope: Scope, cursor: str | None, limit: int) -> Page[Item]:
        """Artists, albums or tracks, the most recently added first."""
        self._not_offered("list_recently_added")

    # playlists

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS)
    def list_playlists(self, cursor: str | None, limit: int) -> Page[Playlist]:
        """The audio playlists the user sees, also foreign and smart ones (`read_only` says so), without entries."""
        self._not_offered("list_playlists")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS)
    def list_playlist_entries(self, playlist_id: str, cursor: str | None, limit: int) -> Page[PlaylistEntry]:
        """One page of a playlist's entries, in playlist order. An unknown playlist is `NotFoundError`."""
        self._not_offered("list_playlist_entries")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def create_playlist(
        self, name: str, track_ids: tuple[str, ...], description: str | None, public: bool
    ) -> Playlist:
        """Create a playlist, also an empty one or a second one of that name, and return it as stored.

        Not idempotent. The backend splits `track_ids` into batches the server accepts. Should a later batch
        fail, the error names the playlist's id and the ids that are not in it.
        """
        self._not_offered("create_playlist")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def add_entries(self, playlist_id: str, track_ids: tuple[str, ...], position: int | None) -> Playlist:
        """Insert tracks before `position` (0 is the start), or append them when it is None. Not idempotent."""
        self._not_offered("add_entries")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def remove_entries(self, playlist_id: str, entry_ids: tuple[str, ...]) -> Playlist:
        """Remove these entries and no others. Entry ids that are gone already raise `ConflictError`."""
        self._not_offered("remove_entries")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def move_entry(self, playlist_id: str, entry_id: str, position: int) -> Playlist:
        """Move one entry so that it ends up at `position`, counted from 0 after the move."""
        self._not_offered("move_entry")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def replace_entries(self, playlist_id: str, track_ids: tuple[str, ...]) -> Playlist:
        """Make these tracks, in this order, the whole content; id, name, cover and visibility stay."""
        self._not_offered("replace_entries")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def edit_playlist(
        self, playlist_id: str, name: str | None, description: str | None, public: bool | None
    ) -> Playlist:
        """Set name, description and visibility. None leaves one alone, an empty description clears it."""
        self._not_offered("edit_playlist")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True)
    def set_playlist_image(self, playlist_id: str, image: MediaBytes) -> FieldResult:
        """Set the playlist's cover."""
        self._not_offered("set_playlist_image")

    @hookspec(firstresult=True)
    @operation(Capability.PLAYLISTS, writes=True, dangerous=True)
    def delete_playlist(self, playlist_id: str) -> Playlist:
        """Delete a playlist for ever and return what it was. An unknown one is `NotFoundError`."""
        self._not_offered("delete_playlist")

    # history

    @hookspec(firstresult=True)
    @operation(Capability.HISTORY)
    def list_play_events(
        self, scope: Scope, since: datetime | None, cursor: str | None, limit: int
    ) -> PlayEventPage:
        """Plays after `since` (aware), newest first; the page says whether they are events or last plays."""
        self._not_offered("list_play_events")

    @hookspec(firstresult=True)
    @operation(Capability.HISTORY)
    def list_play_counts(self, scope: Scope, cursor: str | None, limit: int) -> Page[PlayCount]:
        """Every track of the scope that was played at least once, with its count."""
        self._not_offered("list_play_counts")

    # user data

    @hookspec(firstresult=True)
    @operation(Capability.USER_DATA, writes=True)
    def set_rating(self, kind: Kind, id: str, rating: int | None) -> UserData:
        """Rate an item 0 to 100, or clear its rating with None. The answer holds the nearest value the server has."""
        self._not_offered("set_rating")

    @hookspec(firstresult=True)
    @operation(Capability.USER_DATA, writes=True)
    def set_favorite(self, kind: Kind, id: str, favorite: bool) -> UserData:
        """Mark an item as favourite, or no longer."""
        self._not_offered("set_favorite")

    @hookspec(firstresult=True)
    @operation(Capability.USER_DATA, writes=True)
    def report_play(self, track_id: str, at: datetime) -> UserData:
        """Record a play that happened at `at` (aware). Not idempotent: each call is a play."""
        self._not_offered("report_play")

    # writeback

    @hookspec(firstresult=True)
    @operation(Capability.WRITEBACK, writes=True)
    def update_artist(self, id: str, patch: ArtistPatch) -> PatchResult:
        """Write the fields of the patch that are not None; one outcome for each, read back."""
        self._not_offered("update_artist")

    @hookspec(firstresult=True)
    @operation(Capability.WRITEBACK, writes=True)
    def update_album(self, id: str, patch: AlbumPatch) -> PatchResult:
        """As `update_artist`, for an album."""
        self._not_offered("update_album")

    @hookspec(firstresult=True)
    @operation(Capability.WRITEBACK, writes=True)
    def update_track(self, id: str, patch: TrackPatch) -> PatchResult:
        """As `update_artist`, for a track."""
        self._not_offered("update_track")

    @hookspec(firstresult=True)
    @operation(Capability.WRITEBACK, writes=True)
    def set_image(self, kind: Kind, id: str, image: MediaBytes) -> FieldResult:
        """Set the picture of an artist or the cover of an album."""
        self._not_offered("set_image")

    # media

    @hookspec(firstresult=True)
    @operation(Capability.MEDIA)
    def image(self, kind: Kind, id: str, size: int | None) -> Media:
        """The picture of an item, about `size` pixels wide where the server scales. None there: `NotFoundError`."""
        self._not_offered("image")

    @hookspec(firstresult=True)
    @operation(Capability.MEDIA)
    def stream(self, track_id: str, range: ByteRange | None, max_bitrate: int | None) -> Media:
        """The sound of a track, in whole or a range of bytes, transcoded to `max_bitrate` kbit/s where possible."""
        self._not_offered("stream")

    # users, sessions, watch

    @hookspec(firstresult=True)
    @operation(Capability.USERS)
    def list_users(self) -> tuple[User, ...]:
        """The users the credentials may see."""
        self._not_offered("list_users")

    @hookspec(firstresult=True)
    @operation(Capability.SESSIONS)
    def list_active_plays(self) -> tuple[ActivePlay, ...]:
        """What is being played at this moment, by whomever the credentials may see."""
        self._not_offered("list_active_plays")

    @hookspec(firstresult=True)
    @operation(Capability.WATCH)
    def watch(self, timeout: float) -> ChangeHint:
        """Wait up to `timeout` seconds for the server to say that something changed."""
        self._not_offered("watch")

    @hookspec(firstresult=True)
    @operation(Capability.WATCH)
    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> ChangeHint:
        """Read the body of a webhook this kind of server sends. Untrusted input; no request."""
        self._not_offered("parse_webhook")

    def _not_offered(self, name: str) -> NoReturn:
        support = self.limitations.get(name, Support.not_written())
        raise UnsupportedError(
            f"{name} is not offered by {type(self).__name__}: {support.reason}.",
            operation=name,
            support=support,
        )


OPERATIONS: Final = operations_of(MediaServerClient)
"""Every operation of the contract, by name, in the order of the source."""
