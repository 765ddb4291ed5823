"""What Subsonic servers send, every field optional: servers leave out, send null, and differ in types.

Ids are integers on some servers and texts on others; numbers come as texts here and there. What items repeat - artists,
genres - is kept raw, to be read once for all the items that have it; see `credits`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Id = int | str | None
Number = int | float | str | None
Flag = bool | str | None
Count = Annotated[int, msgspec.Meta(ge=0)] | None
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Something a server sent. It cannot contain itself, so the garbage collector need not look at it."""


class WireError(Wire):
    """Why the server refused."""

    code: Number = None
    message: str | None = None


class ArtistRef(Wire):
    """An artist as credited."""

    id: Id = None
    name: str | None = None


class GenreName(Wire):
    """One genre of an item; some servers call the name a value."""

    name: str | None = None
    value: str | None = None


class Song(Wire):
    """A song whose values are of the types that they are described with, as nearly all are.

    Pages of a hundred thousand of them are decoded and mapped, so nothing about them is left to be found out later. One
    that is not like this is read as a `Child`, and made like this by `songs.tidied`.
    """

    id: Text
    title: str | None = None
    album: str | None = None
    artist: str | None = None
    is_dir: bool | None = None
    is_video: bool | None = None
    track: Count = None
    disc_number: Count = None
    year: Count = None
    genre: str | None = None
    size: Count = None
    suffix: str | None = None
    duration: Number = None
    bit_rate: Count = None
    sampling_rate: Count = None
    path: str | None = None
    user_rating: Count = None
    play_count: Count = None
    played: datetime | None = None
    created: datetime | None = None
    starred: str | None = None
    album_id: str | None = None
    artist_id: str | None = None
    music_brainz_id: str | None = None
    isrc: tuple[Text, ...] | None = None
    genres: msgspec.Raw = msgspec.Raw()
    artists: msgspec.Raw = msgspec.Raw()
    album_artists: msgspec.Raw = msgspec.Raw()


class Child(Wire):
    """A song, whatever the types of its values are."""

    id: Id = None
    title: str | None = None
    album: str | None = None
    artist: str | None = None
    is_dir: Flag = None
    is_video: Flag = None
    track: Number = None
    disc_number: Number = None
    year: Number = None
    genre: str | None = None
    cover_art: Id = None
    size: Number = None
    suffix: str | None = None
    duration: Number = None
    bit_rate: Number = None
    sampling_rate: Number = None
    path: str | None = None
    user_rating: Number = None
    play_count: Number = None
    played: str | None = None
    created: str | None = None
    starred: str | None = None
    album_id: Id = None
    artist_id: Id = None
    music_brainz_id: str | None = None
    isrc: list[str] | str | None = None
    genres: msgspec.Raw = msgspec.Raw()
    artists: msgspec.Raw = msgspec.Raw()
    album_artists: msgspec.Raw = msgspec.Raw()


class AlbumID3(Wire):
    """An album. `song` is there only when the album was asked for by its id."""

    id: Id = None
    name: str | None = None
    title: str | None = None
    artist: str | None = None
    artist_id: Id = None
    cover_art: Id = None
    song_count: Number = None
    duration: Number = None
    play_count: Number = None
    created: str | None = None
    starred: str | None = None
    year: Number = None
    genre: str | None = None
    user_rating: Number = None
    music_brainz_id: str | None = None
    genres: msgspec.Raw = msgspec.Raw()
    artists: msgspec.Raw = msgspec.Raw()
    sort_name: str | None = None
    is_compilation: Flag = None
    song: msgspec.Raw = msgspec.Raw()


class ArtistID3(Wire):
    """An artist. `album` is there only when the artist was asked for by its id."""

    id: Id = None
    name: str | None = None
    cover_art: Id = None
    album_count: Number = None
    starred: str | None = None
    user_rating: Number = None
    music_brainz_id: str | None = None
    sort_name: str | None = None
    album: msgspec.Raw = msgspec.Raw()


class IndexID3(Wire):
    """The artists under one letter."""

    artist: msgspec.Raw = msgspec.Raw()


class ArtistsID3(Wire):
    """All artists, by letter."""

    index: list[IndexID3] | IndexID3 | None = None


class SearchResult3(Wire):
    """Hits of a search."""

    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()


class AlbumList2(Wire):
    """One page of albums."""

    album: msgspec.Raw = msgspec.Raw()


class MusicFolder(Wire):
    """A library."""

    id: Id = None
    name: str | None = None


class MusicFolders(Wire):
    """The libraries the user may see."""

    music_folder: list[MusicFolder] | MusicFolder | None = None


class ScanStatus(Wire):
    """Whether the server looks through its files; `lastScan` is not of every server."""

    scanning: Flag = None
    count: Number = None
    folder_count: Number = None
    last_scan: str | None = None
    error: str | None = None


class WirePlaylist(Wire):
    """A playlist; `entry` is there only when it was asked for by its id."""

    id: Id = None
    name: str | None = None
    comment: str | None = None
    owner: str | None = None
    public: Flag = None
    song_count: Number = None
    duration: Number = None
    created: str | None = None
    changed: str | None = None
    readonly: Flag = None
    cover_art: Id = None
    entry: msgspec.Raw = msgspec.Raw()


class Playlists(Wire):
    """The playlists the user sees."""

    playlist: msgspec.Raw = msgspec.Raw()


class NowPlayingEntry(Wire):
    """A song somebody listens to."""

    id: Id = None
    title: str | None = None
    username: str | None = None
    player_name: str | None = None
    minutes_ago: Number = None
    position_ms: Number = None
    state: str | None = None


class NowPlaying(Wire):
    """What is being played."""

    entry: list[NowPlayingEntry] | NowPlayingEntry | None = None


class WireUser(Wire):
    """A user of the server."""

    username: str | None = None
    admin_role: Flag = None


class Users(Wire):
    """The users of the server."""

    user: list[WireUser] | WireUser | None = None


class Extension(Wire):
    """An extension of the OpenSubsonic API that the server has."""

    name: str | None = None


class Response(Wire):
    """The content of an envelope. What a call is about is kept raw and decoded by whoever asked."""

    status: str | None = None
    version: str | None = None
    type: str | None = None
    server_version: str | None = None
    open_subsonic: Flag = None
    error: WireError | None = None
    open_subsonic_extensions: list[Extension] | None = None
    token_info: WireUser | None = None
    music_folders: MusicFolders | None = None
    scan_status: ScanStatus | None = None
    search_result3: SearchResult3 | None = None
    album_list2: AlbumList2 | None = None
    artists: ArtistsID3 | None = None
    artist: msgspec.Raw = msgspec.Raw()
    album: msgspec.Raw = msgspec.Raw()
    song: msgspec.Raw = msgspec.Raw()
    playlists: Playlists | None = None
    playlist: msgspec.Raw = msgspec.Raw()
    now_playing: NowPlaying | None = None
    user: WireUser | None = None
    users: Users | None = None


class Envelope(Wire):
    """The whole body of every answer."""

    response: Response = msgspec.field(name="subsonic-response")
