"""What the servers send, as far as it is read. Every field may be missing or null; unknown ones are ignored."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class _Wire(msgspec.Struct, kw_only=True, rename="pascal", gc=False):
    """Fields are named as the servers name them, in PascalCase. Nothing here can refer to itself, so no cycle forms."""


class NamedId(_Wire):
    """A linked artist or genre."""

    name: str | None = None
    id: str | int | None = None


class UserData(_Wire):
    """One user's relation to one item. `rating` is 0 to 10; `likes` is what the server derives from it."""

    rating: float | None = None
    play_count: int | None = None
    is_favorite: bool | None = None
    likes: bool | None = None
    last_played_date: str | None = None
    played: bool | None = None


class ProviderIds(_Wire):
    """Ids at MusicBrainz; those of artists may be several in one text."""

    music_brainz_track: str | None = None
    music_brainz_recording: str | None = None
    music_brainz_album: str | None = None
    music_brainz_release_group: str | None = None
    music_brainz_artist: str | None = None
    music_brainz_album_artist: str | None = None


class MediaStream(_Wire):
    """One stream inside a file."""

    codec: str | None = None
    bit_rate: int | None = None
    sample_rate: int | None = None
    type: str | None = None


class MediaSource(_Wire):
    """One file of an item. `bitrate` is in bit/s and counts covers too."""

    path: str | None = None
    container: str | None = None
    size: int | None = None
    media_streams: list[MediaStream] | None = None
    bitrate: int | None = None


class Track(_Wire):
    """A track, in a listing, a playlist, or alone.

    The fields are in the order in which the servers write them, which spares the decoder from looking for each. What
    the rows of a library repeat word for word is left as the JSON it is, to be understood once (`repeated`).
    """

    name: str | None = None
    id: str | int | None = None
    playlist_item_id: str | int | None = None
    date_created: str | None = None
    container: str | None = None
    premiere_date: str | None = None
    media_sources: list[MediaSource] | None = None
    path: str | None = None
    genres: msgspec.Raw = msgspec.Raw()
    run_time_ticks: int | None = None
    production_year: int | None = None
    index_number: int | None = None
    parent_index_number: int | None = None
    provider_ids: ProviderIds | None = None
    type: str | None = None
    user_data: UserData | None = None
    artists: msgspec.Raw = msgspec.Raw()
    artist_items: msgspec.Raw = msgspec.Raw()
    album: str | None = None
    album_id: str | int | None = None
    album_artist: str | None = None
    album_artists: msgspec.Raw = msgspec.Raw()


class ItemId(_Wire):
    """An item of which nothing is read but what names it."""

    id: str | int | None = None
    type: str | None = None


class Item(_Wire):
    """Anything that is no track, and what a track shares with it: albums, artists, playlists, libraries."""

    name: str | None = None
    id: str | int | None = None
    etag: str | None = None
    date_created: str | None = None
    can_delete: bool | None = None
    container: str | None = None
    sort_name: str | None = None
    premiere_date: str | None = None
    overview: str | None = None
    genres: list[str] | None = None
    cumulative_run_time_ticks: int | None = None
    run_time_ticks: int | None = None
    production_year: int | None = None
    provider_ids: ProviderIds | None = None
    type: str | None = None
    parent_primary_image_item_id: str | int | None = None
    parent_thumb_item_id: str | int | None = None
    user_data: UserData | None = None
    recursive_item_count: int | None = None
    child_count: int | None = None
    collection_type: str | None = None
    album_id: str | int | None = None
    album_primary_image_tag: str | None = None
    album_artist: str | None = None
    album_artists: list[NamedId] | None = None
    image_tags: dict[str, str] | None = None
    media_type: str | None = None


class Result(_Wire, Generic[T]):
    """A page. Emby sends no `start_index`; artists asked for without a limit have a `total_record_count` of 0."""

    items: list[T] | None = None
    total_record_count: int | None = None
    start_index: int | None = None


class SystemInfo(_Wire):
    """What a server says of itself."""

    id: str | None = None
    server_name: str | None = None
    version: str | None = None
    product_name: str | None = None


class UserPolicy(_Wire):
    """A user's rights."""

    is_administrator: bool | None = None
    is_disabled: bool | None = None


class User(_Wire):
    """A user."""

    id: str | None = None
    name: str | None = None
    policy: UserPolicy | None = None


class AuthenticationResult(_Wire):
    """The answer to a login."""

    access_token: str | None = None
    user: User | None = None


class QuickConnect(_Wire):
    """A Quick Connect request."""

    code: str | None = None
    secret: str | None = None
    authenticated: bool | None = None
    date_added: str | None = None


class VirtualFolder(_Wire):
    """A library as admins see it. `refresh_status` is Idle, Queued or Active, `refresh_progress` 0 to 100."""

    item_id: str | int | None = None
    locations: list[str] | None = None
    refresh_status: str | None = None
    refresh_progress: float | None = None


class TaskResult(_Wire):
    """How a task ended."""

    end_time_utc: str | None = None
    status: str | None = None


class Task(_Wire):
    """A scheduled task. Its name is localised, its key is not."""

    key: str | None = None
    state: str | None = None
    current_progress_percentage: float | None = None
    last_execution_result: TaskResult | None = None


class Created(_Wire):
    """The answer to creating a playlist."""

    id: str | int | None = None


class PlaylistDetails(_Wire):
    """What Jellyfin tells of a playlist alone."""

    open_access: bool | None = None


class Permission(_Wire):
    """What a user may do to a playlist."""

    can_edit: bool | None = None


class PlayState(_Wire):
    """Where a player is."""

    position_ticks: int | None = None
    is_paused: bool | None = None


class Session(_Wire):
    """A connected client."""

    user_name: str | None = None
    client: str | None = None
    device_name: str | None = None
    now_playing_item: Item | None = None
    play_state: PlayState | None = None


class SyncQueueClock(_Wire):
    """Since when the KodiSyncQueue plugin has kept its notes."""

    retention_date_time: str | None = None


class ChangedUserData(_Wire):
    """Whose plays, ratings or favourites changed."""

    item_id: str | int | None = None


class SyncQueue(_Wire):
    """What the KodiSyncQueue plugin has noted since a time."""

    items_removed: list[str] | None = None
    user_data_changed: list[ChangedUserData] | None = None


class SocketMessage(_Wire):
    """A message of the websocket."""

    message_type: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class Webhook(_Wire):
    """The body of a webhook: flat from Jellyfin's plugin, an event with an item from Emby."""

    notification_type: str | None = None
    item_type: str | None = None
    name: str | None = None
    event: str | None = None
    item: Item | None = None
